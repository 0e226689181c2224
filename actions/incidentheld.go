package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// keptReport is what a held message keeps of an incident report, for the one on the
// decision.
type keptReport struct {
	To []string `json:"to"`
	// Sent is the Message-ID of the first report; empty when it is to come with the
	// decision.
	Sent     string          `json:"sent,omitempty"`
	Incident notice.Incident `json:"incident"`
}

// reported notes that a report was sent: what it showed is not kept.
func (k *keptReport) reported(messageID string) {
	k.Sent = messageID
	k.Incident.Evidence, k.Incident.EvidenceTotal, k.Incident.Original = nil, 0, nil
	k.Incident.Documents, k.Incident.MoreDocuments = nil, 0
}

func keptReports(i *quarantine.Item) (list []keptReport, err error) {
	if len(i.Reports) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(i.Reports, &list); err != nil {
		return nil, fmt.Errorf("%w: the incident reports of item %s: %w", quarantine.ErrCorrupt, i.ID, err)
	}
	return list, nil
}

// HeldDecision is a decision on a held message, as incident reports tell of it.
type HeldDecision struct {
	Event quarantine.Event
	At    time.Time
	// By is the login of who decided; empty where a timer did.
	By string
	// Comment is in the words of who decided.
	Comment string
	// Release says how a message leaves that is released.
	Release Release
}

// ReportDecision adds to the commit of a decision the incident reports on it: a
// second one to whom the match was reported to, or, where that was to wait, the
// first. Items of the commit that keep the message for other recipients take over
// what was reported.
func (l *Live) ReportDecision(ctx context.Context, c *quarantine.Commit, i *quarantine.Item, d HeldDecision) error {
	list, err := keptReports(i)
	if err != nil || len(list) == 0 {
		return err
	}
	b := &batch{Live: l, ctx: ctx, d: &Decision{Reference: i.Reference, PolicyVersion: i.PolicyVersion}, now: d.At}
	b.m = &message.Message{Envelope: message.Envelope{QueueID: i.Envelope.QueueID}}
	for n := range list {
		if err := b.reportDecision(c, i, d, &list[n]); err != nil {
			return fmt.Errorf("the incident report on a decision could not be made: %w", err)
		}
	}
	c.Records = append(c.Records, b.commit.Records...)
	for n := range c.Items {
		if c.Items[n].Reports, err = json.Marshal(list); err != nil {
			return err
		}
	}
	return nil
}

// reportDecision writes one report on a decision, and notes that it was sent.
func (b *batch) reportDecision(c *quarantine.Commit, i *quarantine.Item, d HeldDecision, k *keptReport) error {
	var to []message.Path
	for _, text := range k.To {
		p, err := message.ParsePath(text)
		if err != nil {
			return fmt.Errorf("%w: an address of the reports of item %s: %w", quarantine.ErrCorrupt, i.ID, err)
		}
		to = append(to, p)
	}
	if b.Notices == nil {
		return b.notReported(to, reasonNotSent)
	}
	r := notice.IncidentReport{To: to, Incident: k.Incident}
	if len(to) > 0 {
		r.Preferred = b.Prefers(b.ctx, to[0], nil) // the same for all of them
	}
	in := &r.Incident
	in.Decision, in.FirstReport = b.reportedDecision(c, i, d), k.Sent
	if k.Sent == "" && in.Original != nil && in.Original.Attached {
		original, err := b.stored(i.Blob)
		if err != nil {
			return err
		}
		if r.Original = original; original == nil {
			in.Original = &notice.IncidentCopy{Reason: copyUnreadable, Size: in.Original.Size}
		}
	}
	n, err := b.Notices.IncidentReport(r)
	var not *notice.NotSent
	switch {
	case errors.As(err, &not):
		return b.notReported(to, not.Reason)
	case err != nil:
		return err
	}
	b.Mail(c, n)
	if k.Sent == "" {
		k.reported(n.MessageID)
	}
	return nil
}

// stored gives the octets of a held message; nil when they are damaged or gone.
func (b *batch) stored(blob string) (_ []byte, err error) {
	r, err := b.Store.Open(b.ctx, blob)
	switch {
	case errors.Is(err, quarantine.ErrCorrupt), errors.Is(err, quarantine.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}

// reportedDecision gives what a report says of a decision.
func (b *batch) reportedDecision(c *quarantine.Commit, i *quarantine.Item, d HeldDecision) *notice.IncidentDecision {
	out := &notice.IncidentDecision{Item: i.ID, Event: string(d.Event), Time: d.At.UTC(), By: d.By, WithoutEdits: d.Release.WithoutEdits}
	if b.Mask != nil {
		out.Comment = b.Mask(d.Comment)
	}
	for _, p := range d.Release.Redirect {
		out.Redirect = append(out.Redirect, p.String())
	}
	for _, r := range i.Envelope.Recipients {
		held := slices.ContainsFunc(c.Items, func(o quarantine.Item) bool {
			return slices.ContainsFunc(o.Envelope.Recipients, func(k quarantine.Recipient) bool { return k.Path == r.Path })
		})
		if !held {
			out.Recipients = append(out.Recipients, r.Path)
		}
	}
	if len(c.Items) > 0 {
		out.StillHeld = c.Items[0].ID
	}
	return out
}

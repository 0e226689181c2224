package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// ErrNotRecipient says that a message is not held for an address.
var ErrNotRecipient = errors.New("the message is not held for this address")

// ErrNotEdited says that an edit drafted by a rule cannot be made in a held message,
// and that the rule does not let it go without. It can be released without edits.
var ErrNotEdited = errors.New("the message cannot be edited as a rule asks")

// Release says how a held message leaves.
type Release struct {
	// To are those of the item's recipients it leaves for; none is all of them. For
	// the others it stays held, as an item of its own.
	To []message.Path
	// Redirect are people who get it in place of those it leaves for.
	Redirect []message.Path
	// WithoutEdits leaves out the edits that rules drafted.
	WithoutEdits bool
}

// Release gives what the release of an item makes durable: entries of the outbox
// with the message as it leaves, and the item that keeps it for recipients who are
// not released to. The content is that of the item's blob; without edits it leaves
// as it is.
func (l *Live) Release(ctx context.Context, i *quarantine.Item, content []byte, how Release) (*quarantine.Commit, error) {
	env, err := i.Envelope.Session()
	if err != nil {
		return nil, fmt.Errorf("%w: the envelope of item %s: %w", quarantine.ErrCorrupt, i.ID, err)
	}
	m, err := message.Read(env, bytes.NewReader(content), message.NewBudget(message.RoomFor(len(content)), ""), message.DefaultLimits)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	var drafted []Edit
	if len(i.Draft) > 0 && !how.WithoutEdits {
		if err := json.Unmarshal(i.Draft, &drafted); err != nil {
			return nil, fmt.Errorf("%w: the edits of item %s: %w", quarantine.ErrCorrupt, i.ID, err)
		}
	}
	let, kept, err := chosen(m.Envelope.Recipients, how.To)
	if err != nil {
		return nil, err
	}
	edits := drafted
	if len(how.Redirect) > 0 {
		edits = slices.DeleteFunc(slices.Clone(drafted), func(e Edit) bool { return e.Action == redirect })
		for _, p := range how.Redirect {
			edits = append(edits, Edit{Action: redirect, Value: p.String()})
		}
	}
	f := Fork{Recipients: let, Verdict: Deliver, Route: Resubmitted, Edits: edits}
	b := &batch{Live: l, ctx: ctx, m: m, d: &Decision{Reference: i.Reference, told: i.TellSender}, now: l.Now()}
	copied := newDeliveries(&editor{m: m, ours: true}, []Fork{f}).copy(&f)
	if i := slices.IndexFunc(copied.troubles, trouble.fatal); i >= 0 {
		at := copied.troubles[i]
		return nil, fmt.Errorf("%w: %s: %s", ErrNotEdited, edits[at.at].Action, at.reason)
	}

	var own []quarantine.Recipient
	for _, k := range kept {
		own = append(own, i.Envelope.Recipients[k])
	}
	blob := i.Blob
	if slices.ContainsFunc(edits, func(e Edit) bool { return e.Action != redirect }) {
		blob = b.blob(copied.bytes(m.Body()))
	}
	entries, err := b.entries(quarantine.EntryRelease, copied.final, blob)
	if err != nil {
		return nil, err
	}
	for n := range entries {
		entries[n].Item = i.ID
	}
	b.commit.Entries = entries
	if len(own) > 0 {
		rest := *i
		rest.ID, rest.Blob, rest.Envelope.Recipients = b.ID(), b.blob(content), own
		b.commit.Items = append(b.commit.Items, rest)
	}
	return &b.commit, nil
}

// chosen parts the recipients of an item into those a message leaves for and
// those it stays held for, by their places.
func chosen(all []message.Recipient, to []message.Path) (let, kept []int, err error) {
	for _, p := range to {
		if !slices.ContainsFunc(all, func(r message.Recipient) bool { return r.Path.Key() == p.Key() }) {
			return nil, nil, fmt.Errorf("%s: %w", p, ErrNotRecipient)
		}
	}
	for n, r := range all {
		if len(to) == 0 || slices.ContainsFunc(to, func(p message.Path) bool { return r.Path.Key() == p.Key() }) {
			let = append(let, n)
		} else {
			kept = append(kept, n)
		}
	}
	return let, kept, nil
}

// NoticeKind gives the kind of notice that an entry carries; empty for one that
// carries none, or does not say.
func NoticeKind(e *quarantine.Entry) notice.Kind {
	var data struct {
		Notice notice.Kind `json:"notice"`
	}
	if e.Kind != quarantine.EntryNotice || json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	return data.Notice
}

// Mail puts a notice into a commit, to be sent by the outbox.
func (l *Live) Mail(c *quarantine.Commit, n notice.Notice) {
	now := l.Now()
	e := quarantine.Entry{
		ID: l.ID(), Kind: quarantine.EntryNotice, Reference: n.Reference, Blob: l.ID(), Marked: true,
		Data:    json.RawMessage(`{"notice":"` + string(n.Kind) + `"}`),
		Created: now, Expires: now.Add(l.Lifetime),
	}
	c.Blobs = append(c.Blobs, quarantine.Blob{ID: e.Blob, Data: n.Bytes})
	if n.UTF8 {
		e.MailArgs = []string{"SMTPUTF8"}
	}
	for _, p := range n.To {
		e.Recipients = append(e.Recipients, quarantine.EntryRecipient{Address: p.String(), Args: []string{"NOTIFY=NEVER"}})
	}
	c.Entries = append(c.Entries, e)
}

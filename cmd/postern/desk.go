package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// How decisions come, as records name it.
const (
	viaTimer = "timer"
	viaCLI   = "cli"
)

// desk is where people decide on held mail. It is the same beside a running
// process and without one.
type desk struct {
	vault   *vault
	effects *actions.Live
	by      string   // the login of who asks
	running *service // nil where no process runs
	// mute is set where mail has no way to the MTA: a release could not leave.
	mute bool
	zone *time.Location // in which days begin
	// senders is set where reports may be broken down by sender.
	senders bool
}

var errMute = errors.New("there is no `relay` in postern.yaml: what is released could not be sent")

// unknown is the error of a name that nothing in the store has, or more than one.
type unknown struct{ text string }

func (u unknown) Error() string { return u.text }

// find gives the item of an identifier, or of a reference that has one item only,
// or only one that is not at its end.
func (d *desk) find(ctx context.Context, name string) (*quarantine.Item, error) {
	i, err := d.vault.Item(ctx, name)
	if !errors.Is(err, quarantine.ErrNotFound) && !errors.Is(err, quarantine.ErrInvalid) {
		return i, err
	}
	for _, states := range [][]quarantine.State{{quarantine.StateHeld, quarantine.StateReleasing}, nil} {
		page, err := d.vault.List(ctx, quarantine.Filter{Reference: name, States: states, Limit: 10})
		if err != nil {
			return nil, err
		}
		switch len(page.Items) {
		case 0:
			continue
		case 1:
			return &page.Items[0], nil
		}
		var ids string
		for _, i := range page.Items {
			ids += " " + i.ID
		}
		return nil, unknown{clip(name, 80) + ": several held messages have this reference, name one of" + ids}
	}
	return nil, unknown{clip(name, 80) + ": no held message has this name"}
}

// auditItem says of an item what a record holds.
func auditItem(i *quarantine.Item, state quarantine.State, via string) audit.Item {
	out := audit.Item{ID: i.ID, Kind: string(i.Kind), State: string(state), Via: via, Expires: i.Expires, Digest: i.SHA256}
	for _, r := range i.Envelope.Recipients {
		out.Recipients = append(out.Recipients, r.Path)
	}
	return out
}

// note makes the record of what was done with an item.
func (d *desk) note(i *quarantine.Item, op audit.Operation, what audit.Item) ([]quarantine.Record, error) {
	row, err := itemRecord(i, op, what, d.by)
	if err != nil {
		return nil, err
	}
	return []quarantine.Record{row}, nil
}

// itemRecord makes the record of what somebody, or with an empty login Postern
// itself, did with an item.
func itemRecord(i *quarantine.Item, op audit.Operation, what audit.Item, by string) (quarantine.Record, error) {
	rec, err := audit.Decided(audit.Head{
		Time: time.Now(), ID: newID(), Reference: i.Reference, PolicyVersion: i.PolicyVersion, QueueID: i.Envelope.QueueID, By: by,
	}, op, what)
	if err != nil {
		return quarantine.Record{}, err
	}
	return auditRow(rec)
}

// release lets a held message go.
func (d *desk) release(ctx context.Context, name string, how actions.Release, why string) (*quarantine.Item, error) {
	if d.mute {
		return nil, errMute
	}
	i, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := possible(i, quarantine.EventRelease); err != nil {
		return nil, err
	}
	content, err := d.vault.read(ctx, i.Blob)
	if err != nil {
		return nil, err
	}
	c, err := d.effects.Release(ctx, i, content, how)
	if err != nil {
		return nil, err
	}
	what := auditItem(i, quarantine.StateReleasing, viaCLI)
	what.WithoutEdits, what.Redirect, what.Comment = how.WithoutEdits, texts(how.Redirect), audit.MaskText(why)
	if len(how.To) > 0 {
		what.Recipients = texts(how.To)
	}
	if c.Records, err = d.note(i, audit.ItemReleased, what); err != nil {
		return nil, err
	}
	return d.decide(ctx, i, actions.HeldDecision{Event: quarantine.EventRelease, Comment: why, Release: how}, c)
}

// remove deletes a held message; its octets stay for the days of grace.
func (d *desk) remove(ctx context.Context, name, why string) (*quarantine.Item, error) {
	i, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	what := auditItem(i, quarantine.StateDeleted, viaCLI)
	what.Comment = audit.MaskText(why)
	rows, err := d.note(i, audit.ItemDeleted, what)
	if err != nil {
		return nil, err
	}
	deleted, err := d.decide(ctx, i, actions.HeldDecision{Event: quarantine.EventDelete, Comment: why}, &quarantine.Commit{Records: rows})
	if errors.Is(err, quarantine.ErrLegalHold) {
		err = fmt.Errorf("%w: it cannot be deleted before `postern quarantine extend %s --legal-hold=off`", err, i.ID)
	}
	return deleted, err
}

// legalHold keeps a message, whatever becomes of it otherwise, or no longer does.
func (d *desk) legalHold(ctx context.Context, name string, hold bool, why string) (*quarantine.Item, error) {
	i, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	what := auditItem(i, i.State, viaCLI)
	what.LegalHold, what.Comment = hold, audit.MaskText(why)
	rows, err := d.note(i, audit.LegalHoldChanged, what)
	if err != nil {
		return nil, err
	}
	if err := d.vault.SetLegalHold(ctx, i.ID, hold, rows...); err != nil {
		return nil, err
	}
	return d.vault.Item(ctx, i.ID)
}

// decide takes a decision, and has those hear of it to whom the match is reported.
func (d *desk) decide(ctx context.Context, i *quarantine.Item, h actions.HeldDecision, c *quarantine.Commit) (*quarantine.Item, error) {
	h.By, h.At = d.by, time.Now()
	if err := d.effects.ReportDecision(ctx, c, i, h); err != nil {
		return nil, err
	}
	fault.Point("release.before.decision")
	return d.vault.Decide(ctx, &quarantine.Decision{Item: i.ID, Event: h.Event, By: d.by, At: h.At, Justification: h.Comment, Commit: c})
}

// possible says early what the store would say of an event.
func possible(i *quarantine.Item, event quarantine.Event) error {
	if i.Recovered {
		return quarantine.ErrUnconfirmed
	}
	if _, ok := quarantine.Next(i.Kind, i.State, event); !ok {
		return &quarantine.ConflictError{Item: i.ID, State: i.State, Event: event, Decided: i.Decided}
	}
	return nil
}

// extend moves the time at which a held message expires. A recovered one becomes
// an ordinary one by it.
func (d *desk) extend(ctx context.Context, name string, until time.Time, why string) (*quarantine.Item, error) {
	i, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	i.Expires = until
	op := audit.ItemExtended
	if i.Recovered {
		op = audit.ItemRecovered
	}
	what := auditItem(i, i.State, viaCLI)
	what.Comment = audit.MaskText(why)
	rows, err := d.note(i, op, what)
	if err != nil {
		return nil, err
	}
	if i.Recovered {
		err = d.vault.Confirm(ctx, i.ID, until, rows...)
	} else {
		err = d.vault.Extend(ctx, i.ID, until, rows...)
	}
	if err != nil {
		return nil, err
	}
	return d.vault.Item(ctx, i.ID)
}

// export gives the octets of a held message. Who reads them is recorded first.
func (d *desk) export(ctx context.Context, name string) (*quarantine.Item, []byte, error) {
	i, err := d.find(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	content, err := d.vault.read(ctx, i.Blob)
	if err != nil {
		return nil, nil, err
	}
	rows, err := d.note(i, audit.ItemExported, auditItem(i, i.State, viaCLI))
	if err != nil {
		return nil, nil, err
	}
	return i, content, d.vault.Append(ctx, rows...)
}

// decision gives the recorded explanation of a reference, the newest first, as the
// JSON of `explain`.
func (d *desk) decision(ctx context.Context, reference string) ([]byte, error) {
	ops := []string{string(audit.DlpRuleMatch), string(audit.MessageSignalled), string(audit.MessageFailed)}
	for row, err := range d.vault.Records(ctx, quarantine.RecordFilter{Reference: reference, Operations: ops, NewestFirst: true, Limit: 1}) {
		if err != nil {
			return nil, err
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			return nil, err
		}
		if string(rec.Explain.Bytes()) == `{"erased":true}` {
			return nil, unknown{"what was decided under " + clip(reference, 80) + " was erased with the person who sent the message; `postern audit export --reference` has what remains"}
		}
		return rec.Explain.Bytes(), nil
	}
	return nil, unknown{"no decision is recorded under " + clip(reference, 80)}
}

func texts(paths []message.Path) []string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

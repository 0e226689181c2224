package main

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
)

// list gives one page of held messages.
func (d *desk) list(ctx context.Context, r *deskRequest, reply *deskReply) error {
	page, err := d.vault.List(ctx, r.Filter)
	if err != nil {
		return err
	}
	reply.Items, reply.Next = make([]itemJSON, 0, len(page.Items)), page.Next
	for i := range page.Items {
		reply.Items = append(reply.Items, heldJSON(&page.Items[i]))
	}
	return nil
}

// check reads everything that is stored.
func (d *desk) check(ctx context.Context, reply *deskReply) error {
	found, err := d.vault.Check(ctx)
	for _, p := range found {
		reply.Problems = append(reply.Problems, storeProblem{Blob: p.Blob, Item: p.Item, Entry: p.Entry, What: p.Text, Orphan: p.Orphan})
	}
	return err
}

// reindex rebuilds the rows of messages that have none.
func (d *desk) reindex(ctx context.Context, reply *deskReply) error {
	items, err := d.vault.Reindex(ctx, time.Now(), func(i *quarantine.Item) (quarantine.Record, error) {
		return itemRecord(i, audit.ItemRecovered, auditItem(i, i.State, viaCLI), d.by)
	})
	for n := range items {
		reply.Items = append(reply.Items, heldJSON(&items[n]))
	}
	return err
}

// outboxLate is how long mail may wait in the outbox before somebody should look.
const outboxLate = 15 * time.Minute

// status counts what is stored and says what is served.
func (d *desk) status(ctx context.Context) (*statusJSON, error) {
	st, err := d.vault.Stats(ctx)
	if err != nil {
		return nil, err
	}
	late, _, err := d.vault.Waiting(ctx, time.Now().Add(-outboxLate))
	if err != nil {
		return nil, err
	}
	out := &statusJSON{
		Stale: []string{}, Held: map[string]int{}, OldestHeld: moment(st.OldestHeld), Releasing: st.Releasing, Recovered: st.Recovered,
		Alerts: st.Alerts, Outbox: st.Outbox, Late: late, OldestSent: moment(st.OldestOutbox), Blobs: st.Blobs, Bytes: st.Bytes, Records: st.Records, FreeBytes: st.Free, SetBack: st.SetBack, Poisoned: st.Poisoned,
	}
	for _, k := range quarantine.Kinds {
		out.Held[string(k)] = st.Held[k]
	}
	if d.running != nil {
		w := d.running.gate.live.Load()
		out.Running, out.Version, out.PolicyVersion, out.Policies = true, buildVersion().Version, w.set.Version, len(w.set.Policies)
		out.Stale = w.files.stale()
		if m := d.running.monitor.Load(); m != nil {
			out.Metrics = m.address()
		}
	}
	return out, nil
}

// stale names the files that are no longer on the disk as they were loaded, and
// those that were added.
func (s fileSet) stale() []string {
	now, _, err := gather(s.Config.Name)
	if err != nil {
		return []string{s.Config.Name}
	}
	loaded := s.contents()
	out := []string{}
	for _, name := range now.names() {
		if data, ok := loaded[name]; !ok || !bytes.Equal(data, now.contents()[name]) {
			out = append(out, name)
		}
		delete(loaded, name)
	}
	for _, name := range s.names() {
		if _, gone := loaded[name]; gone {
			out = append(out, name)
		}
	}
	return out
}

// contents gives the files by name.
func (s fileSet) contents() map[string][]byte {
	out := map[string][]byte{s.Config.Name: s.Config.Data}
	for _, f := range slices.Concat(s.Policies, s.others()) {
		out[f.Name] = f.Data
	}
	return out
}

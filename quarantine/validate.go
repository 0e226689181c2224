package quarantine

import (
	"encoding/json"
	"fmt"
)

// ValidID tells whether s may name an item, an entry or a blob: 1 to 64 letters,
// digits, hyphens and underscores of ASCII.
func ValidID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// Validate tells what in c breaks the contract of its types, as an ErrInvalid:
// identifiers, references between its parts, values missing or unknown. A store
// calls it before anything else.
func (c *Commit) Validate() error {
	v := validation{blobs: map[string]bool{}, items: map[string]string{}}
	for _, b := range c.Blobs {
		if !ValidID(b.ID) {
			return invalid("blob %q: not an identifier", b.ID)
		}
		if _, twice := v.blobs[b.ID]; twice {
			return invalid("blob %s: twice", b.ID)
		}
		v.blobs[b.ID] = false
	}
	for i := range c.Items {
		if err := v.item(&c.Items[i]); err != nil {
			return err
		}
	}
	for i := range c.Entries {
		if err := v.entry(&c.Entries[i]); err != nil {
			return err
		}
	}
	for id, used := range v.blobs {
		if !used {
			return invalid("blob %s: no item or entry refers to it", id)
		}
	}
	for _, f := range c.Fingerprints {
		if f.Digest == "" || f.Expires.IsZero() || !validJSON(f.Data) {
			return invalid("fingerprint %q: wants a digest, a time at which it expires, and JSON", f.Digest)
		}
	}
	for _, r := range c.Records {
		if r.Operation == "" || len(r.Data) == 0 || !validJSON(r.Data) {
			return invalid("record %q: wants an operation and JSON", r.Operation)
		}
	}
	for i := range c.Matches {
		if err := c.Matches[i].validate(c.Records); err != nil {
			return err
		}
	}
	return nil
}

// validation remembers the names of one commit.
type validation struct {
	blobs map[string]bool   // whether it is referred to
	items map[string]string // the blob of each
}

func (v *validation) item(i *Item) error {
	if !ValidID(i.ID) {
		return invalid("item %q: not an identifier", i.ID)
	}
	if _, twice := v.items[i.ID]; twice {
		return invalid("item %s: twice", i.ID)
	}
	if used, ok := v.blobs[i.Blob]; !ok || used {
		return invalid("item %s: wants a blob of the commit to itself, not %q", i.ID, i.Blob)
	}
	v.blobs[i.Blob] = true
	v.items[i.ID] = i.Blob
	if _, ok := Next(i.Kind, StateHeld, EventExpire); !ok {
		return invalid("item %s: no kind %q", i.ID, i.Kind)
	}
	if len(i.Envelope.Recipients) == 0 {
		return invalid("item %s: no recipient", i.ID)
	}
	if i.Created.IsZero() {
		return invalid("item %s: no time", i.ID)
	}
	if !validJSON(i.Draft) || !validJSON(i.Matches) || !validJSON(i.Remaining) || !validJSON(i.Reports) {
		return invalid("item %s: draft, matches, remaining rules and reports want to be JSON", i.ID)
	}
	return nil
}

func (v *validation) entry(e *Entry) error {
	if !ValidID(e.ID) {
		return invalid("entry %q: not an identifier", e.ID)
	}
	switch e.Kind {
	case EntryNotice, EntryReinject:
	case EntryRelease:
		if e.Item == "" {
			return invalid("entry %s: a release wants its item", e.ID)
		}
	default:
		return invalid("entry %s: no kind %q", e.ID, e.Kind)
	}
	if _, ok := v.blobs[e.Blob]; ok {
		v.blobs[e.Blob] = true
	} else if e.Item == "" || e.Blob == "" {
		return invalid("entry %s: no blob %q in the commit", e.ID, e.Blob)
	}
	if len(e.Recipients) == 0 {
		return invalid("entry %s: no recipient", e.ID)
	}
	if e.Created.IsZero() {
		return invalid("entry %s: no time", e.ID)
	}
	if !validJSON(e.Data) {
		return invalid("entry %s: the data want to be JSON", e.ID)
	}
	return nil
}

// Validate tells what in d breaks its contract, as an ErrInvalid. A store calls it
// before anything else.
func (d *Decision) Validate() error {
	if d.By == "" || d.At.IsZero() {
		return invalid("decision on %s: wants to know who and when", d.Item)
	}
	var releases, items int
	if d.Commit != nil {
		if err := d.Commit.Validate(); err != nil {
			return err
		}
		items = len(d.Commit.Items)
		for _, e := range d.Commit.Entries {
			if e.Kind == EntryRelease {
				if e.Item != d.Item {
					return invalid("decision on %s: a release of %s", d.Item, e.Item)
				}
				releases++
			}
		}
	}
	switch d.Event {
	case EventSent, EventReturn:
		return invalid("decision on %s: %s is the outbox's", d.Item, d.Event)
	case EventRelease, EventApprove, EventOverride:
		if releases == 0 {
			return invalid("decision on %s: %s wants a release", d.Item, d.Event)
		}
	default:
		if releases > 0 {
			return invalid("decision on %s: %s with a release", d.Item, d.Event)
		}
		if d.Event == EventContinue && items == 0 {
			return invalid("decision on %s: continue wants an item", d.Item)
		}
	}
	return nil
}

// Apply puts the results of r into the recipients of e and gives the number of
// those left pending. A result for no recipient, or of no known delivery, is an
// ErrInvalid.
func (r *Report) Apply(e *Entry) (pending int, err error) {
	for _, res := range r.Results {
		if res.Recipient < 0 || res.Recipient >= len(e.Recipients) {
			return 0, invalid("entry %s: no recipient %d", e.ID, res.Recipient)
		}
		switch res.Delivery {
		case Pending, Delivered, Failed:
		default:
			return 0, invalid("entry %s: no delivery %q", e.ID, res.Delivery)
		}
		if rcpt := &e.Recipients[res.Recipient]; rcpt.Delivery == Pending {
			rcpt.Delivery, rcpt.Reply, rcpt.At = res.Delivery, res.Reply, r.At.UTC()
		}
	}
	for _, rcpt := range e.Recipients {
		if rcpt.Delivery == Pending {
			pending++
		}
	}
	return pending, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

// validJSON allows for no JSON at all.
func validJSON(raw json.RawMessage) bool { return len(raw) == 0 || json.Valid(raw) }

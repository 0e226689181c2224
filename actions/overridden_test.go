package actions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// An override counts for the message that it was given for, for those recipients
// for whom it was held, once the sender has decided.
func TestOverridesAreThoseOfTheStore(t *testing.T) {
	g := newGate(t, gatePolicy, Settings{})
	read := func(subject string, to ...string) *message.Message {
		env := messageTo(nil, to...).Envelope
		env.ReversePath = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path
		m, err := message.Read(env, strings.NewReader("From: anna@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: "+subject+"\r\n\r\nBody.\r\n"), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}
	m := read("Plan", "ben@example.com", "b@customer.example", "c@customer.example")
	overridden := func(m *message.Message, want ...int) {
		t.Helper()
		got, err := g.live.Overridden(t.Context(), m)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v (%v), want %v", got, err, want)
		}
	}
	hold := func(id string, kind quarantine.Kind, recipients ...int) {
		t.Helper()
		env := m.Envelope
		env.Recipients = nil
		for _, i := range recipients {
			env.Recipients = append(env.Recipients, m.Envelope.Recipients[i])
		}
		err := g.store.Commit(t.Context(), &quarantine.Commit{
			Blobs: []quarantine.Blob{{ID: "b" + id, Data: []byte("Subject: Plan\r\n\r\nBody.\r\n")}},
			Items: []quarantine.Item{{ID: id, Reference: "P-TEST001", Kind: kind, Blob: "b" + id, Envelope: quarantine.NewEnvelope(env),
				Fingerprint: digest(&m.Envelope, m.Header, m.Body(), recipients), Created: g.live.Now(), Expires: g.live.Now().Add(time.Hour)}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	decide := func(id string, event quarantine.Event) {
		t.Helper()
		_, err := g.store.Decide(t.Context(), &quarantine.Decision{Item: id, Event: event, By: "anna@example.com", At: g.live.Now(),
			Commit: &quarantine.Commit{Entries: []quarantine.Entry{{ID: "e" + id, Kind: quarantine.EntryRelease, Reference: "P-TEST001", Item: id, Blob: "b" + id,
				ReversePath: "anna@example.com", Recipients: []quarantine.EntryRecipient{{Address: "b@customer.example"}}, Created: g.live.Now()}}}})
		if err != nil {
			t.Fatal(err)
		}
	}

	overridden(m)
	hold("one", quarantine.KindOverride, 1)
	overridden(m) // not decided yet
	decide("one", quarantine.EventOverride)
	overridden(m, 1)
	hold("two", quarantine.KindOverride, 2)
	decide("two", quarantine.EventOverride)
	overridden(m, 1, 2)
	hold("three", quarantine.KindQuarantine, 0)
	decide("three", quarantine.EventRelease) // by a reviewer
	overridden(m, 1, 2)

	overridden(read("Another plan", "ben@example.com", "b@customer.example", "c@customer.example"))
	overridden(read("Plan", "ben@example.com"))
	overridden(read("Plan", "b@customer.example"), 0)
	g.later(6 * 24 * time.Hour)
	overridden(m)
}

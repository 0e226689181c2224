package quarantine_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// An envelope comes back from JSON as the session said it.
func TestEnvelope(t *testing.T) {
	for _, addresses := range [][]string{
		{"sender@example.com", "one@partner.example", "two@partner.example"},
		{"", "postmaster"},
		{`"quoted \"local\" part"@Example.COM`, `"a@b"@partner.example`, `"<>"@partner.example`},
		{"größe@bücher.example", "δοκιμή@παράδειγμα.example"},
	} {
		session := message.Envelope{
			MailArgs: []string{"SIZE=12", "SMTPUTF8"}, ClientAddr: netip.MustParseAddr("2001:db8::1"), ClientName: "client.example",
			HELO: "helo.example", TLSVersion: "TLSv1.3", Authenticated: "login", Listener: "SUBMISSION", QueueID: "Q1",
			Hostname: "mx.example.com", Simulated: true,
			Macros: map[string]string{"i": "Q1", "daemon_name": "SUBMISSION"},
		}
		for i, a := range addresses {
			path, err := message.ParsePath(a)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				session.ReversePath = path
				continue
			}
			session.Recipients = append(session.Recipients, message.Recipient{Raw: "<" + a + ">", Path: path, Args: []string{"NOTIFY=NEVER"}})
		}
		text, err := json.Marshal(quarantine.NewEnvelope(session))
		if err != nil {
			t.Fatal(err)
		}
		var kept quarantine.Envelope
		if err := json.Unmarshal(text, &kept); err != nil {
			t.Fatal(err)
		}
		got, err := kept.Session()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, session) {
			t.Errorf("%q:\n%+v\nwant\n%+v", addresses, got, session)
		}
	}
	for _, kept := range []quarantine.Envelope{
		{ReversePath: "@"},
		{Recipients: []quarantine.Recipient{{Path: "a@"}}},
	} {
		if _, err := kept.Session(); err == nil {
			t.Errorf("%+v was taken", kept)
		}
	}
}

package actions

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// bodies are messages of several makes, behind their address fields.
var bodies = map[string]string{
	"plain":  "Subject: s\r\n\r\nHello\r\n.\r\n",
	"empty":  "Subject: s\r\n\r\n",
	"latin1": "Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe\r\n",
	"quoted": "Subject: s\r\nmime-version: 1.0\r\ncontent-type: text/html;\r\n charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=C3=BC=\r\n=C3=9Fe</p>\r\n",
	"mixed": "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nPreamble\r\n--b\r\n\r\nHello\r\n" +
		"--b\r\nContent-Type: application/octet-stream; name=a.bat\r\nContent-Disposition: attachment; filename=a.bat\r\n\r\necho\r\n--b--\r\n",
	"signed": "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n" +
		"--b\r\nContent-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n-----END PGP SIGNATURE-----\r\n--b--\r\n",
	"attachment alone": "MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.bat\r\nContent-Disposition: attachment; filename=a.bat\r\n\r\necho\r\n",
}

// bodyEdits are lists of edits with those of bodies, mixed with others.
var bodyEdits = [][]Edit{
	{{Action: disclaim, Name: "append", Value: "<p>Gr\u00fc\u00dfe \u4f60</p>", Fallback: "wrap"}},
	{{Action: disclaim, Name: "prepend", Value: "Hello", Fallback: "ignore"}, {Action: setHeader, Name: "X-A", Value: "b"}},
	{{Action: setHeader, Name: "X-A", Value: "b"}, {Action: disclaim, Name: "append", Value: "one", Fallback: "wrap"}, {Action: prependSubject, Value: "[x] "},
		{Action: disclaim, Name: "append", Value: "two", Fallback: "wrap"}, {Action: addRecipients, Name: "cc", Value: "c@x.example"}},
	{{Action: strip, Name: "bat", Value: "gone", Parts: "1 1.2", OnError: "continue"}, {Action: disclaim, Name: "append", Value: "three", Fallback: "wrap"}},
	{{Action: strip, Name: "bat", Value: "gone", OnError: "continue"}},
}

// Both renderers give the same copy, for every make of a message and every list of
// edits, and the copy can be read again.
func TestBothRenderersGiveTheSameBody(t *testing.T) {
	for name, text := range bodies {
		for i, edits := range bodyEdits {
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
				env := messageTo(nil, "b@x.example").Envelope
				m, err := message.Read(env, strings.NewReader("X-Postern-Old: x\r\nFrom: a@x.example\r\nTo: b@x.example\r\n"+text), nil, message.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				f := Fork{Recipients: []int{0}, Route: InSession, Edits: edits}
				before := bytes.Clone(m.Body())
				r := &editor{m: m, ours: true}
				c := newDeliveries(r, []Fork{f}).copy(&f)
				sameRendered(t, m, &f, c)
				if !bytes.Equal(before, m.Body()) {
					t.Error("the message itself was changed")
				}
				again := newDeliveries(r, []Fork{f}).copy(&f)
				if diff := cmp.Diff(string(c.bytes(m.Body())), string(again.bytes(m.Body()))); diff != "" {
					t.Errorf("a second copy is another:\n%s", diff)
				}
				sent, err := message.Read(env, bytes.NewReader(c.bytes(m.Body())), nil, message.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				defer sent.Close()
				for _, n := range sent.Notices {
					if n.Signal == message.SignalDefect {
						t.Errorf("a defect in the copy: %+v", n)
					}
				}
			})
		}
	}
}

// What the client gets in the session, what leaves the outbox, and what a release
// sends are the same octets.
func TestEveryWayGivesTheSameBody(t *testing.T) {
	const policy = `
policy: P
mode: enable
rules:
  - {rule: Edit, conditions: {messageSizeOver: 1B}, actions: {applyHtmlDisclaimer: {text: "<p>%%DisplayName%%, gr\u00fc\u00dft</p>"}, stripAttachment: {extensions: [bat], text: gone}, modifySubject: {patterns: [plan], text: x}}}
  - {rule: Tag, conditions: {recipientDomainIs: [outbox.example]}, actions: {addRecipients: {bcc: [audit@example.com]}}}
  - {rule: Hold, conditions: {recipientDomainIs: [held.example]}, actions: {quarantine: true}}
`
	for name, text := range bodies {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, policy, Settings{})
			section, body, _ := strings.Cut(strings.TrimPrefix(text, "Subject: s\r\n"), "\r\n\r\n")
			if strings.HasPrefix(text, "Subject: s\r\n\r\n") {
				section, body = "", strings.TrimPrefix(text, "Subject: s\r\n\r\n")
			}
			header := []string{"Subject: The plan"}
			if section != "" {
				header = append(header, strings.Split(section, "\r\n")...)
			}
			d := g.send(mail{to: []string{"b@x.example", "c@x.example", "o@outbox.example", "h@held.example"}, queueID: "Q1", header: header, body: strings.TrimSuffix(body, "\r\n")})
			if d.Err != nil || d.Outcome.Verdict != Deliver {
				t.Fatalf("%s, error %v", d.Outcome.Verdict, d.Err)
			}
			var inSession []byte
			for _, mod := range d.Outcome.Modifications {
				if mod.Kind == ReplaceBody {
					inSession = mod.Body
				}
			}
			if inSession == nil {
				t.Fatal("the body goes on as it came")
			}
			g.decide(quarantine.EventRelease, Release{})
			_, entries := g.outbox()
			var sent []string
			for _, e := range entries {
				if e.Kind == quarantine.EntryNotice {
					continue
				}
				section, body, _ := strings.Cut(g.octets(e.Blob), "\r\n\r\n")
				if !strings.Contains(section, "Subject: The x") {
					t.Errorf("%s: header section %q", e.Kind, section)
				}
				sent = append(sent, fmt.Sprint(e.Kind))
				if diff := cmp.Diff(string(inSession), body); diff != "" {
					t.Errorf("%s sends another body (-session +sent):\n%s", e.Kind, diff)
				}
			}
			if len(sent) < 2 {
				t.Errorf("sent %q", sent)
			}
			if !bytes.Contains(inSession, []byte("Anna Smith")) && !bytes.Contains(inSession, []byte("QW5uYSBTbWl0")) {
				t.Errorf("the sender's name is not in %q", inSession)
			}
		})
	}
}

// A held message whose draft cannot be made is not released, unless the release
// leaves the edits out.
func TestADraftThatCannotBeMade(t *testing.T) {
	for _, edit := range []string{"applyHtmlDisclaimer: {text: x, fallback: reject}", "stripAttachment: {extensions: [asc]}"} {
		g := newGate(t, `
policy: P
mode: enable
rules:
  - {rule: Hold, conditions: {messageSizeOver: 1B}, actions: {quarantine: true, `+edit+`}}
`, Settings{})
		section, body, _ := strings.Cut(bodies["signed"], "\r\n\r\n")
		body = strings.ReplaceAll(body, "application/pgp-signature\r\n", "application/pgp-signature; name=signature.asc\r\n")
		g.send(mail{to: []string{"b@x.example"}, queueID: "Q1", header: strings.Split(section, "\r\n"), body: body})
		item := g.items()[0]
		content := []byte(g.octets(item.Blob))
		_, err := g.live.Release(t.Context(), &item, content, Release{})
		if !errors.Is(err, ErrNotEdited) || !strings.Contains(err.Error(), "signed") {
			t.Errorf("%s: error %v", edit, err)
		}
		commit, err := g.live.Release(t.Context(), &item, content, Release{WithoutEdits: true})
		if err != nil || len(commit.Entries) != 1 {
			t.Errorf("%s: without edits: %v", edit, err)
		}
	}
}

// BenchmarkDisclaimer is what a disclaimer costs on a message of 100 KB, judged and
// rendered.
func BenchmarkDisclaimer(b *testing.B) {
	const policy = "policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {%s}}\n"
	for name, action := range map[string]string{"none": "setHeader: {X-A: b}", "disclaimer": "applyHtmlDisclaimer: {text: '<p>%%DisplayName%%, Example Ltd</p>'}"} {
		b.Run(name, func(b *testing.B) {
			people := housePeople(b)
			set, problems := Load([]rules.File{{Name: "p.yaml", Data: fmt.Appendf(nil, policy, action)}}, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
			if set == nil {
				b.Fatal(problems)
			}
			world, engine := houseWorld(people), NewEngine(Settings{})
			env := messageTo(nil, "b@x.example").Envelope
			env.ReversePath, env.Authenticated = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path, "anna"
			line := strings.Repeat("All work and no play. ", 3) + "\r\n"
			text := "From: anna@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n" +
				strings.Repeat(line, 700) + "--b\r\nContent-Type: text/html\r\n\r\n<html><body>" + strings.Repeat("<p>"+line+"</p>", 700) + "</body></html>\r\n--b--\r\n"
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := message.Read(env, strings.NewReader(text), nil, message.DefaultLimits)
				if err != nil {
					b.Fatal(err)
				}
				if d := engine.Run(b.Context(), set, rules.NewScan(world, m), DryRun{}); d.Outcome.Verdict != Deliver {
					b.Fatal(d.Err)
				}
				m.Close()
			}
		})
	}
}

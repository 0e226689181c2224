//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

var updateActed = flag.Bool("update-acted", false, "write testdata/actions/*.golden anew")

// acted is what one or more actions do to samples, on their way through Postfix.
type acted struct {
	name    string
	actions string // of the only rule for the domain NAME.example
	samples []string
	// refused samples get a 550, and held ones are kept.
	refused, held []string
	// dkim is set when a signature of the whole message over the usual fields stays
	// good, and inner when those of S/MIME and PGP do.
	dkim, inner bool
	to          []string // who gets the message besides the recipient
	instead     string   // who gets it in place of the recipient
}

const actedPolicyHead = `policy: Every edit
mode: enable
rules:
`

// All samples of bodies, and those few that a change of the header section can hurt.
var (
	headSamples = []string{"plain", "latin1", "utf8", "japanese", "attachment", "smime-signed", "pgp-signed", "dkim"}
	sealed      = []string{"smime-signed", "smime-opaque", "smime-enveloped", "pgp-signed", "pgp-inline", "pgp-encrypted"}
	openSamples = []string{"plain", "bare", "latin1", "utf8", "flowed", "quoted", "base64", "japanese", "html", "alternative", "attachment", "dkim"}
	bodySamples = slices.Concat(openSamples, sealed)
)

var actedCases = []acted{
	{name: "set-header", actions: `{setHeader: {X-Class: "streng geheim: größer", X-Level: "2"}}`, samples: headSamples, dkim: true, inner: true},
	{name: "set-signed-header", actions: `{setHeader: {Subject: "Angebot für Köln"}}`, samples: headSamples, inner: true},
	{name: "remove-header", actions: `{removeHeader: [X-Secret, "X-Tag: old"]}`, samples: headSamples, dkim: true, inner: true},
	{name: "prepend-subject", actions: `{prependSubject: "[Extern: Köln] "}`, samples: headSamples, inner: true},
	{name: "add-to", actions: `{addRecipients: {to: [extra@add-to.example]}}`, samples: headSamples, inner: true, to: []string{"extra@add-to.example"}},
	{name: "add-cc", actions: `{addRecipients: {cc: [extra@add-cc.example]}}`, samples: headSamples, dkim: true, inner: true, to: []string{"extra@add-cc.example"}},
	{name: "add-bcc", actions: `{addRecipients: {bcc: [extra@add-bcc.example]}}`, samples: headSamples, dkim: true, inner: true, to: []string{"extra@add-bcc.example"}},
	{name: "redirect", actions: `{redirectMessageTo: [desk@redirect.example]}`, samples: headSamples, dkim: true, inner: true, instead: "desk@redirect.example"},
	{name: "subject-replace", actions: `{modifySubject: {patterns: ["plain|signed|PGP|Gr.", "こん"], text: "Öffentlich", strategy: replace}}`, samples: headSamples, inner: true},
	{name: "subject-append", actions: `{modifySubject: {patterns: ["text"], text: "[geprüft]", strategy: append}}`, samples: headSamples, inner: true},
	{name: "subject-prepend", actions: `{modifySubject: {patterns: ["^with "], text: "[ok] ", strategy: prepend}}`, samples: headSamples, inner: true},
	{name: "manager-cc", actions: `{addRecipients: {managerAs: cc}}`, samples: []string{"plain", "utf8", "dkim"}, dkim: true, to: []string{"mia@example.com"}},
	{name: "append", actions: `{applyHtmlDisclaimer: {text: "<p>Sent by %%DisplayName%%, %%title%% of %%Company%% – Größe &lt;5&gt; 機密 конфиденциально.<br><a href=\"https://example.com/x\">Legal</a></p>", location: append}}`, samples: bodySamples, inner: true},
	{name: "prepend", actions: `{applyHtmlDisclaimer: {text: "<p>External mail – <b>Vorsicht</b>.</p>", location: prepend, fallback: wrap}}`, samples: bodySamples, inner: true},
	{name: "append-ascii", actions: `{applyHtmlDisclaimer: {text: "<p>Confidential.</p>", fallback: ignore}}`, samples: bodySamples, inner: true},
	{name: "append-reject", actions: `{applyHtmlDisclaimer: {text: "<p>Confidential.</p>", fallback: reject}}`, samples: sealed, refused: sealed},
	{name: "strip", actions: `{stripAttachment: {extensions: [exe], text: "%%FileName%% wurde entfernt – größere Gefahr."}}`, samples: []string{"plain", "attachment", "alternative", "smime-signed", "dkim"}, dkim: true, inner: true},
	{name: "both", actions: `{stripAttachment: {extensions: [exe, csv], text: "Removed: %%FileName%%"}, applyHtmlDisclaimer: {text: "<p>Größe</p>"}, setHeader: {X-Class: a}, prependSubject: "[x] ", addRecipients: {cc: [extra@both.example]}}`, samples: bodySamples, inner: true, to: []string{"extra@both.example"},
		held: []string{"smime-enveloped", "pgp-encrypted"}},
}

func (a *acted) rule() string {
	return fmt.Sprintf("  - {rule: %s, conditions: {recipientDomainIs: [%[1]s.example]}, actions: %s}\n", a.name, a.actions)
}

const actedPeople = `people:
  - {address: anna@example.com, logins: [anna], manager: mia@example.com, name: "Anna <Größe>", attributes: {title: Buyer, company: "Example & Söhne"}}
  - {address: mia@example.com}
`

// signingKey is a key of tests that is the same each time.
var signingKey = ed25519.NewKeyFromSeed([]byte("the key of samples in the tests."))

// sample gives a message with CRLF; the one named dkim is signed.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	file := name
	if name == "dkim" {
		file = "plain"
	}
	text, err := os.ReadFile(filepath.Join("testdata", "actions", "samples", file+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	text = bytes.Replace(text, []byte("MIME-Version"), []byte("X-Secret: one\r\nX-Tag: old\r\nx-tag: new\r\nMIME-Version"), 1)
	if name != "dkim" {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("<plain@"), []byte("<dkim@"))
	var signed bytes.Buffer
	err = dkim.Sign(&signed, bytes.NewReader(text), &dkim.SignOptions{
		Domain: "example.com", Selector: "test", Signer: signingKey, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Bytes()
}

// Every action that changes a message changes what is delivered just so, octet for
// octet, and leaves every signature good that it does not have to break.
func TestActionsOnTheWire(t *testing.T) {
	policy := actedPolicyHead
	for i := range actedCases {
		policy += actedCases[i].rule()
	}
	h := startHolding(t, holdingOptions{policy: policy, keys: "directory: {file: people.yaml}\n"})
	if err := os.WriteFile(filepath.Join(h.dir, "people.yaml"), []byte(actedPeople), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	for i := range actedCases {
		a := &actedCases[i]
		t.Run(a.name, func(t *testing.T) { a.run(t, h) })
	}
}

func (a *acted) run(t *testing.T, h *holding) {
	got := &txtar.Archive{}
	for _, name := range a.samples {
		sent := sample(t, name)
		to := name + "@" + a.name + ".example"
		reply := h.inject(t, to, sent)
		switch {
		case slices.Contains(a.refused, name):
			if reply.Code != 550 {
				t.Errorf("%s: %v, want a refusal", name, reply)
			}
			got.Files = append(got.Files, txtar.File{Name: name + " reply", Data: []byte(normal(reply.String()))})
			continue
		case reply.Code != 250:
			t.Errorf("%s: %v", name, reply)
			continue
		case slices.Contains(a.held, name):
			h.one(t, to)
			continue
		}
		if a.instead != "" {
			to = a.instead
		}
		came := h.came(t, messageID(sent), to)
		for _, other := range a.to {
			if !slices.Contains(came.Recipients(), other) {
				h.came(t, messageID(sent), other)
			}
		}
		data := delivered(came.Data)
		got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(normal(string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))))})
		a.verify(t, name, came.Data)
	}
	golden(t, filepath.Join("testdata", "actions", a.name+".golden"), got)
}

// inject sends a message as Anna.
func (h *holding) inject(t *testing.T, to string, data []byte) mta.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	c, err := mta.Dial(ctx, h.Addr(mta.Submission))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Impersonate("anna", ""); err != nil {
		t.Fatal(err)
	}
	c.MailArgs = []string{"BODY=8BITMIME"}
	if header, _, _ := bytes.Cut(data, []byte("\r\n\r\n")); bytes.ContainsFunc(header, func(r rune) bool { return r > 0x7f }) {
		c.MailArgs = append(c.MailArgs, "SMTPUTF8")
	}
	r, _, err := c.Send("anna@example.com", []string{to}, data)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Quit()
	return r
}

// came waits for a message at a recipient.
func (h *holding) came(t *testing.T, id, to string) *sink.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	got, err := h.sink.Wait(ctx, 1, func(m *sink.Message) bool { return m.ID() == id && slices.Contains(m.Recipients(), to) })
	if err != nil {
		t.Fatalf("%s did not come to %s: %v", id, to, err)
	}
	return got[0]
}

func messageID(data []byte) string { return (&sink.Message{Data: data}).ID() }

// onTop are fields that are others each time: what MTAs and signers put on top.
var onTop = []string{"Received:", "X-Postern-Release:", "DKIM-Signature:"}

// delivered takes those fields away.
func delivered(data []byte) []byte {
	for slices.ContainsFunc(onTop, func(name string) bool { return bytes.HasPrefix(data, []byte(name)) }) {
		for {
			_, rest, _ := bytes.Cut(data, []byte("\r\n"))
			data = rest
			if len(data) == 0 || data[0] != ' ' && data[0] != '\t' {
				break
			}
		}
	}
	return data
}

// What is another each time.
var changing = regexp.MustCompile(`P-[0-9A-Z]{6}`)

func normal(text string) string { return changing.ReplaceAllString(text, "P-REFERENCE") }

// golden compares with a file of the samples as delivered.
func golden(t *testing.T, file string, got *txtar.Archive) {
	t.Helper()
	if *updateActed {
		if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string][]byte)
	for _, f := range want.Files {
		byName[f.Name] = f.Data
	}
	for _, f := range txtar.Parse(txtar.Format(got)).Files {
		if !bytes.Equal(f.Data, byName[f.Name]) {
			t.Errorf("%s:\n%s\nwant:\n%s", f.Name, f.Data, byName[f.Name])
		}
		delete(byName, f.Name)
	}
	for name := range byName {
		t.Errorf("%s is missing", name)
	}
}

// verify tells which signatures survived.
func (a *acted) verify(t *testing.T, name string, data []byte) {
	t.Helper()
	switch name {
	case "dkim":
		found, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
			return []string{"v=DKIM1; k=ed25519; p=" + publicKey()}, nil
		}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", name, found, err)
		}
		if good := found[0].Err == nil; good != a.dkim {
			t.Errorf("%s: the DKIM signature is good: %v (%v), want %v", name, good, found[0].Err, a.dkim)
		}
	case "smime-signed", "smime-opaque", "pgp-signed", "pgp-inline":
		err := verifiers[strings.Split(name, "-")[0]](data)
		if good := err == nil; good != a.inner {
			t.Errorf("%s: the signature is good: %v (%v), want %v", name, good, err, a.inner)
		}
	}
}

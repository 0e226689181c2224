//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// cardFile is a .docx with card numbers.
func cardFile(t *testing.T) string {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Credit card 4111 1111 1111 1111, expiration date 04/29, CVV 123.</w:t></w:r></w:p></w:body></w:document>`},
	} {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(file.Bytes())
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text + "\n"
}

// What was held leaves as it was held: signed on the way out, seen once by the
// after-queue filter, and octet for octet the same below the trace fields. A
// smaller part of a message leaves as well, with edits of its own.
func TestReleaseIsSignedAndUnchanged(t *testing.T) {
	f, err := mta.StartFilter()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := startHolding(t, holdingOptions{policy: outcomePolicy, params: []string{
		"postern_signers = " + mta.SignerSocket, f.Param(), "smtp_line_length_limit = 0",
		// Newer ones make a blank of a bare CR before any milter sees it.
		"cleanup_replace_stray_cr_lf = no"}})
	f.Next(h.Addr(mta.AfterFilter.Name))
	signer, err := h.StartSigner(t.Context(), "example.com")
	if errors.Is(err, mta.ErrNoSigner) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer signer.Stop()
	h.start(t)
	signed := func(t *testing.T, m *sink.Message) {
		t.Helper()
		found, err := dkim.VerifyWithOptions(bytes.NewReader(m.Data), &dkim.VerifyOptions{LookupTXT: signer.LookupTXT})
		if err != nil || len(found) != 1 || found[0].Err != nil {
			t.Errorf("signatures %+v, %v", found, err)
		}
	}

	const card = "Credit card 4111 1111 1111 1111, expiration date 04/29"
	utf8 := []string{"SMTPUTF8", "BODY=8BITMIME"}
	for n, tt := range []struct {
		name   string
		mail   mail
		change func([]byte) []byte // what is changed on the way out; nil is nothing
	}{
		{name: "a .docx", mail: mail{body: cardFile(t), header: "Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document; name=\"cards.docx\"\n" +
			"Content-Disposition: attachment; filename=\"cards.docx\"\nContent-Transfer-Encoding: base64\n"}},
		{name: "8-bit and dots", mail: mail{body: "Kreditkarte für Jürgen: " + card + "\n.\n..\n\xff \n\n", args: utf8[1:],
			header: "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"}},
		{name: "long lines", mail: mail{body: card + " " + strings.Repeat("x", 3000) + "\n" + strings.Repeat("y ", 2000) + "\n",
			header: "Content-Type: text/plain\nX-Long: " + strings.Repeat("z ", 700) + "z\n"}},
		{name: "NUL", mail: mail{body: card + "\na\x00b\x00\n\x00\n"}},
		{name: "bare CR", mail: mail{body: card + "\nc\rd\r.\re\n"}, change: func(p []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte(" ")), []byte("\n"), []byte("\r\n"))
		}},
		{name: "SMTPUTF8", mail: mail{from: "añna@example.com", to: []string{"josé@pärtner.example"}, args: utf8, body: "Für José: " + card + "\n",
			header: "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nX-Size: größer\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.mail
			m.subject, m.header = "file", "MIME-Version: 1.0\n"+m.header
			if m.to == nil {
				m.to = []string{fmt.Sprintf("partner-%d@partner.example", n)}
			}
			to := m.to[0]
			h.take(t, 250, &m)
			i := h.one(t, to)
			if i.Rule != "Cards in files to people outside" {
				t.Errorf("held by %q", i.Rule)
			}
			if shown := h.command(t, 0, "quarantine", "show", i.ID); !strings.Contains(shown, to) || strings.Contains(shown, "1111 1111") {
				t.Errorf("shown:\n%s", shown)
			}
			if got := len(h.sink.Messages()); got != n {
				t.Errorf("%d messages came", got)
			}
			exported := filepath.Join(h.dir, fmt.Sprint(n, ".eml"))
			h.command(t, 0, "quarantine", "export", i.ID, "--output", exported)
			held, err := os.ReadFile(exported)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(held, m.text()) {
				t.Errorf("held:\n%q\nsent:\n%q", held, m.text())
			}
			h.command(t, 0, "quarantine", "release", i.Reference)
			came := h.arrived(t, 1, to)[0]
			want := held
			if tt.change != nil {
				want = tt.change(held)
			}
			if !bytes.HasSuffix(came.Data, want) {
				t.Errorf("released:\n%q\nheld:\n%q", came.Data, held)
			}
			front := string(came.Data[:max(0, len(came.Data)-len(want))])
			for line := range strings.Lines(front) {
				name, _, _ := strings.Cut(line, ":")
				if line[0] != ' ' && line[0] != '\t' && !slices.Contains([]string{"Received", "DKIM-Signature", "DKIM-Filter"}, name) {
					t.Errorf("above what was held: %q", line)
				}
			}
			signed(t, came)
			if got := f.Passed(to); got != 1 {
				t.Errorf("%d times through the filter", got)
			}
		})
	}

	h.take(t, 250, &mail{subject: "mark fork", to: []string{"carl@example.com", "dora@example.com", "bob@partner.example"}})
	outside := h.arrived(t, 1, "bob@partner.example")[0]
	if got := outside.Header("X-Bob"); !slices.Equal(got, []string{"yes"}) || !slices.Equal(outside.Header("Subject"), []string{"[External] mark fork"}) {
		t.Errorf("the copy outside:\n%s", outside.Data)
	}
	signed(t, outside)
	inside := h.arrived(t, 1, "dora@example.com")[0]
	if len(inside.Header("X-Bob")) > 0 || !slices.Equal(inside.Header("Subject"), []string{"mark fork"}) {
		t.Errorf("the copy inside:\n%s", inside.Data)
	}
	for _, to := range []string{"bob@partner.example", "carl@example.com", "dora@example.com"} {
		if got := f.Passed(to); got != 1 {
			t.Errorf("%d times through the filter to %s", got, to)
		}
	}
}

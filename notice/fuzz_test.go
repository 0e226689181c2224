package notice

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

// fieldNames gives the names of a header section, folds passed over.
func fieldNames(t *testing.T, data []byte) string {
	t.Helper()
	section, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	var names []string
	for l := range strings.SplitSeq(string(section), "\r\n") {
		if l != "" && (l[0] == ' ' || l[0] == '\t') {
			continue
		}
		name, _, ok := strings.Cut(l, ":")
		if !ok {
			t.Fatalf("%q is no field", l)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func FuzzNoTextAddsAField(f *testing.F) {
	for _, s := range []string{"plain", "a\r\nBcc: x@y.example", "\n\nbody", "a\rb\x00c", "=?utf-8?Q?=0D=0AX:_y?=", "\xff", strings.Repeat("x", 1500), "{{.}}", "ü\u2028X: y", "<b>"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		if len(text)+len(other) > 1<<15 {
			t.Skip("longer than anything asked for")
		}
		s := settings(t)
		s.Organization, s.From.Name = "E"+text, other
		w, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		o := original(t)
		o.Reference = other
		o.MailArgs = []string{"ENVID=" + text, other}
		for i := range o.Header {
			o.Header[i].Value = text
		}
		strangeSender := false
		if p, err := message.ParsePath(other); err == nil && !p.IsNull() {
			o.ReversePath, strangeSender = p, true
		}
		rcpts := recipients(t, "bob@partner.example ORCPT=rfc822;a@b.example")
		rcpts[0].Args = append(rcpts[0].Args, "ORCPT="+text)
		if p, err := message.ParsePath(text); err == nil && !p.IsNull() {
			rcpts = append(rcpts, message.Recipient{Raw: text, Path: p, Args: []string{text}})
		}
		h := Held{Item: text, Reference: other, Policy: text, Rule: other, Reason: text, Recipients: []message.Path{o.ReversePath}, Sender: rcpts[len(rcpts)-1].Path}
		for name, write := range map[string]func() (Notice, error){
			"block": func() (Notice, error) {
				return w.BlockNDR(Block{Original: o, Recipients: rcpts, Tip: text, LearnMore: other, Status: text})
			},
			"expiry": func() (Notice, error) { return w.ExpiryNDR(Expiry{Original: o, Recipients: rcpts, Tip: text}) },
			"delivery": func() (Notice, error) {
				return w.DeliveryDSN(Failure{Original: o, Recipients: []FailedRecipient{{Recipient: rcpts[0], Reply: text, RemoteMTA: other}}})
			},
			"digest": func() (Notice, error) { return w.Digest(Digest{To: path(t, "rev@example.com"), Items: []Held{h}}) },
			"held":   func() (Notice, error) { return w.HeldNotice([]message.Path{o.ReversePath}, h) },
		} {
			n, err := write()
			var not *NotSent
			if errors.As(err, &not) || err != nil && strangeSender {
				continue // nobody to write to, or an address without a form
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			names := fieldNames(t, n.Bytes)
			for strange := range strings.SplitSeq(names, " ") {
				known := false
				for _, k := range []string{"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
					"X-Postern-Loop", "X-Postern-Reference", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"} {
					known = known || strange == k
				}
				if !known || strings.Count(" "+names+" ", " "+strange+" ") > 1 {
					t.Errorf("%s: fields %s", name, names)
					break
				}
			}
			for l := range bytes.SplitSeq(n.Bytes, []byte("\r\n")) {
				if bytes.ContainsAny(l, "\r\n\x00") || len(l) > 998 {
					t.Errorf("%s: line %.100q", name, l)
				}
			}
			if name == "block" || name == "expiry" || name == "delivery" {
				r, err := dsn.Parse(bytes.NewReader(n.Bytes))
				if err != nil || fmt.Sprint(len(r.Recipients)) != fmt.Sprint(len(n.Named)) {
					t.Errorf("%s: %d recipients of %d, %v", name, len(r.Recipients), len(n.Named), err)
				}
			}
		}
	})
}

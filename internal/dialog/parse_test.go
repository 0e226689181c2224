package dialog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dialog"
)

func TestMistakesInScripts(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"sesion", "s:1: no such statement: sesion"},
		{"# fine\n\nS: ok", "s:3: no reply code: ok"},
		{"message\nSubject: x\n", "s:1: the text has no end"},
		{"message\n%fill many\n.", "s:1: line 2: no number of octets"},
		{"message\n%fil 10\n.", "s:1: line 2: unknown directive"},
		{"message\n\\xg0\n.", "s:1: line 2: not hexadecimal"},
		{"message\n\\x0\n.", "s:1: line 2: two digits are missing"},
		{"repeat 3\nC: NOOP", "s:1: repeat has no end"},
		{"repeat 0\nend", "s:1: repeat wants a number"},
		{"sink a", "s:1: nothing is expected of a"},
		{"sink a\n  header X", "s:1: line 2: header wants NAME: VALUE"},
	} {
		if _, err := dialog.Parse("s", tt.script); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.script, err, tt.want)
		}
	}
}

// fake is a mail server that says what it is told to.
type fake struct {
	replies   [][]string
	delivered []dialog.Delivered
	sent      []string
}

func (f *fake) Open() (dialog.Session, error) { return f, nil }
func (f *fake) Submit(from string, to []string, data []byte) error {
	f.sent = append(f.sent, "submit "+from+" "+strings.Join(to, ","))
	return nil
}
func (f *fake) Delivered() ([]dialog.Delivered, error) { return f.delivered, nil }
func (f *fake) Command(line string) error {
	f.sent = append(f.sent, line)
	return nil
}
func (f *fake) Text(data []byte, open bool) error {
	f.sent = append(f.sent, string(data))
	return nil
}
func (f *fake) Close(bool) error { return nil }
func (f *fake) Reply() ([]string, error) {
	if len(f.replies) == 0 {
		return nil, errors.New("silence")
	}
	r := f.replies[0]
	f.replies = f.replies[1:]
	return r, nil
}

// A dialog that does not go as it is written is noticed.
func TestExpectationsThatAreNotMet(t *testing.T) {
	greeting := []string{"220 hello"}
	ok := dialog.Delivered{From: "a@x", To: []string{"b@x"}, Data: []byte("Received: by us\r\nX-Test-Id: one\r\nX-A: first\r\n more\r\nx-a: second\r\n\r\nBody.\r\n")}
	for _, tt := range []struct {
		name, script string
		mta          fake
		want         string // empty when all is well
	}{
		{"a code", "session\nS: 250", fake{replies: [][]string{greeting, {"250-a", "250 b"}}}, ""},
		{"another code", "session\nS: 250", fake{replies: [][]string{greeting, {"451 no"}}}, `s:2: reply ["451 no"], want 250`},
		{"mixed codes", "session\nS: 250", fake{replies: [][]string{greeting, {"250-a", "251 b"}}}, "s:2: reply"},
		{"lines", "session\nS: 550-a\nS: 550 b", fake{replies: [][]string{greeting, {"550-a", "550 b"}}}, ""},
		{"a line too few", "session\nS: 550-a\nS: 550 b", fake{replies: [][]string{greeting, {"550 a"}}}, "s:2: reply"},
		{"two replies", "session\nS: 250\nS: 250", fake{replies: [][]string{greeting, {"250 a"}, {"250 b"}}}, ""},
		{"silence", "session\nS: 250", fake{replies: [][]string{greeting}}, "s:2: no reply 250"},
		{"no greeting", "session", fake{replies: [][]string{{"554 no"}}}, "s:1: reply"},
		{"no session", "C: NOOP", fake{}, "s:1: no session is open"},
		{"delivered", "sink one\nfrom a@x\nto b@x\nrecipients 1\nheaders X-A: first more | second\nfirst X-Test-Id\nno header X-B\nbody Body.\nbody octets 7", fake{delivered: []dialog.Delivered{ok}}, ""},
		{"not delivered", "sink one\nfrom a@x", fake{}, "s:1: message one was delivered 0 times"},
		{"delivered against expectation", "sink one none", fake{delivered: []dialog.Delivered{ok}}, "s:1: message one was delivered"},
		{"another reverse-path", "sink one\nfrom <>", fake{delivered: []dialog.Delivered{ok}}, "reverse-path: got a@x, want "},
		{"another recipient", "sink one\nto b@x c@x", fake{delivered: []dialog.Delivered{ok}}, "recipients: got b@x, want b@x c@x"},
		{"a field too many", "sink one\nheader X-A: first more", fake{delivered: []dialog.Delivered{ok}}, `X-A: got ["first more" "second"]`},
		{"an unwanted field", "sink one\nno header X-A", fake{delivered: []dialog.Delivered{ok}}, "X-A: got"},
		{"another first field", "sink one\nfirst X-A", fake{delivered: []dialog.Delivered{ok}}, "first field: got X-Test-Id, want X-A"},
		{"another body", "sink one\nbody nothing", fake{delivered: []dialog.Delivered{ok}}, "body does not contain"},
		{"another size", "sink one\nbody octets 8", fake{delivered: []dialog.Delivered{ok}}, "octets of the body: got 7, want 8"},
		{"a bounce", "bounce a@x 550 one two", fake{delivered: []dialog.Delivered{{To: []string{"a@x"}, Data: []byte("Subject: x\n\nsaid: 550 one\n    two")}}}, ""},
		{"no bounce", "bounce a@x 550 one", fake{delivered: []dialog.Delivered{ok}}, "nobody told a@x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := dialog.Parse("s", tt.script)
			if err != nil {
				t.Fatal(err)
			}
			err = dialog.Run(d, &tt.mta)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTextIsSentAsWritten(t *testing.T) {
	mta := &fake{replies: [][]string{{"220 hello"}}}
	d, err := dialog.Parse("s", "session\nrepeat 2\nC: RCPT TO:<u{n}@x>\nend\nmessage\nX: \\xe9\n\n%fill 100\n%field X-L 100\n.\nsendmail <> a b\n.\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := dialog.Run(d, mta); err != nil {
		t.Fatal(err)
	}
	if len(mta.sent) != 4 || mta.sent[0] != "RCPT TO:<u1@x>" || mta.sent[1] != "RCPT TO:<u2@x>" || mta.sent[3] != "submit  a,b" {
		t.Fatalf("sent %q", mta.sent)
	}
	text := mta.sent[2]
	if want := "X: \xe9\r\n\r\n"; !strings.HasPrefix(text, want) {
		t.Errorf("text %q", text)
	}
	filler, field, _ := strings.Cut(strings.TrimPrefix(text, "X: \xe9\r\n\r\n"), "X-L:")
	if len(filler) != 100 || !strings.HasSuffix(filler, "\r\n") {
		t.Errorf("filler of %d octets", len(filler))
	}
	if value := strings.ReplaceAll(strings.TrimSuffix(field, "\r\n"), "\r\n", "\n"); len(value) != 100 {
		t.Errorf("a field of %d octets", len(value))
	}
}

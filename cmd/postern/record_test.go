package main

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
)

func TestClip(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		n        int
		want     string
	}{
		{"plain text", "anna@example.com", 100, "anna@example.com"},
		{"letters of any script", "Grüße 世界", 100, "Grüße 世界"},
		{"line ends", "a\r\nb", 100, `a\u{d}\u{a}b`},
		{"terminal controls", "\x1b[2Jx", 100, `\u{1b}[2Jx`},
		{"C1 controls", "\u009b2J", 100, `\u{9b}2J`},
		{"text turned around", "a\u202egpj.exe", 100, `a\u{202e}gpj.exe`},
		{"octets that are no UTF-8", "a\xffb", 100, `a\xffb`},
		{"the replacement character itself", "a\ufffdb", 100, "a\ufffdb"},
		{"too long", "abcdef", 3, "abc…"},
		{"just long enough", "äöü", 3, "äöü"},
	} {
		if got := clip(tc.in, tc.n); got != tc.want {
			t.Errorf("%s: clip(%q, %d) = %q, want %q", tc.name, tc.in, tc.n, got, tc.want)
		}
	}
}

// What a stranger writes cannot make a second line, hide one or fill the disk.
func TestLogLineHoldsAgainstStrangers(t *testing.T) {
	long := strings.Repeat("x", 5000)
	env := message.Envelope{
		QueueID: "4A\nfake", ClientName: "evil\x1b[2J", ClientAddr: netip.MustParseAddr("192.0.2.7"),
		Authenticated: "anna\r\nroot" + long, Listener: "MX",
	}
	for range 1000 {
		p, err := message.ParsePath(long[:60] + "@example.com")
		if err != nil {
			t.Fatal(err)
		}
		env.Recipients = append(env.Recipients, message.Recipient{Path: p})
	}
	m, err := message.Read(env, strings.NewReader("Subject: hush\r\nMessage-ID: <"+long+"\x07>\r\n\r\ncontent 4111111111111111\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d := &actions.Decision{PolicyVersion: "0123456789ab", Err: errors.New("broken\n" + long)}
	for range 1000 {
		d.Notices = append(d.Notices, message.Notice{Part: long + ".zip\n", Signal: message.SignalDefect})
	}
	for _, format := range []string{"json", "console"} {
		t.Run(format, func(t *testing.T) {
			var out journal
			log := newLogger(process{logFormat: format, logLevel: zapcore.InfoLevel}, &out)
			logMessage(log, m, d, actions.Outcome{Verdict: actions.Defer, Reply: actions.NewReply(451, "4.3.0", "try later"), Reference: "P-7K3M9Q"}, 1500*time.Millisecond, errors.New("gone"))
			line := out.String()
			if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
				t.Errorf("not one line: %q", line)
			}
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				t.Errorf("control characters in %q", line)
			}
			if len(line) > 8000 {
				t.Errorf("the line has %d octets", len(line))
			}
			for _, secret := range []string{"hush", "4111"} {
				if strings.Contains(line, secret) {
					t.Errorf("%q of the message is in the log", secret)
				}
			}
			for _, want := range []string{"P-7K3M9Q", "0123456789ab", "192.0.2.7", "1000", "defer", "1500", "451"} {
				if !strings.Contains(line, want) {
					t.Errorf("%q is not in %q", want, line)
				}
			}
		})
	}
}

func TestMessagesNotJudgedAreLoggedToo(t *testing.T) {
	m, err := message.Read(message.Envelope{Simulated: true}, strings.NewReader("Subject: x\r\n\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var out journal
	logMessage(newLogger(process{logFormat: "json"}, &out), m, nil, actions.Outcome{Verdict: actions.Defer}, 0, nil)
	lines := out.events(t, "message")
	if len(lines) != 1 || lines[0]["error"] != "the message was not judged" || lines[0]["level"] != "warn" || lines[0]["client"] != "local" {
		t.Errorf("logged: %s", &out)
	}
}

// The MTA may not let an outcome be used; what was decided can still be asked for.
func TestAnotherOutcomeKeepsTheReference(t *testing.T) {
	m, err := message.Read(message.Envelope{}, strings.NewReader("Subject: x\r\n\r\n"), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var out journal
	logMessage(newLogger(process{logFormat: "json"}, &out), m, &actions.Decision{Reference: "P-7K3M9Q"}, actions.Outcome{Verdict: actions.Defer}, 0, nil)
	if lines := out.events(t, "message"); len(lines) != 1 || lines[0]["reference"] != "P-7K3M9Q" {
		t.Errorf("logged: %s", &out)
	}
}

func TestReferencesAreShortAndDiffer(t *testing.T) {
	form := regexp.MustCompile(`^P-[0-9A-HJKMNP-TV-Z]{6}$`)
	seen := make(map[string]bool)
	for range 1000 {
		r := newReference()
		if !form.MatchString(r) {
			t.Fatalf("reference %q", r)
		}
		seen[r] = true
	}
	if len(seen) < 990 {
		t.Errorf("%d different references of 1000", len(seen))
	}
}

func TestIsMessage(t *testing.T) {
	for _, tc := range []struct {
		name, file, data string
		want             bool
	}{
		{"by its name", "a.EML", "anything", true},
		{"by its header section", "a", "Received: from x\r\n\tby y\r\nFrom: a@example.com\r\n\r\nText", true},
		{"in an mbox", "a", "From anna Mon Jan  1\nFrom: a@example.com\nTo: b@example.com\n\nText", true},
		{"without a body", "a", "From: a@example.com\nTo: b@example.com\n", true},
		{"one field is too little", "a", "Subject: x\n\nText", false},
		{"keys that are no fields of mail", "a.yaml", "name: x\nvalue: y\n", false},
		{"a line that is no field", "a", "From: a@example.com\nTo: b@example.com\nno field\n\nText", false},
		{"blanks in a name", "a", "From: a@example.com\nTo me: b\n\n", false},
		{"a fold at the top", "a", " x\nFrom: a\nTo: b\n\n", false},
		{"text", "a.txt", "Dear all,\nFrom: me\nTo: you\n", false},
		{"nothing", "a", "", false},
	} {
		if got := isMessage(tc.file, []byte(tc.data)); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

package actions

import (
	"regexp"
	"strings"
	"testing"
)

func TestNewReply(t *testing.T) {
	tests := []struct {
		name     string
		code     int
		enhanced string
		text     []string
		want     string
	}{
		{"one line", 550, "5.7.1", []string{"Not sent."}, "550 5.7.1 Not sent."},
		{"two lines", 550, "5.7.1", []string{"Not sent.", "Reference P-1"}, "550-5.7.1 Not sent.\n550 5.7.1 Reference P-1"},
		{"line ends part lines", 550, "5.7.1", []string{"a\r\nb\n\nc"}, "550-5.7.1 a\n550-5.7.1 b\n550 5.7.1 c"},
		{"a class that disagrees is set right", 451, "5.7.1", []string{"later"}, "451 4.7.1 later"},
		{"no enhanced code", 550, "", []string{"no"}, "550 5.7.1 no"},
		{"a code that accepts becomes a temporary failure", 250, "2.0.0", []string{"ok"}, "451 4.7.1 ok"},
		{"letters lose their marks", 550, "5.7.1", []string{"Nicht gesendet: Kreditkarte für Björn, größer – “ja”"}, `550 5.7.1 Nicht gesendet: Kreditkarte fur Bjorn, grosser - "ja"`},
		{"no likeness", 550, "5.7.1", []string{"禁止"}, "550 5.7.1 ??"},
		{"control characters go", 550, "5.7.1", []string{"a\x00b\x1bc\td"}, "550 5.7.1 abc d"},
		{"no text", 550, "5.7.1", nil, "550 5.7.1 Refused by policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := NewReply(tt.code, tt.enhanced, tt.text...).String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

var replyLine = regexp.MustCompile(`^([45]\d\d)([ -])([45]\.\d{1,3}\.\d{1,3}) [ -~]+$`)

func checkReply(t *testing.T, r Reply) {
	t.Helper()
	lines := strings.Split(r.String(), "\n")
	if len(lines) > replyLines {
		t.Errorf("%d lines", len(lines))
	}
	for i, l := range lines {
		m := replyLine.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("line %d is no line of a reply: %q", i, l)
		}
		if m[1][0] != m[3][0] {
			t.Errorf("classes disagree: %q", l)
		}
		if (m[2] == " ") != (i == len(lines)-1) {
			t.Errorf("line %d of %d has the separator %q", i, len(lines), m[2])
		}
		if len(l) > 510 {
			t.Errorf("line of %d octets", len(l))
		}
	}
}

func FuzzNewReply(f *testing.F) {
	f.Add(550, "5.7.1", "text")
	f.Add(451, "4.3.0", strings.Repeat("long ", 3000))
	f.Add(550, "5.7.1\r\n250 ok", "a\r\n.\r\nb%s")
	f.Add(-1, "9.9999.0", "\x00\xff\u2028")
	f.Fuzz(func(t *testing.T, code int, enhanced, text string) {
		r := NewReply(code, enhanced, text, text)
		checkReply(t, r)
		one := r.OneLine()
		checkReply(t, one)
		if len(one.Lines) != 1 {
			t.Errorf("%d lines in one", len(one.Lines))
		}
	})
}

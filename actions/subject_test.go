package actions

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/message"
)

func TestSubjectsAreRewritten(t *testing.T) {
	e := func(strategy, text string, patterns ...string) Edit {
		return Edit{Action: modifySubject, Name: strategy, Value: text, Patterns: strings.Join(patterns, "\n")}
	}
	tests := []struct {
		name, subject, want string
		edit                Edit
	}{
		{"every match", "a Secret secret", "a x x", e("replace", "x", "secret")},
		{"patterns one behind the other", "one two", "2 2", e("replace", "2", "one", "two")},
		{"what one pattern puts in is not looked into by the next", "one", "two", e("replace", "two", "one", "w")},
		{"a text that holds what is looked for", "secret", "top secret", e("replace", "top secret", "secret")},
		{"a text that is no pattern", "a", "$1\\0", e("replace", "$1\\0", "(a)")},
		{"taken away", "a secret b", "a  b", e("replace", "", "secret")},
		{"appended", "secret plan", "plan (s)", e("append", " (s)", "secret ?")},
		{"appended to nothing", "secret", "(s)", e("append", " (s)", "secret")},
		{"appended though nothing matches", "plan", "plan (s)", e("append", " (s)", "secret")},
		{"prepended", "plan secret", "[s] plan", e("prepend", "[s] ", "secret")},
		{"of a whole subject", "[s] [s] plan", "[s] plan", e("prepend", "[s] ", "none")},
		{"a pattern that cannot be read", "plan", "plan", e("replace", "x", "(")},
		{"letters of others", "план мир", "x x", e("replace", "x", `\bплан\b`, `\bмир\b`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.edit.rewrite(tt.subject)
			if got != tt.want {
				t.Errorf("%q becomes %q, want %q", tt.subject, got, tt.want)
			}
			if again := tt.edit.rewrite(got); again != got {
				t.Errorf("done again it becomes %q", again)
			}
		})
	}
}

// Lines of a field are no longer than they may be.
func TestALongSubjectIsFolded(t *testing.T) {
	for name, subject := range map[string]string{
		"words":    strings.Repeat("secret plan plan plan ", 90),
		"no blank": strings.Repeat("x", 3000) + "secret",
		"letters":  strings.Repeat("gr\u00fc\u00df gr\u00fc\u00df secret ", 90),
	} {
		m := messageTo(headerOf("Subject: "+message.EncodeText(subject)), "b@x.example")
		f := Fork{Recipients: []int{0}, Edits: []Edit{{Action: modifySubject, Name: "replace", Value: "x", Patterns: "secret"}, {Action: prependSubject, Value: "[y] "}}}
		c := newDeliveries(&editor{m: m}, []Fork{f}).copy(&f)
		field := c.fields[0]
		for line := range strings.SplitSeq("Subject:"+field.Value, "\r\n") {
			if len(line) > 998 || strings.TrimSpace(line) == "" {
				t.Errorf("%s: a line of %d octets", name, len(line))
			}
		}
		if want := "[y] " + strings.TrimSpace(strings.ReplaceAll(subject, "secret", "x")); strings.TrimSpace(field.Text()) != want {
			t.Errorf("%s: %q, want %q", name, field.Text(), want)
		}
		sameRendered(t, m, &f, c)
	}
}

// Whatever stands in a subject and in a rule: a field stays one, grows within bounds,
// and is not rewritten anew.
func FuzzModifySubject(f *testing.F) {
	f.Add("Re: secret", "secret", "***", uint8(0))
	f.Add("=?utf-8?Q?=C3=BC?= x", "ü", "=?utf-8?Q?a?=", uint8(1))
	f.Add("a\r\n b\r\nBcc: x", "b", "[c] ", uint8(2))
	f.Add("[c] [c] a", `\[c\]|a*`, "[c] ", uint8(2))
	f.Fuzz(func(t *testing.T, subject, pattern, text string, strategy uint8) {
		if len(subject) > 4096 || len(pattern) > 128 || len(text) > 128 || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) || !utf8.ValidString(text) {
			return
		}
		e := Edit{Action: modifySubject, Name: []string{subjectReplace, subjectAppend, subjectPrepend}[strategy%3], Value: text, Patterns: pattern}
		m := messageTo(headerOf("Subject: "+subject), "b@x.example")
		fork := Fork{Recipients: []int{0}, Edits: []Edit{e}}
		c := newDeliveries(&editor{m: m}, []Fork{fork}).copy(&fork)
		for _, mod := range c.mods {
			rest := strings.ReplaceAll(mod.Value, "\r\n ", "")
			if strings.ContainsAny(rest, "\r\n") {
				t.Fatalf("a value of several lines: %q", mod.Value)
			}
			if len(mod.Value) > 8*(len(subject)+(mostTexts+1)*len(text))+1000 {
				t.Fatalf("%d octets of %d", len(mod.Value), len(subject))
			}
		}
		if len(c.fields) != 1 {
			t.Fatalf("%d fields", len(c.fields))
		}
	})
}

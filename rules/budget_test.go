package rules_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
)

// incomplete gives the parts that a limit left unread.
func incomplete(s *rules.Scan) []string {
	var list []string
	for _, n := range s.Notices() {
		if n.Signal == message.SignalIncomplete {
			list = append(list, n.Part)
		}
	}
	return list
}

// Limits are those of a message: what one attachment takes is gone for the next.
func TestLimitsAreSharedByAllParts(t *testing.T) {
	long := strings.Repeat("words and words. ", 40)
	three := zipped("1.txt", "x", "2.txt", "x", "3.txt", "x")
	tests := map[string]struct {
		limits extract.Limits
		parts  []string
		want   []string
	}{
		"decompressed octets": {extract.Limits{Inflated: 1000}, []string{attach("a.zip", zipped("a.txt", long)), attach("b.zip", zipped("b.txt", long))},
			[]string{"b.zip", "b.zip/b.txt"}},
		"members": {extract.Limits{Members: 8}, []string{attach("a.zip", three), attach("b.zip", three)}, []string{"b.zip"}},
		"characters": {extract.Limits{Characters: 60}, []string{file("a.txt", long[:50]), attach("b.zip", zipped("1", long[:50], "2", long[:50], "3", long[:50], "4", long[:50],
			"5", long[:50], "6", long[:50], "7", long[:50], "8", long[:50], "9", long[:50], "10", long[:50], "11", long[:50], "12", long[:50]))},
			[]string{"b.zip"}},
		"within all": {extract.Limits{}, []string{attach("a.zip", three), attach("b.zip", three)}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := house(t)
			w.Extract = test.limits
			s := rules.NewScan(w, mail{parts: test.parts}.message(t))
			s.Parts(t.Context())
			if diff := cmp.Diff(test.want, incomplete(s)); diff != "" {
				t.Errorf("incomplete (-want +got):\n%s", diff)
			}
		})
	}
}

// A document within body parts is as deep as they are.
func TestNestingCountsBodyParts(t *testing.T) {
	w := house(t)
	w.Extract.Nesting = 4
	inner := attach("a.zip", zipped("b.zip", string(zipped("c.txt", "x"))))
	s := rules.NewScan(w, mail{parts: []string{inner}}.message(t))
	s.Parts(t.Context())
	if got := incomplete(s); got != nil {
		t.Errorf("at the top: %q", got)
	}
	for range 2 {
		inner = "Content-Type: multipart/mixed; boundary=in" + string(rune('a'+len(inner)%20)) + "\r\n\r\n--in" + string(rune('a'+len(inner)%20)) + "\r\n" + inner + "\r\n--in" + string(rune('a'+len(inner)%20)) + "--\r\n"
	}
	s = rules.NewScan(w, mail{parts: []string{inner}}.message(t))
	s.Parts(t.Context())
	if got := incomplete(s); len(got) == 0 {
		t.Error("deeper than the limit, and nothing says so")
	}
}

// A world may read documents in its own way; where that cannot be done at all the
// message must not be judged by what was read.
func TestTheWorldReadsDocuments(t *testing.T) {
	w := house(t)
	var names []string
	var fail error
	w.Read = func(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) (extract.Document, error) {
		names = append(names, hint.Name)
		d := extract.Read(ctx, content, hint, b)
		d.Defects = []string{"two readers disagree"}
		return d, fail
	}
	s := rules.NewScan(w, mail{parts: []string{file("a.txt", "x")}}.message(t))
	s.Parts(t.Context())
	if !slices.Equal(names, []string{"", "a.txt"}) || s.Err() != nil {
		t.Errorf("read %q, %v", names, s.Err())
	}
	if want := (message.Notice{Part: "a.txt", Signal: message.SignalDefect, Detail: "two readers disagree"}); !slices.Contains(s.Notices(), want) {
		t.Errorf("%v is not in %v", want, s.Notices())
	}
	fail = errors.New("no reader")
	s = rules.NewScan(w, mail{parts: []string{file("a.txt", "x")}}.message(t))
	s.Parts(t.Context())
	if !errors.Is(s.Err(), fail) {
		t.Errorf("the error is %v", s.Err())
	}
}

func TestSignalsThatNoRuleActsOn(t *testing.T) {
	all := []message.Signal{message.SignalUnsupported, message.SignalPasswordProtected, message.SignalIncomplete}
	const acts = "\n    actions: {prependSubject: x}\n"
	for name, test := range map[string]struct {
		policy string
		want   []message.Signal
	}{
		"no condition":       {"mode: enable\nrules:\n  - rule: R\n    conditions: {messageSizeOver: 1}" + acts, all},
		"one":                {"mode: enable\nrules:\n  - rule: R\n    conditions: {documentIsUnsupported: true}" + acts, all[1:]},
		"one of several":     {"mode: enable\nrules:\n  - rule: R\n    conditions: {any: [documentIsPasswordProtected: true, processingLimitExceeded: true]}" + acts, all[:1]},
		"no action":          {"mode: enable\nrules:\n  - rule: R\n    conditions: {documentIsUnsupported: true}\n", all},
		"a policy on trial":  {"mode: testWithNotifications\nrules:\n  - rule: R\n    conditions: {documentIsUnsupported: true}" + acts, all},
		"a rule that is off": {"mode: enable\nrules:\n  - rule: R\n    disabled: true\n    conditions: {documentIsUnsupported: true}" + acts, all},
		"below not":          {"mode: enable\nrules:\n  - rule: R\n    conditions: {not: {documentIsUnsupported: true}}" + acts, all},
		"an exception":       {"mode: enable\nrules:\n  - rule: R\n    conditions: {messageSizeOver: 1}\n    exceptions: {documentIsUnsupported: true}" + acts, all},
	} {
		t.Run(name, func(t *testing.T) {
			set := load(t, "policy: P\n"+test.policy)
			if diff := cmp.Diff(test.want, set.Unheeded()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

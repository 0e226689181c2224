package actions

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func parseActions(t *testing.T, yaml string, rule *rules.Rule) (*spec, []string) {
	t.Helper()
	r, n := strictyaml.Parse("p.yaml", []byte(yaml))
	var s *spec
	if n != nil {
		if got := Vocabulary().Parse(r, n, "actions", rule); len(got) == 1 {
			s = got[0].(*spec)
		}
	}
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.String())
	}
	return s, out
}

func TestActionsAreRead(t *testing.T) {
	tests := []struct {
		name, yaml string
		edits      []Edit
		halt       *halt
		tip        string
		stop       bool
	}{
		{name: "blockAccess all", yaml: "blockAccess: all", halt: &halt{}},
		{name: "blockAccess perUser", yaml: "blockAccess: perUser", halt: &halt{outsideOnly: true}},
		{name: "Purview's Boolean", yaml: "blockAccess: true", halt: &halt{}},
		{name: "Purview's Boolean with a scope", yaml: "blockAccess: true\nblockAccessScope: PerUser", halt: &halt{outsideOnly: true}},
		{name: "the scope first", yaml: "blockAccessScope: perUser\nblockAccess: true", halt: &halt{outsideOnly: true}},
		{name: "rejectMessage", yaml: "rejectMessage: {text: No., enhanced: 5.7.9}", halt: &halt{text: "No.", enhanced: "5.7.9"}},
		{name: "rejectMessage as a text", yaml: "rejectMessage: No.", halt: &halt{text: "No.", enhanced: "5.7.1"}},
		{name: "setHeader", yaml: "setHeader: {X-A: b, X-C: d e}", edits: []Edit{{setHeader, "X-A", "b"}, {setHeader, "X-C", "d e"}}},
		{name: "setHeader as Purview writes it", yaml: "setHeader: ['X-A: b', 'X-C:d:e']", edits: []Edit{{setHeader, "X-A", "b"}, {setHeader, "X-C", "d:e"}}},
		{name: "removeHeader", yaml: "removeHeader: [X-A, 'X-B: old', X-C: old]", edits: []Edit{{removeHeader, "X-A", ""}, {removeHeader, "X-B", "old"}, {removeHeader, "X-C", "old"}}},
		{name: "removeHeader of one", yaml: "removeHeader: X-A", edits: []Edit{{removeHeader, "X-A", ""}}},
		{name: "prependSubject keeps its blank", yaml: `prependSubject: "[External] "`, edits: []Edit{{prependSubject, "", "[External] "}}},
		{name: "addRecipients", yaml: "addRecipients: {to: [a@x.example], cc: b@x.example, bcc: [c@X.example]}", edits: []Edit{{addRecipients, "to", "a@x.example"}, {addRecipients, "cc", "b@x.example"}, {addRecipients, "bcc", "c@x.example"}}},
		{name: "addRecipients as Purview writes it", yaml: "addRecipients: {blindCopyTo: [c@x.example]}", edits: []Edit{{addRecipients, "bcc", "c@x.example"}}},
		{name: "an empty box", yaml: "addRecipients: {to: [], bcc: [c@x.example]}", edits: []Edit{{addRecipients, "bcc", "c@x.example"}}},
		{name: "tip and stop", yaml: "notifyPolicyTipCustomText: Not sent.\nstopPolicyProcessing: true", tip: "Not sent.", stop: true},
		{name: "edits keep the order of the file", yaml: "prependSubject: x\nsetHeader: {X-A: b}\nblockAccess: all", halt: &halt{}, edits: []Edit{{prependSubject, "", "x"}, {setHeader, "X-A", "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := &rules.Rule{Name: "r"}
			s, problems := parseActions(t, tt.yaml, rule)
			if len(problems) > 0 {
				t.Fatalf("problems: %s", problems)
			}
			if diff := cmp.Diff(tt.edits, s.edits); diff != "" {
				t.Errorf("edits (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.halt, s.halt, cmp.AllowUnexported(halt{})); diff != "" {
				t.Errorf("halting action (-want +got):\n%s", diff)
			}
			if s.tip != tt.tip || rule.Stop != tt.stop {
				t.Errorf("tip %q, stop %v; want %q, %v", s.tip, rule.Stop, tt.tip, tt.stop)
			}
		})
	}
}

func TestMistakesInActions(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name, yaml string
		perRcpt    bool
		want       []string
	}{
		{name: "unknown action", yaml: "blokAccess: all", want: []string{"p.yaml:1:1: actions.blokAccess: unknown action \"blokAccess\"; did you mean `blockAccess`?"}},
		{name: "Purview's spelling", yaml: "BlockAccess: all", want: []string{"p.yaml:1:1: actions.BlockAccess: unknown action \"BlockAccess\"; write `blockAccess`"}},
		{name: "an action of later", yaml: "quarantine: true", want: []string{"p.yaml:1:1: actions.quarantine: not supported by this version; take the key away"}},
		{name: "an override", yaml: "blockAccess: all\nnotifyAllowOverride: [withJustification]", want: []string{"p.yaml:2:1: actions.notifyAllowOverride: not supported by this version; take the key away"}},
		{name: "two halting actions", yaml: "blockAccess: all\nrejectMessage: No.", want: []string{"p.yaml:1:1: actions: a rule cannot have two halting actions (blockAccess, rejectMessage); keep one of them"}},
		{name: "no scope of this name", yaml: "blockAccess: perAnonymousUser", want: []string{"p.yaml:1:14: actions.blockAccess: \"perAnonymousUser\" is not a value of this key; write `all` or `perUser`"}},
		{name: "a block of nothing", yaml: "blockAccess: false", want: []string{"p.yaml:1:14: actions.blockAccess: blockAccess: false blocks nothing; take the action away"}},
		{name: "a scope alone", yaml: "blockAccessScope: perUser", want: []string{"p.yaml:1:19: actions.blockAccessScope: blockAccessScope says something only beside `blockAccess: true`; write `blockAccess: true` beside it, or `blockAccess: perUser` alone"}},
		{name: "an enhanced code that accepts", yaml: "rejectMessage: {text: No., enhanced: 2.0.0}", want: []string{"p.yaml:1:38: actions.rejectMessage.enhanced: \"2.0.0\" is not an enhanced status code of class 5; write a code such as `5.7.1`"}},
		{name: "a reply of two lines", yaml: "rejectMessage: {text: \"a\\nb\"}", want: []string{"p.yaml:1:23: actions.rejectMessage.text: the text holds a line end or another control character; write one line"}},
		{name: "a trace field", yaml: "removeHeader: [Received]", want: []string{"p.yaml:1:16: actions.removeHeader[0]: Received is a trace field and cannot be changed by a rule; choose another field"}},
		{name: "a MIME field", yaml: "setHeader: {content-type: text/plain}", want: []string{"p.yaml:1:27: actions.setHeader.content-type: content-type describes the MIME structure and cannot be changed by a rule; choose another field"}},
		{name: "a field of a signature", yaml: "removeHeader: DKIM-Signature", want: []string{"p.yaml:1:15: actions.removeHeader: DKIM-Signature belongs to a signature and cannot be changed by a rule; choose another field"}},
		{name: "our own field", yaml: "setHeader: {X-Postern-Release: x}", want: []string{"p.yaml:1:32: actions.setHeader.X-Postern-Release: X-Postern-Release is written by Postern alone and cannot be changed by a rule; choose another field"}},
		{name: "a name with a blank", yaml: "setHeader: {X A: b}", want: []string{"p.yaml:1:18: actions.setHeader.X A: \"X A\" is not the name of a header field; write letters, digits and hyphens"}},
		{name: "a value too long", yaml: "setHeader: {X-A: " + long + "}", want: []string{"p.yaml:1:18: actions.setHeader.X-A: the text has 300 characters; write at most 128 characters"}},
		{name: "a value with a line end", yaml: "setHeader: {X-A: \"b\\r\\nX-B: c\"}", want: []string{"p.yaml:1:18: actions.setHeader.X-A: the text holds a line end or another control character; write one line"}},
		{name: "a tip too long", yaml: "notifyPolicyTipCustomText: " + long, want: []string{"p.yaml:1:28: actions.notifyPolicyTipCustomText: the text has 300 characters; write at most 256 characters"}},
		{name: "nobody added", yaml: "addRecipients: {to: []}", want: []string{"p.yaml:1:16: actions.addRecipients: nobody is added; name somebody under `to`, `cc` or `bcc`"}},
		{name: "no address", yaml: "addRecipients: {to: [postmaster]}", want: []string{"p.yaml:1:22: actions.addRecipients.to: \"postmaster\" is not an address; write an address, as in `audit@example.com`"}},
		{name: "too many added", yaml: "addRecipients: {bcc: [" + strings.TrimSuffix(strings.Repeat("a@x.example, ", 11), ", ") + "]}", want: []string{"p.yaml:1:16: actions.addRecipients: 11 recipients are added; name at most 10"}},
		{name: "the manager", yaml: "addRecipients: {managerAs: cc}", want: []string{"p.yaml:1:17: actions.addRecipients.managerAs: not supported by this version; take the key away"}},
		{name: "edits for some recipients", yaml: "prependSubject: x", perRcpt: true, want: []string{"p.yaml:1:1: actions: not supported by this version: the rule matches some recipients of a message only, and their copies cannot be edited apart from the others; use nonBifurcatingAccessScope or an anyOf… condition, which hold for the whole message"}},
		{name: "no mapping", yaml: "stopPolicyProcessing: maybe", want: []string{"p.yaml:1:23: actions.stopPolicyProcessing: \"maybe\" is neither true nor false; write `true` or `false`"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := parseActions(t, tt.yaml, &rules.Rule{Name: "r", PerRecipient: tt.perRcpt})
			if diff := cmp.Diff(tt.want, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABlockForSomeRecipientsMayLoad(t *testing.T) {
	_, problems := parseActions(t, "blockAccess: all", &rules.Rule{Name: "r", PerRecipient: true})
	if len(problems) > 0 {
		t.Errorf("problems: %s", problems)
	}
}

func TestCatalogueIsSortedAndDocumented(t *testing.T) {
	byName := func(a, b Kind) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }
	if !slices.IsSortedFunc(kinds, byName) {
		t.Error("the catalogue is not sorted by name")
	}
	for _, k := range Kinds() {
		if k.Doc == "" {
			t.Errorf("%s has no line of documentation", k.Name)
		}
	}
}

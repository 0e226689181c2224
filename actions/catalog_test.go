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
		{name: "blockAccess all", yaml: "blockAccess: all", halt: &halt{verdict: Block}},
		{name: "blockAccess perUser", yaml: "blockAccess: perUser", halt: &halt{verdict: Block, outsideOnly: true}},
		{name: "Purview's Boolean", yaml: "blockAccess: true", halt: &halt{verdict: Block}},
		{name: "Purview's Boolean with a scope", yaml: "blockAccess: true\nblockAccessScope: PerUser", halt: &halt{verdict: Block, outsideOnly: true}},
		{name: "the scope first", yaml: "blockAccessScope: perUser\nblockAccess: true", halt: &halt{verdict: Block, outsideOnly: true}},
		{name: "rejectMessage", yaml: "rejectMessage: {text: No., enhanced: 5.7.9}", halt: &halt{verdict: Block, text: "No.", enhanced: "5.7.9"}},
		{name: "rejectMessage as a text", yaml: "rejectMessage: No.", halt: &halt{verdict: Block, text: "No.", enhanced: "5.7.1"}},
		{name: "quarantine", yaml: "quarantine: true", halt: &halt{verdict: Quarantine}},
		{name: "deleteMessage", yaml: "deleteMessage: true", halt: &halt{verdict: Delete}},
		{name: "redirectMessageTo", yaml: "redirectMessageTo: [a@x.example, B@X.example]", edits: []Edit{{Action: redirect, Value: "a@x.example"}, {Action: redirect, Value: "B@x.example"}}},
		{name: "a quarantine with edits", yaml: "quarantine: true\nsetHeader: {X-A: b}", halt: &halt{verdict: Quarantine}, edits: []Edit{{Action: setHeader, Name: "X-A", Value: "b"}}},
		{name: "setHeader", yaml: "setHeader: {X-A: b, X-C: d e}", edits: []Edit{{Action: setHeader, Name: "X-A", Value: "b"}, {Action: setHeader, Name: "X-C", Value: "d e"}}},
		{name: "setHeader as Purview writes it", yaml: "setHeader: ['X-A: b', 'X-C:d:e']", edits: []Edit{{Action: setHeader, Name: "X-A", Value: "b"}, {Action: setHeader, Name: "X-C", Value: "d:e"}}},
		{name: "removeHeader", yaml: "removeHeader: [X-A, 'X-B: old', X-C: old]", edits: []Edit{{Action: removeHeader, Name: "X-A"}, {Action: removeHeader, Name: "X-B", Value: "old"}, {Action: removeHeader, Name: "X-C", Value: "old"}}},
		{name: "removeHeader of one", yaml: "removeHeader: X-A", edits: []Edit{{Action: removeHeader, Name: "X-A"}}},
		{name: "prependSubject keeps its blank", yaml: `prependSubject: "[External] "`, edits: []Edit{{Action: prependSubject, Value: "[External] "}}},
		{name: "addRecipients", yaml: "addRecipients: {to: [a@x.example], cc: b@x.example, bcc: [c@X.example]}", edits: []Edit{{Action: addRecipients, Name: "to", Value: "a@x.example"}, {Action: addRecipients, Name: "cc", Value: "b@x.example"}, {Action: addRecipients, Name: "bcc", Value: "c@x.example"}}},
		{name: "addRecipients as Purview writes it", yaml: "addRecipients: {blindCopyTo: [c@x.example]}", edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "c@x.example"}}},
		{name: "the manager", yaml: "addRecipients: {managerAs: Cc}", edits: []Edit{{Action: addRecipients, Name: "cc", Value: senderManager}}},
		{name: "modifySubject", yaml: "modifySubject: {patterns: ['a+', b], text: c}", edits: []Edit{{Action: modifySubject, Name: "replace", Value: "c", Patterns: "a+\nb"}}},
		{name: "modifySubject as Purview writes it", yaml: "modifySubject: {Patterns: 'a', SubjectText: c, ReplaceStrategy: Append}", edits: []Edit{{Action: modifySubject, Name: "append", Value: "c", Patterns: "a"}}},
		{name: "modifySubject that takes away", yaml: "modifySubject: {patterns: [a], text: ''}", edits: []Edit{{Action: modifySubject, Name: "replace", Patterns: "a"}}},
		{name: "applyHtmlDisclaimer of a text", yaml: "applyHtmlDisclaimer: <b>x</b>", edits: []Edit{{Action: disclaim, Name: "append", Value: "<b>x</b>", Fallback: "wrap"}}},
		{name: "applyHtmlDisclaimer", yaml: "applyHtmlDisclaimer: {text: x, location: PREPEND, fallback: reject}", edits: []Edit{{Action: disclaim, Name: "prepend", Value: "x", Fallback: "reject"}}},
		{name: "stripAttachment", yaml: "stripAttachment: {extensions: [.EXE, exe, tar.gz], names: pay roll}", edits: []Edit{{Action: strip, Name: "exe, tar.gz, pay roll", Value: defaultStripText}}},
		{name: "an empty box", yaml: "addRecipients: {to: [], bcc: [c@x.example]}", edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "c@x.example"}}},
		{name: "tip and stop", yaml: "notifyPolicyTipCustomText: Not sent.\nstopPolicyProcessing: true", tip: "Not sent.", stop: true},
		{name: "edits keep the order of the file", yaml: "prependSubject: x\nsetHeader: {X-A: b}\nblockAccess: all", halt: &halt{verdict: Block}, edits: []Edit{{Action: prependSubject, Value: "x"}, {Action: setHeader, Name: "X-A", Value: "b"}}},
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
		want       []string
	}{
		{name: "unknown action", yaml: "blokAccess: all", want: []string{"p.yaml:1:1: actions.blokAccess: unknown action \"blokAccess\"; did you mean `blockAccess`?"}},
		{name: "Purview's spelling", yaml: "BlockAccess: all", want: []string{"p.yaml:1:1: actions.BlockAccess: unknown action \"BlockAccess\"; write `blockAccess`"}},
		{name: "an action of later", yaml: "moderate: {byManager: true}", want: []string{"p.yaml:1:1: actions.moderate: not supported by this version; take the key away"}},
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
		{name: "the manager as nobody", yaml: "addRecipients: {managerAs: redirect}", want: []string{"p.yaml:1:28: actions.addRecipients.managerAs: \"redirect\" is not a value of this key; write `to`, `cc` or `bcc`"}},
		{name: "a box that is none", yaml: "addRecipients: {bc: [a@x.example]}", want: []string{"p.yaml:1:17: actions.addRecipients.bc: unknown key \"bc\"; did you mean `cc`?"}},
		{name: "a box twice", yaml: "addRecipients: {bcc: [a@x.example], BlindCopyTo: [b@x.example]}", want: []string{"p.yaml:1:37: actions.addRecipients.BlindCopyTo: \"BlindCopyTo\" says the same as \"bcc\"; write one of them"}},
		{name: "the manager is one too many", yaml: "addRecipients: {managerAs: cc, bcc: [" + strings.TrimSuffix(strings.Repeat("a@x.example, ", 10), ", ") + "]}", want: []string{"p.yaml:1:16: actions.addRecipients: 11 recipients are added; name at most 10"}},
		{name: "no patterns", yaml: "modifySubject: {text: x}", want: []string{"p.yaml:1:16: actions.modifySubject.patterns: the key \"patterns\" is missing; write the regular expressions that are looked for"}},
		{name: "no text", yaml: "modifySubject: {patterns: [x]}", want: []string{"p.yaml:1:16: actions.modifySubject.text: the key \"text\" is missing; write the text that is put into the subject"}},
		{name: "nothing to append", yaml: "modifySubject: {patterns: [x], text: '', strategy: append}", want: []string{"p.yaml:1:52: actions.modifySubject.strategy: there is no text to append; write a text, or `replace`"}},
		{name: "no such strategy", yaml: "modifySubject: {patterns: [x], text: y, strategy: swap}", want: []string{"p.yaml:1:51: actions.modifySubject.strategy: \"swap\" is not a value of this key; write `replace`, `append` or `prepend`"}},
		{name: "a pattern that needs backtracking", yaml: "modifySubject: {patterns: ['(a)\\1'], text: y}", want: []string{"p.yaml:1:28: actions.modifySubject.patterns: the pattern holds a back-reference (`\\1`), which matching in linear time (RE2) does not have; write what it stands for again"}},
		{name: "a pattern too long", yaml: "modifySubject: {patterns: [" + long + "], text: y}", want: []string{"p.yaml:1:28: actions.modifySubject.patterns: the text has 300 characters; write at most 128 characters"}},
		{name: "eleven patterns", yaml: "modifySubject: {patterns: [" + strings.TrimSuffix(strings.Repeat("a, ", 11), ", ") + "], text: y}", want: []string{"p.yaml:1:27: actions.modifySubject.patterns: 11 patterns are looked for; write at most 10"}},
		{name: "a text of two lines", yaml: "modifySubject: {patterns: [x], text: \"a\\nb\"}", want: []string{"p.yaml:1:38: actions.modifySubject.text: the text holds a line end or another control character; write one line"}},
		{name: "nothing that may fail", yaml: "setHeader: {X-A: b}\nonActionError: continue", want: []string{"p.yaml:2:16: actions.onActionError: no action of the rule can fail; take the key away"}},
		{name: "no such way on", yaml: "addRecipients: {managerAs: cc}\nonActionError: ignore", want: []string{"p.yaml:2:16: actions.onActionError: \"ignore\" is not a value of this key; write `quarantine` or `continue`"}},
		{name: "a field set twice", yaml: "setHeader: ['X-A: b', 'x-a: c']", want: []string{"p.yaml:1:23: actions.setHeader: x-a is set twice, and has one value; give it one value"}},
		{name: "a value that is not there", yaml: "removeHeader: ['X-A:']", want: []string{"p.yaml:1:16: actions.removeHeader[0]: there is no value behind the colon; write `X-A` to remove all of them, or a value"}},
		{name: "a value to remove that is too long", yaml: "removeHeader: ['X-A: " + long + "']", want: []string{"p.yaml:1:16: actions.removeHeader[0]: the text has 300 characters; write at most 128 characters"}},
		{name: "a disclaimer of nothing", yaml: "applyHtmlDisclaimer: {location: append}", want: []string{"p.yaml:1:22: actions.applyHtmlDisclaimer.text: the key \"text\" is missing; write the text that is added"}},
		{name: "an empty disclaimer", yaml: "applyHtmlDisclaimer: {text: ' '}", want: []string{"p.yaml:1:29: actions.applyHtmlDisclaimer.text: the text is empty; write a text"}},
		{name: "a disclaimer too long", yaml: "applyHtmlDisclaimer: {text: " + strings.Repeat("x", 5001) + "}", want: []string{"p.yaml:1:29: actions.applyHtmlDisclaimer.text: the text has 5001 characters, tags included; write at most 5000 characters"}},
		{name: "a token that is none", yaml: "applyHtmlDisclaimer: {text: '%%DisplyName%% %%Secret%% %%Phone%%'}", want: []string{
			"p.yaml:1:29: actions.applyHtmlDisclaimer.text: \"%%DisplyName%%\" is no attribute of a person; did you mean `%%DisplayName%%`?",
			"p.yaml:1:29: actions.applyHtmlDisclaimer.text: \"%%Secret%%\" is no attribute of a person; write an attribute of a person, as in `%%DisplayName%%`"}},
		{name: "no such place", yaml: "applyHtmlDisclaimer: {text: x, location: middle}", want: []string{"p.yaml:1:42: actions.applyHtmlDisclaimer.location: \"middle\" is not a value of this key; write `append` or `prepend`"}},
		{name: "no such fallback", yaml: "applyHtmlDisclaimer: {text: x, fallback: drop}", want: []string{"p.yaml:1:42: actions.applyHtmlDisclaimer.fallback: \"drop\" is not a value of this key; write `wrap`, `ignore` or `reject`"}},
		{name: "a control character in a disclaimer", yaml: "applyHtmlDisclaimer: {text: \"a\\x00b\"}", want: []string{"p.yaml:1:29: actions.applyHtmlDisclaimer.text: the text holds a control character; take it away"}},
		{name: "attachments that are not named", yaml: "stripAttachment: {text: gone}", want: []string{"p.yaml:1:18: actions.stripAttachment: nothing says which attachments are removed; write `extensions: [exe]` or `names: [payroll]`"}},
		{name: "no extension", yaml: "stripAttachment: {extensions: ['*', 'a b']}", want: []string{
			"p.yaml:1:32: actions.stripAttachment.extensions: \"*\" cannot stand here; write it as `exe`", "p.yaml:1:37: actions.stripAttachment.extensions: \"a b\" cannot stand here; write it as `exe`"}},
		{name: "a token of nothing", yaml: "stripAttachment: {extensions: [exe], text: '%%Title%%'}", want: []string{"p.yaml:1:44: actions.stripAttachment.text: \"%%Title%%\" stands for nothing; write `%%FileName%%`"}},
		{name: "a key of strip that is none", yaml: "stripAttachment: {extension: [exe]}", want: []string{"p.yaml:1:19: actions.stripAttachment.extension: unknown key \"extension\"; did you mean `extensions`?"}},
		{name: "encryption", yaml: "encryptRMSTemplate: Default\nremoveRMSTemplate: true\napplyBrandingTemplate: X", want: []string{
			"p.yaml:1:1: actions.encryptRMSTemplate: not supported by this version; take the key away",
			"p.yaml:2:1: actions.removeRMSTemplate: not supported by this version; take the key away",
			"p.yaml:3:1: actions.applyBrandingTemplate: not supported by this version; take the key away"}},
		{name: "a quarantine of nothing", yaml: "quarantine: false", want: []string{"p.yaml:1:13: actions.quarantine: an action that is false does nothing; take the action away"}},
		{name: "a deletion of nothing", yaml: "deleteMessage: false", want: []string{"p.yaml:1:16: actions.deleteMessage: an action that is false does nothing; take the action away"}},
		{name: "a block and a quarantine", yaml: "quarantine: true\nblockAccess: all", want: []string{"p.yaml:1:1: actions: a rule cannot have two halting actions (quarantine, blockAccess); keep one of them"}},
		{name: "a deletion with an edit", yaml: "deleteMessage: true\nprependSubject: x", want: []string{"p.yaml:1:1: actions: a rule cannot delete a message and edit it; keep one of them"}},
		{name: "a deletion with a redirect", yaml: "redirectMessageTo: a@x.example\ndeleteMessage: true", want: []string{"p.yaml:1:1: actions: a rule cannot delete a message and edit it; keep one of them"}},
		{name: "a redirect to nowhere", yaml: "redirectMessageTo: [desk]", want: []string{"p.yaml:1:21: actions.redirectMessageTo: \"desk\" is not an address; write an address, as in `audit@example.com`"}},
		{name: "a response without a block", yaml: "quarantine: true\nblockResponse: ndr", want: []string{"p.yaml:2:16: actions: blockResponse and untellable say something only beside a block; write `blockAccess` or `rejectMessage` beside it"}},
		{name: "no such response", yaml: "blockAccess: all\nblockResponse: bounce", want: []string{"p.yaml:2:16: actions.blockResponse: \"bounce\" is not a value of this key; write `reject`, `ndr` or `rejectAll`"}},
		{name: "no such way", yaml: "blockAccess: all\nuntellable: delete", want: []string{"p.yaml:2:13: actions.untellable: \"delete\" is not a value of this key; write `quarantine` or `rejectAll`"}},
		{name: "no mapping", yaml: "stopPolicyProcessing: maybe", want: []string{"p.yaml:1:23: actions.stopPolicyProcessing: \"maybe\" is neither true nor false; write `true` or `false`"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := parseActions(t, tt.yaml, &rules.Rule{Name: "r"})
			if diff := cmp.Diff(tt.want, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// An override is offered with the policy tip: without one there is none to take.
func TestAnOverrideNeedsAPolicyTip(t *testing.T) {
	const mistake = "p.yaml:2:22: actions.notifyAllowOverride: without a policy tip the sender is offered no override; write `notifyPolicyTipCustomText` or `notifyUser` beside it"
	for beside, want := range map[string][]string{
		"":                                      {mistake},
		"notifyPolicyTipCustomText: Ask first.": nil,
		"notifyUser: [sender]":                  nil,
		"reportSeverityLevel: high":             {mistake},
	} {
		r, n := strictyaml.Parse("p.yaml", []byte("blockAccess: all\nnotifyAllowOverride: [withJustification]\n"+beside+"\n"))
		vocabulary{planned: true}.Parse(r, n, "actions", &rules.Rule{})
		var got []string
		for _, p := range r.Problems {
			got = append(got, p.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", beside, diff)
		}
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
		if k.Class != Mark && (k.Args == "" || k.Wire == "" || k.InFork == "") {
			t.Errorf("%s: nothing says what its value is, or what it does to mail: %+v", k.Name, k.Reference)
		}
	}
}

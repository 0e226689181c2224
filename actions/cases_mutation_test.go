package actions

import (
	"bytes"
	"slices"
	"testing"

	"github.com/postern-mail/postern/rules"
)

// TestCasesHoldEveryCondition inverts the result of one condition after another:
// each time some case must fail, or the cases say nothing of that condition.
func TestCasesHoldEveryCondition(t *testing.T) {
	cases := readCases(t)
	for _, row := range rules.Conditions() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			used, failed := 0, 0
			for _, c := range cases {
				if !c.uses(row.Name) {
					continue
				}
				used++
				if len(c.run(mutation{condition: row.Name})) > 0 {
					failed++
				}
			}
			if failed == 0 {
				t.Errorf("%d cases use the condition and none notices that its result is inverted", used)
			}
			t.Logf("%d of %d cases notice", failed, used)
		})
	}
}

// uses tells whether a condition stands in a policy of the case.
func (c *policyCase) uses(condition string) bool {
	return slices.ContainsFunc(c.policies, func(f rules.File) bool { return bytes.Contains(f.Data, []byte(condition+":")) })
}

// TestCasesHoldEveryAction takes the effect of one action after another away, or
// changes it: each time some case must fail.
func TestCasesHoldEveryAction(t *testing.T) {
	withoutEdits := func(action string, keep func(Edit) bool) func(*spec) {
		return func(s *spec) {
			s.edits = slices.DeleteFunc(s.edits, func(e Edit) bool { return e.Action == action && !keep(e) })
		}
	}
	none := func(Edit) bool { return false }
	mutations := map[string]map[string]func(*spec){
		"addRecipients": {
			"nobody is added": withoutEdits(addRecipients, none),
			"to is left out":  withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "to" }),
			"cc is left out":  withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "cc" }),
			"bcc is left out": withoutEdits(addRecipients, func(e Edit) bool { return e.Name != "bcc" }),
		},
		"blockAccess": {
			"nothing is blocked": func(s *spec) {
				if s.halt != nil && s.halt.text == "" {
					s.halt = nil
				}
			},
		},
		"blockAccessScope": {
			"people inside are blocked too": func(s *spec) {
				if s.halt != nil {
					s.halt.outsideOnly = false
				}
			},
			"only people outside are blocked": func(s *spec) {
				if s.halt != nil {
					s.halt.outsideOnly = true
				}
			},
		},
		"blockResponse": {
			"it is reject":    func(s *spec) { s.response = "" },
			"it is ndr":       func(s *spec) { s.response = respondNDR },
			"it is rejectAll": func(s *spec) { s.response = respondRejectAll },
		},
		"deleteMessage": {
			"nothing is deleted": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Delete {
					s.halt = nil
				}
			},
		},
		"quarantine": {
			"nothing is held": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Quarantine {
					s.halt = nil
				}
			},
			"it is a block": func(s *spec) {
				if s.halt != nil && s.halt.verdict == Quarantine {
					s.halt.verdict = Block
				}
			},
		},
		"redirectMessageTo": {
			"nothing is redirected": withoutEdits(redirect, none),
			"they are added": func(s *spec) {
				for i := range s.edits {
					if s.edits[i].Action == redirect {
						s.edits[i] = Edit{addRecipients, "bcc", s.edits[i].Value}
					}
				}
			},
		},
		"untellable": {
			"it is quarantine": func(s *spec) { s.untellable = "" },
			"it is rejectAll":  func(s *spec) { s.untellable = untellableRejectAll },
		},
		"notifyPolicyTipCustomText": {"no tip is shown": func(s *spec) { s.tip = "" }},
		"prependSubject":            {"the subject stays": withoutEdits(prependSubject, none)},
		"rejectMessage": {
			"nothing is rejected": func(s *spec) {
				if s.halt != nil && s.halt.text != "" {
					s.halt = nil
				}
			},
			"the text is left out": func(s *spec) {
				if s.halt != nil {
					s.halt.text = ""
				}
			},
			"the code is left out": func(s *spec) {
				if s.halt != nil {
					s.halt.enhanced = ""
				}
			},
		},
		"removeHeader": {
			"nothing is removed": withoutEdits(removeHeader, none),
			"every value is removed": func(s *spec) {
				for i := range s.edits {
					if s.edits[i].Action == removeHeader {
						s.edits[i].Value = ""
					}
				}
			},
		},
		"setHeader":            {"nothing is set": withoutEdits(setHeader, none)},
		"stopPolicyProcessing": {"nothing is stopped": func(s *spec) { s.rule.Stop = false }},
	}
	cases := readCases(t)
	for _, kind := range Kinds() {
		if len(mutations[kind.Name]) == 0 {
			t.Errorf("no mutation of %s", kind.Name)
		}
		for what, change := range mutations[kind.Name] {
			t.Run(kind.Name+"/"+what, func(t *testing.T) {
				t.Parallel()
				if !slices.ContainsFunc(cases, func(c *policyCase) bool { return len(c.run(mutation{action: change})) > 0 }) {
					t.Error("no case notices")
				}
			})
		}
	}
}

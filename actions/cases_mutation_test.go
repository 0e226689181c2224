package actions_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/rules"
)

// TestCasesHoldEveryCondition inverts the result of one condition after another:
// each time some case must fail, or the cases say nothing of that condition.
func TestCasesHoldEveryCondition(t *testing.T) {
	all := readCases(t)
	for _, row := range rules.Conditions() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			used, failed := 0, 0
			for _, c := range all {
				if !uses(c, row.Name) {
					continue
				}
				used++
				if len(differences(c, caseHouse(t, row.Name, nil))) > 0 {
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
func uses(c *cases.Case, condition string) bool {
	return slices.ContainsFunc(c.Policies, func(f rules.File) bool { return bytes.Contains(f.Data, []byte(condition+":")) })
}

// TestCasesHoldEveryAction takes the effect of one action after another away, or
// changes it: each time some case must fail.
func TestCasesHoldEveryAction(t *testing.T) {
	mutations := actions.Mutations()
	all := readCases(t)
	for _, kind := range actions.Kinds() {
		if len(mutations[kind.Name]) == 0 {
			t.Errorf("no mutation of %s", kind.Name)
		}
		for what, change := range mutations[kind.Name] {
			t.Run(kind.Name+"/"+what, func(t *testing.T) {
				t.Parallel()
				house := caseHouse(t, "", func(set *rules.Set) { actions.Mutate(set, change) })
				if !slices.ContainsFunc(all, func(c *cases.Case) bool { return len(differences(c, house)) > 0 }) {
					t.Error("no case notices")
				}
			})
		}
	}
}

package actions_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/rules"
)

// TestCasesHoldEveryCondition inverts the result of one condition after another,
// everywhere, as a condition only and as an exception only: each time some case must
// fail, or the cases say nothing of that condition in that place.
func TestCasesHoldEveryCondition(t *testing.T) {
	all := readCases(t)
	for _, row := range rules.Conditions() {
		places := map[string]string{"everywhere": "", "as a condition": "conditions"}
		if row.Exception {
			places["as an exception"] = "exceptions"
		}
		for name, place := range places {
			t.Run(row.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				house := caseHouse(t, func(condition, path string) bool { return condition == row.Name && strings.HasPrefix(path, place) }, nil)
				if !slices.ContainsFunc(all, func(c *cases.Case) bool { return uses(c, row.Name) && len(differences(c, house)) > 0 }) {
					t.Error("no case notices that its result is inverted")
				}
			})
		}
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
				house := caseHouse(t, nil, func(set *rules.Set) { actions.Mutate(set, change) })
				notices := func(using bool) bool {
					return slices.ContainsFunc(all, func(c *cases.Case) bool { return uses(c, kind.Name) == using && len(differences(c, house)) > 0 })
				}
				if !notices(true) && !notices(false) {
					t.Error("no case notices")
				}
			})
		}
	}
}

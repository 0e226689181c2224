package actions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
)

// A step is a matched rule in the tables below: what it does, in one word.
func stepOf(name, does string) match {
	s := &spec{rule: &rules.Rule{Name: name}}
	switch does {
	case "notify":
		s.notify = true
	case "edit":
		s.edits = []Edit{{Action: setHeader, Name: "X-" + name, Value: "1"}}
	case "block":
		s.halt = &halt{verdict: Block}
	case "override":
		s.halt, s.override = &halt{verdict: Block}, true
	case "quarantine":
		s.halt = &halt{verdict: Quarantine}
		s.edits = []Edit{{Action: setHeader, Name: "X-" + name, Value: "1"}}
	case "delete":
		s.halt = &halt{verdict: Delete}
	}
	return see(s, true)
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name     string
		does     []string // rules 1, 2, … in order of priority
		enforced string
		states   []State
		edits    int
	}{
		{name: "nothing matched"},
		{
			name:   "non-halting actions of all rules are applied",
			does:   []string{"edit", "notify", "edit"},
			states: []State{Applied, Applied, Applied}, edits: 2,
		},
		{
			name:     "the example of four rules: rule 3 is enforced",
			does:     []string{"notify", "override", "block", "block"},
			enforced: "3", states: []State{Halted, Halted, Enforced, Halted},
		},
		{
			name:     "the example of six rules: rule 3 is enforced",
			does:     []string{"notify", "override", "block", "notify", "block", "block"},
			enforced: "3", states: []State{Halted, Halted, Enforced, Halted, Halted, Halted},
		},
		{
			name:     "a block with override alone is enforced",
			does:     []string{"edit", "override", "edit"},
			enforced: "2", states: []State{Halted, Enforced, Halted},
		},
		{
			name:     "edits before a block are dropped with it",
			does:     []string{"edit", "block"},
			enforced: "2", states: []State{Halted, Enforced},
		},
		{
			name:     "of two equal blocks the first is enforced",
			does:     []string{"block", "block"},
			enforced: "1", states: []State{Enforced, Halted},
		},
		{
			name:     "the first of two blocks with override is enforced",
			does:     []string{"override", "override"},
			enforced: "1", states: []State{Enforced, Halted},
		},
		{
			name:     "edits before a quarantine and in its rule are kept, those behind are not done",
			does:     []string{"edit", "edit", "quarantine", "edit"},
			enforced: "3", states: []State{Applied, Applied, Enforced, Halted}, edits: 3,
		},
		{
			name:     "a block looks ahead to a quarantine only when it is weaker",
			does:     []string{"edit", "block", "quarantine"},
			enforced: "2", states: []State{Halted, Enforced, Halted},
		},
		{
			name:     "a block with override gives way to a quarantine; edits between them are not done",
			does:     []string{"edit", "override", "edit", "quarantine"},
			enforced: "4", states: []State{Applied, Halted, Halted, Enforced}, edits: 2,
		},
		{
			name:     "no look-ahead ends in a deletion",
			does:     []string{"override", "delete", "edit"},
			enforced: "1", states: []State{Enforced, Halted, Halted},
		},
		{
			name:     "a look-ahead passes a deletion by",
			does:     []string{"override", "delete", "block"},
			enforced: "3", states: []State{Halted, Halted, Enforced},
		},
		{
			name:     "a deletion that comes first deletes, whatever follows",
			does:     []string{"edit", "delete", "quarantine", "block"},
			enforced: "2", states: []State{Halted, Enforced, Halted, Halted},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ms []match
			for i, d := range tt.does {
				ms = append(ms, stepOf(string(rune('1'+i)), d))
			}
			got := walk(ms)
			enforced := ""
			if got.enforced != nil {
				enforced = got.enforced.rule.Name
			}
			if enforced != tt.enforced {
				t.Errorf("enforced rule %q, want %q", enforced, tt.enforced)
			}
			var states []State
			for _, m := range ms {
				states = append(states, got.states[m.spec.rule])
			}
			if diff := cmp.Diff(tt.states, states); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if len(got.edits) != tt.edits {
				t.Errorf("%d edits, want %d", len(got.edits), tt.edits)
			}
		})
	}
}

func TestPerUserBlocksPeopleOutsideOnly(t *testing.T) {
	s := &spec{rule: &rules.Rule{Name: "r"}, halt: &halt{verdict: Block, outsideOnly: true}}
	if got := see(s, false).rank; got != unrestricted {
		t.Errorf("inside: restrictiveness %d, want none", got)
	}
	if got := see(s, true).rank; got != block {
		t.Errorf("outside: restrictiveness %d, want a block", got)
	}
}

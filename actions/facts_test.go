package actions

import "testing"

// Every action that this version does is told of in full.
func TestFactsOfEveryAction(t *testing.T) {
	for _, k := range Kinds() {
		if f := k.Facts(); f.Arguments == "" || f.Limits == "" || f.Wire == "" || f.Fork == "" {
			t.Errorf("%s: %+v", k.Name, f)
		}
	}
	for name := range facts {
		if find(name) == nil {
			t.Errorf("%s is no action", name)
		}
	}
}

package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/rules"
)

// badPolicies holds policies that do not load, each with all problems expected:
// what, where, and what to write instead. UPDATE_BAD=1 writes what is found, to be
// looked at. Those named directory-… are checked with the people of
// testdata/people.yaml.
const badPolicies = "../testdata/bad-policies"

func TestBadPoliciesAreRefusedWithEveryProblem(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(badPolicies, "*.yaml"))
	if err != nil || len(names) < 100 {
		t.Fatalf("%d policies in %s (%v), want at least 100", len(names), badPolicies, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(name, ".yaml") + ".want")
			if err != nil && os.Getenv("UPDATE_BAD") == "" {
				t.Fatal(err)
			}
			v := vocabulary()
			if strings.HasPrefix(filepath.Base(name), "directory-") {
				v.Directory = house(t).Directory
			}
			set, problems := rules.Load([]rules.File{{Name: filepath.Base(name), Data: data}}, v)
			if set != nil {
				t.Error("the policy loads")
			}
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.String() + "\n")
			}
			if os.Getenv("UPDATE_BAD") != "" {
				if err := os.WriteFile(strings.TrimSuffix(name, ".yaml")+".want", []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

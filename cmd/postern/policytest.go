package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func newTest() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test [DIR…]",
		Short: "Run the policy tests beside the policies",
		Long: `Test runs policy tests: directories with a message (message.eml), the session it
comes in (envelope.yaml) and the decision that is due (want.yaml). It prints what
differs and why, and which rules and conditions no test made true.

Without DIR the directories of the policy files and all below them are searched.
The policies, people and settings are those of postern.yaml; a test with a
people.yaml, or with a policy.yaml or policy-*.yaml, is judged by those. Nothing is
sent, held or recorded.

Exit status: 0 all is as wanted, 1 a test differs, 2 the tests could not be run.`,
		Example: `  postern test
  postern test --config /etc/postern/postern.yaml --json
  postern test policies/tests/cards-to-a-customer`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			w, err := loadGood(cmd.Context(), file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			docs, err := newDocuments(w.config.process.readers, nil)
			if err != nil {
				return err
			}
			defer docs.Close()
			docs.serveWorld(&w.rules)
			if len(dirs) == 0 {
				dirs = w.files.policyDirectories()
			}
			found, problems, err := findTests(dirs)
			if err != nil {
				return err
			}
			if strictyaml.Errors(problems) {
				for _, p := range problems {
					fmt.Fprintln(cmd.ErrOrStderr(), p)
				}
				return errSaid
			}
			if len(found) == 0 {
				return fmt.Errorf("there are no policy tests in %s", strings.Join(dirs, ", "))
			}
			return w.runTests(cmd, newOutput(cmd.OutOrStdout(), asJSON), found)
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// policyDirectories gives the directories of the policy files, without those
// below others.
func (s fileSet) policyDirectories() []string {
	var dirs []string
	for _, f := range s.Policies {
		dirs = append(dirs, filepath.Dir(f.Name))
	}
	slices.Sort(dirs)
	var out []string
	for _, d := range slices.Compact(dirs) {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(d, o+string(filepath.Separator)) }) {
			out = append(out, d)
		}
	}
	return out
}

func findTests(dirs []string) (found []*cases.Case, problems []strictyaml.Problem, err error) {
	for _, dir := range dirs {
		list, more, err := cases.Find(dir)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range list {
			if c.Planned {
				more = append(more, strictyaml.Problem{File: filepath.Join(c.Dir, "want.yaml"), Field: "planned",
					What: "this is for actions that no version does", Write: "take the key away"})
			}
		}
		found, problems = append(found, list...), append(problems, more...)
	}
	return found, problems, nil
}

// house gives what judges tests: what judges mail.
func (w *world) house() *cases.House {
	p := w.config.process
	return &cases.House{
		Set: w.set,
		Load: func(c *cases.Case, people directory.Directory) (*rules.Set, []strictyaml.Problem) {
			v := w.config.vocabulary(w.rules.Types, people)
			v.Settings = c.Settings(v.Settings)
			return actions.Load(c.Policies, v)
		},
		World:     &w.rules,
		Settings:  w.config.settings(w.notices),
		Reviewers: w.config.reviewers,
		Groups:    w.config.groups,
		Limits:    p.limits,
		Budget:    message.NewBudget(p.memory, ""),
		Size:      p.messageSize,
	}
}

// testJSON is a policy test, for programs. The explanation is that of a test that
// differs.
type testJSON struct {
	Test        string             `json:"test"`
	Good        bool               `json:"good"`
	Differences []cases.Difference `json:"differences"`
	Explanation *explanationJSON   `json:"explanation,omitempty"`
}

// testsJSON is the end of all tests.
type testsJSON struct {
	Tests    int          `json:"tests"`
	Differ   int          `json:"differ"`
	Coverage coverageJSON `json:"coverage"`
}

func (w *world) runTests(cmd *cobra.Command, out *output, found []*cases.Case) error {
	house, cover := w.house(), newCoverage(w.set)
	end := testsJSON{Tests: len(found)}
	for _, c := range found {
		ctx, cancel := context.WithTimeout(cmd.Context(), w.config.process.decision)
		res, problems, err := c.Run(ctx, house)
		cancel()
		for _, p := range problems {
			if p.Severity == strictyaml.Error {
				fmt.Fprintln(cmd.ErrOrStderr(), p)
			}
		}
		if err == nil && res == nil {
			err = errors.New(c.Dir + ": the policies of the test have mistakes")
		}
		if err != nil {
			return errors.Join(out.flush(), err)
		}
		cover.add(res.Decision.Evaluation)
		if len(res.Differences) > 0 {
			end.Differ++
		}
		if err := out.tested(c, res); err != nil {
			return err
		}
		res.Close()
	}
	end.Coverage = cover.result()
	if err := out.testsEnd(end); err != nil {
		return err
	}
	if end.Differ > 0 {
		return errNo
	}
	return nil
}

func (o *output) tested(c *cases.Case, res *cases.Result) error {
	t := testJSON{Test: c.Dir, Good: len(res.Differences) == 0, Differences: list(res.Differences)}
	if !t.Good {
		e := explained(filepath.Join(c.Dir, "message.eml"), res.Message, res.Decision)
		t.Explanation = &e
	}
	if o.json {
		return o.object(t)
	}
	if t.Good {
		o.printf("good     %s\n", t.Test)
		return nil
	}
	o.printf("DIFFERS  %s\n", t.Test)
	for _, d := range t.Differences {
		o.printf("  %s\n", clip(d.String(), 2000))
	}
	for i := range res.Decision.Evaluation.Rules {
		r := &res.Decision.Evaluation.Rules[i]
		about := slices.ContainsFunc(res.Differences, func(d cases.Difference) bool { return d.Rule == r.Rule })
		if about || r.Result == rules.Matched || r.Result == rules.UnknownRule {
			o.ruleExplained(t.Explanation.Rules[i], len(t.Explanation.Envelope.To), false)
		}
	}
	return nil
}

func (o *output) testsEnd(end testsJSON) error {
	if o.json {
		if err := o.object(end); err != nil {
			return err
		}
		return o.flush()
	}
	o.printf("%s, ", count(end.Tests, "test", "tests"))
	switch end.Differ {
	case 0:
		o.printf("all as wanted\n")
	case 1:
		o.printf("1 differs\n")
	default:
		o.printf("%d differ\n", end.Differ)
	}
	c := end.Coverage
	o.printf("coverage: %d of %s matched, %d of %s true\n", c.Matched, count(c.Rules, "rule", "rules"), c.True, count(c.Conditions, "condition", "conditions"))
	for _, r := range c.UnmatchedRules {
		o.printf("  no test matches %s\n", r)
	}
	for _, l := range c.UntrueConditions {
		o.printf("  no test makes true %s: %s %s\n", l.ruleJSON, l.Path, l.Condition)
	}
	return o.flush()
}

// coverage notes which rules matched and which conditions were true.
type coverage struct {
	set     *rules.Set
	matched map[*rules.Rule]bool
	held    map[*rules.Rule][]bool // of its conditions
	all     map[*rules.Rule][]rules.ConditionResult
}

// coverageJSON counts the rules that may act, and their conditions.
type coverageJSON struct {
	Rules            int             `json:"rules"`
	Matched          int             `json:"matched"`
	Conditions       int             `json:"conditions"`
	True             int             `json:"true"`
	UnmatchedRules   []ruleJSON      `json:"unmatchedRules"`
	UntrueConditions []conditionOfIt `json:"untrueConditions"`
}

// conditionOfIt is a condition of a rule.
type conditionOfIt struct {
	ruleJSON
	Path      string `json:"path"`
	Condition string `json:"condition"`
}

func newCoverage(set *rules.Set) *coverage {
	return &coverage{set: set, matched: make(map[*rules.Rule]bool), held: make(map[*rules.Rule][]bool),
		all: make(map[*rules.Rule][]rules.ConditionResult)}
}

func (c *coverage) add(ev *rules.Evaluation) {
	for i := range ev.Rules {
		r := &ev.Rules[i]
		c.matched[r.Rule] = c.matched[r.Rule] || r.Result == rules.Matched
		if c.held[r.Rule] == nil {
			c.held[r.Rule], c.all[r.Rule] = make([]bool, len(r.Conditions)), r.Conditions
		}
		for j, l := range r.Conditions {
			c.held[r.Rule][j] = c.held[r.Rule][j] || l.Result == rules.True.String()
		}
	}
}

// result counts over the rules of the set. Those of tests with policies of their
// own are of other sets.
func (c *coverage) result() coverageJSON {
	out := coverageJSON{UnmatchedRules: []ruleJSON{}, UntrueConditions: []conditionOfIt{}}
	for _, p := range c.set.Policies {
		for _, r := range p.Rules {
			if p.Mode == rules.Disable || r.Disabled {
				continue
			}
			name := ruleJSON{p.Name, r.Name}
			out.Rules++
			if c.matched[r] {
				out.Matched++
			} else {
				out.UnmatchedRules = append(out.UnmatchedRules, name)
			}
			for i, l := range r.Leaves() {
				out.Conditions++
				if held := c.held[r]; i < len(held) && held[i] {
					out.True++
				} else {
					out.UntrueConditions = append(out.UntrueConditions, conditionOfIt{name, l.Path, l.Condition})
				}
			}
		}
	}
	return out
}

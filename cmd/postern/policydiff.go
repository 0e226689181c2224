package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Show policies as they were compiled, and what changes between two sets",
		Long: `Policy show prints policies in the order in which they are judged; policy diff
says what changes in meaning between two sets, or from the running set.`,
		Example: `  postern policy show
  postern policy diff`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(newPolicyShow(), newPolicyDiff())
	return cmd
}

func newPolicyDiff() *cobra.Command {
	var file, store string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff [OLD] [NEW]",
		Short: "Say what changes in meaning between two sets of policies",
		Long: `Diff says which policies and rules are added, taken away or in another order, and
what changes in their modes, scopes, conditions, exceptions, actions and other
keys. Another way to write the same, as an exception in place of a condition under
` + "`not`" + `, is no change; comments are none.

OLD and NEW are a policy file, a directory of such, or a postern.yaml, of which the
policies are compared. Without NEW the policies of --config are the new ones;
without OLD too, those of the running process are the old ones.

Exit status: 0 the meaning is the same, 1 it changes, 2 the sets cannot be read.`,
		Example: `  postern policy diff
  postern policy diff policies/cards.yaml.old policies/cards.yaml
  postern policy diff /backup/policies /etc/postern/policies --json`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var before, after []policyText
			var err error
			if len(args) == 0 {
				before, err = runningPolicies(file, store)
			} else {
				before, err = policiesIn(args[0])
			}
			if err != nil {
				return err
			}
			next := file
			if len(args) == 2 {
				next = args[1]
			}
			if after, err = policiesIn(next); err != nil {
				return err
			}
			changes := policyChanges(before, after)
			out := newOutput(cmd.OutOrStdout(), asJSON)
			for _, c := range changes {
				if asJSON {
					err = errors.Join(err, out.object(c))
				} else {
					out.printf("%s\n", clip(c.String(), 4000))
				}
			}
			if len(changes) == 0 && !asJSON {
				out.printf("no change in meaning\n")
			}
			if err := errors.Join(err, out.flush()); err != nil {
				return err
			}
			if len(changes) > 0 {
				return errNo
			}
			return nil
		},
	}
	configFlag(cmd, &file)
	storeFlag(cmd, &store)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// policiesIn reads the policies of a file, a directory or a postern.yaml, in the
// order in which they are judged.
func policiesIn(path string) ([]policyText, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, plainError(err)
	}
	if !st.IsDir() {
		data, err := readBounded(path)
		if err != nil {
			return nil, err
		}
		if r, root := strictyaml.Parse(path, data); root != nil {
			if _, ok := r.Mapping(root, "").Get("policy"); ok {
				return orderedPolicies([]rules.File{{Name: path, Data: data}})
			}
		}
		s, problems, err := gather(path)
		if err == nil && strictyaml.Errors(problems) {
			err = errors.New(problems[0].String())
		}
		if err != nil {
			return nil, err
		}
		return orderedPolicies(s.Policies)
	}
	names, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var files []rules.File
	for _, name := range slices.DeleteFunc(names, hidden) {
		data, err := readBounded(name)
		if err != nil {
			return nil, err
		}
		if r, root := strictyaml.Parse(name, data); root != nil {
			if _, ok := r.Mapping(root, "").Get("policy"); !ok {
				continue // a file of types, or of people
			}
		}
		files = append(files, rules.File{Name: name, Data: data})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no policies in %s", path)
	}
	return orderedPolicies(files)
}

// orderedPolicies takes files apart and sorts them by priority; those without one
// follow by name.
func orderedPolicies(files []rules.File) ([]policyText, error) {
	slices.SortStableFunc(files, func(a, b rules.File) int { return cmp.Compare(a.Name, b.Name) })
	number := make(map[string]int)
	const last = 1 << 30
	for _, f := range files {
		r, root := strictyaml.Parse(f.Name, f.Data)
		if root == nil {
			return nil, errors.New(r.Problems[0].String())
		}
		number[f.Name] = last
		if e, ok := r.Mapping(root, "").Get("priority"); ok {
			if n, ok := r.Int(e.Value, e.Field, 0, 1_000_000); ok {
				number[f.Name] = n
			}
		}
	}
	slices.SortStableFunc(files, func(a, b rules.File) int { return cmp.Compare(number[a.Name], number[b.Name]) })
	return policyTexts(files), nil
}

// runningPolicies asks the running process for its policies.
func runningPolicies(file, store string) ([]policyText, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	c, _ := readConfig(path, data)
	o, err := newOverrides(nil, store)
	if err != nil {
		return nil, err
	}
	o.apply(&c.process)
	reply, err := ask(c.process.store, request{Command: "policies"})
	if err == nil && !reply.Good {
		err = errors.New(reply.Error)
	}
	if err != nil {
		return nil, err
	}
	return orderedPolicies(reply.Policies)
}

// policyChange is one difference of meaning between two sets.
type policyChange struct {
	Change string `json:"change"` // added, removed, changed or moved
	Policy string `json:"policy"`
	Rule   string `json:"rule,omitempty"` // empty for the policy as a whole
	// Part is what of it: mode, setting, condition, exception or action; empty for
	// the policy or rule as a whole.
	Part string `json:"part,omitempty"`
	Name string `json:"name,omitempty"` // of a setting, condition or action
	From string `json:"from,omitempty"` // of what moved: what it stood behind
	To   string `json:"to,omitempty"`
	// Of lists of single values, those that are new and those that are gone.
	With    []string `json:"with,omitempty"`
	Without []string `json:"without,omitempty"`
}

func (c policyChange) String() string {
	what := "policy " + clip(c.Policy, 200)
	if c.Rule != "" {
		what = "rule " + ruleJSON{c.Policy, c.Rule}.String()
	}
	part := strings.TrimSpace(strings.TrimPrefix(c.Part, "setting") + " " + c.Name)
	switch {
	case c.Change == "moved":
		return what + " moved: " + behind(c.To) + ", was " + behind(c.From)
	case c.Part == "":
		return what + " " + c.Change
	case len(c.With)+len(c.Without) > 0:
		var how []string
		if len(c.With) > 0 {
			how = append(how, "with "+strings.Join(c.With, ", "))
		}
		if len(c.Without) > 0 {
			how = append(how, "without "+strings.Join(c.Without, ", "))
		}
		return what + ": " + part + " changed: " + strings.Join(how, ", ")
	case c.Change == "added":
		return what + ": " + part + " added: " + c.To
	case c.Change == "removed":
		return what + ": " + part + " removed: " + c.From
	}
	return what + ": " + part + " changed: " + c.To + ", was " + c.From
}

func behind(s string) string {
	if s == "" {
		return "first"
	}
	return "behind " + s
}

// policyChanges says what changes between two sets, each in the order in which it
// is judged.
func policyChanges(before, after []policyText) []policyChange {
	var list []policyChange
	names := func(set []policyText) (out []string) {
		for _, p := range set {
			out = append(out, p.name)
		}
		return out
	}
	old, next := names(before), names(after)
	for _, p := range before {
		if !slices.Contains(next, p.name) {
			list = append(list, policyChange{Change: "removed", Policy: p.name})
		}
	}
	for _, m := range moves(old, next) {
		list = append(list, policyChange{Change: "moved", Policy: m.name, From: m.from, To: m.to})
	}
	for _, p := range after {
		i := slices.Index(old, p.name)
		if i < 0 {
			list = append(list, policyChange{Change: "added", Policy: p.name})
			continue
		}
		list = append(list, before[i].changes(p)...)
	}
	return list
}

func (p policyText) changes(next policyText) (list []policyChange) {
	of := policyChange{Policy: next.name}
	if p.mode != next.mode {
		c := of
		c.Change, c.Part, c.From, c.To = "changed", "mode", p.mode, next.mode
		list = append(list, c)
	}
	list = append(list, valueChanges(of, "setting", p.settings, next.settings)...)
	names := func(rs []ruleText) (out []string) {
		for _, r := range rs {
			out = append(out, r.name)
		}
		return out
	}
	old, now := names(p.rules), names(next.rules)
	for _, name := range old {
		if !slices.Contains(now, name) {
			list = append(list, policyChange{Change: "removed", Policy: next.name, Rule: name})
		}
	}
	for _, m := range moves(old, now) {
		list = append(list, policyChange{Change: "moved", Policy: next.name, Rule: m.name, From: m.from, To: m.to})
	}
	for _, r := range next.rules {
		of.Rule = r.name
		i := slices.Index(old, r.name)
		if i < 0 {
			list = append(list, policyChange{Change: "added", Policy: next.name, Rule: r.name})
			continue
		}
		list = append(list, valueChanges(of, "setting", p.rules[i].settings, r.settings)...)
		list = append(list, clauseChanges(of, p.rules[i].clauses, r.clauses)...)
		list = append(list, valueChanges(of, "action", p.rules[i].actions, r.actions)...)
	}
	return list
}

func valueChanges(of policyChange, part string, before, after []namedValue) (list []policyChange) {
	of.Part = part
	for _, o := range before {
		of.Name, of.From, of.To = o.name, o.text, ""
		i := slices.IndexFunc(after, func(n namedValue) bool { return n.name == o.name })
		switch {
		case i < 0:
			of.Change = "removed"
		case after[i].meaning != o.meaning:
			of.Change, of.To = "changed", after[i].text
		default:
			continue
		}
		list = append(list, of)
	}
	for _, n := range after {
		if !slices.ContainsFunc(before, func(o namedValue) bool { return o.name == n.name }) {
			of.Change, of.Name, of.From, of.To = "added", n.name, "", n.text
			list = append(list, of)
		}
	}
	return list
}

// clauseChanges pairs what is gone with what is new of the same condition.
func clauseChanges(of policyChange, before, after []clause) (list []policyChange) {
	same := func(c clause) func(clause) bool { return func(o clause) bool { return o.meaning == c.meaning } }
	var gone, come []clause
	for _, c := range before {
		if !slices.ContainsFunc(after, same(c)) {
			gone = append(gone, c)
		}
	}
	for _, c := range after {
		if !slices.ContainsFunc(before, same(c)) {
			come = append(come, c)
		}
	}
	for _, o := range gone {
		c := of
		c.Change, c.Part, c.Name, c.From = "removed", o.part, o.name, o.text
		i := slices.IndexFunc(come, func(n clause) bool { return n.part == o.part && n.name == o.name })
		if i >= 0 {
			n := come[i]
			c.Change, c.To = "changed", n.text
			if o.values != nil && n.values != nil && (len(o.values) > 1 || len(n.values) > 1) {
				c.With = slices.DeleteFunc(slices.Clone(n.values), func(v string) bool { return slices.Contains(o.values, v) })
				c.Without = slices.DeleteFunc(slices.Clone(o.values), func(v string) bool { return slices.Contains(n.values, v) })
			}
			come = slices.Delete(come, i, i+1)
		}
		list = append(list, c)
	}
	for _, n := range come {
		c := of
		c.Change, c.Part, c.Name, c.To = "added", n.part, n.name, n.text
		list = append(list, c)
	}
	return list
}

// move is something that stands elsewhere among those that were there before.
type move struct{ name, from, to string }

// moves gives the fewest names that are to be moved to bring those of both lists
// from the old order into the new one.
func moves(before, after []string) (list []move) {
	in := func(list []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(list, s) }
	}
	before = slices.DeleteFunc(slices.Clone(before), in(after))
	after = slices.DeleteFunc(slices.Clone(after), in(before))
	if slices.Equal(before, after) {
		return nil
	}
	n := len(after)
	if len(before) != n {
		return nil // names stand twice: such a set does not load
	}
	// The longest run of names, in the order of after, whose old places ascend.
	place, best, back := make([]int, n), make([]int, n), make([]int, n)
	end := 0
	for i, name := range after {
		place[i] = slices.Index(before, name)
		best[i], back[i] = 1, -1
		for j := range i {
			if place[j] < place[i] && best[j]+1 > best[i] {
				best[i], back[i] = best[j]+1, j
			}
		}
		if best[i] > best[end] {
			end = i
		}
	}
	stays := make([]bool, n)
	for i := end; i >= 0; i = back[i] {
		stays[i] = true
	}
	previous := func(list []string, i int) string {
		if i == 0 {
			return ""
		}
		return list[i-1]
	}
	for i, name := range after {
		if !stays[i] {
			list = append(list, move{name, previous(before, place[i]), previous(after, i)})
		}
	}
	return list
}

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// change is one difference between two sets of files, in the words of policies.
type change struct {
	Change string `json:"change"`           // added, removed, changed or mode
	File   string `json:"file,omitempty"`   // of postern.yaml and the people file
	Policy string `json:"policy,omitempty"` // for all others
	Rule   string `json:"rule,omitempty"`   // empty for the policy as a whole
	From   string `json:"from,omitempty"`   // the modes
	To     string `json:"to,omitempty"`
}

func (c change) String() string {
	what := "policy " + clip(c.Policy, 200)
	switch {
	case c.File != "":
		what = "file " + clip(c.File, 300)
	case c.Rule != "":
		what = "rule " + ruleJSON{c.Policy, c.Rule}.String()
	}
	if c.Change == "mode" {
		return fmt.Sprintf("%s: mode %s, was %s", what, c.To, c.From)
	}
	return what + " " + c.Change
}

// outline is a policy file taken apart for comparing.
type outline struct {
	name  string
	mode  string
	rest  string // keys other than policy, mode and rules
	order []string
	rules map[string]string
}

// difference says what a change of files changes.
func difference(before, after fileSet) []change {
	changes := []change{}
	if !bytes.Equal(before.Config.Data, after.Config.Data) {
		changes = append(changes, change{Change: "changed", File: after.Config.Name})
	}
	changes = append(changes, peopleDifference(before.People, after.People)...)
	changes = append(changes, otherDifference(before, after)...)
	old, next := outlines(before.Policies), outlines(after.Policies)
	for _, o := range old {
		if find(next, o.name) == nil {
			changes = append(changes, change{Change: "removed", Policy: o.name})
		}
	}
	for i := range next {
		n := &next[i]
		o := find(old, n.name)
		if o == nil {
			changes = append(changes, change{Change: "added", Policy: n.name})
			continue
		}
		changes = append(changes, o.compare(n)...)
	}
	return changes
}

func peopleDifference(before, after *rules.File) []change {
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		return []change{{Change: "added", File: after.Name}}
	case after == nil:
		return []change{{Change: "removed", File: before.Name}}
	case !bytes.Equal(before.Data, after.Data):
		return []change{{Change: "changed", File: after.Name}}
	}
	return nil
}

func (o *outline) compare(n *outline) []change {
	var changes []change
	if o.mode != n.mode {
		changes = append(changes, change{Change: "mode", Policy: n.name, From: o.mode, To: n.mode})
	}
	for _, r := range o.order {
		if _, ok := n.rules[r]; !ok {
			changes = append(changes, change{Change: "removed", Policy: n.name, Rule: r})
		}
	}
	for _, r := range n.order {
		was, ok := o.rules[r]
		switch {
		case !ok:
			changes = append(changes, change{Change: "added", Policy: n.name, Rule: r})
		case was != n.rules[r]:
			changes = append(changes, change{Change: "changed", Policy: n.name, Rule: r})
		}
	}
	// Rules that only change places are a change of the policy.
	moved := len(changes) == 0 && strings.Join(o.order, "\x00") != strings.Join(n.order, "\x00")
	if moved || o.rest != n.rest {
		changes = append(changes, change{Change: "changed", Policy: n.name})
	}
	return changes
}

func find(list []outline, name string) *outline {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	return nil
}

// outlines takes policy files apart that were loaded without a mistake.
func outlines(files []rules.File) []outline {
	out := make([]outline, 0, len(files))
	for _, f := range files {
		r, root := strictyaml.Parse(f.Name, f.Data)
		o := outline{name: f.Name, rules: make(map[string]string)}
		for _, e := range r.Mapping(root, "").Entries() {
			switch e.Key {
			case "policy":
				o.name = e.Value.Value
			case "mode":
				o.mode = e.Value.Value
			case "rules":
				for _, n := range e.Value.Content {
					m := r.Mapping(n, e.Field)
					name, _ := m.Get("rule")
					if name.Value == nil {
						continue
					}
					o.order = append(o.order, name.Value.Value)
					o.rules[name.Value.Value] = canonical(n)
				}
			default:
				o.rest += e.Key + canonical(e.Value)
			}
		}
		out = append(out, o)
	}
	return out
}

// canonical gives a value without places, comments and ways of writing.
func canonical(n *strictyaml.Node) string {
	if len(n.Content) == 0 {
		return fmt.Sprintf("%s%q", n.Tag, n.Value)
	}
	var b strings.Builder
	b.WriteString(n.Tag + "(")
	for _, c := range n.Content {
		b.WriteString(canonical(c) + ",")
	}
	b.WriteString(")")
	return b.String()
}

// otherDifference compares the files of types and dictionaries.
func otherDifference(before, after fileSet) (changes []change) {
	old, next := slices.Concat(before.Types, before.Dictionaries), slices.Concat(after.Types, after.Dictionaries)
	in := func(list []rules.File, name string) *rules.File {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
		return nil
	}
	for _, f := range old {
		if in(next, f.Name) == nil {
			changes = append(changes, change{Change: "removed", File: f.Name})
		}
	}
	for _, f := range next {
		switch was := in(old, f.Name); {
		case was == nil:
			changes = append(changes, change{Change: "added", File: f.Name})
		case !bytes.Equal(was.Data, f.Data):
			changes = append(changes, change{Change: "changed", File: f.Name})
		}
	}
	return changes
}

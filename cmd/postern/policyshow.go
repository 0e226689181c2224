package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/rules"
)

func newPolicyShow() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show [POLICY…]",
		Short: "Print policies in the order in which they are judged",
		Long: `Show prints policies as they were compiled: in the order in which they are judged,
the conditions of a rule in the order in which they are asked, whether a rule
answers for each recipient or for the whole message, what its dearest condition
costs, whose mail a policy is for, and what is done.

Without POLICY, a name, all policies are printed.`,
		Example: `  postern policy show
  postern policy show --config postern.yaml "Card numbers" --json`,
		RunE: func(cmd *cobra.Command, names []string) error {
			w, err := loadGood(cmd.Context(), file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, name := range names {
				if !slices.ContainsFunc(w.set.Policies, func(p *rules.Policy) bool { return strings.EqualFold(p.Name, name) }) {
					return fmt.Errorf("there is no policy %q", name)
				}
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			for _, p := range w.shown() {
				if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, p.Policy) }) {
					continue
				}
				if asJSON {
					err = out.object(p)
				} else {
					out.policy(p)
				}
				if err != nil {
					return err
				}
			}
			return out.flush()
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// policyJSON is a policy as it was compiled.
type policyJSON struct {
	Policy   string          `json:"policy"`
	Order    int             `json:"order"` // among the policies, from 1
	File     string          `json:"file"`
	Mode     string          `json:"mode"`
	Settings []settingJSON   `json:"settings"` // scope and all other keys
	Rules    []shownRuleJSON `json:"rules"`
}

type settingJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type shownRuleJSON struct {
	Rule  string `json:"rule"`
	Order int    `json:"order"` // among the rules of all policies, from 1
	// Acts is false where the rule or its policy is disabled, or its policy is in a
	// test mode.
	Acts       bool            `json:"acts"`
	Disabled   bool            `json:"disabled"`
	Judged     string          `json:"judged"` // message or recipient
	Cost       string          `json:"cost"`   // low, medium or high
	Settings   []settingJSON   `json:"settings"`
	Conditions *shownCondition `json:"conditions"`
	Exceptions *shownCondition `json:"exceptions"` // null without any
	Actions    []actionJSON    `json:"actions"`
}

// shownCondition is a condition, or conditions joined.
type shownCondition struct {
	Op        string            `json:"op,omitempty"` // all, any or not
	Path      string            `json:"path"`
	Condition string            `json:"condition,omitempty"`
	Value     string            `json:"value,omitempty"`
	Judged    string            `json:"judged,omitempty"`
	Cost      string            `json:"cost"`
	Asks      string            `json:"asks,omitempty"` // what has to be had for the answer
	Joined    []*shownCondition `json:"joined,omitempty"`
}

type actionJSON struct {
	Action string `json:"action"`
	Class  string `json:"class"`
	Value  string `json:"value"`
}

var judgedWords = map[rules.Kind]string{rules.MessageWide: "message", rules.PerRecipient: "recipient", rules.AnyRecipient: "any recipient"}

// shown gives the policies in order.
func (w *world) shown() []policyJSON {
	texts := policyTexts(w.files.Policies)
	var list []policyJSON
	number := 0
	for i, p := range w.set.Policies {
		out := policyJSON{Policy: p.Name, Order: i + 1, File: p.File, Mode: string(p.Mode), Settings: []settingJSON{}}
		var text policyText
		if at := slices.IndexFunc(texts, func(t policyText) bool { return t.file == p.File }); at >= 0 {
			text = texts[at]
		}
		for _, s := range text.settings {
			out.Settings = append(out.Settings, settingJSON{s.name, s.text})
		}
		for j, r := range p.Rules {
			number++
			conditions, exceptions := r.Outline()
			rule := shownRuleJSON{
				Rule: r.Name, Order: number, Acts: p.Mode.Enforced() && !r.Disabled, Disabled: r.Disabled, Judged: judgedWords[r.Judged()],
				Cost: r.Cost().Word(), Settings: []settingJSON{}, Conditions: shownOf(conditions), Exceptions: shownOf(exceptions), Actions: []actionJSON{},
			}
			if j < len(text.rules) {
				for _, s := range text.rules[j].settings {
					rule.Settings = append(rule.Settings, settingJSON{s.name, s.text})
				}
			}
			for _, a := range actions.Outlines(r) {
				rule.Actions = append(rule.Actions, actionJSON{a.Action, a.Class.String(), a.Value})
			}
			out.Rules = append(out.Rules, rule)
		}
		list = append(list, out)
	}
	return list
}

func shownOf(o *rules.Outline) *shownCondition {
	if o == nil {
		return nil
	}
	c := &shownCondition{Op: o.Op, Path: o.Path, Condition: o.Condition, Value: o.Value, Cost: o.Cost.Word()}
	if o.Op == "" {
		c.Judged, c.Asks = judgedWords[o.Kind], o.Cost.Step()
	}
	for i := range o.Kids {
		c.Joined = append(c.Joined, shownOf(&o.Kids[i]))
	}
	return c
}

// policy prints a policy for people.
func (o *output) policy(p policyJSON) {
	o.printf("%d. policy %s (%s, %s)\n", p.Order, clip(p.Policy, 200), p.Mode, clip(p.File, 300))
	for _, s := range p.Settings {
		o.printf("   %s: %s\n", s.Name, clip(s.Value, 2000))
	}
	for i, r := range p.Rules {
		disabled := ""
		if r.Disabled {
			disabled = "disabled, "
		}
		o.printf("   %d.%d rule %s (%sper %s, cost %s)\n", p.Order, i+1, clip(r.Rule, 200), disabled, r.Judged, r.Cost)
		for _, s := range r.Settings {
			if s.Name != "disabled" {
				o.printf("       %s: %s\n", s.Name, clip(s.Value, 2000))
			}
		}
		o.joined("when", r.Conditions)
		o.joined("unless", r.Exceptions)
		for _, a := range r.Actions {
			class := ""
			if a.Class != actions.Mark.String() {
				class = " (" + a.Class + ")"
			}
			o.printf("       does   %s: %s%s\n", a.Action, clip(a.Value, 1000), class)
		}
		if len(r.Actions) == 0 {
			o.printf("       does   nothing: matches are recorded\n")
		}
	}
}

// joined prints a tree of conditions; those at the top have a line each.
func (o *output) joined(word string, c *shownCondition) {
	if c == nil {
		return
	}
	list, then := []*shownCondition{c}, map[string]string{"when": "and", "unless": "or"}[word]
	if c.Op == "all" && word == "when" || c.Op == "any" && word == "unless" {
		list = c.Joined
	}
	for _, l := range list {
		o.printf("       %-6s ", word)
		o.shown(l, 14)
		word = then
	}
}

// shown prints a condition, or those joined on lines of their own, indented.
func (o *output) shown(c *shownCondition, indent int) {
	if c.Op == "" {
		o.printf("%s: %s  [%s, %s]\n", c.Condition, clip(c.Value, 1000), c.Judged, c.Cost)
		return
	}
	o.printf("%s:\n", c.Op)
	for _, k := range c.Joined {
		o.printf("%s", strings.Repeat(" ", indent+2))
		o.shown(k, indent+2)
	}
}

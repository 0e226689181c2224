package rules

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/strictyaml"
)

// File is a policy file to load.
type File struct {
	Name string
	Data []byte
}

// ActionKeys is how the floor above reads the actions of a rule.
type ActionKeys interface {
	// Parse reads the mapping under `actions`. The values are kept in
	// Rule.Actions. Mistakes are recorded in r. stopPolicyProcessing is among them.
	Parse(r *strictyaml.Reader, n *strictyaml.Node, field string, rule *Rule) (actions []any)
}

// Vocabulary is what the loader accepts.
type Vocabulary struct {
	Types *classify.Catalog
	// Faulty, when not nil, tells of a name or id that Types does not have whether a
	// file of types with mistakes gives it: the policy that names it is not to blame.
	Faulty  func(name string) bool
	Actions ActionKeys
	// Directory, when not nil, is asked whether groups exist: an unknown one is a
	// hint.
	Directory directory.Directory
	// NoDirectory says that there is none, so that conditions which ask one are
	// hints. A Directory that is nil says nothing.
	NoDirectory bool
	// Moved, when not nil, is asked about mistakes that come of what the directory
	// holds, which changes when policies do not: where it gives true, the mistake is
	// a hint.
	Moved    func(strictyaml.Problem) bool
	Settings Settings
	// Zone is that of dates written without an offset; nil is that of the machine.
	Zone *time.Location
	// Now, when not nil, is asked so that a rule that has expired is a hint.
	Now func() time.Time
	// NoLimits makes hints of the limits of Purview, which are mistakes otherwise.
	NoLimits bool
	// Inverted tells which conditions, by name and path, answer the opposite of what
	// they find, so that tests of policies can show that they notice. Nil outside of
	// tests.
	Inverted func(condition, path string) bool
}

// maxAsking bounds the time of asking the directory about a whole set. What was not
// asked then is taken as it is written: a directory that hangs keeps no policy from
// being served.
const maxAsking = 20 * time.Second

// loader is the state of one Load.
type loader struct {
	vocabulary Vocabulary
	patterns   int // octets of patterns so far
	rules      int
	same       map[string]*node // conditions read so far, by what they say
	sought     []*sought        // by conditions that look into long texts
	groups     map[string]error // what the directory said of a group
	silent     bool             // the directory did not answer once
	asking     context.Context  // ends questions to the directory in time
}

// draft is a policy being loaded, with the places that checks of the whole set
// point at.
type draft struct {
	*reader
	policy   *Policy
	name     *strictyaml.Node // nil when missing
	priority *strictyaml.Node // nil when missing
	number   int
}

// reader reads one file of a set.
type reader struct {
	*strictyaml.Reader
	*loader
	rule *Rule // being read
	// types counts those of sensitive information in the rule being read.
	types int
	// limit is that of the condition being read; values counts what is written in
	// it, and valuesInRule what counts over the rule.
	limit                Limit
	values, valuesInRule int
	// refused are the words said of keys refused, by the path of their mapping.
	refused map[string][]string
	// exception is set while exceptions are read.
	exception bool
}

// Load reads, checks and compiles policies. Problems holds every mistake of
// every file and of all together; the set is nil when one of them is an error.
func Load(files []File, v Vocabulary) (*Set, []strictyaml.Problem) {
	l := &loader{vocabulary: v, groups: make(map[string]error)}
	var cancel context.CancelFunc
	l.asking, cancel = context.WithTimeout(context.Background(), maxAsking)
	defer cancel()
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })

	drafts := make([]*draft, 0, len(files))
	for i, f := range files {
		d := l.file(f)
		if drafts = append(drafts, d); i == maxPolicies {
			d.over(nil, "", "take policies away", "this is policy number %d, at most %d are allowed", i+1, maxPolicies)
		}
	}
	unique(drafts)

	var problems []strictyaml.Problem
	for _, d := range drafts {
		problems = append(problems, d.Problems...)
	}
	strictyaml.Sort(problems)
	if strictyaml.Errors(problems) {
		return nil, problems
	}
	slices.SortStableFunc(drafts, func(a, b *draft) int {
		switch {
		case a.priority != nil && b.priority != nil:
			return cmp.Compare(a.number, b.number)
		case a.priority != nil:
			return -1
		case b.priority != nil:
			return 1
		}
		return 0
	})
	l.index()
	set := &Set{Version: version(files), different: len(l.same), types: make(map[*classify.Type]bool)}
	for i, d := range drafts {
		d.policy.Priority = i
		set.add(d.policy)
	}
	return set, problems
}

// add takes a policy into the set and notes what its rules need.
func (s *Set) add(p *Policy) {
	s.Policies = append(s.Policies, p)
	for _, r := range p.Rules {
		s.rules++
		if p.Mode == Disable || r.Disabled {
			continue
		}
		for _, l := range r.leaves {
			s.recipients = s.recipients || l.check.recipient != nil || l.check.recipients
			for _, t := range l.check.types {
				s.types[t] = true
			}
		}
	}
}

// unique refuses names and priorities that two policies share.
func unique(drafts []*draft) {
	names, priorities := make(map[string]*draft), make(map[int]*draft)
	for _, d := range drafts {
		if d.name != nil {
			key := strings.ToLower(d.policy.Name)
			if first := names[key]; first != nil {
				d.Errorf(d.name, "policy", "give each policy a name of its own", "the name %q is also that of %s", d.policy.Name, first.File)
			} else {
				names[key] = d
			}
		}
		if d.priority != nil {
			if first := priorities[d.number]; first != nil {
				d.Errorf(d.priority, "priority", "give each policy a number of its own", "the priority %d is also that of %s", d.number, first.File)
			} else {
				priorities[d.number] = d
			}
		}
	}
}

// version is a digest of names and contents of the files, which are sorted.
func version(files []File) string {
	h := sha256.New()
	for _, f := range files {
		for _, b := range [][]byte{[]byte(f.Name), f.Data} {
			var n [8]byte
			binary.BigEndian.PutUint64(n[:], uint64(len(b)))
			h.Write(n[:])
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func (l *loader) file(f File) *draft {
	d := &draft{policy: &Policy{File: f.Name}}
	r, root := strictyaml.Parse(f.Name, f.Data)
	d.reader = &reader{Reader: r, loader: l, refused: make(map[string][]string)}
	if root == nil {
		return d
	}
	if len(f.Data) > maxPolicySize {
		d.over(nil, "", "divide it into several policies", "the policy is larger than %d KB", maxPolicySize>>10)
	}
	d.read(root)
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "rules" {
			d.sizes(f.Data, root.Content[i+1], "rules")
		}
	}
	return d
}

// read reads the keys of a policy.
func (d *draft) read(root *strictyaml.Node) {
	p := d.policy
	m := d.keys(root, "", policyKeys)
	if e, ok := d.require(m, "policy", "write `policy: Name`"); ok {
		if p.Name, ok = d.shortText(e.Value, e.Field, maxName); ok {
			d.name = e.Value
		}
	}
	if e, ok := m.Get("comment"); ok {
		p.Comment, _ = d.longText(e.Value, e.Field)
	}
	modes := []string{string(Enable), string(TestWithNotifications), string(TestWithoutNotifications), string(Disable)}
	if e, ok := d.require(m, "mode", "write `mode: testWithoutNotifications` to begin with"); ok {
		mode, _ := d.OneOf(e.Value, e.Field, modes...)
		p.Mode = Mode(mode)
	}
	if e, ok := m.Get("priority"); ok {
		if d.number, ok = d.Int(e.Value, e.Field, 0, maxPriority); ok {
			d.priority = e.Value
		}
	}
	if e, ok := m.Get("scope"); ok {
		d.readScope(e.Value, e.Field)
	}
	if e, ok := m.Get("administrativeUnit"); ok {
		d.readUnits(e.Value, e.Field)
	}
	if e, ok := d.require(m, "rules", "write `rules:` and a list of rules"); ok {
		d.readRules(e.Value, e.Field)
	}
}

func (d *draft) readRules(n *strictyaml.Node, field string) {
	if n.Kind != sequence {
		d.Errorf(n, field, "begin each rule with `- rule: Name`", "a list of rules is due here")
		return
	}
	names := make(map[string]bool)
	for i, item := range d.List(n, field) {
		d.rules++
		if d.rules == maxRules+1 {
			d.over(item, strictyaml.Index(field, i), "take rules away", "this is rule number %d of all policies, at most %d are allowed", d.rules, maxRules)
		}
		rule := d.readRule(item, strictyaml.Index(field, i), d.policy, names)
		d.policy.Rules = append(d.policy.Rules, rule)
	}
}

func (r *reader) readRule(n *strictyaml.Node, field string, p *Policy, names map[string]bool) *Rule {
	rule := &Rule{Policy: p, line: n.Line, column: n.Column, field: field}
	r.rule, r.types, r.valuesInRule = rule, 0, 0
	m := r.keys(n, field, ruleKeys)
	if e, ok := r.require(m, "rule", "write `rule: Name`"); ok {
		if rule.Name, ok = r.shortText(e.Value, e.Field, maxName); ok {
			key := strings.ToLower(rule.Name)
			if names[key] {
				r.Errorf(e.Value, e.Field, "give each rule of a policy a name of its own", "another rule of the policy is named %q", rule.Name)
			}
			names[key] = true
		}
	}
	if e, ok := m.Get("comment"); ok {
		rule.Comment, _ = r.longText(e.Value, e.Field)
	}
	if e, ok := m.Get("disabled"); ok {
		rule.Disabled, _ = r.Bool(e.Value, e.Field)
	}
	r.readMoments(m, rule)
	if e, ok := m.Get("evaluateRulePerComponent"); ok {
		rule.PerComponent, _ = r.Bool(e.Value, e.Field)
	}
	at, located := m.Get("senderAddressLocation")
	if located {
		rule.location = readLocation(r.Reader, at)
	}
	if e, ok := r.require(m, "conditions", "write `conditions:` and at least one condition; for all mail `messageSizeOver: 1B`"); ok {
		rule.conditions = r.readConditions(e.Value, e.Field)
	}
	if e, ok := m.Get("exceptions"); ok {
		rule.exceptions = r.readExceptions(e.Value, e.Field)
	}
	if located && rule.location != "" && !rule.located {
		r.Hintf(at.At, at.Field, "take it away", "no condition of the rule looks at it")
	}
	if r.types > maxTypes {
		r.over(m.Node, field, "divide the rule", "%d types of sensitive information are named, at most %d are allowed in a rule", r.types, maxTypes)
	}
	for _, l := range rule.leaves {
		rule.PerRecipient = rule.PerRecipient || l.check.recipient != nil
	}
	if e, ok := m.Get("actions"); ok {
		if r.vocabulary.Actions == nil {
			r.Errorf(e.At, e.Field, "", "actions are not read here")
		} else {
			rule.Actions = r.vocabulary.Actions.Parse(r.Reader, e.Value, e.Field, rule)
		}
	}
	return rule
}

// shortText reads a name: one line of at most max characters.
func (r *reader) shortText(n *strictyaml.Node, field string, max int) (string, bool) {
	s, ok := r.boundedText(n, field, max)
	if ok && strings.ContainsFunc(s, isControl) {
		r.Errorf(n, field, "write it in one line of plain text", "control characters and line ends are not allowed here")
		return "", false
	}
	if ok && strings.TrimSpace(s) == "" {
		r.Errorf(n, field, "write a name", "the name is empty")
		return "", false
	}
	return s, ok
}

func (r *reader) longText(n *strictyaml.Node, field string) (string, bool) {
	return r.boundedText(n, field, maxComment)
}

func (r *reader) boundedText(n *strictyaml.Node, field string, max int) (string, bool) {
	s, ok := r.Text(n, field)
	if !ok {
		return "", false
	}
	if count := runes(s); count > max {
		ok = r.over(n, field, fmt.Sprintf("write at most %d", max), "the text has %d characters", count)
	}
	return s, ok
}

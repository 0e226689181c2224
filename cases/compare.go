package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// Difference is something that is not as want.yaml says.
type Difference struct {
	What string `json:"what"` // "verdict", "rule Cards / Outside matches" …
	Got  string `json:"got"`
	Want string `json:"want"`
	// Rule is the one that it is about; nil when it is about none.
	Rule *rules.Rule `json:"-"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s, want %s", d.What, orNothing(d.Got), orNothing(d.Want))
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// comparison collects differences.
type comparison struct {
	found []Difference
	// whole is set where what is not named must not be there. Otherwise what is not
	// named is not asked for, but verdicts and edits.
	whole bool
	rule  *rules.Rule // that the comparison is at
}

func (d *comparison) is(what string, got, want any) {
	if got != want {
		d.found = append(d.found, Difference{what, fmt.Sprint(got), fmt.Sprint(want), d.rule})
	}
}

// text compares a text; nil is one that is not named.
func (d *comparison) text(what, got string, want *string) {
	switch {
	case want != nil:
		d.is(what, got, *want)
	case d.whole:
		d.is(what, got, "")
	}
}

// list compares lists; nil is one that is not named.
func (d *comparison) list(what string, got, want []string) {
	if want == nil && !d.whole || slices.Equal(got, want) {
		return
	}
	d.found = append(d.found, Difference{what, strings.Join(got, "; "), strings.Join(want, "; "), d.rule})
}

func (d *comparison) has(what, got, part string) {
	if !strings.Contains(got, part) {
		d.found = append(d.found, Difference{what, got, "a text with " + part, d.rule})
	}
}

// compare gives what differs from want.yaml.
func (c *Case) compare(m *message.Message, dec *actions.Decision, commit *quarantine.Commit, whole bool) []Difference {
	d := comparison{whole: whole}
	w := &c.want
	verdict := dec.Outcome.Verdict
	if w.verdict == actions.Quarantine || w.verdict == actions.Delete {
		verdict = dec.Verdict()
	}
	d.is("verdict", verdict, w.verdict)
	if w.mismatch != nil || whole {
		d.is("address mismatch", dec.AddressMismatch, w.mismatch != nil && *w.mismatch)
	}
	switch {
	case w.err == "" && dec.Err != nil:
		d.is("error", dec.Err.Error(), "")
	case w.err != "":
		d.has("error", fmt.Sprint(dec.Err), w.err)
	}
	var signals []string
	for _, n := range dec.Notices {
		signals = append(signals, n.Part+": "+string(n.Signal))
	}
	d.list("signals", signals, w.signals)
	var undecided []string
	for _, u := range dec.Undecided {
		line := ruleName(u.Rule) + ": " + string(u.Remedy)
		if len(u.Recipients) < len(m.Envelope.Recipients) {
			line += " for " + strings.Join(pathsOf(&m.Envelope, u.Recipients), ", ")
		}
		undecided = append(undecided, line)
	}
	if w.undecided != nil || w.err == "" {
		d.list("undecided", undecided, w.undecided)
	}
	var alerts []string
	for _, a := range dec.Alerts {
		line := ruleName(a.Rule) + ": " + a.Counts()
		for i, p := range a.To {
			line += []string{" to ", ", "}[min(i, 1)] + p.String()
		}
		alerts = append(alerts, line)
	}
	d.list("alerts", alerts, w.alerts)
	c.compareReply(&d, dec)
	c.compareRules(&d, m, dec)
	c.compareForks(&d, m, dec)
	c.compareEdits(&d, m, dec)
	c.compareKept(&d, commit)
	c.compareTold(&d, dec, commit)
	return d.found
}

func (c *Case) compareReply(d *comparison, dec *actions.Decision) {
	w, got := c.want.reply, dec.Outcome.Reply
	if dec.Outcome.Verdict == actions.Deliver || dec.Outcome.Verdict == actions.Discard {
		if w.code != 0 || w.enhanced != "" || len(w.contains) > 0 {
			d.is("reply", "", "a refusal")
		}
		return
	}
	if w.code == 0 {
		w.code = map[actions.Verdict]int{actions.Block: 550, actions.Defer: 451}[dec.Outcome.Verdict]
	}
	if w.enhanced == "" && d.whole {
		w.enhanced = map[actions.Verdict]string{actions.Block: "5.7.1", actions.Defer: "4.3.0"}[dec.Outcome.Verdict]
	}
	d.is("reply code", got.Code, w.code)
	if w.enhanced != "" {
		d.is("enhanced status code", got.Enhanced, w.enhanced)
	}
	text := strings.Join(got.Lines, "\n")
	d.has("reply", text, "Reference "+caseReference)
	for _, s := range w.contains {
		d.has("reply", text, s)
	}
	for _, s := range w.absent {
		if strings.Contains(text, s) {
			d.is("reply", text, "a text without "+s)
		}
	}
}

// compareRules compares what rules came to. Those that want.yaml does not name
// must not have matched; with whole, all are named.
func (c *Case) compareRules(d *comparison, m *message.Message, dec *actions.Decision) {
	if c.want.rules == nil && !d.whole {
		return
	}
	defer func() { d.rule = nil }()
	found := make(map[string]bool)
	for i := range dec.Evaluation.Rules {
		res := &dec.Evaluation.Rules[i]
		d.rule = res.Rule
		name := ruleName(res.Rule)
		if _, ok := c.want.rules[name]; !ok {
			name = res.Rule.Name
		}
		w, ok := c.want.rules[name]
		if ok {
			found[name] = true
			c.compareRule(d, m, "rule "+name, res, w)
		} else if d.whole || res.Result == rules.Matched || res.Result == rules.UnknownRule {
			d.is("rule "+ruleName(res.Rule)+", which want.yaml does not name", res.Result, "")
		}
	}
	d.rule = nil
	for _, name := range slices.Sorted(maps.Keys(c.want.rules)) {
		if !found[name] {
			d.is("rule "+name, "no such rule", c.want.rules[name].result)
		}
	}
}

func (c *Case) compareRule(d *comparison, m *message.Message, name string, res *rules.RuleResult, w wantRule) {
	all := make([]int, len(m.Envelope.Recipients))
	for i := range all {
		all[i] = i
	}
	d.is(name, string(res.Result), w.result)
	if w.recipients == nil && w.result == string(rules.Matched) {
		w.recipients = pathsOf(&m.Envelope, all)
	}
	if w.unknownFor == nil && w.result == string(rules.UnknownRule) {
		w.unknownFor = pathsOf(&m.Envelope, all)
	}
	d.list(name+" matches", pathsOf(&m.Envelope, res.Matches), w.recipients)
	d.list(name+" unknown for", pathsOf(&m.Envelope, res.Unknowns), w.unknownFor)
	d.list(name+" stopped for", pathsOf(&m.Envelope, res.Stopped), w.stoppedFor)
	d.has(name+" reason", res.Reason, w.reason)
	found := make(map[string]bool)
	for _, cond := range res.Conditions {
		path := cond.Path + "." + cond.Condition
		if want, ok := w.conditions[path]; ok {
			d.is(name+" "+path, cond.Result, want)
			found[path] = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(w.conditions)) {
		if !found[path] {
			d.is(name+" "+path, "no such condition", w.conditions[path])
		}
	}
	if w.evidence != nil {
		d.list(name+" evidence", evidenceOf(res.Evidence), w.evidence)
	}
}

func (c *Case) compareForks(d *comparison, m *message.Message, dec *actions.Decision) {
	w := c.want.forks
	if w == nil {
		// What is said of the message was compared already.
		by := nameOf(dec.Forks[0].DecidedBy)
		w = []wantFork{{verdict: c.want.verdict, decidedBy: &by}}
		if len(d.found) > 0 || c.want.verdict == actions.Discard {
			w[0].verdict = dec.Forks[0].Verdict
		}
	}
	if len(dec.Forks) != len(w) {
		var got []string
		for _, f := range dec.Forks {
			got = append(got, fmt.Sprintf("%s for %s", f.Verdict, strings.Join(pathsOf(&m.Envelope, f.Recipients), " ")))
		}
		d.is("forks", fmt.Sprintf("%d (%s)", len(dec.Forks), strings.Join(got, "; ")), len(w))
	}
	decided := ""
	for i := range dec.Forks {
		f := &dec.Forks[i]
		if f.DecidedBy != nil {
			decided = ruleName(f.DecidedBy)
		}
		if i < len(w) {
			d.rule = due(dec, w[i].decidedBy)
			w[i].compare(d, fmt.Sprintf("fork %d", i), m, f, len(dec.Forks) == 1)
		}
	}
	d.rule = due(dec, c.want.decidedBy)
	d.text("decided by", decided, c.want.decidedBy)
	d.rule = nil
}

// due gives the rule that should have decided; nil for none.
func due(dec *actions.Decision, name *string) *rules.Rule {
	if name != nil {
		for i := range dec.Evaluation.Rules {
			if r := dec.Evaluation.Rules[i].Rule; ruleName(r) == *name {
				return r
			}
		}
	}
	return nil
}

func (w *wantFork) compare(d *comparison, name string, m *message.Message, f *actions.Fork, alone bool) {
	if w.recipients != nil || !alone {
		d.list(name+" recipients", pathsOf(&m.Envelope, f.Recipients), w.recipients)
	}
	d.is(name+" verdict", f.Verdict, w.verdict)
	d.text(name+" decided by", nameOf(f.DecidedBy), w.decidedBy)
	d.text(name+" policy tip", f.PolicyTip, w.tip)
	edits := []string{}
	for _, e := range f.Edits {
		edits = append(edits, strings.TrimSuffix(e.Action+" "+e.Name, " ")+": "+e.Value)
	}
	d.list(name+" edits", edits, append([]string{}, w.edits...))
	if w.states != nil {
		states := make(map[string]string)
		for _, s := range f.Rules {
			states[s.Rule.Name] = string(s.State)
		}
		d.list(name+" states", pairs(states), pairs(w.states))
	}
	if w.simulated != "" {
		sim := string(f.Simulated.Verdict)
		if f.Simulated.DecidedBy != nil {
			sim += " by " + ruleName(f.Simulated.DecidedBy)
		}
		d.is(name+" simulated", sim, w.simulated)
	}
	if w.route != "" {
		d.is(name+" route", routes[f.Route], w.route)
	}
	d.has(name+" why", f.Why, w.why)
	var failures []string
	for i, e := range f.Failures {
		line := fmt.Sprintf("%s: %s %s", ruleName(e.Rule), e.Action, e.Remedy)
		if i < len(w.failures) && strings.HasPrefix(line+": "+e.Reason, w.failures[i]) {
			line = w.failures[i]
		}
		failures = append(failures, line)
	}
	d.list(name+" failures", failures, append([]string{}, w.failures...))
	d.list(name+" broken signatures", append([]string{}, f.BrokenSignatures...), append([]string{}, w.signatures...))
	if w.stripped != nil {
		d.list(name+" attachments removed", f.Stripped, w.stripped)
	}
	if w.final != nil {
		d.list(name+" final recipients", f.FinalRecipients, w.final)
	}
}

// pairs gives a mapping as a list in order.
func pairs(m map[string]string) []string {
	list := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+": "+m[k])
	}
	return list
}

// compareEdits does to the header section what an MTA would do.
func (c *Case) compareEdits(d *comparison, m *message.Message, dec *actions.Decision) {
	fields := slices.Clone(m.Header)
	var added, dropped []string
	touched := false
	for _, mod := range dec.Outcome.Modifications {
		if mod.Kind == actions.AddRecipient {
			added = append(added, strings.TrimSpace(mod.Address+" "+strings.Join(mod.Args, " ")))
			continue
		}
		if mod.Kind == actions.DeleteRecipient {
			dropped = append(dropped, strings.Trim(mod.Address, "<>"))
			continue
		}
		touched = true
		var ok bool
		if fields, ok = mod.Apply(fields); !ok {
			d.is("edit of "+mod.Name, fmt.Sprintf("no field number %d", mod.Index), "")
		}
	}
	body := m.Body()
	for _, mod := range dec.Outcome.Modifications {
		if mod.Kind == actions.ReplaceBody {
			body = mod.Body
			if d.whole && c.want.body.none() {
				d.is("body", "another one", "")
			}
		}
	}
	if dec.Outcome.Verdict == actions.Deliver {
		c.want.body.compare(d, "body", body)
	}
	d.list("recipients added", added, c.want.added)
	d.list("recipients deleted", dropped, c.want.dropped)
	if c.want.header == nil && (!touched || !d.whole) {
		return
	}
	var header []string
	for _, f := range fields {
		header = append(header, f.Name+": "+strings.TrimLeft(f.Value, " "))
	}
	d.list("header section", header, c.want.header)
}

// compareKept compares what the store was given: items, notices, and copies for
// the MTA.
func (c *Case) compareKept(d *comparison, commit *quarantine.Commit) {
	blobs := make(map[string][]byte)
	for _, b := range commit.Blobs {
		blobs[b.ID] = b.Data
	}
	var held, notices []string
	for _, item := range commit.Items {
		line := recipientsOf(item.Envelope)
		var draft []actions.Edit
		if len(item.Draft) > 0 && json.Unmarshal(item.Draft, &draft) != nil {
			line += " with a draft that cannot be read"
		}
		for _, e := range draft {
			line += ", " + e.Action
		}
		held = append(held, line)
	}
	copies := 0
	for _, e := range commit.Entries {
		if e.Kind == quarantine.EntryNotice {
			if k := actions.NoticeKind(&e); k != notice.KindNotification && k != notice.KindRecipient {
				notices = append(notices, noticeLine(e, blobs[e.Blob]))
			}
			continue
		}
		if copies++; copies > len(c.want.copies) {
			continue
		}
		c.want.copies[copies-1].compare(d, fmt.Sprint("copy ", copies-1), &e, blobs[e.Blob])
	}
	if c.want.severities != nil {
		c.compareSeverities(d, commit.Records)
	}
	d.list("held", held, c.want.held)
	d.list("notices", notices, c.want.notices)
	if c.want.copies != nil || d.whole {
		d.is("copies", copies, len(c.want.copies))
	}
}

// compareSeverities compares the severities of the rules that are recorded.
func (c *Case) compareSeverities(d *comparison, records []quarantine.Record) {
	for _, raw := range records {
		rec, err := audit.Parse(raw.Data)
		if err != nil {
			d.is("record", err.Error(), "")
			continue
		}
		for _, p := range rec.PolicyDetails {
			for _, r := range p.Rules {
				d.is("severity of "+r.RuleName, r.Severity, c.want.severities[r.RuleName])
			}
		}
	}
}

func recipientsOf(env quarantine.Envelope) string {
	var to []string
	for _, r := range env.Recipients {
		to = append(to, r.Path)
	}
	return strings.Join(to, " ")
}

// noticeLine says to whom a notice goes, and whom it names when it is a report.
func noticeLine(e quarantine.Entry, content []byte) string {
	var to []string
	for _, r := range e.Recipients {
		to = append(to, r.Address)
	}
	line := strings.Join(to, " ") + ": "
	if reported, ok := reportLine(content); ok {
		return line + reported
	}
	report, err := dsn.Parse(bytes.NewReader(content))
	if err != nil {
		return line + "held"
	}
	line += "ndr"
	for _, r := range report.Recipients {
		line += " " + r.Final.Text
	}
	return line
}

func (w *wantCopy) compare(d *comparison, name string, e *quarantine.Entry, content []byte) {
	var to []string
	for _, r := range e.Recipients {
		to = append(to, strings.Join(append([]string{r.Address}, r.Args...), " "))
	}
	d.list(name+" to", to, w.to)
	d.is(name+" marked", e.Marked, w.marked)
	_, body, _ := bytes.Cut(content, []byte("\r\n\r\n"))
	w.body.compare(d, name+" body", body)
	if w.header == nil {
		return
	}
	section, _, _ := strings.Cut(string(content), "\r\n\r\n")
	var header []string
	for _, line := range strings.Split(section, "\r\n") {
		if line[0] == ' ' && len(header) > 0 {
			header[len(header)-1] += "\r\n" + line
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		header = append(header, name+": "+strings.TrimLeft(value, " "))
	}
	d.list(name+" header section", header, w.header)
}

func (w *wantBody) none() bool { return w.is == nil && w.contains == nil && w.absent == nil }

// compare looks at a body with LF line ends.
func (w *wantBody) compare(d *comparison, what string, body []byte) {
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	if w.is != nil {
		d.is(what, text, *w.is)
	}
	for _, part := range w.contains {
		d.has(what, text, part)
	}
	for _, part := range w.absent {
		if strings.Contains(text, part) {
			d.is(what, text, "a text without "+part)
		}
	}
}

func nameOf(r *rules.Rule) string {
	if r == nil {
		return ""
	}
	return ruleName(r)
}

// ruleName gives the name of a rule with that of its policy.
func ruleName(r *rules.Rule) string { return r.Policy.Name + " / " + r.Name }

func pathsOf(env *message.Envelope, places []int) []string {
	list := make([]string, 0, len(places))
	for _, i := range places {
		list = append(list, env.Recipients[i].Path.String())
	}
	return list
}

func evidenceOf(list []rules.Evidence) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s: %d, %d, %d, %s", e.Type, e.Count, e.UniqueCount, e.Confidence, strings.Join(e.Parts, " ")))
	}
	slices.Sort(out)
	return out
}

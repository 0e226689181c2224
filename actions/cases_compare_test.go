package actions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// differences collects what is not as wanted.
type differences []string

func (d *differences) is(what string, got, want any) {
	if !cmp.Equal(got, want) {
		*d = append(*d, fmt.Sprintf("%s: %v, want %v", what, got, want))
	}
}

func (d *differences) list(what string, got, want []string) {
	if !slices.Equal(got, want) {
		*d = append(*d, fmt.Sprintf("%s (-want +got):\n%s", what, cmp.Diff(want, got)))
	}
}

func (d *differences) has(what, got, part string) {
	if !strings.Contains(got, part) {
		*d = append(*d, fmt.Sprintf("%s: %q does not hold %q", what, got, part))
	}
}

func (c *policyCase) compare(m *message.Message, dec *Decision, commit *quarantine.Commit) []string {
	var d differences
	w := &c.want
	d.is("verdict", dec.Outcome.Verdict, w.verdict)
	d.is("address mismatch", dec.AddressMismatch, w.mismatch)
	switch {
	case w.err == "" && dec.Err != nil:
		d = append(d, "error: "+dec.Err.Error())
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
	c.compareReply(&d, dec)
	c.compareRules(&d, m, dec)
	c.compareForks(&d, m, dec)
	c.compareEdits(&d, m, dec)
	c.compareKept(&d, commit)
	return d
}

func (c *policyCase) compareReply(d *differences, dec *Decision) {
	w, got := c.want.reply, dec.Outcome.Reply
	if c.want.verdict == Deliver || c.want.verdict == Discard {
		d.is("reply", got, Reply{})
		return
	}
	if w.code == 0 {
		w.code = map[Verdict]int{Block: 550, Defer: 451}[c.want.verdict]
	}
	if w.enhanced == "" {
		w.enhanced = map[Verdict]string{Block: "5.7.1", Defer: "4.3.0"}[c.want.verdict]
	}
	d.is("reply code", got.Code, w.code)
	d.is("enhanced status code", got.Enhanced, w.enhanced)
	text := strings.Join(got.Lines, "\n")
	d.has("reply", text, "Reference P-TESTREF")
	for _, s := range w.contains {
		d.has("reply", text, s)
	}
	for _, s := range w.absent {
		if strings.Contains(text, s) {
			*d = append(*d, fmt.Sprintf("reply: %q holds %q", text, s))
		}
	}
}

func (c *policyCase) compareRules(d *differences, m *message.Message, dec *Decision) {
	named := 0
	all := make([]int, len(m.Envelope.Recipients))
	for i := range all {
		all[i] = i
	}
	for _, res := range dec.Evaluation.Rules {
		name := ruleName(res.Rule)
		w, ok := c.want.rules[name]
		if !ok {
			name = res.Rule.Name
			if w, ok = c.want.rules[name]; !ok {
				*d = append(*d, fmt.Sprintf("rule %q is not named in want.yaml; its result is %s", name, res.Result))
				continue
			}
		}
		named++
		name = "rule " + name
		d.is(name, string(res.Result), w.result)
		if w.recipients == nil && w.result == string(rules.Matched) {
			w.recipients = pathsOf(&m.Envelope, all)
		}
		if w.unknownFor == nil && w.result == string(rules.UnknownRule) {
			w.unknownFor = pathsOf(&m.Envelope, all)
		}
		d.list(name+" matches", pathsOf(&m.Envelope, res.Matches), orNone(w.recipients))
		d.list(name+" unknown for", pathsOf(&m.Envelope, res.Unknowns), orNone(w.unknownFor))
		d.list(name+" stopped for", pathsOf(&m.Envelope, res.Stopped), orNone(w.stoppedFor))
		d.has(name, res.Reason, w.reason)
		paths := 0
		for _, cond := range res.Conditions {
			path := cond.Path + "." + cond.Condition
			if want, ok := w.conditions[path]; ok {
				d.is(name+" "+path, cond.Result, want)
				paths++
			}
		}
		d.is(name+" conditions found", paths, len(w.conditions))
		if w.evidence != nil {
			d.list(name+" evidence", evidenceOf(res.Evidence), w.evidence)
		}
	}
	d.is("rules found", named, len(c.want.rules))
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (c *policyCase) compareForks(d *differences, m *message.Message, dec *Decision) {
	w := c.want.forks
	if w == nil {
		w = []wantFork{{verdict: c.want.verdict, decidedBy: c.want.decidedBy}}
	}
	d.is("forks", len(dec.Forks), len(w))
	decided := ""
	for i, f := range dec.Forks {
		by := ""
		if f.DecidedBy != nil {
			by = ruleName(f.DecidedBy)
			decided = by
		}
		if i >= len(w) {
			continue
		}
		w, name := w[i], fmt.Sprintf("fork %d", i)
		if w.recipients != nil || len(dec.Forks) > 1 {
			d.list(name+" recipients", pathsOf(&m.Envelope, f.Recipients), w.recipients)
		}
		d.is(name+" verdict", f.Verdict, w.verdict)
		d.is(name+" decided by", by, w.decidedBy)
		d.is(name+" policy tip", f.PolicyTip, w.tip)
		var edits []string
		for _, e := range f.Edits {
			edits = append(edits, strings.TrimSuffix(e.Action+" "+e.Name, " ")+": "+e.Value)
		}
		d.list(name+" edits", edits, w.edits)
		if w.states != nil {
			states := make(map[string]string)
			for _, s := range f.Rules {
				states[s.Rule.Name] = string(s.State)
			}
			if diff := cmp.Diff(w.states, states); diff != "" {
				*d = append(*d, name+" states (-want +got):\n"+diff)
			}
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
		if w.final != nil {
			d.list(name+" final recipients", f.FinalRecipients, w.final)
		}
	}
	d.is("decided by", decided, c.want.decidedBy)
}

// compareEdits does to the header section what an MTA would do.
func (c *policyCase) compareEdits(d *differences, m *message.Message, dec *Decision) {
	fields := slices.Clone(m.Header)
	var added, dropped []string
	touched := false
	for _, mod := range dec.Outcome.Modifications {
		if mod.Kind == AddRecipient {
			added = append(added, strings.TrimSpace(mod.Address+" "+strings.Join(mod.Args, " ")))
			continue
		}
		if mod.Kind == DeleteRecipient {
			dropped = append(dropped, strings.Trim(mod.Address, "<>"))
			continue
		}
		touched = true
		fields = modified(fields, mod)
	}
	d.list("recipients added", added, c.want.added)
	d.list("recipients deleted", dropped, c.want.dropped)
	if !touched && c.want.header == nil {
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
func (c *policyCase) compareKept(d *differences, commit *quarantine.Commit) {
	blobs := make(map[string][]byte)
	for _, b := range commit.Blobs {
		blobs[b.ID] = b.Data
	}
	var held, notices []string
	for _, item := range commit.Items {
		line := recipientsOf(item.Envelope)
		var draft []Edit
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
			notices = append(notices, noticeLine(e, blobs[e.Blob]))
			continue
		}
		if copies++; copies > len(c.want.copies) {
			*d = append(*d, fmt.Sprintf("a copy for %v that is not wanted", e.Recipients))
			continue
		}
		c.want.copies[copies-1].compare(d, fmt.Sprint("copy ", copies-1), &e, blobs[e.Blob])
	}
	d.list("held", held, c.want.held)
	d.list("notices", notices, c.want.notices)
	d.is("copies", copies, len(c.want.copies))
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

func (w *wantCopy) compare(d *differences, name string, e *quarantine.Entry, content []byte) {
	var to []string
	for _, r := range e.Recipients {
		to = append(to, strings.Join(append([]string{r.Address}, r.Args...), " "))
	}
	d.list(name+" to", to, w.to)
	d.is(name+" marked", e.Marked, w.marked)
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

func modified(fields message.Header, mod Modification) message.Header {
	f := message.Field{Name: mod.Name, Value: " " + mod.Value}
	switch mod.Kind {
	case AddHeader:
		return append(fields, f)
	case InsertHeader:
		return slices.Insert(fields, mod.Index, f)
	}
	n := 0
	for i := range fields {
		if strings.EqualFold(fields[i].Name, mod.Name) {
			if n++; n == mod.Index {
				if mod.Kind == ChangeHeader {
					fields[i].Value = f.Value
					return fields
				}
				return slices.Delete(fields, i, i+1)
			}
		}
	}
	return append(fields, message.Field{Name: "no such field", Value: mod.short()})
}

// ruleName gives the name of a rule by which want.yaml calls it: its own, or with
// that of the policy where two have the same.
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

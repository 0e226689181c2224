package cases

import (
	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// want is want.yaml. Lists are nil where they are not named.
type want struct {
	verdict   actions.Verdict
	decidedBy *string // "policy / rule"
	reply     wantReply
	forks     []wantFork // nil: one with the verdict of the message
	rules     map[string]wantRule
	header    []string // the header section sent on, "Name: value"
	body      wantBody // sent on in the session
	added     []string // recipients added, with ESMTP arguments
	dropped   []string // recipients deleted in the session, as the client wrote them
	held      []string // the recipients of each item, and of its draft the actions
	alerts    []string // "policy / rule: what its match does", " to ADDRESS, ADDRESS"
	notices   []string // "ADDRESS: ndr RECIPIENTS" or "ADDRESS: held"
	told      []string // "KIND to ADDRESSES as ROLE by POLICY / RULE", of mail that rules ask for; ", simulated"
	notTold   []string // the same, and ": REASON"
	mails     []wantMail
	copies    []wantCopy
	signals   []string // "part: signal"
	// severities are those of the rules that are recorded, by name of the rule.
	severities map[string]string
	undecided  []string // "policy / rule: remedy", of the rules that could not be judged and matter
	mismatch   *bool    // the addresses of the sender differ
	err        string
}

type wantReply struct {
	code             int
	enhanced         string
	contains, absent []string
}

type wantFork struct {
	recipients []string
	verdict    actions.Verdict
	decidedBy  *string
	tip        *string
	edits      []string
	states     map[string]string
	simulated  string // "deliver", or "block by policy / rule"
	final      []string
	route      string
	why        string // a part of it
	// failures are the actions that could not be done: "Policy / Rule: action remedy",
	// and a part of the reason behind a colon where one is named.
	failures []string
	// signatures are the domains of DKIM signatures that the edits break.
	signatures []string
	stripped   []string // names of attachments taken out; nil is not asked for
}

// wantCopy is a message given back to the MTA.
type wantCopy struct {
	to     []string // with ESMTP arguments
	marked bool
	header []string
	body   wantBody
}

// wantBody is what a body that is sent on holds, and what not. The message is read
// again for its text: parts are shown one behind the other.
type wantBody struct {
	is               *string // all of it
	contains, absent []string
}

// wantMail is a notice as it is sent, in the order in which they are written.
type wantMail struct {
	to       string // addresses, parted by blanks
	from     string // the header field
	subject  string
	contains []string // in text and HTML both
	absent   []string // from the whole of the mail
	attached string   // media types of what is attached, parted by blanks
}

type wantRule struct {
	result     string
	recipients []string
	unknownFor []string
	stoppedFor []string
	reason     string
	conditions map[string]string
	evidence   []string // "Type: count, unique, confidence, parts"
}

func (r *caseReader) want(m *strictyaml.Mapping, c *Case) {
	w := &c.want
	m.Require("verdict", "write what becomes of the message")
	r.each(m, func(k strictyaml.Entry) bool {
		switch k.Key {
		case "planned":
			c.Planned, _ = r.Bool(k.Value, k.Field)
		case "verdict":
			w.verdict = r.verdict(k)
		case "decidedBy":
			w.decidedBy = r.words(k)
		case "reply":
			r.reply(k, &w.reply)
		case "forks":
			w.forks = []wantFork{}
			for i, n := range r.List(k.Value, k.Field) {
				w.forks = append(w.forks, r.fork(n, strictyaml.Index(k.Field, i)))
			}
		case "rules":
			w.rules = make(map[string]wantRule)
			r.each(r.Mapping(k.Value, k.Field), func(e strictyaml.Entry) bool {
				w.rules[e.Key] = r.rule(e)
				return true
			})
		case "header":
			w.header = r.texts(k)
		case "body":
			r.body(k, &w.body)
		case "added":
			w.added = r.texts(k)
		case "dropped":
			w.dropped = r.texts(k)
		case "held":
			w.held = r.texts(k)
		case "alerts":
			w.alerts = r.texts(k)
		case "notices":
			w.notices = r.texts(k)
		case "told":
			w.told = r.texts(k)
		case "notTold":
			w.notTold = r.texts(k)
		case "mails":
			w.mails = []wantMail{}
			for i, n := range r.List(k.Value, k.Field) {
				w.mails = append(w.mails, r.mail(n, strictyaml.Index(k.Field, i)))
			}
		case "copies":
			w.copies = []wantCopy{}
			for i, n := range r.List(k.Value, k.Field) {
				w.copies = append(w.copies, r.copied(n, strictyaml.Index(k.Field, i)))
			}
		case "severities":
			w.severities = make(map[string]string)
			r.each(r.Mapping(k.Value, k.Field), func(e strictyaml.Entry) bool {
				w.severities[e.Key] = r.text(e)
				return true
			})
		case "undecided":
			w.undecided = r.texts(k)
		case "signals":
			w.signals = r.texts(k)
		case "addressMismatch":
			differ, _ := r.Bool(k.Value, k.Field)
			w.mismatch = &differ
		case "error":
			w.err = r.text(k)
		default:
			return false
		}
		return true
	})
}

// words reads a text that may be empty.
func (r *caseReader) words(k strictyaml.Entry) *string {
	s := r.text(k)
	return &s
}

func (r *caseReader) verdict(k strictyaml.Entry) actions.Verdict {
	word, _ := r.OneOf(k.Value, k.Field, string(actions.Deliver), string(actions.Block), string(actions.Defer), string(actions.Discard),
		string(actions.Quarantine), string(actions.Delete))
	return actions.Verdict(word)
}

func (r *caseReader) reply(k strictyaml.Entry, w *wantReply) {
	r.each(r.Mapping(k.Value, k.Field), func(e strictyaml.Entry) bool {
		switch e.Key {
		case "code":
			w.code, _ = r.Int(e.Value, e.Field, 400, 599)
		case "enhanced":
			w.enhanced = r.text(e)
		case "contains":
			w.contains = r.texts(e)
		case "absent":
			w.absent = r.texts(e)
		default:
			return false
		}
		return true
	})
}

// body reads the text of a body, or what it contains and what not.
func (r *caseReader) body(k strictyaml.Entry, w *wantBody) {
	if len(k.Value.Content) == 0 {
		w.is = r.words(k)
		return
	}
	r.each(r.Mapping(k.Value, k.Field), func(e strictyaml.Entry) bool {
		switch e.Key {
		case "contains":
			w.contains = r.texts(e)
		case "absent":
			w.absent = r.texts(e)
		default:
			return false
		}
		return true
	})
}

func (r *caseReader) fork(n *strictyaml.Node, field string) (f wantFork) {
	m := r.Mapping(n, field)
	m.Require("verdict", "write what becomes of the fork")
	r.each(m, func(k strictyaml.Entry) bool {
		switch k.Key {
		case "recipients":
			f.recipients = r.texts(k)
		case "verdict":
			f.verdict = r.verdict(k)
		case "decidedBy":
			f.decidedBy = r.words(k)
		case "policyTip":
			f.tip = r.words(k)
		case "edits":
			f.edits = r.texts(k)
		case "states":
			f.states = make(map[string]string)
			r.each(r.Mapping(k.Value, k.Field), func(e strictyaml.Entry) bool {
				f.states[e.Key] = r.text(e)
				return true
			})
		case "simulated":
			f.simulated = r.text(k)
		case "finalRecipients":
			f.final = r.texts(k)
		case "route":
			f.route, _ = r.OneOf(k.Value, k.Field, routes...)
		case "why":
			f.why = r.text(k)
		case "failures":
			f.failures = r.texts(k)
		case "brokenSignatures":
			f.signatures = r.texts(k)
		case "stripped":
			f.stripped = r.texts(k)
		default:
			return false
		}
		return true
	})
	return f
}

// routes are the names of routes, in their order.
var routes = []string{"refused", "inSession", "resubmitted", "held", "returned", "deleted"}

func (r *caseReader) copied(n *strictyaml.Node, field string) (c wantCopy) {
	r.each(r.Mapping(n, field), func(k strictyaml.Entry) bool {
		switch k.Key {
		case "to":
			c.to = r.texts(k)
		case "marked":
			c.marked, _ = r.Bool(k.Value, k.Field)
		case "header":
			c.header = r.texts(k)
		case "body":
			r.body(k, &c.body)
		default:
			return false
		}
		return true
	})
	return c
}

func (r *caseReader) mail(n *strictyaml.Node, field string) (m wantMail) {
	r.each(r.Mapping(n, field), func(k strictyaml.Entry) bool {
		switch k.Key {
		case "to":
			m.to = r.text(k)
		case "from":
			m.from = r.text(k)
		case "subject":
			m.subject = r.text(k)
		case "contains":
			m.contains = r.texts(k)
		case "absent":
			m.absent = r.texts(k)
		case "attached":
			m.attached = r.text(k)
		default:
			return false
		}
		return true
	})
	return m
}

// rule reads the result alone, which is then that for all recipients, or a
// mapping.
func (r *caseReader) rule(k strictyaml.Entry) (w wantRule) {
	results := []string{string(rules.Matched), string(rules.NotMatched), string(rules.UnknownRule), string(rules.NotEvaluated)}
	if len(k.Value.Content) == 0 {
		w.result, _ = r.OneOf(k.Value, k.Field, results...)
		return w
	}
	m := r.Mapping(k.Value, k.Field)
	m.Require("result", "write what the rule comes to")
	r.each(m, func(e strictyaml.Entry) bool {
		switch e.Key {
		case "result":
			w.result, _ = r.OneOf(e.Value, e.Field, results...)
		case "recipients":
			w.recipients = r.texts(e)
		case "unknownFor":
			w.unknownFor = r.texts(e)
		case "stoppedFor":
			w.stoppedFor = r.texts(e)
		case "reason":
			w.reason = r.text(e)
		case "conditions":
			w.conditions = make(map[string]string)
			r.each(r.Mapping(e.Value, e.Field), func(c strictyaml.Entry) bool {
				w.conditions[c.Key], _ = r.OneOf(c.Value, c.Field, "true", "false", "unknown", "notEvaluated")
				return true
			})
		case "evidence":
			w.evidence = r.texts(e)
		default:
			return false
		}
		return true
	})
	return w
}

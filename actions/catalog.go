package actions

import (
	"fmt"
	"iter"
	"strings"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Class says when an action is done and whether evaluation goes on behind it.
type Class int

// The classes.
const (
	Mark       Class = iota // says something of the rule, does nothing to the message
	NonHalting              // collected, done after the last rule
	Halting                 // decides the verdict; later rules are not done
	Waiting                 // holds the message for a decision
)

func (c Class) String() string {
	return [...]string{"mark", "non-halting", "halting", "waiting"}[c]
}

// Kind is one row of the catalogue of actions.
type Kind struct {
	Name  string
	Class Class
	// Doc is one line for the reference documentation.
	Doc string
	Reference
	// read makes the action of its value. It is nil for an action that this version
	// does not do; the loader refuses it by name.
	read func(r *strictyaml.Reader, n *strictyaml.Node, field string, spec *spec)
	// planned is set for a row that is read only where its place in the walk is
	// tested, because nothing behind it is built.
	planned bool
	// never says why an action is not done by a mail server at all; empty for one that
	// is not done yet.
	never string
}

// kinds is the catalogue, sorted by name without case.
var kinds = []Kind{
	{Name: "addRecipients", Class: NonHalting, Doc: "adds recipients, at most 10: `{to: [], cc: [], bcc: [], managerAs: cc}`", read: readAddRecipients},
	{Name: "alertProperties", Class: Mark, Doc: "beside `generateAlert`, Purview's way to write what is counted: `{aggregationType: SimpleAggregation, threshold: 10, timeWindow: 2880}`", read: readAlertProperties},
	{Name: "applyBrandingTemplate", Class: NonHalting},
	{Name: "applyHtmlDisclaimer", Class: NonHalting, Doc: "adds a text to the body: `{text: \"<p>…</p>\", location: append, fallback: wrap}`", read: readDisclaimer},
	{Name: "blockAccess", Class: Halting, Doc: "refuses the message: `all`, or `perUser` for people outside the organisation", read: readBlockAccess},
	{Name: "blockAccessScope", Class: Mark, Doc: "beside `blockAccess: true`, Purview's way to write whom it refuses: `all` or `perUser`", read: readBlockAccessScope},
	{Name: "blockResponse", Class: Mark, Doc: "how a block is told: `reject` in the session (default), `ndr` by mail, `rejectAll` refuses the message for everybody", read: readBlockResponse},
	{Name: "deleteMessage", Class: Halting, Doc: "`true` deletes the message; nobody is told, it is recorded", read: readDelete},
	{Name: "encryptRMSTemplate", Class: NonHalting},
	{Name: "generateAlert", Class: Mark, Doc: "raises an alert: `true`, addresses, or `{to: [compliance@example.com], aggregate: {count: 10, window: 48h, per: rule}}`; see [alerts.md](alerts.md)", read: readGenerateAlert},
	{Name: "generateIncidentReport", Class: Mark, Doc: "sends an incident report to people, and to `siteAdmin`: `[compliance@example.com]`, or `{to: […], content: […], when: match}`; see [incidents.md](incidents.md)", read: readIncidentReport},
	{Name: "generateNotification", Class: NonHalting, Doc: "mail to each recipient that the rule matched, of at most 5120 characters of HTML", read: readGenerateNotification},
	{Name: "incidentReportContent", Class: Mark, Doc: "beside a list of addresses, what the incident report holds: `all`, `default`, or a list of contents", read: readIncidentContent},
	{Name: "moderate", Class: Waiting},
	{Name: "modifySubject", Class: NonHalting, Doc: "rewrites what matches in the subject: `{patterns: [], text: …, strategy: replace}`", read: readModifySubject},
	{Name: "notifyAllowOverride", Class: Mark, read: readAllowOverride, planned: true},
	{Name: "notifyEmailCustomSenderDisplayName", Class: Mark, Doc: "the name that the mail of `notifyUser` comes from", read: readNotifyName},
	{Name: "notifyEmailCustomSubject", Class: Mark, Doc: "the subject of the mail of `notifyUser`", read: readNotifySubject},
	{Name: "notifyEmailCustomText", Class: Mark, Doc: "the text of the mail of `notifyUser`, at most 5000 characters of HTML; also told in a refusal or report that takes its place", read: readNotifyText},
	{Name: "notifyEmailExchangeIncludeAttachment", Class: Mark, Doc: "`true` attaches the message to the mail of `notifyUser`, for people inside", read: readNotifyAttachment},
	{Name: "notifyOverrideRequirements", Class: Mark},
	{Name: "notifyPolicyTipCustomDialog", Class: Mark, never: "a dialog is shown by a mail program before it sends, which a mail server cannot"},
	{Name: "notifyPolicyTipCustomText", Class: Mark, Doc: "the text that the sender of a refused message reads, at most 256 characters", read: readTip},
	{Name: "notifyPolicyTipCustomTextTranslations", Class: Mark, Doc: "the policy tip in other languages: `{de: …}`, at most 256 characters each", read: readTranslations},
	{Name: "notifyPolicyTipDisplayOption", Class: Mark, never: "whether a tip or a dialog is shown is up to a mail program; a mail server writes its tip into replies and mail"},
	{Name: "notifyPolicyTipUrl", Class: Mark, Doc: "where people read more, in the place of `organization.notices.learnMore`", read: readTipURL},
	{Name: "notifyUser", Class: Mark, Doc: "whom the rule tells by mail: `sender`, `manager`, `siteAdmin` and addresses of people", read: readNotifyUser},
	{Name: "notifyUserType", Class: Mark, Doc: "how `notifyUser` tells: `email`, `policyTip` (the text of a refusal alone) or `both` (default)", read: readNotifyUserType},
	{Name: "onActionError", Class: Mark, Doc: "what becomes of a message on which an action of the rule cannot be done: `quarantine` holds it (default), `continue` goes on without", read: readOnActionError},
	{Name: "overrideBy", Class: Mark},
	{Name: "overrideLifts", Class: Mark},
	{Name: "prependSubject", Class: NonHalting, Doc: "puts a text in front of the subject", read: readPrependSubject},
	{Name: "quarantine", Class: Halting, Doc: "`true` holds the message for the reviewers", read: readQuarantine},
	{Name: "redirectMessageTo", Class: NonHalting, Doc: "delivers to these addresses, at most 100 over all rules, in place of the recipients; the sender is told only if that fails", read: readRedirect},
	{Name: "rejectMessage", Class: Halting, Doc: "refuses the message with a text and an enhanced status code: `{text: …, enhanced: 5.7.1}`", read: readRejectMessage},
	{Name: "removeHeader", Class: NonHalting, Doc: "removes all fields of a name, or those with a value: `[Name, \"Name: value\"]`", read: readRemoveHeader},
	{Name: "removeRMSTemplate", Class: NonHalting},
	{Name: "reportSeverityLevel", Class: Mark, Doc: "how grave a match is in records: `none`, `low` (default), `medium` or `high`", read: readSeverity},
	{Name: "setHeader", Class: NonHalting, Doc: "adds a field or gives it a new value: `{Name: value}`", read: readSetHeader},
	{Name: "stopPolicyProcessing", Class: Mark, Doc: "`true` ends the evaluation behind a match of an enforced policy", read: readStop},
	{Name: "stripAttachment", Class: NonHalting, Doc: "puts a text in the place of attachments: `{extensions: [exe], names: [], text: …}`", read: readStrip},
	{Name: "untellable", Class: Mark, Doc: "what a block of some recipients does when its sender cannot be told: `quarantine` holds their copy (default), `rejectAll` refuses the message for everybody", read: readUntellable},
}

// Kinds lists the actions this version does, by name.
func Kinds() []Kind {
	var out []Kind
	for _, k := range kinds {
		if k.read != nil && !k.planned {
			k.Reference = references[k.Name]
			out = append(out, k)
		}
	}
	return out
}

// spec is everything under `actions` of one rule.
type spec struct {
	rule    *rules.Rule
	halt    *halt
	edits   []Edit
	entries []strictyaml.Entry // the actions, in the order of the file
	tip     string
	// override is set when the sender may lift a block.
	override   bool
	overrideAt *strictyaml.Node
	// notify is set when the rule tells people.
	notify bool
	file   string

	response   string // of blockResponse; empty is reject
	untellable string // empty is quarantine
	toldAt     *strictyaml.Node
	redirectAt *strictyaml.Node

	severity   string           // of matches, as in records; empty is low
	severityAt *strictyaml.Node // of reportSeverityLevel

	selection     *rules.Selection // of stripAttachment
	managerAt     *strictyaml.Node // of addRecipients.managerAs
	targets       []target         // whom the rule sends mail to
	onActionError string           // empty is quarantine
	onErrorAt     *strictyaml.Node

	telling   *telling   // nil when nobody is notified
	reporting *reporting // nil when nothing is reported
	alerting  *alerting  // nil when no alert is raised

	scopeAt      *strictyaml.Node // of blockAccessScope
	scopeOutside bool
}

// names gives the names of the actions, in the order of the file.
func (s *spec) names() []string {
	var out []string
	for _, e := range s.entries {
		out = append(out, e.Key)
	}
	return out
}

// specOf gives what a rule does; a rule without actions does nothing.
func specOf(r *rules.Rule) *spec {
	for _, a := range r.Actions {
		if s, ok := a.(*spec); ok {
			return s
		}
	}
	return &spec{rule: r}
}

// vocabulary reads actions for the loader of rules.
type vocabulary struct{ planned bool }

// Vocabulary reads the actions of rules for [rules.Load].
func Vocabulary() rules.ActionKeys { return vocabulary{} }

// Parse implements [rules.ActionKeys].
func (v vocabulary) Parse(r *strictyaml.Reader, n *strictyaml.Node, field string, rule *rules.Rule) []any {
	m := r.Mapping(n, field)
	if m == nil {
		return nil
	}
	s := &spec{rule: rule, file: r.File}
	var halting []string
	for _, e := range m.Entries() {
		k := find(e.Key)
		switch {
		case k == nil:
			r.Errorf(e.At, e.Field, meant(e.Key), "unknown action %q", e.Key)
			continue
		case k.Name != e.Key:
			r.Errorf(e.At, e.Field, fmt.Sprintf("write `%s`", k.Name), "unknown action %q", e.Key)
			continue
		case k.never != "":
			r.Errorf(e.At, e.Field, "take the key away", "%s", k.never)
			continue
		case k.read == nil || k.planned && !v.planned:
			r.Errorf(e.At, e.Field, "take the key away", "not supported by this version")
			continue
		}
		k.read(r, e.Value, e.Field, s)
		s.entries = append(s.entries, e)
		if k.Class == Halting {
			halting = append(halting, k.Name)
		}
	}
	if len(m.Entries()) == 0 && !r.Failed() {
		r.Errorf(n, field, "write an action, or leave `actions` away to record matches only", "there is no action")
	}
	if s.severity == severityNone && len(s.entries) == 1 {
		r.Errorf(s.severityAt, strictyaml.Join(field, "reportSeverityLevel"), "write `low`", "a rule without actions records its matches, and so they have a severity")
	}
	if s.override && s.tip == "" && !s.notify {
		r.Errorf(s.overrideAt, strictyaml.Join(field, "notifyAllowOverride"), "write `notifyPolicyTipCustomText` or `notifyUser` beside it",
			"without a policy tip the sender is offered no override")
	}
	s.checkAlert(r, m)
	if len(halting) > 1 {
		r.Errorf(n, field, "keep one of them", "a rule cannot have two halting actions (%s)", strings.Join(halting, ", "))
	}
	if s.scopeAt != nil {
		if b, _ := m.Get("blockAccess"); b.Value == nil || b.Value.Tag != "!!bool" {
			r.Errorf(s.scopeAt, strictyaml.Join(field, "blockAccessScope"), "write `blockAccess: true` beside it, or `blockAccess: perUser` alone",
				"blockAccessScope says something only beside `blockAccess: true`")
		} else {
			s.halt.outsideOnly = s.scopeOutside
		}
	}
	if s.halt != nil && s.halt.verdict == Delete && len(s.edits) > 0 {
		r.Errorf(n, field, "keep one of them", "a rule cannot delete a message and edit it")
	}
	s.checkTelling(r, field)
	if at := s.onErrorAt; at != nil && !s.mayFail() {
		r.Errorf(at, strictyaml.Join(field, "onActionError"), "take the key away", "no action of the rule can fail")
	}
	if at := s.toldAt; at != nil && (s.halt == nil || s.halt.verdict != Block) {
		r.Errorf(at, field, "write `blockAccess` or `rejectMessage` beside it", "blockResponse and untellable say something only beside a block")
	}
	s.checkReport(r, field)
	return []any{s}
}

// find gives the row of a name, compared without case so that Purview's spelling
// finds its row.
func find(name string) *Kind {
	for i := range kinds {
		if strings.EqualFold(kinds[i].Name, name) {
			return &kinds[i]
		}
	}
	return nil
}

func meant(name string) string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	if c := strictyaml.Closest(name, names); c != "" {
		return fmt.Sprintf("did you mean `%s`?", c)
	}
	return "the actions are " + strings.Join(names, ", ")
}

// Load loads policies with the actions of this package and checks what concerns
// several rules together. The set is nil when a problem is an error.
func Load(files []rules.File, v rules.Vocabulary) (*rules.Set, []strictyaml.Problem) {
	if v.Actions == nil {
		v.Actions = Vocabulary()
	}
	set, problems := rules.Load(files, v)
	if set == nil {
		return nil, problems
	}
	problems = append(problems, checkRedirects(set)...)
	problems = append(problems, checkTargets(set, v)...)
	strictyaml.Sort(problems)
	if strictyaml.Errors(problems) {
		return nil, problems
	}
	return set, problems
}

// redirectLimit is Purview's limit for redirect addresses over all rules.
const redirectLimit = 100

// checkRedirects counts the redirect addresses of all rules.
func checkRedirects(set *rules.Set) []strictyaml.Problem {
	seen := make(map[string]bool)
	for s := range specs(set) {
		for _, e := range s.edits {
			if e.Action != redirect {
				continue
			}
			if seen[strings.ToLower(e.Value)] = true; len(seen) > redirectLimit {
				return []strictyaml.Problem{{
					File: s.file, Line: s.redirectAt.Line, Column: s.redirectAt.Column, Field: redirect,
					What: fmt.Sprintf("all rules together redirect to more than %d addresses", redirectLimit), Write: "redirect to fewer",
				}}
			}
		}
	}
	return nil
}

// specs goes over the rules of a set that may act, in order.
func specs(set *rules.Set) iter.Seq[*spec] {
	return func(yield func(*spec) bool) {
		for _, p := range set.Policies {
			for _, rule := range p.Rules {
				if p.Mode != rules.Disable && !rule.Disabled && !yield(specOf(rule)) {
					return
				}
			}
		}
	}
}

func readStop(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if v, ok := r.Bool(n, field); ok {
		s.rule.Stop = v
	}
}

// tipLength is Purview's limit for a policy tip, in characters.
const tipLength = 256

func readTip(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if t, ok := readLine(r, n, field, tipLength); ok {
		s.tip = t
	}
}

// readAllowOverride knows of its row only what the walk needs: that a block is
// weaker when it can be overridden.
func readAllowOverride(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	_, _, s.override = r.Texts(n, field)
	s.overrideAt = n
}

// readLine reads a text of one line with at most limit characters.
func readLine(r *strictyaml.Reader, n *strictyaml.Node, field string, limit int) (string, bool) {
	t, ok := r.Text(n, field)
	if !ok {
		return "", false
	}
	return t, lineOK(r, n, field, t, limit)
}

func lineOK(r *strictyaml.Reader, n *strictyaml.Node, field, t string, limit int) bool {
	switch {
	case strings.TrimSpace(t) == "":
		r.Errorf(n, field, "write a text", "the text is empty")
	case strings.ContainsFunc(t, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.Errorf(n, field, "write one line", "the text holds a line end or another control character")
	case len([]rune(t)) > limit:
		r.Errorf(n, field, fmt.Sprintf("write at most %d characters", limit), "the text has %d characters", len([]rune(t)))
	default:
		return true
	}
	return false
}

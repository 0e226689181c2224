package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/strictyaml"
)

// ReportWhen says when an incident report on held recipients is sent.
type ReportWhen string

// The choices.
const (
	// ReportAtMatch sends a report with the match, and a second one with the decision.
	ReportAtMatch ReportWhen = "match"
	// ReportAtDecision sends one report, with the decision. Recipients that are not
	// held are reported on at once.
	ReportAtDecision ReportWhen = "decision"
)

// reporting is what a rule reports of incidents.
type reporting struct {
	to        []message.Path
	siteAdmin bool // those that the settings name get it too
	content   notice.IncidentContent
	when      ReportWhen // empty is that of the settings

	at        *strictyaml.Node // of generateIncidentReport; nil where it is not written
	contentAt *strictyaml.Node // of the contents, wherever they are written
}

// siteAdmin is Purview's word for those who look after all reports.
const siteAdmin = "siteAdmin"

// report gives what a rule reports, to be filled in.
func (s *spec) report() *reporting {
	if s.reporting == nil {
		s.reporting = &reporting{}
	}
	return s.reporting
}

// readIncidentReport reads addresses and siteAdmin, or a mapping of them with the
// contents and the time.
func readIncidentReport(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	rep := s.report()
	rep.at = n
	if n.Tag != "!!map" {
		s.reportTo(r, n, field)
		return
	}
	m := r.Mapping(n, field, "to", "content", "when")
	if e, ok := m.Require("to", "write who gets the reports, as in `to: [compliance@example.com]`"); ok {
		s.reportTo(r, e.Value, e.Field)
	}
	if e, ok := m.Get("content"); ok {
		rep.contents(r, e.Value, e.Field)
	}
	if e, ok := m.Get("when"); ok {
		word, _ := r.OneOf(e.Value, e.Field, string(ReportAtMatch), string(ReportAtDecision))
		rep.when = ReportWhen(word)
	}
}

// reportTo reads who gets the reports of a rule.
func (s *spec) reportTo(r *strictyaml.Reader, n *strictyaml.Node, field string) {
	rep := s.report()
	texts, nodes, _ := r.Texts(n, field)
	for i, text := range texts {
		f := field
		if len(texts) > 1 {
			f = strictyaml.Index(field, i)
		}
		for one := range parted(text) {
			if strings.EqualFold(one, siteAdmin) {
				rep.siteAdmin = true
				continue
			}
			p, err := message.ParsePath(one)
			switch {
			case err != nil || p.IsNull() || p.Domain() == "":
				r.Errorf(nodes[i], f, "write an address, as in `compliance@example.com`, or `siteAdmin`", "%q is not an address", one)
			case slices.ContainsFunc(rep.to, func(o message.Path) bool { return o.Key() == p.Key() }):
				r.Errorf(nodes[i], f, "write it once", "%q is named twice", one)
			default:
				rep.to = append(rep.to, p)
				s.targets = append(s.targets, target{p, nodes[i], f})
			}
		}
	}
}

// parted gives the values of a text in which Purview may have several, parted by
// commas. A quoted local-part may hold commas, so a text with quotes is one value.
func parted(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if strings.Contains(text, `"`) {
			yield(text)
			return
		}
		for one := range strings.SplitSeq(text, ",") {
			if !yield(strings.TrimSpace(one)) {
				return
			}
		}
	}
}

// readIncidentContent reads Purview's parameter beside a list of addresses.
func readIncidentContent(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.report().contents(r, n, field)
}

// What incidents are reported with, beside the single contents.
const (
	contentAll     = "all"
	contentDefault = "default"
)

// contents reads what a report holds.
func (rep *reporting) contents(r *strictyaml.Reader, n *strictyaml.Node, field string) {
	if rep.contentAt != nil {
		r.Errorf(n, field, "keep one of the two", "the contents of the report are written twice, here and in line %d", rep.contentAt.Line)
		return
	}
	rep.contentAt = n
	words := []string{contentAll, contentDefault}
	for _, row := range incidentContents {
		words = append(words, row.name)
	}
	var named []string
	for i, item := range r.List(n, field) {
		f := field
		if item != n {
			f = strictyaml.Index(field, i)
		}
		rep.content |= readContent(r, item, f, words, &named)
	}
	switch {
	case slices.Contains(named, contentAll) && len(named) > 1:
		r.Errorf(n, field, "write `all` alone, or name the contents without it", "`all` stands alone")
	case slices.Contains(named, contentAll):
		rep.content = notice.ContentAll
	case slices.Contains(named, contentDefault):
		rep.content = notice.ContentDefault
		if len(named) > 1 {
			r.Hintf(n, field, "name the contents without `default`, which is documentAuthor, matchedItem, rulesMatched, service and title",
				"beside `default` the other contents are ignored, as Purview does")
		}
	}
}

// readContent reads one value of the contents.
func readContent(r *strictyaml.Reader, n *strictyaml.Node, field string, words []string, named *[]string) notice.IncidentContent {
	if n != nil && strings.EqualFold(n.Value, "retentionLabel") {
		r.Errorf(n, field, "write `sensitivityLabel`, or take it away",
			"a retention label is set on items in a mailbox or a site after delivery, and mail on its way has none")
		return 0
	}
	word, ok := r.OneOf(n, field, words...)
	if !ok {
		return 0
	}
	if slices.Contains(*named, word) {
		r.Errorf(n, field, "write it once", "`%s` is named twice", word)
	}
	*named = append(*named, word)
	for _, row := range incidentContents {
		if row.name == word {
			return row.content
		}
	}
	return 0
}

// incidentContents are the words for contents: Purview's, and those of transport
// rules that mean the same or a part of it.
var incidentContents = []struct {
	name    string
	content notice.IncidentContent
}{
	{"detectionDetails", notice.ContentDetails},
	{"detections", notice.ContentDetections},
	{"documentAuthor", notice.ContentAuthor},
	{"documentLastModifier", notice.ContentModifier},
	{"matchedItem", notice.ContentItem},
	{"originalContent", notice.ContentOriginal},
	{"rulesMatched", notice.ContentRules},
	{"sensitivityLabel", notice.ContentLabels},
	{"service", notice.ContentService},
	{"severity", notice.ContentSeverity},
	{"title", notice.ContentTitle},

	{"attachOriginalMail", notice.ContentOriginal},
	{"bcc", notice.ContentBcc},
	{"cc", notice.ContentCc},
	{"dataClassifications", notice.ContentDetections},
	{"falsePositive", notice.ContentFalsePositive},
	{"idMatch", notice.ContentDetails},
	{"override", notice.ContentOverride},
	{"recipients", notice.ContentTo},
	{"ruleDetections", notice.ContentRules},
	{"sender", notice.ContentSender},
	{"subject", notice.ContentTitle},
}

// checkReport checks what the rows on incident reports say together.
func (s *spec) checkReport(r *strictyaml.Reader, field string) {
	rep := s.reporting
	switch {
	case rep == nil:
	case rep.at == nil:
		r.Errorf(rep.contentAt, strictyaml.Join(field, "incidentReportContent"), "write `generateIncidentReport: [compliance@example.com]` beside it",
			"the contents of a report are named, and no report is asked for")
		s.reporting = nil
	case rep.contentAt == nil:
		rep.content = notice.ContentDefault
	}
}

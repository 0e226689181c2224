package actions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
)

func TestMistakesInReports(t *testing.T) {
	const at = "p.yaml:1:"
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{"no address", "generateIncidentReport: [compliance]", []string{at + "26: actions.generateIncidentReport: \"compliance\" is not an address; write an address, as in `compliance@example.com`, or `siteAdmin`"}},
		{"an address twice", "generateIncidentReport: [a@x.example, A@X.example]", []string{at + "39: actions.generateIncidentReport[1]: \"A@X.example\" is named twice; write it once"}},
		{"nobody", "generateIncidentReport: {content: [title]}", []string{at + "25: actions.generateIncidentReport.to: the key \"to\" is missing; write who gets the reports, as in `to: [compliance@example.com]`"}},
		{"another time", "generateIncidentReport: {to: a@x.example, when: later}", []string{at + "49: actions.generateIncidentReport.when: \"later\" is not a value of this key; write `match` or `decision`"}},
		{"all with more", "generateIncidentReport: {to: a@x.example, content: [all, title]}", []string{at + "52: actions.generateIncidentReport.content: `all` stands alone; write `all` alone, or name the contents without it"}},
		{"default with more", "generateIncidentReport: {to: a@x.example, content: [default, title]}", []string{at + "52: hint: actions.generateIncidentReport.content: beside `default` the other contents are ignored, as Purview does; name the contents without `default`, which is documentAuthor, matchedItem, rulesMatched, service and title"}},
		{"contents twice", "generateIncidentReport: {to: a@x.example, content: [title]}\nincidentReportContent: [title]", []string{"p.yaml:2:24: actions.incidentReportContent: the contents of the report are written twice, here and in line 1; keep one of the two"}},
		{"a content twice", "generateIncidentReport: {to: a@x.example, content: [title, Title]}", []string{at + "60: actions.generateIncidentReport.content[1]: `title` is named twice; write it once"}},
		{"contents of nothing", "incidentReportContent: [title]", []string{at + "24: actions.incidentReportContent: the contents of a report are named, and no report is asked for; write `generateIncidentReport: [compliance@example.com]` beside it"}},
		{"a label of no mail", "generateIncidentReport: {to: a@x.example, content: RetentionLabel}", []string{at + "52: actions.generateIncidentReport.content: a retention label is set on items in a mailbox or a site after delivery, and mail on its way has none; write `sensitivityLabel`, or take it away"}},
		{"no content", "generateIncidentReport: {to: a@x.example, content: []}", []string{at + "52: actions.generateIncidentReport.content: the list is empty; write at least one value or take the key away"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := parseActions(t, tt.yaml, &rules.Rule{Name: "r"})
			if diff := cmp.Diff(tt.want, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// Reports go to people: a group of the directory is a mistake, with its place.
func TestReportsToGroupsAreRefused(t *testing.T) {
	const text = "policy: P\nmode: enable\nrules:\n  - rule: R\n    conditions: {messageSizeOver: 1B}\n    actions: {generateIncidentReport: [ben@example.com, sales@example.com]}\n"
	set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(text)}}, rules.Vocabulary{Types: classify.Builtin(), Directory: housePeople(t)})
	if set != nil || len(problems) != 1 || problems[0].Line != 6 || !strings.Contains(problems[0].What, "sales@example.com is a group") {
		t.Errorf("problems %v", problems)
	}
}

package actions_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// TestPolicyCases runs every case of testdata/policies. The comment on top of
// each want.yaml says which sentence it holds.
func TestPolicyCases(t *testing.T) {
	all := readCases(t)
	if len(all) < 400 {
		t.Errorf("%d cases, at least 400 are due", len(all))
	}
	house := caseHouse(t, nil, nil)
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, difference := range differences(c, house) {
				t.Error(difference)
			}
		})
	}
}

func readCases(t testing.TB) []*cases.Case {
	t.Helper()
	all, problems, err := cases.Find("../testdata/policies")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	return all
}

// differences runs a case and says what is not as due.
func differences(c *cases.Case, house *cases.House) (list []string) {
	res, problems, err := c.Run(context.Background(), house)
	for _, p := range problems {
		list = append(list, p.String())
	}
	if err != nil {
		return append(list, err.Error())
	}
	if res == nil {
		return list
	}
	defer res.Close()
	for _, d := range res.Differences {
		list = append(list, d.String())
	}
	return list
}

// caseHouse is what judges all cases; groups are resolved. The condition named
// answers the opposite, and change is done to each set, in tests of the cases.
func caseHouse(t testing.TB, inverted func(condition, path string) bool, change func(*rules.Set)) *cases.House {
	t.Helper()
	reviewers, err := message.ParsePath("reviewers@example.com")
	if err != nil {
		t.Fatal(err)
	}
	from, err := dsn.ParseMailbox("Example mail policy <mail-policy@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	notices, err := cases.Notices(notice.Settings{
		From: from, Organization: "Example Ltd", Hostname: "mx.example.com", InstallID: "cases", Key: bytes.Repeat([]byte("k"), 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &cases.House{
		Load: func(c *cases.Case, people directory.Directory) (*rules.Set, []strictyaml.Problem) {
			v := rules.Vocabulary{Types: classify.Builtin(), Actions: actions.Vocabulary(), Directory: c.People, Inverted: inverted, Zone: time.UTC,
				Settings: c.Settings(rules.Settings{})}
			if c.Planned {
				v.Actions = actions.PlannedVocabulary()
			}
			set, problems := actions.Load(c.Policies, v)
			if set != nil && change != nil {
				change(set)
			}
			return set, problems
		},
		World: &rules.World{
			Organization: &directory.Organization{Name: "Example Ltd", Domains: []directory.AcceptedDomain{
				{Name: "example.com", Kind: directory.Authoritative},
				{Name: "relay.example.com", Kind: directory.InternalRelay},
				{Name: "partner-relay.example", Kind: directory.ExternalRelay},
			}},
			Types:   classify.Builtin(),
			Trust:   rules.Trust{Authenticated: true, Listeners: []string{"SUBMISSION"}},
			Extract: extract.DefaultLimits,
		},
		Settings: actions.Settings{OnError: actions.OnErrorTempfail, Notices: notices, Reviewers: []message.Path{reviewers}, Admins: []message.Path{reviewers},
			Incidents: actions.IncidentSettings{SiteAdmins: []message.Path{reviewers}},
			Alerts:    actions.AlertSettings{Admins: []message.Path{reviewers}, PerUser: true}},
		Reviewers: []message.Path{reviewers},
		Groups:    true,
		Limits:    message.DefaultLimits,
		Whole:     true,
	}
}

package cases_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/cases"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

const policy = `policy: P
mode: enable
rules:
  - rule: Outside
    conditions: {accessScope: notInOrganization, subjectContainsWords: [plan]}
    actions: {blockAccess: all, notifyPolicyTipCustomText: "Not outside."}
  - rule: Mark
    conditions: {subjectContainsWords: [plan]}
    actions: {setHeader: {X-Plan: seen}}
`

// files of a case that holds.
func good() map[string]string {
	return map[string]string{
		"message.eml":   "From: anna@example.com\nSubject: The plan\n\nText.\n",
		"envelope.yaml": "from: anna@example.com\nto: [b@customer.example]\nauthenticated: anna@example.com\n",
		"want.yaml":     "verdict: block\n",
		"policy.yaml":   policy,
	}
}

// dirOf writes files, of which those with an empty text are left out.
func dirOf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func house() *cases.House {
	return &cases.House{
		Load: func(c *cases.Case, people directory.Directory) (*rules.Set, []strictyaml.Problem) {
			return actions.Load(c.Policies, rules.Vocabulary{Types: classify.Builtin(), Directory: people})
		},
		World: &rules.World{
			Organization: &directory.Organization{Domains: []directory.AcceptedDomain{{Name: "example.com", Kind: directory.Authoritative}}},
			Types:        classify.Builtin(),
			Trust:        rules.Trust{Authenticated: true},
			Extract:      extract.DefaultLimits,
		},
		Settings: actions.Settings{OnError: actions.OnErrorTempfail},
		Limits:   message.DefaultLimits,
	}
}

// run gives what differs in the only case of a directory.
func run(t *testing.T, files map[string]string, change func(*cases.House)) []string {
	t.Helper()
	found, problems, err := cases.Find(dirOf(t, files))
	if err != nil || len(problems) > 0 || len(found) != 1 {
		t.Fatal(found, problems, err)
	}
	h := house()
	if change != nil {
		change(h)
	}
	res, problems, err := found[0].Run(t.Context(), h)
	if res == nil {
		t.Fatal(problems, err)
	}
	defer res.Close()
	var list []string
	for _, d := range res.Differences {
		list = append(list, d.String())
	}
	return list
}

// What is named must be so; verdicts and edits must be named.
func TestWantedIsComparedWithWhatHappens(t *testing.T) {
	inside := "from: anna@example.com\nto: [ben@example.com]\nauthenticated: anna@example.com\n"
	tests := map[string]struct {
		envelope, want string
		differs        []string
	}{
		"the verdict alone":           {"", "verdict: block\n", nil},
		"another verdict":             {"", "verdict: deliver\n", []string{"verdict: block, want deliver"}},
		"who decides":                 {"", "verdict: block\ndecidedBy: P / Outside\n", nil},
		"another decides":             {"", "verdict: block\ndecidedBy: P / Mark\n", []string{"decided by: P / Outside, want P / Mark"}},
		"the reply":                   {"", "verdict: block\nreply: {code: 550, contains: [Not outside], absent: [plan]}\n", nil},
		"another reply":               {"", "verdict: block\nreply: {code: 554, absent: [outside]}\n", []string{"reply code: 550, want 554", "reply: Not outside.\nReference P-TESTREF, want a text without outside"}},
		"all rules that match":        {"", "verdict: block\nrules: {Outside: matched, P / Mark: matched}\n", nil},
		"a rule that is not named":    {"", "verdict: block\nrules: {Outside: matched}\n", []string{"rule P / Mark, which want.yaml does not name: matched, want nothing"}},
		"a rule that is not there":    {"", "verdict: block\nrules: {Outside: matched, Mark: matched, Gone: notMatched}\n", []string{"rule Gone: no such rule, want notMatched"}},
		"conditions":                  {"", "verdict: block\nrules: {Mark: matched, Outside: {result: matched, conditions: {conditions.accessScope: \"false\", conditions.gone: \"true\"}}}\n", []string{"rule Outside conditions.accessScope: true, want false", "rule Outside conditions.gone: no such condition, want true"}},
		"edits that are not named":    {inside, "verdict: deliver\n", []string{"fork 0 edits: setHeader X-Plan: seen, want nothing"}},
		"edits":                       {inside, "verdict: deliver\nforks: [{verdict: deliver, edits: [\"setHeader X-Plan: seen\"], states: {Mark: applied}}]\n", nil},
		"the header section":          {inside, "verdict: deliver\nforks: [{verdict: deliver, edits: [\"setHeader X-Plan: seen\"]}]\nheader: [\"From: anna@example.com\"]\n", []string{"header section: From: anna@example.com; Subject: The plan; X-Plan: seen, want From: anna@example.com"}},
		"forks":                       {"", "verdict: block\nforks: [{verdict: block}, {verdict: deliver}]\n", []string{"forks: 1 (block for b@customer.example), want 2"}},
		"an error that is not there":  {"", "verdict: block\nerror: could not\n", []string{"error: <nil>, want a text with could not"}},
		"a signal that is not there":  {"", "verdict: block\nsignals: [\"a.zip: unsupported\"]\n", []string{"signals: nothing, want a.zip: unsupported"}},
		"a look-up that fails":        {inside + "unavailable: [ben@example.com]\n", "verdict: defer\nerror: could not be judged\n", nil},
		"accepted domains of its own": {inside + "acceptedDomains: {other.example: authoritative}\n", "verdict: block\n", nil},
		"an alias that leads outside": {inside + "aliases: {ben@example.com: [b@customer.example]}\n", "verdict: block\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := good()
			files["want.yaml"] = test.want
			if test.envelope != "" {
				files["envelope.yaml"] = test.envelope
			}
			if diff := cmp.Diff(test.differs, run(t, files, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// With Whole nothing may be left out.
func TestWholeComparesWhatIsNotNamedToo(t *testing.T) {
	got := strings.Join(run(t, good(), func(h *cases.House) { h.Whole = true }), "\n")
	for _, part := range []string{"rule P / Outside, which want.yaml does not name", "fork 0 policy tip: Not outside., want nothing", "decided by: P / Outside, want nothing"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not among\n%s", part, got)
		}
	}
}

func TestPeopleCountForTheDirectoriesBelow(t *testing.T) {
	files := map[string]string{"people.yaml": "people: [{address: b@customer.example}]\n", "a/people.yaml": "people: [{address: ben@example.com}]\n", "b/note.txt": "x"}
	for _, dir := range []string{"a/one", "b/two"} {
		for name, text := range good() {
			files[filepath.Join(dir, name)] = text
		}
	}
	found, problems, err := cases.Find(dirOf(t, files))
	if err != nil || len(problems) > 0 || len(found) != 2 || found[0].Name != filepath.Join("a", "one") || found[1].Name != filepath.Join("b", "two") {
		t.Fatal(found, problems, err)
	}
	for i, addr := range []string{"ben@example.com", "b@customer.example"} {
		p, err := message.ParsePath(addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := found[i].People.Person(t.Context(), p); err != nil {
			t.Errorf("%s: %v", found[i].Name, err)
		}
	}
}

func TestMistakesInCases(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  []string
	}{
		"missing files":    {map[string]string{"envelope.yaml": "", "message.eml": ""}, []string{"envelope.yaml: the case has no such file", "message.eml: the case has no such file"}},
		"an unknown file":  {map[string]string{"wants.yaml": "verdict: block\n"}, []string{"wants.yaml: this is no file of a case"}},
		"an unknown key":   {map[string]string{"want.yaml": "verdict: block\nrule: {}\n"}, []string{`want.yaml:2:1: rule: unknown key "rule"`}},
		"no verdict":       {map[string]string{"want.yaml": "rules: {}\n"}, []string{"want.yaml:1:1: verdict: "}},
		"no list":          {map[string]string{"want.yaml": "verdict: block\nforks: block\n"}, []string{"want.yaml:2:8: forks[0]: "}},
		"an address":       {map[string]string{"envelope.yaml": "from: \"@\"\nto: [c@d.example]\n"}, []string{`envelope.yaml:1:7: from: "@" is no address`}},
		"a network":        {map[string]string{"envelope.yaml": "from: a@b.c\nto: [c@d.example]\ntrustedNetworks: [x]\nclientAddress: y\n"}, []string{"envelope.yaml:3:18: trustedNetworks: ", "envelope.yaml:4:16: clientAddress: "}},
		"no YAML":          {map[string]string{"want.yaml": "{"}, []string{"want.yaml:"}},
		"people":           {map[string]string{"people.yaml": "people: [{name: x}]\n"}, []string{"people.yaml:1:10: people[0].address: "}},
		"no mapping":       {map[string]string{"envelope.yaml": "- a\n"}, []string{"envelope.yaml:1:1: "}},
		"several in order": {map[string]string{"want.yaml": "verdict: no\nx: y\n"}, []string{"want.yaml:1:10: verdict: ", "want.yaml:2:1: x: "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := good()
			for name, text := range test.files {
				files[name] = text
			}
			dir := dirOf(t, files)
			_, problems, err := cases.Find(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.String(), dir+string(filepath.Separator)))
			}
			if len(got) != len(test.want) || slices.ContainsFunc(test.want, func(w string) bool {
				return !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
			}) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	if _, _, err := cases.Find(filepath.Join(t.TempDir(), "gone")); err == nil || !strings.HasSuffix(err.Error(), "gone does not exist") {
		t.Errorf("error %v", err)
	}
	files := good()
	files["policy.yaml"] = "policy: P\n"
	found, _, err := cases.Find(dirOf(t, files))
	if err != nil {
		t.Fatal(err)
	}
	res, problems, err := found[0].Run(t.Context(), house())
	if res != nil || err != nil || !strictyaml.Errors(problems) || !strings.HasSuffix(problems[0].File, filepath.Join(found[0].Dir, "policy.yaml")) {
		t.Errorf("%v, problems %v, error %v", res, problems, err)
	}
	files["policy.yaml"] = ""
	if found, _, err = cases.Find(dirOf(t, files)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := found[0].Run(t.Context(), house()); err == nil {
		t.Error("a case without policies was judged")
	}
	h := house()
	h.Size = 10
	h.Set, _ = actions.Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin()})
	if _, _, err := found[0].Run(t.Context(), h); err == nil || !strings.Contains(err.Error(), "larger than the 10 octets") {
		t.Errorf("error %v", err)
	}
}

// FuzzCase: whatever is in the files of a case, reading and running it ends.
func FuzzCase(f *testing.F) {
	g := good()
	f.Add([]byte(g["envelope.yaml"]), []byte(g["want.yaml"]))
	f.Add([]byte("from: \"<>\"\nto: [\"A=>b@c.example NOTIFY=NEVER\"]\naliases: {b@c.example: [d@e.example]}\nunavailable: [x]\n"),
		[]byte("verdict: deliver\nforks: [{verdict: block, edits: [], states: {a: b}}]\nrules: {a: {result: matched, evidence: [x]}}\ncopies: [{to: [a]}]\n"))
	f.Add([]byte("to: 1\nfrom: []\nacceptedDomains: {x: y}"), []byte("forks: {}\nrules: 1\nreply: [x]"))
	set, problems := actions.Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin()})
	if set == nil {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, envelope, want []byte) {
		dir := dirOf(t, map[string]string{"message.eml": g["message.eml"], "envelope.yaml": string(envelope), "want.yaml": string(want)})
		found, problems, err := cases.Find(dir)
		if err != nil || strictyaml.Errors(problems) {
			return
		}
		h := house()
		h.Set = set
		res, _, err := found[0].Run(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		res.Close()
	})
}

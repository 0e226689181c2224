package directory_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

func path(t testing.TB, s string) message.Path {
	t.Helper()
	p, err := message.ParsePath(s)
	if err != nil {
		t.Fatalf("ParsePath(%q): %v", s, err)
	}
	return p
}

// ref names a group; the empty text is the zero Ref.
func ref(t testing.TB, s string) directory.Ref {
	t.Helper()
	if s == "" {
		return directory.Ref{}
	}
	r, err := directory.ParseRef(s)
	if err != nil {
		t.Fatalf("ParseRef(%q): %v", s, err)
	}
	return r
}

func texts(paths []message.Path) []string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return out
}

func example(t testing.TB) *directory.File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "people", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return load(t, string(data))
}

func load(t testing.TB, text string) *directory.File {
	t.Helper()
	f, problems := directory.LoadFile("people.yaml", []byte(text))
	if f == nil || len(problems) > 0 {
		t.Fatalf("LoadFile: %v", problems)
	}
	return f
}

func TestPersonIsFoundByEveryAddress(t *testing.T) {
	f := example(t)
	for _, addr := range []string{"anna@example.com", "A.Smith@example.com", "anna@example.NET"} {
		p, err := f.Person(t.Context(), path(t, addr))
		if err != nil {
			t.Fatalf("Person(%s): %v", addr, err)
		}
		if p.Name != "Anna Smith" {
			t.Errorf("Person(%s) is %q, want Anna Smith", addr, p.Name)
		}
	}
	for _, addr := range []string{"nobody@example.com", "sales@example.com", "", "anna"} {
		if _, err := f.Person(t.Context(), path(t, addr)); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("Person(%q): error %v, want ErrNotFound", addr, err)
		}
	}
}

func TestPersonIsCompleteAfterLoading(t *testing.T) {
	f := example(t)
	p, err := f.Person(t.Context(), path(t, "anna@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Manager.String(); got != "boss@example.com" {
		t.Errorf("the manager is %s, want the primary address boss@example.com", got)
	}
	want := map[string][]string{
		"Department":        {"Sales"},
		"Country":           {"GB"},
		"Street":            {"1 High Street", "2 Low Street"},
		"CustomAttribute15": {"red"},
		"DisplayName":       {"Anna Smith"},
		"Email":             {"anna@example.com", "a.smith@example.com", "Anna@example.net"},
		"Manager":           {"Bo Boss", "boss@example.com"},
		"UserLogonName":     {"anna", `EXAMPLE\anna`},
	}
	if diff := cmp.Diff(want, p.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if v, _ := f.Person(t.Context(), path(t, "visitor@example.com")); v == nil || !v.Guest {
		t.Error("visitor@example.com is no guest")
	}
}

func TestLoginFindsThePerson(t *testing.T) {
	f := example(t)
	for login, want := range map[string]string{
		"anna":                   "anna@example.com",
		"ANNA":                   "anna@example.com",
		`example\anna`:           "anna@example.com",
		"a.smith@example.com":    "anna@example.com",
		"boss@example.com":       "boss@example.com",
		"fred@elsewhere.example": "freelance@elsewhere.example",
		"boss":                   "",
		"":                       "",
		"nobody@example.com":     "",
		"a@b@c":                  "",
	} {
		p, err := f.Login(t.Context(), login)
		switch {
		case want == "" && !errors.Is(err, directory.ErrNotFound):
			t.Errorf("Login(%q): error %v, want ErrNotFound", login, err)
		case want != "" && err != nil:
			t.Errorf("Login(%q): %v", login, err)
		case want != "" && p.Address.String() != want:
			t.Errorf("Login(%q) is %s, want %s", login, p.Address, want)
		}
	}
}

func TestMemberOfAGroup(t *testing.T) {
	f := example(t)
	for _, c := range []struct {
		addr, group string
		want        bool
	}{
		{"anna@example.com", "sales@example.com", true},
		{"anna@example.net", "sales@example.com", true},
		{"anna@example.com", "Everyone@example.com", true},
		{"anna@example.com", "Sales", true},
		{"anna@example.com", " sales ", true},
		{"boss@example.com", "SALES", false},
		{"agent@partner.example", "sales@example.com", true},
		{"agent@partner.example", "everyone@example.com", true},
		{"the.boss@example.com", "everyone@example.com", true},
		{"anna@example.com", "all@example.com", true},
		{"visitor@example.com", "all@example.com", false},
		{"boss@example.com", "sales@example.com", false},
		{"sales@example.com", "everyone@example.com", true},
		{"everyone@example.com", "sales@example.com", false},
		{"visitor@example.com", "circle@example.com", true},
		{"visitor@example.com", "ring@example.com", true},
		{"visitor@example.com", "everyone@example.com", false},
		{"stranger@elsewhere.example", "circle@example.com", false},
		{"", "sales@example.com", false},
	} {
		got, err := f.Member(t.Context(), path(t, c.addr), ref(t, c.group))
		if err != nil || got != c.want {
			t.Errorf("Member(%s, %s) = %v, %v, want %v", c.addr, c.group, got, err, c.want)
		}
	}
	for _, group := range []string{"nogroup@example.com", "anna@example.com", "", "No group", "cn=Sales,dc=example"} {
		if _, err := f.Member(t.Context(), path(t, "anna@example.com"), ref(t, group)); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("Member of %q: error %v, want ErrNotFound", group, err)
		}
	}
}

func TestGroupAsWritten(t *testing.T) {
	f := example(t)
	g, err := f.Group(t.Context(), ref(t, "SALES@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if g.Name != "Sales" || !g.Plain {
		t.Errorf("group is %q, plain %v; want Sales, true", g.Name, g.Plain)
	}
	if diff := cmp.Diff([]string{"anna@example.com", "agent@partner.example"}, texts(g.Members)); diff != "" {
		t.Errorf("members by primary address (-want +got):\n%s", diff)
	}
	if _, err := f.Group(t.Context(), ref(t, "anna@example.com")); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("a person is no group: error %v", err)
	}
}

func TestMemberThatIsNobodyIsAHintInOwnDomainsOnly(t *testing.T) {
	f := example(t)
	domains := []directory.AcceptedDomain{{Name: "example.com", Kind: directory.Authoritative}}
	var got []string
	for _, p := range f.Hints(domains) {
		got = append(got, p.String())
	}
	want := []string{"people.yaml:32:15: hint: groups[4].members[0]: the member bos@example.com is neither a person nor a group of this file; add the person, or correct the address"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
	if hints := f.Hints(nil); len(hints) > 0 {
		t.Errorf("hints without accepted domains: %v", hints)
	}
}

// Each file of testdata/bad-people has the problems expected beside it, one on
// a line.
func TestMistakesArePlaced(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "bad-people", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, problems := directory.LoadFile("people.yaml", data)
			if f != nil && strictyaml.Errors(problems) {
				t.Error("a file with errors was loaded")
			}
			var got strings.Builder
			for _, p := range problems {
				fmt.Fprintln(&got, p)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; got:\n%s", err, got.String())
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

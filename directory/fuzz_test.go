package directory_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/strictyaml"
)

// FuzzLoadFile holds that a people file either loads without an error or is
// refused with one, and that what was loaded answers.
func FuzzLoadFile(f *testing.F) {
	for _, pattern := range []string{"people/*.yaml", "bad-people/*.yaml"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := directory.LoadFile("people.yaml", data)
		if (file == nil) != strictyaml.Errors(problems) {
			t.Fatalf("loaded %v with problems %v", file != nil, problems)
		}
		for _, p := range problems {
			if p.File != "people.yaml" || p.What == "" || p.Line < 1 || p.Column < 1 {
				t.Errorf("a problem without its place: %+v", p)
			}
		}
		if file == nil {
			return
		}
		for _, person := range file.People() {
			for _, addr := range append(person.Proxies, person.Address) {
				if got, err := file.Person(t.Context(), addr); err != nil || got != person {
					t.Errorf("%s is not found: %v", addr, err)
				}
			}
			for _, login := range person.Logins {
				if got, err := file.Login(t.Context(), login); err != nil || got != person {
					t.Errorf("login %q is not found: %v", login, err)
				}
			}
		}
		groups := directory.Groups(file)
		for _, g := range file.Groups() {
			for _, addr := range g.Members {
				if in, err := file.Member(t.Context(), addr, directory.AddressRef(g.Address)); err != nil || !in {
					t.Errorf("%s is no member of %s: %v", addr, g.Address, err)
				}
			}
			if to, err := groups.Resolve(t.Context(), g.Address); err == nil && len(to) == 0 {
				t.Errorf("%s leads nowhere", g.Address)
			}
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"sales@example.com", "cn=Sales,dc=example,dc=com", "Sales Team", `cn=a\,b+ou=c,dc=d`, "=,=", `"a b"@example.com`, "cn=#04,dc=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := directory.ParseRef(text)
		if err != nil {
			return
		}
		again, err := directory.ParseRef(r.String())
		if err != nil || again.Key() != r.Key() {
			t.Errorf("%q is read as %q, which is read as %q, %v", text, r.Key(), again.Key(), err)
		}
	})
}

package directory_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
)

// postfix is a configuration and the programs that read it.
type postfix struct {
	dir, bin string
}

// fakePostfix has the scripts of testdata in place of Postfix's programs, so that
// the tests run anywhere. What they show holds only because the same cases run
// against the real programs too, in TestPostmapAgreesWithPostfix: `make test`
// skips neither.
func fakePostfix(t testing.TB) postfix {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("testdata", "fake-postfix"))
	if err != nil {
		t.Fatal(err)
	}
	return postfix{dir: t.TempDir(), bin: bin}
}

// realPostfix has the programs of an unpacked Postfix package, named by
// POSTERN_POSTFIX_ROOT, those in POSTERN_TEST_POSTFIX_BIN, or the system's.
func realPostfix(t testing.TB) postfix {
	t.Helper()
	bin := os.Getenv("POSTERN_TEST_POSTFIX_BIN")
	if root := os.Getenv("POSTERN_POSTFIX_ROOT"); bin == "" && root != "" {
		bin = filepath.Join(root, "usr", "sbin")
		t.Setenv("LD_LIBRARY_PATH", filepath.Join(root, "usr", "lib", "postfix"))
	}
	if bin == "" {
		found, err := exec.LookPath("postmap")
		if err != nil {
			t.Skip("no Postfix here: postmap is not in PATH, and neither POSTERN_POSTFIX_ROOT nor POSTERN_TEST_POSTFIX_BIN names one")
		}
		bin = filepath.Dir(found)
	}
	return postfix{dir: t.TempDir(), bin: bin}
}

// write writes a file of the configuration; DIR in its text is the directory.
func (p postfix) write(t testing.TB, name, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "DIR", p.dir)
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runs counts the runs of the fake postmap.
func (p postfix) runs(t testing.TB) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, "runs"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}

func (p postfix) postmap(t testing.TB, o directory.PostmapOptions) *directory.Postmap {
	t.Helper()
	o.ConfigDir, o.BinDir = p.dir, p.bin
	if o.Parameters == nil {
		o.Parameters = []string{"alias_maps", "virtual_alias_maps"}
	}
	m, err := directory.NewPostmap(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const mainCF = `myhostname = mx.example.com
mydestination = example.com, localhost.example.com
myorigin = example.com
recipient_delimiter = +
virtual_alias_maps = texthash:DIR/virtual, texthash:DIR/virtual2
alias_maps = proxy:texthash:DIR/aliases
queue_directory = DIR
data_directory = DIR
`

const virtual = `team@virtual.example anna@example.com, "Out Side" <out@partner.example>
anna+lists@example.com lists@example.com
shop@virtual.example +shop@virtual.example
bare bert@example.com
@catchall.example carl@example.com
@moved.example @new.example
self@example.com self@example.com, copy@partner.example
loop1@example.com loop2@example.com
loop2@example.com loop1@example.com
-dash@example.com dashed@partner.example
- minus@partner.example
chain@virtual.example chain2@virtual.example
chain2@virtual.example tolocal
quoted@virtual.example "a, b"@partner.example
`

const aliases = `tolocal root, "|/usr/bin/vacation -a x, y"
root bert
files /var/mail/files
command "|/usr/bin/program arg, arg"
mixed :include:/etc/list, out@partner.example
ourselves ourselves, \ourselves, out@partner.example
postmaster+x nobody
`

func (p postfix) example(t testing.TB) {
	t.Helper()
	p.write(t, "main.cf", mainCF)
	p.write(t, "master.cf", "")
	p.write(t, "virtual", virtual)
	p.write(t, "virtual2", "team@virtual.example never@example.com\nsecond@virtual.example anna@example.com\n")
	p.write(t, "aliases", aliases)
}

var postmapCases = []struct {
	name, addr string
	want       []string
}{
	{"nothing replaces it", "anna@example.com", []string{"anna@example.com"}},
	{"an outside address", "someone@elsewhere.example", []string{"someone@elsewhere.example"}},
	{"the null path", "", []string{""}},
	{"several addresses, display names left out", "team@virtual.example", []string{"anna@example.com", "out@partner.example"}},
	{"without case", "TEAM@Virtual.example", []string{"anna@example.com", "out@partner.example"}},
	{"the second table", "second@virtual.example", []string{"anna@example.com"}},
	{"an extension with an entry of its own", "anna+lists@example.com", []string{"lists@example.com"}},
	{"an extension without one", "team+x@virtual.example", []string{"anna@example.com", "out@partner.example"}},
	{"a local-part alone counts for a local domain", "bare@localhost.example.com", []string{"bert@example.com"}},
	{"and with an extension", "bare+x@example.com", []string{"bert@example.com"}},
	{"but not for another domain", "bare@virtual.example", []string{"bare@virtual.example"}},
	{"a local-part without a domain is at myorigin", "bare", []string{"bert@example.com"}},
	{"a whole domain", "anyone@catchall.example", []string{"carl@example.com"}},
	{"a whole domain moved", "some.one@moved.example", []string{"some.one@new.example"}},
	{"an entry that leads to itself and elsewhere", "self@example.com", []string{"self@example.com", "copy@partner.example"}},
	{"a circle", "loop1@example.com", []string{"loop1@example.com"}},
	{"an address that looks like an option", "-dash@example.com", []string{"dashed@partner.example"}},
	{"a dash", "-@example.com", []string{"minus@partner.example"}},
	{"an alias of an alias, with a command", "tolocal@example.com", []string{"tolocal@example.com", "bert@example.com"}},
	{"a virtual alias of a virtual alias of an alias", "chain@virtual.example", []string{"tolocal@example.com", "bert@example.com"}},
	{"an alias only in local domains", "root@virtual.example", []string{"root@virtual.example"}},
	{"a file is delivery here", "files@example.com", []string{"files@example.com"}},
	{"so is a command", "command@example.com", []string{"command@example.com"}},
	{"a list in a file is not followed, other members are", "mixed@example.com", []string{"mixed@example.com", "out@partner.example"}},
	{"an alias that names itself", "ourselves@example.com", []string{"ourselves@example.com", "out@partner.example"}},
	{"an address with a quoted comma", "quoted@virtual.example", []string{`"a, b"@partner.example`}},
	{"a reserved name is not split", "postmaster+x@elsewhere.example", []string{"postmaster+x@elsewhere.example"}},
	{"shell and option characters", `"$(touch x);-q"@example.com`, []string{`"$(touch x);-q"@example.com`}},
}

func testPostmap(t *testing.T, p postfix) {
	p.example(t)
	m := p.postmap(t, directory.PostmapOptions{Timeout: time.Minute})
	for _, c := range postmapCases {
		t.Run(c.name, func(t *testing.T) {
			got, err := m.Resolve(t.Context(), path(t, c.addr))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, texts(got)); diff != "" {
				t.Errorf("%s leads to (-want +got):\n%s", c.addr, diff)
			}
		})
	}
}

func TestPostmap(t *testing.T) { testPostmap(t, fakePostfix(t)) }

func TestPostmapAgreesWithPostfix(t *testing.T) { testPostmap(t, realPostfix(t)) }

func TestPostmapReadsTheConfigurationAsPostfixDoes(t *testing.T) {
	p := realPostfix(t)
	p.example(t)
	p.write(t, "origin", "origin.example\n")
	p.write(t, "domains", "# ours\nfile.example\n")
	p.write(t, "table", "table.example yes\n")
	p.write(t, "patterns", "/^bare$/ pattern@partner.example\n/^pat-(.*)@example\\.com$/ $1@partner.example\n")
	p.write(t, "main.cf", `domain = named.example
mydestination = !not.named.example, $domain, DIR/domains, texthash:DIR/table
myorigin = DIR/origin
recipient_delimiter = +-
parent = regexp:DIR/patterns
virtual_alias_maps = $parent inline:{ {in@line.example=a@x.example, b@x.example}, owner-list@l.example=owner@l.example } texthash:DIR/virtual
alias_maps = texthash:DIR/aliases
queue_directory = DIR
data_directory = DIR
`)
	m := p.postmap(t, directory.PostmapOptions{Timeout: time.Minute})
	for addr, want := range map[string][]string{
		"files":                     {"files"},
		"bare@named.example":        {"bert@example.com"},
		"bare@file.example":         {"bert@example.com"},
		"bare@table.example":        {"bert@example.com"},
		"bare@not.named.example":    {"bare@not.named.example"},
		"bare@origin.example":       {"bert@example.com"},
		"in@line.example":           {"a@x.example", "b@x.example"},
		"in-ext@line.example":       {"a@x.example", "b@x.example"},
		"owner-list@l.example":      {"owner@l.example"},
		"owner-other@l.example":     {"owner-other@l.example"},
		"pat-dora@example.com":      {"dora@partner.example"},
		"tolocal@file.example":      {"tolocal@file.example", "root@origin.example"},
		"postmaster+x@file.example": {"nobody@origin.example"},
	} {
		got, err := m.Resolve(t.Context(), path(t, addr))
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("%s leads to (-want +got):\n%s", addr, diff)
		}
	}
}

func TestPostmapThatCannotAnswerIsUnavailable(t *testing.T) {
	for name, maps := range map[string]string{
		"a table that is down":           "fatal:x",
		"an answer without end":          "huge:x",
		"an answer that cannot be read":  "odd:x",
		"a table that does not answer":   "hang:x",
		"a second table that is down":    "texthash:DIR/virtual fatal:x",
		"an entry that is no address":    "texthash:DIR/bad",
		"an entry with the null address": "texthash:DIR/null",
		"an entry of commas":             "texthash:DIR/commas",
	} {
		t.Run(name, func(t *testing.T) {
			p := fakePostfix(t)
			p.example(t)
			p.write(t, "bad", "bob@example.com anna@\n")
			p.write(t, "null", "bob@example.com <>\n")
			p.write(t, "commas", "bob@example.com , ,\n")
			p.write(t, "main.cf", "virtual_alias_maps = "+maps+"\nmydestination = example.com\nmyorigin = example.com\n")
			timeout := time.Minute
			if strings.HasPrefix(maps, "hang:") {
				timeout = 2 * time.Second
			}
			m := p.postmap(t, directory.PostmapOptions{Timeout: timeout})
			got, err := m.Resolve(t.Context(), path(t, "bob@example.com"))
			if !errors.Is(err, directory.ErrUnavailable) {
				t.Errorf("got %v, error %v; want ErrUnavailable", got, err)
			}
		})
	}
}

func TestPostmapWarningIsNoFailure(t *testing.T) {
	p := fakePostfix(t)
	p.write(t, "main.cf", "virtual_alias_maps = warning:x\nmydestination = example.com\nmyorigin = example.com\n")
	got, err := p.postmap(t, directory.PostmapOptions{}).Resolve(t.Context(), path(t, "bob@example.com"))
	if err != nil || !slices.Equal(texts(got), []string{"bob@example.com"}) {
		t.Errorf("got %v, %v", texts(got), err)
	}
}

func TestPostmapEndsWithItsContext(t *testing.T) {
	p := fakePostfix(t)
	p.write(t, "main.cf", "virtual_alias_maps = hang:x\nmydestination = example.com\nmyorigin = example.com\n")
	m := p.postmap(t, directory.PostmapOptions{Timeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := m.Resolve(ctx, path(t, "bob@example.com"))
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestPostmapKeepsAnswersForAWhile(t *testing.T) {
	p := fakePostfix(t)
	p.example(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := p.postmap(t, directory.PostmapOptions{
		Parameters: []string{"virtual_alias_maps"},
		TTL:        time.Minute, Entries: 2, Now: func() time.Time { return now },
	})
	resolve := func(addr string) (runs int) {
		t.Helper()
		before := p.runs(t)
		if _, err := m.Resolve(t.Context(), path(t, addr)); err != nil {
			t.Fatal(err)
		}
		return p.runs(t) - before
	}
	if n := resolve("anna@example.com"); n != 1 {
		t.Errorf("the first question took %d runs, want 1", n)
	}
	now = now.Add(59 * time.Second)
	if n := resolve("ANNA@example.com"); n != 0 {
		t.Errorf("asked again within the minute: %d runs", n)
	}
	now = now.Add(time.Second)
	if n := resolve("anna@example.com"); n != 1 {
		t.Errorf("after a minute: %d runs, want 1", n)
	}
	for _, addr := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		resolve(addr)
	}
	again := 0
	for _, addr := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		again += resolve(addr)
	}
	if again < 2 {
		t.Errorf("of four answers more than two were kept: %d runs", again)
	}
}

func TestPostmapFailureIsNotKept(t *testing.T) {
	p := fakePostfix(t)
	p.example(t)
	p.write(t, "virtual", "bob@example.com anna@\n")
	m := p.postmap(t, directory.PostmapOptions{Parameters: []string{"virtual_alias_maps"}})
	if _, err := m.Resolve(t.Context(), path(t, "bob@example.com")); err == nil {
		t.Fatal("no error")
	}
	p.write(t, "virtual", "bob@example.com anna@example.com\n")
	got, err := m.Resolve(t.Context(), path(t, "bob@example.com"))
	if err != nil || !slices.Equal(texts(got), []string{"anna@example.com"}) {
		t.Errorf("after the repair: %v, %v", texts(got), err)
	}
}

func TestPostmapRefusesWhatItCannotUse(t *testing.T) {
	p := fakePostfix(t)
	p.example(t)
	for name, o := range map[string]directory.PostmapOptions{
		"an unknown parameter": {Parameters: []string{"relay_domains"}, ConfigDir: p.dir, BinDir: p.bin},
		"no programs":          {Parameters: []string{"alias_maps"}, ConfigDir: p.dir, BinDir: p.dir},
	} {
		if _, err := directory.NewPostmap(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	p.write(t, "main.cf", "virtual_alias_maps = -q\nmydestination = example.com\nmyorigin = example.com\n")
	if _, err := directory.NewPostmap(t.Context(), directory.PostmapOptions{
		Parameters: []string{"virtual_alias_maps"}, ConfigDir: p.dir, BinDir: p.bin,
	}); err == nil {
		t.Error("a map that is an option: no error")
	}
}

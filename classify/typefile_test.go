package classify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/postern-mail/postern/strictyaml"
)

func readSample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "types", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTypeFile(t *testing.T) {
	d, problems := readType("good.yaml", readSample(t, "good.yaml"), resources{})
	if d == nil {
		t.Fatal(problems)
	}
	c, err := compile([]*definition{d}, Placeholders{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int{
		"staff# a/123/4567":                      {65},
		"staff# A-123-456":                       {65},
		"staff# A-123/456":                       nil,
		"AB123456, staff number, 1.2.1990":       {85},
		"AB123456, staff number, 1.2.1990 phone": {65},
		"ab123456 staff number":                  nil,
		"staff# el4-1234(5)":                     {65},
		"staff# ELX1234567(5)":                   {65},
		"staff# EL6-1234(5)":                     nil,
		"staff# EM4-1234(5)":                     nil,
		"staff# EL4-1234(5":                      nil,
	} {
		if diff := cmp.Diff(want, confidences(c, text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// Every mistake in a file is reported in one run, with its place.
func TestTypeFileMistakes(t *testing.T) {
	d, problems := readType("bad.yaml", readSample(t, "bad.yaml"), resources{})
	if d != nil {
		t.Error("the file is taken")
	}
	strictyaml.Sort(problems)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := strings.TrimSpace(string(readSample(t, "bad.want")))
	if diff := cmp.Diff(strings.Split(want, "\n"), got); diff != "" {
		t.Error(diff)
	}
}

func TestTypesNeedBothKindsOfSamples(t *testing.T) {
	good := string(readSample(t, "good.yaml"))
	for _, cut := range []string{good[strings.Index(good, "  noMatch:"):], good[strings.Index(good, "  match:"):strings.Index(good, "  noMatch:")]} {
		if d, _ := readType("x.yaml", []byte(strings.Replace(good, cut, "", 1)), resources{}); d != nil {
			t.Errorf("a type without %q is taken", cut)
		}
	}
}

func TestTypesMustNotShareANameOrAnID(t *testing.T) {
	d, _ := readType("good.yaml", readSample(t, "good.yaml"), resources{})
	other := *d
	other.info.Name = "Other"
	if _, err := compile([]*definition{d, &other}, Placeholders{}); err == nil {
		t.Error("two types with one ID are taken")
	}
	other.info.ID = "postern:other"
	other.info.Aliases = []string{"STAFF number"}
	if _, err := compile([]*definition{d, &other}, Placeholders{}); err == nil {
		t.Error("two types with one name are taken")
	}
}

// What the loader takes can be compiled and used.
func FuzzTypeFile(f *testing.F) {
	for _, name := range []string{"good.yaml", "bad.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "types", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	builtin, err := files.ReadDir("types")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range builtin {
		data, err := files.ReadFile("types/" + e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	lists := map[string][]wordDef{"card-names": {{text: "visa"}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, problems := readType("x.yaml", data, resources{lists: lists})
		if d == nil {
			if !strictyaml.Errors(problems) {
				t.Fatal("refused without a reason")
			}
			return
		}
		if len(d.members) > 0 {
			return // a bundle needs its members
		}
		c, err := compile([]*definition{d}, Placeholders{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range d.match {
			c.Scan(s.text, nil)
		}
		c.Scan("AB123456C 123-45-6789 GB82 WEST 1234 5698 7654 32 4111111111111111 ABCDEFGH", nil)
	})
}

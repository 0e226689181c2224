package classify

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func dictionaryHits(t *testing.T, terms, text string) (found []string) {
	t.Helper()
	d, err := NewDictionary(terms)
	if err != nil {
		t.Fatal(err)
	}
	d.each(text, 0, len(text), func(start, end int) { found = append(found, text[start:end]) })
	return found
}

func TestDictionaryFindsItsTerms(t *testing.T) {
	const terms = "Aspirin\nacute myocardial infarction, acute\r\nd.o.b.\nÄrztekammer\n信用卡\ncredit\n\n"
	for text, want := range map[string][]string{
		"Take ASPIRIN daily":                {"ASPIRIN"},
		"aspirins and xaspirin":             nil,
		"Acute  myocardial\ninfarction now": {"Acute  myocardial\ninfarction"},
		"acute myocardial pain":             {"acute"},
		"D.O.B. 1.2.1990":                   {"D.O.B."},
		"die ärztekammer":                   {"ärztekammer"},
		"我的信用卡号":                            {"信用卡"},
		"credit, credit;credit":             {"credit", "credit", "credit"},
		"":                                  nil,
		"acute":                             {"acute"},
		"acute myocardial infarctions":      {"acute"},
	} {
		if diff := cmp.Diff(want, dictionaryHits(t, terms, text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestDictionariesThatCannotBeUsed(t *testing.T) {
	for name, data := range map[string]string{
		"empty": " \n,\n", "no text": "\xff\xfe\n", "a very long term": strings.Repeat("x", maxTerm+1),
	} {
		if _, err := NewDictionary(data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A million terms take at most three octets for each of the list.
func TestALargeDictionaryIsSmall(t *testing.T) {
	var b strings.Builder
	for i := range 250_000 {
		fmt.Fprintf(&b, "term%x word%d\n", i*2654435761%0xffffff, i%97)
	}
	data := b.String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := NewDictionary(data)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took, most := int(after.HeapAlloc)-int(before.HeapAlloc), 3*len(data); took > most {
		t.Errorf("%d octets for a list of %d, at most %d are due", took, len(data), most)
	}
	if d.Terms() < 225_000 {
		t.Errorf("%d terms", d.Terms())
	}
	runtime.KeepAlive(data)
}

// What a dictionary finds is what the words of it find.
func FuzzDictionary(f *testing.F) {
	f.Add("alpha\nalpha beta\nd.o.b.\n信用", "Alpha  beta d.o.b. 信用卡 alphabeta")
	f.Add("a\na a\na a a", "a a a a a")
	f.Fuzz(func(t *testing.T, terms, text string) {
		d, err := NewDictionary(terms)
		if err != nil || len(text) > 2000 {
			return
		}
		text = strings.ToValidUTF8(text, "\ufffd")
		end := 0
		d.each(text, 0, len(text), func(from, to int) {
			if from < end || to <= from || to > len(text) || !edge(text, from) || !edge(text, to) {
				t.Fatalf("%d to %d of %d, behind %d", from, to, len(text), end)
			}
			end = to
			folded := foldTerm(text[from:to])
			all := make([]string, d.Terms())
			for i := range all {
				all[i] = d.term(i)
			}
			if !slices.Contains(all, folded) {
				t.Fatalf("%q is no term", folded)
			}
		})
	})
}

package classify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIndexFindsWhatListsFind(t *testing.T) {
	words := func(list ...string) *Words {
		w, err := NewWords(list)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	x, err := NewIndex(
		[]*Words{words("card", "credit card"), words("Credit  Card"), words("secret"), words("カード")},
		[][]string{{"card", "zz"}, {"ret n"}, {"nothing"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                          "-------",
		"my CREDIT\tcard":           "xx--x--",
		"postcards":                 "----x--",
		"a secret\r\nnumber":        "--x--x-",
		"secrets":                   "-------",
		"カード card":                  "x--xx--",
		"ｃａｒｄ":                      "x---x--",
		"the word is secret, CARD.": "x-x-x--",
	} {
		has := make([]bool, x.Lists())
		x.Find(text, has)
		var got strings.Builder
		for _, h := range has {
			got.WriteString(map[bool]string{true: "x", false: "-"}[h])
		}
		if got.String() != want {
			t.Errorf("%q: %s, want %s", text, got.String(), want)
		}
	}
}

func TestIndexRefusesBlankPieces(t *testing.T) {
	if _, err := NewIndex(nil, [][]string{{"a", " \t"}}); err == nil {
		t.Error("a blank piece is taken")
	}
	x, err := NewIndex(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Find("text", nil)
}

// An index finds every list of words of which Words finds something, and no other,
// and every piece that stands in the text as it is written.
func FuzzIndex(f *testing.F) {
	f.Add("credit card,card", "cc#,number", "t ca", "my Credit  card and cc#1")
	f.Add("密码,パスワード", "a b", "スワ", "请输入密码 A\u00a0\nb パスワード")
	f.Add("\xff,ſ,K", "a", "ſ", "S K \xff")
	f.Fuzz(func(t *testing.T, one, two, piece, text string) {
		var lists []*Words
		for _, list := range []string{one, two} {
			w, err := NewWords(strings.Split(list, ","))
			if err != nil {
				return
			}
			lists = append(lists, w)
		}
		x, err := NewIndex(lists, [][]string{{piece}})
		if err != nil {
			return
		}
		has := make([]bool, x.Lists())
		x.Find(text, has)
		for i, w := range lists {
			if _, found := w.Find(text); found != has[i] {
				t.Errorf("list %d is found alone: %v; in the index: %v", i, found, has[i])
			}
		}
		if utf8.ValidString(piece) && strings.Contains(text, piece) && !has[len(lists)] {
			t.Errorf("%q stands in %q and is not found", piece, text)
		}
	})
}

package classify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	for _, x := range []struct {
		word, text string
		want       bool
	}{
		{"contoso", "hello Contoso", true},
		{"contoso", "CONTOSO", true},
		{"contoso", "Acontoso", false},
		{"contoso", "Contosoa", false},
		{"contoso", "(contoso)", true},
		{"contoso", "www.contoso.com", true},
		{"contoso", "contoso_2", true},
		{"contoso", "contoso2", false},
		{"contoso", "Acontoso contoso", true},
		{"top secret", "a Top\t \r\n\u00a0Secret b", true},
		{"top  secret ", "top secret", true},
		{"top secret", "topsecret", false},
		{"top secret", "top-secret", false},
		{"*", "5 * 3", true},
		{"a*", "abc", false},
		{"cc#", "cc#4111", true},
		{"cc#", "cc 4111", false},
		{"cc#", "bcc#1", false},
		{"#ref", "a#ref b", true},
		{"#ref", "a#refs", false},
		{"straße", "STRAßE", true},
		{"ΟΔΟΣ", "οδος οδός", true},
		{"Москва", "в МОСКВА.", true},
		{"Москва", "подМосква", false},
		{"date d'expiration", "Date d’expiration", true},
		{"visa", "ＶＩＳＡ", true},
		{"visa", "Visaカード", true},
		{"room 42", "room ٤٢", true},
		{"カード番号", "あなたのカード番号は", true},
		{"カード番号", "カード番地", false},
		{"密码", "请输入密码。", true},
		{"비밀번호", "비밀번호를", true},
		{"บัตรเครดิต", "หมายเลขบัตรเครดิตของฉัน", true},
		{"ລະຫັດຜ່ານ", "ກະລຸນາໃສ່ລະຫັດຜ່ານຂອງທ່ານ", true},
		{"លេខសម្ងាត់", "សូមបញ្ចូលលេខសម្ងាត់របស់អ្នក", true},
		{"စကားဝှက်", "သင်၏စကားဝှက်ကိုရိုက်ထည့်ပါ", true},
		{"口座", "銀行口座番号", true},
		{"ひみつ", "これはひみつです", true},
		{"visa", "บัตรvisaของฉัน", true},
		{"цена", "оценка", false},
		{"цена", "цена.", true},
		{"سر", "سري", false},
		{"سر", "هذا سر، نعم", true},
		{"कर", "करना", false},
		{"कर", "की कर।", true},
		{"नाम", "नामे", false},
		{"κόστος", "ΚΌΣΤΟΣ!", true},
		{"δεν", "δένω", false},
		{"סוד", "הסוד", false},
		{"ßa", "xßa", false},
		{"a", "a\u200db", true},
		{"x", "x٣", false},
		{"x", "x_y", true},
		{"é", "e\u0301", false},
		{"e", "e\u0301", false},
	} {
		w, err := NewWords([]string{"zzzz", x.word})
		if err != nil {
			t.Fatal(err)
		}
		word, found := w.Find(x.text)
		if found != x.want || found && word != x.word {
			t.Errorf("%q in %q: %q, %v", x.word, x.text, word, found)
		}
	}
}

func TestWordsGiveTheFirstAndLongestAsWritten(t *testing.T) {
	w, err := NewWords([]string{"Card", "credit CARD", "Number", "card"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"number, credit card": "Number", "my credit card number": "credit CARD", "a card": "Card", "xcredit card": "Card"} {
		if got, _ := w.Find(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWordsRefuseEmptyOnes(t *testing.T) {
	for _, words := range [][]string{{""}, {"a", " \t"}} {
		if _, err := NewWords(words); err == nil {
			t.Errorf("%q are taken", words)
		}
	}
	if w, err := NewWords(nil); err != nil {
		t.Error(err)
	} else if _, found := w.Find("text"); found {
		t.Error("an empty list finds something")
	}
}

func TestWordsAllocateNothingWithoutAMatch(t *testing.T) {
	w, err := NewWords(benchWords(600))
	if err != nil {
		t.Fatal(err)
	}
	text := prose(1<<20) + " größer 語"
	if n := testing.AllocsPerRun(3, func() { w.Find(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// naiveEnd gives where a folded term ends, as a word of its own, when it begins
// at octet i; -1 when it does not.
func naiveEnd(text string, i int, term string) int {
	if !edge(text, i) {
		return -1
	}
	for _, want := range term {
		r, size := utf8.DecodeRuneInString(text[i:])
		if size == 0 || fold(r) != want {
			return -1
		}
		i += size
		for want == ' ' && i < len(text) {
			if r, size = utf8.DecodeRuneInString(text[i:]); fold(r) != ' ' {
				break
			}
			i += size
		}
	}
	if !edge(text, i) {
		return -1
	}
	return i
}

func FuzzWords(f *testing.F) {
	f.Add("credit card,card,cc#", "my Credit  card and cc#1")
	f.Add("密码,パスワード,a b", "请输入密码 A\u00a0\nb")
	f.Add("a,aa,a a,aa a", "aaa aa a")
	f.Add("credit card,card", "xcredit card")
	f.Add("\xff,ſ,K", "S K \xff")
	f.Fuzz(func(t *testing.T, list, text string) {
		words := strings.Split(list, ",")
		w, err := NewWords(words)
		if err != nil {
			return
		}
		end, longest, want := len(text)+1, 0, ""
		for _, word := range words {
			term := foldTerm(word)
			for i := range text {
				e := naiveEnd(text, i, term)
				if e > 0 && (e < end || e == end && len(term) > longest) {
					end, longest, want = e, len(term), word
				}
			}
		}
		got, found := w.Find(text)
		if found != (want != "") || foldTerm(got) != foldTerm(want) {
			t.Errorf("found %q, %v; want %q", got, found, want)
		}
	})
}

package message

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFieldText(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"plain", " Hello", "Hello"},
		{"fold", " Hello\r\n world", "Hello world"},
		{"fold of a milter", " Hello\n\tworld", "Hello world"},
		{"Q", " =?iso-8859-1?Q?Gr=FC=DFe_aus?=", "Grüße aus"},
		{"B", "=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"},
		{"B without padding", "=?utf-8?B?R3LDvMOfZQ?=", "Grüße"},
		{"two words are joined", "=?utf-8?Q?4111_11?=\r\n =?utf-8?Q?11?=", "4111 1111"},
		{"a character between two words", "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"},
		{"blanks around text stay", "a =?utf-8?Q?b?= c", "a b c"},
		{"no blank before a word", "a=?utf-8?Q?b?=c", "abc"},
		{"blanks inside a word", "=?utf-8?Q?a b c?=", "a b c"},
		{"lower case, bad escape", "=?UTF-8?q?a=zz=41?=", "a=zzA"},
		{"language", "=?utf-8*en?Q?x?=", "x"},
		{"unknown character set", "=?x-none?Q?caf=E9?=", "café"},
		{"UTF-7", "=?utf-7?Q?+AOk-?=", "é"},
		{"not a word", "2 =? 3", "2 =? 3"},
		{"never closed", "=?utf-8?Q?abc", "=?utf-8?Q?abc"},
		{"a word behind a broken one", "=?=?utf-8?Q?a?=", "=?a"},
		{"raw Latin-1", "caf\xe9", "café"},
		{"raw UTF-8", "café", "café"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Field{Value: c.value}).Text(); got != c.want {
				t.Errorf("%q is read as %q, not %q", c.value, got, c.want)
			}
		})
	}
}

func TestHeaderLookup(t *testing.T) {
	h := Header{{"Subject", " a"}, {"X-A", " 1"}, {"SUBJECT", " b"}}
	if f, ok := h.Get("subject"); !ok || f.Text() != "a" {
		t.Errorf("Get gives %q, %v", f.Text(), ok)
	}
	if diff := cmp.Diff([]string{"a", "b"}, h.Texts("Subject")); diff != "" {
		t.Error(diff)
	}
	if got := len(h.All("X-a")); got != 1 {
		t.Errorf("All gives %d fields", got)
	}
	if _, ok := h.Get("To"); ok {
		t.Error("a field is found that is not there")
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        []string
	}{
		{"one", "a@b.example", []string{"a@b.example"}},
		{"names", `"Doe, Jane" <jane@b.example>, Joe <joe@c.example>`, []string{"jane@b.example", "joe@c.example"}},
		{"an address as a name", `"boss@d.example" <jane@b.example>`, []string{"jane@b.example"}},
		{"comments", "a@b.example (Ann (the first), x@y.example)", []string{"a@b.example"}},
		{"group", "Team: a@b.example, c@d.example;", []string{"a@b.example", "c@d.example"}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"semicolons", "a@b.example; c@d.example", []string{"a@b.example", "c@d.example"}},
		{"only blanks between", "a@b.example c@d.example", []string{"a@b.example", "c@d.example"}},
		{"blanks around the @", "a @ b . example", []string{"a@b.example"}},
		{"bracket never closed", "Ann <a@b.example", []string{"a@b.example"}},
		{"quote never closed", `"Ann <a@b.example>, c@d.example`, []string{"a@b.example", "c@d.example"}},
		{"folded", "a@b.example,\n c@d.example", []string{"a@b.example", "c@d.example"}},
		{"quoted local-part", `"a b"@c.example`, []string{`"a b"@c.example`}},
		{"encoded whole", "=?utf-8?Q?Ann_=3Ca=40b.example=3E?=", []string{"a@b.example"}},
		{"no address", "nobody at all", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range (Header{{"To", c.value}}).Addresses("to") {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEncodeText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"ASCII as it is", "Hello (world)", "Hello (world)"},
		{"control characters", "a\r\nBcc: x\x00", "a Bcc: x"},
		{"UTF-8", "Grüße", "=?utf-8?B?R3LDvMOfZQ==?="},
		{"what looks encoded", "=?utf-8?Q?a?=", "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?="},
	} {
		if got := EncodeText(c.in); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
	long := strings.Repeat("Grüße und mehr 𝄞 ", 40)
	got := EncodeText(long)
	if back := (Field{Value: got}).Text(); back != strings.TrimSpace(long) && back != long {
		t.Errorf("long text is read again as %q", back)
	}
	for _, line := range strings.Split(got, "\r\n") {
		if len(line) > 76 {
			t.Errorf("a line of %d characters", len(line))
		}
	}
}

func FuzzFieldText(f *testing.F) {
	for _, s := range []string{"=?utf-8?Q?a=41?= =?utf-8?B?QQ?=", "=?iso-2022-jp?B?GyRC?=", "a\r\n b", "=?utf-7?Q?+AOk-?=", "=?=?=?=", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if text := (Field{Value: s}).Text(); !utf8.ValidString(text) {
			t.Errorf("%q is not valid UTF-8", text)
		}
		if !isASCII(EncodeText(s)) {
			t.Error("encoded text is not ASCII")
		}
	})
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{`"a" <b@c>`, "x: a@b, c@d;", "(((a@b", `"\"\"@b`, "<<<a@b>", "a@[1.2", "=?utf-8?Q?a=40b?="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range (Header{{"To", s}}).Addresses("To") {
			if p.IsNull() {
				t.Error("a null path among addresses")
			}
		}
	})
}

func FuzzStructured(f *testing.F) {
	for _, s := range []string{`multipart/mixed; boundary="a;b"`, "text/plain; name*0*=utf-8''%41; name*1=b", `a/b; x="`, "a/b;;=;x=(y)z", "a / b (c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := readFields(Header{{"Content-Type", s}, {"Content-Disposition", s}, {"Content-Transfer-Encoding", s}}, "text/plain")
		if !isMediaType(m.mediaType) {
			t.Errorf("media type %q", m.mediaType)
		}
	})
}

package extract

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"
)

const said = "Charge 4111 1111 1111 1111, expires 12/27."

func base64Lines(s string) string {
	e := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for ; len(e) > 40; e = e[40:] {
		b.WriteString(e[:40] + "\r\n")
	}
	return b.String() + e
}

// What stands encoded in plain text is a member.
func TestEncodingsWithinText(t *testing.T) {
	var yenc strings.Builder
	for i := range len(said) {
		yenc.WriteByte(said[i] + 42)
	}
	for _, c := range []struct {
		name, in, member, text string
		defect                 bool
	}{
		{"uuencoded file", "See:\nbegin 644 a.txt\n#86)C\n`\nend\nbye\n", "a.txt", "abc", false},
		{"without its end", "begin 644 a.txt\r\n#86)C\r\nbye\r\n", "a.txt", "abc", false},
		{"uuencode -m", "begin-base64 644 a.txt\n" + base64Lines(said) + "\n====\n", "a.txt", said, false},
		{"yEnc", "x\n=ybegin line=128 size=40 name=a.txt\n" + yenc.String() + "\n=yend size=40\n", "a.txt", said, false},
		{"base64 throughout", base64Lines(said) + "\n", "member 1", said, true},
		{"base64 among prose", "Dear Ann,\n\n" + base64Lines(said) + "\n\nregards\n", "member 1", said, true},
		{"base64 as a word", "decode " + base64.StdEncoding.EncodeToString([]byte(said)) + " please\n", "member 1", said, true},
		{"of the other alphabet", base64.RawURLEncoding.EncodeToString([]byte("ÿ?ÿ? "+said)) + "\n", "member 1", "ÿ?ÿ? " + said, true},
		{"twice", base64Lines(base64Lines(said)), "member 1/member 1", said, true},
		{"UTF-7", "the number is 41+ADEAMQAx-11", "member 1", "the number is 4111111", true},
		{"escapes", "=34=31=31=31 =\n=31=31=31=31", "member 1", "4111 1111", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.in, Hint{MediaType: "text/plain"})
			checkDocument(t, d, DefaultLimits)
			found := false
			for at, m := range d.All() {
				found = found || at == c.member && m.Text == c.text
			}
			if !found || utf8.ValidString(c.in) && d.Text != c.in || d.Status != Complete || (len(d.Defects) > 0) != c.defect {
				t.Errorf("%+v", d)
			}
		})
	}
}

// What only looks encoded is left alone.
func TestTextThatIsNotEncoded(t *testing.T) {
	for _, in := range []string{
		"begin 644 is how uuencode begins.\nend\n",
		"begin\nbegin 644\n",
		"=ybegin\n",
		"ThisIsAnEndlessGermanWordLikeDonaudampfschifffahrtsgesellschaft\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef\n",
		"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUX3h0r1qkq7nF6b4mWn4xq3v0JHcwCgYIKoZIzj0EAwIw\nHzEdMBsGA1UEAwwUcG9zdGVybiB0ZXN0IGVuY3J5cHQwHhcNMjYwMTAxMDAwMDAw\n-----END CERTIFICATE-----\n",
		"https://www.example.com/a/b/cdefghijklmnopqrstuvwxyz/0123456789\n",
		"a=b c=d =20 =3D\n",
		"1+1=2, C++ and +4930123456789-0 or +AAAAAAAAAAAA\n",
		"(This file must be converted with BinHex 4.0)\nor so they said\n",
	} {
		d := extract(in, Hint{MediaType: "text/plain"})
		if len(d.Members) > 0 || len(d.Defects) > 0 || d.Status != Complete {
			t.Errorf("%q: %+v", in, d)
		}
	}
}

func TestBinHex(t *testing.T) {
	// A header (name, type, creator, flags, lengths), checksums and the data "4111"
	// and eight times 1.
	raw := "\x05a.txtTEXTttxt\x00\x00\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00" + "41111\x90\x08\x00\x00"
	raw = strings.Replace(raw, "a.txt", "a.txt\x00", 1)
	var b strings.Builder
	bits, n := 0, 0
	for i := range len(raw) {
		bits, n = bits<<8|int(raw[i]), n+8
		for n >= 6 {
			n -= 6
			b.WriteByte(binHexAlphabet[bits>>n&0x3f])
		}
	}
	if n > 0 {
		b.WriteByte(binHexAlphabet[bits<<(6-n)&0x3f])
	}
	d := extract("(This file must be converted with BinHex 4.0)\n\n:"+b.String()+":\n", Hint{})
	if len(d.Members) != 1 || d.Members[0].Names[0] != "a.txt" || d.Members[0].Text != "411111111111" {
		t.Errorf("%+v", d)
	}
}

func FuzzEncodings(f *testing.F) {
	f.Add("begin 644 a.txt\n#86)C\n`\nend\n")
	f.Add("begin-base64 644 a\nYWJj\n====\n")
	f.Add("=ybegin line=1 size=1 name=a\nabc\n=yend\n")
	f.Add("(This file must be converted with BinHex 4.0)\n:abc:\n")
	f.Add(base64Lines(said))
	f.Add("=34=31=31=31=\n")
	f.Fuzz(func(t *testing.T, in string) {
		checkDocument(t, extract(in, Hint{MediaType: "text/plain"}), DefaultLimits)
	})
}

func BenchmarkEncodings(b *testing.B) {
	prose := strings.Repeat("The quick brown fox jumps over the lazy dog; a long line of prose, as people write.\n", 12000)
	b.SetBytes(int64(len(prose)))
	for b.Loop() {
		r := &reader{ctx: b.Context(), lim: DefaultLimits, left: NewBudget(Limits{})}
		r.encodings(prose)
	}
}

package message

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"testing"
)

func TestDecodeBase64(t *testing.T) {
	for _, c := range []struct {
		name, in, want     string
		defect, unreadable bool
	}{
		{name: "plain", in: "SGVsbG8=", want: "Hello"},
		{name: "lines", in: "SGVs\r\nbG8=\r\n", want: "Hello"},
		{name: "one character a line", in: "S\nG\nV\ns\nb\nG\n8\n=\n", want: "Hello"},
		{name: "foreign characters", in: "SG.V!sbG8=", want: "Hello", defect: true},
		{name: "no padding", in: "SGVsbG8", want: "Hello", defect: true},
		{name: "on behind padding", in: "QQ==Qg==Qw==", want: "ABC", defect: true},
		{name: "other alphabet", in: "-_-_", want: "\xfb\xff\xbf", defect: true},
		{name: "ends within an octet", in: "SGVsb", want: "Hel", defect: true, unreadable: true},
		{name: "nothing", in: "", want: ""},
		{name: "no base64", in: "!!!!", want: "", defect: true, unreadable: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dm := decodeBase64(nil, []byte(c.in))
			if string(got) != c.want || (dm.defect != "") != c.defect || (dm.unreadable != "") != c.unreadable {
				t.Errorf("%q is read as %q with %+v", c.in, got, dm)
			}
		})
	}
}

func TestDecodeQuotedPrintable(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		defect         bool
	}{
		{name: "escapes", in: "a=3D=c3=A9", want: "a=é"},
		{name: "soft break", in: "4111 11=\r\n11", want: "4111 1111"},
		{name: "soft break, LF", in: "4111 11=\n11", want: "4111 1111"},
		{name: "soft break and blanks", in: "4111 11= \t\r\n11", want: "4111 1111", defect: true},
		{name: "blanks at the end of a line", in: "a \t\r\nb ", want: "a\r\nb"},
		{name: "blanks inside", in: "a  b", want: "a  b"},
		{name: "no escape", in: "a=ZZb", want: "a=ZZb", defect: true},
		{name: "break at the end", in: "a=", want: "a"},
		{name: "half an escape", in: "a=4", want: "a=4", defect: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dm := decodeQuotedPrintable(nil, []byte(c.in))
			if string(got) != c.want || (dm.defect != "") != c.defect {
				t.Errorf("%q is read as %q with %+v", c.in, got, dm)
			}
		})
	}
}

func TestDecodeUU(t *testing.T) {
	got, dm := decodeUU(nil, []byte("prose\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\nprose\r\nbegin 644 b\n#0V%T\nend\n"))
	if string(got) != "CatCat" || dm != (damage{}) {
		t.Errorf("read as %q with %+v", got, dm)
	}
	for _, in := range []string{"begin 644 a\n#0V%T\n", "begin 644 a\nM0V\nend\n", "nothing"} {
		if _, dm := decodeUU(nil, []byte(in)); dm == (damage{}) {
			t.Errorf("%q is not noticed", in)
		}
	}
}

func FuzzTransferDecoding(f *testing.F) {
	for _, s := range []string{"SGVsbG8=", "a=3D=\r\n b", "begin 644 x\n#0V%T\nend\n", "====", "= \t\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, e := range []encoding{identity, base64Encoding, quotedPrintable, uuEncoding} {
			m := &Message{budget: nil}
			if _, _, err := m.decode(in, e); err != nil {
				t.Fatal(err)
			}
			for _, k := range m.blocks {
				if cap(k.data) != int(k.taken) {
					t.Errorf("encoding %d gives more than its room", e)
				}
			}
		}
		if got, dm := decodeBase64(nil, []byte(base64.StdEncoding.EncodeToString(in))); !bytes.Equal(got, in) || dm.defect != "" {
			t.Errorf("base64 is not read as it was written: %+v", dm)
		}
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Binary = true
		w.Write(in)
		w.Close()
		if got, dm := decodeQuotedPrintable(nil, b.Bytes()); !bytes.Equal(got, in) || dm.defect != "" {
			t.Errorf("quoted-printable is not read as it was written: %+v", dm)
		}
	})
}

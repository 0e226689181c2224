package extract

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// prop is a property of a message for the tests.
type prop struct {
	id, kind int
	value    string
}

func wideProp(id int, s string) prop { return prop{id, mapiString, string(utf16leOf(s))} }

func narrowProp(id int, s string) prop { return prop{id, mapiString8, s} }

func numberProp(id int, n uint32) prop { return prop{id, mapiLong, little(n)} }

// msgStreams are the streams of properties in a .msg file.
func msgStreams(head int, list ...prop) (nodes []*cfbNode) {
	fixed := make([]byte, head)
	for _, p := range list {
		if p.kind == mapiLong || p.kind == mapiTime {
			e := make([]byte, 16)
			binary.LittleEndian.PutUint16(e, uint16(p.kind))
			binary.LittleEndian.PutUint16(e[2:], uint16(p.id))
			copy(e[8:], p.value)
			fixed = append(fixed, e...)
			continue
		}
		nodes = append(nodes, stream(fmt.Sprintf("__substg1.0_%04X%04X", p.id, p.kind), p.value))
	}
	return append(nodes, stream(msgProperties, string(fixed)))
}

func msgPart(name string, list ...prop) *cfbNode {
	return storage(name, msgStreams(msgHeadPart, list...)...)
}

// storedRTF is a body in RTF that is not compressed.
func storedRTF(s string) string {
	return little(uint32(len(s)+12), uint32(len(s)), 0x414c454d, 0) + s
}

func TestOutlookMessage(t *testing.T) {
	inner := storage("__substg1.0_3701000D", msgStreams(msgHeadInner, wideProp(propSubject, "inner"), wideProp(propBody, "inner body"))...)
	content := compoundFile(slices.Concat(msgStreams(msgHeadTop,
		wideProp(propSubject, "Plan für Ann"), wideProp(propSenderName, "Bob"), wideProp(propSenderSMTP, "bob@example.com"),
		wideProp(propBody, "body 4111"), prop{propHTML, mapiBinary, "<p>other <b>41</b>11 body"},
		prop{propRTF, mapiBinary, storedRTF(`{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 body 4111{\*\htmltag72 </p>}}`)},
		prop{propSubmitted, mapiTime, string(binary.LittleEndian.AppendUint64(nil, 128_000_000_000_000_000))},
		wideProp(propTransportHeader, "Subject: =?utf-8?q?Plan_f=C3=BCr_Ann?=\r\nReply-To: c@example.com\r\nReceived: from x\r\n")),
		[]*cfbNode{
			msgPart("__recip_version1.0_#00000000", wideProp(propDisplayName, "Carl"), wideProp(propSMTPAddress, "carl@x.example"), numberProp(propRecipientKind, 1)),
			msgPart("__recip_version1.0_#00000001", wideProp(propDisplayName, "dora@x.example"), numberProp(propRecipientKind, 3)),
			msgPart("__attach_version1.0_#00000000", wideProp(propAttachLongName, "long name.txt"), wideProp(propAttachName, "LONGNA~1.TXT"), prop{propAttachData, mapiBinary, "attached"}),
			storage("__attach_version1.0_#00000001", append(msgStreams(msgHeadPart, wideProp(propDisplayName, "inner")), inner)...),
		})...)
	d := extract(content, Hint{Name: "a.bin"})
	checkDocument(t, d, DefaultLimits)
	want := "Subject: Plan für Ann\nFrom: Bob <bob@example.com>\nTo: Carl <carl@x.example>\nBcc: dora@x.example\nDate: 2006-08-14T03:33:20Z\nReply-To: c@example.com\n"
	if diff := cmp.Diff(want, d.Text); diff != "" || d.Status != Complete || d.Extension != "msg" {
		t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
	}
	var members []string
	for at, in := range d.All() {
		if at != "" {
			members = append(members, fmt.Sprintf("%s %v %s %q", at, in.Names, in.Extension, in.Text))
		}
	}
	wantMembers := []string{
		`member 1 [] txt "body 4111"`, `member 2 [] html "other 4111 body"`,
		`long name.txt [long name.txt LONGNA~1.TXT] txt "attached"`,
		`inner [inner] msg "Subject: inner\n"`, `inner/member 1 [] txt "inner body"`,
	}
	if diff := cmp.Diff(wantMembers, members); diff != "" {
		t.Error(diff)
	}
}

func TestMessageInOldCodePage(t *testing.T) {
	d := extract(compoundFile(msgStreams(msgHeadTop, narrowProp(propSubject, "\xcf\xeb\xe0\xed"), narrowProp(propBody, "\xcf\xeb\xe0\xed"), numberProp(propMessageCodePage, 1251))...), Hint{})
	if want := "Subject: План\nПлан"; allText(d) != want {
		t.Errorf("%q", allText(d))
	}
}

func TestCompressedBody(t *testing.T) {
	// The example of [MS-OXRTFCP] section 4.1.
	packed := "\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125B2\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0"
	r := NewBudget(DefaultLimits).reader(t.Context(), nil, Hint{}, catalog)
	if got, want := string(r.unpackRTF([]byte(packed))), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// tnefAttr is an attribute with its check sum.
func tnefAttr(level byte, id int, data string) string {
	sum := 0
	for i := range len(data) {
		sum += int(data[i])
	}
	b := binary.LittleEndian.AppendUint16([]byte{level}, uint16(id))
	b = binary.LittleEndian.AppendUint16(b, 6)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return string(binary.LittleEndian.AppendUint16(append(b, data...), uint16(sum)))
}

func tnefProps(list ...prop) string {
	out := little(uint32(len(list)))
	for _, p := range list {
		out += little(uint32(p.id)<<16 | uint32(p.kind))
		if p.kind != mapiLong {
			out += little(1) + lengthBefore(p.value) + strings.Repeat("\x00", -len(p.value)&3)
		} else {
			out += p.value
		}
	}
	return out
}

func tnefFile(attributes ...string) string {
	return string(tnefMagic) + "\x01\x00" + strings.Join(attributes, "")
}

func TestTNEF(t *testing.T) {
	embedded := tnefFile(tnefAttr(1, tnefMessageProps, tnefProps(wideProp(propSubject, "inner"), wideProp(propBody, "inner body"))))
	content := tnefFile(
		tnefAttr(1, tnefCodePage, little(1250, 0)),
		tnefAttr(1, tnefSubject, "P\xf8\xedklad\x00"),
		tnefAttr(1, tnefMessageProps, tnefProps(prop{propRTF, mapiBinary, storedRTF(`{\rtf1 4111}`)})),
		tnefAttr(2, tnefAttachBegin, strings.Repeat("\x00", 14)), tnefAttr(2, tnefAttachTitle, "A~1.TXT\x00"), tnefAttr(2, tnefAttachData, "one"),
		tnefAttr(2, tnefAttachProps, tnefProps(wideProp(propAttachLongName, "a long.txt"))),
		tnefAttr(2, tnefAttachBegin, strings.Repeat("\x00", 14)),
		tnefAttr(2, tnefAttachProps, tnefProps(numberProp(propAttachMethod, 5), wideProp(propDisplayName, "msg"), prop{propAttachData, mapiObject, strings.Repeat("\x07", 16) + embedded})),
	)
	d := extract(content, Hint{Name: "winmail.dat"})
	checkDocument(t, d, DefaultLimits)
	if want := "Subject: Příklad\n4111\none\nSubject: inner\ninner body"; allText(d) != want || d.Status != Complete {
		t.Errorf("%s %s, %q", d.Status, d.Detail, allText(d))
	}
	if names := d.Members[1].Names; !slices.Equal(names, []string{"a long.txt", "A~1.TXT"}) {
		t.Errorf("names %q", names)
	}
	for cut := range len(content) - 12 {
		d := extract(content[:cut+7], Hint{})
		checkDocument(t, d, DefaultLimits)
	}
	lie := []byte(content)
	binary.LittleEndian.PutUint32(lie[6+5:], 0xffffffff)
	if d := extract(string(lie), Hint{}); d.Status != Corrupt {
		t.Errorf("an attribute that claims 4 GB: %s", d.Status)
	}
}

func FuzzOutlookMessage(f *testing.F) {
	f.Add(string(utf16leOf("Ann")), "\x03\x00\xfd\x3f\x00\x00\x00\x00\xe4\x04\x00\x00\x00\x00\x00\x00", storedRTF(`{\rtf1\fromhtml1 {\*\htmltag <p>}a}`))
	f.Fuzz(func(t *testing.T, subject, fixed, rtf string) {
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		d := extractWithin(compoundFile(stream("__substg1.0_0037001F", subject), stream(msgProperties, strings.Repeat("\x00", msgHeadTop)+fixed),
			stream("__substg1.0_10090102", rtf), msgPart("__attach_version1.0_#00000000", prop{propAttachData, mapiBinary, rtf}),
			storage(msgNames, stream("__substg1.0_00030102", fixed), stream("__substg1.0_00040102", subject))), lim)
		checkDocument(t, d, lim)
	})
}

func FuzzTNEF(f *testing.F) {
	fuzzFormat(f, Hint{}, tnefFile(tnefAttr(1, tnefSubject, "Ann\x00"), tnefAttr(1, tnefMessageProps, tnefProps(prop{propRTF, mapiBinary, storedRTF(`{\rtf1 4111}`)}, numberProp(propMessageCodePage, 1251))),
		tnefAttr(2, tnefAttachBegin, "x"), tnefAttr(2, tnefAttachData, "one")))
}

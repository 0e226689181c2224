package extract

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRTF(t *testing.T) {
	const fonts = `{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 MS Gothic;}}`
	for _, c := range []struct{ name, body, want string }{
		{"paragraphs", `One\par Two\line Three`, "One\nTwo\nThree"},
		{"numbers in pieces", `41{\b 11}\i  1111\i0`, "4111 1111"},
		{"line ends of the file mean nothing", "41\r\n11", "4111"},
		{"octets by font", fonts + `\f1\'cf\'eb\'e0\'ed \f0 Gr\'fc\'dfe`, "План Grüße"},
		{"two octets by font", fonts + `\f2\'93\'fa\'96\'7b`, "日本"},
		{"second octet as a letter", fonts + `\f2\'83A`, "ア"},
		{"Unicode and what stands for it", `\u1055?\u1083\'3f{\uc2\u1072??}\uc0\u1085 .`, "План."},
		{"pairs of surrogates", `\uc0\u-10179\u-8704`, "😀"},
		{"escapes", `\{a\\b\}\~c\_d\-e`, "{a\\b}\u00a0c-de"},
		{"destinations that are not shown", `{\stylesheet{\s0 Normal;}}{\*\unknown no}{\colortbl;\red0;}a{\pict\pngblip 89504e47}b`, "ab"},
		{"binary", "a{\\pict\\bin5 }}}{{}b", "ab"},
		{"tables", `\trowd\intbl Name\cell Card\cell\row\intbl Ann\par B\cell 4111\cell\row\pard end`, "Name\tCard\nAnn B\t4111\nend"},
		{"nested tables", `\intbl\itap2 i1\nestcell i2\nestcell{\*\nesttableprops\nestrow}{\nonesttables\par}\itap1 o\cell\row`, "i1\ti2\no\n"},
		{"fields", `{\field{\*\fldinst HYPERLINK "http://x.example/"}{\fldrslt here}} after`, "here after\nhttp://x.example/"},
		{"notes and headers", `{\header H\par}a{\footnote note}b{\*\annotation com}`, "ab\nH\nnote\ncom"},
		{"two forms of a text", `{\upr{ansi}{\*\ud{uni}}}`, "uni"},
		{"text boxes", `{\shp{\*\shpinst{\sp{\sn wzDescription}{\sv alt}}{\shptxt boxed\par}}}x`, "x\nalt\nboxed"},
		{"hidden text", `a{\v hid}b`, "ahidb"},
		{"unknown code page", `\ansicpg99999 \'e4`, "ä"},
		{"groups that are closed too often", `a}b`, "a\nb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := `{\rtf1\ansi\ansicpg1252\deff0 ` + c.body
			if !strings.Contains(c.name, "too often") {
				content += "}"
			}
			d := extract(content, Hint{Name: "a.doc", MediaType: "application/msword"})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, d.Text); diff != "" || d.Status != Complete || d.Extension != "rtf" {
				t.Errorf("%s %s %s\n%s", d.Extension, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestRTFProperties(t *testing.T) {
	d := extract(`{\rtf1{\info{\title Plan}{\author Ann}{\operator Bob}{\*\company Example}{\doccomm c}{\creatim\yr2024}}{\*\userprops{\propname Department}\proptype30{\staticval Sales}}x}`, Hint{})
	want := map[string]string{"Title": "Plan", "Author": "Ann", "LastAuthor": "Bob", "Company": "Example", "Comments": "c", "Department": "Sales"}
	if diff := cmp.Diff(want, d.Properties); diff != "" || d.Text != "x\nComments: c\nCompany: Example\nDepartment: Sales\nTitle: Plan\n" {
		t.Errorf("%q\n%s", d.Text, diff)
	}
}

func TestObjectsInRTF(t *testing.T) {
	object := func(class, data string) string {
		return `{\object\objemb{\*\objclass ` + class + `}{\*\objdata ` + hex.EncodeToString([]byte(little(0x501, 2)+lengthBefore(class+"\x00")+little(0, 0)+lengthBefore(data))) + `}{\result shown}}`
	}
	d := extract(`{\rtf1 a `+object("Package", "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00"+lengthBefore("C:\\a.txt\x00")+lengthBefore("packed"))+
		object("Word.Document.8", wordFileOf([]string{"inner\r"}, []bool{false}))+`}`, Hint{})
	checkDocument(t, d, DefaultLimits)
	if want := "a shownshown\npacked\ninner\n"; allText(d) != want || d.Status != Complete || d.Members[0].Names[0] != "a.txt" {
		t.Errorf("%s %s %q", d.Status, d.Detail, allText(d))
	}
}

func TestHTMLInRTF(t *testing.T) {
	d := extract(`{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe {\*\htmltag84 <b>}\htmlrtf {\b\htmlrtf0 41\htmlrtf }\htmlrtf0 {\*\htmltag92 </b>}11`+
		`{\*\htmltag84 &amp;}\htmlrtf &\htmlrtf0\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}{\*\mhtmltag no}}`, Hint{})
	if want := "Grüße 4111&"; d.Text != want || d.Status != Complete {
		t.Errorf("%s %q", d.Status, d.Text)
	}
}

func TestDeepRTF(t *testing.T) {
	d := extract(`{\rtf1 before`+strings.Repeat("{", 200_000), Hint{})
	if d.Status != Truncated || d.Text != "before" {
		t.Errorf("%s %q", d.Status, d.Text)
	}
	if d := extract(`{\rtf1 before{`, Hint{}); d.Status != Corrupt || d.Text != "before" {
		t.Errorf("cut off: %s %q", d.Status, d.Text)
	}
}

func FuzzRTF(f *testing.F) {
	fuzzFormat(f, Hint{}, `{\rtf1\ansi{\fonttbl{\f0\fcharset128 A;}}\f0\'83A{\field{\*\fldinst HYPERLINK "x"}{\fldrslt y}}\u-10179?\intbl a\cell\row}`,
		`{\rtf1\fromhtml1 {\*\htmltag <p>}\htmlrtf a\htmlrtf0}`, `{\rtf1{\object{\*\objdata 0105000002000000}}{\info{\title T}}{\upr{a}{\*\ud b}}\bin3 }}}}`)
}

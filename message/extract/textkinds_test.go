package extract

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKindsOfText(t *testing.T) {
	for _, c := range []struct {
		name, in string
		hint     Hint
		media    string
		want     string
	}{
		{"JSON", `{"card": "4111\u0031111", "list": [1, "a", true, null], "in": {"x": 2.50}}`, Hint{}, "application/json",
			"card: 41111111\nlist: \n1\na\ntrue\n\nin: \nx: 2.50\n"},
		{"JSON lines", "{\"a\": 1}\n{\"a\": 2}\n", Hint{Name: "a.jsonl"}, "application/json", "a: 1\na: 2\n"},
		{"JSON that ends", `{"a": 1, "b": `, Hint{Name: "a.json"}, "application/json", "a: 1\nb: "},
		{"JSON and a rest", `{"a": 1} 4111 1111`, Hint{Name: "a.json"}, "application/json", "a: 1\n4111\n1111\n"},
		{"XML", `<?xml version="1.0"?><a n="x&#49;"><b>41<!-- c -->11</b> <c>1111</c></a>`, Hint{}, "application/xml", "x1\n4111\n1111\n"},
		{"XML with its type", `<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//A//B" "http://x.example/"><plist><string>a</string></plist>`, Hint{}, "application/xml", "a\n"},
		{"calendar", "BEGIN:VCALENDAR\r\nDESCRIPTION;X=\"a:b\":41\r\n 11\\, and\\nmore\r\nEND:VCALENDAR\r\n", Hint{}, "text/calendar",
			"BEGIN: VCALENDAR\nDESCRIPTION;X=\"a:b\": 4111, and\nmore\nEND: VCALENDAR\n"},
		{"card", "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:41=31=\n1 x\nEND:VCARD\n", Hint{}, "text/vcard",
			"BEGIN: VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE: 4111 x\nEND: VCARD\n"},
		{"enriched", "<bold>41</bold>11 <<\nmore\n\nnext<param>red</param>", Hint{MediaType: "text/enriched"}, "text/enriched", "4111 < more\nnext"},
		{"mail", "From: =?utf-8?Q?J=C3=B6?= <j@example.com>\nSubject: a\n b\nX-Y: z\n\nhello\n", Hint{}, "message/rfc822",
			"Subject: a b\nFrom: Jö <j@example.com>\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.in, c.hint)
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, d.Text); diff != "" || d.MediaType != c.media || d.Status != Complete {
				t.Errorf("%s %s %s\n%s", d.MediaType, d.Status, d.Detail, diff)
			}
		})
	}
}

func TestXMLThatDeclaresEntitiesIsNotReadWhole(t *testing.T) {
	in := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "4111">]><a>&b;1111</a>`
	if d := extract(in, Hint{}); d.Status != Truncated || d.Text != in {
		t.Errorf("%+v", d)
	}
}

// paths lists a document and those within it.
func paths(d Document) (list []string) {
	for at, m := range d.All() {
		list = append(list, at+" "+m.MediaType+" "+string(m.Status))
	}
	return list
}

func TestMailWithinFiles(t *testing.T) {
	mail := "From: a@example.com\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\n\nhello\n--b\nContent-Type: text/html\nContent-Disposition: attachment; filename=a.html\nContent-Transfer-Encoding: base64\n\nPGI+NDE8L2I+MTE=\n" +
		"--b\nContent-Type: message/rfc822\n\nFrom: c@example.com\nSubject: inner\n\ninner text\n--b--\n"
	d := extract(mail, Hint{Name: "a.eml"})
	want := []string{" message/rfc822 complete", "member 1 text/plain complete", "a.html text/html complete", "member 3 text/plain complete"}
	if diff := cmp.Diff(want, paths(d)); diff != "" || allText(d) != "Subject: s\nFrom: a@example.com\nSubject: inner\nFrom: c@example.com\nhello\n4111\ninner text" {
		t.Errorf("%q\n%s", allText(d), diff)
	}
	d = extract(mail, Hint{MediaType: "text/plain"})
	if d.MediaType != "text/plain" || d.Text != mail || len(d.Members) != 1 || len(d.Members[0].Members) != 3 {
		t.Errorf("a message forwarded as text: %q", paths(d))
	}
	d = extract("From: Ann\nTo: Bob\nSubject: x\n\nhello\n", Hint{MediaType: "text/plain"})
	if d.MediaType != "text/plain" || len(d.Members) > 0 {
		t.Errorf("text that begins like a message: %q", paths(d))
	}
	box := "From a Mon Jan  5 10:00:00 2026\n" + mail + "\nFrom b Mon Jan  5 10:00:00 2026\n" + mail
	d = extract(box, Hint{Name: "a.mbox"})
	if d.MediaType != "application/mbox" || len(d.Members) != 2 || len(d.Members[1].Members) != 3 {
		t.Errorf("%q", paths(d))
	}
	d = extract("From: a@example.com\nSubject: s\nContent-Type: text/plain\nContent-Type: text/html\n\n<b>x", Hint{Name: "a.eml"})
	if len(d.Defects) == 0 {
		t.Error("what is ambiguous in a message within is not told")
	}
	d = extract("From: a@example.com\nSubject: s\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n", Hint{Name: "a.eml"})
	if d.Status != Protected || d.Encryption == "" {
		t.Errorf("encrypted mail within: %+v", d)
	}
}

func TestHTMLHoldsMoreThanItShows(t *testing.T) {
	for _, c := range []struct {
		name, in, text string
		members        []string
	}{
		{"hidden within a number", `<p>41<span style="display: none">9</span>11</p>`, "41911\n4111", nil},
		{"hidden by the attribute", `<p>41<span hidden>9</span>11<p>x`, "41911\nx\n4111", nil},
		{"in no size", `<p>41<font style="font-size:0px">9</font>11`, "41911\n4111", nil},
		{"of some size", `<p>41<font style="font-size:10px">9</font>11`, "41911", nil},
		{"all of a line", `<p hidden>4111</p><p>x</p>`, "4111\nx", nil},
		{"address that is escaped", `<a href="mailto:a@example.com?body=%34111">x</a>`, "x\nmailto:a@example.com?body=%34111\nmailto:a@example.com?body=4111", nil},
		{"any attribute", `<p data-card="4111" class="c">x`, "x\n4111", nil},
		{"script", `<p>x<script>var a = "4111"</script>`, "x", []string{`var a = "4111"`}},
		{"what a script saves", `<script>save("` + base64Lines(said)[:40] + `")</script>`, "", []string{`save("` + base64Lines(said)[:40] + `")`, said[:30]}},
		{"data link", `<a href="DATA:text/html;base64,PGI+NDE8L2I+MTE=">go</a>`, "go", []string{"4111"}},
		{"data link in a refresh", `<meta http-equiv=refresh content="0; url=data:,4%3111">`, "", []string{"4111"}},
		{"data link in a style", `<style>a{background:url('data:text/plain,4111')}</style>x`, "x", []string{"4111"}},
		{"text of a style", `<style>a:before{content:"4111"}</style>x`, "x\na:before{content:\"4111\"}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.in, Hint{MediaType: "text/html"})
			var members []string
			for at, m := range d.All() {
				if at != "" {
					members = append(members, m.Text)
				}
			}
			if d.Text != c.text || !slices.Equal(members, c.members) {
				t.Errorf("text %q, members %q", d.Text, members)
			}
		})
	}
}

func FuzzKindsOfText(f *testing.F) {
	f.Add([]byte(`{"a": [1]}`), "a.json")
	f.Add([]byte(`<?xml version="1.0"?><a b="c">d</a>`), "a.xml")
	f.Add([]byte("BEGIN:VCALENDAR\nA:b\n c\nEND:VCALENDAR\n"), "a.ics")
	f.Add([]byte("From: a\nTo: b\n\nc\n"), "a.eml")
	f.Add([]byte("From a\nFrom: a\nTo: b\n\nc\n\nFrom a\nFrom: a\nTo: b\n\n"), "a.mbox")
	f.Add([]byte("<p hidden>a<script>b</script><a href='data:,x'>"), "a.html")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		checkDocument(t, extract(string(content), Hint{Name: name}), DefaultLimits)
	})
}

package edit

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
)

const plainHead = "From: a@b.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset="

// disclaimed gives a message with a disclaimer, and fails where it takes none.
func disclaimed(t testing.TB, raw string, x Disclaimer) string {
	t.Helper()
	m := read(t, raw)
	d := New(m)
	if err := d.Disclaim(x); err != nil {
		t.Fatal(err)
	}
	return whole(raw, m, d)
}

func TestDisclaimerInText(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, raw, html string
		prepend         bool
		want            string
	}{
		{"ASCII is put in as it is", "From: a@b.test\n\nhello\n", "<p>Private</p>", false, "From: a@b.test\n\nhello\n\nPrivate\n"},
		{"before the text", "From: a@b.test\n\nhello\n", "<p>Private</p>", true, "From: a@b.test\n\nPrivate\n\nhello\n"},
		{"an empty body", "From: a@b.test\n\n", "<p>Private</p>", false, "From: a@b.test\n\nPrivate\n"},
		{"a body without its line end", "From: a@b.test\n\nhello", "<p>Private</p>", false, "From: a@b.test\n\nhello\n\nPrivate"},
		{"ASCII becomes UTF-8, and stays in 7 bits", plainHead + "us-ascii\nContent-Transfer-Encoding: 7bit\n\nhello\n", "Größe", false,
			plainHead + "utf-8\nContent-Transfer-Encoding: quoted-printable\n\nhello\n\nGr=C3=B6=C3=9Fe\n"},
		{"Latin-1 takes what it has", plainHead + "iso-8859-1\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n", "Größe", false,
			plainHead + "iso-8859-1\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n\nGr\xf6\xdfe\n"},
		{"a part labelled 8bit that is ASCII stays in 7 bits", plainHead + "utf-8\nContent-Transfer-Encoding: 8bit\n\nhello\n", "Größe", false,
			plainHead + "utf-8\nContent-Transfer-Encoding: quoted-printable\n\nhello\n\nGr=C3=B6=C3=9Fe\n"},
		{"Latin-1 becomes UTF-8 for what it has not, other parameters kept",
			plainHead + "\"iso-8859-1\"; format=flowed; delsp=yes\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n", "機密", false,
			plainHead + "utf-8; format=flowed; delsp=yes\nContent-Transfer-Encoding: 8bit\n\ncafé\n\n機密\n"},
		{"quoted-printable stays as it was encoded", plainHead + "utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=68ello=20=\nworld =\n", "Größe", false,
			plainHead + "utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=68ello=20=\nworld =\n\n\nGr=C3=B6=C3=9Fe"},
		{"base64 goes on", plainHead + "utf-8\nContent-Transfer-Encoding: base64\n\n" + b64("hello\n") + "\n", "Größe", false,
			plainHead + "utf-8\nContent-Transfer-Encoding: base64\n\n" + b64("hello\n\nGröße\n") + "\n"},
		{"ISO-2022-JP", plainHead + "iso-2022-jp\nContent-Transfer-Encoding: 7bit\n\n\x1b$BL)\x1b(B\n", "機密", false,
			plainHead + "iso-2022-jp\nContent-Transfer-Encoding: 7bit\n\n\x1b$BL)\x1b(B\n\n\x1b$B5!L)\x1b(B\n"},
		{"KOI8-R", plainHead + "koi8-r\nContent-Transfer-Encoding: 8bit\n\n\xce\n", "да", false,
			plainHead + "koi8-r\nContent-Transfer-Encoding: 8bit\n\n\xce\n\n\xc4\xc1\n"},
		{"UTF-8 without a label", "From: a@b.test\n\ncafé\n", "Größe", false,
			"From: a@b.test\n\ncafé\n\nGröße\n"},
		{"a message of before MIME becomes one of MIME", "From: a@b.test\n\nhello\n", "Größe", false,
			"From: a@b.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nhello\n\nGr=C3=B6=C3=9Fe\n"},
		{"a digest of the old text goes", plainHead + "us-ascii\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n\nhello\n", "Private", false,
			plainHead + "us-ascii\n\nhello\n\nPrivate\n"},
		{"an unknown set takes ASCII", plainHead + "x-nobody-knows\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n", "Private", false,
			plainHead + "x-nobody-knows\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n\nPrivate\n"},
		{"a flowed line before it is not joined", plainHead + "us-ascii; format=flowed\n\nhello \n", "&gt; Private", false,
			plainHead + "us-ascii; format=flowed\n\nhello \n\n > Private\n"},
		{"links, lists and tables as text", "From: a@b.test\n\nhello\n", `<p>See <a href="https://x.test/p">the rules</a>:<br>now</p><ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>`, false,
			"From: a@b.test\n\nhello\n\nSee the rules <https://x.test/p>:\nnow\n\n- one\n- two\n\na b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.ReplaceAll(disclaimed(t, c.raw, Disclaimer{c.html, c.prepend}), "\r\n", "\n")
			if c.name == "UTF-8 without a label" {
				// The label and the encoding are added.
				m := read(t, got)
				v := views(t, m.Root)[0]
				if v.text != "café\n\nGröße\n" || m.Root.Charset() != "utf-8" {
					t.Errorf("got %q in %q", v.text, m.Root.Charset())
				}
				return
			}
			if got != c.want {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

func TestDisclaimerInHTML(t *testing.T) {
	const head = "From: a@b.test\nMIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\n\n"
	for _, c := range []struct {
		name, body string
		prepend    bool
		want       string
	}{
		{"before the end of the body", "<html><body>x</body></html>\n", false, "<html><body>x\n<div>N</div>\n</body></html>\n"},
		{"before the last one", "<body>x</body><body>y</body>\n", false, "<body>x</body><body>y\n<div>N</div>\n</body>\n"},
		{"not in a comment", "<body>x</body><!-- </body> -->\n", false, "<body>x\n<div>N</div>\n</body><!-- </body> -->\n"},
		{"not in a script", "<body>x</body><script>'</body>'</script>\n", false, "<body>x\n<div>N</div>\n</body><script>'</body>'</script>\n"},
		{"not in an attribute", "<body>x</body><p title='</body>'>\n", false, "<body>x\n<div>N</div>\n</body><p title='</body>'>\n"},
		{"before the end of the document", "<html>x</html>\n", false, "<html>x\n<div>N</div>\n</html>\n"},
		{"a fragment", "x", false, "x\n<div>N</div>\n"},
		{"before a comment that never ends", "x<!-- y", false, "x\n<div>N</div>\n<!-- y"},
		{"before a tag that never ends", "x<a href=\"y", false, "x\n<div>N</div>\n<a href=\"y"},
		{"before a style that never ends", "x<style>y", false, "x\n<div>N</div>\n<style>y"},
		{"out of a table", "<table><tr><td>x</body>", false, "<table><tr><td>x\n</table><div>N</div>\n</body>"},
		{"out of what is hidden", "<div hidden><ul><li><p>x<b>y<div>z</div></body>", false, "<div hidden><ul><li><p>x<b>y<div>z</div>\n</b></ul></div><div>N</div>\n</body>"},
		{"out of what no reader shows", "x<ruby>y<rp>(</body>", false, "x<ruby>y<rp>(\n</ruby><div>N</div>\n</body>"},
		{"an end tag that ends nothing", "<span><div hidden>x</span></body>", false, "<span><div hidden>x</span>\n</div></span><div>N</div>\n</body>"},
		{"out of a drawing", "<svg><foreignObject><div>x</body>", false, "<svg><foreignObject><div>x\n</div></foreignobject></svg><div>N</div>\n</body>"},
		{"behind the start of the body", "<html><head><title>t</title></head><body a=b>x</body>", true, "<html><head><title>t</title></head><body a=b>\n<div>N</div>\nx</body>"},
		{"before a fragment", "<p>x", true, "\n<div>N</div>\n<p>x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.ReplaceAll(disclaimed(t, head+c.body, Disclaimer{"N", c.prepend}), "\r\n", "\n"); got != head+c.want {
				t.Errorf("got\n%q\nwant\n%q", got, head+c.want)
			}
		})
	}
	t.Run("numeric references for what the set has not", func(t *testing.T) {
		if got := disclaimed(t, head+"x", Disclaimer{HTML: "機"}); !strings.Contains(got, "<div>&#27231;</div>") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("HTML that is not closed is", func(t *testing.T) {
		if got := disclaimed(t, head+"<p>x", Disclaimer{"<b>N<!--", true}); !strings.Contains(got, "<div><b>N<!----></b></div>\r\n<p>x") {
			t.Errorf("got %q", got)
		}
	})
}

func multipart(kind string, parts ...string) string {
	return "Content-Type: multipart/" + kind + "; boundary=b-" + kind[:3] + "\n\n--b-" + kind[:3] + "\n" +
		strings.Join(parts, "\n--b-"+kind[:3]+"\n") + "\n--b-" + kind[:3] + "--\n"
}

const (
	textPart = "Content-Type: text/plain\n\nplain"
	htmlPart = "Content-Type: text/html\n\n<p>html"
	filePart = "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\nfile"
	pdfPart  = "Content-Type: application/pdf; name=a.pdf\n\npdf"
	mailPart = "Content-Type: message/rfc822\n\nSubject: x\n\nmail"
)

func TestWhereADisclaimerGoes(t *testing.T) {
	for _, c := range []struct {
		name, entity string
		in           string // indices of the leaves that hold it
	}{
		{"both texts of an alternative", multipart("alternative", textPart, htmlPart), "1.1 1.2"},
		{"the body and not the attachment", multipart("mixed", textPart, filePart, mailPart), "1.1"},
		{"the first text that is shown", multipart("mixed", filePart, pdfPart, htmlPart), "1.3"},
		{"an alternative within", multipart("mixed", multipart("alternative", textPart, multipart("related", htmlPart, pdfPart)), filePart), "1.1.1 1.1.2.1"},
		{"no calendar", multipart("alternative", textPart, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"), "1.1"},
		{"a message of a file alone gets a text", "Content-Type: application/pdf\n\npdf\n", "1.1.1 1.1.2"},
		{"a message of an attached text gets one too", filePart + "\n", "1.1.1 1.1.2"},
		{"the named root of a related", strings.Replace(multipart("related", pdfPart, "Content-ID: <r@x>\n"+htmlPart), "boundary=", "start=\"<r@x>\"; boundary=", 1), "1.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := crlf("From: a@b.test\nMIME-Version: 1.0\n" + c.entity)
			var in []string
			for p := range read(t, disclaimed(t, raw, Disclaimer{HTML: "Private"})).Leaves() {
				if data, _ := p.Content(); strings.Contains(string(data), "Private") {
					in = append(in, p.Index)
				}
			}
			if got := strings.Join(in, " "); got != c.in {
				t.Errorf("it is in %s, want %s", got, c.in)
			}
		})
	}
}

func TestWhatIsNotAltered(t *testing.T) {
	for _, c := range []struct {
		name, entity string
		why          Reason
	}{
		{"S/MIME signed", multipart("signed", textPart, "Content-Type: application/pkcs7-signature\n\nx"), Signed},
		{"signed within a list's message", multipart("mixed", multipart("signed", textPart, pdfPart), textPart), Signed},
		{"S/MIME opaque", "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx\n", Signed},
		{"S/MIME enveloped", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx\n", Encrypted},
		{"S/MIME by its name", "Content-Type: application/octet-stream; name=smime.p7m\n\nx\n", Encrypted},
		{"PGP encrypted", multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", pdfPart), Encrypted},
		{"PGP signed in the text", "Content-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n", Signed},
		{"PGP encrypted in the text", "Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nx\n", Encrypted},
		{"rights management", multipart("mixed", textPart, "Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\n\nx"), Encrypted},
		{"two encodings", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nx\n", Ambiguous},
		{"a multipart that is not closed", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", Ambiguous},
		{"a fragment", "Content-Type: message/partial; id=1; number=1\n\nx\n", Incomplete},
		{"UTF-7", "Content-Type: text/plain; charset=utf-7\n\nx\n", Unreadable},
		{"text that is not in its character set", "Content-Type: text/plain; charset=utf-8\n\ncaf\xe9\n", Unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New(read(t, crlf("From: a@b.test\nMIME-Version: 1.0\n"+c.entity)))
			err := d.Disclaim(Disclaimer{HTML: notice})
			var u UnalterableError
			if !errors.As(err, &u) || u.Why != c.why {
				t.Errorf("got %v, want %s", err, c.why)
			}
			if _, _, changed := d.Result(); changed {
				t.Error("it was changed")
			}
		})
	}
}

func TestADisclaimerIsPutInOnce(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		again     bool
	}{
		{"it stands there", "From: a@b.test\n\nhello\n\nStrictly\n  private\n", false},
		{"it stands in a quotation", "From: a@b.test\n\nhello\n> Strictly private\n", true},
		{"its words stand in a sentence", "From: a@b.test\n\nThis is Strictly private, too.\n", true},
		{"its words stand in a sentence of HTML", "MIME-Version: 1.0\nContent-Type: text/html\n\n<p>A <i>Strictly private</i> matter", true},
		{"it stands in HTML", "MIME-Version: 1.0\nContent-Type: text/html\n\nx<p><b>Strictly</b>&#32;private", false},
		{"it stands in a quotation in HTML", "MIME-Version: 1.0\nContent-Type: text/html\n\n<blockquote>Strictly private</blockquote>", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New(read(t, c.raw))
			if err := d.Disclaim(Disclaimer{HTML: "<p>Strictly private</p>"}); err != nil {
				t.Fatal(err)
			}
			if _, _, changed := d.Result(); changed != c.again {
				t.Errorf("changed is %v", changed)
			}
		})
	}
}

func TestEditsOfOneDraft(t *testing.T) {
	raw := crlf("From: a@b.test\nMIME-Version: 1.0\n" + multipart("mixed", textPart, pdfPart))
	m := read(t, raw)
	d := New(m)
	for _, x := range []Disclaimer{{"First", false}, {"Größe", true}} {
		if err := d.Disclaim(x); err != nil {
			t.Fatal(err)
		}
	}
	names, err := d.Strip(func(p *message.Part) bool { return p.MediaType == "application/pdf" }, func(n string) string { return n + " was removed." })
	if err != nil || len(names) != 1 || names[0] != "a.pdf" {
		t.Fatalf("%v, %v", names, err)
	}
	if err := d.Wrap(Disclaimer{HTML: "Wrapped"}, m.Header); err != nil {
		t.Fatal(err)
	}
	if err := d.Disclaim(Disclaimer{HTML: "Last"}); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for p := range read(t, whole(raw, m, d)).Leaves() {
		texts = append(texts, strings.Join(strings.Fields(views(t, p)[0].text), " "))
	}
	want := []string{"Wrapped Last", `<html><head><meta charset="utf-8"></head><body> <div>Wrapped</div> <div>Last</div> </body></html>`,
		"Größe plain First", "a.pdf was removed."}
	if strings.Join(texts, "|") != strings.Join(want, "|") {
		t.Errorf("got %q\nwant %q", texts, want)
	}
}

func TestStrip(t *testing.T) {
	uu := "Content-Type: text/plain\n\nhello\nbegin 644 a.exe\n#0V%T\n`\nend\nbye\n"
	all := func(name string) func(*message.Part) bool {
		return func(p *message.Part) bool { return len(p.Names) > 0 && p.Names[0] == name }
	}
	for _, c := range []struct{ name, entity, file, want string }{
		{"a file alone becomes a text", pdfPart + "\n", "a.pdf", "gone: a.pdf"},
		{"a file in uuencode within a text", uu, "a.exe", "hello gone: a.exe bye"},
		{"a file in yEnc", strings.Replace(uu, "begin 644 a.exe\n#0V%T\n`\nend\n", "=ybegin line=128 size=3 name=a.exe\n=8:\n=yend size=3\n", 1), "a.exe", "hello gone: a.exe bye"},
		{"a version of the text does not hide the others", multipart("alternative", textPart, pdfPart), "a.pdf", "gone: a.pdf plain"},
		{"nothing is chosen", textPart, "z", "plain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := crlf("From: a@b.test\nMIME-Version: 1.0\n" + c.entity)
			m := read(t, raw)
			d := New(m)
			if _, err := d.Strip(all(c.file), func(n string) string { return "gone: " + n }); err != nil {
				t.Fatal(err)
			}
			var got []string
			for p := range read(t, whole(raw, m, d)).Leaves() {
				got = append(got, strings.Fields(views(t, p)[0].text)...)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("nothing is taken out of what is signed", func(t *testing.T) {
		d := New(read(t, crlf("From: a@b.test\n"+multipart("signed", pdfPart, "Content-Type: application/pkcs7-signature\n\nx"))))
		_, err := d.Strip(all("a.pdf"), func(string) string { return "x" })
		if _, _, changed := d.Result(); changed || !errors.Is(err, UnalterableError{Signed}) {
			t.Errorf("%v, changed %v", err, changed)
		}
	})
}

func TestManyFieldsAreWrapped(t *testing.T) {
	var fields strings.Builder
	for i := range 8000 {
		fields.WriteString("Content-X" + strconv.Itoa(i) + ": a\r\n")
	}
	raw := fields.String() + "Content-Type: application/pdf\r\n\r\nx\r\n"
	m := read(t, raw)
	d := New(m)
	if err := d.Wrap(Disclaimer{HTML: notice}, m.Header); err != nil {
		t.Fatal(err)
	}
	top, body, _ := d.Result()
	if len(top) != 8000+2 || !strings.Contains(string(body), raw) {
		t.Errorf("%d changes", len(top))
	}
}

package extract

import (
	"slices"
	"strings"
	"testing"
)

func TestTextThatBeginsLikeSomethingElseIsReadAsText(t *testing.T) {
	const card = "Card 4111<b></b> 1111 for all who read this\r\n"
	const contradicts = "content of another kind than the text it is said to be"
	begins := map[string]string{
		"GIF": "GIF89a;\r\n", "JPEG": "\xff\xd8\xff\r\n", "JPEG with a bad marker": "\xff\xd8\xff\xc0\x00\x00", "JPEG XR": "II\xbc\x01", "PNG": pngMagic,
		"PDF": "%PDF-1.4\r\n", "zip": "PK\x03\x04", "gzip": "\x1f\x8b\x08", "RTF": `{\rtf1{\*\x `, "7z": magic7z, "ar": "!<arch>\n",
	}
	for name, begin := range begins {
		for _, hint := range []Hint{{MediaType: "text/html"}, {Name: "a.html"}, {Name: "a.html", MediaType: "image/gif"}, {Name: "a.HTM", MediaType: "text/plain"}} {
			d := extract(begin+"<p>"+card, hint)
			if !strings.Contains(allText(d), "4111 1111") || !slices.Contains(d.Defects, contradicts) {
				t.Errorf("%s as %v: %s with %q and %q", name, hint, d.Status, allText(d), d.Defects)
			}
			checkDocument(t, d, DefaultLimits)
		}
		for _, hint := range []Hint{{MediaType: "text/plain"}, {Name: "a.txt"}} {
			if d := extract(begin+card, hint); !strings.Contains(allText(d), card[:len(card)-2]) || !slices.Contains(d.Defects, contradicts) {
				t.Errorf("%s as %v: %s with %q and %q", name, hint, d.Status, allText(d), d.Defects)
			}
		}
	}
}

func TestFilesUnderAWrongLabelAreNotTakenForText(t *testing.T) {
	zipped := string(archive(t, map[string]string{"a.txt": "hello"}))
	for _, c := range []struct {
		content string
		hint    Hint
	}{
		{zipped, Hint{Name: "a.zip", MediaType: "text/plain"}},
		{pdfPage("", "", "Hello"), Hint{Name: "a.pdf", MediaType: "text/plain"}},
		{pdfPage("", "", "Hello"), Hint{MediaType: "application/octet-stream"}},
		{"<html><p>hello", Hint{Name: "a.txt"}},
		{"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n", Hint{MediaType: "text/plain"}},
		{`{"a": "b"}`, Hint{Name: "a.txt"}},
		{`<?xml version="1.0"?><a>b</a>`, Hint{Name: "a.html"}},
	} {
		if d := extract(c.content, c.hint); len(d.Defects) > 0 || d.Status != Complete {
			t.Errorf("%.20q as %v: %s with %q", c.content, c.hint, d.Status, d.Defects)
		}
	}
}

func TestTextInAPictureWithoutAPicture(t *testing.T) {
	for _, begin := range []string{"GIF89a=1;/*+++++", "\xff\xd8\xff\r\n"} {
		if d := extract(begin+"Card 4111 1111 for all who read this", Hint{Name: "a.bin"}); !strings.Contains(allText(d), "4111 1111") {
			t.Errorf("%q: %s with %q", begin, d.Status, allText(d))
		}
	}
}

func TestTextWithEscapeSequencesIsReadWithoutThemToo(t *testing.T) {
	for _, hint := range []Hint{{Name: "a.txt"}, {Name: "a.html"}, {}} {
		d := extract("\x1b$BCard number 4111 1111 for all\r\n", hint)
		if !strings.Contains(allText(d), "4111 1111") || d.Status != Complete {
			t.Errorf("%v: %s with %q", hint, d.Status, allText(d))
		}
	}
	if d := extract("\x1b$B$3$s$K$A$O\x1b(B", Hint{MediaType: "text/plain", Charset: "iso-2022-jp"}); len(d.Members) > 0 || d.Text != "こんにちは" {
		t.Errorf("labelled text: %q", allText(d))
	}
}

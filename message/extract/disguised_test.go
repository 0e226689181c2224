package extract

import (
	"strings"
	"testing"
)

func TestPartsThatAreNotWhatTheyAreSaidToBeAreRead(t *testing.T) {
	zip := string(zipped(t, "a.txt: "+cardNumber))
	for _, name := range []string{"word/fonts/font1.odttf", "[trash]/0000.dat", "word/printerSettings/printerSettings1.bin"} {
		for _, content := range []string{cardNumber + " for all", zip} {
			d := extract(string(wordDocument(t, "<w:p/>", map[string]string{name: content})), Hint{})
			if !strings.Contains(allText(d), cardNumber) && d.Status == Complete {
				t.Errorf("%s with %.10q: %s with %q", name, content, d.Status, allText(d))
			}
		}
	}
	d := extract(string(wordDocument(t, "<w:p/>", map[string]string{"word/fonts/font1.odttf": "\x00\x01\x80\xff\x13\x00\x7f"})), Hint{})
	if d.Status != Complete || len(d.Members) > 0 {
		t.Errorf("a font: %s with %d members", d.Status, len(d.Members))
	}
}

func TestUnlistedFilesBeyondTheLimitAreTold(t *testing.T) {
	content := strings.Repeat(string(stored("a/", "")), 10_001) + string(stored("a.txt", cardNumber)) + string(zipped(t, "b.txt: x"))
	if d := extract(content, Hint{}); d.Status != Truncated {
		t.Errorf("%s (%s) with %d members", d.Status, d.Detail, len(d.Members))
	}
}

func TestPropertiesOfPDFDocumentsAreText(t *testing.T) {
	content := strings.Replace(pdfPage("", "", "Hello", "<</Title("+cardNumber+")/Producer(Maker 4222)>>"), "/Root 1 0 R", "/Root 1 0 R/Info 6 0 R", 1)
	if d := extract(content, Hint{}); !strings.Contains(d.Text, cardNumber) || strings.Contains(d.Text, "4222") || d.Status != Complete {
		t.Errorf("%s with %q", d.Status, d.Text)
	}
}

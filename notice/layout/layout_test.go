package layout

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/google/go-cmp/cmp"
)

// everything is a page with a block of each kind.
func everything() Page {
	return Page{Language: "en", Title: "A title that is not shown", Blocks: []Block{
		Title("Your message was blocked"),
		Callout(Danger, "It goes against a policy", Paragraph("Two card numbers in <b>report.xlsx</b> & more."),
			Facts(Fact{"Reference", "P-7K3M9Q"}, Fact{"Nothing", " "}), Link("Read", "https://intranet.example.com/dlp?a=1&b=2"), Small("small in a box")),
		Callout(Info, "", Paragraph("info")), Callout(Good, "Good", List("x")), Callout(Warning, "", Paragraph("warning")),
		Heading("What was found, in a heading that is long enough to be broken into more than one line of text"),
		List("first", "second with a text that goes on and on until it does not fit into one line any more, and so is broken", "third\nwith a break"),
		Subheading("Part"),
		Facts(Fact{"From", "ann@example.com"}, Fact{"To", "bob@partner.example, " + strings.Repeat("someone@partner.example, ", 9)}),
		Table([]string{"Type", "Count"}, []string{"Credit card number", "2"}, []string{"IBAN"}, []string{"SWIFT", "1", "more"}),
		Table([]string{"Time", "Subject", "Reference"}, []string{"Wed, 4 Mar 2026 05:06 UTC", "A subject that is longer than anything that stands beside others", "P-1"}),
		Quote("line one\n\n  line two\n.\nFrom here"),
		Button("Open", "https://intranet.example.com/"), Button("Odd", "javascript:alert(1)"), Link("Mail", "mailto:dlp@example.com"), Link("Odd", "javascript:alert(1)"),
		Written("<p>as <b>written</b></p>", "as written\n"),
		Small("small print"), {}, List(), Facts(), Paragraph(" "), Callout(Info, "", Paragraph("")),
	}}
}

// shownWords gives the words of an HTML document in the order they are shown.
func shownWords(t testing.TB, document string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Type == html.ElementNode && slices.Contains([]string{"style", "title", "script"}, n.Data):
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && !slices.Contains([]string{"a", "b", "i"}, n.Data) {
			b.WriteByte(' ')
		}
	}
	walk(root)
	return wordsOf(b.String())
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func TestTextAndHTMLSayTheSame(t *testing.T) {
	p := everything()
	if diff := cmp.Diff(wordsOf(p.Text()), shownWords(t, p.HTML())); diff != "" {
		t.Errorf("-text +HTML %s", diff)
	}
}

func FuzzTextAndHTMLSayTheSame(f *testing.F) {
	for _, s := range []string{"plain", "<b>x</b>", "a\r\nb\rc\u2028d", "\x00\u202eexe.doc", "&amp;&lt;", "]]>", "</div><script>alert(1)</script>", "\xff\xfe", "a\u00a0b \t\v\f c", "{n}", "https://x.example/ a", "\ufeff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1<<13 {
			t.Skip("longer than any text")
		}
		p := Page{Language: "en", Title: a, Blocks: []Block{
			Title(a), Heading(b), Paragraph(a), Callout(Info, b, Paragraph(a), Quote(b)), List(a, b), Facts(Fact{a, b}), Table([]string{a, "x"}, []string{b, a}),
			Quote(a), Link(a, b), Button(b, a), Small(a),
		}}
		p.Blocks = append(p.Blocks, Paragraphs(a+"\n\n"+b)...)
		text, document := p.Text(), p.HTML()
		if diff := cmp.Diff(wordsOf(text), shownWords(t, document)); diff != "" {
			t.Errorf("-text +HTML %s", diff)
		}
		known := strings.Fields("!doctype html head meta title style body div h1 h2 h3 p br ul li table tr th td blockquote a")
		z := html.NewTokenizer(strings.NewReader(document))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			if token.Type == html.StartTagToken && !slices.Contains(known, token.Data) || token.Type == html.CommentToken {
				t.Fatalf("a text adds %s", token)
			}
			for _, attribute := range token.Attr {
				if attribute.Key == "href" && !linkable(attribute.Val) || strings.HasPrefix(attribute.Key, "on") {
					t.Fatalf("a text adds %s", token)
				}
			}
		}
		if strings.ContainsAny(text, "\r\x00\u202e") || strings.ContainsAny(document, "\r\x00\u202e") {
			t.Error("a control character is kept")
		}
	})
}

func TestLinesOfText(t *testing.T) {
	for line := range strings.Lines(everything().Text()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 78 && strings.Contains(strings.TrimLeft(line, "> |*"), " ") {
			t.Errorf("%d characters: %s", utf8.RuneCountInString(line), line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("a line ends in a blank: %q", line)
		}
	}
	word := strings.Repeat("x", 200)
	if got := (Page{Blocks: []Block{Paragraph("a " + word + " b")}}).Text(); got != "a\n"+word+"\nb\n" {
		t.Errorf("a long word: %q", got)
	}
}

func TestHTMLIsForMailPrograms(t *testing.T) {
	document := everything().HTML()
	for _, want := range []string{"<!DOCTYPE html>", `<html lang="en">`, `<meta charset="utf-8">`, `name="viewport"`, `name="color-scheme" content="light dark"`, "prefers-color-scheme:dark",
		"<h1 ", "<h2 ", "<h3 ", `<th scope="row"`, `<th scope="col"`, "&lt;b&gt;report.xlsx&lt;/b&gt; &amp; more", `href="mailto:dlp@example.com"`} {
		if !strings.Contains(document, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, not := range []string{"<img", "<script", "url(", "@import", "@font-face", "<link", " src=", `href="javascript`, "position:"} {
		if strings.Contains(document, not) {
			t.Errorf("there is %s", not)
		}
	}
	if most := strings.Count(document, "<h1"); most != 1 {
		t.Errorf("%d headings of level 1", most)
	}
}

// luminance is the relative luminance of WCAG 2.2 for a colour as #rrggbb.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(colour) {
		t.Fatalf("colour %q", colour)
	}
	sum := 0.0
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}

func TestContrast(t *testing.T) {
	for name, c := range map[string]colours{"light": light, "dark": dark} {
		pairs := map[string][2]string{"text": {c.text, c.back}, "faint": {c.faint, c.back}, "link": {c.link, c.back}, "button": {c.buttonText, c.button}}
		for i, o := range c.callouts {
			pairs[fmt.Sprint(calloutNames[i])] = [2]string{o.text, o.back}
		}
		for what, pair := range pairs {
			a, b := luminance(t, pair[0]), luminance(t, pair[1])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s, %s: %s on %s has a contrast of %.2f", name, what, pair[0], pair[1], ratio)
			}
		}
	}
}

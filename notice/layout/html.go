package layout

import (
	"html"
	"net/url"
	"strings"
)

// colours are those of one way of showing a page. Text stands on the background
// beside it, in the order of the severities for callouts.
type colours struct {
	text, faint, link, line, back string
	button, buttonText            string
	callouts                      [4]calloutColours
}

type calloutColours struct{ text, border, back string }

var light = colours{
	text: "#1f2328", faint: "#57606a", link: "#0b57a4", line: "#d0d7de", back: "#ffffff",
	button: "#0b57a4", buttonText: "#ffffff",
	callouts: [4]calloutColours{
		Info:    {"#0b3d73", "#0b57a4", "#eaf2fb"},
		Good:    {"#0f4d22", "#1a7f37", "#e8f5ec"},
		Warning: {"#543800", "#9a6700", "#fff5d6"},
		Danger:  {"#7a1811", "#b3261e", "#fdecea"},
	},
}

var dark = colours{
	text: "#e6edf3", faint: "#a9b4c0", link: "#8cc2ff", line: "#3d444d", back: "#14181d",
	button: "#8cc2ff", buttonText: "#0b1a2a",
	callouts: [4]calloutColours{
		Info:    {"#cfe4fb", "#58a6ff", "#12283f"},
		Good:    {"#c9efd3", "#3fb950", "#12301c"},
		Warning: {"#ffe7a8", "#d29922", "#362a09"},
		Danger:  {"#ffd4d0", "#f85149", "#401512"},
	},
}

// calloutNames are the classes of the severities.
var calloutNames = [4]string{Info: "info", Good: "good", Warning: "warning", Danger: "danger"}

const (
	fonts = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
	mono  = "font-family:Consolas,Menlo,'Courier New',monospace;"
	words = "overflow-wrap:break-word;word-wrap:break-word;"
)

// HTML renders the page as a document.
func (p Page) HTML() string {
	w := &htmlWriter{}
	w.write("<!DOCTYPE html>\n<html lang=\"", esc(p.Language), "\">\n<head>\n<meta charset=\"utf-8\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n",
		"<title>", esc(oneLine(p.Title)), "</title>\n<style>\n:root{color-scheme:light dark}\n@media (prefers-color-scheme:dark){\n", dark.rules(), "}\n</style>\n</head>\n",
		"<body class=\"p-page\" style=\"margin:0;padding:0;background:", light.back, ";color:", light.text, ";\">\n",
		"<div role=\"article\" lang=\"", esc(p.Language), "\" class=\"p-page\" style=\"max-width:640px;margin:0 auto;padding:16px;background:", light.back, ";color:", light.text, ";",
		fonts, "font-size:16px;line-height:1.5;", words, "\">\n")
	w.blocks(p.Blocks)
	w.write("</div>\n</body>\n</html>\n")
	return w.b.String()
}

// rules gives the colours as rules that go before inline style.
func (c *colours) rules() string {
	var b strings.Builder
	rule := func(selector, declarations string) {
		b.WriteString(selector + "{" + strings.ReplaceAll(declarations, ";", " !important;") + "}\n")
	}
	rule(".p-page", "background:"+c.back+";color:"+c.text+";")
	rule(".p-faint", "color:"+c.faint+";")
	rule(".p-link", "color:"+c.link+";")
	rule(".p-line", "border-color:"+c.line+";")
	rule(".p-button", "background:"+c.button+";border-color:"+c.button+";color:"+c.buttonText+";")
	for i, name := range calloutNames {
		o := c.callouts[i]
		rule(".p-"+name, "background:"+o.back+";color:"+o.text+";border-color:"+o.border+";")
		rule(".p-"+name+" .p-link,.p-"+name+" .p-faint", "color:"+o.text+";")
	}
	return b.String()
}

// htmlWriter writes blocks.
type htmlWriter struct {
	b strings.Builder
	// within is the callout that is being written; nil outside of one.
	within *calloutColours
}

func (w *htmlWriter) write(pieces ...string) {
	for _, p := range pieces {
		w.b.WriteString(p)
	}
}

func (w *htmlWriter) blocks(blocks []Block) {
	for i := range blocks {
		if !blocks[i].empty() {
			w.block(&blocks[i])
		}
	}
}

func (w *htmlWriter) block(b *Block) {
	switch b.kind {
	case kindTitle:
		w.write("<h1 style=\"margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600;\">", inline(b.text), "</h1>\n")
	case kindHeading:
		w.write("<h2 style=\"margin:24px 0 8px;font-size:18px;line-height:1.35;font-weight:600;\">", inline(b.text), "</h2>\n")
	case kindSubheading:
		w.write("<h3 style=\"margin:16px 0 8px;font-size:16px;line-height:1.4;font-weight:600;\">", inline(b.text), "</h3>\n")
	case kindParagraph:
		w.write("<p style=\"margin:0 0 12px;\">", inline(b.text), "</p>\n")
	case kindSmall:
		w.write("<p class=\"p-faint\" style=\"margin:0 0 8px;font-size:13px;color:", w.faint(), ";\">", inline(b.text), "</p>\n")
	case kindCallout:
		w.callout(b)
	case kindList:
		w.write("<ul style=\"margin:0 0 12px;padding:0 0 0 24px;\">\n")
		for _, item := range b.items {
			w.write("<li style=\"margin:0 0 4px;\">", inline(item), "</li>\n")
		}
		w.write("</ul>\n")
	case kindFacts:
		w.facts(b.rows)
	case kindTable:
		w.table(b.items, b.rows)
	case kindQuote:
		w.write("<blockquote class=\"p-line\" style=\"margin:0 0 12px;padding:4px 0 4px 12px;border-left:3px solid ", light.line, ";", mono, "font-size:14px;white-space:pre-wrap;\">",
			esc(strings.Trim(b.text, "\n")), "</blockquote>\n")
	case kindLink:
		w.write("<p style=\"margin:0 0 12px;\">", inline(b.text), ": ", w.anchor(b.url), "</p>\n")
	case kindButton:
		w.button(b)
	case kindWritten:
		w.write("<div style=\"margin:0 0 12px;\">\n", b.url, "\n</div>\n")
	}
}

// callout is a table of one cell: Outlook drops the padding of anything else.
func (w *htmlWriter) callout(b *Block) {
	c := &light.callouts[b.severity&3]
	w.write("<table role=\"presentation\" style=\"width:100%;margin:0 0 16px;border-collapse:collapse;\"><tr><td class=\"p-", calloutNames[b.severity&3],
		"\" style=\"padding:12px 16px 4px;border-left:5px solid ", c.border, ";background:", c.back, ";color:", c.text, ";\">\n")
	if strings.TrimSpace(b.text) != "" {
		w.write("<p style=\"margin:0 0 8px;font-size:17px;font-weight:600;\">", inline(b.text), "</p>\n")
	}
	outer := w.within
	w.within = c
	w.blocks(b.inside)
	w.within = outer
	w.write("</td></tr></table>\n")
}

func (w *htmlWriter) facts(rows [][]string) {
	w.write("<table style=\"width:100%;margin:0 0 12px;border-collapse:collapse;font-size:15px;\">\n")
	for _, row := range rows {
		w.write("<tr><th scope=\"row\" class=\"p-faint\" style=\"width:30%;padding:4px 12px 4px 0;text-align:left;vertical-align:top;font-weight:normal;color:", w.faint(), ";\">", inline(row[0]), ":</th>",
			"<td style=\"padding:4px 0;vertical-align:top;word-break:break-word;\">", inline(row[1]), "</td></tr>\n")
	}
	w.write("</table>\n")
}

func (w *htmlWriter) table(header []string, rows [][]string) {
	w.write("<div style=\"margin:0 0 12px;overflow-x:auto;\">\n<table style=\"width:100%;border-collapse:collapse;font-size:14px;\">\n<tr>")
	for _, cell := range header {
		w.write("<th scope=\"col\" class=\"p-line\" style=\"padding:6px 10px 6px 0;text-align:left;vertical-align:bottom;border-bottom:2px solid ", light.line, ";\">", esc(oneLine(cell)), "</th>")
	}
	w.write("</tr>\n")
	for _, row := range rows {
		w.write("<tr>")
		for _, cell := range row {
			w.write("<td class=\"p-line\" style=\"padding:6px 10px 6px 0;vertical-align:top;border-bottom:1px solid ", light.line, ";word-break:break-word;\">", esc(oneLine(cell)), "</td>")
		}
		w.write("</tr>\n")
	}
	w.write("</table>\n</div>\n")
}

// button is padded with a border, which Outlook keeps where it drops padding.
func (w *htmlWriter) button(b *Block) {
	if !linkable(b.url) {
		w.write("<p style=\"margin:0 0 12px;\">", inline(b.text), "<br>", esc(b.url), "</p>\n")
		return
	}
	w.write("<p style=\"margin:0 0 4px;\"><a class=\"p-button\" href=\"", esc(b.url), "\" style=\"display:inline-block;padding:0;border-style:solid;border-color:", light.button,
		";border-width:10px 18px;border-radius:6px;background:", light.button, ";color:", light.buttonText, ";font-weight:600;text-decoration:none;\">", inline(b.text), "</a></p>\n",
		"<p class=\"p-faint\" style=\"margin:0 0 12px;font-size:13px;word-break:break-all;color:", w.faint(), ";\">", esc(b.url), "</p>\n")
}

func (w *htmlWriter) anchor(address string) string {
	if !linkable(address) {
		return esc(shown(address))
	}
	colour := light.link
	if w.within != nil {
		colour = w.within.text
	}
	return "<a class=\"p-link\" href=\"" + esc(address) + "\" style=\"color:" + colour + ";word-break:break-all;\">" + esc(shown(address)) + "</a>"
}

// shown is how an address on the web or of mail is shown.
func shown(address string) string { return strings.TrimPrefix(address, "mailto:") }

// faint is the colour of labels and small print.
func (w *htmlWriter) faint() string {
	if w.within != nil {
		return w.within.text
	}
	return light.faint
}

// linkable tells whether an address may be a link.
func linkable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, " \"<>") {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return u.Opaque != ""
	}
	return false
}

func esc(text string) string { return html.EscapeString(text) }

// inline gives text whose line ends are kept.
func inline(text string) string {
	return strings.ReplaceAll(esc(strings.Trim(text, "\n")), "\n", "<br>\n")
}

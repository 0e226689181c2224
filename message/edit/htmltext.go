package edit

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text renders HTML as plain text with LF line ends: a line for each block, an
// empty one between paragraphs, list items behind "- " or their number, the cells
// of a table behind each other, a link as its text and "<url>", an image as its
// alternative text. What no reader shows is left out. Nothing is wrapped.
func Text(source string) string { return renderText(source, false) }

// textWriter collects rendered lines.
type textWriter struct {
	out     strings.Builder
	line    strings.Builder
	blank   bool // a blank is due before the next word
	breaks  int  // line ends due before the next text
	began   bool
	pre     int
	lists   []int // the number of the last item of each open list; -1 where there is none
	links   []link
	hidden  atom.Atom // the element whose text is not shown
	quotes  int       // open quotations
	unquote bool
}

// link is an open link and where its text begins in the line.
type link struct {
	url  string
	text strings.Builder
}

const (
	mostLists = 64
	mostLinks = 64
)

// renderText renders HTML, with or without what is quoted in it.
func renderText(source string, unquoted bool) string {
	w := textWriter{unquote: unquoted}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.endLine()
			return strings.TrimRight(w.out.String(), "\n")
		case html.TextToken:
			if w.hidden == 0 && (!w.unquote || w.quotes == 0) {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			w.start(z, true)
		case html.SelfClosingTagToken:
			w.start(z, false)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

func (w *textWriter) start(z *html.Tokenizer, opens bool) {
	name, more := z.TagName()
	a := atom.Lookup(name)
	attribute := map[atom.Atom]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch k := atom.Lookup(key); k {
		case atom.Href, atom.Alt:
			attribute[k] = strings.TrimSpace(string(value))
		}
	}
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Noembed, atom.Noframes, atom.Iframe:
		if opens {
			w.hidden = a
		}
		return
	case atom.Br:
		w.breakLine()
	case atom.Hr:
		w.need(1)
		w.text("---")
		w.need(1)
	case atom.Img:
		if alt := attribute[atom.Alt]; alt != "" && (!w.unquote || w.quotes == 0) {
			w.text(alt)
		}
	case atom.Td, atom.Th:
		w.blank = true
	case atom.Ul, atom.Ol, atom.Menu:
		w.need(1)
		if len(w.lists) < mostLists {
			w.lists = append(w.lists, map[bool]int{true: 0, false: -1}[a == atom.Ol])
		}
	case atom.Li:
		w.need(1)
		mark := "-"
		if n := len(w.lists) - 1; n >= 0 && w.lists[n] >= 0 {
			w.lists[n]++
			mark = strconv.Itoa(w.lists[n]) + "."
		}
		w.text(mark)
		w.blank = true
	case atom.A:
		if url := attribute[atom.Href]; opens && len(w.links) < mostLinks {
			w.links = append(w.links, link{url: url})
		}
	case atom.Pre:
		w.need(2)
		if opens {
			w.pre++
		}
	case atom.Blockquote:
		w.need(2)
		if opens {
			w.quotes++
		}
	default:
		w.need(apart(a))
	}
}

func (w *textWriter) end(a atom.Atom) {
	if w.hidden != 0 {
		if a == w.hidden {
			w.hidden = 0
		}
		return
	}
	switch a {
	case atom.Ul, atom.Ol, atom.Menu:
		w.need(1)
		if n := len(w.lists); n > 0 {
			if w.lists = w.lists[:n-1]; n == 1 {
				w.need(2)
			}
		}
	case atom.A:
		w.endLink()
	case atom.Pre:
		w.need(2)
		w.pre = max(0, w.pre-1)
	case atom.Blockquote:
		w.need(2)
		w.quotes = max(0, w.quotes-1)
	case atom.Br:
		w.breakLine()
	default:
		w.need(apart(a))
	}
}

// endLink writes where a link leads, unless its text says so.
func (w *textWriter) endLink() {
	n := len(w.links) - 1
	if n < 0 {
		return
	}
	l := &w.links[n]
	w.links = w.links[:n]
	shown := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "mailto:"), "https://"), "http://")
		return strings.TrimSuffix(s, "/")
	}
	if text := strings.TrimSpace(l.text.String()); l.url == "" || strings.HasPrefix(l.url, "#") || shown(text) == shown(l.url) || w.unquote && w.quotes > 0 {
		return
	}
	w.blank = true
	w.text("<" + l.url + ">")
}

// text writes a piece of text, its blanks collapsed.
func (w *textWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.breakLine()
			}
			w.put(line)
		}
		return
	}
	for s != "" {
		n := strings.IndexAny(s, " \t\r\n\f")
		if n == 0 {
			w.blank = true
			s = strings.TrimLeft(s, " \t\r\n\f")
			continue
		}
		if n < 0 {
			n = len(s)
		}
		w.put(s[:n])
		s = s[n:]
	}
}

// put writes a word.
func (w *textWriter) put(s string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0':
			return ' '
		case r == '\t':
			return r
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	if s == "" {
		return
	}
	if w.breaks > 0 {
		w.endLine()
		if w.began {
			w.out.WriteString(strings.Repeat("\n", w.breaks-1))
		}
		w.breaks = 0
	}
	if w.blank && w.line.Len() > 0 {
		w.line.WriteByte(' ')
		s = strings.TrimLeft(s, " ")
		w.linked(" ")
	}
	w.blank, w.began = false, true
	w.line.WriteString(s)
	w.linked(s)
}

// linked keeps the text of the innermost link.
func (w *textWriter) linked(s string) {
	if n := len(w.links) - 1; n >= 0 {
		w.links[n].text.WriteString(s)
	}
}

// need asks for line ends before the next text.
func (w *textWriter) need(n int) {
	if n > 0 {
		w.breaks, w.blank = max(w.breaks, n), false
	}
}

// breakLine ends the line here, empty or not.
func (w *textWriter) breakLine() {
	if w.breaks > 0 && w.line.Len() == 0 || !w.began {
		return
	}
	w.breaks, w.blank = min(w.breaks+1, 3), false
}

func (w *textWriter) endLine() {
	if w.line.Len() > 0 {
		w.out.WriteString(strings.TrimRight(w.line.String(), " \t"))
		w.out.WriteByte('\n')
		w.line.Reset()
	}
}

// apart is how many line ends stand around an element.
func apart(a atom.Atom) int {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dl, atom.Table, atom.Figure:
		return 2
	case atom.Address, atom.Article, atom.Aside, atom.Body, atom.Caption, atom.Center, atom.Dd, atom.Details, atom.Div,
		atom.Dt, atom.Fieldset, atom.Figcaption, atom.Footer, atom.Form, atom.Head, atom.Header, atom.Html, atom.Legend,
		atom.Main, atom.Nav, atom.Option, atom.Section, atom.Summary, atom.Tbody, atom.Tfoot, atom.Thead, atom.Tr:
		return 1
	}
	return 0
}

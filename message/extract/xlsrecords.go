package extract

import (
	"bytes"
	"strings"
)

// numberFormat keeps a format; before BIFF5 they have no number of their own.
func (w *workbookFile) numberFormat(rec *biffRecord) {
	const most = 10_000
	if len(w.formats) >= most {
		return
	}
	switch {
	case w.version >= 8:
		w.formats[le16(rec.data, 0)] = rec.wideString(2, 2)
	case w.version == 5:
		w.formats[le16(rec.data, 0)] = rec.narrowString(2, 1, w.cp)
	case rec.kind == biffFormat:
		w.formats[len(w.formats)] = rec.narrowString(2, 1, w.cp)
	default:
		w.formats[len(w.formats)] = rec.narrowString(0, 1, w.cp)
	}
}

func (w *workbookFile) style(rec *biffRecord) {
	d := rec.data
	n := 0
	switch {
	case rec.kind == biffXF:
		n = le16(d, 2)
	case rec.kind == 0x0043 && len(d) > 2:
		n = int(d[2] & 0x3f)
	case len(d) > 1:
		n = int(d[1])
	}
	if len(w.styles) < 1<<16 {
		w.styles = append(w.styles, n)
	}
}

// sharedStrings reads the table of strings that cells refer to.
func (w *workbookFile) sharedStrings(rec *biffRecord) {
	if len(rec.data) < 8 || w.shared != nil {
		return
	}
	t := biffText{rec.data[8:], rec.parts}
	for n := le32(rec.data, 4); uint32(len(w.shared)) < n; {
		s, ok := t.rich()
		if !ok || w.r.expired() {
			break
		}
		w.shared = append(w.shared, oneLine(s))
	}
}

// oneLine keeps a cell in its line.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\t") {
		return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(s)
	}
	return s
}

// aside keeps a text that stands in no cell for the end of the sheet.
func (w *workbookFile) aside(s string) {
	if s = strings.TrimSpace(strings.ReplaceAll(s, "\x00", "")); s == "" || w.size > 4*w.r.lim.Characters {
		return
	}
	w.size += len(s) + 1
	w.asides = append(w.asides, s)
}

// moreHeaders reads the headers and footers of even and first pages.
func (w *workbookFile) moreHeaders(rec *biffRecord) {
	t := biffText{rec.data, rec.parts}
	t.skip(30)
	var counts [4]int
	for i := range counts {
		counts[i] = int(t.number(2))
	}
	for _, n := range counts {
		if n > 0 {
			flags, _ := t.octet()
			w.aside(strings.Join(headerLines(t.characters(n, flags)), "\n"))
		}
	}
}

// validation reads the titles and messages of the check of an input.
func (w *workbookFile) validation(rec *biffRecord) {
	if w.version != 8 || len(rec.data) < 8 {
		return
	}
	t := biffText{rec.data[4:], rec.parts}
	for range 4 {
		n := int(t.number(2))
		flags, ok := t.octet()
		if !ok {
			return
		}
		w.aside(t.characters(n, flags))
	}
}

// definedName writes the names that the user gave to cells or values.
func (w *workbookFile) definedName(rec *biffRecord) {
	if w.version < 5 || len(rec.data) < 15 || le16(rec.data, 0)&0x20 != 0 {
		return
	}
	n := int(rec.data[3])
	if w.version == 8 {
		t := biffText{rec.data[14:], rec.parts}
		flags, _ := t.octet()
		w.aside(t.characters(n, flags))
		w.formulaTexts(within(t.b, 0, int64(le16(rec.data, 4))))
		return
	}
	w.aside(codePageText(within(rec.data, 14, int64(n)), w.cp))
}

var urlMoniker = []byte("\xe0\xc9\xea\x79\xf9\xba\xce\x11\x8c\x82\x00\xaa\x00\x4b\xa9\x0b")

// link reads the target of a hyperlink ([MS-OSHARED] section 2.3.7.1).
func (w *workbookFile) link(d []byte) {
	target := linkTarget(d)
	if target != "" && !w.links[target] && len(w.links) < 100_000 {
		w.links[target] = true
		w.aside(target)
	}
}

func linkTarget(d []byte) string {
	if i := bytes.Index(d, urlMoniker); i >= 0 {
		at := i + len(urlMoniker)
		s := utf16leText(within(d, int64(at)+4, int64(le32(d, at))))
		s, _, _ = strings.Cut(s, "\x00")
		return s
	}
	// A path in single octets and, behind it, one in UTF-16.
	const fileMoniker = "\x03\x03\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
	if i := bytes.Index(d, []byte(fileMoniker)); i >= 0 {
		at := i + len(fileMoniker) + 2
		return codePageText(untilZero(within(d, int64(at)+4, int64(le32(d, at)))), cpWestern)
	}
	return ""
}

package extract

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// openReader writes the text of one part of an OpenDocument file (ODF 1.3, part
// 3).
type openReader struct {
	*reader
	root  string
	buf   []byte
	inner int // octets of the text that begin no character
	plain int // depth of elements whose text counts outside of paragraphs
	// muted is the depth of elements whose text is not read here: meta data, numbers
	// of notes, and fields of headers and footers, whose values are those of no page.
	muted int

	// A paragraph within another one stands in a text box or a note; its text
	// comes behind the outer one.
	paragraphs []int
	boxes      []byte
	// comments has the depth of paragraphs around each comment that is open: what
	// stands in no paragraph of its own is no text.
	comments []int
	// away is the depth of elements whose text is not on the page: comments, deleted
	// text, messages. It goes to aside.
	away  int
	aside []byte
	seen  map[string]bool
	links []byte

	master int // depth of headers and footers

	sheet bool // tables are those of a spreadsheet
	cells []openCell
	rows  []openRow

	binary   []byte // of a picture in a flat document
	inBinary bool
}

// openRow is a row that is open; tables may stand in cells.
type openRow struct {
	begin, repeated int
	column, last    int // of the next cell, and of the last one with text; -1 for none
}

type openCell struct {
	before, begin int // of the tabs in front of it, and of its text
	repeated      int
	value         string // what is stored, where nothing is shown
	number        bool
}

const (
	// Cells and rows that a document repeats are written so many times.
	mostRepeatedCells, mostRepeatedRows = 64, 8
	mostEmbedded                        = 48 << 20 // octets of base64
)

func readOpenText(r *reader, src io.Reader) {
	o := openReader{reader: r}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			if o.root == "" {
				o.root = string(x.name)
				o.sheet = x.attribute("class") == "spreadsheet" // in OpenOffice.org 1
			}
			o.start(x)
		case xmlEnd:
			o.end(x.name)
		case xmlText:
			o.text(x.text)
		}
		return r.allow(o.room())
	})
	for len(o.rows) > 0 {
		o.endRow()
	}
	o.buf = append(o.buf, o.boxes...)
	o.freshLine()
	o.buf = append(append(o.buf, o.aside...), o.links...)
	r.writeRead(string(o.buf))
}

// room tells whether the text is within the limit.
func (o *openReader) room() bool {
	return len(o.buf)+len(o.aside)+len(o.boxes)-o.inner <= o.lim.Characters
}

func (o *openReader) text(text []byte) {
	switch {
	case o.inBinary:
		if o.allow(len(o.binary) < mostEmbedded) {
			o.binary = append(o.binary, text...)
		}
		return
	case o.muted > 0 || !o.inParagraph() && o.plain == 0 && o.root != "math":
		return
	}
	if bytes.IndexByte(text, '\n') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte(" "))
	}
	if o.away > 0 {
		o.aside = append(o.aside, text...)
	} else {
		o.buf = append(o.buf, text...)
	}
	o.inner += len(text) - utf8.RuneCount(text)
}

func (o *openReader) inParagraph() bool {
	around := 0
	if n := len(o.comments); n > 0 {
		around = o.comments[n-1]
	}
	return len(o.paragraphs) > around
}

// put appends text where text goes now.
func (o *openReader) put(c byte) {
	if o.away > 0 {
		o.aside = append(o.aside, c)
	} else {
		o.buf = append(o.buf, c)
	}
}

func (o *openReader) start(x *xmlScanner) {
	if o.isMuted(x.name) {
		o.muted++
		return
	}
	switch string(x.name) {
	case "p", "h":
		at := len(o.buf)
		if o.away > 0 {
			at = -1
		} else if o.sheet && len(o.paragraphs) == 0 && len(o.cells) > 0 && len(o.buf) > o.cells[len(o.cells)-1].begin {
			o.buf = append(o.buf, ' ') // the second paragraph of a cell
		}
		o.paragraphs = append(o.paragraphs, at)
	case "s":
		for range min(max(1, atoi(x.attribute("c"))), 100) {
			o.put(' ')
		}
	case "tab":
		o.put('\t')
	case "line-break":
		if len(o.cells) > 0 && o.sheet {
			o.put(' ')
		} else {
			o.put('\n')
		}
	case "annotation", "tracked-changes", "ruby-text", "help-message", "error-message", "deletion":
		if string(x.name) == "annotation" && o.root != "math" {
			o.comments = append(o.comments, len(o.paragraphs))
		}
		o.away++
		o.freshAside()
	case "creator", "title", "desc", "footer-decl", "header-decl", "date-time-decl", "sender-initials", "module":
		// Titles and descriptions are those of pictures.
		o.plain++
		if string(x.name) == "title" || string(x.name) == "desc" || string(x.name) == "creator" {
			o.away++
			o.freshAside()
		}
	case "master-styles":
		// A flat document has headers and footers in front of its text.
		o.master++
		if o.root == "document" {
			o.away++
		}
	case "spreadsheet":
		o.sheet = true
	case "table":
		if o.sheet && len(o.rows) == 0 {
			o.freshLine()
			o.buf = append(append(o.buf, x.attribute("name")...), '\n')
		}
	case "table-row":
		o.rows = append(o.rows, openRow{begin: len(o.buf), last: -1, repeated: max(1, atoi(x.attribute("number-rows-repeated")))})
	case "table-cell", "covered-table-cell":
		o.startCell(x)
	case "a":
		o.link(x.attribute("href"))
	case "binary-data":
		o.inBinary = true
	default:
		if names, have := openAttributes[string(x.name)]; have {
			for _, name := range names {
				o.note(x.attribute(name))
			}
		}
	}
}

// openAttributes are the attributes, by element, that hold text of people: fields
// of forms, variables.
var openAttributes = map[string][]string{
	"text": {"value", "current-value", "help-text"}, "textarea": {"value", "current-value", "help-text"}, "formatted-text": {"value", "current-value"},
	"button": {"label"}, "checkbox": {"label", "title"}, "radio": {"label", "title"}, "fixed-text": {"label"}, "combobox": {"value", "current-value"},
	"item": {"label"}, "option": {"label", "value"}, "hidden": {"value"}, "user-field-decl": {"string-value", "value"}, "variable-set": {"string-value"},
	"textfield": {"value"}, "named-expression": {"expression"}, "table-source": {"href"}, "connection-resource": {"href"},
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// note keeps a text that is not on the page, once.
func (o *openReader) note(s string) {
	if s == "" || o.seen[s] {
		return
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	if len(o.seen) < mostRelations {
		o.seen[s] = true
	}
	o.freshAside()
	o.aside = append(append(o.aside, s...), '\n')
}

func (o *openReader) link(to string) {
	if to == "" || to[0] == '#' || o.seen[to] {
		return
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	o.seen[to] = true
	o.links = append(append(o.links, to...), '\n')
}

func (o *openReader) startCell(x *xmlScanner) {
	c := openCell{repeated: 1}
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		name, value, end, ok := attributeAt(d, i)
		if !ok {
			break
		}
		switch string(name) {
		case "number-columns-repeated":
			c.repeated = max(1, number(value))
		case "value-type":
			c.number = string(value) == "float" || string(value) == "currency"
		case "value", "string-value", "date-value", "time-value", "boolean-value":
			c.value = string(x.expand(value))
		}
		i = end
	}
	c.before = len(o.buf)
	if n := len(o.rows); n > 0 {
		row := &o.rows[n-1]
		for range min(row.column-max(row.last, 0), mostGap) {
			o.buf = append(o.buf, '\t')
		}
	}
	c.begin = len(o.buf)
	o.cells = append(o.cells, c)
}

func (o *openReader) endCell() {
	n := len(o.cells)
	if n == 0 {
		return
	}
	c := o.cells[n-1]
	o.cells = o.cells[:n-1]
	if c.begin > len(o.buf) {
		return
	}
	o.flushBoxes()
	for len(o.buf) > c.begin && o.buf[len(o.buf)-1] == '\n' {
		o.buf = o.buf[:len(o.buf)-1]
	}
	if len(o.buf) == c.begin && c.value != "" {
		o.buf = appendNumber(o.buf, []byte(c.value), nil, false)
	} else if c.number {
		if v, err := strconv.ParseFloat(c.value, 64); err == nil {
			o.buf = appendDigits(o.buf, c.begin, math.Abs(v), 0)
		}
	}
	shown := o.buf[c.begin:]
	if len(o.rows) == 0 {
		o.buf = append(o.buf, '\t')
		return
	}
	row := &o.rows[len(o.rows)-1]
	if len(shown) > 0 {
		row.last = row.column
		for range min(c.repeated, mostRepeatedCells) - 1 {
			if !o.room() {
				break
			}
			o.buf = append(append(o.buf, '\t'), shown...)
			row.last++
		}
	} else {
		o.buf = o.buf[:c.before]
	}
	row.column += c.repeated
	if len(shown) > 0 && c.repeated > 1 {
		row.last = row.column - 1
	}
}

func (o *openReader) endRow() {
	n := len(o.rows)
	row := o.rows[n-1]
	o.rows = o.rows[:n-1]
	if row.begin > len(o.buf) || len(o.buf) == row.begin {
		return
	}
	if o.buf[len(o.buf)-1] != '\n' {
		o.buf = append(o.buf, '\n')
	}
	if row.repeated == 1 || !o.room() {
		return
	}
	line := string(o.buf[row.begin:])
	for range min(row.repeated, mostRepeatedRows) - 1 {
		if !o.room() {
			break
		}
		o.buf = append(o.buf, line...)
	}
}

func (o *openReader) isMuted(name []byte) bool {
	switch string(name) {
	case "meta", "note-citation", "footnote-citation", "endnote-citation":
		return true
	case "page-number", "page-count", "sheet-name", "date", "time", "title", "file-name":
		return o.master > 0
	}
	return false
}

func (o *openReader) end(name []byte) {
	if o.isMuted(name) {
		o.muted = max(o.muted-1, 0)
		return
	}
	switch string(name) {
	case "p", "h":
		o.endParagraph()
	case "annotation", "tracked-changes", "ruby-text", "help-message", "error-message", "deletion":
		if n := len(o.comments); n > 0 && string(name) == "annotation" {
			o.comments = o.comments[:n-1]
		}
		o.away = max(o.away-1, 0)
		o.freshAside()
	case "title", "desc", "creator":
		o.plain = max(o.plain-1, 0)
		o.away = max(o.away-1, 0)
		o.freshAside()
	case "footer-decl", "header-decl", "date-time-decl", "sender-initials", "module":
		o.plain = max(o.plain-1, 0)
		o.freshLine()
	case "master-styles":
		o.master = max(o.master-1, 0)
		if o.root == "document" {
			o.away = max(o.away-1, 0)
		}
	case "table-cell", "covered-table-cell":
		o.endCell()
	case "table-row":
		if len(o.rows) > 0 {
			o.endRow()
		}
	case "binary-data":
		o.inBinary = false
		if len(o.binary) > 0 {
			o.embedded("object", o.binary)
		}
		o.binary = nil
	}
}

func (o *openReader) endParagraph() {
	n := len(o.paragraphs)
	if n == 0 {
		return
	}
	from := o.paragraphs[n-1]
	o.paragraphs = o.paragraphs[:n-1]
	switch {
	case from < 0 || o.away > 0:
		o.freshAside()
	case n > 1 && from <= len(o.buf):
		o.boxes = append(append(o.boxes, o.buf[from:]...), '\n')
		o.buf = o.buf[:from]
	case len(o.cells) > 0 && o.sheet:
	case bytes.HasSuffix(o.buf, []byte("\n\n")):
	default:
		o.buf = append(o.buf, '\n')
	}
	if n == 1 && len(o.cells) == 0 {
		o.flushBoxes()
	}
}

func (o *openReader) flushBoxes() {
	if len(o.boxes) > 0 && len(o.paragraphs) == 0 {
		o.freshLine()
		o.buf = append(o.buf, o.boxes...)
		o.boxes = o.boxes[:0]
	}
}

func (o *openReader) freshAside() {
	if n := len(o.aside); n > 0 && o.aside[n-1] != '\n' {
		o.aside = append(o.aside, '\n')
	}
}

func (o *openReader) freshLine() {
	if n := len(o.buf); n > 0 && o.buf[n-1] != '\n' {
		o.buf = append(o.buf, '\n')
	}
}

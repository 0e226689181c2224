package extract

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

const (
	// deepestXML is the depth of elements that is followed. Word stops earlier.
	deepestXML = 5000
	limitXML   = "elements nested deeper than the limit"
	refusedDTD = "a document type definition"
)

// eachToken goes over the tokens of an XML document without its entities and
// external parts, until visit says false, a limit is met or the document ends.
func (r *reader) eachToken(src io.Reader, visit func(*xmlScanner, xmlKind) bool) {
	x := newXMLScanner(src)
	defer x.close()
	depth := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && r.expired() {
			break
		}
		kind := x.next()
		switch kind {
		case xmlStart:
			if depth++; depth > deepestXML {
				r.end(limitXML)
			}
		case xmlEnd:
			depth--
		case xmlDirective:
			r.end(refusedDTD)
		}
		if kind == xmlDone || r.ended || !visit(x, kind) || r.ended {
			break
		}
	}
	if x.damaged {
		r.fail(Corrupt, "damaged XML")
	}
}

// wordReader writes the text of one WordprocessingML part (ECMA-376, part 1,
// section 17).
type wordReader struct {
	*reader
	buf   []byte
	inTxt int // depth of elements whose text counts
	// away is the depth of elements whose text is not shown in its place: deleted
	// and moved text, codes of fields. It goes to aside, so that what is shown
	// around it stays whole.
	away  int
	aside []byte
	inner int             // octets of the text that begin no character
	seen  map[string]bool // attributes that are in aside
	// choices are the alternatives that are open (part 3, section 9.3).
	choices []alternative
}

// alternative is one mc:AlternateContent: Word writes a text box in two ways.
type alternative struct {
	start      int // of the branch that is open, in buf
	from, upto int // of the first branch
}

// keptWord bounds what is kept for the next part, in octets.
const keptWord = 1 << 20

var wordRooms = sync.Pool{New: func() any { return new([]byte) }}

func readWord(r *reader, src io.Reader) {
	room := wordRooms.Get().(*[]byte)
	w := wordReader{reader: r, buf: (*room)[:0]}
	defer func() {
		if *room = w.buf; cap(w.buf) <= keptWord {
			wordRooms.Put(room)
		}
	}()
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			w.start(x)
		case xmlEnd:
			w.end(x.name)
		case xmlText:
			switch {
			case w.inTxt == 0:
				return true
			case w.away > 0:
				w.aside = append(w.aside, x.text...)
			default:
				w.buf = append(w.buf, x.text...)
			}
			w.inner += len(x.text) - utf8.RuneCount(x.text)
		}
		return len(w.buf)+len(w.aside)-w.inner <= r.lim.Characters
	})
	w.buf = append(w.buf, w.aside...)
	text := string(w.buf)
	if text == "" {
		return
	}
	r.newLine()
	// The text read so far counts even where a limit ended the reading.
	ended := r.ended
	r.ended = false
	r.write(text)
	r.ended = r.ended || ended
}

func (w *wordReader) start(x *xmlScanner) {
	switch string(x.name) {
	case "t", "delText", "v": // v is a value of a chart
		w.inTxt++
	case "instrText", "delInstrText":
		w.inTxt++
		w.away++
	case "del", "moveFrom":
		w.away++
	case "docPr", "imagedata", "comment":
		// What pictures show and who wrote a comment.
		for _, name := range [...]string{"descr", "title", "author"} {
			if v := x.attribute(name); v != "" && !w.seen[v] {
				if w.seen == nil {
					w.seen = map[string]bool{}
				}
				w.seen[v] = true
				w.aside = append(append(w.aside, v...), '\n')
			}
		}
	case "tab", "ptab":
		w.buf = append(w.buf, '\t')
	case "br", "cr":
		w.buf = append(w.buf, '\n')
	case "noBreakHyphen":
		w.buf = append(w.buf, '-')
	case "AlternateContent":
		w.choices = append(w.choices, alternative{})
	case "Choice", "Fallback":
		if n := len(w.choices); n > 0 {
			w.choices[n-1].start = len(w.buf)
		}
	}
}

func (w *wordReader) end(name []byte) {
	switch string(name) {
	case "t", "delText":
		w.inTxt = max(w.inTxt-1, 0)
	case "v":
		w.inTxt = max(w.inTxt-1, 0)
		w.buf = append(w.buf, ' ')
	case "instrText", "delInstrText":
		w.inTxt = max(w.inTxt-1, 0)
		w.leave()
	case "del", "moveFrom":
		w.leave()
	case "p":
		w.buf = append(w.buf, '\n')
	case "tc":
		// The paragraph of a cell ended its line; a tab parts cells.
		w.trim("\n")
		w.buf = append(w.buf, '\t')
	case "tr":
		w.trim("\t")
		w.buf = append(w.buf, '\n')
	case "Choice":
		if n := len(w.choices); n > 0 {
			a := &w.choices[n-1]
			a.from, a.upto = a.start, len(w.buf)
		}
	case "Fallback":
		w.fallback()
	case "AlternateContent":
		if n := len(w.choices); n > 0 {
			w.choices = w.choices[:n-1]
		}
	}
}

// fallback drops the second form of a text that was written in its first form.
func (w *wordReader) fallback() {
	n := len(w.choices)
	if n == 0 {
		return
	}
	a := w.choices[n-1]
	if a.upto > a.from && a.upto <= a.start && bytes.Equal(w.buf[a.from:a.upto], w.buf[a.start:]) {
		w.buf = w.buf[:a.start]
	}
}

// leave ends an element whose text is not shown in its place.
func (w *wordReader) leave() {
	w.away = max(w.away-1, 0)
	if n := len(w.aside); w.away == 0 && n > 0 && w.aside[n-1] != '\n' {
		w.aside = append(w.aside, '\n')
	}
}

func (w *wordReader) trim(end string) { w.buf = bytes.TrimSuffix(w.buf, []byte(end)) }

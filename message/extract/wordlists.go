package extract

import (
	"io"
	"strconv"
	"strings"
)

// paragraphLists numbers the paragraphs of lists as Word shows them (ECMA-376, part 1,
// section 17.9).
type paragraphLists struct {
	abstract map[string]*abstractList
	numbers  map[string]*numberedList
	styles   map[string]listStyle
	links    map[string]*abstractList // by the style that they define
}

// abstractList is a w:abstractNum; the lists that are made of it count on.
type abstractList struct {
	levels   [mostLevels]levelOfList
	uses     string // the style whose list it is
	counters [mostLevels]int
	begun    [mostLevels]bool
}

const mostLevels = 9

type levelOfList struct {
	start   int
	format  string
	text    string // with %1 for the number of the first level
	style   string // of paragraphs that are on this level
	restart int    // level that starts it again, from 1; 0 never, -1 any above
	legal   bool   // all numbers are decimal
}

// numberedList is a w:num.
type numberedList struct {
	of       *abstractList
	abstract string
	start    [mostLevels]int // -1 where the list does not begin anew
	own      [mostLevels]*levelOfList
	used     [mostLevels]bool
}

// listStyle is what the style of a paragraph says of lists.
type listStyle struct {
	list, level, basedOn string
}

// listPlace is what a paragraph says of its place in a list.
type listPlace struct{ style, list, level string }

func (l *listPlace) read(w *wordReader, x *xmlScanner) {
	if w.properties == 0 || w.changed > 0 || w.style.lists == nil {
		return
	}
	switch string(x.name) {
	case "pStyle":
		l.style = x.attribute("val")
	case "ilvl":
		l.level = x.attribute("val")
	case "numId":
		l.list = x.attribute("val")
	}
}

// number writes the number of the paragraph whose properties are at their end.
func (w *wordReader) number() {
	place := w.list
	w.list = listPlace{}
	s := w.style.lists.number(place)
	if s == "" || w.muted > 0 {
		return
	}
	w.buf = append(w.buf, s...)
	// Numbers of the text must not join a plain number in front.
	if strings.Trim(s, "0123456789") == "" {
		w.buf = append(w.buf, '\t')
	} else {
		w.buf = append(w.buf, ' ')
	}
}

// readWordLists reads the numbering part, and the styles that use it.
func (p *officePackage) readWordLists(main *part) *paragraphLists {
	l := &paragraphLists{abstract: map[string]*abstractList{}, numbers: map[string]*numberedList{}, styles: map[string]listStyle{},
		links: map[string]*abstractList{}}
	for _, at := range p.related(main, "numbering") {
		p.load(at, func(src io.Reader) { l.readNumbering(p.reader, src) })
	}
	if len(l.numbers) == 0 {
		return nil
	}
	for _, at := range p.related(main, "styles") {
		p.load(at, func(src io.Reader) { l.readStyles(p.reader, src) })
	}
	for _, n := range l.numbers {
		n.of = l.abstract[n.abstract]
		if n.of == nil || n.of.uses == "" {
			continue
		}
		if linked := l.links[n.of.uses]; linked != nil {
			n.of = linked
		}
	}
	return l
}

// mostParagraphLists bounds the lists and styles that are kept.
const mostParagraphLists = 20_000

func (l *paragraphLists) readNumbering(r *reader, src io.Reader) {
	var abstract *abstractList
	var num *numberedList
	var level *levelOfList
	override := -1
	levelAt := func(x *xmlScanner) (int, bool) {
		n, err := strconv.Atoi(x.attribute("ilvl"))
		return n, err == nil && n >= 0 && n < mostLevels
	}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		name := string(x.name)
		if kind == xmlEnd {
			switch name {
			case "abstractNum":
				abstract = nil
			case "num":
				num = nil
			case "lvl":
				level = nil
			case "lvlOverride":
				override = -1
			}
			return true
		}
		if kind != xmlStart {
			return true
		}
		switch name {
		case "abstractNum":
			abstract = &abstractList{}
			if len(l.abstract) < mostParagraphLists {
				l.abstract[x.attribute("abstractNumId")] = abstract
			}
		case "num":
			num = &numberedList{}
			for i := range num.start {
				num.start[i] = -1
			}
			if len(l.numbers) < mostParagraphLists {
				l.numbers[x.attribute("numId")] = num
			}
		case "abstractNumId":
			if num != nil {
				num.abstract = x.attribute("val")
			}
		case "numStyleLink":
			if abstract != nil {
				abstract.uses = x.attribute("val")
			}
		case "styleLink":
			if abstract != nil {
				l.links[x.attribute("val")] = abstract
			}
		case "lvl":
			level = nil
			at, ok := levelAt(x)
			switch {
			case ok && abstract != nil:
				level = &abstract.levels[at]
			case ok && num != nil:
				level = &levelOfList{}
				num.own[at] = level
			default:
				return true
			}
			*level = levelOfList{restart: -1, format: "decimal"}
		case "lvlOverride":
			if at, ok := levelAt(x); ok {
				override = at
			}
		case "startOverride":
			if n, err := strconv.Atoi(x.attribute("val")); err == nil && num != nil && override >= 0 {
				num.start[override] = n
			}
		default:
			if level != nil {
				level.read(name, x)
			}
		}
		return true
	})
}

func (v *levelOfList) read(name string, x *xmlScanner) {
	switch name {
	case "start":
		v.start, _ = strconv.Atoi(x.attribute("val"))
	case "numFmt":
		v.format = x.attribute("val")
	case "lvlText":
		if v.text = x.attribute("val"); len(v.text) > 1000 {
			v.text = v.text[:1000]
		}
	case "pStyle":
		v.style = x.attribute("val")
	case "lvlRestart":
		if n, err := strconv.Atoi(x.attribute("val")); err == nil {
			v.restart = n
		}
	case "isLgl":
		v.legal = true
	}
}

func (l *paragraphLists) readStyles(r *reader, src io.Reader) {
	id, in := "", listStyle{}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch {
		case kind == xmlEnd && string(x.name) == "style":
			if id != "" && len(l.styles) < mostParagraphLists && (in.list != "" || in.basedOn != "") {
				l.styles[id] = in
			}
			id = ""
		case kind != xmlStart:
		case string(x.name) == "style":
			id, in = x.attribute("styleId"), listStyle{}
		case string(x.name) == "numId":
			in.list = x.attribute("val")
		case string(x.name) == "ilvl":
			in.level = x.attribute("val")
		case string(x.name) == "basedOn":
			in.basedOn = x.attribute("val")
		}
		return true
	})
}

// number gives the number of the next paragraph at a place; empty for none.
func (l *paragraphLists) number(place listPlace) string {
	style := place.style
	for deep := 0; place.list == "" && style != "" && deep < 20; deep++ {
		s := l.styles[style]
		if s.list != "" {
			place.list = s.list
			if place.level == "" {
				place.level = s.level
			}
			break
		}
		style = s.basedOn
	}
	n := l.numbers[place.list]
	if n == nil || n.of == nil {
		return ""
	}
	at, err := strconv.Atoi(place.level)
	if err != nil && place.level == "" {
		for i, v := range n.of.levels {
			if v.style != "" && v.style == place.style {
				at = i
			}
		}
	}
	if at < 0 || at >= mostLevels {
		return ""
	}
	return n.next(at)
}

func (n *numberedList) level(i int) *levelOfList {
	if own := n.own[i]; own != nil {
		return own
	}
	return &n.of.levels[i]
}

// next counts a paragraph on a level and gives its number.
func (n *numberedList) next(at int) string {
	a := n.of
	for i := range at {
		if !a.begun[i] { // shown as if it were there
			a.counters[i], a.begun[i] = n.level(i).start, true
			if n.start[i] >= 0 {
				a.counters[i], n.used[i] = n.start[i], true
			}
		}
	}
	switch v := n.level(at); {
	case n.start[at] >= 0 && !n.used[at]:
		a.counters[at] = n.start[at]
	case !a.begun[at]:
		a.counters[at] = v.start
	default:
		a.counters[at]++
	}
	a.begun[at], n.used[at] = true, true
	for i := at + 1; i < mostLevels; i++ {
		if restart := n.level(i).restart; restart < 0 || restart > at {
			a.begun[i] = false
		}
	}
	return n.show(at)
}

func (n *numberedList) show(at int) string {
	v := n.level(at)
	if v.format == "none" && !strings.Contains(v.text, "%") {
		return v.text
	}
	if v.format == "bullet" {
		return "·"
	}
	var b strings.Builder
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		if c == '%' && i+1 < len(v.text) && v.text[i+1] >= '1' && v.text[i+1] <= '9' {
			i++
			level := int(v.text[i] - '1')
			format := n.level(level).format
			if v.legal {
				format = "decimal"
			}
			b.WriteString(countIn(format, n.of.counters[level]))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// countIn writes a number of a list (ECMA-376, part 1, section 17.18.59). Those in
// words are shown in digits.
func countIn(format string, n int) string {
	switch format {
	case "none", "bullet":
		return ""
	case "decimalZero":
		if n >= 0 && n < 10 {
			return "0" + strconv.Itoa(n)
		}
	case "upperLetter":
		return letters(n, 'A')
	case "lowerLetter":
		return letters(n, 'a')
	case "upperRoman":
		return roman(n)
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "ordinal":
		return strconv.Itoa(n) + ordinalSuffix(n)
	}
	return strconv.Itoa(n)
}

// letters counts a to z, aa, bb and so on.
func letters(n int, first rune) string {
	if n <= 0 || n > 26*20 {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(first+rune((n-1)%26)), (n-1)/26+1)
}

func roman(n int) string {
	if n <= 0 || n > 5000 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, d := range [...]struct {
		value  int
		digits string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= d.value; n -= d.value {
			b.WriteString(d.digits)
		}
	}
	return b.String()
}

func ordinalSuffix(n int) string {
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

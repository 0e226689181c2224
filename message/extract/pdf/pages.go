package pdf

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"unicode"
)

// page is one page with what it takes from the tree above it.
type page struct {
	dict      dict
	resources any
	box       any
}

// mostPages bounds the pages of a file.
const mostPages = 100_000

// eachPage goes through the page tree (ISO 32000-2, section 7.7.3) in order. A
// file without one, or with one that is damaged, has the pages that lie about in
// it as well.
func (f *File) eachPage(visit func(*page) bool) {
	type node struct {
		v              any
		resources, box any
	}
	seen := map[any]bool{}
	found, missing, pushed := false, false, 0
	for stack := []node{{v: f.catalog["Pages"]}}; len(stack) > 0 && !f.expired(); {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		d, _ := f.get(n.v).(dict)
		if d == nil {
			if n.v != nil && f.catalog != nil {
				f.harm("a page that is missing")
			}
			missing = true
			continue
		}
		if k := identityOf(n.v, d); seen[k] {
			f.harm("a page tree within itself")
			continue
		} else {
			seen[k] = true
		}
		if r := d["Resources"]; r != nil {
			n.resources = r
		}
		if b := either(d, "CropBox", "MediaBox"); b != nil {
			n.box = b
		}
		kids, isNode := f.get(d["Kids"]).(array)
		if isNode && f.name(d["Type"]) != "Page" {
			if pushed += len(kids); pushed > 4*mostPages {
				f.end("more pages than the limit")
				return
			}
			for i := len(kids) - 1; i >= 0; i-- {
				stack = append(stack, node{kids[i], n.resources, n.box})
			}
			continue
		}
		found = true
		if f.pages++; f.pages > mostPages {
			f.end("more pages than the limit")
			return
		}
		if !visit(&page{dict: d, resources: n.resources, box: n.box}) {
			return
		}
	}
	if found && !missing || f.expired() {
		return
	}
	f.rebuild()
	for _, num := range f.numbers() {
		if seen[num] || f.expired() {
			continue
		}
		if d, ok := f.load(num).(dict); ok && f.name(d["Type"]) == "Page" {
			found = true
			f.pages++
			if !visit(&page{dict: d, resources: d["Resources"], box: d["MediaBox"]}) {
				return
			}
		}
	}
	if !found {
		f.harm("no pages")
	}
}

// identityOf gives what tells an object from others: its number, or the place of
// a dictionary that has none.
func identityOf(v any, d dict) any {
	if r, ok := v.(ref); ok {
		return r.num
	}
	return reflect.ValueOf(d).UnsafePointer()
}

// Pages gives the text of one page after the other, with what its annotations and
// fields say.
func (f *File) Pages(yield func(text string) bool) {
	f.eachPage(func(g *page) bool {
		text := f.pageText(g)
		return yield(text) && !f.expired()
	})
}

// pageText reads a page.
func (f *File) pageText(g *page) string {
	p := &painter{f: f, g: graphics{ctm: unit, stretch: 1}, active: map[ref]bool{}, out: &layout{}}
	resources := f.dict(g.resources)
	var b strings.Builder
	p.finished = func(text string) { b.WriteString(text) }
	p.run(f.contents(g.dict["Contents"]), resources)
	p.settle()
	f.patterns(p, resources)
	notes := f.annotations(p, g)
	p.flush()
	for _, s := range p.extra {
		b.WriteString(line(s))
	}
	text := b.String()
	f.judge(g, p, text)
	return text + f.noteText(notes, text)
}

// line ends a text like a line.
func line(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n") + "\n"
}

// contents gives the content of a page, which may be in several streams.
func (f *File) contents(v any) []byte {
	switch x := f.get(v).(type) {
	case *stream:
		data, _ := f.part(x)
		return data
	case array:
		var all []byte
		for _, part := range x {
			if s, ok := f.get(part).(*stream); ok && !f.expired() {
				data, _ := f.part(s)
				if !f.toil(len(data) + 1) {
					return all
				}
				if len(all)+len(data) > mostStream {
					f.cut = "a larger page than the limit"
					return all
				}
				all = append(append(all, data...), '\n')
			}
		}
		return all
	}
	return nil
}

// part decodes a stream whose loss is a loss of text.
func (f *File) part(s *stream) ([]byte, bool) {
	data, err := f.decode(s)
	switch err {
	case nil:
	case errDamaged:
		f.harm("damaged content")
	case ErrUnknown:
		f.unread = "content under an unknown filter"
		return nil, false
	case errLocked:
		f.unread = "content that is encrypted in its own way"
		return nil, false
	case errPicture:
		return nil, false
	}
	return data, true
}

// mostContents is how many octets of contents are kept to be run again.
const mostContents = 8 << 20

// content gives the content stream of a form. It counts again each time.
func (f *File) content(s *stream) ([]byte, bool) {
	if data, ok := f.contentsOf[s.ref]; ok {
		return data, f.spend(len(data), len(data), 0) == nil
	}
	data, ok := f.part(s)
	if !ok {
		f.silent[s.ref] = true
		return nil, false
	}
	if f.held += len(data); f.held > mostContents {
		clear(f.contentsOf)
		f.held = len(data)
	}
	f.contentsOf[s.ref] = data
	return data, true
}

// showsText tells whether the content of a glyph may show text itself.
func (f *File) showsText(s *stream) bool {
	shows, ok := f.telling[s.ref]
	if !ok {
		data, _ := f.decode(s)
		shows = bytes.Contains(data, []byte("Tj")) || bytes.Contains(data, []byte("TJ")) || bytes.Contains(data, []byte("Do"))
		f.telling[s.ref] = shows
	}
	return shows
}

// once tells whether a stream is met for the first time.
func (f *File) once(s *stream) bool {
	if f.met[s.ref] {
		return false
	}
	f.met[s.ref] = true
	return true
}

// patterns reads the text of patterns that the page may be painted with.
func (f *File) patterns(p *painter, resources dict) {
	for _, k := range keys(f.dict(resources["Pattern"])) {
		if s, ok := f.get(f.dict(resources["Pattern"])[k]).(*stream); ok && f.once(s) {
			area := p.area
			p.form(s, f.formResources(s, resources), f.matrix(s.dict["Matrix"]))
			p.area = area
		}
	}
}

// judge notes pages that show pictures and no text.
func (f *File) judge(g *page, p *painter, text string) {
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters++
		}
	}
	whole := 612.0 * 792
	if b := f.array(g.box); len(b) == 4 {
		if a := math.Abs((f.float(b[2]) - f.float(b[0])) * (f.float(b[3]) - f.float(b[1]))); a > 1 {
			whole = a
		}
	}
	const fewLetters, manyCurves = 32, 1000
	switch {
	case letters == 0 && (p.area > whole/20 || p.drawn > manyCurves):
	case letters < fewLetters && p.area > whole/2:
	default:
		return
	}
	f.pictures = append(f.pictures, f.pages)
}

// Pictures gives the numbers of the pages that are pictures: that show no text,
// or next to none, on a picture or a drawing. The pages so far count.
func (f *File) Pictures() (pictures []int, pages int) { return f.pictures, f.pages }

// Unread says what was shown that could not be turned into text, or nothing.
func (f *File) Unread() string { return f.unread }

// Lies tells whether a font that everyone sees alike claims to show other
// characters than it does.
func (f *File) Lies() bool { return f.lies }

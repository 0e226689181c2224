package pdf

import (
	"maps"
	"slices"
	"strings"
)

// keys gives the keys of a dictionary in order.
func keys(d dict) []name {
	return slices.Sorted(maps.Keys(d))
}

// note is what an annotation says.
type note struct {
	text  string
	shown bool // its appearance may say so, too
}

// annotations reads the annotations of a page (ISO 32000-2, section 12.5): what
// they show goes to the page, what they say is given.
func (f *File) annotations(p *painter, g *page) []note {
	f.action(g.dict["AA"], 0)
	f.associated(g.dict["AF"])
	var notes []note
	for _, v := range f.array(g.dict["Annots"]) {
		d, _ := f.get(v).(dict)
		if !f.marked() || f.expired() {
			break
		}
		if d == nil {
			continue
		}
		f.action(d["A"], 0)
		f.action(d["AA"], 0)
		f.action(d["PA"], 0)
		f.associated(d["AF"])
		kind := f.name(d["Subtype"])
		if kind == "Widget" {
			f.widget(p, v, d)
			continue
		}
		shown := kind == "Link" || kind != "Popup" && f.appearance(p, d)
		for _, k := range [...]name{"Contents", "RC", "T", "Subj", "OverlayText", "CaptionText"} {
			s := f.longText(d[k])
			if k == "RC" {
				if s = withoutTags(s); squeeze(s) == squeeze(f.longText(d["Contents"])) {
					continue
				}
			}
			if s != "" {
				notes = append(notes, note{s, shown})
			}
		}
		if kind == "FileAttachment" {
			f.specs = append(f.specs, d["FS"])
		}
		f.assets(f.dict(f.dict(d["RichMediaContent"])["Assets"]))
	}
	for _, u := range f.addresses {
		notes = append(notes, note{text: u})
	}
	f.addresses = nil
	return notes
}

// longText gives the text of a string or a stream.
func (f *File) longText(v any) string {
	switch x := f.get(v).(type) {
	case string:
		return strings.TrimSpace(f.text(x))
	case *stream:
		data, _ := f.decode(x)
		f.toil(len(data))
		return strings.TrimSpace(textString(string(data)))
	}
	return ""
}

// text gives a text string.
func (f *File) text(v any) string {
	s := f.string(v)
	if s == "" || !f.toil(len(s)) {
		return ""
	}
	return textString(s)
}

// noteText gives what annotations say, without what the page shows already.
func (f *File) noteText(notes []note, page string) string {
	var b strings.Builder
	seen := map[string]bool{}
	squeezed, checks := "", 0
	for _, n := range notes {
		if seen[n.text] {
			continue
		}
		seen[n.text] = true
		if n.shown && checks < 200 && len(page) < 256<<10 {
			if checks++; checks == 1 {
				squeezed = squeeze(page)
			}
			if s := squeeze(n.text); s != "" && strings.Contains(squeezed, s) {
				continue
			}
		}
		b.WriteString(line(n.text))
	}
	return b.String()
}

// withoutTags gives the text of XHTML.
func withoutTags(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			break
		}
		tag := s[i+1 : i+end]
		if strings.HasPrefix(tag, "p") || strings.HasPrefix(tag, "/p") || strings.HasPrefix(tag, "br") || strings.HasPrefix(tag, "div") {
			b.WriteByte('\n')
		}
		s = s[i+end+1:]
	}
	return strings.TrimSpace(references.Replace(b.String()))
}

var references = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", "\"", "&apos;", "'", "&#13;", "\n", "&#160;", " ", "&nbsp;", " ", "&amp;", "&")

// appearance paints what an annotation looks like (section 12.5.5). It tells
// whether there was text.
func (f *File) appearance(p *painter, d dict) bool {
	v := f.get(f.dict(d["AP"])["N"])
	if states, ok := v.(dict); ok {
		v = f.get(states[f.name(d["AS"])])
	}
	s, ok := v.(*stream)
	if !ok {
		return false
	}
	rect, box := f.rectangle(d["Rect"]), f.rectangle(s.dict["BBox"])
	m := f.matrix(s.dict["Matrix"])
	// The box as the matrix puts it is laid onto the rectangle.
	u0, v0, u1, v1 := around(box, m)
	a := matrix{1, 0, 0, 1, rect[0] - u0, rect[1] - v0}
	if u1 > u0 && v1 > v0 {
		sx, sy := (rect[2]-rect[0])/(u1-u0), (rect[3]-rect[1])/(v1-v0)
		a = matrix{sx, 0, 0, sy, rect[0] - u0*sx, rect[1] - v0*sy}
	}
	before := p.glyphs
	p.out.open = false
	p.form(s, f.formResources(s, nil), m.times(a))
	p.out.open = false
	return p.glyphs > before
}

// rectangle gives a rectangle from its lower left to its upper right corner.
func (f *File) rectangle(v any) (r [4]float64) {
	a := f.array(v)
	if len(a) < 4 {
		return r
	}
	for i := range r {
		r[i] = f.float(a[i])
	}
	return [4]float64{min(r[0], r[2]), min(r[1], r[3]), max(r[0], r[2]), max(r[1], r[3])}
}

func around(r [4]float64, m matrix) (x0, y0, x1, y1 float64) {
	for i, c := range [4][2]float64{{r[0], r[1]}, {r[0], r[3]}, {r[2], r[1]}, {r[2], r[3]}} {
		x, y := c[0]*m[0]+c[1]*m[2]+m[4], c[0]*m[1]+c[1]*m[3]+m[5]
		if i == 0 {
			x0, y0, x1, y1 = x, y, x, y
			continue
		}
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return x0, y0, x1, y1
}

// widget puts the value of a field, with its name, where the page shows it. What
// the field looks like is read as well if it says something else.
func (f *File) widget(p *painter, v any, d dict) {
	field, key := d, identityOf(v, d)
	if parent := f.dict(d["Parent"]); d["T"] == nil && parent != nil {
		field, key = parent, identityOf(d["Parent"], parent)
	}
	text := f.fieldText(field)
	page, seen := p.out, &layout{}
	p.out = seen
	f.appearance(p, d)
	p.out = page
	shown := strings.TrimSpace(seen.lines())
	if s := squeeze(shown); s == "" || strings.Contains(squeeze(text), s) {
		shown = ""
	}
	if f.placed[key] {
		text = ""
	}
	f.placed[key] = true
	if text != "" && shown != "" {
		text += "\n"
	}
	if text += shown; text == "" {
		return
	}
	r := f.rectangle(d["Rect"])
	em := min(max(r[3]-r[1], 1)*0.7, 12)
	top := r[3] - em // of many lines the first
	if r[3]-r[1] < 2.5*em {
		top = (r[1]+r[3])/2 - em*0.3
	}
	p.out.late = append(p.out.late, piece{text: []byte(text), glyphs: 1, x: r[0], y: top, ux: 1, ex: r[2], ey: top, em: em, high: em})
}

// inherited gives a value of a field or of the nearest one above that has it.
func (f *File) inherited(d dict, key name) any {
	for range 32 {
		if d == nil {
			break
		}
		if v := f.get(d[key]); v != nil {
			return v
		}
		d = f.dict(d["Parent"])
	}
	return nil
}

// fieldText gives "name: value" of a field (section 12.7), with the name that is
// shown to people where there is one.
func (f *File) fieldText(d dict) string {
	full := ""
	for at, i := d, 0; at != nil && i < 32; at, i = f.dict(at["Parent"]), i+1 {
		if t := f.text(at["T"]); t != "" {
			if full != "" {
				t += "."
			}
			full = t + full
		}
	}
	value := f.valueText(f.inherited(d, "V"), 0)
	initial := f.valueText(f.inherited(d, "DV"), 0)
	if initial == value {
		initial = ""
	}
	if f.name(f.inherited(d, "FT")) == "Ch" {
		value = f.optionText(d, value)
	}
	tip := f.text(d["TU"])
	var b strings.Builder
	if full != "" || value != "" {
		if tip != "" && tip != full {
			b.WriteString(tip + " ")
		}
		b.WriteString(full + ": " + value)
	}
	if initial != "" {
		b.WriteString("\n" + initial)
	}
	if s := f.text(f.inherited(d, "RV")); s != "" {
		if rich := withoutTags(s); squeeze(rich) != squeeze(value) {
			b.WriteString("\n" + rich)
		}
	}
	return strings.ReplaceAll(b.String(), "\r", "\n")
}

// mostOptions is how many choices a field may have.
const mostOptions = 300

// valueText gives the value of a field. That of a signature is who signed and why.
func (f *File) valueText(v any, depth int) string {
	switch x := f.get(v).(type) {
	case string, *stream:
		return f.longText(x)
	case name:
		return string(x)
	case array:
		var list []string
		if depth > 2 {
			break
		}
		for _, v := range x[:min(len(x), mostOptions)] {
			if s := f.valueText(v, depth+1); s != "" {
				list = append(list, s)
			}
		}
		return strings.Join(list, ", ")
	case dict:
		var list []string
		for _, k := range [...]name{"Name", "Reason", "Location", "ContactInfo"} {
			if s := f.longText(x[k]); s != "" {
				list = append(list, s)
			}
		}
		return strings.Join(list, ", ")
	}
	return ""
}

// optionText gives the value of a choice as it is shown, and behind it the other
// choices.
func (f *File) optionText(d dict, value string) string {
	options, _ := f.inherited(d, "Opt").(array)
	var others []string
	for _, v := range options[:min(len(options), mostOptions)] {
		shown, export := f.get(v), ""
		if pair, ok := shown.(array); ok && len(pair) == 2 {
			export, shown = f.text(pair[0]), pair[1]
		}
		text := f.text(shown)
		switch {
		case export != "" && export == value && text != export:
			value += " " + text
		case text != value && text != "":
			others = append(others, text)
		}
	}
	if len(others) > 0 {
		value += "\n" + strings.Join(others, "\n")
	}
	return value
}

// Fields gives the fields that no page shows, a line each.
func (f *File) Fields() string {
	form := f.dict(f.catalog["AcroForm"])
	var b strings.Builder
	seen := map[any]bool{}
	stack := slices.Clone(f.array(form["Fields"]))
	slices.Reverse(stack)
	for len(stack) > 0 && !f.expired() {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		d, _ := f.get(v).(dict)
		if d == nil {
			continue
		}
		key := identityOf(v, d)
		if seen[key] {
			continue
		}
		seen[key] = true
		f.action(d["A"], 0)
		f.action(d["AA"], 0)
		kids := f.array(d["Kids"])
		if len(kids) == 0 || d["V"] != nil {
			if !f.placed[key] && (d["T"] != nil || len(kids) > 0) {
				f.placed[key] = true
				b.WriteString(line(f.fieldText(d)))
			}
		}
		for i := len(kids) - 1; i >= 0 && f.marked(); i-- {
			stack = append(stack, kids[i])
		}
	}
	return b.String()
}

package edit

import (
	"slices"
	"strings"
)

// openTags are the elements of HTML that are open at a place, the outermost first,
// as browsers count them. Those whose end tag is mostly left out and that others
// end (li, td, option) are not among them, but for p.
type openTags []openTag

type openTag struct {
	name string
	kind kindOf
}

// Bounds of what is followed.
const (
	mostOpen    = 128
	mostTagName = 32
)

// kindOf tells how the end tag of an element is read.
type kindOf int

const (
	ordinary   kindOf = iota // it ends nothing special that stands within
	formatting               // it ends itself alone, and others within go on
	special                  // it ends all within
	boundary                 // the same, and no end tag of others reaches beyond it
	implied                  // not followed
)

var elements = func() map[string]kindOf {
	kinds := make(map[string]kindOf)
	for kind, names := range map[kindOf]string{
		formatting: "a b big code em font i nobr s small strike strong tt u",
		special: "address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer form " +
			"h1 h2 h3 h4 h5 h6 header hgroup listing main menu nav noscript ol p pre search section select summary ul",
		boundary: "applet foreignobject marquee math object svg table template",
		implied: "area base basefont bgsound body br caption col colgroup dd dt embed frame frameset head hr html image img input " +
			"keygen li link meta optgroup option param rb rp rt rtc source tbody td tfoot th thead tr track wbr",
	} {
		for name := range strings.FieldsSeq(names) {
			kinds[name] = kind
		}
	}
	return kinds
}()

// endsParagraph tells whether a start tag ends a p that is open.
func endsParagraph(name string) bool {
	switch name {
	case "button", "noscript", "select":
		return false
	case "dd", "dt", "hr", "li", "table":
		return true
	}
	return elements[name] == special
}

func (o *openTags) start(name string) {
	kind := elements[name]
	switch {
	case endsParagraph(name):
		o.end("p")
	case name == "a" || name == "nobr":
		o.end(name)
	}
	if kind != implied && len(*o) < mostOpen && isTagName(name) {
		*o = append(*o, openTag{name, kind})
	}
}

// end closes the innermost element of a name, where its end tag reaches that.
func (o *openTags) end(name string) {
	if !o.has(name) {
		return
	}
	kind := elements[name]
	for i, other := range slices.Backward(*o) {
		if other.name == name {
			within := (*o)[i+1:]
			*o = (*o)[:i]
			for _, w := range within {
				if kind == formatting || w.kind == formatting {
					*o = append(*o, w)
				}
			}
			return
		}
		if other.kind == boundary && kind != boundary || other.kind == special && kind == ordinary {
			return
		}
	}
}

// inForeign tells whether the place is within SVG or MathML.
func (o openTags) inForeign() bool { return o.has("svg") || o.has("math") }

func (o openTags) has(name string) bool {
	return slices.ContainsFunc(o, func(t openTag) bool { return t.name == name })
}

// closing gives the end tags of what is open.
func (o openTags) closing() string {
	var b strings.Builder
	for _, t := range slices.Backward(o) {
		b.WriteString("</" + t.name + ">")
	}
	return b.String()
}

// isTagName tells whether a name can be written in every character set.
func isTagName(name string) bool {
	return len(name) <= mostTagName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789:-") == ""
}

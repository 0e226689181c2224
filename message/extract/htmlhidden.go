package extract

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// hiding tells hidden elements of HTML. Their text stays where it is written,
// for some readers show it; a line that holds such text is kept without it too,
// so that what is hidden within a number parts nothing.
type hiding struct {
	element atom.Atom // the hidden element; 0 for none
	depth   int       // of elements of its kind
	visible strings.Builder
	cut     bool // something hidden stands in the line
}

// hides tells whether an attribute hides its element.
func hides(key, value []byte) bool {
	switch string(key) {
	case "hidden":
		return true
	case "style":
		style := strings.ToLower(strings.Join(strings.Fields(string(value)), ""))
		return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || zeroSize(style)
	}
	return false
}

func zeroSize(style string) bool {
	_, size, found := strings.Cut(style, "font-size:")
	if !found {
		return false
	}
	size, _, _ = strings.Cut(size, ";")
	size = strings.TrimSuffix(size, "!important")
	unit := strings.TrimLeft(size, "0.")
	if unit == size {
		return false
	}
	switch unit {
	case "", "px", "pt", "em", "rem", "%":
		return true
	}
	return false
}

// isVoid tells the elements that have no end.
func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

func (h *hiding) hide(a atom.Atom) {
	if h.depth == 0 && !isVoid(a) {
		h.element, h.depth = a, 1
	}
}

// nested counts an element within the hidden one.
func (h *hiding) nested(a atom.Atom, open bool) {
	if h.depth > 0 && a == h.element && open {
		h.depth++
	}
}

func (h *hiding) leave(a atom.Atom) {
	if h.depth > 0 && a == h.element {
		h.depth--
	}
}

// shown takes note of a piece of text and the separator before it.
func (h *hiding) shown(separator, s string) {
	if h.depth > 0 {
		h.cut = true
		return
	}
	h.visible.WriteString(separator)
	h.visible.WriteString(s)
}

// endLine keeps a line without what is hidden in it.
func (h *htmlReader) endLine() {
	if h.cut {
		h.aside(h.visible.String())
	}
	h.visible.Reset()
	h.cut = false
}

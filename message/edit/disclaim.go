package edit

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

// mostBodies is how many texts of one message take a disclaimer.
const mostBodies = 16

// Disclaim puts a disclaimer into each text that mail readers show as the body. A
// message without any gets one. A text that holds the disclaimer already, outside
// of what is marked as quoted, is left as it is; white space makes no difference.
// The error is an [UnalterableError], or says that memory and disk are used up.
func (d *Draft) Disclaim(x Disclaimer) error {
	d.open()
	if err := d.alterable(d.root, true); err != nil {
		return err
	}
	t := prepare(x)
	if t.html == "" {
		return nil
	}
	bodies := d.root.bodies(nil)
	if len(bodies) == 0 {
		return d.giveText(t)
	}
	if len(bodies) > mostBodies {
		return UnalterableError{Ambiguous}
	}
	var edits []*node
	for _, n := range bodies {
		after, err := d.intoLeaf(n, t)
		if err != nil {
			return err
		}
		edits = append(edits, after)
	}
	for i, after := range edits {
		if after != nil {
			n := bodies[i]
			n.head, n.body, n.now = after.head, after.body, after.now
			d.changed = true
		}
	}
	return nil
}

// prepared is a disclaimer as it is put in.
type prepared struct {
	html, text string
	textKey    string // of what HTML and text show
	prepend    bool
}

func prepare(x Disclaimer) prepared {
	t := prepared{html: fragment(x.HTML), prepend: x.Prepend}
	t.text = Text(t.html)
	t.textKey = key(t.text)
	return t
}

// intoLeaf gives a leaf with the disclaimer, or nil where nothing is to be done.
func (d *Draft) intoLeaf(n *node, t prepared) (*node, error) {
	if err := certain(n.now); err != nil {
		return nil, err
	}
	if len(n.now.Children) > 0 {
		return nil, UnalterableError{Ambiguous} // it can be read in another way
	}
	c, err := d.codedOf(n)
	if err != nil {
		return nil, err
	}
	isHTML := n.now.MediaType == "text/html"
	if why := armoured(c.content, isHTML); why != "" {
		return nil, UnalterableError{why}
	}
	l := leaf{coded: c, node: n, set: charset.Of(c.content, n.now.Charset())}
	if !l.set.TakesASCII() {
		return nil, UnalterableError{Unreadable}
	}
	if isHTML {
		if l.holdsHTML(t) {
			return nil, nil
		}
		return l.html(t)
	}
	if t.text == "" || l.holdsText(t) {
		return nil, nil
	}
	return l.plain(t)
}

// shown is the text of a leaf as readers decode it.
func (l *leaf) shown() string { return charset.Text(l.content, l.node.now.Charset()) }

// holdsHTML tells whether HTML shows the disclaimer already.
func (l *leaf) holdsHTML(t prepared) bool {
	if t.textKey == "" {
		// Only a picture: it is known by its source.
		return strings.Contains(key(l.shown()), key(t.html))
	}
	return holds(renderText(l.shown(), true), t.textKey)
}

// holdsText tells whether plain text shows the disclaimer already. Lines that
// begin with ">" are quoted.
func (l *leaf) holdsText(t prepared) bool {
	var own strings.Builder
	for line := range strings.Lines(l.shown()) {
		if !strings.HasPrefix(line, ">") {
			own.WriteString(line)
		}
	}
	return holds(own.String(), t.textKey)
}

// holds tells whether whole lines of a text have a key: words within a sentence are
// no disclaimer.
func holds(text, want string) bool {
	var all strings.Builder
	ends := []int{0} // of lines
	for line := range strings.Lines(text) {
		k := key(line)
		if k == "" {
			continue
		}
		all.WriteString(k)
		ends = append(ends, all.Len())
	}
	for _, start := range ends {
		if _, ends := slices.BinarySearch(ends, start+len(want)); ends && strings.HasPrefix(all.String()[start:], want) {
			return true
		}
	}
	return false
}

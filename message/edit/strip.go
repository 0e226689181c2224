package edit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/charset"
)

// Strip takes out the parts that which selects, and puts a text with the notice in
// the place of each; names are those that people know the parts by. It is asked
// about leaves and about embedded messages as a whole, not about what is in these,
// and about files that stand uuencoded or in yEnc within a text that is shown: of
// them only the block is taken out. What is in other files (archives, winmail.dat)
// is for which to look at. Within a message that Wrap attached the parts are taken
// out too.
//
// Nothing is taken out of what is signed or encrypted, nor where readers may
// disagree on the structure: then the error is an [UnalterableError] and nothing is
// changed.
func (d *Draft) Strip(which func(*message.Part) bool, notice func(name string) string) (names []string, err error) {
	d.open()
	s := stripper{draft: d, which: which, notice: notice, seen: map[*message.Part]bool{}}
	s.visit(d.root, nil, "", true)
	s.elsewhere(d.msg.Root)
	if s.err != nil {
		return nil, s.err
	}
	if len(s.todo) == 0 {
		return nil, nil
	}
	if s.uncertain != nil {
		return nil, s.uncertain
	}
	for i := range s.todo {
		if err := s.prepare(&s.todo[i]); err != nil {
			return nil, err
		}
	}
	for _, t := range s.todo {
		d.apply(t)
		names = append(names, t.names...)
	}
	d.changed = true
	return names, nil
}

// stripper finds what is to be taken out before anything is.
type stripper struct {
	draft  *Draft
	which  func(*message.Part) bool
	notice func(name string) string
	seen   map[*message.Part]bool
	todo   []target
	files  int
	// uncertain is why the structure may not be changed, if anything is found.
	uncertain error
	err       error
}

// target is a part to be replaced, or a text to be changed.
type target struct {
	node, around *node
	root         bool // of the message, or of the one that Wrap attached
	blocks       []block
	names        []string
	after        *node // what takes its place
}

func (s *stripper) visit(n, around *node, within Reason, root bool) {
	p := n.part
	if p == nil {
		for _, c := range n.children() {
			s.visit(c, n, within, n.mediaType == wrapped)
		}
		return
	}
	s.seen[p] = true
	why := guarded(p, root)
	if p.IsMultipart() {
		if err := certain(p); err != nil {
			s.uncertain = err
		} else if n.pieces == nil || s.draft.endsDiffer(n) {
			s.uncertain = UnalterableError{Ambiguous}
		}
		if why != "" {
			within = why
		}
		for _, c := range n.children() {
			s.visit(c, n, within, false)
		}
		return
	}
	if root {
		if err := certain(p); err != nil {
			s.uncertain = err
		}
		if why != "" {
			within = why
		}
	}
	t := target{node: n, around: around, root: root}
	switch {
	case s.draft.gone[p]:
		return
	case s.which(p):
		t.names = []string{p.Name()}
		s.skip(p)
	default:
		s.inText(&t)
		if len(t.blocks) == 0 {
			return
		}
	}
	if within != "" {
		s.err = UnalterableError{within}
	}
	s.todo = append(s.todo, t)
}

// skip passes over the other readings of a part that goes.
func (s *stripper) skip(p *message.Part) {
	for _, c := range p.Children {
		s.seen[c] = true
		s.skip(c)
	}
}

// elsewhere asks about the parts that have no place of their own in the message:
// none of them can be taken out.
func (s *stripper) elsewhere(p *message.Part) {
	if !s.seen[p] && !s.draft.gone[p] {
		if !p.IsMultipart() && s.which(p) {
			s.err = UnalterableError{Ambiguous}
		}
	}
	if p.IsEmbedded() || s.draft.gone[p] {
		return
	}
	for _, c := range p.Children {
		s.elsewhere(c)
	}
}

// inText finds the files that stand within a text.
func (s *stripper) inText(t *target) {
	now := t.node.now
	if now.MediaType != "text/plain" || !now.IsShown() {
		return
	}
	content, err := now.Content()
	if err != nil {
		s.err = err
		return
	}
	for _, b := range blocks(content) {
		if s.which(t.node.part.Within(b.name, b.data)) {
			b.data = nil
			t.blocks = append(t.blocks, b)
			t.names = append(t.names, b.name)
		}
	}
}

// prepare makes what takes the place of a target.
func (s *stripper) prepare(t *target) (err error) {
	if len(t.blocks) > 0 {
		t.after, err = s.withoutBlocks(t)
		return err
	}
	d := s.draft
	text := lay(strings.TrimSpace(plainLines(s.notice(t.names[0]))), false, false, d.nl)
	set := "us-ascii"
	if hasEightBit([]byte(text)) {
		set = "utf-8"
	}
	c := coded{encoding: "7bit", nl: d.nl, inside: true}
	if t.root {
		text += d.nl
	}
	raw, encoding := c.replace([]byte(text))
	var fields headFields
	if t.root {
		version := splitHead(t.node.head).get("MIME-Version")
		if version == "" {
			version = "1.0"
		}
		fields = fields.set("MIME-Version", version, d.nl)
	}
	fields = fields.set("Content-Type", "text/plain; charset="+set, d.nl).set("Content-Transfer-Encoding", encoding, d.nl)
	if !t.root {
		name := "removed.txt"
		if s.files++; s.files > 1 {
			name = "removed-" + strconv.Itoa(s.files) + ".txt"
		}
		disposition := "inline"
		if t.around.mediaType == "multipart/alternative" {
			disposition = "attachment" // no version of the text
		}
		fields = fields.set("Content-Disposition", disposition+`; filename="`+name+`"`, d.nl)
		if id := splitHead(t.node.head).get("Content-ID"); id != "" && t.around.mediaType == "multipart/related" && t.around.relatedRoot() == t.node {
			fields = fields.set("Content-ID", id, d.nl)
		}
	}
	t.after = &node{head: fields.section(d.nl), body: raw}
	return t.after.reread()
}

// apply puts what was prepared into its place. In a multipart/alternative that is
// the first, the version that readers like least.
func (d *Draft) apply(t target) {
	if len(t.blocks) == 0 {
		if d.gone == nil {
			d.gone = map[*message.Part]bool{}
		}
		d.gone[t.node.part] = true
	}
	*t.node = *t.after
	if t.around == nil || t.around.mediaType != "multipart/alternative" || len(t.blocks) > 0 {
		return
	}
	children := t.around.children()
	if i := slices.Index(children, t.node); i > 0 {
		children = slices.Insert(slices.Delete(children, i, i+1), 0, t.node)
	}
	for i, n := range t.around.pieces {
		if n.child != nil {
			t.around.pieces[i].child, children = children[0], children[1:]
		}
	}
}

// withoutBlocks gives a text with the notice in the place of files.
func (s *stripper) withoutBlocks(t *target) (*node, error) {
	n := t.node
	if err := certain(n.now); err != nil {
		return nil, err
	}
	c, err := s.draft.codedOf(n)
	if err != nil {
		return nil, err
	}
	if why := armoured(c.content, false); why != "" {
		return nil, UnalterableError{why}
	}
	l := leaf{coded: c, node: n, set: charset.Of(c.content, n.now.Charset())}
	if !l.set.TakesASCII() || l.set.IsWide() {
		return nil, UnalterableError{Unreadable}
	}
	var text []byte
	pos := 0
	for _, b := range t.blocks {
		line := strings.ReplaceAll(strings.TrimSpace(plainLines(s.notice(b.name))), "\n", l.nl)
		in, ok := l.set.Encode(line)
		if !ok {
			in = []byte(inASCII(line))
		}
		text = append(append(append(text, c.content[pos:b.start]...), in...), l.nl...)
		pos = b.end
	}
	text = append(text, c.content[pos:]...)
	raw, encoding := l.replace(text)
	return l.changed(splitHead(n.head), raw, encoding)
}

// plainLines drops control characters but line ends.
func plainLines(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// inASCII puts a question mark in place of other characters.
func inASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return '?'
		}
		return r
	}, s)
}

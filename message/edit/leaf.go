package edit

import (
	"bytes"
	"strings"

	htmlcharset "golang.org/x/net/html/charset"

	"github.com/postern-mail/postern/message/charset"
)

// leaf is a text part that takes a disclaimer.
type leaf struct {
	coded
	node *node
	set  charset.Set
}

// html gives HTML with the disclaimer: in the character set of the part where it
// has all of it, else in numeric references.
func (l *leaf) html(t prepared) (*node, error) {
	source := strings.ReplaceAll(t.html, "\n", l.nl)
	scan, place := l.scannable()
	pos, closing := 0, ""
	if t.prepend {
		pos = placeBefore(scan)
	} else {
		pos, closing = placeBehind(scan)
	}
	pos = place(pos)
	wrap := func(s string) string { return l.nl + closing + "<div>" + s + "</div>" + l.nl }
	in, ok := l.set.Encode(wrap(source))
	if !ok || !l.isCertain() {
		if in, ok = l.set.Encode(wrap(references(source))); !ok {
			return nil, UnalterableError{Unreadable}
		}
	}
	return l.insert(pos, in)
}

// isCertain tells whether text beyond ASCII in the character set of the part is
// read by all: what stands there is in the set, and HTML says nothing else of it.
func (l *leaf) isCertain() bool {
	if _, ok := l.set.Decode(l.content); !ok {
		return false
	}
	label := l.node.now.Charset()
	head := l.content[:min(len(l.content), 1024)]
	if _, said, certain := htmlcharset.DetermineEncoding(head, ""); certain && !l.set.IsWide() {
		_, want := htmlcharset.Lookup(label)
		return said == want
	}
	return true
}

// scannable gives the content in a form whose tags can be found by octets, and what
// turns a place in that into one in the content.
func (l *leaf) scannable() (scan []byte, place func(int) int) {
	mark := l.set.Mark()
	content := l.content[mark:]
	switch {
	case l.set.IsWide():
		text, ok := l.set.Decode(l.content)
		if !ok {
			return nil, func(int) int { return len(l.content) }
		}
		return []byte(text), func(n int) int {
			in, _ := l.set.Encode(text[:n])
			return mark + len(in)
		}
	case l.set.IsStateful():
		// Octets of characters look like tags.
		scan = bytes.Clone(content)
		double := false
		for i := 0; i < len(scan); i++ {
			switch {
			case scan[i] == 0x1b && i+2 < len(scan):
				double = scan[i+1] == '$'
				scan[i], scan[i+1], scan[i+2] = 'x', 'x', 'x'
				i += 2
			case double && scan[i] != '\n' && scan[i] != '\r':
				scan[i] = 'x'
			}
		}
		return scan, func(n int) int { return n }
	}
	return content, func(n int) int { return mark + n }
}

// plain gives plain text with the disclaimer: in the character set of the part
// where it has all of it, else the whole part in UTF-8.
func (l *leaf) plain(t prepared) (*node, error) {
	params := l.node.now.Params
	text := lay(t.text, strings.EqualFold(params["format"], "flowed"), strings.EqualFold(params["delsp"], "yes"), l.nl)
	old, exact := l.set.Decode(l.content)
	isASCII := !hasEightBit([]byte(text))
	if exact || isASCII {
		pos := len(l.content)
		if t.prepend {
			pos = l.set.Mark()
		}
		if in, ok := l.set.Encode(l.apart(text, l.endsLine(), len(l.content) > l.set.Mark(), t.prepend)); ok {
			return l.insert(pos, in)
		}
	}
	if !exact {
		// Without a label or with that of ASCII, UTF-8 is what readers see in it.
		if old, exact = l.mislabelledUTF8(); !exact {
			return nil, UnalterableError{Unreadable}
		}
	}
	return l.upgrade(old, text, t.prepend)
}

// endsLine tells whether the content ends with a line end.
func (l *leaf) endsLine() bool {
	end := l.content
	if l.set.IsWide() {
		text, _ := l.set.Decode(l.content)
		end = []byte(text)
	}
	return bytes.HasSuffix(end, []byte("\n"))
}

// apart gives a text with the line ends that part it from what stands before or
// behind it by an empty line.
func (l *leaf) apart(text string, ended, any, prepend bool) string {
	switch {
	case !any:
		return text + l.nl
	case prepend:
		return text + l.nl + l.nl
	case ended:
		return l.nl + text + l.nl
	}
	return l.nl + l.nl + text
}

// mislabelledUTF8 gives a text that is UTF-8 under the label of ASCII or under
// none.
func (l *leaf) mislabelledUTF8() (string, bool) {
	switch l.node.now.Charset() {
	case "", "us-ascii", "ascii":
		if l.set.TakesASCII() {
			return charset.Of(l.content, "utf-8").Decode(l.content)
		}
	}
	return "", false
}

// upgrade gives the part in UTF-8 with the text. Other parameters of its type are
// kept.
func (l *leaf) upgrade(old, text string, prepend bool) (*node, error) {
	text = l.apart(text, strings.HasSuffix(old, "\n"), old != "", prepend)
	if prepend {
		text += old
	} else {
		text = old + text
	}
	head, ok := withCharset(splitHead(l.node.head), "utf-8", l.nl)
	if !ok {
		return nil, UnalterableError{Ambiguous}
	}
	raw, encoding := l.replace([]byte(text))
	n, err := l.changed(head, raw, encoding)
	if err != nil {
		return nil, err
	}
	is, was := n.now, l.node.now
	if is.Charset() != "utf-8" || is.MediaType != was.MediaType || is.Params["format"] != was.Params["format"] || is.Params["delsp"] != was.Params["delsp"] {
		return nil, UnalterableError{Ambiguous}
	}
	return n, nil
}

// insert gives the part with octets put into its content.
func (l *leaf) insert(pos int, in []byte) (*node, error) {
	if l.set.IsStateful() {
		in = l.inASCII(pos, in)
	}
	raw, encoding := l.splice(pos, pos, in, l.set.IsWide())
	return l.changed(splitHead(l.node.head), raw, encoding)
}

// inASCII puts escape sequences around text for a place at which the content is in
// another set (RFC 1468).
func (l *leaf) inASCII(pos int, in []byte) []byte {
	i := bytes.LastIndexByte(l.content[:pos], 0x1b)
	if i < 0 || i+3 > pos || string(l.content[i:i+3]) == "\x1b(B" {
		return in
	}
	state := l.content[i : i+3]
	in = append([]byte("\x1b(B"), in...)
	if pos < len(l.content) {
		in = append(in, state...)
	}
	return in
}

// changed gives the leaf with another body and encoding. A digest of what it was
// (RFC 1864) goes.
func (l *leaf) changed(head headFields, raw []byte, encoding string) (*node, error) {
	if encoding != l.encoding {
		head = head.set("Content-Transfer-Encoding", encoding, l.nl)
	}
	head = head.set("Content-MD5", "", l.nl)
	n := &node{part: l.node.part, head: head.section(l.nl), body: raw}
	return n, n.reread()
}

// giveText puts a text part before all others of a message that has none.
func (d *Draft) giveText(t prepared) error {
	text, err := d.alternative(t)
	if err != nil {
		return err
	}
	old := d.root
	fields := splitHead(old.head)
	var version, rest headFields
	for _, f := range fields {
		if strings.EqualFold(f.name, "MIME-Version") {
			version = append(version, f)
		} else {
			rest = append(rest, f)
		}
	}
	if len(version) == 0 {
		version = version.set("MIME-Version", "1.0", d.nl)
	}
	version = version.set("Content-Transfer-Encoding", transfer(rest.get("Content-Transfer-Encoding"), old.appendBody(nil)), d.nl)
	old.head = rest.section(d.nl)
	d.root = d.madeMultipart("multipart/mixed", version, text, old)
	d.changed = true
	return nil
}

// alternative makes the disclaimer a part of its own, as text and as HTML.
func (d *Draft) alternative(t prepared) (*node, error) {
	quoted := func(s string) []byte {
		s = strings.TrimRight(strings.ReplaceAll(s, "\n", d.nl), "\r\n")
		return appendQuoted(nil, []byte(s), 0, d.nl, false)
	}
	source := "<html><head><meta charset=\"utf-8\"></head><body>\n<div>" + t.html + "</div>\n</body></html>"
	page, err := d.madeLeaf(quoted(source), "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
	if err != nil || t.text == "" {
		return page, err
	}
	text, err := d.madeLeaf(quoted(lay(t.text, false, false, "\n")), "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable")
	if err != nil {
		return nil, err
	}
	return d.madeMultipart("multipart/alternative", nil, text, page), nil
}

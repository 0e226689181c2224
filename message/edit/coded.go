package edit

import (
	"bytes"
	"strings"

	"github.com/postern-mail/postern/message"
)

// coded is a body with its transfer encoding.
type coded struct {
	encoding string // in lower case; empty for none
	raw      []byte
	content  []byte // decoded
	nl       string
	// eight tells whether octets beyond ASCII may stand in it as they are.
	eight bool
	// inside tells whether a multipart is around it, whose delimiters lines may be
	// taken for.
	inside bool
}

// codedOf reads the body of a leaf. Damage that programs mend in different ways
// makes it ambiguous.
func (d *Draft) codedOf(n *node) (coded, error) {
	c := coded{raw: n.body, nl: d.nl, inside: n != d.root}
	c.encoding = strings.ToLower(splitHead(n.head).get("Content-Transfer-Encoding"))
	var err error
	if c.content, err = n.now.Content(); err != nil {
		return c, err
	}
	switch c.encoding {
	case "7bit":
	case "8bit", "binary":
		c.eight = d.eight
	case "", "quoted-printable", "base64":
	default:
		return c, UnalterableError{Ambiguous}
	}
	for _, notice := range n.now.Notices() {
		switch {
		case notice.Signal == message.SignalEncrypted:
			return c, UnalterableError{Encrypted}
		case notice.Signal == message.SignalUnreadable:
			return c, UnalterableError{Unreadable}
		case notice.Signal == message.SignalDefect && c.encoding == "base64":
			return c, UnalterableError{Ambiguous}
		}
	}
	return c, nil
}

// splice replaces content octets by others and gives body and encoding as they are
// then. The octets stand as spliceQuoted says, unless binary tells that they are no
// lines of text.
func (c coded) splice(from, to int, in []byte, binary bool) (raw []byte, encoding string) {
	switch {
	case c.encoding == "base64":
		return spliceBase64(c.raw, c.content, from, to, in, c.nl), c.encoding
	case c.encoding == "quoted-printable" && !binary:
		return spliceQuoted(c.raw, from, to, in, c.nl), c.encoding
	}
	return c.encode(spliced(c.content, from, to, in), in, binary)
}

// replace gives body and encoding for another content.
func (c coded) replace(content []byte) (raw []byte, encoding string) {
	if c.encoding == "base64" {
		_, _, width := keptBase64(c.raw, 0)
		raw = appendBase64(nil, content, width, c.nl)
		if !bytes.HasSuffix(c.raw, []byte("\n")) {
			raw = bytes.TrimSuffix(raw, []byte(c.nl))
		}
		return raw, c.encoding
	}
	return c.encode(content, content, false)
}

// encode encodes a content without base64: as it is if the octets that are new to
// it allow that, else in quoted-printable.
func (c coded) encode(content, in []byte, binary bool) (raw []byte, encoding string) {
	if c.encoding != "quoted-printable" && c.fits(in) {
		return content, c.encoding
	}
	raw = make([]byte, 0, len(content)+len(content)/8+64)
	return appendQuoted(raw, content, 0, c.nl, binary), "quoted-printable"
}

// fits tells whether octets may stand in a body without an encoding: none beyond
// ASCII unless it had such, no line too long (RFC 5322, section 2.1.1), and none
// that may be taken for a delimiter.
func (c coded) fits(in []byte) bool {
	if c.encoding == "binary" && c.eight && !c.inside {
		return true
	}
	if !c.eight && hasEightBit(in) {
		return false
	}
	for len(in) > 0 {
		line := in
		if n := bytes.IndexByte(in, '\n'); n >= 0 {
			line, in = in[:n], in[n+1:]
		} else {
			in = nil
		}
		if len(line) > mostLine+1 || c.inside && bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("--")) {
			return false
		}
	}
	return true
}

// mostLine is the most octets of a line without its end.
const mostLine = 998

func spliced(content []byte, from, to int, in []byte) []byte {
	out := make([]byte, 0, len(content)+len(in))
	return append(append(append(out, content[:from]...), in...), content[to:]...)
}

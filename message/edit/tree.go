package edit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message"
)

// node is a part as it stands: as received, altered, or made here.
type node struct {
	// part is the part as received; nil for what an edit made.
	part *message.Part
	// now is a leaf as it stands, for its type, text and names; nil for containers
	// that an edit made.
	now *message.Part
	// head is the header section with its empty line; that of the root holds the
	// MIME fields of the message alone.
	head []byte
	// body is that of a leaf, and of a container that is not entered.
	body []byte
	// pieces are the body of a container: octets and children in order.
	pieces []piece
	// mediaType is that of a container that is entered, or empty.
	mediaType string
	start     string // of a multipart/related: the Content-ID of its root
	// inner is the header section of a message that Wrap attached.
	inner *innerHeader
}

// piece is octets as they stand, or a child.
type piece struct {
	raw   []byte
	child *node
}

// wrapped is the media type of the message within a wrapper; it is entered by
// Strip alone.
const wrapped = "message/rfc822"

// tree makes a node of a part and of those below it. Embedded messages are not
// entered, nor multiparts whose parts do not stand one behind the other.
func tree(p *message.Part, head []byte) *node {
	n := &node{part: p, now: p, head: head, body: p.Raw()}
	if !p.IsMultipart() {
		return n
	}
	var pieces []piece
	pos := 0
	for _, c := range p.Children {
		start, end, known := c.Place()
		if !known {
			continue
		}
		if start < pos || end < start || end > len(n.body) {
			return n
		}
		pieces = append(pieces, piece{raw: n.body[pos:start]},
			piece{child: tree(c, n.body[start:end-len(c.Raw())])})
		pos = end
	}
	n.pieces = append(pieces, piece{raw: n.body[pos:]})
	n.body = nil
	n.mediaType, n.start = p.MediaType, p.Params["start"]
	return n
}

// children gives the children in order.
func (n *node) children() []*node {
	var list []*node
	for _, p := range n.pieces {
		if p.child != nil {
			list = append(list, p.child)
		}
	}
	return list
}

// isMultipart tells whether n is a multipart that is entered.
func (n *node) isMultipart() bool { return strings.HasPrefix(n.mediaType, "multipart/") }

// appendBody appends the body of n as it stands.
func (n *node) appendBody(b []byte) []byte {
	if n.pieces == nil {
		return append(b, n.body...)
	}
	for _, p := range n.pieces {
		if p.child == nil {
			b = append(b, p.raw...)
			continue
		}
		if n.inner != nil {
			b = p.child.appendBody(n.inner.appendHeader(b, p.child))
			continue
		}
		b = p.child.appendBody(append(b, p.child.head...))
	}
	return b
}

// reread reads a leaf again after its header section or its body changed.
func (n *node) reread() error {
	m, err := message.Read(message.Envelope{}, io.MultiReader(bytes.NewReader(n.head), bytes.NewReader(n.body)), nil, message.DefaultLimits)
	if err != nil {
		return err
	}
	n.now = m.Root
	return nil
}

// madeLeaf makes a leaf of fields and a body.
func (d *Draft) madeLeaf(body []byte, fields ...string) (*node, error) {
	n := &node{head: []byte(strings.Join(fields, d.nl) + d.nl + d.nl), body: body}
	return n, n.reread()
}

// madeMultipart makes a multipart around nodes. Its fields are those given and
// Content-Type.
func (d *Draft) madeMultipart(mediaType string, fields headFields, children ...*node) *node {
	b := d.boundary(children)
	n := &node{mediaType: mediaType}
	n.head = fields.set("Content-Type", mediaType+"; boundary=\""+b+"\"", d.nl).section(d.nl)
	open := "--" + b + d.nl
	for i, c := range children {
		if i > 0 {
			open = d.nl + "--" + b + d.nl
		}
		n.pieces = append(n.pieces, piece{raw: []byte(open)}, piece{child: c})
	}
	n.pieces = append(n.pieces, piece{raw: []byte(d.nl + "--" + b + "--" + d.nl)})
	return n
}

// boundary makes a boundary that stands in none of the nodes. It is made of a
// digest of the message, so that nobody can write it into one beforehand, and of
// "=_", which stands neither in quoted-printable nor in base64 (RFC 2045, section
// 6.7, note 5).
func (d *Draft) boundary(children []*node) string {
	h := sha256.New()
	for _, f := range d.msg.Header {
		io.WriteString(h, f.Name+":"+f.Value+"\n")
	}
	h.Write(d.msg.Body())
	seed := h.Sum(nil)
	for {
		d.serial++
		sum := sha256.Sum256(strconv.AppendInt(slices.Clone(seed), int64(d.serial), 10))
		b := "=_postern_" + hex.EncodeToString(sum[:12])
		if !slices.ContainsFunc(children, func(c *node) bool { return c.contains([]byte(b)) }) {
			return b
		}
	}
}

// contains tells whether octets stand in a part.
func (n *node) contains(b []byte) bool {
	if bytes.Contains(n.head, b) || bytes.Contains(n.body, b) {
		return true
	}
	return slices.ContainsFunc(n.pieces, func(p piece) bool {
		return bytes.Contains(p.raw, b) || p.child != nil && p.child.contains(b)
	})
}

// transfer is the content transfer encoding for a multipart or a message around
// octets, whose own label is given: empty for 7bit (RFC 2045, section 6.4).
func transfer(label string, octets []byte) string {
	switch {
	case strings.EqualFold(label, "binary"):
		return "binary"
	case hasEightBit(octets):
		return "8bit"
	}
	return ""
}

package edit

import (
	"strings"

	"github.com/postern-mail/postern/message"
)

// Wrap makes a new message of the disclaimer, with the message as it stands
// attached to it: a multipart/mixed of the text and a message/rfc822, which is never
// encoded (RFC 2046, section 5.2.1). The header section of the attached message is
// inner, its MIME fields as earlier edits left them; that of the new one is the
// message's own with other MIME fields. Every message can be wrapped; an error means
// that memory and disk are used up.
func (d *Draft) Wrap(x Disclaimer, inner message.Header) error {
	d.open()
	text, err := d.alternative(prepare(x))
	if err != nil {
		return err
	}
	old := d.root
	attached := &node{mediaType: wrapped, pieces: []piece{{child: old}},
		inner: &innerHeader{fields: inner, before: d.mimeHead(inner), draft: d}}
	encoding := transfer(splitHead(old.head).get("Content-Transfer-Encoding"), attached.appendBody(nil))
	var fields headFields
	fields = fields.set("Content-Type", wrapped, d.nl).
		set("Content-Transfer-Encoding", encoding, d.nl).
		set("Content-Disposition", `attachment; filename="message.eml"`, d.nl)
	attached.head = fields.section(d.nl)

	version := splitHead(old.head).get("MIME-Version")
	if version == "" {
		version = "1.0"
	}
	var outer headFields
	outer = outer.set("MIME-Version", version, d.nl).set("Content-Transfer-Encoding", encoding, d.nl)
	d.root = d.madeMultipart("multipart/mixed", outer, text, attached)
	d.changed = true
	return nil
}

// innerHeader is the header section of an attached message.
type innerHeader struct {
	fields message.Header
	before []byte // its MIME fields as given
	draft  *Draft
}

// appendHeader appends the header section with its empty line, the MIME fields as
// those of the root stand.
func (h *innerHeader) appendHeader(b []byte, root *node) []byte {
	changes := compare(splitHead(h.before), splitHead(root.head))
	written := make([]bool, len(changes))
	write := func(i int) {
		c := changes[i]
		if !c.Remove && !written[i] {
			b = append(b, c.Name+": "+c.Value+h.draft.nl...)
		}
		written[i] = true
	}
	at := make(map[string]int, len(changes))
	for i, c := range changes {
		at[strings.ToLower(c.Name)] = i
	}
	for _, f := range h.fields {
		if i, changed := at[strings.ToLower(f.Name)]; changed {
			write(i)
			continue
		}
		b = h.draft.appendField(b, f)
	}
	for i := range changes {
		write(i)
	}
	return append(b, h.draft.nl...)
}

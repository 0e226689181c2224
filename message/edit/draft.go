package edit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// Draft is a message with the edits made so far. Each edit sees what those before
// it left. A draft is for one goroutine, and its message may not be closed before
// the Result was used.
type Draft struct {
	msg     *message.Message
	root    *node  // nil before the first edit
	nl      string // the line end of the message
	eight   bool   // the body as received holds octets beyond ASCII
	changed bool
	serial  int // of the boundaries made
	// gone are the parts that Strip took out.
	gone map[*message.Part]bool
}

// New gives a draft that holds the message as it came. Nothing is read or copied
// before the first edit.
func New(m *message.Message) *Draft { return &Draft{msg: m} }

// Disclaimer is a text that is put into the body of a message.
type Disclaimer struct {
	// HTML is the text as HTML, whole or a fragment. What goes into plain text is
	// made of it as [Text] does.
	HTML string
	// Prepend puts it before the body instead of behind it.
	Prepend bool
}

// FieldChange is a change to the header section of the message.
type FieldChange struct {
	// Name is Content-Type, Content-Transfer-Encoding, MIME-Version, or another
	// field that begins with Content-.
	Name string
	// Value replaces all fields of the name by one. It has no blank before it, and
	// may be folded with the line end of the message.
	Value string
	// Remove takes all fields of the name away.
	Remove bool
}

// Reason is why a message cannot be altered.
type Reason string

// The reasons.
const (
	Signed     Reason = "signed"     // S/MIME or PGP: every change breaks the signature
	Encrypted  Reason = "encrypted"  // S/MIME, PGP or rights management
	Ambiguous  Reason = "ambiguous"  // mail readers may disagree on its structure or its text
	Incomplete Reason = "incomplete" // a limit ended the reading, or it is a fragment
	Unreadable Reason = "unreadable" // its character set cannot take the text in safety
)

// UnalterableError says that an edit cannot be made in this message. The draft is
// as it was before.
type UnalterableError struct {
	Why Reason
}

// Error says why in plain words.
func (e UnalterableError) Error() string {
	switch e.Why {
	case Signed:
		return "the message is signed: a change would break its signature"
	case Encrypted:
		return "the message is encrypted"
	case Ambiguous:
		return "mail programs may read the message in different ways"
	case Incomplete:
		return "the message could not be read to its end"
	}
	return "the character set of the message cannot take the text"
}

// Result gives the message as edited: the changes to its header section and its
// body. Where nothing was changed the body is that of the message. It may be
// called several times.
func (d *Draft) Result() (top []FieldChange, body []byte, changed bool) {
	if !d.changed {
		return nil, d.msg.Body(), false
	}
	return d.top(), d.root.appendBody(nil), true
}

// open reads the message into a tree before the first edit.
func (d *Draft) open() {
	if d.root != nil {
		return
	}
	body := d.msg.Body()
	d.nl = lineEnd(body)
	d.eight = hasEightBit(body)
	d.root = tree(d.msg.Root, d.mimeHead(d.msg.Header))
}

// mimeHead gives the MIME fields of a header section as octets, with an empty
// line behind them.
func (d *Draft) mimeHead(h message.Header) []byte {
	var b []byte
	for _, f := range h {
		if isMIMEField(f.Name) {
			b = d.appendField(b, f)
		}
	}
	return append(b, d.nl...)
}

// appendField appends a field as received, its folds with the line end of the
// message.
func (d *Draft) appendField(b []byte, f message.Field) []byte {
	if f.Name != "" {
		b = append(append(b, f.Name...), ':')
	}
	value := strings.TrimRight(f.Value, "\r\n")
	if strings.Contains(value, "\n") {
		value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", d.nl)
	}
	return append(append(b, value...), d.nl...)
}

// top compares the MIME fields of the root with those of the message.
func (d *Draft) top() []FieldChange {
	return compare(splitHead(d.mimeHead(d.msg.Header)), splitHead(d.root.head))
}

// compare gives the changes that make one header section of a message of another.
// Without MIME-Version strict readers would not look at the fields that are new
// (RFC 2045, section 4), so that comes with them.
func compare(before, after headFields) []FieldChange {
	var changes []FieldChange
	if after.get("MIME-Version") == "" && !slices.EqualFunc(before, after, func(a, b headField) bool { return bytes.Equal(a.lines, b.lines) }) {
		after = slices.Insert(after, 0, headFields(nil).set("MIME-Version", "1.0", "")...)
	}
	was, is := before.byName(), after.byName()
	seen := map[string]bool{}
	for _, f := range slices.Concat(before, after) {
		lower := strings.ToLower(f.name)
		if seen[lower] {
			continue
		}
		seen[lower] = true
		switch now := is[lower]; {
		case slices.Equal(was[lower], now):
		case len(now) == 0:
			changes = append(changes, FieldChange{Name: f.name, Remove: true})
		default:
			changes = append(changes, FieldChange{Name: f.name, Value: now[0]})
		}
	}
	return changes
}

// isMIMEField tells whether a field tells of the body (RFC 2045, section 3).
func isMIMEField(name string) bool {
	return strings.EqualFold(name, "MIME-Version") || len(name) > 8 && strings.EqualFold(name[:8], "Content-")
}

// lineEnd is the first line end of a body: CRLF unless it is a bare LF.
func lineEnd(body []byte) string {
	if n := bytes.IndexByte(body, '\n'); n >= 0 && (n == 0 || body[n-1] != '\r') {
		return "\n"
	}
	return "\r\n"
}

func hasEightBit(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

package message

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/message/charset"
)

// Field is one header field as received.
type Field struct {
	// Name is the field name in the case received, without blanks around it. It is
	// empty for a line of a header section that is no field, and for the rest of a
	// header section behind the limit.
	Name string
	// Value is everything behind the colon as received, leading blanks and folds
	// included, without the line end that closes the field. Folds are LF or CRLF
	// and a blank, as they came.
	Value string
}

// Format prints a field with every verb, of its value only the length: what people
// write must not come into a log or an error by accident.
func (f Field) Format(s fmt.State, _ rune) {
	// A printer that fails has no one to tell.
	_, _ = fmt.Fprintf(s, "{%s: %d octets}", f.Name, len(f.Value))
}

// Header is a header section: fields in the order received, repetitions
// included.
type Header []Field

// Text is the value unfolded, without blanks around it, its RFC 2047 encoded
// words decoded (also in broken forms), always valid UTF-8.
func (f Field) Text() string { return decodeText(unfold(f.Value)) }

// All gives the fields of a name, compared without case, in order.
func (h Header) All(name string) []Field {
	var all []Field
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			all = append(all, f)
		}
	}
	return all
}

// Get gives the first field of a name.
func (h Header) Get(name string) (Field, bool) {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return Field{}, false
}

// Texts gives the decoded values of all fields of a name.
func (h Header) Texts(name string) []string {
	var texts []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			texts = append(texts, f.Text())
		}
	}
	return texts
}

// unfold gives a value in one line (RFC 5322, section 2.2.3), without blanks
// around it. A line end and the blank behind it become one space; a line end
// that is no fold becomes a space too.
func unfold(v string) string {
	v = strings.Trim(v, " \t\r\n")
	if strings.IndexByte(v, '\n') < 0 && strings.IndexByte(v, '\r') < 0 {
		return v
	}
	var b strings.Builder
	b.Grow(len(v))
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c != '\r' && c != '\n' {
			b.WriteByte(c)
			continue
		}
		for i+1 < len(v) && (v[i+1] == '\r' || v[i+1] == '\n') {
			i++
		}
		if i+1 < len(v) && (v[i+1] == ' ' || v[i+1] == '\t') {
			i++
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// utf8Text makes raw octets of a header field valid UTF-8 without NUL.
func utf8Text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if utf8.ValidString(s) {
		return s
	}
	return charset.Quick([]byte(s), "")
}

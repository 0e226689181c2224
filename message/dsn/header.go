package dsn

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/message"
)

// Widths of lines in octets without the line end (RFC 5322, section 2.1.1).
const (
	goodLine = 76
	longWord = 900
)

// Builder writes a header section (RFC 5322), field by field. A value may be any
// text: it is encoded or cleaned so that it stays within its field. Lines are
// folded. The zero Builder is ready for use.
type Builder struct {
	// UTF8 lets UTF-8 stand as it is where there is no ASCII form (RFC 6532).
	UTF8 bool

	b   strings.Builder
	err error
}

// Err tells of the first field that could not be written: a name that is none, an
// address that has no ASCII form.
func (b *Builder) Err() error { return b.err }

// String gives the fields written, lines ended by CRLF, without the empty line.
func (b *Builder) String() string { return b.b.String() }

// Text writes a field of unstructured text, encoded as RFC 2047 says when it is
// not ASCII. Line ends and tabs become spaces, other control characters are
// dropped.
func (b *Builder) Text(name, text string) { b.field(name, encodeText(len(name)+2, text)) }

// Token writes a field of a structured kind, as given but for folds. What is not
// printable ASCII becomes a question mark; UTF-8 stays where the Builder allows
// it. Line ends and tabs become spaces. A word longer than a line may be is cut.
func (b *Builder) Token(name, value string) { b.field(name, fold(len(name)+2, b.clean(value))) }

// Date writes a field with a time.
func (b *Builder) Date(name string, t time.Time) { b.field(name, formatTime(t)) }

// MessageIDs writes a field of message identifiers, which have angle brackets;
// what is none is left out. Without any, nothing is written.
func (b *Builder) MessageIDs(name string, ids ...string) {
	ids = onlyMessageIDs(ids)
	if len(ids) > 0 {
		b.field(name, fold(len(name)+2, strings.Join(ids, " ")))
	}
}

// Mailboxes writes a field of addresses; null paths are left out. Without any,
// nothing is written.
func (b *Builder) Mailboxes(name string, boxes ...Mailbox) {
	var all []string
	for _, m := range boxes {
		if m.Path.IsNull() {
			continue
		}
		address, ok := b.address(m.Path)
		if !ok {
			b.fail(fmt.Errorf("an address in %s has no ASCII form", name))
			return
		}
		if phrase := phrase(m.Name); phrase != "" {
			address = phrase + " <" + address + ">"
		}
		all = append(all, address)
	}
	if len(all) > 0 {
		b.field(name, strings.Join(all, ",\r\n "))
	}
}

func (b *Builder) field(name, value string) {
	if !isFieldName(name) {
		b.fail(fmt.Errorf("%q is no name of a header field", name))
		return
	}
	b.b.WriteString(name)
	b.b.WriteString(": ")
	b.b.WriteString(value)
	b.b.WriteString("\r\n")
}

func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// clean makes one line of printable characters of a value.
func (b *Builder) clean(value string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r > 0x7f && (!b.UTF8 || r < 0xa0):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(value, "?")))
}

// address gives an address as a header field may hold it.
func (b *Builder) address(p message.Path) (string, bool) {
	s := p.String()
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) >= 0 || len(s) > longWord {
		return "", false
	}
	if isASCII(s) || b.UTF8 {
		return s, true
	}
	if needsUTF8(p) {
		return "", false
	}
	local, _, _ := cutLast(s, "@")
	domain, err := idna.Lookup.ToASCII(p.Domain())
	return local + "@" + domain, err == nil
}

// cleanText makes one line of a text, without control characters.
func cleanText(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// encodeText gives unstructured text for a field whose value begins at a column.
func encodeText(column int, text string) string {
	text = cleanText(text)
	if isASCII(text) && !strings.Contains(text, "=?") && longestWord(text) <= longWord {
		return fold(column, text)
	}
	return encodeWords(column, text)
}

// encodeWords gives text as encoded words (RFC 2047) of whole characters, a line
// each, for a field whose value begins at a column.
func encodeWords(column int, text string) string {
	const frame = len("=?utf-8?B?" + "?=")
	var b strings.Builder
	for text != "" {
		most := max(4, (75-column-frame)/4*3)
		n := 0
		for n < len(text) {
			_, size := utf8.DecodeRuneInString(text[n:])
			if n+size > most {
				break
			}
			n += size
		}
		if b.Len() > 0 {
			b.WriteString("\r\n ")
		}
		b.WriteString("=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(text[:n])) + "?=")
		text, column = text[n:], 1
	}
	return b.String()
}

// fold breaks a line at spaces; a word that is too long for any line is cut.
func fold(column int, text string) string {
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		if len(word) > longWord {
			word = strings.ToValidUTF8(word[:longWord-3], "") + "..."
		}
		switch {
		case i == 0:
		case word == "" && column > goodLine:
			// A line of nothing but blanks is none that every reader takes.
			continue
		case word != "" && column+1+len(word) > goodLine:
			// The space that is broken at begins the next line, so that unfolding
			// gives the text again.
			b.WriteString("\r\n ")
			column = 1
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func longestWord(text string) int {
	most := 0
	for word := range strings.SplitSeq(text, " ") {
		most = max(most, len(word))
	}
	return most
}

// onlyMessageIDs keeps what is a message identifier in angle brackets.
func onlyMessageIDs(ids []string) []string {
	var good []string
	for _, id := range ids {
		if isMessageID(id) {
			good = append(good, id)
		}
	}
	return good
}

// isMessageID tells whether s is an identifier in angle brackets without blanks,
// in ASCII. Programs write odd ones, so nothing more is asked for.
func isMessageID(s string) bool {
	return len(s) > 2 && len(s) <= longWord && s[0] == '<' && s[len(s)-1] == '>' &&
		strings.IndexFunc(s[1:len(s)-1], func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) < 0
}

// formatTime gives a time as RFC 5322, section 3.3, has it. Years beyond four
// digits have no form; they become the nearest that has.
func formatTime(t time.Time) string {
	t = t.UTC()
	switch {
	case t.Year() < 1900:
		t = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t.Format("Mon, 02 Jan 2006 15:04:05 -0700")
}

// isFieldName tells whether s can name a field (RFC 5322, section 2.2).
func isFieldName(s string) bool {
	return s != "" && len(s) <= goodLine &&
		strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) < 0
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isPrintable tells whether s is of printable ASCII and spaces.
func isPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f }) < 0
}

// isAtom tells whether s is an atom (RFC 5322, section 3.2.3).
func isAtom(s string) bool {
	return s != "" && len(s) <= goodLine &&
		strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>[]:;@\,."`, r) }) < 0
}

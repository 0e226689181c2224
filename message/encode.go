package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// EncodeText gives text for a header field value: as it is when it is printable
// ASCII, otherwise as RFC 2047 encoded words folded with CRLF and a blank.
// Control characters are dropped, line ends and tabs become spaces. Text that
// would be read as an encoded word is encoded.
func EncodeText(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if isASCII(text) && !strings.Contains(text, "=?") {
		return text
	}
	return encodeWords(text)
}

// encodeWords gives text as encoded words, whatever it holds.
func encodeWords(text string) string {
	// A word is at most 75 characters (RFC 2047, section 2), 63 of them text in
	// base64, and holds whole characters only.
	const most = 45
	var b strings.Builder
	for text != "" {
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
		b.WriteString("=?utf-8?B?")
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(text[:n])))
		b.WriteString("?=")
		text = text[n:]
	}
	return b.String()
}

// The lengths of lines of RFC 5322, section 2.1.1, in octets, less room for the name
// of a field: those that should not and those that must not be exceeded.
const (
	lineDue  = 76
	lineMost = 900
)

// Fold puts folds into a header field value whose lines are longer than a line
// should be: in place of blanks, which stay (RFC 5322, section 2.2.3). What holds no
// blank for longer than a line may be is encoded. A value of lines that are short
// enough is given as it is.
func Fold(value string) string {
	long := false
	for line := range strings.SplitSeq(value, "\n") {
		long = long || len(line) > lineMost
	}
	if !long {
		return value
	}
	text := unfold(value)
	for word := range strings.SplitSeq(text, " ") {
		if len(word) > lineMost {
			return encodeWords(decodeText(text))
		}
	}
	var b strings.Builder
	length := 0
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
		case length > 0 && word != "" && length+1+len(word) > lineDue:
			b.WriteString("\r\n ")
			length = 1
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}

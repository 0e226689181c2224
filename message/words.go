package message

import (
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

// decodeText decodes the RFC 2047 encoded words of a value in one line. It is
// lenient where mail readers are: words inside of words, without blanks between
// them, with blanks in them, of unknown character sets, without padding.
// Neighbouring words of one character set are joined before they are converted,
// since programs split characters between words.
func decodeText(s string) string {
	if !strings.Contains(s, "=?") {
		return utf8Text(s)
	}
	d := wordDecoder{}
	d.out.Grow(len(s))
	// Behind the last end of a word, so many octets from the end, none begins.
	tail := len(s) - strings.LastIndex(s, "?=")
	for from := 0; ; {
		i := strings.Index(s[from:], "=?")
		if i < 0 || from+i > len(s)-tail {
			break
		}
		i += from
		set, octets, n := encodedWord(s[i:])
		if n == 0 {
			from = i + 2
			continue
		}
		from = 0
		if i > 0 && !(d.pendingSet != "" && strings.Trim(s[:i], " \t") == "") {
			d.plain(s[:i])
		}
		d.word(set, octets)
		s = s[i+n:]
	}
	d.plain(s)
	return d.out.String()
}

type wordDecoder struct {
	out strings.Builder
	// pending are the octets of the words read but not yet converted.
	pending    []byte
	pendingSet string
}

func (d *wordDecoder) word(set string, octets []byte) {
	if d.pendingSet != "" && !strings.EqualFold(d.pendingSet, set) {
		d.flush()
	}
	d.pendingSet = set
	d.pending = append(d.pending, octets...)
}

func (d *wordDecoder) plain(s string) {
	d.flush()
	d.out.WriteString(utf8Text(s))
}

func (d *wordDecoder) flush() {
	if d.pendingSet == "" {
		return
	}
	text := charset.Quick(d.pending, d.pendingSet)
	d.out.WriteString(strings.ReplaceAll(text, "\x00", ""))
	d.pending, d.pendingSet = d.pending[:0], ""
}

// encodedWord reads the encoded word that begins s. Its length is 0 when there
// is none.
func encodedWord(s string) (set string, octets []byte, n int) {
	head := s[2:min(len(s), 2+maxCharsetName)]
	q := strings.IndexByte(head, '?')
	if q <= 0 || strings.ContainsAny(head[:q], " \t=") {
		return "", nil, 0
	}
	set = head[:q]
	rest := s[2+q+1:]
	if len(rest) < 2 || rest[1] != '?' || strings.IndexByte("BbQq", rest[0]) < 0 {
		return "", nil, 0
	}
	end := strings.Index(rest[2:], "?=")
	if end < 0 {
		return "", nil, 0
	}
	text := rest[2 : 2+end]
	n = 2 + q + 1 + 2 + end + 2
	switch rest[0] {
	case 'B', 'b':
		octets, _ = decodeBase64(nil, []byte(text))
	default:
		octets = decodeQ(text)
	}
	return set, octets, n
}

const maxCharsetName = 64

// decodeQ decodes the Q encoding (RFC 2047, section 4.2); an escape that is
// none stays as it is.
func decodeQ(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			b = append(b, ' ')
		case c == '=' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			b = append(b, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return b
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

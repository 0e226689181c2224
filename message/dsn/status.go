package dsn

import (
	"strconv"
	"strings"
)

// ReplyStatus gives the enhanced status code (RFC 3463) of a failed SMTP reply, as
// "550 5.1.1 no such user": the one that stands in it, or X.0.0 of the class of its
// code. It is empty when text is no reply of the classes 4 and 5.
func ReplyStatus(reply string) string {
	if len(reply) < 3 || reply[0] != '4' && reply[0] != '5' {
		return ""
	}
	if _, err := strconv.ParseUint(reply[:3], 10, 16); err != nil {
		return ""
	}
	rest := reply[3:]
	if rest == "" {
		return reply[:1] + ".0.0"
	}
	if rest[0] != ' ' && rest[0] != '-' && rest[0] != '\r' && rest[0] != '\n' {
		return ""
	}
	word := rest[1:]
	if i := strings.IndexAny(word, " \t\r\n"); i >= 0 {
		word = word[:i]
	}
	// The classes must agree (RFC 2034, section 4).
	if class, ok := statusClass(word); ok && class == reply[0] {
		return word
	}
	return reply[:1] + ".0.0"
}

// statusClass gives the first digit of a status code (RFC 3463, section 2).
func statusClass(s string) (class byte, ok bool) {
	fields := strings.Split(s, ".")
	if len(fields) != 3 || len(fields[0]) != 1 || !strings.Contains("245", fields[0]) {
		return 0, false
	}
	for _, f := range fields[1:] {
		if _, err := strconv.ParseUint(f, 10, 16); err != nil || len(f) > 3 {
			return 0, false
		}
	}
	return s[0], true
}

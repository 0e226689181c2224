package relay

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// maxReply bounds the text of a reply that is kept, in octets.
const maxReply = 1024

// local makes a reply that no server gave.
func local(code int, enhanced, text string) Reply {
	return Reply{Code: code, Enhanced: enhanced, Text: clean(text), Local: true}
}

// replyOf gives the reply that an error of go-smtp carries, and whether it is one.
func replyOf(err error) (Reply, bool) {
	var e *smtp.SMTPError
	if !errors.As(err, &e) {
		return Reply{}, false
	}
	r := Reply{Code: e.Code, Text: clean(e.Message)}
	if c := e.EnhancedCode; c != smtp.EnhancedCodeNotSet && c != smtp.NoEnhancedCode {
		r.Enhanced = fmt.Sprintf("%d.%d.%d", c[0], c[1], c[2])
	}
	return r, true
}

// accepted makes the reply of which only the text behind 250 is known.
func accepted(text string) Reply {
	r := Reply{Code: 250, Text: clean(text)}
	if first, rest, _ := strings.Cut(r.Text, " "); isEnhanced(first) {
		r.Enhanced, r.Text = first, strings.ReplaceAll(rest, "\n"+first+" ", "\n")
	}
	return r
}

// isEnhanced tells whether s is an enhanced status code (RFC 3463, section 2).
func isEnhanced(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || !strings.Contains("245", parts[0]) || len(parts[0]) != 1 {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) == 0 || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}

// clean makes a reply's text safe to keep: LF between lines, no other control
// characters, valid UTF-8, bounded.
func clean(s string) string {
	if len(s) > maxReply {
		s = s[:maxReply]
	}
	s = strings.ToValidUTF8(s, "?")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return '?'
		}
		return r
	}, s))
}

// maxQueueID bounds a queue identifier, in octets.
const maxQueueID = 64

// QueueID finds the server's name for a message in the text of its last reply:
// behind "queued as" (Postfix) or "id=" (Exim), or the first word where "Message
// accepted for delivery" follows it (Sendmail, OpenSMTPD). It is empty when there is
// none, and holds only letters, digits, '.', '_' and '-', at most 64.
func QueueID(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if isEnhanced(w) && i == 0 {
			return QueueID(strings.TrimPrefix(strings.TrimLeft(text, " \t\r\n"), w))
		}
		rest := words[i+1:]
		switch {
		case strings.EqualFold(w, "queued") && len(rest) > 1 && strings.EqualFold(rest[0], "as"):
			return identifier(rest[1])
		case len(w) > 3 && strings.EqualFold(w[:3], "id="):
			return identifier(w[3:])
		case i == 0 && len(rest) > 1 && strings.EqualFold(rest[0], "Message") && strings.EqualFold(rest[1], "accepted"):
			return identifier(w)
		}
	}
	return ""
}

// identifier gives s, without what closes a sentence, if it can be one.
func identifier(s string) string {
	s = strings.TrimRight(s, ".,;)")
	if len(s) == 0 || len(s) > maxQueueID {
		return ""
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && c != '.' && c != '_' && c != '-' {
			return ""
		}
	}
	return s
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

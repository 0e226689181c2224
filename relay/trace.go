package relay

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
)

// ReleaseField is the name of the field put in front of a marked message.
const ReleaseField = "X-Postern-Release"

// maxTraceWord bounds a word of a trace field, in octets.
const maxTraceWord = 255

// front gives the fields that a mail puts before its content.
func front(m *Mail) []byte {
	var b []byte
	if m.Release != "" {
		b = fmt.Appendf(b, "%s: %s; attempt=%d\r\n", ReleaseField, word(m.Release, ""), max(1, m.Attempt))
	}
	if m.Received != "" {
		b = append(b, oneField(m.Received)...)
	}
	return b
}

// oneField keeps a text one header field whatever it holds: every line but the
// first begins with a blank, none is empty, and there are no control characters.
func oneField(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r == 0x7f {
				return -1
			}
			return r
		}, line)
		if strings.Trim(line, " \t") == "" {
			continue
		}
		if b.Len() > 0 && line[0] != ' ' && line[0] != '\t' {
			b.WriteByte('\t')
		}
		b.WriteString(line)
		b.WriteString("\r\n")
	}
	return b.String()
}

// Received writes the trace field of a message that Postern takes out of a milter
// session (RFC 5321, section 4.4), for the fork that goes on by re-injection: the
// session's client, its TLS, and the MTA's name and queue identifier. The clause
// "for" is written for a single recipient only, so that no copy names the others;
// pass the null path for none. The field is folded and ends with CRLF.
//
// What a client says of itself cannot add a field, a clause or a comment: octets
// that are none of a word become '?', and words are cut at 255 octets.
func Received(env *message.Envelope, recipient message.Path, at time.Time) string {
	var b strings.Builder
	b.WriteString("Received:")
	if !env.Simulated {
		fmt.Fprintf(&b, " from %s (%s [%s])\r\n\t", word(env.HELO, "unknown"), word(env.ClientName, "unknown"), addressLiteral(env.ClientAddr))
		if env.TLSVersion != "" {
			fmt.Fprintf(&b, "(using %s)\r\n\t", word(env.TLSVersion, "TLS"))
		}
	} else {
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "by %s (Postern)", word(env.Hostname, "localhost"))
	if !env.Simulated {
		b.WriteString(" with " + protocol(env))
	}
	if env.QueueID != "" {
		b.WriteString(" id " + word(env.QueueID, ""))
	}
	if !recipient.IsNull() {
		if a, err := bare(recipient.String()); err == nil && len(a) <= maxTraceWord && (isASCII(a) || wantsUTF8(env)) {
			b.WriteString("\r\n\tfor <" + a + ">")
		}
	}
	b.WriteString(";\r\n\t" + at.Format("Mon, 2 Jan 2006 15:04:05 -0700") + "\r\n")
	return b.String()
}

func wantsUTF8(env *message.Envelope) bool {
	return slices.ContainsFunc(env.MailArgs, func(a string) bool { return strings.EqualFold(a, "SMTPUTF8") })
}

// protocol is the word of RFC 3848 and RFC 6531, section 4.3.
func protocol(env *message.Envelope) string {
	name := "ESMTP"
	if wantsUTF8(env) {
		name = "UTF8SMTP"
	}
	if env.TLSVersion != "" {
		name += "S"
	}
	if env.Authenticated != "" {
		name += "A"
	}
	return name
}

// addressLiteral is the address as RFC 5321, section 4.1.3, has it, without the
// brackets.
func addressLiteral(a netip.Addr) string {
	switch a = a.Unmap(); {
	case !a.IsValid():
		return "unknown"
	case a.Is6():
		return "IPv6:" + a.WithZone("").String()
	}
	return a.String()
}

// word keeps what may stand in a domain, an address literal or an identifier.
func word(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	if len(s) > maxTraceWord {
		s = s[:maxTraceWord]
	}
	b := []byte(s)
	for i, c := range b {
		if !isAlnum(c) && strings.IndexByte("._-:[]=+/", c) < 0 {
			b[i] = '?'
		}
	}
	return string(b)
}

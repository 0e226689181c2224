package relay

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// maxAddress is the longest address sent, in octets; RFC 5321 allows 256.
const maxAddress = 4096

var errAddress = errors.New("the address cannot be written in an SMTP command")

// bare gives an address without angle brackets. It refuses whatever would let the
// address end early, or the command line.
func bare(address string) (string, error) {
	s := strings.TrimSpace(address)
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	}
	if len(s) > maxAddress || !utf8.ValidString(s) {
		return "", errAddress
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < ' ' || c == 0x7f:
			return "", errAddress
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			if i++; i == len(s) || s[i] < ' ' || s[i] == 0x7f {
				return "", errAddress
			}
		case !quoted && (c == '<' || c == '>' || c == ' '):
			return "", errAddress
		}
	}
	if quoted {
		return "", errAddress
	}
	return s, nil
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// argument parts an ESMTP argument into keyword, in upper case, and value.
func argument(arg string) (keyword, value string) {
	keyword, value, _ = strings.Cut(arg, "=")
	return strings.ToUpper(keyword), value
}

// mailOptions reads the arguments of MAIL. Values that are no values are left out.
func mailOptions(args []string) *smtp.MailOptions {
	opt := &smtp.MailOptions{}
	for _, arg := range args {
		switch keyword, value := argument(arg); keyword {
		case "SMTPUTF8":
			opt.UTF8 = true
		case "REQUIRETLS":
			opt.RequireTLS = true
		case "RET":
			switch r := smtp.DSNReturn(strings.ToUpper(value)); r {
			case smtp.DSNReturnFull, smtp.DSNReturnHeaders:
				opt.Return = r
			}
		case "ENVID":
			// RFC 3461, section 4.4: at most 100 octets as encoded.
			if id, ok := fromXtext(value); ok && len(value) <= 100 && isPrintable(id) {
				opt.EnvelopeID = id
			}
		}
	}
	return opt
}

// rcptOptions reads the arguments of RCPT. Values that are no values are left out.
func rcptOptions(args []string) *smtp.RcptOptions {
	opt := &smtp.RcptOptions{}
	for _, arg := range args {
		switch keyword, value := argument(arg); keyword {
		case "NOTIFY":
			opt.Notify = notify(value)
		case "ORCPT":
			kind, encoded, _ := strings.Cut(value, ";")
			if len(value) > 500 { // RFC 3461, section 4.2
				continue
			}
			switch smtp.DSNAddressType(strings.ToUpper(kind)) {
			case smtp.DSNAddressTypeRFC822:
				if a, ok := fromXtext(encoded); ok && isPrintable(a) {
					opt.OriginalRecipientType, opt.OriginalRecipient = smtp.DSNAddressTypeRFC822, a
				}
			case smtp.DSNAddressTypeUTF8:
				if a, ok := fromUnitext(encoded); ok && a != "" {
					opt.OriginalRecipientType, opt.OriginalRecipient = smtp.DSNAddressTypeUTF8, a
				}
			}
		}
	}
	return opt
}

// notify reads NEVER, or a list of the others without repetition.
func notify(value string) []smtp.DSNNotify {
	var all []smtp.DSNNotify
	seen := map[smtp.DSNNotify]bool{}
	for v := range strings.SplitSeq(strings.ToUpper(value), ",") {
		switch n := smtp.DSNNotify(v); n {
		case smtp.DSNNotifyNever:
			if value != v && len(value) != len(v) {
				return nil
			}
			return []smtp.DSNNotify{n}
		case smtp.DSNNotifyDelayed, smtp.DSNNotifyFailure, smtp.DSNNotifySuccess:
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
			}
		default:
			return nil
		}
	}
	return all
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// fromXtext decodes xtext (RFC 3461, section 4).
func fromXtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			if i+2 >= len(s) {
				return "", false
			}
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(v))
			i += 2
		case c <= ' ' || c == '=' || c >= 0x7f:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// fromUnitext decodes utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533, section 3),
// which write a character as \x{2014}.
func fromUnitext(s string) (string, bool) {
	var b strings.Builder
	for len(s) > 0 {
		before, rest, found := strings.Cut(s, `\x{`)
		for i := 0; i < len(before); i++ {
			if c := before[i]; c <= ' ' || c == 0x7f || c == '=' || c == '\\' {
				return "", false
			}
		}
		b.WriteString(before)
		if !found {
			break
		}
		hex, after, closed := strings.Cut(rest, "}")
		v, err := strconv.ParseUint(hex, 16, 21)
		if !closed || err != nil || v < ' ' || v == 0x7f || !utf8.ValidRune(rune(v)) {
			return "", false
		}
		b.WriteRune(rune(v))
		s = after
	}
	return b.String(), utf8.ValidString(b.String())
}

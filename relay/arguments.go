package relay

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"github.com/postern-mail/postern/message/dsn"
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

// mailOptions reads the arguments of MAIL. Values that are no values are left out.
func mailOptions(args []string) *smtp.MailOptions {
	// What cannot be read counts as not given.
	a, _ := dsn.ReadMailArgs(args)
	return &smtp.MailOptions{
		UTF8:       a.UTF8,
		Return:     smtp.DSNReturn(a.Return),
		EnvelopeID: a.EnvelopeID,
		RequireTLS: slices.ContainsFunc(args, func(s string) bool { return strings.EqualFold(s, "REQUIRETLS") }),
	}
}

// rcptOptions reads the arguments of RCPT. Values that are no values are left out,
// and so is an ORCPT of a type that go-smtp cannot write.
func rcptOptions(args []string) *smtp.RcptOptions {
	a, _ := dsn.ReadRcptArgs(args)
	opt := &smtp.RcptOptions{}
	if n := a.Notify.String(); n != "" {
		for word := range strings.SplitSeq(n, ",") {
			opt.Notify = append(opt.Notify, smtp.DSNNotify(word))
		}
	}
	switch kind := smtp.DSNAddressType(strings.ToUpper(a.Original.Type)); kind {
	case smtp.DSNAddressTypeRFC822, smtp.DSNAddressTypeUTF8:
		opt.OriginalRecipientType, opt.OriginalRecipient = kind, a.Original.Text
	}
	return opt
}

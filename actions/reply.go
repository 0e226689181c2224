package actions

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Limits of a reply. RFC 5321 (section 4.5.3.1.5) allows 512 octets a line, the
// code and line end included; libmilter allows 32 lines.
const (
	replyLines  = 20
	replyOctets = 480
)

// Reply is an SMTP reply: reply code, enhanced status code (RFC 3463) and
// lines of text. Lines are printable ASCII of at most 480 octets; the classes
// of the codes agree.
type Reply struct {
	Code     int
	Enhanced string
	Lines    []string
}

// NewReply makes a reply of any text: other than printable ASCII is replaced by
// what comes nearest, lines are broken and cut at the limits. A code outside
// 400–599 becomes 451; an enhanced code of another class or form becomes X.7.1
// of the class of the code.
func NewReply(code int, enhanced string, text ...string) Reply {
	if code < 400 || code > 599 {
		code = 451
	}
	if !validEnhanced(enhanced) || int(enhanced[0]-'0') != code/100 {
		enhanced = fmt.Sprintf("%d.7.1", code/100)
	}
	r := Reply{Code: code, Enhanced: enhanced}
	for _, t := range text {
		for line := range strings.FieldsFuncSeq(t, func(c rune) bool { return c == '\n' || c == '\r' }) {
			r.Lines = append(r.Lines, breakLine(ascii(line))...)
		}
	}
	if len(r.Lines) == 0 {
		r.Lines = []string{"Refused by policy"}
	}
	if len(r.Lines) > replyLines {
		r.Lines = r.Lines[:replyLines]
	}
	return r
}

// ValidEnhanced tells whether s is an enhanced status code of a refusal
// (RFC 3463): class 4 or 5, subject and detail of one to three digits.
func validEnhanced(s string) bool {
	var class, subject, detail int
	n, err := fmt.Sscanf(s, "%d.%d.%d", &class, &subject, &detail)
	return err == nil && n == 3 && (class == 4 || class == 5) && subject >= 0 && subject <= 999 && detail >= 0 && detail <= 999 &&
		s == fmt.Sprintf("%d.%d.%d", class, subject, detail)
}

// OneLine gives the reply with all text in one line, for clients that show no
// more: sendmail(1) puts the lines of a reply into its bounce without breaks.
func (r Reply) OneLine() Reply {
	line := strings.Join(r.Lines, " ")
	if len(line) > replyOctets {
		// The reference stands last, and people ask with it.
		end := " ... " + r.Lines[len(r.Lines)-1]
		line = line[:max(0, replyOctets-len(end))] + end
		line = line[:min(len(line), replyOctets)]
	}
	r.Lines = []string{line}
	return r
}

// String gives the reply as it goes over the wire, lines parted by LF.
func (r Reply) String() string {
	var b strings.Builder
	for i, l := range r.Lines {
		sep := "-"
		if i == len(r.Lines)-1 {
			sep = " "
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d%s%s %s", r.Code, sep, r.Enhanced, l)
	}
	return b.String()
}

var plainer = strings.NewReplacer("ß", "ss", "Æ", "AE", "æ", "ae", "Ø", "O", "ø", "o", "Ł", "L", "ł", "l", "Œ", "OE", "œ", "oe",
	"Đ", "D", "đ", "d", "’", "'", "‘", "'", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "–", "-", "—", "-", "…", "...", "\u00a0", " ", "€", "EUR")

// ascii gives text as printable ASCII: letters lose their marks, what has no
// likeness becomes a question mark. SMTP replies are ASCII (RFC 5321, section
// 4.2) and Sendmail clears the eighth bit of others.
func ascii(s string) string {
	s = norm.NFKD.String(plainer.Replace(strings.ToValidUTF8(s, "?")))
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return ' '
		case c >= ' ' && c <= '~':
			return c
		case unicode.Is(unicode.Mn, c) || unicode.IsControl(c):
			return -1
		}
		return '?'
	}, s))
}

func breakLine(s string) []string {
	var out []string
	for len(s) > replyOctets {
		at := strings.LastIndexByte(s[:replyOctets], ' ')
		if at <= 0 {
			at = replyOctets
		}
		out = append(out, strings.TrimSpace(s[:at]))
		s = strings.TrimSpace(s[at:])
	}
	if s != "" {
		out = append(out, s)
	}
	return out
}

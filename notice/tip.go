package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxTip is how many characters a policy tip may have.
const MaxTip = 256

// spelled are characters with a usual spelling in ASCII.
var spelled = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D",
	'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th", 'ı': "i", '€': "EUR", '£': "GBP", '¥': "JPY", '©': "(c)", '®': "(R)",
	'‘': "'", '’': "'", '‚': "'", '‛': "'", '“': `"`, '”': `"`, '„': `"`, '«': `"`, '»': `"`, '‹': "'", '›': "'",
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '―': "-", '−': "-", '…': "...", '•': "*", '·': "*", '×': "x", '⁄': "/", '§': "section ",
}

// spelledGerman are those that German spells in a way of its own.
var spelledGerman = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'Ä': "Ae", 'Ö': "Oe", 'Ü': "Ue", '§': "Paragraph "}

// SMTPTip gives a policy tip as an SMTP reply may carry it (RFC 5321, section
// 4.2.1: ASCII): one line of at most [MaxTip] characters. Letters are spelled as
// the language does, or lose their marks; signs that have no spelling are left
// out. A tip with letters that ASCII cannot spell, as Greek ones, gives the
// fallback in its place, treated the same way, and if that is no better nothing.
func SMTPTip(text, language, fallback string) string {
	german := language == "de" || strings.HasPrefix(language, "de-")
	for _, t := range []string{text, fallback} {
		if ascii, ok := spell(t, german); ok {
			return cut(strings.Join(strings.Fields(ascii), " "), MaxTip)
		}
	}
	return ""
}

// spell gives text in ASCII; it tells of letters that cannot be spelled, and of
// text without any letter or digit.
func spell(text string, german bool) (ascii string, ok bool) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(text, "")) {
		switch own, known := spelledGerman[r], german; {
		case r < utf8.RuneSelf && unicode.IsPrint(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case known && own != "":
			b.WriteString(own)
		case spelled[r] != "":
			b.WriteString(spelled[r])
		default:
			bare := bareOf(r)
			if bare == "" && (unicode.IsLetter(r) || unicode.IsNumber(r)) {
				return "", false
			}
			b.WriteString(bare)
		}
	}
	text = b.String()
	return text, strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// bareOf gives a character without its marks in ASCII, if it has such a form.
func bareOf(r rune) string {
	var b strings.Builder
	for _, part := range norm.NFKD.String(string(r)) {
		switch {
		case unicode.Is(unicode.Mn, part):
		case part < utf8.RuneSelf && unicode.IsPrint(part):
			b.WriteRune(part)
		case spelled[part] != "":
			b.WriteString(spelled[part])
		case unicode.IsLetter(part) || unicode.IsNumber(part):
			return ""
		}
	}
	return b.String()
}

// cut gives at most n octets of ASCII, ended by dots where something is missing.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.TrimRight(text[:n-3], " ") + "..."
}

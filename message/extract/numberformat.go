package extract

import (
	"bytes"
	"strconv"
	"strings"
)

// numberFormat is the format of a cell (ECMA-376, part 1, section 18.8.31): how
// people see its number.
type numberFormat struct {
	sections []formatSection
}

// formatSection is one of up to four parts of a format: for positive and negative
// numbers, zero and text.
type formatSection struct {
	tokens   []formatToken
	kind     sectionKind
	operator string // of a condition; empty without
	operand  float64
	// What the tokens of a number say.
	percents, thousands int // to multiply by 100 and to divide by 1000
	decimals            int // placeholders behind the point
	grouped             bool
	parts               int // digits of a second, of dates
	twelve              bool
}

type sectionKind int

const (
	sectionGeneral sectionKind = iota
	sectionNumber
	sectionScientific
	sectionFraction
	sectionDate
	sectionText
)

type formatToken struct {
	kind byte   // '0', '#', '?', '.', 'E', '/', 'l' literal, '@', 'G' General, 'd' date or time
	text string // of a literal, or the letters of a date
}

// formatCodes keeps formats by their codes.
type formatCodes map[string]*numberFormat

// mostFormats bounds the formats that are kept, and the length of a code: Excel
// allows 255 characters.
const mostFormats, longestFormat = 10_000, 1000

// code gives the format of a code; nil for General.
func (c formatCodes) code(code string) *numberFormat {
	if f, have := c[code]; have {
		return f
	}
	f := parseNumberFormat(code)
	if len(c) < mostFormats {
		c[code] = f
	}
	return f
}

// builtinFormats are the formats without a code of their own (section 18.8.30).
var builtinFormats = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: `"$"#,##0;("$"#,##0)`, 6: `"$"#,##0;("$"#,##0)`, 7: `"$"#,##0.00;("$"#,##0.00)`,
	8: `"$"#,##0.00;("$"#,##0.00)`, 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "m/d/yy", 15: "d-mmm-yy",
	16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm",
	27: "yyyy/m/d", 28: "yyyy/m/d", 29: "yyyy/m/d", 30: "m/d/yy", 31: "yyyy/m/d", 32: "h:mm", 33: "h:mm:ss", 34: "yyyy/m/d", 35: "yyyy/m/d", 36: "yyyy/m/d",
	37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: `#,##0;(#,##0);"-"`,
	42: `"$"#,##0;("$"#,##0);"$-"`, 43: `#,##0.00;(#,##0.00);"-"`, 44: `"$"#,##0.00;("$"#,##0.00);"$-"`, 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
	48: "##0.0E+0", 49: "@",
	50: "yyyy/m/d", 51: "yyyy/m/d", 52: "yyyy/m/d", 53: "yyyy/m/d", 54: "yyyy/m/d", 55: "yyyy/m/d", 56: "yyyy/m/d", 57: "yyyy/m/d", 58: "yyyy/m/d",
}

// parseNumberFormat gives nil for General, and for what is too long to be a format.
func parseNumberFormat(code string) *numberFormat {
	if len(code) > longestFormat || strings.EqualFold(code, "general") || code == "" {
		return nil
	}
	f := &numberFormat{}
	for len(f.sections) < 4 {
		var s formatSection
		s, code = parseSection(code)
		f.sections = append(f.sections, s)
		if code == "" {
			break
		}
		if code = code[1:]; code == "" { // behind the semicolon
			f.sections = append(f.sections, formatSection{kind: sectionNumber})
			break
		}
	}
	return f
}

// parseSection reads a section and gives what follows, from its semicolon on.
func parseSection(code string) (s formatSection, rest string) {
	placeholders, point, commas := 0, false, 0
	i := 0
	for i < len(code) && code[i] != ';' {
		c := code[i]
		if n := s.mark(code[i:], placeholders); n > 0 {
			i += n
			continue
		}
		switch {
		case c == '0' || c == '#' || c == '?':
			if commas > 0 {
				s.grouped, commas = true, 0
			}
			placeholders++
			if point {
				s.decimals++
			}
			s.tokens = append(s.tokens, formatToken{kind: c})
		case c == '.':
			s.thousands += commas
			commas, point = 0, true
			s.tokens = append(s.tokens, formatToken{kind: '.'})
		case c == ',' && placeholders > 0:
			commas++
		case c == '%':
			s.percents++
			s.literal("%")
		case c == '@':
			s.kind = sectionText
			s.tokens = append(s.tokens, formatToken{kind: '@'})
		case c == '/' && placeholders > 0:
			s.kind = sectionFraction
			s.tokens = append(s.tokens, formatToken{kind: '/'})
		case c|0x20 == 'g': // an era
		default:
			s.literal(code[i : i+1])
		}
		i++
	}
	s.thousands += commas
	s.settle(placeholders)
	return s, code[i:]
}

// mark reads what is more than one octet long at the beginning of code, and gives
// its length; 0 when there is nothing of the kind.
func (s *formatSection) mark(code string, placeholders int) int {
	c := code[0]
	switch {
	case c == '"':
		text, _, _ := strings.Cut(code[1:], `"`)
		s.literal(text)
		return min(len(text)+2, len(code))
	case c == '\\' && len(code) > 1:
		s.literal(code[1:2])
		return 2
	case c == '_' || c == '*': // room of the width of a character, or filled with it
		return min(2, len(code))
	case c == '[':
		text, _, closed := strings.Cut(code[1:], "]")
		if !closed {
			return len(code)
		}
		s.bracket(text)
		return len(text) + 2
	case (c == 'E' || c == 'e') && len(code) > 1 && (code[1] == '+' || code[1] == '-') && placeholders > 0:
		s.kind = sectionScientific
		s.tokens = append(s.tokens, formatToken{kind: 'E', text: code[1:2]})
		return 2
	case foldPrefix(code, "general"):
		s.tokens = append(s.tokens, formatToken{kind: 'G'})
		return len("general")
	case foldPrefix(code, "am/pm"), foldPrefix(code, "a/p"):
		s.twelve, s.kind = true, sectionDate
		s.tokens = append(s.tokens, formatToken{'d', "a"})
		return strings.IndexAny(code, "pP") + 1 + len("m") - strings.Index(strings.ToLower(code[:3]), "a/p") - 1
	case strings.IndexByte("yYmMdDhHsSeEbB", c) >= 0:
		n := 1
		for n < len(code) && code[n]|0x20 == c|0x20 {
			n++
		}
		s.kind = sectionDate
		s.tokens = append(s.tokens, formatToken{'d', strings.ToLower(code[:n])})
		return n
	}
	return 0
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func (s *formatSection) literal(text string) {
	if n := len(s.tokens); n > 0 && s.tokens[n-1].kind == 'l' {
		s.tokens[n-1].text += text
	} else {
		s.tokens = append(s.tokens, formatToken{'l', text})
	}
}

// bracket reads a colour, a condition, a currency, or hours that go on beyond a day.
func (s *formatSection) bracket(in string) {
	switch {
	case in == "":
	case in[0] == '$':
		symbol, _, _ := strings.Cut(in[1:], "-")
		s.literal(symbol)
	case in[0] == '<' || in[0] == '>' || in[0] == '=':
		n := 1
		if len(in) > 1 && (in[1] == '=' || in[1] == '>') {
			n = 2
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(in[n:]), 64); err == nil {
			s.operator, s.operand = in[:n], v
		}
	case strings.Trim(in, "hH") == "" || strings.Trim(in, "mM") == "" || strings.Trim(in, "sS") == "":
		s.kind = sectionDate
		s.tokens = append(s.tokens, formatToken{'d', "[" + strings.ToLower(in)})
	}
}

// settle tells what is known once the section was read.
func (s *formatSection) settle(placeholders int) {
	if s.kind == sectionDate {
		// Placeholders behind a point are parts of a second.
		s.parts = s.decimals
		minutes(s.tokens)
		return
	}
	if s.kind == sectionFraction && s.decimals > 0 {
		s.kind = sectionNumber
	}
	if s.kind == sectionGeneral && (placeholders > 0 || !hasToken(s.tokens, 'G')) {
		s.kind = sectionNumber
	}
}

func hasToken(tokens []formatToken, kind byte) bool {
	for _, t := range tokens {
		if t.kind == kind {
			return true
		}
	}
	return false
}

// minutes tells minutes from months: they stand behind hours or in front of
// seconds. They are named "n".
func minutes(tokens []formatToken) {
	last := byte(0)
	for i, t := range tokens {
		if t.kind != 'd' || t.text == "a" {
			continue
		}
		c := strings.TrimPrefix(t.text, "[")[0]
		if c == 'm' && len(t.text) <= 2 {
			next := byte(0)
			for _, u := range tokens[i+1:] {
				if u.kind == 'd' && u.text != "a" {
					next = strings.TrimPrefix(u.text, "[")[0]
					break
				}
			}
			if last == 'h' || next == 's' {
				tokens[i].text = strings.ReplaceAll(t.text, "m", "n")
			}
		}
		last = c
	}
}

// section chooses the part of a format for a number, and tells whether the sign
// is to be written.
func (f *numberFormat) section(v float64) (s *formatSection, sign bool) {
	list := f.sections
	if n := len(list); n > 1 && list[n-1].kind == sectionText {
		list = list[:n-1]
	}
	conditions := false
	for i := range list[:min(len(list), 3)] {
		c := &list[i]
		if c.operator == "" {
			continue
		}
		conditions = true
		if c.holds(v) {
			return c, v < 0 && !(c.operator == "<" && c.operand <= 0)
		}
	}
	if conditions {
		for i := range list {
			if list[i].operator == "" {
				return &list[i], v < 0
			}
		}
		return nil, v < 0
	}
	switch {
	case len(list) == 1:
		return &list[0], v < 0
	case v < 0:
		return &list[1], false
	case v == 0 && len(list) > 2:
		return &list[2], false
	}
	return &list[0], false
}

func (s *formatSection) holds(v float64) bool {
	switch s.operator {
	case "<":
		return v < s.operand
	case "<=":
		return v <= s.operand
	case ">":
		return v > s.operand
	case ">=":
		return v >= s.operand
	case "=":
		return v == s.operand
	}
	return v != s.operand
}

// appendNumber writes the number of a cell, as it is stored, in a format: as
// people see it, and behind that its digits where the format hides some of many.
// What is no number stays as it is.
func appendNumber(dst, stored []byte, f *numberFormat, from1904 bool) []byte {
	if f == nil && isShortNumber(stored) {
		return append(dst, stored...)
	}
	v, err := strconv.ParseFloat(string(bytes.TrimSpace(stored)), 64)
	if err != nil || v-v != 0 {
		return append(dst, stored...)
	}
	return f.append(dst, v, from1904)
}

// isShortNumber tells numbers that are shown as they are stored.
func isShortNumber(s []byte) bool {
	if len(s) == 0 || len(s) > 15 {
		return false
	}
	for i, c := range s {
		if c-'0' > 9 && c != '.' && (c != '-' || i > 0) {
			return false
		}
	}
	return true
}

// append writes a number; a nil format is General.
func (f *numberFormat) append(dst []byte, v float64, from1904 bool) []byte {
	if f == nil {
		return appendGeneral(dst, v)
	}
	begin := len(dst)
	s, sign := f.section(v)
	if s == nil {
		return appendGeneral(dst, v)
	}
	switch s.kind {
	case sectionText:
		return s.appendText(dst, string(appendGeneral(nil, v)))
	case sectionDate:
		if shown, ok := s.appendDate(dst, v, from1904); ok {
			return shown
		}
		return appendGeneral(dst[:begin], v)
	}
	if sign {
		dst = append(dst, '-')
	}
	if v < 0 {
		v = -v
	}
	dst = s.appendNumber(dst, v)
	return appendHidden(dst, begin, v, s)
}

// appendHidden writes the digits of a number of many digits that its format does
// not show as they are.
func appendHidden(dst []byte, begin int, v float64, s *formatSection) []byte {
	if len(dst) == begin && v != 0 {
		return appendGeneral(dst, v) // hidden altogether
	}
	return appendDigits(dst, begin, v, s.decimals)
}

// appendDigits writes the digits of a number in brackets behind what is shown of
// it from begin on, where that does not have them. The numbers of cards and
// accounts are long: of them the digits must stand as they are, or in groups
// parted by blanks or hyphens.
func appendDigits(dst []byte, begin int, v float64, decimals int) []byte {
	const many, identifiers = 1e5, 1e11
	shown := dst[begin:]
	if v < many || v < identifiers && bytes.IndexByte(shown, '%') >= 0 {
		return dst
	}
	whole, _, _ := strings.Cut(string(appendGeneral(nil, v)), ".")
	if standsAlone(shown, whole) {
		return dst
	}
	var digits []byte
	grouped := false
	for _, c := range shown {
		if c-'0' <= 9 {
			digits = append(digits, c)
		} else if c == ',' || c == '.' || c == '\'' || c >= 0x80 {
			grouped = true
		}
	}
	if v >= identifiers {
		if !grouped && string(digits) == whole {
			return dst
		}
	} else if rounded, _ := decimal(v, decimals); bytes.Contains(digits, []byte(whole)) || bytes.Contains(digits, []byte(rounded)) {
		return dst
	}
	return append(append(append(dst, " ("...), whole...), ')')
}

// standsAlone tells whether digits are in a text and no others next to them.
func standsAlone(text []byte, digits string) bool {
	i := bytes.Index(text, []byte(digits))
	if i < 0 {
		return false
	}
	end := i + len(digits)
	return (i == 0 || text[i-1]-'0' > 9) && (end == len(text) || text[end]-'0' > 9)
}

// appendText writes text through the section for it, "Item "@ say.
func (s *formatSection) appendText(dst []byte, text string) []byte {
	for _, t := range s.tokens {
		switch t.kind {
		case '@', 'G':
			dst = append(dst, text...)
		case 'l':
			dst = append(dst, t.text...)
		}
	}
	return dst
}

// appendGeneral writes a number with all digits that a cell keeps, which are 15,
// and without the noise behind them. Whole numbers are never written as powers
// of ten.
func appendGeneral(dst []byte, v float64) []byte {
	const largest, smallest = 1e21, 1e-9
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	switch {
	case v < 1<<53 && v == float64(int64(v)), v >= 1<<53 && v < largest:
		return strconv.AppendFloat(dst, v, 'f', 0, 64)
	case v >= largest || v < smallest:
		return strconv.AppendFloat(dst, v, 'E', -1, 64)
	}
	var room [32]byte
	short, err := strconv.ParseFloat(string(strconv.AppendFloat(room[:0], v, 'e', 14, 64)), 64)
	if err != nil {
		short = v
	}
	return strconv.AppendFloat(dst, short, 'f', -1, 64)
}

package extract

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// cellFormats are the formats of cells that a workbook does not spell
// out (ECMA-376, part 1, section 18.8.30; [MS-XLS] section 2.4.126).
var cellFormats = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: `"$"#,##0`, 6: `"$"#,##0`, 7: `"$"#,##0.00`, 8: `"$"#,##0.00`,
	9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "m/d/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
	18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yyyy h:mm",
	27: "yyyy/m/d", 28: "yyyy/m/d", 29: "yyyy/m/d", 30: "m/d/yy", 31: "yyyy/m/d", 32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss", 36: "yyyy/m/d",
	37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: `"$"#,##0`, 43: "#,##0.00", 44: `"$"#,##0.00`,
	45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
	50: "yyyy/m/d", 51: "yyyy/m/d", 52: "yyyy/m/d", 53: "yyyy/m/d", 54: "yyyy/m/d", 55: "yyyy/m/d", 56: "yyyy/m/d", 57: "yyyy/m/d", 58: "yyyy/m/d",
}

// shownCell gives the value of a cell as a spreadsheet shows it, and behind it,
// where rounding, an exponent or separators hide the digits of a whole number of
// seven digits or more, its plain digits in brackets. date1904 is set for
// workbooks whose days begin in 1904.
func shownCell(v float64, format string, date1904 bool) string {
	plain := plainDigits(v)
	shown := showNumber(v, format, date1904)
	if shown == "" || shown == plain {
		return plain
	}
	if math.Abs(v) >= 1e6 && v == math.Trunc(v) && !strings.Contains(shown, plain) {
		return shown + " (" + plain + ")"
	}
	return shown
}

// plainDigits gives a number with up to 15 digits, as spreadsheets keep them,
// without an exponent where it has a reasonable length.
func plainDigits(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "#NUM!"
	}
	if v == 0 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e21 || a < 1e-9 {
		return strconv.FormatFloat(v, 'E', -1, 64)
	}
	s := strconv.FormatFloat(v, 'e', 14, 64)
	rounded, err := strconv.ParseFloat(s, 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// showNumber applies a format code; empty for one that says nothing.
func showNumber(v float64, format string, date1904 bool) string {
	section, negative := cellSection(format, v)
	if section == "" || len(section) > 255 || strings.EqualFold(section, "General") || strings.EqualFold(section, "Standard") || section == "@" {
		return ""
	}
	if isDateCode(section) {
		return showDateCode(v, section, date1904)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	if negative {
		v = math.Abs(v)
	}
	return showDigits(v, section)
}

// cellSection picks the section of a code for a number: positive, negative or
// zero. A negative number in a section of its own shows no sign but that of the
// section.
func cellSection(format string, v float64) (section string, negative bool) {
	var list []string
	quoted, begin := false, 0
	for i := 0; i < len(format) && len(list) < 4; i++ {
		switch format[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ';':
			if !quoted {
				list = append(list, format[begin:i])
				begin = i + 1
			}
		}
	}
	list = append(list, format[min(begin, len(format)):])
	switch {
	case v < 0 && len(list) > 1:
		return list[1], true
	case v == 0 && len(list) > 2:
		return list[2], false
	}
	return list[0], false
}

// isDateCode tells whether a code shows days or times.
func isDateCode(code string) bool {
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			if n := strings.IndexByte(code[i+1:], '"'); n >= 0 {
				i += n + 1
			}
		case '\\', '_', '*':
			i++
		case '[':
			n := strings.IndexByte(code[i:], ']')
			if n < 0 {
				return false
			}
			switch strings.ToLower(code[i+1 : i+n]) {
			case "h", "hh", "m", "mm", "s", "ss":
				return true
			}
			i += n
		case 'E', 'e':
			if i+1 < len(code) && (code[i+1] == '+' || code[i+1] == '-') {
				return false
			}
			return c == 'e'
		case '0', '#', '?':
			return false
		case 'd', 'D', 'm', 'M', 'y', 'Y', 'h', 'H', 's', 'S':
			return true
		}
	}
	return false
}

// showDigits applies a code of digits, separators and words.
func showDigits(v float64, code string) string {
	var before, after strings.Builder
	whole, decimals, percent, scale, seen, point, grouped, exponent := 0, 0, 0, 0, false, false, false, false
	trailing := 0
	optional := 0
	for i := 0; i < len(code); i++ {
		out := &before
		if seen {
			out = &after
		}
		switch c := code[i]; c {
		case '"':
			n := strings.IndexByte(code[i+1:], '"')
			if n < 0 {
				n = len(code) - i - 1
			}
			out.WriteString(code[i+1 : i+1+n])
			i += n + 1
		case '\\':
			if i+1 < len(code) {
				out.WriteByte(code[i+1])
			}
			i++
		case '_', '*':
			i++
		case '[':
			n := strings.IndexByte(code[i:], ']')
			if n < 0 {
				return ""
			}
			if s := code[i+1 : i+n]; strings.HasPrefix(s, "$") {
				currency, _, _ := strings.Cut(s[1:], "-")
				out.WriteString(currency)
			}
			i += n
		case '0', '#', '?':
			seen = true
			trailing = 0
			switch {
			case exponent:
			case point:
				decimals++
				if c == '0' {
					optional = 0
				} else {
					optional++
				}
			case c == '0':
				whole++
			}
		case '.':
			seen, point = true, true
		case ',':
			if seen && !point {
				grouped = true
			}
			trailing++
		case '%':
			percent++
			out.WriteByte('%')
		case 'E', 'e':
			exponent = true
		case '/':
			return "" // fractions are shown as the number
		case '+', '-':
			if !exponent {
				out.WriteByte(c)
			}
		case '@':
		default:
			out.WriteByte(c)
		}
	}
	if !seen {
		if before.Len() == 0 {
			return ""
		}
		return before.String()
	}
	if trailing > 0 {
		scale = trailing
	}
	v *= math.Pow(100, float64(min(percent, 4)))
	v /= math.Pow(1000, float64(min(scale, 5)))
	if math.Abs(v) >= 1e21 || exponent {
		return before.String() + strings.ToUpper(strconv.FormatFloat(v, 'e', min(decimals, 15), 64)) + after.String()
	}
	digits := strconv.FormatFloat(math.Abs(roundHalf(v, decimals)), 'f', min(decimals, 30), 64)
	head, tail, _ := strings.Cut(digits, ".")
	for optional > 0 && strings.HasSuffix(tail, "0") {
		tail = tail[:len(tail)-1]
		optional--
	}
	if head == "0" && whole == 0 && tail != "" {
		head = ""
	}
	for len(head) < min(whole, 30) {
		head = "0" + head
	}
	if grouped && trailing == 0 || grouped && scale > 0 && strings.Contains(code, ",#") {
		head = groupThousands(head)
	}
	sign := ""
	if v < 0 && strings.ContainsAny(digits, "123456789") {
		sign = "-"
	}
	if tail != "" {
		head += "." + tail
	}
	return sign + before.String() + head + after.String()
}

// roundHalf rounds half away from zero, on the 15 digits that people see.
func roundHalf(v float64, decimals int) float64 {
	p := math.Pow(10, float64(min(decimals, 15)))
	if math.Abs(v)*p > 1e15 {
		return v
	}
	near, err := strconv.ParseFloat(strconv.FormatFloat(v*p, 'g', 15, 64), 64)
	if err != nil {
		return v
	}
	return math.Round(near) / p
}

func groupThousands(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// showDateCode applies a code of days and times.
func showDateCode(v float64, code string, date1904 bool) string {
	if math.IsNaN(v) || v < 0 || v > 2958466 {
		return ""
	}
	if date1904 {
		v += 1462
	}
	elapsed := v
	if v < 60 && v >= 1 {
		v++ // spreadsheets count a 29 February 1900
	}
	decimals := 0
	if i := strings.LastIndex(code, ".0"); i >= 0 {
		decimals = len(code[i+1:]) - len(strings.TrimLeft(code[i+1:], "0"))
	}
	ms := int64(math.Round(v*86400000 - math.Mod(math.Round(v*86400000), math.Pow(10, float64(3-min(decimals, 3))))))
	if decimals == 0 {
		ms = int64(math.Round(v*86400)) * 1000
	}
	t := time.UnixMilli(ms - 25569*86400000).UTC()
	var out strings.Builder
	half := strings.Contains(strings.ToUpper(code), "AM/PM") || strings.Contains(strings.ToUpper(code), "A/P")
	minutes := false // what an m stands for
	for i := 0; i < len(code); {
		c := code[i] | 0x20
		n := 1
		for i+n < len(code) && code[i+n]|0x20 == c {
			n++
		}
		switch {
		case code[i] == '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				end = len(code) - i - 1
			}
			out.WriteString(code[i+1 : i+1+end])
			n = end + 2
		case code[i] == '\\':
			if i+1 < len(code) {
				out.WriteByte(code[i+1])
			}
			n = 2
		case code[i] == '_' || code[i] == '*':
			n = 2
		case code[i] == '[':
			end := max(strings.IndexByte(code[i:], ']'), 0)
			switch strings.ToLower(code[i+1 : max(i+end, i+1)]) {
			case "h", "hh":
				out.WriteString(strconv.FormatInt(int64(math.Floor(elapsed*24+1e-9)), 10))
				minutes = true
			case "m", "mm":
				out.WriteString(strconv.FormatInt(int64(math.Floor(elapsed*1440+1e-9)), 10))
			case "s", "ss":
				out.WriteString(strconv.FormatInt(int64(math.Floor(elapsed*86400+1e-9)), 10))
			}
			n = end + 1
		case c == 'a' && (hasFold(code[i:], "AM/PM") || hasFold(code[i:], "A/P")):
			out.WriteString(t.Format("PM"))
			n = 5
			if hasFold(code[i:], "A/P") {
				n = 3
			}
		case c == 'y' || c == 'e':
			out.WriteString(t.Format(pickString(n > 2 || c == 'e', "2006", "06")))
		case c == 'd':
			out.WriteString(t.Format([...]string{"2", "02", "Mon", "Monday"}[min(n, 4)-1]))
		case c == 'm':
			if minutes || secondsFollow(code[i+n:]) {
				out.WriteString(t.Format(pickString(n > 1, "04", "4")))
			} else {
				out.WriteString(t.Format([...]string{"1", "01", "Jan", "January", "Jan"}[min(n, 5)-1]))
			}
			minutes = false
		case c == 'h':
			hour := t.Hour()
			if half {
				hour = (hour+11)%12 + 1
			}
			out.WriteString(twoDigitNumber(hour, n > 1))
			minutes = true
		case c == 's':
			out.WriteString(twoDigitNumber(t.Second(), n > 1))
		case code[i] == '.' && i+1 < len(code) && code[i+1] == '0':
			n = 1 + decimals
			out.WriteString("." + t.Format(".000")[1:1+min(decimals, 3)])
		case code[i] == '@':
		default:
			out.WriteString(code[i : i+n])
		}
		i += max(n, 1)
	}
	return strings.TrimSpace(out.String())
}

func pickString(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func twoDigitNumber(n int, both bool) string {
	if both && n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// secondsFollow tells whether the next letter of a code is for seconds, so that
// an m before it is for minutes.
func secondsFollow(code string) bool {
	i := strings.IndexAny(code, "sShHdDmMyY\"")
	return i >= 0 && code[i]|0x20 == 's'
}

package extract

import (
	"math"
	"strconv"
	"strings"
)

// decimal gives the digits of a number that is not negative, before and behind
// the point, rounded as spreadsheets do: by the decimal digits, half of them up.
func decimal(v float64, decimals int) (whole, behind string) {
	var room [32]byte
	s := strconv.AppendFloat(room[:0], v, 'e', 14, 64) // d.dddddddddddddde±xx
	digits := make([]byte, 0, 64)
	digits = append(append(digits, s[0]), s[2:16]...)
	exponent, _ := strconv.Atoi(string(s[17:]))
	if exponent > 300 || decimals > 100 {
		return strconv.FormatFloat(v, 'f', 0, 64), ""
	}
	// The point stands behind so many digits.
	point := exponent + 1
	if v == 0 {
		point = 1
	}
	if point <= 0 {
		digits = append([]byte(strings.Repeat("0", 1-point)), digits...)
		point = 1
	}
	keep := point + decimals
	if keep < len(digits) {
		up := digits[keep] >= '5'
		digits = digits[:keep]
		for i := keep - 1; up && i >= 0; i-- {
			if digits[i]++; digits[i] <= '9' {
				up = false
			} else {
				digits[i] = '0'
			}
		}
		if up {
			digits = append([]byte{'1'}, digits...)
			point++
		}
	}
	if n := point + decimals - len(digits); n > 0 {
		if point > 15 { // digits beyond those that are kept are still those stored
			return strconv.FormatFloat(v, 'f', 0, 64), strings.Repeat("0", decimals)
		}
		digits = append(digits, strings.Repeat("0", n)...)
	}
	whole = strings.TrimLeft(string(digits[:point]), "0")
	return whole, string(digits[point:])
}

// appendNumber writes a number that is not negative.
func (s *formatSection) appendNumber(dst []byte, v float64) []byte {
	for range min(s.percents, 4) {
		v *= 100
	}
	for range min(s.thousands, 8) {
		v /= 1000
	}
	switch s.kind {
	case sectionGeneral:
		for _, t := range s.tokens {
			switch t.kind {
			case 'G':
				dst = appendGeneral(dst, v)
			case 'l':
				dst = append(dst, t.text...)
			}
		}
		return dst
	case sectionScientific:
		return s.appendScientific(dst, v)
	case sectionFraction:
		return s.appendFraction(dst, v)
	}
	whole, behind := decimal(v, s.decimals)
	return s.fill(dst, s.tokens, whole, behind)
}

// fill puts digits in the places of placeholders.
func (s *formatSection) fill(dst []byte, tokens []formatToken, whole, behind string) []byte {
	places, point := 0, false
	for _, t := range tokens {
		switch t.kind {
		case '.':
			point = true
		case '0', '#', '?':
			if !point {
				places++
			}
		}
	}
	last := len(behind)
	if last > 0 {
		// Zeros at the end are not written in the places of number signs.
		at := len(tokens) - 1
		for ; at >= 0 && last > 0 && tokens[at].kind != '.'; at-- {
			if k := tokens[at].kind; k == '#' && behind[last-1] == '0' {
				last--
			} else if k == '0' || k == '?' || k == '#' {
				break
			}
		}
	}
	first, left, point := true, places, false
	next := 0 // digit behind the point
	put := func(d byte, remaining int) {
		dst = append(dst, d)
		if s.grouped && remaining > 0 && remaining%3 == 0 {
			dst = append(dst, ',')
		}
	}
	wholeLeft := len(whole)
	for _, t := range tokens {
		switch t.kind {
		case 'l':
			dst = append(dst, t.text...)
		case '.':
			for ; places == 0 && wholeLeft > 0; wholeLeft-- {
				put(whole[len(whole)-wholeLeft], wholeLeft-1)
			}
			if last > 0 || len(behind) == 0 || hasZero(tokens) {
				dst = append(dst, '.')
			}
			point = true
		case '0', '#', '?':
			if point {
				if next < last {
					dst = append(dst, behind[next])
				} else if t.kind == '?' {
					dst = append(dst, ' ')
				}
				next++
				continue
			}
			if first {
				for ; wholeLeft > places; wholeLeft-- {
					put(whole[len(whole)-wholeLeft], wholeLeft-1)
				}
				first = false
			}
			switch {
			case wholeLeft >= left && wholeLeft > 0:
				put(whole[len(whole)-wholeLeft], wholeLeft-1)
				wholeLeft--
			case t.kind == '0':
				put('0', left-1)
			case t.kind == '?':
				dst = append(dst, ' ')
			}
			left--
		}
	}
	return dst
}

// hasZero tells whether a place behind the point is always written.
func hasZero(tokens []formatToken) bool {
	point := false
	for _, t := range tokens {
		if t.kind == '.' {
			point = true
		} else if point && t.kind == '0' {
			return true
		}
	}
	return false
}

func (s *formatSection) appendScientific(dst []byte, v float64) []byte {
	at, wide := 0, 0
	for at < len(s.tokens) && s.tokens[at].kind != 'E' {
		if k := s.tokens[at].kind; k == '.' {
			break
		} else if k == '0' || k == '#' || k == '?' {
			wide++
		}
		at++
	}
	for at < len(s.tokens) && s.tokens[at].kind != 'E' {
		at++
	}
	wide = max(wide, 1)
	decimals := 0
	for _, t := range s.tokens[:at] {
		if t.kind == '.' {
			decimals = 0
		} else if t.kind == '0' || t.kind == '#' || t.kind == '?' {
			decimals++
		}
	}
	if !hasToken(s.tokens[:at], '.') {
		decimals = 0
	}
	exponent := 0
	if v != 0 {
		exponent = int(math.Floor(math.Log10(v)))
		exponent -= ((exponent % wide) + wide) % wide
		v /= math.Pow(10, float64(exponent))
		if whole, _ := decimal(v, decimals); len(whole) > wide {
			v /= 10
			exponent++
		}
	}
	whole, behind := decimal(v, decimals)
	dst = s.fill(dst, s.tokens[:at], whole, behind)
	if at == len(s.tokens) {
		return dst
	}
	dst = append(dst, 'E')
	if exponent < 0 {
		dst = append(dst, '-')
		exponent = -exponent
	} else if s.tokens[at].text == "+" {
		dst = append(dst, '+')
	}
	plain := formatSection{}
	return plain.fill(dst, s.tokens[at+1:], strconv.Itoa(exponent), "")
}

// appendFraction writes a number as a whole one and a fraction.
func (s *formatSection) appendFraction(dst []byte, v float64) []byte {
	slash := 0
	for s.tokens[slash].kind != '/' {
		slash++
	}
	// Groups of placeholders in front: the whole number, and the numerator.
	groups, in := 0, false
	for _, t := range s.tokens[:slash] {
		is := t.kind == '0' || t.kind == '#' || t.kind == '?'
		if is && !in {
			groups++
		}
		in = is
	}
	width, fixed := 0, ""
	for _, t := range s.tokens[slash+1:] {
		switch {
		case t.kind == '0' || t.kind == '#' || t.kind == '?':
			width++
		case t.kind == 'l' && width == 0:
			fixed += strings.TrimSpace(t.text)
		}
	}
	whole := math.Floor(v)
	rest := v - whole
	if groups < 2 {
		whole, rest = 0, v
	}
	top, bottom := 0, 1
	if n, err := strconv.Atoi(fixed); err == nil && n > 0 && n < 1e6 {
		top, bottom = int(math.Round(min(rest, 1e9)*float64(n))), n
	} else {
		limit := int(math.Pow(10, float64(min(max(width, 1), 4)))) - 1
		top, bottom = fraction(min(rest, 1e9), limit)
	}
	if groups >= 2 && top == bottom {
		whole, top = whole+1, 0
	}
	if whole > 0 || top == 0 {
		dst = strconv.AppendFloat(dst, whole, 'f', 0, 64)
		if top == 0 {
			return dst
		}
		dst = append(dst, ' ')
	}
	dst = strconv.AppendInt(dst, int64(top), 10)
	dst = append(dst, '/')
	return strconv.AppendInt(dst, int64(bottom), 10)
}

// fraction gives the best fraction for a number that is not negative with a
// denominator up to a limit, by its continued fraction.
func fraction(v float64, limit int) (top, bottom int) {
	top, bottom = int(v), 1
	before, beforeBottom := 1, 0
	for x := v - math.Floor(v); x > 1e-9; {
		x = 1 / x
		a := int(min(x, 1e9))
		x -= math.Floor(x)
		if a*bottom+beforeBottom > limit {
			// The largest step that fits may still be nearer.
			a = (limit - beforeBottom) / bottom
			t, b := a*top+before, a*bottom+beforeBottom
			if b > 0 && math.Abs(v-float64(t)/float64(b)) < math.Abs(v-float64(top)/float64(bottom)) {
				top, bottom = t, b
			}
			break
		}
		top, bottom, before, beforeBottom = a*top+before, a*bottom+beforeBottom, top, bottom
	}
	return top, bottom
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}
)

// appendDate writes a number of days since the beginning of 1900, or of 1904, as
// date and time (ECMA-376, part 1, section 18.17.4). It refuses what is none.
func (s *formatSection) appendDate(dst []byte, v float64, from1904 bool) ([]byte, bool) {
	const last = 2958465 // the end of 9999
	if v < 0 || v > last+1 {
		return dst, false
	}
	unit := 1.0 // parts of a second that are shown
	for range min(s.parts, 3) {
		unit *= 10
	}
	ticks := math.Floor(v*86400*unit + 0.5)
	total := math.Floor(ticks / unit)
	parts := int(ticks - total*unit)
	days, seconds := int(total)/86400, int(total)%86400
	if from1904 {
		days += 1462
	}
	year, month, day := serialDate(days)
	hour := seconds / 3600
	behindPoint := false
	for _, t := range s.tokens {
		switch t.kind {
		case 'l', '/':
			if t.kind == '/' {
				dst = append(dst, '/')
			}
			dst = append(dst, t.text...)
		case '.':
			if s.parts > 0 {
				digits := strconv.Itoa(parts + int(unit))[1:]
				dst = append(append(dst, '.'), digits...)
			} else {
				dst = append(dst, '.')
			}
			behindPoint = true
		case '0', '#', '?':
			if !behindPoint {
				dst = append(dst, t.kind)
			}
		case 'd':
			n := len(t.text)
			switch t.text[0] {
			case 'y', 'e', 'b':
				if n <= 2 && t.text[0] == 'y' {
					dst = appendPadded(dst, year%100, 2)
				} else {
					dst = strconv.AppendInt(dst, int64(year), 10)
				}
			case 'm':
				switch {
				case n == 3:
					dst = append(dst, monthNames[month-1][:3]...)
				case n == 5:
					dst = append(dst, monthNames[month-1][:1]...)
				case n >= 4:
					dst = append(dst, monthNames[month-1]...)
				default:
					dst = appendPadded(dst, month, n)
				}
			case 'd':
				switch {
				case n == 3:
					dst = append(dst, dayNames[days%7][:3]...)
				case n >= 4:
					dst = append(dst, dayNames[days%7]...)
				default:
					dst = appendPadded(dst, day, n)
				}
			case 'h':
				h := hour
				if s.twelve {
					h = (hour+11)%12 + 1
				}
				dst = appendPadded(dst, h, min(n, 2))
			case 'n':
				dst = appendPadded(dst, seconds/60%60, min(n, 2))
			case 's':
				dst = appendPadded(dst, seconds%60, min(n, 2))
			case 'a':
				if hour < 12 {
					dst = append(dst, "AM"...)
				} else {
					dst = append(dst, "PM"...)
				}
			case '[':
				whole := int(total)
				switch t.text[1] {
				case 'h':
					whole /= 3600
				case 'm', 'n':
					whole /= 60
				}
				dst = appendPadded(dst, whole, min(n-1, 2))
			}
		}
	}
	return dst, true
}

func appendPadded(dst []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		if n < limit {
			dst = append(dst, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

// serialDate gives the date of a day. Day 60 is the 29th of February 1900, which
// there was not, and day 0 the one before the first.
func serialDate(days int) (year, month, day int) {
	switch {
	case days == 60:
		return 1900, 2, 29
	case days == 0:
		return 1900, 1, 0
	case days < 60:
		days++
	}
	// Days since the first of March of year 0, in eras of 400 years.
	z := days + 693899 // 1899-12-30
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

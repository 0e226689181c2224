package classify

import "unicode/utf8"

// An evidenceFunc appends to hits, in characters, what it finds in
// text[from:to] of a scan, in order.
type evidenceFunc func(s *scratch, hits []span, from, to int) []span

// evidenceFunctions are the names of all functions.
var evidenceFunctions = []string{"euDate", "expirationDate", "usDate"}

// evidenceFunction gives the function of a name, nil when there is none.
func evidenceFunction(name string) evidenceFunc {
	switch name {
	case "euDate":
		return euDate
	case "expirationDate":
		return expirationDate
	case "usDate":
		return usDate
	}
	return nil
}

// expirationDate finds the month and year of a card: MM/YY, MM/YYYY, the same
// with a dash, and an English name of a month with the year behind a blank, a
// dash, a slash or nothing.
func expirationDate(s *scratch, hits []span, from, to int) []span {
	return eachDate(s, hits, from, to, true, func(d dateReader) int {
		if !isDigit(d.text[d.at]) {
			if !d.month(englishMonth) {
				return 0
			}
			d.oneOf(" -/")
			return d.year()
		}
		n, digits := d.digits()
		if digits == 0 || digits > 2 || n < 1 || n > 12 || !d.oneOf("-/") {
			return 0
		}
		return d.year()
	})
}

// euDate finds a day with its month and year: day/month/year, the same with
// dashes or points, and the day with the name of a month in English, Dutch,
// French, German, Italian, Portuguese or Spanish, and the year.
func euDate(s *scratch, hits []span, from, to int) []span {
	return eachDate(s, hits, from, to, false, func(d dateReader) int {
		n, digits := d.digits()
		if digits == 0 || digits > 2 || n < 1 || n > 31 {
			return 0
		}
		if mark := d.at; d.oneOf("/-.") {
			if n, digits = d.digits(); digits > 0 {
				if digits > 2 || n < 1 || n > 12 || !d.oneOf(d.text[mark:mark+1]) {
					return 0
				}
				return d.year()
			}
			d.at = mark
		}
		for d.oneOf(" .-") {
		}
		if !d.month(europeanMonth) {
			return 0
		}
		for d.oneOf(" .,-") {
		}
		return d.year()
	})
}

// usDate finds a month, a day and a year: month/day/year, the same with dashes, and
// an English name of a month with the day, a comma or none, and the year.
func usDate(s *scratch, hits []span, from, to int) []span {
	return eachDate(s, hits, from, to, true, func(d dateReader) int {
		if !isDigit(d.text[d.at]) {
			if !d.month(englishMonth) {
				return 0
			}
			for d.oneOf(" .") {
			}
			if n, digits := d.digits(); digits == 0 || digits > 2 || n < 1 || n > 31 {
				return 0
			}
			for d.oneOf(" ,") {
			}
			return d.year()
		}
		n, digits := d.digits()
		mark := d.at
		if digits == 0 || digits > 2 || n < 1 || n > 12 || !d.oneOf("/-") {
			return 0
		}
		if n, digits = d.digits(); digits == 0 || digits > 2 || n < 1 || n > 31 || !d.oneOf(d.text[mark:mark+1]) {
			return 0
		}
		return d.year()
	})
}

// dateReader reads a date from left to right.
type dateReader struct {
	text string // ends where the window does
	at   int
}

// eachDate tries to read a date at the head of each word: of each with a digit, and
// where names says so, of those that begin as the name of a month does. read gives the
// octet behind it, 0 when there is none.
func eachDate(s *scratch, hits []span, from, to int, names bool, read func(d dateReader) int) []span {
	text, done := s.text[:to], from
	try := func(start int) {
		if start < done || isDigit(text[start]) && wordSize(text, start) > 4 || !dateBegins(s.text, start) {
			return
		}
		if end := read(dateReader{text: text, at: start}); end > 0 && dateEnds(s.text, end) {
			hits = append(hits, span{s.index.at(start), s.index.at(end)})
			done = end
		}
	}
	before := uint64(0) // whether a letter or digit stands before the next octets
	if from > 0 && isAlnum(text[from-1]) {
		before = 0x80
	}
	for i := from; i < to; i += 8 {
		var x uint64
		if i+8 <= to {
			x = load(text, i)
		} else {
			x = loadEnd(text, i)
		}
		digits, letters := digitBits(x), letterBits(x)
		heads := digits
		if names {
			heads |= letters
		}
		// No date begins with three digits.
		heads &^= (digits|letters)<<8 | before | digits&(digits>>8)&(digits>>16)
		for before = (digits | letters) >> 56; heads != 0; heads &= heads - 1 {
			if at := i + first(heads); isDigit(text[at]) {
				if at+2 >= to || !isDigit(text[at+1]) || !isDigit(text[at+2]) {
					try(at)
				}
			} else if at+1 < to && monthHeads[monthHead(text[at], text[at+1])] {
				try(at)
			}
		}
	}
	return hits
}

// wordSize counts the letters and digits from an octet on, up to eight.
func wordSize(text string, i int) int {
	_, n, _ := headKey(text, i)
	return n
}

// dateBegins tells whether a date may begin at an octet: not in a word, nor in a
// longer number or date.
func dateBegins(text string, i int) bool {
	if !edge(text, i) {
		return false
	}
	if i < 2 || !isDigit(text[i]) || !isDigit(text[i-2]) {
		return true
	}
	c := text[i-1]
	return c != '/' && c != '-' && c != '.'
}

// dateEnds tells whether a date may end at an octet, as dateBegins does, and not
// before a time: that is when something was written down, not a date of somebody
// or of a document.
func dateEnds(text string, i int) bool {
	if !edge(text, i) || timeFollows(text, i) {
		return false
	}
	if i+1 >= len(text) || !isDigit(text[i+1]) {
		return true
	}
	c := text[i]
	return c != '/' && c != '-' && c != '.'
}

// timeFollows tells whether an hour with its minute stands behind an octet and a
// blank or comma.
func timeFollows(text string, i int) bool {
	for n := i; i < len(text) && i < n+2 && (text[i] == ' ' || text[i] == ','); i++ {
	}
	hour := i
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	return i > hour && i <= hour+2 && i+2 < len(text) && text[i] == ':' && isDigit(text[i+1]) && isDigit(text[i+2])
}

// digits reads up to four digits and gives their value and how many they are;
// more than four count as none.
func (d *dateReader) digits() (n, count int) {
	for d.at < len(d.text) && isDigit(d.text[d.at]) {
		if count++; count > 4 {
			return 0, 0
		}
		n = n*10 + int(d.text[d.at]-'0')
		d.at++
	}
	return n, count
}

// year reads two digits, or four from 1900 to 2099, and gives the octet behind
// them, 0 when there are none.
func (d *dateReader) year() int {
	if n, count := d.digits(); count == 2 || count == 4 && n >= 1900 && n < 2100 {
		return d.at
	}
	return 0
}

func (d *dateReader) oneOf(chars string) bool {
	if d.at < len(d.text) {
		for i := range len(chars) {
			if d.text[d.at] == chars[i] {
				d.at++
				return true
			}
		}
	}
	return false
}

// Which languages a month's name is of.
const (
	englishMonth = 1 << iota
	europeanMonth
)

// month reads the name of a month.
func (d *dateReader) month(of uint8) bool {
	if len(d.text)-d.at < 3 || !monthHeads[monthHead(d.text[d.at], d.text[d.at+1])] {
		return false
	}
	var name [24]byte
	n, i := 0, d.at
	for i < len(d.text) && n <= len(name)-utf8.UTFMax {
		r, size := utf8.DecodeRuneInString(d.text[i:])
		if !isWord(r) || r <= '9' {
			break
		}
		n += utf8.EncodeRune(name[n:], fold(r))
		i += size
	}
	if months[string(name[:n])]&of == 0 {
		return false
	}
	d.at = i
	return true
}

// monthHeads says, by monthHead, with what a name of a month may begin, so that
// few other words need to be looked up.
var monthHeads = func() (t [1 << 10]bool) {
	for name := range months {
		t[monthHead(name[0], name[1])] = true
	}
	return t
}()

// monthHead gives a number for two octets that is the same in either case.
func monthHead(a, b byte) int { return int(a&31)<<5 | int(b&31) }

// months are names of months and their short forms, folded.
var months = func() map[string]uint8 {
	m := map[string]uint8{}
	for _, names := range []struct {
		of    uint8
		names []string
	}{
		{englishMonth | europeanMonth, []string{
			"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
			"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		}},
		{europeanMonth, []string{ // Dutch
			"januari", "februari", "maart", "mei", "juni", "juli", "augustus", "oktober", "mrt", "okt",
		}},
		{europeanMonth, []string{ // French
			"janvier", "février", "fevrier", "mars", "avril", "mai", "juin", "juillet", "août", "aout", "septembre", "octobre",
			"novembre", "décembre", "decembre", "janv", "févr", "fevr", "fév", "avr", "juil", "déc",
		}},
		{europeanMonth, []string{ // German
			"januar", "jänner", "februar", "märz", "maerz", "mai", "juni", "juli", "dezember", "mär", "mrz", "dez",
		}},
		{europeanMonth, []string{ // Italian
			"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "dicembre",
			"gen", "mag", "giu", "lug", "ago", "set", "ott", "dic",
		}},
		{europeanMonth, []string{ // Portuguese
			"janeiro", "fevereiro", "março", "marco", "abril", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
			"fev", "abr", "mai", "out",
		}},
		{europeanMonth, []string{ // Spanish
			"enero", "febrero", "mayo", "junio", "julio", "septiembre", "setiembre", "octubre", "noviembre", "diciembre", "ene",
		}},
	} {
		for _, name := range names.names {
			m[name] |= names.of
		}
	}
	return m
}()

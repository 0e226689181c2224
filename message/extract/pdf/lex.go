package pdf

import (
	"bytes"
	"strconv"
)

// lexer reads objects from octets (ISO 32000-2, section 7.2). Whatever the octets
// are, it goes on to their end.
type lexer struct {
	data []byte
	pos  int
	refs bool // "1 0 R" is a reference, as it is outside of content streams
	deep int
	made int // values so far
}

// mostDeep is how deep arrays and dictionaries may be nested.
const mostDeep = 100

const (
	regular = iota
	white
	delimiter
)

var classes = func() (t [256]uint8) {
	for _, c := range "\x00\t\n\f\r " {
		t[c] = white
	}
	for _, c := range "()<>[]{}/%" {
		t[c] = delimiter
	}
	return t
}()

// skip passes over white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		switch {
		case classes[c] == white:
			l.pos++
		case c == '%':
			end := bytes.IndexAny(l.data[l.pos:], "\r\n")
			if end < 0 {
				l.pos = len(l.data)
				return
			}
			l.pos += end
		default:
			return
		}
	}
}

// value reads the next object or keyword.
func (l *lexer) value() any {
	l.skip()
	if l.pos >= len(l.data) || l.made >= mostValues {
		return done{}
	}
	l.made++
	c := l.data[l.pos]
	switch c {
	case '/':
		return l.name()
	case '(':
		return l.literal()
	case '<':
		if l.at(1) == '<' {
			l.pos += 2
			return l.dictionary()
		}
		return l.hex()
	case '>':
		if l.at(1) == '>' {
			l.pos += 2
			return keyword(">>")
		}
		l.pos++
		return keyword(">")
	case '[':
		l.pos++
		return l.list()
	case ']', '{', '}', ')':
		l.pos++
		return keyword(l.data[l.pos-1 : l.pos])
	}
	if c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		if n, ok := l.number(); ok {
			if l.refs && n >= 0 && n == float64(int(n)) && c != '.' {
				if gen, is := l.reference(); is {
					return ref{int(n), gen}
				}
			}
			return n
		}
	}
	switch word := l.word(); string(word) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		return keyword(word)
	}
}

func (l *lexer) at(i int) byte {
	if l.pos+i < len(l.data) {
		return l.data[l.pos+i]
	}
	return 0
}

// word reads what stands up to white space or a delimiter.
func (l *lexer) word() []byte {
	begin := l.pos
	for l.pos < len(l.data) && classes[l.data[l.pos]] == regular {
		l.pos++
	}
	if l.pos == begin {
		l.pos++ // never stand still
	}
	return l.data[begin:l.pos]
}

// number reads a number as leniently as readers do: signs may be doubled or stand
// within. It does not move when there is none.
func (l *lexer) number() (float64, bool) {
	begin, i := l.pos, l.pos
	negative := false
	for i < len(l.data) && (l.data[i] == '-' || l.data[i] == '+') {
		negative = l.data[i] == '-'
		i++
	}
	n, scale, digits, point := 0.0, 1.0, 0, false
	for ; i < len(l.data); i++ {
		switch c := l.data[i]; {
		case c >= '0' && c <= '9':
			digits++
			if point {
				scale /= 10
				n += float64(c-'0') * scale
			} else if n < 1e18 {
				n = n*10 + float64(c-'0')
			}
			continue
		case c == '.' && !point:
			point = true
			continue
		case c == '-' && digits > 0:
			continue
		}
		break
	}
	if digits == 0 && !point || i < len(l.data) && classes[l.data[i]] == regular && digits == 0 {
		l.pos = begin
		return 0, false
	}
	l.pos = i
	if negative {
		n = -n
	}
	return n, true
}

// reference reads the generation and the R of a reference, or does not move.
func (l *lexer) reference() (gen int, ok bool) {
	begin := l.pos
	for l.pos < len(l.data) && classes[l.data[l.pos]] == white {
		l.pos++
	}
	digits := l.pos
	for l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' && l.pos-digits < 10 {
		gen = gen*10 + int(l.data[l.pos]-'0')
		l.pos++
	}
	if l.pos > digits {
		blank := l.pos
		for l.pos < len(l.data) && classes[l.data[l.pos]] == white {
			l.pos++
		}
		if l.pos > blank && l.at(0) == 'R' && classes[l.at(1)] != regular {
			l.pos++
			return gen, true
		}
	}
	l.pos = begin
	return 0, false
}

// name reads a name (section 7.3.5).
func (l *lexer) name() name {
	l.pos++
	begin := l.pos
	for l.pos < len(l.data) && classes[l.data[l.pos]] == regular {
		l.pos++
	}
	raw := l.data[begin:l.pos]
	if bytes.IndexByte(raw, '#') < 0 {
		return name(raw)
	}
	clean := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]) {
			clean = append(clean, hexDigit(raw[i+1])<<4|hexDigit(raw[i+2]))
			i += 2
			continue
		}
		clean = append(clean, raw[i])
	}
	return name(clean)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexDigit(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// literal reads a string in parentheses (section 7.3.4.2).
func (l *lexer) literal() string {
	l.pos++
	var out []byte
	for open := 1; l.pos < len(l.data); l.pos++ {
		c := l.data[l.pos]
		switch c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				l.pos++
				return string(out)
			}
		case '\r':
			if l.at(1) == '\n' {
				l.pos++
			}
			c = '\n'
		case '\\':
			l.pos++
			if l.pos >= len(l.data) {
				return string(out)
			}
			switch c = l.data[l.pos]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case '\n':
				continue
			case '\r':
				if l.at(1) == '\n' {
					l.pos++
				}
				continue
			case '0', '1', '2', '3', '4', '5', '6', '7':
				n := int(c - '0')
				for i := 0; i < 2 && l.at(1) >= '0' && l.at(1) <= '7'; i++ {
					l.pos++
					n = n<<3 | int(l.data[l.pos]-'0')
				}
				c = byte(n)
			}
		}
		out = append(out, c)
	}
	return string(out)
}

// hex reads a string of hexadecimal digits (section 7.3.4.3).
func (l *lexer) hex() string {
	l.pos++
	var out []byte
	half, high := false, byte(0)
	for ; l.pos < len(l.data); l.pos++ {
		c := l.data[l.pos]
		if c == '>' {
			l.pos++
			break
		}
		if !isHex(c) {
			continue
		}
		if half = !half; half {
			high = hexDigit(c) << 4
		} else {
			out = append(out, high|hexDigit(c))
		}
	}
	if half {
		out = append(out, high)
	}
	return string(out)
}

// list reads an array, whose bracket was read.
func (l *lexer) list() any {
	if l.deep >= mostDeep {
		return nil
	}
	l.deep++
	defer func() { l.deep-- }()
	var a array
	for {
		switch v := l.value().(type) {
		case done:
			return a
		case keyword:
			switch v {
			case "]":
				return a
			case "endobj", "endstream", ">>":
				l.pos -= len(v) // the bracket is missing
				return a
			}
			a = append(a, nil)
		default:
			a = append(a, v)
		}
	}
}

// dictionary reads a dictionary, whose brackets were read. Of a key that stands
// there twice, the last counts.
func (l *lexer) dictionary() any {
	if l.deep >= mostDeep {
		return nil
	}
	l.deep++
	defer func() { l.deep-- }()
	d := dict{}
	for {
		switch key := l.value().(type) {
		case done:
			return d
		case keyword:
			switch key {
			case ">>":
				return d
			case "endobj", "stream", "endstream":
				l.pos -= len(key)
				return d
			}
		case name:
			switch v := l.value().(type) {
			case done:
				return d
			case keyword:
				switch v {
				case ">>":
					return d
				case "endobj", "stream", "endstream":
					l.pos -= len(v)
					return d
				}
			default:
				if v != nil {
					d[key] = v
				}
			}
		}
	}
}

// objectHeader reads "12 0 obj" at the position, or does not move.
func (l *lexer) objectHeader() (r ref, ok bool) {
	begin := l.pos
	if r.num, ok = l.integer(); ok {
		if r.gen, ok = l.integer(); ok {
			l.skip()
			if bytes.HasPrefix(l.data[l.pos:], []byte("obj")) {
				l.pos += len("obj")
				return r, true
			}
		}
	}
	l.pos = begin
	return ref{}, false
}

// integer reads digits.
func (l *lexer) integer() (int, bool) {
	l.skip()
	begin := l.pos
	for l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' {
		l.pos++
	}
	n, err := strconv.Atoi(string(l.data[begin:min(l.pos, begin+20)]))
	if err != nil {
		n = -1 // of no object, but an object all the same
	}
	return n, l.pos > begin
}

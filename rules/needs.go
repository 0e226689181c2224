package rules

import (
	"bytes"
	"encoding/binary"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// needs are pieces of text in small letters, one of which stands in all that a
// pattern matches; without any, nothing is known of the pattern. Looking for them
// is many times faster than the pattern, and few texts have one.
type needs []string

// mostNeeds bounds the pieces that are looked for in place of one pattern.
const mostNeeds = 8

// neededBy gives what a pattern needs.
func neededBy(re *syntax.Regexp) needs {
	switch re.Op {
	case syntax.OpLiteral:
		return literalNeeds(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return neededBy(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return neededBy(re.Sub[0])
		}
	case syntax.OpConcat:
		var best needs
		for _, sub := range re.Sub {
			if n := neededBy(sub); n.better(best) {
				best = n
			}
		}
		return best
	case syntax.OpAlternate:
		var all needs
		for _, sub := range re.Sub {
			n := neededBy(sub)
			if n == nil || len(all)+len(n) > mostNeeds {
				return nil
			}
			all = append(all, n...)
		}
		return all
	}
	return nil
}

// literalNeeds gives a literal in small letters, when it is of ASCII and long
// enough to be rare.
func literalNeeds(literal []rune) needs {
	for _, c := range literal {
		if c >= utf8.RuneSelf {
			return nil
		}
	}
	if len(literal) < 2 {
		return nil
	}
	return needs{strings.ToLower(string(literal))}
}

// better tells whether n is rarer in texts than other: its shortest piece is
// longer.
func (n needs) better(other needs) bool { return n.shortest() > other.shortest() }

func (n needs) shortest() int {
	if n == nil {
		return 0
	}
	least := len(n[0])
	for _, s := range n {
		least = min(least, len(s))
	}
	return least
}

// smallText is a text in small letters, as far as ASCII goes.
type smallText struct {
	text []byte
	room *[]byte
	// odd is set where characters stand that are small letters of ASCII when case
	// is passed over: nothing is known then.
	odd bool
	// ascii is set where all characters are of ASCII.
	ascii bool
}

var smallRooms = sync.Pool{New: func() any { return new([]byte) }}

// keptRoom bounds what is kept for the next text, in octets.
const keptRoom = 1 << 20

// lowered gives a text in small letters. It is to be released.
func lowered(text string) smallText {
	if strings.Contains(text, "\u212a") || strings.Contains(text, "\u017f") {
		return smallText{odd: true}
	}
	room := smallRooms.Get().(*[]byte)
	var beyond bool
	*room, beyond = appendLower((*room)[:0], text)
	return smallText{text: *room, room: room, ascii: !beyond}
}

func (s smallText) release() {
	if s.room != nil && cap(*s.room) <= keptRoom {
		smallRooms.Put(s.room)
	}
}

// maybe tells whether a pattern may match in a text: it is false only where it
// cannot.
func (n needs) maybe(s smallText) bool {
	if n == nil || s.odd {
		return true
	}
	for _, need := range n {
		if bytes.Contains(s.text, []byte(need)) {
			return true
		}
	}
	return false
}

// appendLower appends a text with the capitals of ASCII made small. It tells
// whether there are characters beyond ASCII.
func appendLower(to []byte, text string) (out []byte, beyond bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	start := len(to)
	to = append(to, text...)
	rest := to[start:]
	seen := uint64(0)
	for ; len(rest) >= 8; rest = rest[8:] {
		x := binary.LittleEndian.Uint64(rest)
		seen |= x
		low := x &^ highs
		capitals := (low + (0x80-'A')*ones) &^ (low + (0x80-'Z'-1)*ones) &^ x & highs
		binary.LittleEndian.PutUint64(rest, x|capitals>>2)
	}
	for i, c := range rest {
		seen |= uint64(c)
		if 'A' <= c && c <= 'Z' {
			rest[i] = c + 'a' - 'A'
		}
	}
	return to, seen&highs != 0
}

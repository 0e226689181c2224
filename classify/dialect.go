package classify

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/strictyaml"
)

// regex reads a regular expression.
func (r *typeReader) regex(e strictyaml.Entry) *expression {
	text, ok := r.Text(e.Value, e.Field)
	if !ok {
		return nil
	}
	if n := utf8.RuneCountInString(text); n > maxRegex {
		r.Errorf(e.Value, e.Field, "divide it into several", "the regular expression has %d characters; %d are allowed", n, maxRegex)
		return nil
	}
	if r.custom {
		if m := refusedIn(text); m != nil {
			at := *e.Value
			at.Column += utf8.RuneCountInString(text[:m.at])
			if e.Value.Style != 0 {
				at.Column++ // the quotation mark
			}
			r.Errorf(&at, e.Field, m.write, "%s", m.what)
			return nil
		}
	}
	x, err := compileExpression(text)
	if err != nil {
		var se *syntax.Error
		what := err.Error()
		if errors.As(err, &se) {
			what = fmt.Sprintf("%s: `%s`", se.Code, se.Expr)
		}
		r.Errorf(e.Value, e.Field, "write an expression as RE2 takes it", "the regular expression cannot be used: %s", what)
		return nil
	}
	if x.re.MatchString("") {
		r.Errorf(e.Value, e.Field, "write what a value must have", "the regular expression takes the empty text")
		return nil
	}
	return x
}

// refusal is a construct of a regular expression that Purview's upload checks or
// linear time forbid.
type refusal struct {
	at          int // octet of the expression
	what, write string
}

// refusedIn finds the first refused construct: what Purview's upload checks
// refuse, and what cannot be matched in time linear in the text.
func refusedIn(s string) *refusal {
	p := dialect{s: s}
	p.read()
	return p.bad
}

// dialect goes over an expression from left to right.
type dialect struct {
	s     string
	i     int
	bad   *refusal
	depth int
}

func (p *dialect) refuse(at int, what, write string) {
	if p.bad == nil {
		p.bad = &refusal{at, what, write}
	}
}

func (p *dialect) read() {
	if strings.HasPrefix(p.s, "|") {
		p.refuse(0, "the expression begins with `|`", "take it away, or write what stands before it")
	}
	if n := len(p.s); strings.HasSuffix(p.s, "|") && !strings.HasSuffix(p.s, `\|`) {
		p.refuse(n-1, "the expression ends with `|`", "take it away, or write what stands behind it")
	}
	atom := -1 // where the last atom begins
	dot := false
	for p.i < len(p.s) && p.bad == nil {
		start := p.i
		switch c := p.s[p.i]; c {
		case '\\':
			p.escape()
			atom, dot = start, false
		case '[':
			p.class()
			atom, dot = start, false
		case '(':
			p.open()
			p.depth++
			atom, dot = -1, false
		case ')':
			p.i++
			p.depth--
			p.groupEnd()
			atom, dot = -1, false
		case '*', '+', '?', '{':
			p.repeat(atom, dot)
		default:
			_, size := utf8.DecodeRuneInString(p.s[p.i:])
			p.i += size
			atom, dot = start, c == '.'
		}
	}
}

func (p *dialect) escape() {
	start := p.i
	p.i++
	if p.i >= len(p.s) {
		return
	}
	c := p.s[p.i]
	switch {
	case c >= '1' && c <= '9':
		p.refuse(start, fmt.Sprintf("`\\%c` refers back to a group, which cannot be matched in linear time", c), "write out what the group may hold, or use two types")
	case c == 'k' || c == 'g':
		p.refuse(start, fmt.Sprintf("`\\%c` refers to a group, which cannot be matched in linear time", c), "write out what the group may hold")
	case c == 'Q':
		if end := strings.Index(p.s[p.i:], `\E`); end >= 0 {
			p.i += end + 2
		} else {
			p.i = len(p.s)
		}
		return
	}
	_, size := utf8.DecodeRuneInString(p.s[p.i:])
	p.i += size
}

func (p *dialect) class() {
	p.i++
	if p.i < len(p.s) && p.s[p.i] == '^' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
	}
	for p.i < len(p.s) && p.s[p.i] != ']' {
		switch {
		case p.s[p.i] == '\\':
			p.i++
		case strings.HasPrefix(p.s[p.i:], "[:"):
			if end := strings.Index(p.s[p.i:], ":]"); end > 0 {
				p.i += end + 1
			}
		}
		p.i++
	}
	p.i = min(p.i+1, len(p.s))
}

func (p *dialect) open() {
	start := p.i
	rest := p.s[p.i:]
	for _, x := range []struct{ sign, what, write string }{
		{"(?=", "`(?=` looks ahead", "write what follows as part of the expression and the value as a group, or use the filter `followedBy`"},
		{"(?!", "`(?!` looks ahead", "use the filter `notFollowedBy`"},
		{"(?<=", "`(?<=` looks behind", "write what stands before as part of the expression and the value as a group, or use the filter `precededBy`"},
		{"(?<!", "`(?<!` looks behind", "use the filter `notPrecededBy`"},
		{"(?>", "`(?>` is an atomic group", "write `(?:`"},
		{"(?R", "`(?R` repeats the expression inside itself", "write it out"},
		{"(?#", "`(?#` is a comment", "take it away, or write it behind a `#` of the file"},
	} {
		if strings.HasPrefix(rest, x.sign) {
			p.refuse(start, x.what+", which is not supported", x.write)
		}
	}
	p.i++
	if strings.HasPrefix(p.s[p.i:], "?") {
		if end := strings.IndexAny(p.s[p.i:], ":>)"); end >= 0 {
			if p.s[p.i+end] == ')' {
				end-- // flags only
			}
			p.i += end + 1
		}
	}
}

// groupEnd looks at what stands behind a group.
func (p *dialect) groupEnd() {
	at := p.i
	lo, hi, ok := p.quantifier()
	switch {
	case ok && hi < 0:
		p.refuse(at, "a group is repeated without a bound", "write a bound, as in `{2,20}`")
	case ok && p.depth > 0 && p.s[at] == '{' && lo <= 1 && hi != lo:
		p.refuseInside(at)
	}
}

func (p *dialect) refuseInside(at int) {
	p.refuse(at, fmt.Sprintf("`%s` stands inside a group", p.s[at:p.i]), "write it outside of the group, or `?` for each that may be missing")
}

// repeat looks at a repeater behind an atom.
func (p *dialect) repeat(atom int, dot bool) {
	at := p.i
	lo, hi, ok := p.quantifier()
	if !ok {
		p.i++
		return
	}
	if atom < 0 {
		return // of no effect here, or a mistake the compiler tells
	}
	shown := p.s[atom:p.i]
	if p.depth > 0 {
		brace := p.s[at] == '{'
		switch {
		case dot && lo <= 1 && (hi < 0 || brace):
			p.refuse(atom, fmt.Sprintf("`%s` stands inside a group", shown), "write it outside of the group, or name the characters, as in `[a-z]{2,9}`")
		case brace && lo <= 1 && hi != lo:
			p.refuseInside(at)
		}
		return
	}
	if dot && lo <= 1 && hi != lo && (atom == 0 || p.i == len(p.s)) && (hi < 0 || p.s[at] == '{') {
		p.refuse(atom, fmt.Sprintf("`%s` stands at an end of the expression and takes anything", shown), "take it away")
	}
}

// quantifier reads a repeater; hi is -1 for no bound.
func (p *dialect) quantifier() (lo, hi int, ok bool) {
	if p.i >= len(p.s) {
		return 0, 0, false
	}
	switch p.s[p.i] {
	case '*':
		lo, hi = 0, -1
	case '+':
		lo, hi = 1, -1
	case '?':
		lo, hi = 0, 1
	case '{':
		end := strings.IndexByte(p.s[p.i:], '}')
		if end < 0 {
			return 0, 0, false
		}
		inside := p.s[p.i+1 : p.i+end]
		if n, err := fmt.Sscanf(inside, "%d", &lo); n != 1 || err != nil {
			return 0, 0, false
		}
		hi = lo
		if _, after, ranged := strings.Cut(inside, ","); ranged {
			hi = -1
			if after != "" {
				if n, err := fmt.Sscanf(after, "%d", &hi); n != 1 || err != nil {
					return 0, 0, false
				}
			}
		}
		p.i += end
	default:
		return 0, 0, false
	}
	p.i++
	if p.i < len(p.s) {
		switch p.s[p.i] {
		case '?':
			p.i++
		case '+':
			p.refuse(p.i, "the second `+` makes the repeater possessive, which is not supported", "take it away")
			p.i++
		}
	}
	return lo, hi, true
}

package rules

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shorthand reads an escape that stands for a set of characters, and gives the
// set as it is written inside a class of RE2.
func (p *dotnet) shorthand() (set string, ok bool) {
	rest := p.s[p.i:]
	scripts, ascii := "", ""
	switch rest[1] {
	case 'd':
		if !p.outside {
			p.digits = true
			p.i += 2
			return `0-9`, true
		}
		// What is not a digit is none of any script.
		scripts, ascii = `\p{Nd}`, `0-9`
	case 'D':
		scripts, ascii = `\P{Nd}`, `\D`
	case 'w':
		scripts, ascii = wordSet, `\w`
	case 'W':
		scripts, ascii = notWordSet, `\W`
	case 's':
		scripts, ascii = spaceSet, `\t-\r `
	case 'S':
		scripts, ascii = notSpaceSet, `!-~\x{0}-\x{8}\x{e}-\x{1f}\x{7f}`
	case 'h':
		scripts, ascii = `\t\p{Zs}`, `\t `
	case 'p', 'P':
		return p.category(rest)
	default:
		return "", false
	}
	p.i += 2
	if p.scripts = true; p.ascii {
		return ascii, true
	}
	return scripts, true
}

// category reads \p{…}: a general category, a script, or a block as .NET names
// them.
func (p *dotnet) category(rest string) (string, bool) {
	end := strings.IndexByte(rest, '}')
	if !strings.HasPrefix(rest[2:], "{") || end < 0 {
		if len(rest) > 2 && unicode.Categories[rest[2:3]] != nil {
			p.i += 3
			return rest[:3], true
		}
		p.refuse("a `"+rest[:2]+"` without a name", "write it as `\\p{Lu}`")
		return "", true
	}
	name := rest[3:end]
	p.i += end + 1
	if b, ok := blocks[name]; ok {
		set := fmt.Sprintf(`\x{%x}-\x{%x}`, b[0], b[1])
		if rest[1] == 'P' {
			set = complementOf(set)
		}
		return set, true
	}
	if _, err := syntax.Parse(`[\p{`+name+`}]`, syntax.Perl); err != nil {
		p.refuse("the set of characters `"+rest[:end+1]+"`, which is not known", "write a category as `\\p{Lu}`, a block as `\\p{IsCyrillic}` or a range as `[а-я]`")
	}
	return rest[:end+1], true
}

// class reads a class behind its `[` and gives it as RE2 writes it.
func (p *dotnet) class() string {
	negated := p.take('^')
	before := p.outside
	p.outside = before || negated
	defer func() { p.outside = before }()
	var b strings.Builder
	minus := "" // the class that is taken away
	for first := true; ; first = false {
		if p.i >= len(p.s) {
			p.refuse("a `[` without its `]`", "write `\\[` for the character")
			return ""
		}
		if p.s[p.i] == ']' && !first {
			p.i++
			break
		}
		if !first && strings.HasPrefix(p.s[p.i:], "-[") && !strings.HasPrefix(p.s[p.i:], "-[:") {
			p.i += 2
			p.outside = true
			if minus = p.class(); !p.take(']') {
				p.refuse("a class (`-[`) that is taken away before the end", "write it last, as in `[a-z-[aeiou]]`")
				return ""
			}
			break
		}
		p.member(&b)
		if p.bad != nil {
			return ""
		}
	}
	text := "[" + b.String() + "]"
	if negated {
		text = "[^" + b.String() + "]"
	}
	if minus == "" {
		return text
	}
	left := without(runesOf(text), runesOf(minus))
	if len(left) == 0 {
		return `[^\x{0}-\x{10ffff}]`
	}
	return "[" + rangeText(left) + "]"
}

func (p *dotnet) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// member reads a character, a range or a set of a class.
func (p *dotnet) member(b *strings.Builder) {
	rest := p.s[p.i:]
	if strings.HasPrefix(rest, "[:") {
		if end := strings.Index(rest, ":]"); end > 0 {
			b.WriteString(rest[:end+2])
			p.i += end + 2
			return
		}
	}
	from, set := p.one()
	if p.bad != nil {
		return
	}
	if set != "" {
		b.WriteString(set)
		return
	}
	// A dash before the end, or before a class that is taken away, is a dash.
	rest = p.s[p.i:]
	if len(rest) < 2 || rest[0] != '-' || rest[1] == ']' || rest[1] == '[' {
		b.WriteString(runeText(from))
		return
	}
	p.i++
	to, set := p.one()
	switch {
	case p.bad != nil:
	case set != "" || to < from:
		p.refuse("a range that is none (`"+clipped(string(from)+rest, 4)+"`)", "write it from the lesser to the greater character, as in `a-z`")
	default:
		b.WriteString(runeText(from) + "-" + runeText(to))
	}
}

// one reads one character of a class, or an escape that is a set.
func (p *dotnet) one() (c rune, set string) {
	rest := p.s[p.i:]
	if rest[0] != '\\' {
		c, size := utf8.DecodeRuneInString(rest)
		p.i += size
		return c, ""
	}
	if len(rest) < 2 {
		p.refuse("a `[` without its `]`", "write `\\[` for the character")
		return 0, ""
	}
	if rest[1] == 'b' {
		p.i += 2
		return '\b', ""
	}
	if set, ok := p.shorthand(); ok {
		return 0, set
	}
	c, _ = p.character()
	return c, ""
}

// runesOf gives the ranges of a class, capital and small letters alike.
func runesOf(class string) []rune {
	re, err := syntax.Parse("(?i)"+class, syntax.Perl)
	if err != nil {
		return nil
	}
	switch re.Op {
	case syntax.OpCharClass:
		return re.Rune
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	case syntax.OpLiteral:
		var pairs []rune
		for c := re.Rune[0]; ; {
			pairs = append(pairs, c, c)
			if c = unicode.SimpleFold(c); c == re.Rune[0] || re.Flags&syntax.FoldCase == 0 {
				break
			}
		}
		return sorted(pairs)
	}
	return nil
}

// sorted puts ranges in order.
func sorted(pairs []rune) []rune {
	list := make([][2]rune, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, [2]rune{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(list, func(a, b [2]rune) int { return int(a[0]) - int(b[0]) })
	pairs = pairs[:0]
	for _, r := range list {
		pairs = append(pairs, r[0], r[1])
	}
	return pairs
}

// without gives the characters of ranges a that are not in ranges b, both in
// order.
func without(a, b []rune) []rune {
	var out []rune
	for i := 0; i+1 < len(a); i += 2 {
		from, to := a[i], a[i+1]
		for j := 0; j+1 < len(b) && from <= to; j += 2 {
			if b[j+1] < from || b[j] > to {
				continue
			}
			if b[j] > from {
				out = append(out, from, b[j]-1)
			}
			from = b[j+1] + 1
		}
		if from <= to {
			out = append(out, from, to)
		}
	}
	return out
}

// notWordSet and notSpaceSet are all other characters.
var notWordSet, notSpaceSet = complementOf(wordSet), complementOf(spaceSet)

// complementOf gives the characters a set has not, as they are written in a
// class.
func complementOf(set string) string {
	re, err := syntax.Parse("[^"+set+"]", syntax.Perl)
	if err != nil {
		return ""
	}
	return rangeText(re.Rune)
}

func rangeText(pairs []rune) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, `\x{%x}-\x{%x}`, pairs[i], pairs[i+1])
	}
	return b.String()
}

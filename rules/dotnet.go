package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// dotnet turns a regular expression as .NET writes it, which is how Exchange
// reads patterns, into one of RE2: what means something else there or is not
// known there is written in another way, and what no engine of linear time has is
// refused. Groups capture nothing: only whether a pattern matches is asked.
type dotnet struct {
	s      string
	i      int
	out    strings.Builder
	groups int // that capture and have no name
	// digits is set where `\d` stands for the digits of all scripts.
	digits bool
	// outside is set while a class is read whose characters are those not meant.
	outside bool
	// edges is set where the pattern asks for the edge of a word.
	edges bool
	// cased is set where the pattern says itself whether capitals matter.
	cased bool
	// ascii maps for texts of ASCII alone; scripts is set where the pattern is
	// another one for other texts.
	ascii, scripts bool
	bad            *unmapped
}

// unmapped is a construct that is refused, and what to write in its place.
type unmapped struct{ what, write string }

func (u *unmapped) Error() string { return u.what }

// options are those that change how a pattern is read, until their group ends.
type options struct {
	spaced bool // x: blanks and comments say nothing
	lines  bool // m: ^ and $ stand for those of lines
}

// Characters as .NET understands them: letters, marks, digits and connecting
// punctuation of all scripts, and white space. wordSet is exact up to U+07FF;
// beyond, it has the punctuation that people write between words left out.
const (
	wordSet = `0-9A-Z_a-z\x{aa}\x{b5}\x{ba}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{2c1}\x{2c6}-\x{2d1}\x{2e0}-\x{2e4}\x{2ec}\x{2ee}\x{300}-\x{374}\x{376}-\x{37d}\x{37f}-\x{383}` +
		`\x{386}\x{388}-\x{3f5}\x{3f7}-\x{481}\x{483}-\x{487}\x{48a}-\x{559}\x{560}-\x{588}\x{591}-\x{5bd}\x{5bf}\x{5c1}-\x{5c2}\x{5c4}-\x{5c5}\x{5c7}-\x{5f2}\x{610}-\x{61a}` +
		`\x{620}-\x{669}\x{66e}-\x{6d3}\x{6d5}-\x{6dc}\x{6df}-\x{6e8}\x{6ea}-\x{6fc}\x{6ff}\x{710}-\x{7f5}\x{7fa}-\x{7fd}\x{800}-\x{82f}\x{83f}-\x{85d}\x{85f}-\x{963}\x{966}-\x{96f}\x{971}-\x{e3e}\x{e40}-\x{e4e}\x{e50}-\x{e59}\x{e5c}-\x{f00}` +
		`\x{f15}-\x{1049}\x{1050}-\x{135f}\x{1369}-\x{13ff}\x{1401}-\x{167f}\x{1681}-\x{169a}\x{169d}-\x{16ea}\x{16ee}-\x{17d3}\x{17d7}\x{17dc}-\x{17ff}\x{180b}-\x{1fbc}\x{1fbe}\x{1fc2}-\x{1fcc}\x{1fd0}-\x{1fdc}\x{1fe0}-\x{1fec}\x{1ff2}-\x{1ffc}` +
		`\x{203f}-\x{2040}\x{2054}\x{2071}\x{207f}-\x{2089}\x{2090}-\x{209f}\x{20d0}-\x{20ff}\x{2102}-\x{2121}\x{2124}-\x{2139}\x{213c}-\x{213f}\x{2145}-\x{2149}\x{214e}\x{2183}-\x{2184}\x{2c00}-\x{2dff}\x{2e2f}` +
		`\x{3005}-\x{3006}\x{302a}-\x{302f}\x{3031}-\x{3035}\x{303b}-\x{303c}\x{3041}-\x{309a}\x{309d}-\x{309f}\x{30a1}-\x{30fa}\x{30fc}-\x{318f}\x{31a0}-\x{31ef}\x{31f0}-\x{31ff}\x{3400}-\x{d7ff}` +
		`\x{f900}-\x{fd3d}\x{fd50}-\x{fdfb}\x{fe00}-\x{fe0f}\x{fe20}-\x{fe2f}\x{fe33}-\x{fe34}\x{fe4d}-\x{fe4f}\x{fe70}-\x{fefe}\x{ff10}-\x{ff19}\x{ff21}-\x{ff3a}\x{ff3f}\x{ff41}-\x{ff5a}\x{ff66}-\x{ffdf}` +
		`\x{10000}-\x{100ff}\x{10140}-\x{1cfff}\x{1d165}-\x{1d169}\x{1d16d}-\x{1d172}\x{1d17b}-\x{1d182}\x{1d185}-\x{1d18b}\x{1d1aa}-\x{1d1ad}\x{1d242}-\x{1d244}\x{1d400}-\x{1efff}\x{1fbf0}-\x{1fbf9}\x{20000}-\x{3ffff}\x{e0100}-\x{e01ef}`
	spaceSet = `\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
)

// mapPattern maps a pattern of .NET, for texts of ASCII or for all.
func mapPattern(s string, ascii bool) (*dotnet, error) {
	p := &dotnet{s: s, groups: countGroups(s), ascii: ascii}
	p.sequence(options{}, 0)
	if p.bad == nil && p.i < len(s) {
		p.refuse("a `)` without its `(`", "write `\\)` for the character")
	}
	if p.bad != nil {
		return nil, p.bad
	}
	return p, nil
}

func (p *dotnet) refuse(what, write string) {
	if p.bad == nil {
		p.bad = &unmapped{what, write}
	}
	p.i = len(p.s)
}

// notLinear refuses what needs backtracking.
func (p *dotnet) notLinear(what, write string) {
	p.refuse(what+", which matching in linear time (RE2) does not have", write)
}

// deepest bounds groups in groups.
const deepest = 200

// sequence maps up to the end of the group.
func (p *dotnet) sequence(o options, depth int) {
	if depth > deepest {
		p.refuse("groups nested too deep", "write a simpler one")
		return
	}
	quantifiable := false
	for p.i < len(p.s) {
		rest := p.s[p.i:]
		c := rest[0]
		switch {
		case c == ')':
			return
		case o.spaced && strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			p.i++
			continue
		case o.spaced && c == '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				p.i += end + 1
			} else {
				p.i = len(p.s)
			}
			continue
		case strings.HasPrefix(rest, "(?#"):
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				p.refuse("a comment (`(?#`) that does not end", "write `)` behind it")
				return
			}
			p.i += end + 1
			continue
		case c == '(':
			p.group(&o, depth)
		case c == '[':
			p.i++
			p.out.WriteString(p.class())
		case c == '\\':
			p.escape()
		case c == '$':
			p.i++
			if o.lines {
				p.out.WriteString(`(?:\r?(?m:$))`)
			} else {
				p.out.WriteString(`(?:\r?\n?\z)`)
			}
		case quantifiable && strings.IndexByte("*+?{", c) >= 0:
			p.quantifier()
			quantifiable = false
			continue
		default:
			_, size := utf8.DecodeRuneInString(rest)
			p.out.WriteString(rest[:size])
			p.i += size
		}
		quantifiable = true
	}
}

// quantifier copies a quantifier with its mark for as few as possible.
func (p *dotnet) quantifier() {
	start := p.i
	if p.s[p.i] == '{' {
		end := strings.IndexByte(p.s[p.i:], '}')
		if end < 0 || !isCount(p.s[p.i+1:p.i+end]) {
			p.out.WriteByte('{')
			p.i++
			return
		}
		p.i += end
	}
	p.i++
	if p.i < len(p.s) && p.s[p.i] == '?' {
		p.i++
	} else if p.i < len(p.s) && p.s[p.i] == '+' {
		p.notLinear("a possessive quantifier (`"+p.s[start:p.i+1]+"`)", "take the second `+` away")
		return
	}
	p.out.WriteString(p.s[start:p.i])
}

// isCount tells `2`, `2,` and `2,3`.
func isCount(s string) bool {
	from, to, _ := strings.Cut(s, ",")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return from != "" && digits(from) && digits(to)
}

const noLook = "take it away, or put what must not be there into a condition of its own under `not`"

// group maps a group, or options that hold from here on.
func (p *dotnet) group(o *options, depth int) {
	rest := p.s[p.i:]
	for _, x := range []struct{ sign, what, write string }{
		{"(?=", "a lookahead (`(?=`)", noLook}, {"(?!", "a lookahead (`(?!`)", noLook},
		{"(?<=", "a lookbehind (`(?<=`)", noLook}, {"(?<!", "a lookbehind (`(?<!`)", noLook},
		{"(?>", "an atomic group (`(?>`)", "write `(?:`"},
		{"(?(", "a conditional group (`(?(`)", "write the alternatives with `|`"},
		{"(?P=", "a back-reference (`(?P=`)", "write what it stands for again"},
		{"(?R", "a pattern within itself (`(?R`)", "write it out"},
	} {
		if strings.HasPrefix(rest, x.sign) {
			p.notLinear(x.what, x.write)
			return
		}
	}
	inner := *o
	switch {
	case strings.HasPrefix(rest, "(?<"), strings.HasPrefix(rest, "(?'"), strings.HasPrefix(rest, "(?P<"):
		open := strings.IndexAny(rest, "<'")
		closing := byte('>')
		if rest[open] == '\'' {
			closing = '\''
		}
		end := strings.IndexByte(rest[open+1:], closing)
		name := ""
		if end > 0 {
			name = rest[open+1 : open+1+end]
		}
		switch {
		case strings.Contains(name, "-"):
			p.notLinear("a balancing group (`"+rest[:open+1]+name+string(closing)+"`)", "take it away: nesting cannot be counted")
			return
		case name == "" || strings.Trim(name, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") != "":
			p.refuse("a group whose name cannot be read (`"+rest[:open+1]+"`)", "write `(?<name>…)` or `(…)`")
			return
		}
		p.out.WriteString("(?:")
		p.i += open + 1 + end + 1
	case strings.HasPrefix(rest, "(?"):
		end := strings.IndexAny(rest, ":)")
		if end < 0 || strings.Trim(rest[2:end], "imnsxU-") != "" || strings.Count(rest[2:end], "-") > 1 {
			p.refuse("a group that is not known (`"+clipped(rest, 4)+"`)", "write `(?:…)` or `(…)`")
			return
		}
		flags := setOptions(rest[2:end], &inner)
		p.cased = p.cased || strings.Contains(flags, "i")
		p.i += end + 1
		if rest[end] == ')' {
			*o = inner
			p.out.WriteString(flagGroup(flags, ")"))
			return
		}
		p.out.WriteString(flagGroup(flags, ":"))
	default:
		p.out.WriteByte('(')
		p.i++
	}
	p.sequence(inner, depth+1)
	if p.bad != nil {
		return
	}
	if p.i >= len(p.s) {
		p.refuse("a `(` without its `)`", "write `\\(` for the character")
		return
	}
	p.out.WriteByte(')')
	p.i++
}

// setOptions notes options that are not RE2's and gives those that are.
func setOptions(flags string, o *options) string {
	on := true
	var kept strings.Builder
	for _, c := range flags {
		switch c {
		case '-':
			on = false
			kept.WriteByte('-')
		case 'x':
			o.spaced = on
		case 'n': // groups capture nothing anyway
		case 'm':
			o.lines = on
			kept.WriteByte('m')
		default:
			kept.WriteRune(c)
		}
	}
	return strings.TrimSuffix(kept.String(), "-")
}

func flagGroup(flags, end string) string {
	switch {
	case flags == "" && end == ")":
		return ""
	case flags == "":
		return "(?:"
	}
	return "(?" + flags + end
}

// escape maps what a backslash stands before, outside of a class.
func (p *dotnet) escape() {
	rest := p.s[p.i:]
	if len(rest) < 2 {
		p.refuse("a `\\` at its end", "write `\\\\` for the character")
		return
	}
	switch c := rest[1]; {
	case c >= '1' && c <= '9':
		if n, size := octal(rest[1:]); n >= 0 && size > 1 && p.beyond(rest[1:]) {
			p.i += 1 + size
			p.out.WriteString(runeText(n))
			return
		}
		p.notLinear("a back-reference (`"+rest[:2]+"`)", "write what it stands for again")
	case c == 'k':
		p.notLinear("a back-reference (`\\k`)", "write what it stands for again")
	case c == 'G':
		p.notLinear("the anchor `\\G`", "take it away")
	case c == 'Z':
		p.i += 2
		p.out.WriteString(`(?:\r?\n?\z)`)
	case c == 'R':
		p.i += 2
		p.out.WriteString(`(?:\r\n|[\n-\r\x{85}\x{2028}\x{2029}])`)
	case c == 'b' || c == 'B':
		p.i += 2
		p.edges, p.scripts = true, true
		p.out.WriteString(rest[:2])
	case c == 'A' || c == 'z':
		p.i += 2
		p.out.WriteString(rest[:2])
	case c == 'Q':
		end := strings.Index(rest, `\E`)
		if end < 0 {
			end = len(rest)
		}
		for _, r := range rest[2:end] {
			p.out.WriteString(runeText(r))
		}
		p.i += min(end+2, len(rest))
	default:
		if set, ok := p.shorthand(); ok {
			p.out.WriteString("[" + set + "]")
			return
		}
		if r, ok := p.character(); ok {
			p.out.WriteString(runeText(r))
		}
	}
}

// beyond tells whether the number a text begins with is more than there are
// groups, so that it is no back-reference.
func (p *dotnet) beyond(s string) bool {
	end := strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.Atoi(s[:end])
	return err != nil || n > p.groups
}

// countGroups counts the groups that capture by number.
func countGroups(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '(' && !strings.HasPrefix(s[i:], "(?"):
			n++
		}
	}
	return n
}

// octal reads up to three octal digits; n is -1 when there is none.
func octal(s string) (n rune, size int) {
	for size < 3 && size < len(s) && s[size] >= '0' && s[size] <= '7' {
		n = n*8 + rune(s[size]-'0')
		size++
	}
	if size == 0 {
		return -1, 0
	}
	return n & 0xff, size
}

// character reads an escape that stands for one character, in a class or not.
func (p *dotnet) character() (rune, bool) {
	rest := p.s[p.i:]
	c := rest[1]
	take := func(r rune, size int) (rune, bool) {
		p.i += size
		return r, true
	}
	switch c {
	case 'a':
		return take(7, 2)
	case 'e':
		return take(0x1b, 2)
	case 'f':
		return take('\f', 2)
	case 'n':
		return take('\n', 2)
	case 'r':
		return take('\r', 2)
	case 't':
		return take('\t', 2)
	case 'v':
		return take('\v', 2)
	case 'c':
		if len(rest) > 2 && rest[2] >= '@' && rest[2] <= '~' {
			return take(rune(rest[2]&0x1f), 3)
		}
		p.refuse("a `\\c` without a letter", "write `\\cA` to `\\cZ`")
		return 0, false
	case 'x':
		if strings.HasPrefix(rest, `\x{`) {
			end := strings.IndexByte(rest, '}')
			if n, ok := hexadecimal(rest[3:max(end, 3)]); ok && utf8.ValidRune(n) {
				return take(n, end+1)
			}
		} else if len(rest) >= 4 {
			if n, ok := hexadecimal(rest[2:4]); ok {
				return take(n, 4)
			}
		}
		p.refuse("a `\\x` without two hexadecimal digits", "write it as `\\x41`")
		return 0, false
	case 'u':
		return p.unicode(rest)
	}
	if n, size := octal(rest[1:]); n >= 0 {
		return take(n, 1+size)
	}
	if r, size := utf8.DecodeRuneInString(rest[1:]); c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
		return take(r, 1+size)
	}
	p.refuse("the escape `"+rest[:2]+"`, which is not known", "write what it stands for")
	return 0, false
}

// unicode reads \uXXXX, or two that stand for one character together.
func (p *dotnet) unicode(rest string) (rune, bool) {
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		return hexadecimal(s[2:6])
	}
	n, ok := unit(rest)
	if !ok {
		p.refuse("a `\\u` without four hexadecimal digits", "write it as `\\u0041`")
		return 0, false
	}
	p.i += 6
	if !utf16.IsSurrogate(n) {
		return n, true
	}
	low, ok := unit(rest[6:])
	if r := utf16.DecodeRune(n, low); ok && r != utf8.RuneError {
		p.i += 6
		return r, true
	}
	p.refuse(fmt.Sprintf("`\\u%04X`, half of a character", n), "write both halves, one behind the other")
	return 0, false
}

func hexadecimal(s string) (rune, bool) {
	n, err := strconv.ParseUint(s, 16, 31)
	return rune(n), err == nil && s != ""
}

// runeText writes a character that stands for itself.
func runeText(r rune) string {
	if r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' && r < utf8.RuneSelf {
		return string(r)
	}
	return fmt.Sprintf(`\x{%x}`, r)
}

// clipped gives at most n characters of a text.
func clipped(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

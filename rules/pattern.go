package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	re2 "github.com/wasilibs/go-re2"

	"github.com/postern-mail/postern/strictyaml"
)

// patterns are regular expressions, any of which may match: unanchored, without
// case, in time linear in the text (RE2).
type patterns struct {
	sources []string
	exprs   []*re2.Regexp
	needs   []needs // of each expression
}

// find gives the first pattern that matches.
func (p *patterns) find(text string) (source string, found bool) {
	small := lowered(text)
	defer small.release()
	for i, re := range p.exprs {
		if p.needs[i].maybe(small) && re.MatchString(text) {
			return p.sources[i], true
		}
	}
	return "", false
}

// patterns reads regular expressions. Those of .NET that need backtracking are
// refused with the reason.
func (r *reader) readPatterns(n *strictyaml.Node, field string) (*patterns, bool) {
	list, nodes, ok := r.texts(n, field)
	p := &patterns{}
	for i, s := range list {
		f := entryField(n, field, nodes[i])
		before := r.loader.patterns
		r.loader.patterns += len(s)
		if before <= maxPatterns && r.loader.patterns > maxPatterns {
			if !r.over(nodes[i], f, "take patterns away or join them", "with this pattern all patterns together are longer than %d KB", maxPatterns>>10) {
				ok = false
				continue
			}
		}
		re, write, err := compilePattern(s)
		if err != nil {
			r.Errorf(nodes[i], f, write, "%v", err)
			ok = false
			continue
		}
		if re.MatchString("") {
			r.Hintf(nodes[i], f, "write what must be there", "the pattern matches the empty text, so it matches everything")
		}
		p.sources, p.exprs, p.needs = append(p.sources, s), append(p.exprs, re), append(p.needs, needsOf(s))
	}
	return p, ok
}

// compilePattern compiles a pattern. With an error comes what to write instead.
func compilePattern(s string) (re *re2.Regexp, write string, err error) {
	if what, write := backtracking(s); what != "" {
		return nil, write, fmt.Errorf("the pattern holds %s, which matching in linear time (RE2) does not have", what)
	}
	// The parser of the standard library knows the same syntax and says more.
	if _, err := syntax.Parse("(?i)"+s, syntax.Perl); err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			return nil, "", fmt.Errorf("the pattern cannot be read: %s: `%s`", se.Code, strings.TrimPrefix(se.Expr, "(?i)"))
		}
		return nil, "", errors.New("the pattern cannot be read")
	}
	if re, err = re2.Compile("(?i)" + s); err != nil {
		return nil, "write a shorter one", errors.New("the pattern cannot be read or is too large")
	}
	return re, "", nil
}

// repeats matches a text that ends in a counted repetition.
var repeats = regexp.MustCompile(`\{\d+(,\d*)?\}$`)

const noLook = "take it away, or put what must not be there into a condition of its own under `not`"

// backtracking names the first construct of a pattern that no linear-time
// engine has, or that means something else in .NET.
func backtracking(s string) (what, write string) {
	inClass, classStart := false, 0
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case s[i] == '\\' && len(rest) > 1:
			switch c := rest[1]; {
			case c >= '1' && c <= '9' && !inClass:
				return "a back-reference (`" + rest[:2] + "`)", "write what it stands for again"
			case c == 'k' && !inClass:
				return "a back-reference (`\\k`)", "write what it stands for again"
			case c == 'G' && !inClass:
				return "the anchor `\\G`", "take it away"
			}
			i++
		case inClass && s[i] == ']' && i > classStart:
			inClass = false
		case inClass && strings.HasPrefix(rest, "-["):
			return "a difference of character classes (`-[`)", "write the characters that are left"
		case inClass && strings.HasPrefix(rest, "[:"):
			if end := strings.Index(rest, ":]"); end > 0 {
				i += end + 1
			}
		case inClass:
		case s[i] == '[':
			inClass, classStart = true, i+1
			if strings.HasPrefix(rest, "[^") {
				i++
				classStart++
			}
		case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!"):
			return "a lookahead (`" + rest[:3] + "`)", noLook
		case strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
			return "a lookbehind (`" + rest[:4] + "`)", noLook
		case strings.HasPrefix(rest, "(?>"):
			return "an atomic group (`(?>`)", "write `(?:`"
		case strings.HasPrefix(rest, "(?("):
			return "a conditional group (`(?(`)", "write the alternatives with `|`"
		case strings.HasPrefix(rest, "(?#"):
			return "a comment (`(?#`)", "write it as a YAML comment"
		case len(rest) > 1 && s[i+1] == '+' && (strings.ContainsRune("*+?", rune(s[i])) || repeats.MatchString(s[:i+1])):
			return "a possessive quantifier (`" + rest[:2] + "`)", "take the second `+` away"
		}
	}
	return "", ""
}

package rules

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"sync"

	re2 "github.com/wasilibs/go-re2"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

// patterns are regular expressions, any of which may match: unanchored, without
// case, in time linear in the text (RE2).
type patterns struct {
	list   []compiled
	digits bool // one of them asks for digits
}

// compiled is a pattern as it is written and as it is matched.
type compiled struct {
	source string
	// plain is for texts of ASCII. The expression for all texts, which is dear where
	// it names the letters of all scripts, is made when it is first asked for.
	plain  *re2.Regexp
	all    func() *re2.Regexp
	needs  needs
	digits bool // `\d` stands for the digits of all scripts
}

func (c *compiled) match(text string, small smallText) bool {
	switch {
	case !c.needs.maybe(small):
		return false
	case small.ascii:
		return c.plain.MatchString(text)
	}
	return c.all().MatchString(text)
}

// find gives the first pattern that matches.
func (p *patterns) find(text string) (source string, found bool) {
	if source, found = p.first(text, false); found || !p.digits {
		return source, found
	}
	// Digits of other scripts are found as those of ASCII.
	if narrow := classify.Narrow(text); narrow != text {
		return p.first(narrow, true)
	}
	return "", false
}

// first gives the first pattern that matches, of all or of those that ask for
// digits.
func (p *patterns) first(text string, digits bool) (source string, found bool) {
	small := lowered(text)
	defer small.release()
	for i := range p.list {
		if c := &p.list[i]; (c.digits || !digits) && c.match(text, small) {
			return c.source, true
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
		c, write, err := compilePattern(s)
		if err != nil {
			r.Errorf(nodes[i], f, write, "%v", err)
			ok = false
			continue
		}
		if c.plain.MatchString("") {
			r.Hintf(nodes[i], f, "write what must be there", "the pattern matches the empty text, so it matches everything")
		}
		p.list = append(p.list, c)
		p.digits = p.digits || c.digits
	}
	return p, ok
}

// compilePattern compiles a pattern of .NET or RE2. With an error comes what to
// write instead.
func compilePattern(s string) (c compiled, write string, err error) {
	mapped, err := mapPattern(s, true)
	if err != nil {
		var u *unmapped
		if errors.As(err, &u) {
			write = u.write
		}
		return c, write, fmt.Errorf("the pattern holds %w", err)
	}
	text := mapped.out.String()
	// The parser of the standard library knows the same syntax and says more.
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			switch se.Code {
			case syntax.ErrInvalidRepeatSize:
				write = "write the lesser number first, and repeat at most 1000 times in all"
			case syntax.ErrMissingRepeatArgument:
				write = "write `.*` for any text, and a `\\` before a character that stands for itself"
			case syntax.ErrInvalidRepeatOp:
				write = "write one of them, and a `\\` before a character that stands for itself"
			}
			return c, write, fmt.Errorf("the pattern cannot be read: %s: `%s`", se.Code, se.Expr)
		}
		return c, "", errors.New("the pattern cannot be read")
	}
	const shorter, tooLarge = "write a shorter one, or repeat less", "the pattern cannot be read or is too large"
	c = compiled{source: s, needs: neededBy(tree), digits: mapped.digits}
	if c.plain, err = re2.Compile("(?i)" + text); err != nil {
		return c, shorter, errors.New(tooLarge)
	}
	plain := c.plain
	c.all = func() *re2.Regexp { return plain }
	if !mapped.scripts {
		return c, "", nil
	}
	c.all = sync.OnceValue(func() *re2.Regexp {
		if re := forAllScripts(s); re != nil {
			return re
		}
		return plain
	})
	if repeats(tree) > mostRepeats && forAllScripts(s) == nil {
		return c, shorter, errors.New(tooLarge)
	}
	return c, "", nil
}

// forAllScripts compiles a pattern for texts of all scripts; nil when it is too
// large.
func forAllScripts(s string) *re2.Regexp {
	mapped, err := mapPattern(s, false)
	if err != nil {
		return nil
	}
	text := mapped.out.String()
	if mapped.edges {
		// Finding the capitals of large classes is slow, and RE2 does it too.
		flags := syntax.Perl
		if mapped.cased {
			flags |= syntax.FoldCase
		}
		if tree, err := syntax.Parse(text, flags); err == nil {
			if without := wordEdges(tree); without != nil {
				text = without.String()
			}
		}
	}
	re, err := re2.Compile("(?i)" + text)
	if err != nil {
		return nil
	}
	return re
}

// mostRepeats is how often a piece of a pattern may be repeated for all scripts
// without being tried first.
const mostRepeats = 100

// repeats gives how many copies of a piece counted repetitions make at most.
func repeats(re *syntax.Regexp) int {
	most := 1
	for _, sub := range re.Sub {
		most = max(most, repeats(sub))
	}
	if re.Op == syntax.OpRepeat {
		most *= max(re.Min, re.Max, 1)
	}
	return most
}

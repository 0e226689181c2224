package rules

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

// matcher looks for something in a text. What it gives is from the policy, not
// from the text.
type matcher func(text string) (what string, found bool)

func (r *reader) wordMatcher(n *strictyaml.Node, field string) (matcher, bool) {
	words, ok := r.words(n, field)
	if !ok {
		return nil, false
	}
	return findWords(words), true
}

func findWords(words *classify.Words) matcher {
	return either(func(text string) (string, bool) {
		w, found := words.Find(text)
		return "contains " + quote(w), found
	})
}

func (r *reader) patternMatcher(n *strictyaml.Node, field string) (matcher, bool) {
	p, ok := r.readPatterns(n, field)
	return findPatterns(p), ok
}

func findPatterns(p *patterns) matcher {
	return either(func(text string) (string, bool) {
		source, found := p.find(text)
		return "matches " + quote(source), found
	})
}

// subjectName is how people are told of the subject as a part.
const subjectName = "subject"

func inSubject(m matcher) check {
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		if what, found := m(s.Message.Subject()); found {
			s.pointed = append(s.pointed, subjectName)
			return true, "the subject " + what
		}
		return false, "nothing is found in the subject"
	})
}

func parseSubjectWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.wordMatcher(n, field)
	return inSubject(m), ok
}

func parseSubjectPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.patternMatcher(n, field)
	return inSubject(m), ok
}

func inSubjectOrBody(m *sought) check {
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		if what, found := m.find(s.Message.Subject()); found {
			s.pointed = append(s.pointed, subjectName)
			return true, "the subject " + what
		}
		for _, c := range s.parts() {
			if c.part != nil && c.part.IsShown() {
				s.document(ctx, c)
				if what, found := c.seek(m); found {
					s.pointed = append(s.pointed, c.name)
					return true, "the body " + what
				}
			}
		}
		return false, "nothing is found in subject and body"
	})
}

func parseBodyWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.seekWords(n, field)
	return inSubjectOrBody(m), ok
}

func parseBodyPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.seekPatterns(n, field)
	return inSubjectOrBody(m), ok
}

// headerTest is a field name with what is looked for in its values.
type headerTest struct {
	name string
	find matcher
}

// inHeaders reads a mapping of field names to values, or Purview's list of
// texts "Name:value".
func (r *reader) inHeaders(n *strictyaml.Node, field string, values func(*strictyaml.Node, string) (matcher, bool)) (check, bool) {
	var tests []headerTest
	ok := true
	add := func(at *strictyaml.Node, f, name string, value *strictyaml.Node) {
		if !validFieldName(name) {
			r.Errorf(at, f, "write a name as `X-Class`", "%q is not the name of a header field", name)
			ok = false
			return
		}
		if len(name) > maxFieldName && !r.over(at, f, fmt.Sprintf("write at most %d", maxFieldName), "the name of the header field has %d characters", len(name)) {
			ok = false
			return
		}
		m, good := values(value, f)
		ok = ok && good
		tests = append(tests, headerTest{name, m})
	}
	if n.Kind == mapping {
		m := r.Mapping(n, field)
		if len(n.Content) == 0 {
			r.Errorf(n, field, "write `Name: [value]`", "no header field is named")
			return check{}, false
		}
		ok = len(m.Entries()) == len(n.Content)/2
		for _, e := range m.Entries() {
			add(e.At, e.Field, e.Key, e.Value)
		}
	} else {
		list, nodes, good := r.Texts(n, field)
		ok = good
		for i, s := range list {
			f := entryField(n, field, nodes[i])
			name, value, pair := strings.Cut(s, ":")
			if !pair || strings.TrimSpace(value) == "" {
				r.Errorf(nodes[i], f, "write a mapping, as in `{X-Class: [secret]}`", "%q does not name a header field and a value", s)
				ok = false
				continue
			}
			one := *nodes[i]
			one.Value = strings.TrimSpace(value)
			add(nodes[i], f, strings.TrimSpace(name), &one)
		}
	}
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		for _, t := range tests {
			for _, h := range s.Message.Headers() {
				for _, text := range h.Texts(t.name) {
					if what, found := t.find(text); found {
						return true, "the header field " + t.name + " " + what
					}
				}
			}
		}
		return false, "nothing is found in the header fields named"
	}), ok
}

func validFieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' })
}

func parseHeaderWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return r.inHeaders(n, field, r.wordMatcher)
}

func parseHeaderPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return r.inHeaders(n, field, r.patternMatcher)
}

func parseMessageSize(r *reader, n *strictyaml.Node, field string) (check, bool) {
	size, ok := r.Size(n, field)
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		return s.Message.Size >= size, "the message has " + octets(s.Message.Size)
	}), ok
}

func octets(n int64) string { return strconv.FormatInt(n, 10) + " octets" }

func quote(s string) string { return fmt.Sprintf("%q", s) }

package rules

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
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

func findWords(words *classify.Words) matcher { return overLines(either(inWords(words))) }

// inWords looks for words in one reading of a text.
func inWords(words *classify.Words) matcher {
	return func(text string) (string, bool) {
		w, found := words.Find(text)
		return "contains " + quote(w), found
	}
}

func (r *reader) patternMatcher(n *strictyaml.Node, field string) (matcher, bool) {
	p, ok := r.readPatterns(n, field)
	return findPatterns(p), ok
}

func findPatterns(p *patterns) matcher { return either(inPatterns(p)) }

// inPatterns looks for patterns in one reading of a text.
func inPatterns(p *patterns) matcher {
	return func(text string) (string, bool) {
		source, found := p.find(text)
		return "matches " + quote(source), found
	}
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

// inHeaders reads a mapping of field names to values. Transport rules name the
// field beside the values: then it is one of those values.
func (r *reader) inHeaders(e, name strictyaml.Entry, values func(*strictyaml.Node, string) (matcher, bool)) (check, bool) {
	fieldName := func(at *strictyaml.Node, f, text string) (string, bool) {
		if !validFieldName(text) {
			r.Errorf(at, f, "write a name as `X-Class`", "%q is not the name of a header field", text)
			return "", false
		}
		ok := len(text) <= maxFieldName || r.over(at, f, fmt.Sprintf("write at most %d", maxFieldName), "the name of the header field has %d characters", len(text))
		return text, ok
	}
	var tests []pairTest
	var ok bool
	if name.Value != nil {
		text, good := r.Text(name.Value, name.Field)
		if good {
			_, good = fieldName(name.Value, name.Field, text)
		}
		var m matcher
		if m, ok = values(e.Value, e.Field); ok && good {
			tests = []pairTest{{name: text, find: m}}
		}
		ok = ok && good
	} else {
		tests, ok = r.readPairs(e.Value, e.Field, pairs{noun: "a header field", example: "X-Class: [secret]", name: fieldName, values: values})
	}
	return claimed(func(_ *Scan, headers []message.Header, _ bool) (bool, string) {
		for _, t := range tests {
			for _, h := range headers {
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

func parseHeaderWords(r *reader, e, name strictyaml.Entry) (check, bool) {
	return r.inHeaders(e, name, r.wordMatcher)
}

func parseHeaderPatterns(r *reader, e, name strictyaml.Entry) (check, bool) {
	return r.inHeaders(e, name, r.patternMatcher)
}

func parseMessageSize(r *reader, n *strictyaml.Node, field string) (check, bool) {
	size, ok := r.least(n, field)
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		return s.Message.Size >= size, "the message has " + octets(s.Message.Size)
	}), ok
}

// least reads a size and gives the least one at which the condition holds.
func (r *reader) least(n *strictyaml.Node, field string) (int64, bool) {
	size, ok := r.Size(n, field)
	if r.vocabulary.Settings.SizesOver && size < math.MaxInt64 {
		size++
	}
	return size, ok
}

func octets(n int64) string { return strconv.FormatInt(n, 10) + " octets" }

func quote(s string) string { return fmt.Sprintf("%q", s) }

package actions

import (
	"strings"
	"sync"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Exchange's limits for modifySubject.
const (
	subjectPatterns      = 10  // of one rule
	subjectPatternLength = 128 // characters
)

// The strategies of modifySubject.
const (
	subjectReplace = "replace"
	subjectAppend  = "append"
	subjectPrepend = "prepend"
)

// readPrependSubject reads the text put in front of the subject.
func readPrependSubject(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	if t, ok := readLine(r, n, field, headerValueLength); ok {
		s.edits = append(s.edits, Edit{Action: prependSubject, Value: t})
	}
}

// subjectKeys are those of modifySubject.
var subjectKeys = []spelling{{"patterns"}, {"text", "subjectText"}, {"strategy", "replaceStrategy"}}

// readModifySubject reads `{patterns: […], text: …, strategy: …}`, or Purview's
// hashtable with SubjectText and ReplaceStrategy.
func readModifySubject(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	e := Edit{Action: modifySubject, Name: subjectReplace}
	var list []string
	var strategy strictyaml.Entry
	hashtable(r, n, field, subjectKeys, map[string]string{
		"patterns": "write the regular expressions that are looked for", "text": "write the text that is put into the subject",
	}, func(key string, k strictyaml.Entry) {
		switch key {
		case "patterns":
			list = readSubjectPatterns(r, k.Value, k.Field)
		case "text":
			if text, ok := r.Text(k.Value, k.Field); ok && text != "" && lineOK(r, k.Value, k.Field, text, headerValueLength) {
				e.Value = text
			}
		case "strategy":
			strategy = k
			e.Name, _ = r.OneOf(k.Value, k.Field, subjectReplace, subjectAppend, subjectPrepend)
		}
	})
	if e.Name != subjectReplace && e.Value == "" && !r.Failed() && !r.Probing() {
		r.Errorf(strategy.Value, strategy.Field, "write a text, or `replace`", "there is no text to %s", e.Name)
	}
	e.Patterns = strings.Join(list, "\n")
	s.edits = append(s.edits, e)
}

// readSubjectPatterns reads patterns as those of conditions.
func readSubjectPatterns(r *strictyaml.Reader, n *strictyaml.Node, field string) []string {
	list, nodes, _ := r.Texts(n, field)
	if len(list) > subjectPatterns {
		r.Errorf(n, field, "write at most 10", "%d patterns are looked for", len(list))
		return nil
	}
	for i, p := range list {
		if !lineOK(r, nodes[i], field, p, subjectPatternLength) {
			continue
		}
		x, write, err := rules.NewExpression(p)
		switch {
		case err != nil:
			r.Errorf(nodes[i], field, write, "%v", err)
		case x.Empty():
			r.Hintf(nodes[i], field, "write what must be there", "the pattern matches the empty text, which is passed over")
		}
	}
	return list
}

// prepend puts text in front of the subject, of each subject when there are
// several: readers differ in which they show.
func (s *section) prepend(text string) {
	at := s.places("Subject")
	if len(at) == 0 {
		s.add("Subject", message.EncodeText(strings.TrimRight(text, " ")))
		return
	}
	for n, i := range at {
		s.change(i, n+1, message.Fold(prepended(text, s.fields[i])))
	}
}

// prepended keeps the old value as it stands where that reads the same: an
// encoded word must be parted from its neighbours by white space, which is not
// shown between two of them (RFC 2047, sections 5 and 6.2).
func prepended(text string, old message.Field) string {
	rest := strings.TrimLeft(old.Value, " \t\r\n")
	plain := message.EncodeText(text) == text
	switch {
	case rest == "":
		return message.EncodeText(strings.TrimRight(text, " "))
	case plain && (strings.HasSuffix(text, " ") || !strings.HasPrefix(rest, "=?")) && !strings.HasPrefix(text, " "):
		return text + rest
	}
	return message.EncodeText(text + old.Text())
}

// modify rewrites the subject, each of them when there are several. One in which
// nothing changes stays as it is written.
func (s *section) modify(e Edit) {
	at := s.places("Subject")
	if len(at) == 0 {
		if e.Name != subjectReplace {
			s.add("Subject", message.EncodeText(strings.Trim(e.Value, " ")))
		}
		return
	}
	for n, i := range at {
		old := s.fields[i].Text()
		if text := e.rewrite(old); text != old {
			s.change(i, n+1, message.Fold(message.EncodeText(text)))
		}
	}
}

// mostTexts bounds how often a text is put into one subject: what matches behind
// is taken away only.
const mostTexts = 100

// rewrite gives a subject as modifySubject makes it. What is done once is not done
// again: the text that the rule puts in is not looked into, and not put beside
// itself.
func (e Edit) rewrite(subject string) string {
	replace := e.Name == subjectReplace
	put := 0
	for _, p := range strings.Split(e.Patterns, "\n") {
		x := compiled.get(p)
		if x == nil {
			continue
		}
		var b strings.Builder
		last := 0
		for _, place := range x.Find(subject) {
			if replace && e.within(subject, place) {
				continue
			}
			b.WriteString(subject[last:place[0]])
			if replace && put < mostTexts {
				put++
				b.WriteString(e.Value)
			}
			last = place[1]
		}
		if last > 0 {
			b.WriteString(subject[last:])
			subject = b.String()
		}
	}
	if replace {
		return subject
	}
	text := strings.Trim(e.Value, " ")
	subject = strings.Trim(subject, " ")
	if e.Name == subjectAppend {
		for text != "" && strings.HasSuffix(subject, text) {
			subject = strings.TrimRight(strings.TrimSuffix(subject, text), " ")
		}
		return strings.Trim(subject+e.Value, " ")
	}
	for text != "" && strings.HasPrefix(subject, text) {
		subject = strings.TrimLeft(strings.TrimPrefix(subject, text), " ")
	}
	return strings.Trim(e.Value+subject, " ")
}

// within tells whether a place lies in the text that a replacement has put there.
func (e Edit) within(subject string, place [2]int) bool {
	n := len(e.Value)
	if n < place[1]-place[0] {
		return false
	}
	from := max(0, place[1]-n)
	i := strings.Index(subject[from:min(len(subject), place[0]+n)], e.Value)
	return i >= 0
}

// compiled keeps the expressions of patterns that were met: those of the policies
// served, and of drafts that are released.
var compiled expressions

// expressions compiles each pattern once. It is safe for concurrent use.
type expressions struct {
	mu   sync.Mutex
	seen map[string]*rules.Expression
}

// mostExpressions is how many patterns are kept; policies hold fewer.
const mostExpressions = 1000

// get gives the expression of a pattern; nil for one that cannot be read, as a draft
// of another version may have it.
func (x *expressions) get(pattern string) *rules.Expression {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, known := x.seen[pattern]
	if known {
		return e
	}
	if x.seen == nil || len(x.seen) >= mostExpressions {
		x.seen = make(map[string]*rules.Expression)
	}
	e, _, err := rules.NewExpression(pattern)
	if err != nil {
		e = nil
	}
	x.seen[pattern] = e
	return e
}

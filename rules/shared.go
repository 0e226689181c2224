package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// share finds the condition that says the same as one just read, wherever it
// stands, so that it is kept once and judged once for a message. The answer tells
// whether there is one.
func (l *loader) share(leaf *node, key string) (known bool) {
	if l.same == nil {
		l.same = make(map[string]*node)
	}
	first, known := l.same[key]
	if !known {
		leaf.number = len(l.same)
		l.same[key] = leaf
		return false
	}
	leaf.number, leaf.check = first.number, first.check
	return true
}

// leafKey is what conditions have in common that say the same.
func (r *reader) leafKey(c *condition, strict bool, values ...*strictyaml.Node) string {
	var b strings.Builder
	b.WriteString(c.name)
	if strict {
		b.WriteByte('!')
	}
	if r.rule.location != "" {
		b.WriteString("@" + string(r.rule.location))
	}
	for _, v := range values {
		b.WriteByte(' ')
		canonical(&b, v)
	}
	return b.String()
}

// canonical writes a value so that values are written alike that say the same: a list
// of one text is that text, and the order of texts in a list says nothing.
func canonical(b *strings.Builder, n *strictyaml.Node) {
	if n == nil {
		return
	}
	switch n.Kind {
	case sequence:
		parts := make([]string, len(n.Content))
		texts := true
		for i, item := range n.Content {
			var one strings.Builder
			canonical(&one, item)
			parts[i] = one.String()
			texts = texts && item.Kind == scalar
		}
		if texts {
			slices.Sort(parts)
			parts = slices.Compact(parts)
		}
		if len(parts) == 1 && texts {
			b.WriteString(parts[0])
			return
		}
		b.WriteString("[" + strings.Join(parts, ",") + "]")
	case mapping:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			canonical(b, n.Content[i])
			b.WriteByte(':')
			canonical(b, n.Content[i+1])
			b.WriteByte(',')
		}
		b.WriteByte('}')
	default:
		b.WriteString(n.Tag)
		b.WriteString(strconv.Quote(n.Value))
	}
}

// judged is what a condition came to for the whole message, whichever rules ask it.
type judged struct {
	message *finding // of a condition on the whole message
	targets []told   // of a condition on recipients, by target
}

// told is the answer about one target.
type told struct {
	asked  bool
	truth  Truth
	reason string
}

// judged gives what is known of a condition. It is nil while a rule is judged by
// components, which have answers of their own.
func (e *evaluation) judged(n *node) *judged {
	if e.scan.component != 0 {
		return nil
	}
	return &e.known[n.number]
}

// askMessage answers a condition on the whole message.
func (e *evaluation) askMessage(n *node) finding {
	if e.enforced && (n.cost == costNames || n.cost >= costText) {
		e.relied = true // it may read contents
	}
	j := e.judged(n)
	if j == nil {
		return n.check.message(e.ctx, e.scan, n.strict)
	}
	if j.message == nil {
		f := n.check.message(e.ctx, e.scan, n.strict)
		j.message = &f
	}
	return *j.message
}

// askTarget answers a condition on recipients for target number i.
func (e *evaluation) askTarget(n *node, i int) (Truth, string) {
	j := e.judged(n)
	if j == nil {
		return e.ask(n, e.targets[i])
	}
	if j.targets == nil {
		j.targets = make([]told, len(e.targets))
	}
	t := &j.targets[i]
	if !t.asked {
		t.asked = true
		t.truth, t.reason = e.ask(n, e.targets[i])
	}
	return t.truth, t.reason
}

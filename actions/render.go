package actions

import (
	"strings"

	"github.com/postern-mail/postern/message"
)

// render turns edits into modifications of a message for an MTA. Reserved fields
// of the client go first, whatever the rules say.
func render(m *message.Message, edits []Edit, ours bool) (mods []Modification, removed int, final []string) {
	h := &section{fields: append(message.Header(nil), m.Header...)}
	removed = h.remove(func(f message.Field) bool { return reserved(f.Name, ours) })
	rcpts := newRecipients(&m.Envelope)
	for _, e := range edits {
		switch e.Action {
		case setHeader:
			h.set(e.Name, e.Value)
		case removeHeader:
			h.remove(func(f message.Field) bool {
				return strings.EqualFold(f.Name, e.Name) && (e.Value == "" || strings.EqualFold(f.Text(), e.Value))
			})
		case prependSubject:
			h.prepend(e.Value)
		case addRecipients:
			rcpts.add(h, e.Name, e.Value)
		}
	}
	return append(h.mods, rcpts.mods...), removed, rcpts.final
}

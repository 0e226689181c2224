package notice

import (
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice/layout"
)

// letter is a notice that is no report: what compose makes mail of.
type letter struct {
	kind Kind
	to   []message.Path
	// displayName stands in From in place of that of the settings; may be empty.
	displayName string
	subject     string
	page        layout.Page
	// reference is that of the decision; empty when there is none.
	reference string
	// answers is the header section of the message that the notice is about; nil when
	// it is about none.
	answers message.Header
	// answer tells that it goes to the sender of that message (RFC 3834, section
	// 5: auto-replied, otherwise auto-generated).
	answer   bool
	attached []dsn.Part
}

// compose writes a letter: text and HTML that say the same, then what is attached.
// Nobody to write to is [*NotSent].
func (w *Writer) compose(l letter) (Notice, error) {
	n := Notice{Kind: l.kind, Reference: l.reference, To: w.people(l.to)}
	if len(n.To) == 0 {
		return Notice{}, &NotSent{ReasonNobody}
	}
	var err error
	if n.MessageID, err = w.newMessageID(); err != nil {
		return Notice{}, err
	}
	for _, p := range n.To {
		n.UTF8 = n.UTF8 || (&dsn.Report{To: p}).UTF8()
	}
	b := dsn.Builder{UTF8: n.UTF8}
	b.Date("Date", w.s.Now())
	from := w.s.From
	if name := line(l.displayName, lineLength); name != "" {
		from.Name = name
	}
	b.Mailboxes("From", from)
	var boxes []dsn.Mailbox
	for _, p := range n.To {
		boxes = append(boxes, dsn.Mailbox{Path: p})
	}
	b.Mailboxes("To", boxes...)
	b.Text("Subject", l.subject)
	b.MessageIDs("Message-ID", n.MessageID)
	b.Thread(references(l.answers))
	if l.answer {
		b.Token("Auto-Submitted", "auto-replied")
	} else {
		b.Token("Auto-Submitted", "auto-generated")
	}
	for _, f := range w.extra(n.MessageID, l.reference) {
		b.Text(f.Name, f.Value)
	}
	body := dsn.Readable(n.MessageID, l.page.Language, l.page.Text(), l.page.HTML())
	if len(l.attached) > 0 {
		body = dsn.Multipart("mixed", "", n.MessageID, append([]dsn.Part{body}, l.attached...)...)
	}
	if n.Bytes, err = b.Finish(body); err != nil {
		return Notice{}, err
	}
	return n, nil
}

// people gives those who can be written to, each once.
func (w *Writer) people(to []message.Path) []message.Path {
	var all []message.Path
	seen := make(map[string]bool)
	for _, p := range to {
		if key := p.Key(); !p.IsNull() && !seen[key] && !w.own[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	return all
}

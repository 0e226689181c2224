package notice

import (
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice/layout"
)

// Told is a message that somebody was not written to about.
type Told struct {
	Time      time.Time
	Subject   string // masked by the caller; may be empty
	Effect    Effect
	Simulated bool
	Reference string
}

// Summary tells one person of the messages that no mail of their own was sent
// about, because there were too many.
type Summary struct {
	To        message.Path
	Preferred string
	Items     []Told
	// More is how many there are beside Items.
	More         int
	Since, Until time.Time
}

// shownTold is how many messages a summary lists.
const shownTold = 100

// Summary writes a summary. Without any message it is [*NotSent].
func (w *Writer) Summary(s Summary) (Notice, error) {
	n := len(s.Items) + max(0, s.More)
	if n == 0 {
		return Notice{}, &NotSent{ReasonNobody}
	}
	t := w.texts.pick(s.Preferred, w.s.Language)
	shown := s.Items[:min(len(s.Items), shownTold)]
	var rows [][]string
	for _, item := range shown {
		effect := t.say("summary.effect." + string(item.Effect.known()))
		if item.Simulated {
			effect = t.say("summary.effect.simulated")
		}
		subject := line(item.Subject, lineLength)
		if subject == "" {
			subject = t.say("subject.none")
		}
		rows = append(rows, []string{w.moment(t, item.Time), subject, effect, line(item.Reference, lineLength)})
	}
	blocks := []layout.Block{
		layout.Title(begin(t.count("summary.title", n))),
		layout.Paragraph(t.count("summary.lead", n, "since", w.moment(t, s.Since), "until", w.moment(t, s.Until), "organization", w.organization())),
		layout.Table([]string{t.say("label.time"), t.say("label.subject"), t.say("label.effect"), t.say("label.reference")}, rows...),
	}
	if more := n - len(shown); more > 0 {
		blocks = append(blocks, layout.Paragraph(begin(t.count("summary.more", more))))
	}
	blocks = append(blocks, w.ask(t, "", "")...)
	return w.compose(letter{
		kind: KindSummary, to: []message.Path{s.To}, subject: begin(t.count("summary.subject", n)),
		page: layout.Page{Language: t.tag, Title: begin(t.count("summary.title", n)), Blocks: blocks},
	})
}

package actions

import (
	"errors"
	"fmt"
	"slices"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
)

// tell sends the sender one report that names the recipients of all forks given
// back, in the words of the first of their rules.
func (b *batch) tell() error {
	if len(b.refused) == 0 {
		return nil
	}
	var refused []message.Recipient
	for i, r := range b.m.Envelope.Recipients {
		named := slices.ContainsFunc(refused, func(o message.Recipient) bool {
			return o.Path.Key() == r.Path.Key() && slices.Equal(o.Args, r.Args)
		})
		if !named && slices.ContainsFunc(b.refused, func(f int) bool { return slices.Contains(b.d.Forks[f].Recipients, i) }) {
			refused = append(refused, r)
		}
	}
	first := &b.d.Forks[b.d.first(b.refused)]
	s := first.spec()
	tip := ""
	if s.halt.text != "" || s.tip != "" {
		tip = s.words(b.d.reader) // the report has words of its own, in the sender's language
	}
	n, err := b.Notices.BlockNDR(notice.Block{
		Original: b.about(), Recipients: refused, Tip: tip, Status: s.halt.enhanced, LearnMore: s.telling.learnMore(),
		Notification: b.replaced(first),
	})
	var not *notice.NotSent
	switch {
	case errors.As(err, &not) && not.Reason == notice.ReasonNotify:
		return b.unheard(refused)
	case err != nil:
		return fmt.Errorf("the sender could not be told: %w", err)
	}
	b.Mail(&b.commit, n)
	var unnamed []message.Recipient
	for _, i := range n.Unnamed {
		unnamed = append(unnamed, refused[i])
	}
	return b.unheard(unnamed)
}

// unheard records recipients that the sender wished not to hear of.
func (b *batch) unheard(of []message.Recipient) error {
	if len(of) == 0 {
		return nil
	}
	n := audit.Notice{Kind: string(notice.KindBlock), To: []string{b.m.Envelope.ReversePath.String()}, Reason: string(notice.ReasonNotify)}
	for _, r := range of {
		n.Recipients = append(n.Recipients, r.Path.String())
	}
	return b.add(audit.NotTold(b.head(), n))
}

// MaskHeader gives a header section in which everything sensitive is masked.
func (l *Live) MaskHeader(h message.Header) message.Header {
	if l.Mask == nil {
		return h
	}
	out := slices.Clone(h)
	for i := range out {
		f := &out[i]
		text := f.Text()
		if masked := l.Mask(text); masked != text {
			f.Value = " " + message.EncodeText(masked)
		}
	}
	return out
}

// about is the message as a report to its sender tells of it: without fields that
// are not the client's, and with everything masked that was found in it.
func (b *batch) about() notice.Original {
	if b.told != nil {
		return *b.told
	}
	c, _ := (&editor{m: b.m, ours: b.d.Ours}).edit(nil)
	values := b.values()
	for i := range c.fields {
		f := &c.fields[i]
		text := f.Text()
		if masked := audit.MaskText(text, values...).String(); masked != text {
			f.Value = " " + message.EncodeText(masked)
		}
	}
	b.told = &notice.Original{
		Reference: b.d.Reference, ReversePath: b.m.Envelope.ReversePath, MailArgs: b.m.Envelope.MailArgs,
		Header: b.MaskHeader(c.fields), Arrival: b.now, Language: b.d.reader.prefers,
	}
	return *b.told
}

package notice

import (
	"cmp"
	"slices"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice/layout"
)

const (
	// soon is how long before it expires a held message is listed first.
	soon = 3 * 24 * time.Hour
	// shownItems is how many held messages a digest lists.
	shownItems = 200
	// shownPeople is how many recipients of a held message are listed.
	shownPeople = 5
)

// facts are what is told of a held message.
func (w *Writer) facts(t *sentences, h *Held) []layout.Fact {
	sender := line(h.Sender.String(), lineLength)
	if h.Sender.IsNull() {
		sender = "<>"
	}
	var people []string
	for _, p := range h.Recipients {
		people = append(people, line(p.String(), lineLength))
	}
	rule := line(h.Policy, lineLength)
	if h.Rule != "" {
		rule += " / " + line(h.Rule, lineLength)
	}
	expires := w.moment(t, h.Expires)
	if expires == "" {
		expires = t.say("held.never")
	}
	return []layout.Fact{
		{Label: t.say("label.item"), Value: line(h.Item, lineLength)},
		{Label: t.say("label.from"), Value: sender},
		{Label: t.say("label.to"), Value: t.people(people, shownPeople)},
		{Label: t.say("label.rule"), Value: rule},
		{Label: t.say("label.reason"), Value: line(h.Reason, lineLength)},
		{Label: t.say("label.size"), Value: t.size(h.Size)},
		{Label: t.say("label.since"), Value: w.moment(t, h.Since)},
		{Label: t.say("label.expires"), Value: expires},
	}
}

// Digest tells a reviewer what is held, and first what expires within three days.
// Without items it is [*NotSent].
func (w *Writer) Digest(d Digest) (Notice, error) {
	if len(d.Items) == 0 {
		return Notice{}, &NotSent{ReasonNobody}
	}
	now := w.s.Now()
	items := slices.Clone(d.Items)
	// What never expires comes last, the oldest first.
	slices.SortStableFunc(items, func(a, b Held) int {
		switch {
		case a.Expires.IsZero() != b.Expires.IsZero():
			if a.Expires.IsZero() {
				return 1
			}
			return -1
		case !a.Expires.Equal(b.Expires):
			return a.Expires.Compare(b.Expires)
		}
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Item, b.Item))
	})
	t := w.texts.pick(d.Language, w.s.Language)
	shown := items[:min(len(items), shownItems)]
	var urgent, later []layout.Block
	expiring := 0
	for i := range items {
		h := &items[i]
		isSoon := !h.Expires.IsZero() && h.Expires.Before(now.Add(soon))
		if isSoon {
			expiring++
		}
		if i >= len(shown) {
			continue
		}
		blocks := []layout.Block{layout.Subheading(line(h.Reference, lineLength)), layout.Facts(w.facts(t, h)...)}
		if isSoon {
			urgent = append(urgent, blocks...)
		} else {
			later = append(later, blocks...)
		}
	}
	blocks := []layout.Block{layout.Title(t.say("digest.title"))}
	if len(urgent) > 0 {
		blocks = append(append(blocks, layout.Heading(t.say("digest.soon"))), urgent...)
		if len(later) > 0 {
			blocks = append(blocks, layout.Heading(t.say("digest.later")))
		}
	}
	blocks = append(blocks, later...)
	if more := len(items) - len(shown); more > 0 {
		blocks = append(blocks, layout.Paragraph(t.count("digest.more", more)))
	}
	blocks = append(blocks, layout.Paragraph(t.say("digest.foot", "command", "postern quarantine list")))
	return w.compose(letter{
		kind: KindDigest, to: []message.Path{d.To},
		subject: t.say("digest.subject", "all", t.digits(len(items)), "soon", t.digits(expiring)),
		page:    layout.Page{Language: t.tag, Title: t.say("digest.title"), Blocks: blocks},
	})
}

// HeldNotice tells reviewers of a message that was held because its sender may not
// be told of a block. It is in the language of the settings.
func (w *Writer) HeldNotice(to []message.Path, h Held) (Notice, error) {
	t := w.texts.pick("", w.s.Language)
	reference := line(h.Reference, lineLength)
	return w.compose(letter{
		kind: KindHeld, to: to, reference: h.Reference,
		subject: t.say("held.subject", "reference", reference),
		page: layout.Page{Language: t.tag, Title: t.say("held.title"), Blocks: []layout.Block{
			layout.Title(t.say("held.title")), layout.Callout(layout.Warning, "", layout.Paragraph(t.say("held.why"))),
			layout.Facts(append([]layout.Fact{{Label: t.say("label.reference"), Value: reference}}, w.facts(t, &h)...)...),
			layout.Paragraph(t.say("held.next", "command", "postern quarantine show "+line(h.Item, lineLength))),
		}},
	})
}

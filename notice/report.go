package notice

import (
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice/layout"
)

// shownRecipients is how many recipients the text of a report names; the report
// for programs names all.
const shownRecipients = 50

// BlockNDR tells a sender which recipients policies refused, and why. It goes to
// the reverse-path, if that may be answered, and names the recipients whose NOTIFY
// does not forbid it. An error of the type [*NotSent] says why there is none.
func (w *Writer) BlockNDR(b Block) (Notice, error) {
	status := b.Status
	if dsn.ReplyStatus("550 "+status) != status {
		status = "5.7.1"
	}
	r := draft{kind: KindBlock, texts: "block", original: b.Original, tip: b.Tip, learnMore: b.LearnMore, told: b.Notification}
	for _, rcpt := range b.Recipients {
		r.recipients = append(r.recipients, w.refused(rcpt, status, "refused by a mail policy of", b.Reference))
	}
	return w.report(r)
}

// ExpiryNDR tells a sender that a held message was not released in time. As
// BlockNDR.
func (w *Writer) ExpiryNDR(e Expiry) (Notice, error) {
	r := draft{kind: KindExpiry, texts: "expiry", original: e.Original, tip: e.Tip, learnMore: e.LearnMore}
	for _, rcpt := range e.Recipients {
		r.recipients = append(r.recipients, w.refused(rcpt, "5.7.1", "held and not released by", e.Reference))
	}
	return w.report(r)
}

// RejectedNDR tells a sender that a held message was looked at and its delivery
// refused. As BlockNDR.
func (w *Writer) RejectedNDR(x Rejection) (Notice, error) {
	r := draft{
		kind: KindRejected, texts: "rejected", original: x.Original, tip: x.Tip, learnMore: x.LearnMore,
		quoteLabel: "rejected.comment", quote: paragraphs(x.Comment, tipLength),
	}
	for _, rcpt := range x.Recipients {
		r.recipients = append(r.recipients, w.refused(rcpt, "5.7.1", "held and rejected by", x.Reference))
	}
	return w.report(r)
}

// refused is a recipient whom a policy keeps a message from.
func (w *Writer) refused(rcpt message.Recipient, status, how, reference string) candidate {
	return candidate{rcpt, dsn.Recipient{
		Action: dsn.Failed, Status: status,
		Diagnostic: dsn.SMTP("550 " + status + " " + how + " " + w.s.Organization + ", reference " + reference),
	}}
}

// DeliveryDSN tells a sender which recipients a message could not be delivered to
// after it was taken. As BlockNDR.
func (w *Writer) DeliveryDSN(f Failure) (Notice, error) {
	r := draft{kind: KindDelivery, texts: "delivery", original: f.Original, why: "delivery.why"}
	if f.Released {
		r.why = "delivery.released"
	}
	for _, rcpt := range f.Recipients {
		about := dsn.Recipient{Action: dsn.Failed, LastAttempt: rcpt.LastAttempt, Status: dsn.ReplyStatus(rcpt.Reply)}
		reply := line(rcpt.Reply, replyLength)
		switch {
		case reply == "":
		case about.Status != "":
			about.Diagnostic = dsn.SMTP(reply)
		default:
			about.Diagnostic = dsn.Typed{Type: "x-postern", Text: reply}
		}
		if rcpt.RemoteMTA != "" {
			about.RemoteMTA = dsn.DNS(rcpt.RemoteMTA)
		}
		switch {
		case rcpt.Expired:
			about.Status = "4.4.7" // RFC 3463, section 3.5: delivery time expired
		case about.Status == "":
			about.Status = "5.0.0"
		}
		if r.quote == "" {
			r.quoteLabel, r.quote = "delivery.reply", reply
		}
		r.recipients = append(r.recipients, candidate{rcpt.Recipient, about})
	}
	return w.report(r)
}

// DelayDSN tells a sender that a message waits and goes on waiting (RFC 3464,
// section 2.3.3, "delayed"). It names the recipients whose NOTIFY asks for delays
// or says nothing. As BlockNDR otherwise.
func (w *Writer) DelayDSN(d Delay) (Notice, error) {
	r := draft{kind: KindDelay, texts: "delay", original: d.Original, tip: d.Tip, learnMore: d.LearnMore, why: "delay.held", until: d.Until}
	status := "4.7.1"
	if d.Queued {
		r.why, status = "delay.queued", "4.4.7"
	}
	for _, rcpt := range d.Recipients {
		about := dsn.Recipient{Action: dsn.Delayed, Status: status, WillRetryUntil: d.Until}
		if !d.Queued {
			about.Diagnostic = dsn.Typed{Type: "x-postern", Text: "held by " + w.s.Organization + ", reference " + d.Reference}
		}
		r.recipients = append(r.recipients, candidate{rcpt, about})
	}
	return w.report(r)
}

// draft is a report that is not yet known to be sent.
type draft struct {
	kind       Kind
	texts      string // what its keys begin with
	original   Original
	recipients []candidate
	why        string // a key; empty is that of texts
	tip        string
	learnMore  string
	// quote is text of others, with the key of what introduces it; may be empty.
	quoteLabel, quote string
	until             time.Time // may be zero
	told              *Notification
}

// candidate is a recipient who is named if NOTIFY allows it.
type candidate struct {
	rcpt  message.Recipient
	about dsn.Recipient
}

func (w *Writer) report(d draft) (Notice, error) {
	o := &d.original
	if ok, why := w.MayAnswer(o.Header, o.ReversePath); !ok {
		return Notice{}, &NotSent{why}
	}
	n := Notice{Kind: d.kind, To: []message.Path{o.ReversePath}, Reference: o.Reference}
	// Arguments that cannot be read count as not given: better told than silent.
	mailArgs, _ := dsn.ReadMailArgs(o.MailArgs)
	r := dsn.Report{
		Date: w.s.Now(), From: w.s.From, To: o.ReversePath, References: references(o.Header),
		ReportingMTA: dsn.DNS(w.s.Hostname), ArrivalDate: o.Arrival, EnvelopeID: mailArgs.EnvelopeID,
		Original: givenBack(o.Header),
	}
	var named []string
	for i, c := range d.recipients {
		args, _ := dsn.ReadRcptArgs(c.rcpt.Args)
		if wanted := args.Notify.Failure(); c.about.Action == dsn.Delayed && !args.Notify.Delay() || c.about.Action != dsn.Delayed && !wanted {
			n.Unnamed = append(n.Unnamed, i)
			continue
		}
		n.Named = append(n.Named, i)
		c.about.Final, c.about.Original = dsn.Address(c.rcpt.Path), args.Original
		r.Recipients = append(r.Recipients, c.about)
		named = append(named, line(c.rcpt.Path.String(), lineLength))
	}
	switch {
	case len(n.Named) == 0 && len(n.Unnamed) > 0:
		return Notice{}, &NotSent{ReasonNotify}
	case len(n.Named) == 0:
		return Notice{}, &NotSent{ReasonNobody}
	}
	var err error
	if n.MessageID, err = w.newMessageID(); err != nil {
		return Notice{}, err
	}
	r.MessageID, r.Extra = n.MessageID, w.extra(n.MessageID, o.Reference)
	t := w.texts.pick(o.Language, w.s.Language)
	page := w.reportPage(t, &d, named)
	r.Subject, r.Text, r.HTML, r.Language = t.say(d.texts+".subject", "subject", t.subjectOf(o)), page.Text(), page.HTML(), t.tag
	n.UTF8 = r.UTF8()
	if n.Bytes, err = dsn.Compose(r); err != nil {
		return Notice{}, err
	}
	return n, nil
}

// reportPage is what people read of a report.
func (w *Writer) reportPage(t *sentences, d *draft, named []string) layout.Page {
	organization := w.organization()
	why := d.why
	if why == "" {
		why = d.texts + ".why"
	}
	shown := named[:min(len(named), shownRecipients)]
	if more := len(named) - len(shown); more > 0 {
		shown = append(shown[:len(shown):len(shown)], t.count("report.more", more))
	}
	severity := layout.Danger
	if d.kind == KindDelay {
		severity = layout.Warning
	}
	reason := append([]layout.Block{layout.Paragraph(t.say(why, "organization", organization))}, layout.Paragraphs(paragraphs(d.tip, tipLength))...)
	if d.quote != "" {
		reason = append(reason, layout.Paragraph(t.say(d.quoteLabel)), layout.Quote(d.quote))
	}
	if !d.until.IsZero() && d.kind == KindDelay {
		reason = append(reason, layout.Paragraph(t.say("delay.until", "until", w.moment(t, d.until))))
	}
	blocks := []layout.Block{
		layout.Title(t.say(d.texts + ".title")),
		layout.Paragraph(t.say(d.texts + ".to")), layout.List(shown...), layout.Callout(severity, "", reason...),
		layout.Paragraph(t.say("report.only")),
	}
	var own bool
	if d.told != nil {
		var said []layout.Block
		said, own = w.matched(t, d.told, w.notificationValues(t, d.told))
		blocks = append(blocks, said...)
	}
	if !own {
		blocks = append(blocks, layout.Heading(t.say("heading.next")), layout.List(t.numbered(d.texts+".next")...))
	}
	return layout.Page{
		Language: t.tag, Title: t.say(d.texts + ".title"),
		Blocks: append(blocks, w.about(t, &d.original, d.learnMore, layout.Fact{Label: t.say("label.messageId"), Value: d.original.field("Message-ID")})...),
	}
}

// maxReferences is how many earlier messages of a thread a report refers to.
const maxReferences = 10

// references gives the Message-IDs of a thread, that of the message last.
func references(h message.Header) []string {
	var ids []string
	if f, ok := h.Get("References"); ok {
		ids = strings.Fields(f.Text())
		ids = ids[max(0, len(ids)-maxReferences):]
	}
	if f, ok := h.Get("Message-ID"); ok {
		ids = append(ids, f.Text())
	}
	return ids
}

// returned are the fields a report gives back: those by which sender and programs
// know the message again. Others may hold what the policies matched.
var returned = map[string]bool{
	"cc": true, "date": true, "from": true, "in-reply-to": true, "message-id": true, "mime-version": true,
	"received": true, "references": true, "reply-to": true, "resent-date": true, "resent-from": true,
	"resent-message-id": true, "resent-to": true, "sender": true, "subject": true, "to": true,
}

func givenBack(h message.Header) message.Header {
	var kept message.Header
	for _, f := range h {
		if returned[strings.ToLower(f.Name)] {
			kept = append(kept, f)
		}
	}
	return kept
}

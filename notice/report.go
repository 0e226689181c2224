package notice

import (
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

// shownRecipients is how many recipients the text of a report names; the report
// for programs names all.
const shownRecipients = 50

// reportText is what the texts of reports say.
type reportText struct {
	Organization string
	Recipients   []string
	More         int
	Tip          string
	Reply        string
	Released     bool
	LearnMore    string
	Subject      string
	Date         string
	MessageID    string
	Reference    string
}

// BlockNDR tells a sender which recipients policies refused, and why. It goes to
// the reverse-path, if that may be answered, and names the recipients whose NOTIFY
// does not forbid it. An error of the type [*NotSent] says why there is none.
func (w *Writer) BlockNDR(b Block) (Notice, error) {
	status := b.Status
	if dsn.ReplyStatus("550 "+status) != status {
		status = "5.7.1"
	}
	r := draft{kind: KindBlock, original: b.Original, text: reportText{Tip: b.Tip, LearnMore: b.LearnMore}}
	for _, rcpt := range b.Recipients {
		r.recipients = append(r.recipients, w.refused(rcpt, status, "refused by a mail policy of", b.Reference))
	}
	return w.report(r)
}

// ExpiryNDR tells a sender that a held message was not released in time. As
// BlockNDR.
func (w *Writer) ExpiryNDR(e Expiry) (Notice, error) {
	r := draft{kind: KindExpiry, original: e.Original, text: reportText{Tip: e.Tip}}
	for _, rcpt := range e.Recipients {
		r.recipients = append(r.recipients, w.refused(rcpt, "5.7.1", "held and not released by", e.Reference))
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
	r := draft{kind: KindDelivery, original: f.Original, text: reportText{Released: f.Released}}
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
		if r.text.Reply == "" {
			r.text.Reply = reply
		}
		r.recipients = append(r.recipients, candidate{rcpt.Recipient, about})
	}
	return w.report(r)
}

// draft is a report that is not yet known to be sent.
type draft struct {
	kind       Kind
	original   Original
	recipients []candidate
	text       reportText
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
	for i, c := range d.recipients {
		args, _ := dsn.ReadRcptArgs(c.rcpt.Args)
		if !args.Notify.Failure() {
			n.Unnamed = append(n.Unnamed, i)
			continue
		}
		n.Named = append(n.Named, i)
		c.about.Final, c.about.Original = dsn.Address(c.rcpt.Path), args.Original
		r.Recipients = append(r.Recipients, c.about)
		if len(d.text.Recipients) == shownRecipients {
			d.text.More++
		} else {
			d.text.Recipients = append(d.text.Recipients, line(c.rcpt.Path.String(), lineLength))
		}
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
	w.fill(&d.text, o)
	if r.Subject, r.Text, err = w.texts.write(textOf[d.kind], d.text); err != nil {
		return Notice{}, err
	}
	n.UTF8 = r.UTF8()
	if n.Bytes, err = dsn.Compose(r); err != nil {
		return Notice{}, err
	}
	return n, nil
}

// textOf names the text of each kind of report.
var textOf = map[Kind]string{KindBlock: "block", KindDelivery: "delivery", KindExpiry: "expiry"}

// fill adds what every report says of the message.
func (w *Writer) fill(t *reportText, o *Original) {
	t.Organization, t.Reference = line(w.s.Organization, lineLength), line(o.Reference, lineLength)
	t.Tip = paragraphs(t.Tip, tipLength)
	if t.LearnMore == "" || checkURL(t.LearnMore) != nil {
		t.LearnMore = w.s.LearnMore
	}
	t.Subject = "(no subject)"
	if f, ok := o.Header.Get("Subject"); ok && strings.TrimSpace(f.Text()) != "" {
		t.Subject = line(f.Text(), lineLength)
	}
	if f, ok := o.Header.Get("Date"); ok {
		t.Date = line(f.Text(), lineLength)
	}
	if f, ok := o.Header.Get("Message-ID"); ok {
		t.MessageID = line(f.Text(), lineLength)
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

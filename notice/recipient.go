package notice

import (
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/edit"
	"github.com/postern-mail/postern/notice/layout"
)

// RecipientNotice is what a rule says to a recipient of a message
// (generateNotification).
type RecipientNotice struct {
	// Original is the message. Its Language is that of the sender and not used.
	Original
	To        message.Path
	Preferred string
	// HTML is the text of the administrator; it may have tokens.
	HTML string
}

// RecipientTokens are the names of the tokens of a text to recipients.
var RecipientTokens = []string{"Cc", "From", "Headers", "MessageDate", "Subject", "To"}

// headersLength is how many characters of a header section %%Headers%% gives.
const headersLength = 8000

// RecipientNotice tells one recipient of a message what a rule has to say. A text
// of nothing is [*NotSent].
func (w *Writer) RecipientNotice(n RecipientNotice) (Notice, error) {
	safe, _ := safeHTML(n.HTML, w.recipientValues(&n.Original))
	text := edit.Text(safe)
	if strings.TrimSpace(text) == "" {
		return Notice{}, &NotSent{ReasonNobody}
	}
	t := w.texts.pick(n.Preferred, w.s.Language)
	answers := n.Header
	if answers == nil {
		answers = message.Header{}
	}
	return w.compose(letter{
		kind: KindRecipient, to: []message.Path{n.To}, reference: n.Reference, answers: answers,
		subject: t.say("recipient.subject", "subject", t.subjectOf(&n.Original)),
		page: layout.Page{Language: t.tag, Title: t.say("recipient.title"), Blocks: []layout.Block{
			layout.Written(safe, text),
			layout.Facts(layout.Fact{Label: t.say("label.reference"), Value: line(n.Reference, lineLength)}),
			layout.Small(t.say("foot.automatic")),
		}},
	})
}

// recipientValues gives the values of tokens. Fields that recipients do not get to
// see are not among them.
func (w *Writer) recipientValues(o *Original) map[string]string {
	values := make(map[string]string)
	for name, field := range map[string]string{"From": "From", "To": "To", "Cc": "Cc", "Subject": "Subject", "MessageDate": "Date"} {
		var all []string
		for _, f := range o.Header.All(field) {
			all = append(all, line(f.Text(), replyLength))
		}
		values[name] = strings.Join(all, ", ")
	}
	var fields strings.Builder
	for _, f := range o.Header {
		switch strings.ToLower(f.Name) {
		case "bcc", "resent-bcc":
			continue
		}
		fields.WriteString(f.Name + ": " + line(f.Text(), replyLength) + "\n")
	}
	values["Headers"] = paragraphs(fields.String(), headersLength)
	return lowerKeys(values)
}

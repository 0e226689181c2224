package dsn

import (
	"errors"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/message"
)

// Bounds of a report.
const (
	maxRecipients = 10_000
	maxOriginal   = 64 << 10 // octets of header fields given back
	maxText       = 64 << 10 // octets
)

// Compose writes a report: three parts, the last absent when nothing of the
// original is given back. The first is text, or text and HTML as alternatives (RFC
// 6522, section 3, allows both). An error says what of the report is missing or has no
// form; the text for people, the subject and diagnostics are never the cause. The
// octets depend on nothing but r.
func Compose(r Report) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	utf8 := r.UTF8()
	status, err := r.status(utf8)
	if err != nil {
		return nil, err
	}
	parts := []Part{Readable(r.MessageID, r.Language, r.Text, r.HTML), {MediaType: "message/delivery-status", Encoding: "7bit", Body: status}}
	if utf8 {
		parts[1].MediaType, parts[1].Encoding = "message/global-delivery-status", "8bit"
	}
	if len(r.Original) > 0 {
		parts = append(parts, headersPart(r.Original, utf8))
	}
	b := Builder{UTF8: utf8}
	b.Date("Date", r.Date)
	b.Mailboxes("From", r.From)
	b.Mailboxes("To", Mailbox{Path: r.To})
	b.Text("Subject", r.Subject)
	b.MessageIDs("Message-ID", r.MessageID)
	b.Thread(r.References)
	b.Token("Auto-Submitted", "auto-replied")
	for _, f := range r.Extra {
		b.Text(f.Name, f.Value)
	}
	whole := Multipart("report", "report-type=delivery-status", r.MessageID, parts...)
	if utf8 {
		whole.Encoding = "8bit"
	}
	return b.Finish(whole)
}

// Thread writes the fields of an answer to the last of some messages (RFC 5322,
// section 3.6.4). What is no message identifier is left out.
func (b *Builder) Thread(references []string) {
	refs := onlyMessageIDs(references)
	if n := len(refs); n > 0 {
		b.MessageIDs("In-Reply-To", refs[n-1])
		b.MessageIDs("References", refs...)
	}
}

// check tells what is missing.
func (r *Report) check() error {
	switch {
	case !isMessageID(r.MessageID):
		return errors.New("the report has no Message-ID")
	case r.Date.IsZero():
		return errors.New("the report has no date")
	case r.From.Path.IsNull() || r.To.IsNull():
		return errors.New("the report has no sender, or nobody to go to")
	case r.ReportingMTA.Text == "":
		return errors.New("the report does not say which server makes it")
	case len(r.Recipients) == 0 || len(r.Recipients) > maxRecipients:
		return fmt.Errorf("the report is about %d recipients", len(r.Recipients))
	}
	for i := range r.Recipients {
		if err := r.Recipients[i].check(); err != nil {
			return fmt.Errorf("recipient %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *Recipient) check() error {
	class, ok := statusClass(r.Status)
	switch {
	case r.Final.Text == "":
		return errors.New("it has no address")
	case !ok:
		return fmt.Errorf("%q is no status", r.Status)
	case r.Action == Failed && class != '4' && class != '5', r.Action == Delayed && class != '4':
		return fmt.Errorf("status %s does not go with %s", r.Status, r.Action)
	case r.Action != Failed && r.Action != Delayed:
		return fmt.Errorf("%q is no action that is reported", r.Action)
	}
	return nil
}

// status writes the fields of the report itself (RFC 3464, section 2): a group for
// the message, and one for each recipient.
func (r *Report) status(utf8 bool) (string, error) {
	b := Builder{UTF8: utf8}
	if r.EnvelopeID != "" {
		b.Token("Original-Envelope-Id", r.EnvelopeID)
	}
	b.typed("Reporting-MTA", r.ReportingMTA)
	if !r.ArrivalDate.IsZero() {
		b.Date("Arrival-Date", r.ArrivalDate)
	}
	for i := range r.Recipients {
		rcpt := &r.Recipients[i]
		b.b.WriteString("\r\n")
		b.typed("Original-Recipient", rcpt.Original)
		b.typed("Final-Recipient", rcpt.Final)
		b.Token("Action", string(rcpt.Action))
		b.Token("Status", rcpt.Status)
		b.typed("Remote-MTA", rcpt.RemoteMTA)
		b.typed("Diagnostic-Code", rcpt.Diagnostic)
		if !rcpt.LastAttempt.IsZero() {
			b.Date("Last-Attempt-Date", rcpt.LastAttempt)
		}
		if !rcpt.WillRetryUntil.IsZero() && rcpt.Action == Delayed {
			b.Date("Will-Retry-Until", rcpt.WillRetryUntil)
		}
	}
	return b.String(), b.Err()
}

// typed writes a field with a typed text; an absent one is not written.
func (b *Builder) typed(name string, t Typed) {
	if t.IsZero() {
		return
	}
	if !isAtom(t.Type) {
		b.fail(fmt.Errorf("%q is no type for %s", t.Type, name))
		return
	}
	text := t.Text
	if t.Type == "utf-8" && !b.UTF8 {
		text = encodeUTF8Address(text)
	}
	b.Token(name, t.Type+"; "+text)
}

// plainLines gives text with LF line ends, the last line ended, and without
// control characters.
func plainLines(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// quotedPrintable encodes octets (RFC 2045, section 6.7); line ends become CRLF.
func quotedPrintable(text string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	// Neither fails: the builder takes everything.
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// headersPart gives back fields of the original (RFC 6522, section 4; RFC 6533,
// section 4).
func headersPart(h message.Header, utf8Allowed bool) Part {
	p := Part{MediaType: "text/rfc822-headers", Encoding: "7bit", Body: originalFields(h)}
	if utf8Allowed {
		p.MediaType = "message/global-headers"
	}
	long := false
	for line := range strings.SplitSeq(p.Body, "\r\n") {
		long = long || len(line) > 998
	}
	switch {
	case isASCII(p.Body) && !long:
	case utf8Allowed && !long && utf8.ValidString(p.Body):
		p.Encoding = "8bit"
	default:
		p.Encoding, p.Body = "quoted-printable", quotedPrintable(p.Body)
	}
	return p
}

// originalFields writes fields as they were, folds included, up to the bound.
func originalFields(h message.Header) string {
	var b strings.Builder
	for _, f := range h {
		if !isFieldName(f.Name) {
			continue
		}
		value := withoutControls(f.Value)
		if value == "" || value[0] != ' ' && value[0] != '\t' {
			value = " " + value
		}
		lines := strings.Split(value, "\n")
		if b.Len()+len(f.Name)+len(value)+len(lines)+3 > maxOriginal {
			break
		}
		b.WriteString(f.Name)
		b.WriteByte(':')
		for i, line := range lines {
			switch {
			case i > 0 && strings.Trim(line, " \t") == "":
				continue // a blank line would end the section
			case i > 0 && line[0] != ' ' && line[0] != '\t':
				b.WriteString("\r\n ")
			case i > 0:
				b.WriteString("\r\n")
			}
			b.WriteString(line)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// withoutControls drops control characters other than LF and tab from a value in
// any charset.
func withoutControls(value string) string {
	kept := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if c := value[i]; c >= ' ' && c != 0x7f || c == '\t' || c == '\n' {
			kept = append(kept, c)
		}
	}
	return string(kept)
}

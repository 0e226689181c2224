package dsn

import (
	"errors"
	"io"
	"net/mail"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
)

// maxReport is how much of a message Parse reads, in octets. Programs put the
// report before what they give back of the original, which may be long.
const maxReport = 4 << 20

// Bounds of what is kept of a report read.
const (
	maxGroupFields = 100
	maxFieldText   = 4096 // octets
	maxReferences  = 100
)

// ErrNoReport is the error of Parse for a message that is not a report.
var ErrNoReport = errors.New("the message is no delivery status notification")

// Parse reads a message that is a report. It takes what other programs write: a
// report in any multipart, statuses with comments, addresses in angle brackets,
// types left out. What cannot be read is left at its zero value. It reads at most
// 4 MiB and the first 10,000 recipients.
func Parse(r io.Reader) (Report, error) {
	m, err := message.Read(message.Envelope{}, io.LimitReader(r, maxReport), nil,
		message.Limits{Nesting: 8, Members: 100, HeaderFields: 1000})
	if err != nil {
		return Report{}, err
	}
	defer m.Close()
	return FromMessage(m)
}

// FromMessage reads the report in a message. As Parse.
func FromMessage(m *message.Message) (Report, error) {
	f := finder{}
	f.walk(m.Root)
	if f.status == nil {
		return Report{}, ErrNoReport
	}
	data, err := f.status.Content()
	if err != nil {
		return Report{}, err
	}
	var r Report
	r.readStatus(string(data))
	if len(r.Recipients) == 0 {
		return Report{}, ErrNoReport
	}
	r.readHeader(m.Header)
	if f.text != nil {
		if data, err = f.text.Content(); err != nil {
			return Report{}, err
		}
		r.Text = plainLines(string(data))
	}
	if r.Original, err = f.originalHeader(); err != nil {
		return Report{}, err
	}
	return r, nil
}

// finder looks for the parts of a report outside embedded messages.
type finder struct{ text, status, original *message.Part }

func (f *finder) walk(p *message.Part) {
	switch p.MediaType {
	case "message/delivery-status", "message/global-delivery-status":
		set(&f.status, p)
	case "text/rfc822-headers", "message/global-headers":
		set(&f.original, p)
	case "text/plain":
		// Text behind the report is what was given back.
		if f.status == nil && p.IsBody() && p.Size() > 0 && !strings.HasSuffix(p.Index, ".0") {
			set(&f.text, p)
		}
	}
	if p.IsEmbedded() {
		if f.status != nil {
			set(&f.original, p)
		}
		return
	}
	for _, c := range p.Children {
		f.walk(c)
	}
}

// set keeps the first part found.
func set(to **message.Part, p *message.Part) {
	if *to == nil {
		*to = p
	}
}

// originalHeader reads the header section that the report gives back.
func (f *finder) originalHeader() (message.Header, error) {
	switch {
	case f.original == nil:
		return nil, nil
	case f.original.IsEmbedded():
		if len(f.original.Children) == 0 {
			return nil, nil
		}
		return cloneHeader(f.original.Children[0].Header), nil
	}
	data, err := f.original.Content()
	if err != nil {
		return nil, err
	}
	m, err := message.Read(message.Envelope{}, io.LimitReader(strings.NewReader(string(data)), maxOriginal), nil, message.Limits{HeaderFields: 1000})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return cloneHeader(m.Header), nil
}

// cloneHeader gives a header section that outlives its message.
func cloneHeader(h message.Header) message.Header {
	all := make(message.Header, len(h))
	for i, f := range h {
		all[i] = message.Field{Name: strings.Clone(f.Name), Value: strings.Clone(f.Value)}
	}
	return all
}

// readHeader takes what the header section of the report itself says.
func (r *Report) readHeader(h message.Header) {
	if f, ok := h.Get("From"); ok {
		if paths := h.Addresses("From"); len(paths) > 0 {
			r.From.Path = paths[0]
		}
		if name, _, ok := cutLast(f.Text(), "<"); ok {
			r.From.Name = cleanText(unquote(strings.TrimSpace(name)))
		}
	}
	if paths := h.Addresses("To"); len(paths) > 0 {
		r.To = paths[0]
	}
	if f, ok := h.Get("Subject"); ok {
		r.Subject = cleanText(f.Text())
	}
	if f, ok := h.Get("Date"); ok {
		r.Date = parseTime(f.Text())
	}
	if ids := messageIDs(h, "Message-ID"); len(ids) > 0 {
		r.MessageID = ids[0]
	}
	if r.References = messageIDs(h, "References"); len(r.References) == 0 {
		r.References = messageIDs(h, "In-Reply-To")
	}
	for _, f := range h {
		if len(f.Name) > 2 && strings.EqualFold(f.Name[:2], "X-") && len(r.Extra) < maxGroupFields {
			r.Extra = append(r.Extra, message.Field{Name: strings.Clone(f.Name), Value: bounded(f.Text())})
		}
	}
}

// messageIDs gives the identifiers of a field.
func messageIDs(h message.Header, name string) []string {
	f, ok := h.Get(name)
	if !ok {
		return nil
	}
	var ids []string
	for _, id := range strings.Fields(f.Text()) {
		if isMessageID(id) && len(ids) < maxReferences {
			ids = append(ids, strings.Clone(id))
		}
	}
	return ids
}

// readStatus reads the groups of fields of a report (RFC 3464, section 2.1).
func (r *Report) readStatus(text string) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	first := true
	var g group
	flush := func() {
		if len(g) == 0 {
			return
		}
		_, recipient := g.get("Final-Recipient")
		if first {
			r.readMessageGroup(g)
		}
		if !first || recipient {
			r.readRecipientGroup(g)
		}
		first, g = false, nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.Trim(line, " \t") == "":
			flush()
		case line[0] == ' ' || line[0] == '\t':
			g.extend(line)
		case len(g) < maxGroupFields:
			if name, value, ok := strings.Cut(line, ":"); ok {
				g = append(g, groupField{strings.TrimSpace(name), value})
			}
		}
	}
	flush()
}

// group is the fields of one recipient, or of the message.
type group []groupField

type groupField struct{ name, value string }

// extend adds a folded line to the last field.
func (g group) extend(line string) {
	if n := len(g); n > 0 && len(g[n-1].value) < maxFieldText {
		g[n-1].value += " " + strings.TrimLeft(line, " \t")
	}
}

func (g group) get(name string) (string, bool) {
	for _, f := range g {
		if strings.EqualFold(f.name, name) {
			return bounded(f.value), true
		}
	}
	return "", false
}

func (g group) typed(name, kind string) Typed {
	value, _ := g.get(name)
	before, after, ok := strings.Cut(value, ";")
	t := Typed{Type: strings.ToLower(strings.TrimSpace(before)), Text: strings.TrimSpace(after)}
	if !ok || !isAtom(t.Type) {
		t = Typed{Type: kind, Text: value}
	}
	if t.Text == "" {
		return Typed{}
	}
	switch t.Type {
	case "utf-8":
		if text, err := decodeUTF8Address(t.Text); err == nil {
			t.Text = text
		}
		fallthrough
	case "rfc822":
		if n := len(t.Text); n > 2 && t.Text[0] == '<' && t.Text[n-1] == '>' {
			t.Text = t.Text[1 : n-1]
		}
	}
	return t
}

func (g group) time(name string) time.Time {
	value, _ := g.get(name)
	return parseTime(value)
}

func (r *Report) readMessageGroup(g group) {
	r.EnvelopeID, _ = g.get("Original-Envelope-Id")
	r.ReportingMTA = g.typed("Reporting-MTA", "dns")
	r.ArrivalDate = g.time("Arrival-Date")
}

func (r *Report) readRecipientGroup(g group) {
	if len(r.Recipients) >= maxRecipients {
		return
	}
	rcpt := Recipient{
		Original:       g.typed("Original-Recipient", "rfc822"),
		Final:          g.typed("Final-Recipient", "rfc822"),
		Diagnostic:     g.typed("Diagnostic-Code", "smtp"),
		RemoteMTA:      g.typed("Remote-MTA", "dns"),
		LastAttempt:    g.time("Last-Attempt-Date"),
		WillRetryUntil: g.time("Will-Retry-Until"),
	}
	if rcpt.Final.IsZero() {
		rcpt.Final = rcpt.Original
	}
	if rcpt.Final.IsZero() {
		return
	}
	action, _ := g.get("Action")
	for _, a := range []Action{Failed, Delayed, Delivered, Relayed, Expanded} {
		if word, _, _ := strings.Cut(action, " "); strings.EqualFold(word, string(a)) {
			rcpt.Action = a
		}
	}
	status, _ := g.get("Status")
	for _, word := range strings.Fields(status) {
		if _, ok := statusClass(word); ok {
			rcpt.Status = word
			break
		}
	}
	r.Recipients = append(r.Recipients, rcpt)
}

// bounded makes one line of a value, of a bounded length and its own memory.
func bounded(value string) string {
	if len(value) > maxFieldText {
		value = strings.ToValidUTF8(value[:maxFieldText], "")
	}
	return strings.Clone(cleanText(value))
}

// parseTime reads a time leniently; it is zero when that fails.
func parseTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

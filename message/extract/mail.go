package extract

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message"
)

var formatMail = Format{
	Name:       "Internet message",
	MediaTypes: []string{"message/rfc822"},
	Extensions: []string{"eml", "mht", "mhtml"},
	Nested:     true,
	Protection: true,
	rank:       byWords,
	sniff:      isMail,
	read:       readMail,
}

var formatMailbox = Format{
	Name:       "Mailbox",
	MediaTypes: []string{"application/mbox"},
	Extensions: []string{"mbox"},
	Nested:     true,
	rank:       byWords,
	sniff:      isMailbox,
	read:       readMailbox,
}

// telling are header fields that few files but messages begin with.
var telling = map[string]bool{"bcc": true, "cc": true, "content-type": true, "content-transfer-encoding": true, "date": true,
	"delivered-to": true, "dkim-signature": true, "from": true, "message-id": true, "mime-version": true, "received": true,
	"reply-to": true, "return-path": true, "sender": true, "subject": true, "to": true, "x-mailer": true}

// IsMail tells whether content begins with a header section (RFC 5322) in which
// two fields are those of messages, or one that says that a multipart follows,
// with or without a line "From " before it.
func IsMail(content []byte) bool {
	const mostLines = 1000
	found := make(map[string]bool)
	multipart := false
	for i := 0; i < mostLines && len(content) > 0; i++ {
		line, rest, _ := bytes.Cut(content, []byte("\n"))
		content = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case len(line) == 0:
			return len(found) >= 2 || multipart
		case i == 0 && bytes.HasPrefix(line, []byte("From ")):
			continue
		case line[0] == ' ' || line[0] == '\t':
			if i == 0 {
				return false
			}
			continue
		}
		field, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(field) == 0 || bytes.ContainsFunc(field, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return false
		}
		f := strings.ToLower(string(field))
		if telling[f] {
			found[f] = true
		}
		multipart = multipart || f == "content-type" && bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(value)), []byte("multipart/"))
	}
	return len(found) >= 2
}

func isMail(r *reader) bool {
	switch r.hintType() {
	case "message/rfc822", "message/global", "multipart/related":
		return r.looksLikeText()
	case "text/plain":
		// What people write as text may begin like a message, and is shown as text.
		return false
	}
	return r.looksLikeText() && IsMail(r.content)
}

// shownFields are those of a header section that mail readers show.
var shownFields = []string{"Subject", "From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Date", "Comments", "Keywords"}

// readMail writes the fields that people see and keeps every leaf as a member.
func readMail(r *reader) {
	lim := message.Limits{Nesting: max(1, r.lim.Nesting-r.depth), Members: max(1, r.left.members)}
	m, err := message.Read(message.Envelope{}, bytes.NewReader(r.content), nil, lim)
	if err != nil {
		r.fail(Corrupt, "the message cannot be read")
		return
	}
	defer m.Close()
	r.header(m.Header)
	if text, isText := loneText(m); isText {
		r.leaf(m.Root, text)
	} else {
		for p := range m.Leaves() {
			if r.expired() {
				break
			}
			if content, err := p.Content(); err == nil {
				r.leaf(p, content)
			}
		}
	}
	for p := range m.Attachments() {
		if p.IsEmbedded() && len(p.Children) > 0 {
			r.newLine()
			r.header(p.Children[0].Header)
		}
	}
	r.noticed(m.Notices)
}

// mailInText reads a message that was forwarded as text, which is shown as such:
// its parts are there to be decoded.
func (r *reader) mailInText() {
	const looked = 64 << 10
	if r.hintType() != "text/plain" || !IsMail(r.content) {
		return
	}
	head := bytes.ToLower(r.content[:min(len(r.content), looked)])
	if bytes.Contains(head, []byte("content-type:")) || bytes.Contains(head, []byte("content-transfer-encoding:")) {
		r.member(Hint{MediaType: "message/rfc822"}, r.content)
	}
}

// loneText gives the content of a message that is nothing but a text.
func loneText(m *message.Message) ([]byte, bool) {
	if len(m.Root.Children) > 0 || !m.Root.IsBody() {
		return nil, false
	}
	content, err := m.Root.Content()
	return content, err == nil
}

func (r *reader) header(h message.Header) {
	for _, name := range shownFields {
		for _, text := range h.Texts(name) {
			r.write(name + ": " + text + "\n")
		}
	}
}

func (r *reader) leaf(p *message.Part, content []byte) {
	hint := Hint{MediaType: p.MediaType, Charset: p.Charset()}
	if p.MediaType == "text/plain" {
		hint.Flowed = strings.EqualFold(p.Params["format"], "flowed")
		hint.DelSp = strings.EqualFold(p.Params["delsp"], "yes")
	}
	var more []string
	if len(p.Names) > 0 {
		hint.Name, more = p.Names[0], p.Names[1:]
	}
	r.member(hint, content, more...)
	r.noticed(p.Notices())
}

// noticed takes over what was met while the message was parsed.
func (r *reader) noticed(list []message.Notice) {
	for _, n := range list {
		switch n.Signal {
		case message.SignalDefect:
			r.defect(n.Detail)
		case message.SignalIncomplete:
			r.fail(Truncated, n.Detail)
		case message.SignalUnreadable:
			r.fail(Corrupt, n.Detail)
		case message.SignalEncrypted:
			r.doc.Encryption = n.Detail
			r.fail(Protected, n.Detail)
		}
	}
}

// nextMail finds the next line "From " (RFC 4155) behind pos that a header section
// follows, or gives the length of the content.
func nextMail(content []byte, pos int) int {
	for pos < len(content) {
		i := bytes.Index(content[pos:], []byte("\nFrom "))
		if i < 0 {
			break
		}
		pos += i + 1
		if IsMail(content[pos:]) {
			return pos
		}
	}
	return len(content)
}

func isMailbox(r *reader) bool {
	if !bytes.HasPrefix(r.content, []byte("From ")) || !r.looksLikeText() {
		return false
	}
	if !IsMail(r.content) {
		return false
	}
	return r.hintType() == "application/mbox" || r.extension() == "mbox" || nextMail(r.content, 0) < len(r.content)
}

// readMailbox keeps the messages of a mailbox file as members.
func readMailbox(r *reader) {
	for pos, n := 0, 1; pos < len(r.content) && !r.expired(); n++ {
		end := nextMail(r.content, pos)
		r.member(Hint{Name: "message " + strconv.Itoa(n) + ".eml", MediaType: "message/rfc822"}, r.content[pos:end])
		pos = end
	}
}

package notice

import (
	"cmp"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

const (
	// soon is how long before it expires a held message is listed first.
	soon = 3 * 24 * time.Hour
	// shownItems is how many held messages a digest lists.
	shownItems = 200
	// shownPeople is how many recipients of a held message are listed.
	shownPeople = 5
)

// itemText is what texts say of a held message.
type itemText struct {
	Item, Reference, Sender, Recipients, Rule, Reason, Size, Since, Expires string
}

func (h *Held) text() itemText {
	t := itemText{
		Item: line(h.Item, lineLength), Reference: line(h.Reference, lineLength),
		Sender: line(h.Sender.String(), lineLength), Reason: line(h.Reason, lineLength),
		Size: size(h.Size), Since: moment(h.Since), Expires: moment(h.Expires),
	}
	if h.Sender.IsNull() {
		t.Sender = "<>"
	}
	var people []string
	for _, p := range h.Recipients[:min(len(h.Recipients), shownPeople)] {
		people = append(people, line(p.String(), lineLength))
	}
	t.Recipients = strings.Join(people, ", ")
	if n := len(h.Recipients) - shownPeople; n > 0 {
		t.Recipients += fmt.Sprintf(" (+%d)", n)
	}
	t.Rule = line(h.Policy, lineLength)
	if h.Rule != "" {
		t.Rule += " / " + line(h.Rule, lineLength)
	}
	return t
}

// digestText is what the texts of a digest say.
type digestText struct {
	All         []Held
	Soon, Later []itemText
	More        int
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
	t := digestText{All: items, More: max(0, len(items)-shownItems)}
	for i := range items[:len(items)-t.More] {
		h := &items[i]
		if !h.Expires.IsZero() && h.Expires.Before(now.Add(soon)) {
			t.Soon = append(t.Soon, h.text())
		} else {
			t.Later = append(t.Later, h.text())
		}
	}
	html, err := w.texts.writeHTML("digest", t)
	if err != nil {
		return Notice{}, err
	}
	return w.mail(KindDigest, []message.Path{d.To}, "", t, html)
}

// HeldNotice tells reviewers of a message that was held because its sender may not
// be told of a block.
func (w *Writer) HeldNotice(to []message.Path, h Held) (Notice, error) {
	return w.mail(KindHeld, to, h.Reference, struct{ Item itemText }{h.text()}, "")
}

// mail writes mail to reviewers; html may be empty.
func (w *Writer) mail(kind Kind, to []message.Path, reference string, data any, html string) (Notice, error) {
	n := Notice{Kind: kind, Reference: reference, To: w.people(to)}
	if len(n.To) == 0 {
		return Notice{}, &NotSent{ReasonNobody}
	}
	subject, text, err := w.texts.write(string(kind), data)
	if err != nil {
		return Notice{}, err
	}
	if n.MessageID, err = w.newMessageID(); err != nil {
		return Notice{}, err
	}
	for _, p := range n.To {
		n.UTF8 = n.UTF8 || (&dsn.Report{To: p}).UTF8()
	}
	b := dsn.Builder{UTF8: n.UTF8}
	b.Date("Date", w.s.Now())
	b.Mailboxes("From", w.s.From)
	var boxes []dsn.Mailbox
	for _, p := range n.To {
		boxes = append(boxes, dsn.Mailbox{Path: p})
	}
	b.Mailboxes("To", boxes...)
	b.Text("Subject", subject)
	b.MessageIDs("Message-ID", n.MessageID)
	// RFC 3834, section 5: mail that answers no message.
	b.Token("Auto-Submitted", "auto-generated")
	for _, f := range w.extra(n.MessageID, reference) {
		b.Text(f.Name, f.Value)
	}
	b.Token("MIME-Version", "1.0")
	body := content("text/plain", text)
	if html != "" {
		// Quoted-printable never gives "=_" (RFC 2045, section 6.7).
		boundary := "=_postern"
		body = `Content-Type: multipart/alternative; boundary="` + boundary + "\"\r\n\r\n--" + boundary + "\r\n" + body +
			"\r\n--" + boundary + "\r\n" + content("text/html", html) + "\r\n--" + boundary + "--\r\n"
	}
	if err := b.Err(); err != nil {
		return Notice{}, err
	}
	n.Bytes = []byte(b.String() + body)
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

// content gives header fields and body of a part.
func content(mediaType, text string) string {
	var b strings.Builder
	b.WriteString("Content-Type: " + mediaType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	q := quotedprintable.NewWriter(&b)
	// Neither fails: the builder takes everything.
	_, _ = q.Write([]byte(plainText(text)))
	_ = q.Close()
	return b.String()
}

// plainText drops control characters other than line ends and tabs.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

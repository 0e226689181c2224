package rules

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
)

// content is one thing of a message that has a text: a body text, an
// attachment, an embedded message (its subject), or a subject without a body.
type content struct {
	part *message.Part // nil for a subject without a body
	name string
	body bool
	// subject stands in front of the text of a body and makes one item with it.
	subject string
	// alternative is the multipart/alternative the part is in, if any, and choice
	// the number of its child.
	alternative *message.Part
	choice      int

	doc  extract.Document
	read bool
	// within are the documents within this one, once it was read: those of
	// archives, of documents and of files that hold messages.
	within []*content
	// encrypted is set where the message noticed that the part is encrypted mail.
	encrypted bool
	found     []classify.Detection
	scanned   bool
}

// maxSubjects bounds in octets how often the subject is repeated in front of
// bodies; mail of people has two of them.
const maxSubjects = 1 << 20

// parts lists the contents in the order of the message, without reading them.
func (s *Scan) parts() []*content {
	if s.contents != nil {
		return s.contents
	}
	subject := s.Message.Subject()
	list := make([]*content, 0, 4)
	var attachments []*message.Part
	for p := range s.Message.Attachments() {
		attachments = append(attachments, p)
	}
	next, bodies := 0, 0
	for p := range s.Message.Leaves() {
		if p.IsBody() {
			c := &content{part: p, name: p.Name(), body: true}
			if bodies*len(subject) <= maxSubjects {
				c.subject = subject
			}
			list = append(list, c)
			bodies++
			continue
		}
		for next < len(attachments) {
			a := attachments[next]
			next++
			list = append(list, &content{part: a, name: a.Name()})
			if a == p {
				break
			}
		}
	}
	for _, a := range attachments[next:] {
		list = append(list, &content{part: a, name: a.Name()})
	}
	if bodies == 0 && subject != "" {
		list = append([]*content{{name: "subject", subject: subject, read: true}}, list...)
	}
	markAlternatives(s.Message.Root, list)
	s.contents = list
	return list
}

// markAlternatives notes which contents are alternatives of each other.
func markAlternatives(root *message.Part, list []*content) {
	byPart := make(map[*message.Part]*content, len(list))
	for _, c := range list {
		byPart[c.part] = c
	}
	var within func(p, alternative *message.Part, choice int)
	within = func(p, alternative *message.Part, choice int) {
		if c := byPart[p]; c != nil && alternative != nil {
			c.alternative, c.choice = alternative, choice
		}
		for i, child := range p.Children {
			if alternative == nil && p.MediaType == "multipart/alternative" {
				within(child, p, i)
			} else {
				within(child, alternative, choice)
			}
		}
	}
	within(root, nil, 0)
}

// attachments gives what a mail reader shows as attachments.
func (s *Scan) attachments() []*content {
	all := s.parts()
	list := make([]*content, 0, len(all))
	for _, c := range all {
		if c.part != nil && !c.body {
			list = append(list, c)
		}
	}
	return list
}

// document gives what was read of a content; it is read once.
func (s *Scan) document(ctx context.Context, c *content) *extract.Document {
	if c.read {
		return &c.doc
	}
	c.read = true
	if c.part.IsEmbedded() && len(c.part.Children) > 0 {
		text := strings.Join(c.part.Children[0].Header.Texts("Subject"), "\n")
		c.doc = extract.Document{MediaType: "message/rfc822", Extension: "eml", Status: extract.Complete,
			Text: text, Characters: utf8.RuneCountInString(text)}
		return &c.doc
	}
	octets, err := c.part.Content()
	if err != nil {
		if s.err == nil {
			s.err = err
		}
		c.doc = extract.Document{MediaType: c.part.MediaType, Status: extract.Truncated, Detail: "memory and disk are used up"}
		return &c.doc
	}
	if limit := s.World.ExtractTime; limit > 0 {
		left := limit - s.timeSpent
		if left <= 0 {
			c.doc = extract.Document{MediaType: c.part.MediaType, Status: extract.Truncated, Detail: "the time for reading the message was over"}
			return &c.doc
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left)
		defer cancel()
	}
	start := time.Now()
	hint := extract.Hint{MediaType: c.part.MediaType, Charset: c.part.Charset()}
	if c.part.MediaType == "text/plain" {
		hint.Flowed = strings.EqualFold(c.part.Params["format"], "flowed")
		hint.DelSp = strings.EqualFold(c.part.Params["delsp"], "yes")
	}
	if len(c.part.Names) > 0 {
		hint.Name = c.part.Names[0]
	}
	c.doc = extract.Extract(ctx, octets, hint, s.World.Extract)
	s.timeSpent += time.Since(start)
	if c.doc.Status == extract.Unsupported && s.encrypted(c, octets) {
		c.encrypted = true
		c.doc.Status, c.doc.Detail = extract.Protected, "encrypted mail"
	}
	for at, d := range c.doc.All() {
		if at != "" {
			c.within = append(c.within, &content{part: c.part, name: c.name + "/" + at, doc: *d, read: true, alternative: c.alternative, choice: c.choice})
		}
	}
	return &c.doc
}

// read gives all contents with the documents within them, each behind what it is
// in.
func (s *Scan) read(ctx context.Context) []*content {
	list := make([]*content, 0, len(s.parts()))
	for _, c := range s.parts() {
		s.document(ctx, c)
		list = append(append(list, c), c.within...)
	}
	return list
}

// encrypted tells whether a part that no extractor reads is what the message
// noticed as encrypted. The type is asked too, as parts may share a name.
func (s *Scan) encrypted(c *content, octets []byte) bool {
	switch c.part.MediaType {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
	default:
		if !bytes.Contains(octets, []byte("-----BEGIN PGP MESSAGE-----")) {
			return false
		}
	}
	noticed := func(n message.Notice) bool { return n.Part == c.name && n.Signal == message.SignalEncrypted }
	return slices.ContainsFunc(s.Message.Notices, noticed) || slices.ContainsFunc(c.part.Notices(), noticed)
}

// text gives the text of a content as one item: for a body, the subject and the
// text.
func (s *Scan) text(ctx context.Context, c *content) string {
	doc := s.document(ctx, c)
	switch {
	case c.subject == "":
		return doc.Text
	case doc.Text == "":
		return c.subject
	}
	return c.subject + "\n" + doc.Text
}

// signals are what policies are told of how far a document was read.
var signals = map[extract.Status]message.Signal{
	extract.Protected:   message.SignalPasswordProtected,
	extract.Unsupported: message.SignalUnsupported,
	extract.Corrupt:     message.SignalUnreadable,
	extract.Truncated:   message.SignalIncomplete,
}

// signal gives that of the document. That mail is encrypted was noticed before.
func (c *content) signal() (message.Signal, bool) {
	s, ok := signals[c.doc.Status]
	return s, ok && !c.encrypted
}

// Notices gives the signals of the message and of the parts read so far, in
// order of the parts.
func (s *Scan) Notices() []message.Notice {
	list := append([]message.Notice(nil), s.Message.Notices...)
	for _, c := range s.contents {
		if c.part == nil || !c.read {
			continue
		}
		list = append(list, c.part.Notices()...)
		if sig, ok := c.signal(); ok {
			list = append(list, message.Notice{Part: c.name, Signal: sig, Detail: c.doc.Detail})
		}
		for _, d := range c.within {
			if sig, ok := d.signal(); ok {
				list = append(list, message.Notice{Part: d.name, Signal: sig, Detail: d.doc.Detail})
			}
		}
	}
	return list
}

// ScannedPart is one part of a message with what was read of it.
type ScannedPart struct {
	// Name is as [message.Part.Name], or "subject".
	Name string
	extract.Document
	// Attachment is set for what a mail reader shows as an attachment.
	Attachment bool
}

// Parts reads every part of the message, in order. A subject is no part of its
// own: [Scan.Detections] names it.
func (s *Scan) Parts(ctx context.Context) []ScannedPart {
	var list []ScannedPart
	for _, c := range s.read(ctx) {
		if c.part != nil {
			list = append(list, ScannedPart{Name: c.name, Document: c.doc, Attachment: !c.body})
		}
	}
	return list
}

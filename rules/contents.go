package rules

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
)

// content is one thing of a message that has a text: a body text, an
// attachment, an embedded message (its subject), a subject without a body, or the
// header fields.
type content struct {
	part   *message.Part // nil for a subject without a body and for header fields
	name   string
	body   bool
	member bool // within a document; part is what that is in
	// unlisted are the names of a member that stand in no other text.
	unlisted []string
	// subject stands in front of the text of a body and makes one item with it.
	subject string
	// alternative is the multipart/alternative the part is in, if any, and choice
	// the number of its child.
	alternative *message.Part
	choice      int
	depth       int // of messages and documents around it

	doc  extract.Document
	read bool
	// within are the documents within this one, once it was read: those of
	// archives, of documents and of files that hold messages.
	within []*content
	// encrypted is set where the message noticed that the part is encrypted mail.
	encrypted bool
	found     []classify.Detection
	scanned   bool

	// seen are the readings of the text; nil before they are asked for.
	seen *[2 * textReadings]string
	// has tells of which lists of index something stands in the text.
	index *classify.Index
	has   []bool
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
	list = append(list, &content{name: headerName})
	markAlternatives(s.Message.Root, list)
	s.contents = list
	return list
}

// markAlternatives notes which contents are alternatives of each other, and how
// many messages are around each.
func markAlternatives(root *message.Part, list []*content) {
	byPart := make(map[*message.Part]*content, len(list))
	for _, c := range list {
		byPart[c.part] = c
	}
	var within func(p, alternative *message.Part, choice, depth int)
	within = func(p, alternative *message.Part, choice, depth int) {
		if c := byPart[p]; c != nil {
			c.alternative, c.choice, c.depth = alternative, choice, depth
		}
		if p.IsEmbedded() {
			depth++
		}
		for i, child := range p.Children {
			if alternative == nil && p.MediaType == "multipart/alternative" {
				within(child, p, i, depth)
			} else {
				within(child, alternative, choice, depth)
			}
		}
	}
	within(root, nil, 0, 0)
}

// names gives the file names of a content that is an attachment or within one.
func (c *content) names() []string {
	switch {
	case c.member:
		return c.doc.Names
	case c.part != nil:
		return c.part.Names
	}
	return nil
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
	if c.part == nil {
		c.doc = extract.Document{MediaType: "text/rfc822-headers", Status: extract.Complete, Text: headerText(s.Message)}
		c.doc.Characters = utf8.RuneCountInString(c.doc.Text)
		return &c.doc
	}
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
	hint := extract.Hint{MediaType: c.part.MediaType, Charset: c.part.Charset(), Depth: strings.Count(c.part.Index, ".")}
	if c.part.MediaType == "text/plain" {
		hint.Flowed = strings.EqualFold(c.part.Params["format"], "flowed")
		hint.DelSp = strings.EqualFold(c.part.Params["delsp"], "yes")
	}
	if len(c.part.Names) > 0 {
		hint.Name = c.part.Names[0]
	}
	if c.doc, err = s.reader()(ctx, octets, hint, s.budget); err != nil && s.err == nil {
		s.err = err
	}
	s.timeSpent += time.Since(start)
	if s.encrypted(c, octets) {
		c.encrypted = true
		c.doc.Status, c.doc.Detail = extract.Protected, "encrypted mail"
	}
	for _, p := range Unfold(c.name, c.doc)[1:] {
		c.within = append(c.within, &content{part: c.part, name: p.Name, member: true, doc: p.Document, read: true, unlisted: p.unlisted,
			alternative: c.alternative, choice: c.choice, depth: c.depth + p.Depth})
	}
	return &c.doc
}

// reader gives what reads documents. The documents of a message share a budget,
// from which its body parts are taken first.
func (s *Scan) reader() func(context.Context, []byte, extract.Hint, *extract.Budget) (extract.Document, error) {
	if s.budget == nil {
		s.budget = extract.NewBudget(s.World.Extract)
		s.budget.Spend(extract.Spent{Members: len(s.contents)})
		s.budget.Fallback = s.World.Fallback
	}
	if s.World.Read != nil {
		return s.World.Read
	}
	return func(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) (extract.Document, error) {
		return extract.Read(ctx, content, hint, b), nil
	}
}

// documents gives what attachments hold: themselves, and the documents within
// them and within bodies.
func (s *Scan) documents(ctx context.Context) iter.Seq[*content] {
	return func(yield func(*content) bool) {
		for _, c := range s.inComponent() {
			if c.part == nil {
				continue
			}
			s.document(ctx, c)
			if !c.body && !yield(c) {
				return
			}
			for _, d := range c.within {
				if !yield(d) {
					return
				}
			}
		}
	}
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

// encrypted tells whether a part is what the message noticed as encrypted: one
// that no extractor reads, or a file that holds a PGP message. The type is asked
// too, as parts may share a name.
func (s *Scan) encrypted(c *content, octets []byte) bool {
	if c.doc.Status != extract.Unsupported && (c.body || c.doc.Status != extract.Complete) {
		return false
	}
	switch c.part.MediaType {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		if c.doc.Status != extract.Unsupported {
			return false
		}
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

// notices gives what is told of how far the document was read. That mail is
// encrypted was noticed before.
func (c *content) notices() []message.Notice {
	list := noticesOf(c.name, &c.doc)
	if c.encrypted {
		return list[1:]
	}
	return list
}

// noticesOf gives that of a document: its status first, unless all was read, then
// its defects.
func noticesOf(name string, d *extract.Document) []message.Notice {
	var list []message.Notice
	if sig, ok := signals[d.Status]; ok {
		list = append(list, message.Notice{Part: name, Signal: sig, Detail: d.Detail})
	}
	for _, reason := range d.Defects {
		list = append(list, message.Notice{Part: name, Signal: message.SignalDefect, Detail: reason})
	}
	return list
}

// Notices gives what policies are told of how far the part was read.
func (p ScannedPart) Notices() []message.Notice { return noticesOf(p.Name, &p.Document) }

// Notices gives the signals of the message and of the parts read so far, in
// order of the parts.
func (s *Scan) Notices() []message.Notice {
	list := append([]message.Notice(nil), s.Message.Notices...)
	for _, c := range s.contents {
		if c.part == nil || !c.read {
			continue
		}
		list = append(append(list, c.part.Notices()...), c.notices()...)
		for _, d := range c.within {
			list = append(list, d.notices()...)
		}
	}
	return list
}

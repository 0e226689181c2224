package rules

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
)

// Selection says which attachments are meant: those of an extension, by the end of
// the name or by the content, and those whose name contains a word. It is read-only.
type Selection struct {
	suffixes []string // with a dot in front
	words    matcher  // nil without words
}

// Extension gives an extension in small letters and without a dot in front; it is
// empty for a text that is none.
func Extension(text string) string {
	ext := plainName(strings.TrimPrefix(text, "."))
	if strings.ContainsAny(ext, `*?/\: ,`) || strings.HasPrefix(ext, ".") {
		return ""
	}
	return ext
}

// NewSelection gives the attachments with one of the extensions, as [Extension] gives
// them, or one of the words of names.
func NewSelection(extensions, names []string) (*Selection, error) {
	s := &Selection{}
	for _, e := range extensions {
		s.suffixes = append(s.suffixes, "."+e)
	}
	if len(names) > 0 {
		list := make([]string, len(names))
		for i, w := range names {
			list[i] = norm.NFC.String(w)
		}
		words, err := classify.NewWords(list)
		if err != nil {
			return nil, err
		}
		s.words = findWords(words)
	}
	return s, nil
}

// Attachment is one that can be taken out of a message.
type Attachment struct {
	// Part is a leaf, or an embedded message.
	Part *message.Part
	// File is the name of a file that stands encoded within the text of the part
	// (uuencode, yEnc); empty where the part itself is meant.
	File string
}

// Select gives the attachments of the message that are meant. An archive, or a file
// of messages, is when a file within it is, and an embedded message when something
// attached to it is.
func (s *Scan) Select(ctx context.Context, sel *Selection) []Attachment {
	var list []Attachment
	outer := embeddings(s.Message.Root)
	for _, c := range s.parts() {
		switch {
		case c.part == nil:
		case c.body:
			s.document(ctx, c)
			for _, d := range c.within {
				if name := d.file(c); name != "" && s.selectsMember(sel, c, d) {
					list = append(list, Attachment{c.part, name})
				}
			}
		case s.selects(ctx, sel, c):
			a := Attachment{Part: c.part}
			if around := outer[c.part]; around != nil {
				a.Part = around
			}
			if !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// embeddings gives for each part within an embedded message the outermost one.
func embeddings(root *message.Part) map[*message.Part]*message.Part {
	outer := make(map[*message.Part]*message.Part)
	var visit func(p, around *message.Part)
	visit = func(p, around *message.Part) {
		if around != nil {
			outer[p] = around
		} else if p.IsEmbedded() {
			around = p
		}
		for _, c := range p.Children {
			visit(c, around)
		}
	}
	visit(root, nil)
	return outer
}

// file gives the name of a file in the text of a body; it is empty for what is within
// such a file.
func (d *content) file(body *content) string {
	name, inside := strings.CutPrefix(d.name, body.name+"/")
	if !inside || len(d.doc.Names) == 0 || name != d.doc.Names[0] {
		return ""
	}
	return name
}

// selectsMember tells whether a file in the text of a body, or one within it, is
// meant.
func (s *Scan) selectsMember(sel *Selection, body, d *content) bool {
	if sel.meant(d) {
		return true
	}
	return holdsFiles(&d.doc) && slices.ContainsFunc(body.within, func(o *content) bool {
		return strings.HasPrefix(o.name, d.name+"/") && sel.meant(o)
	})
}

func (s *Scan) selects(ctx context.Context, sel *Selection, c *content) bool {
	if slices.ContainsFunc(c.allNames(), sel.named) {
		return true
	}
	doc := s.document(ctx, c)
	return sel.meant(c) || holdsFiles(doc) && slices.ContainsFunc(c.within, sel.meant)
}

// meant asks a document that was read by its names and its content.
func (sel *Selection) meant(c *content) bool {
	return slices.Contains(sel.suffixes, "."+c.doc.Extension) || slices.ContainsFunc(c.allNames(), sel.named)
}

func (sel *Selection) named(name string) bool {
	if _, found := endsIn(sel.suffixes)(name); found {
		return true
	}
	if sel.words == nil {
		return false
	}
	_, found := sel.words(name)
	return found
}

// holdsFiles tells whether a document is a container of files that people put into
// it, not one that a program makes of its own pieces.
func holdsFiles(d *extract.Document) bool {
	return slices.Contains(d.Families(), extract.FamilyArchive) || d.MediaType == "message/rfc822" || strings.Contains(d.MediaType, "tnef")
}

// IsEncrypted tells whether the content of the message needs a key, so that what is
// attached cannot be seen.
func (s *Scan) IsEncrypted() bool { return isEncrypted(typed{s.Message, nil}) }

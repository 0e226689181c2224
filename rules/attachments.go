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

// Select gives the attachments of the message that are meant. An archive, or a file
// of messages, is when a file within it is.
func (s *Scan) Select(ctx context.Context, sel *Selection) []*message.Part {
	var list []*message.Part
	for _, c := range s.attachments() {
		if s.selects(ctx, sel, c) {
			list = append(list, c.part)
		}
	}
	return list
}

func (s *Scan) selects(ctx context.Context, sel *Selection, c *content) bool {
	if slices.ContainsFunc(c.allNames(), sel.named) {
		return true
	}
	doc := s.document(ctx, c)
	switch {
	case slices.Contains(sel.suffixes, "."+doc.Extension):
		return true
	case !holdsFiles(doc):
		return false
	}
	return slices.ContainsFunc(c.within, func(d *content) bool {
		return slices.Contains(sel.suffixes, "."+d.doc.Extension) || slices.ContainsFunc(d.allNames(), sel.named)
	})
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

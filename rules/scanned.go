package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message/extract"
)

// ScannedPart is one part of a message, or a file within one, with what was read
// of it.
type ScannedPart struct {
	// Name is as [message.Part.Name], or "subject". Behind it stand, with slashes,
	// the names of documents within the part: "a.zip/b.docx".
	Name string
	extract.Document
	// Attachment is set for what a mail reader shows as an attachment, and for what
	// is within that.
	Attachment bool
	// Depth is how many messages and documents are around it.
	Depth int
	// unlisted are the names of a document within another one that the text of the
	// latter does not hold.
	unlisted []string
}

// Unfold gives a document and those within it, each before its members.
func Unfold(name string, doc extract.Document) []ScannedPart {
	var list []ScannedPart
	// Of each document around, its text and how many members are due.
	type around struct {
		text string
		due  int
	}
	var open []around
	for at, d := range doc.All() {
		p := ScannedPart{Name: name, Document: *d, Attachment: true}
		if at != "" {
			p.Name += "/" + at
			for open[len(open)-1].due == 0 {
				open = open[:len(open)-1]
			}
			p.Depth = len(open)
			outer := &open[len(open)-1]
			outer.due--
			p.unlisted = slices.DeleteFunc(slices.Clone(d.Names), func(name string) bool { return lists(outer.text, name) })
		}
		open = append(open, around{d.Text, len(d.Members)})
		list = append(list, p)
	}
	return list
}

// lists tells whether a text that is likely a list of names holds one: that of an
// archive does.
func lists(text, name string) bool {
	const longest = 256 << 10
	return len(text) <= longest && strings.Contains(text, name)
}

// Parts reads every part of the message, in order. A subject is no part of its
// own: [Scan.Detections] names it.
func (s *Scan) Parts(ctx context.Context) []ScannedPart {
	var list []ScannedPart
	for _, c := range s.read(ctx) {
		if c.part != nil {
			list = append(list, ScannedPart{Name: c.name, Document: c.doc, Attachment: !c.body, Depth: c.depth})
		}
	}
	return list
}

// Detect looks for types in the text of a part, and in the names that it has in
// the document around it unless they stand in the text of that. Offsets are as in
// [PartMatch].
func (p *ScannedPart) Detect(types *classify.Catalog) []classify.Detection {
	return detectNamed(types, p.Text, p.unlisted, nil)
}

// detectNamed looks for types in a text, and in file names: those have their place
// one character behind the text.
func detectNamed(types *classify.Catalog, text string, names []string, wanted map[*classify.Type]bool) []classify.Detection {
	var found []classify.Detection
	if text != "" {
		found = detect(types, text, wanted)
	}
	if len(names) == 0 {
		return found
	}
	behind := runes(text) + 1
	for _, d := range detect(types, spokenNames(names), wanted) {
		for i := range d.Matches {
			d.Matches[i].Offset += behind
		}
		i := slices.IndexFunc(found, func(f classify.Detection) bool { return f.Type == d.Type })
		if i < 0 {
			found = append(found, d)
			continue
		}
		found[i].Matches = append(found[i].Matches, d.Matches...)
	}
	return found
}

// spokenNames writes file names as people read them: what programs put between
// words in the place of blanks is one.
func spokenNames(names []string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '_', '/', '\\':
			return ' '
		}
		return c
	}, strings.Join(names, "\n"))
}

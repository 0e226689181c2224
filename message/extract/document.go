package extract

import (
	"fmt"
	"iter"
	"strconv"
)

// Status says how far a document was read.
type Status string

// The statuses.
const (
	Complete    Status = "complete"
	Truncated   Status = "truncated"   // a limit of size, text, time, depth or members
	Protected   Status = "protected"   // needs a secret
	Unsupported Status = "unsupported" // no extractor knows it
	Corrupt     Status = "corrupt"     // damaged
)

// Limits bound the reading of the documents of one message. A limit of 0 or less
// is that of [DefaultLimits].
type Limits struct {
	Characters int   // of text of one document, in Unicode characters; all together may have ten times as many
	Inflated   int64 // octets after decompression, over all documents
	Nesting    int
	Members    int
}

// DefaultLimits are those of a postern.yaml that says nothing.
var DefaultLimits = Limits{Characters: 2_000_000, Inflated: 256 << 20, Nesting: 20, Members: 1000}

func (l Limits) orDefault() Limits {
	if l.Characters <= 0 {
		l.Characters = DefaultLimits.Characters
	}
	if l.Inflated <= 0 {
		l.Inflated = DefaultLimits.Inflated
	}
	if l.Nesting <= 0 {
		l.Nesting = DefaultLimits.Nesting
	}
	if l.Members <= 0 {
		l.Members = DefaultLimits.Members
	}
	return l
}

// Hint is what the surroundings say of a document: none of it is trusted.
type Hint struct {
	Name      string // file name
	MediaType string
	Charset   string
	// Flowed is set for text/plain with format=flowed, and DelSp for delsp=yes
	// (RFC 3676).
	Flowed, DelSp bool
	// Depth is how many body parts and documents are around this one.
	Depth int
}

// Document is what was read of a file, or of a file within one.
type Document struct {
	// Names are the names that a document within another one carries, the likeliest
	// first, as given there; the outermost has none.
	Names      []string
	MediaType  string // by content
	Extension  string // usual for the format, without a dot: "docx"
	Size       int64  // in octets, decompressed
	Status     Status
	Detail     string // why the status is not Complete, in plain words
	Text       string // valid UTF-8
	Characters int    // of Text
	// Properties are the built-in properties under the names that Office shows
	// ("Author", "LastAuthor", "Title") and the custom ones under their own.
	Properties map[string]string
	// Labels are the sensitivity labels that the document carries.
	Labels []Label
	// Executable says in plain words which program the document is or carries
	// ("a Windows program", "VBA macros"); empty without one.
	Executable string
	// Encryption says how the document is encrypted, also where it opened without
	// a secret; empty for one that is not.
	Encryption string
	// Defects are reasons, in plain words, why readers may disagree on the document.
	Defects []string
	// Members are the documents within, in order. Their text is not in Text.
	Members []Document
}

// Format prints a document with every verb, nothing of its text, names and
// properties: these must not come into a log or an error by accident.
func (d Document) Format(f fmt.State, _ rune) {
	// A printer that fails has no one to tell.
	_, _ = fmt.Fprintf(f, "{%s, %s, %d octets, %d characters, %d members}", d.MediaType, d.Status, d.Size, d.Characters, len(d.Members))
}

// Label is a sensitivity label of Microsoft Purview Information Protection.
type Label struct {
	ID      string // GUID in lower case, without braces
	Name    string // may be empty
	SiteID  string // GUID of the tenant in lower case; may be empty
	Enabled bool
}

// All goes over the document and those within it, each before its members, with
// its path: "" for the document itself, "b.docx" for a member and "b.docx/c.xlsx"
// for one of that. A document without a name is called "member 2".
func (d *Document) All() iter.Seq2[string, *Document] {
	return func(yield func(string, *Document) bool) { d.all("", yield) }
}

func (d *Document) all(at string, yield func(string, *Document) bool) bool {
	if !yield(at, d) {
		return false
	}
	for i := range d.Members {
		m := &d.Members[i]
		name := "member " + strconv.Itoa(i+1)
		if len(m.Names) > 0 {
			name = m.Names[0]
		}
		if at != "" {
			name = at + "/" + name
		}
		if !m.all(name, yield) {
			return false
		}
	}
	return true
}

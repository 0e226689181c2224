// Package extract makes text of document formats, chosen by content and not by
// name. It sees octets and gives text, properties and nested files, within
// limits; it knows no mail and decides nothing.
package extract

import "context"

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

// Limits bound the reading of one document.
type Limits struct {
	Characters int   // of text, in Unicode characters
	Inflated   int64 // octets after decompression, over all members
	Nesting    int
	Members    int
}

// DefaultLimits are those of a postern.yaml that says nothing.
var DefaultLimits = Limits{Characters: 2_000_000, Inflated: 256 << 20, Nesting: 20, Members: 1000}

// Hint is what the surroundings say of a document: none of it is trusted.
type Hint struct {
	Name      string // file name
	MediaType string
	Charset   string
}

// Document is what was read.
type Document struct {
	MediaType  string // by content
	Extension  string // usual for the format, without a dot: "docx"
	Status     Status
	Detail     string // why the status is not Complete, in plain words
	Text       string // valid UTF-8
	Characters int    // of Text
	Properties map[string]string
}

// Extract reads a document. It never panics and ends soon after ctx does, then
// with status Truncated.
func Extract(ctx context.Context, content []byte, hint Hint, lim Limits) Document { panic("skeleton") }

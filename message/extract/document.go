package extract

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

// Limits bound the reading of one document. A limit of 0 or less is that of
// [DefaultLimits].
type Limits struct {
	Characters int   // of text, in Unicode characters
	Inflated   int64 // octets after decompression, over all members
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
	// Unread are documents within this one of which not all could be read. The
	// text of those that could stands in Text.
	Unread []Unread
}

// Unread is a document within another that was not read whole.
type Unread struct {
	Name   string // within the outer document
	Status Status // not Complete
	Detail string
}

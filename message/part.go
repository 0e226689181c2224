package message

// Signal is the name of something about a part that policies act on.
type Signal string

// The signals.
const (
	SignalPasswordProtected Signal = "passwordProtected" // a file that needs a secret
	SignalEncrypted         Signal = "encrypted"         // S/MIME enveloped or PGP
	SignalUnsupported       Signal = "unsupported"       // no extractor knows the format
	SignalUnreadable        Signal = "unreadable"        // damaged
	SignalIncomplete        Signal = "incomplete"        // a limit ended the reading
	SignalDefect            Signal = "defect"            // readers may disagree
)

// Notice is a signal with the part it is about.
type Notice struct {
	Part   string // as [Part.Name]; empty for the whole message
	Signal Signal
	Detail string // a reason in plain words; holds no content of the message
}

// Limits bound what is read of one message.
type Limits struct {
	// Nesting is the depth of multiparts and messages that is entered.
	Nesting int
	// Members is the number of body parts (and, in archives, of files) read.
	Members int
	// HeaderFields is the number of fields read in one header section.
	HeaderFields int
}

// DefaultLimits are those of a postern.yaml that says nothing.
var DefaultLimits = Limits{Nesting: 20, Members: 1000, HeaderFields: 10000}

// Part is one body part (RFC 2045): a leaf with content, a multipart with
// children, or an embedded message whose one child is its root.
type Part struct {
	// Index is the place in the tree, as "1.2"; "1" for a message that is one leaf.
	Index string
	// Header is the part's own header section; that of the message for the root.
	Header Header
	// MediaType is in lower case, "text/plain" where none is given or it cannot be
	// read; "message/rfc822" for an embedded message.
	MediaType string
	// Params are the parameters of Content-Type, names in lower case.
	Params map[string]string
	// Disposition is "inline", "attachment" or empty.
	Disposition string
	// Names are all file names that a reader might show, the likeliest first,
	// decoded, without repetition.
	Names    []string
	Children []*Part

	msg     *Message
	raw     []byte // the body as received
	content contentCache
}

// Message is one message as received: read-only, and safe for use by several
// goroutines once made.
type Message struct {
	Envelope Envelope
	Header   Header
	Root     *Part
	// Size is the size in octets of header section and body with CRLF line ends.
	Size int64
	// Notices are the defects and limits met while parsing, in order.
	Notices []Notice

	limits Limits
	buffer *Buffer
}

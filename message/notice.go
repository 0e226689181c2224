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
	SignalUninspectable     Signal = "uninspectable"     // the process has died of the message; nothing is read
)

// UnknownCharset is the detail of the defect that a text names a character set
// nobody knows.
const UnknownCharset = "an unknown character set"

// Notice is a signal with the part it is about.
type Notice struct {
	Part   string // as [Part.Name]; empty for the whole message
	Signal Signal
	Detail string // a reason in plain words; holds no content of the message
}

// Limits bound what is read of one message. A limit of 0 or less is that of
// [DefaultLimits].
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

// deepest is the nesting that no configuration goes beyond, since the tree is
// walked by recursion.
const deepest = 1000

func (l Limits) orDefault() Limits {
	if l.Nesting <= 0 {
		l.Nesting = DefaultLimits.Nesting
	}
	if l.Members <= 0 {
		l.Members = DefaultLimits.Members
	}
	if l.HeaderFields <= 0 {
		l.HeaderFields = DefaultLimits.HeaderFields
	}
	l.Nesting = min(l.Nesting, deepest)
	return l
}

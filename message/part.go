package message

import "strings"

// Part is one body part (RFC 2045): a leaf with content, a multipart with
// children, or an embedded message whose one child is its root.
//
// The preamble and the epilogue of a multipart, and what a limit left unread,
// are leaves of text/plain among its children when they hold anything. A leaf
// that mail readers read in different ways has the other readings below it, as
// leaves too.
type Part struct {
	// Index is the place in the tree: "1" for the root, "1.2" for its second
	// child. A preamble has the index 0 in its multipart, as "1.0".
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

	msg       *Message
	raw       []byte // the body as received
	encoding  encoding
	container bool // has children, or would have them were it not empty
	embedded  bool // within an embedded message
	another   bool // another reading of the leaf it is below
	place     place
	met       []Notice
	content   contentCache
}

// IsBody tells whether the part is text that a mail reader shows as the
// message: text/plain, text/html or another text without a file name that is not
// marked as an attachment. Text of an embedded message is not.
func (p *Part) IsBody() bool {
	return !p.container && !p.embedded && len(p.Names) == 0 && p.Disposition != "attachment" &&
		strings.HasPrefix(p.MediaType, "text/")
}

// IsShown tells whether mail readers show the text of the part with the message:
// that of a body, and of a text with a file name that is not marked as an
// attachment or is all there is. Such a part is an attachment too.
func (p *Part) IsShown() bool {
	return p.IsBody() || !p.container && !p.embedded && strings.HasPrefix(p.MediaType, "text/") && (p.Disposition != "attachment" || p == p.msg.Root)
}

// Name is how people are told of the part: "body" for a body text, its first
// file name, or "part 1.2".
func (p *Part) Name() string {
	switch {
	case p.IsBody():
		return "body"
	case len(p.Names) > 0:
		return p.Names[0]
	}
	return "part " + p.Index
}

// Charset is the charset parameter in lower case, or empty.
func (p *Part) Charset() string { return strings.ToLower(p.Params["charset"]) }

// IsEmbedded tells whether the part is an embedded message.
func (p *Part) IsEmbedded() bool { return p.MediaType == "message/rfc822" && p.container }

// place is where a part lies in the body of the multipart around it.
type place struct {
	start, end int
	known      bool
}

// Raw gives the body of the part as received, transfer encoding included; of a
// multipart that with the delimiters. The octets are valid until the message is
// closed and may not be changed.
func (p *Part) Raw() []byte { return p.raw }

// Place tells where the part, header section and body, lies in the Raw of the
// multipart around it: it begins at start and ends before end, and its last
// octets are its own Raw. It is not known of a root, of text that belongs to no
// part, of what is read in a second way, and within a container that is encoded.
func (p *Part) Place() (start, end int, known bool) {
	return p.place.start, p.place.end, p.place.known
}

// Met gives what was met of this part while the message was parsed, in order; of
// the root also what concerns the whole message. What is met in a content is told
// by Notices.
func (p *Part) Met() []Notice { return p.met }

// IsMultipart tells whether the part is a multipart.
func (p *Part) IsMultipart() bool { return strings.HasPrefix(p.MediaType, "multipart/") }

// Within gives a leaf for a file that stands encoded in the text of p: its name and
// its content decoded. It is no part of the tree.
func (p *Part) Within(name string, content []byte) *Part {
	return &Part{Index: p.Index, MediaType: "application/octet-stream", Disposition: "attachment", Names: []string{name},
		msg: p.msg, raw: content, embedded: p.embedded}
}

package message

import (
	"io"
	"iter"
)

// ParsePath reads an address as MTAs hand it over: with or without angle
// brackets, `<>` or an empty text for the null path, with a source route
// (dropped), with a quoted local-part (unquoted), with no domain.
func ParsePath(s string) (Path, error) { panic("skeleton") }

// String gives the address without brackets, the local-part quoted where RFC
// 5321 asks for it; empty for the null path.
func (p Path) String() string { panic("skeleton") }

// Key is for comparing: two paths with the same key are the same mailbox. The
// local-part is compared without case (as Exchange and Postfix's maps do),
// the domain in its ASCII form (IDNA).
func (p Path) Key() string { panic("skeleton") }

// Text is the value unfolded, without blanks around it, its RFC 2047 encoded
// words decoded (also in broken forms), always valid UTF-8.
func (f Field) Text() string { panic("skeleton") }

// All gives the fields of a name, compared without case, in order.
func (h Header) All(name string) []Field { panic("skeleton") }

// Get gives the first field of a name.
func (h Header) Get(name string) (Field, bool) { panic("skeleton") }

// Texts gives the decoded values of all fields of a name.
func (h Header) Texts(name string) []string { panic("skeleton") }

// Addresses gives the mailboxes of all fields of a name (From, To …), read
// leniently: whatever a mail reader might show as an address.
func (h Header) Addresses(name string) []Path { panic("skeleton") }

// EncodeText gives text for a header field value: as it is when it is printable
// ASCII, otherwise as RFC 2047 encoded words folded with CRLF and a blank.
// Control characters are dropped.
func EncodeText(text string) string { panic("skeleton") }

// Budget bounds the memory that all messages of a process hold together; what
// does not fit goes to files. The zero Budget gives no memory, so all is
// spooled; a nil Budget is unlimited.
type Budget struct{}

// NewBudget gives a budget of n octets whose overflow goes to unlinked files in
// dir; an empty dir is the system's directory for temporary files.
func NewBudget(n int64, dir string) *Budget { panic("skeleton") }

// Check tells whether a new message can be taken: memory is left or a file can
// be written.
func (b *Budget) Check() error { panic("skeleton") }

// Buffer holds octets in memory, or in a file once the budget is spent. Write
// it, then read Bytes; Close gives back what it holds.
type Buffer struct{}

// NewBuffer gives an empty buffer.
func (b *Budget) NewBuffer() *Buffer { panic("skeleton") }

// Write appends. An error means that neither memory nor disk is left.
func (b *Buffer) Write(p []byte) (int, error) { panic("skeleton") }

// Len is the number of octets written.
func (b *Buffer) Len() int64 { panic("skeleton") }

// Bytes gives the octets, mapped from the file when they are in one. No Write
// may follow; the slice is valid until Close.
func (b *Buffer) Bytes() ([]byte, error) { panic("skeleton") }

// Close gives memory and file back. It may be called twice.
func (b *Buffer) Close() error { panic("skeleton") }

type contentCache struct{}

// Parse makes a message of its envelope, header section and body. It never
// fails: what cannot be read is noticed. The body is that behind the empty line.
// Parse takes the buffer over; Message.Close closes it. Decoded contents are
// held in buffers of the budget.
func Parse(env Envelope, h Header, body *Buffer, budget *Budget, lim Limits) (*Message, error) {
	panic("skeleton")
}

// Read parses a whole message as in a file, CRLF or LF, with or without an
// mbox "From " line.
func Read(env Envelope, r io.Reader, budget *Budget, lim Limits) (*Message, error) {
	panic("skeleton")
}

// Close gives back memory and files of the message and of its contents.
func (m *Message) Close() error { panic("skeleton") }

// Subject is the decoded Subject; several fields are joined by a line end.
func (m *Message) Subject() string { panic("skeleton") }

// Leaves goes over the leaves of the tree in order, those of embedded messages
// included. An embedded message itself is no leaf.
func (m *Message) Leaves() iter.Seq[*Part] { panic("skeleton") }

// Attachments goes over what a mail reader shows as attachments: leaves that
// are not IsBody, and embedded messages (before their own leaves).
func (m *Message) Attachments() iter.Seq[*Part] { panic("skeleton") }

// IsBody tells whether the part is text that a mail reader shows as the
// message: text/plain, text/html or another text without a file name that is not
// marked as an attachment. Text of an embedded message is not.
func (p *Part) IsBody() bool { panic("skeleton") }

// Name is how people are told of the part: "body" for a body text, its first
// file name, or "part 1.2".
func (p *Part) Name() string { panic("skeleton") }

// Charset is the charset parameter in lower case, or empty.
func (p *Part) Charset() string { panic("skeleton") }

// Content gives the decoded octets of a leaf (Content-Transfer-Encoding
// undone), decoded once. An error means that memory and disk are used up.
// Damage is no error: what can be decoded is given, and noticed by the message.
func (p *Part) Content() ([]byte, error) { panic("skeleton") }

// Size is the size of the decoded content in octets; of an embedded message as
// it stands.
func (p *Part) Size() int64 { panic("skeleton") }

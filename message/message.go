package message

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
)

// Message is one message as received: read-only, and safe for use by several
// goroutines once made.
type Message struct {
	Envelope Envelope
	Header   Header
	Root     *Part
	// Size is the size in octets of header section and body with CRLF line ends.
	Size int64
	// Notices are the defects and limits met while parsing, in order. What is met
	// while a content is decoded is told by [Part.Notices].
	Notices []Notice
	// Journaled is the root of the message that a journal report is about; nil for
	// other messages. Its parts are no parts of an embedded message, so that it is
	// judged like any other; the report around it is read as well.
	Journaled *Part

	limits Limits
	buffer *Buffer
	budget *Budget

	mu     sync.Mutex
	blocks []*block // of decoded contents
	closed bool
}

// Close gives back memory and files of the message and of its contents. Nothing
// that was had from the message may be used afterwards. It may be called twice.
func (m *Message) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	err := m.buffer.Close()
	for _, k := range m.blocks {
		err = errors.Join(err, k.close())
	}
	m.blocks = nil
	return err
}

var errMessageClosed = errors.New("the message is closed")

// block gives room that lives as long as the message.
func (m *Message) block(n int) (*block, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errMessageClosed
	}
	k, err := m.budget.block(n)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		m.blocks = append(m.blocks, k)
	}
	return k, nil
}

// Headers gives the header section, and that of the message that a journal report
// is about.
func (m *Message) Headers() []Header {
	if m.Journaled != nil {
		return []Header{m.Header, m.Journaled.Header}
	}
	return []Header{m.Header}
}

// Subject is the decoded Subject; those of several fields are joined by a line
// end.
func (m *Message) Subject() string {
	if m.Journaled == nil {
		return strings.Join(m.Header.Texts("Subject"), "\n")
	}
	var list []string
	for _, h := range m.Headers() {
		for _, s := range h.Texts("Subject") {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return strings.Join(list, "\n")
}

// Leaves goes over the leaves of the tree in order, those of embedded messages
// included. An embedded message itself is no leaf.
func (m *Message) Leaves() iter.Seq[*Part] {
	return func(yield func(*Part) bool) {
		m.Root.walk(func(p *Part) bool { return p.container || yield(p) })
	}
}

// Attachments goes over what a mail reader shows as attachments: leaves that
// are not IsBody, and embedded messages (before their own leaves).
func (m *Message) Attachments() iter.Seq[*Part] {
	return func(yield func(*Part) bool) {
		m.Root.walk(func(p *Part) bool {
			if p.IsEmbedded() || !p.container && !p.IsBody() {
				return yield(p)
			}
			return true
		})
	}
}

// walk visits p and what is below it, in order, until visit says false.
func (p *Part) walk(visit func(*Part) bool) bool {
	if !visit(p) {
		return false
	}
	for _, c := range p.Children {
		if !c.walk(visit) {
			return false
		}
	}
	return true
}

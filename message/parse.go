package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Parse makes a message of its envelope, header section and body. It never
// fails for what a message holds: what cannot be read is noticed. An error means
// that memory and disk are used up. The body is that behind the empty line; nil
// is an empty one. Parse takes the buffer over; Message.Close closes it, and
// Parse itself when it fails. Decoded contents are held in buffers of the budget.
func Parse(env Envelope, h Header, body *Buffer, budget *Budget, lim Limits) (*Message, error) {
	if body == nil {
		body = budget.NewBuffer()
	}
	raw, err := body.Bytes()
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	lim = lim.orDefault()
	m := &Message{Envelope: env, Header: h, limits: lim, buffer: body, budget: budget}
	w := walker{msg: m}
	if len(h) > lim.HeaderFields {
		w.note(nil, SignalIncomplete, limitFields)
	}
	for _, f := range h {
		if f.Name != "" && !cleanName([]byte(f.Name)) {
			w.note(nil, SignalDefect, defectBlankColon)
		}
		if len(f.Value) >= longField {
			w.note(nil, SignalDefect, defectLongField)
		}
	}
	return w.finish(h, raw)
}

// Unparsed makes a message of which nothing is read: it has a root without a media
// type, and no other parts. It takes the buffer over as Parse does.
func Unparsed(env Envelope, h Header, body *Buffer, budget *Budget) (*Message, error) {
	if body == nil {
		body = budget.NewBuffer()
	}
	raw, err := body.Bytes()
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	m := &Message{Envelope: env, Header: h, Size: sectionSize(h) + 2 + crlfSize(raw), limits: Limits{}.orDefault(), buffer: body, budget: budget}
	m.Root = &Part{Index: "1", Header: h, msg: m, raw: raw}
	m.Notices = []Notice{{Signal: SignalUninspectable}}
	m.Root.met = m.Notices
	return m, nil
}

// Read parses a whole message as in a file, CRLF or LF, with or without an
// mbox "From " line. An error is that of the reader, or means that memory and
// disk are used up.
func Read(env Envelope, r io.Reader, budget *Budget, lim Limits) (*Message, error) {
	buf := budget.NewBuffer()
	if _, err := io.Copy(onlyWriter{buf}, r); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read the message: %w", err), buf.Close())
	}
	raw, err := buf.Bytes()
	if err != nil {
		return nil, errors.Join(err, buf.Close())
	}
	m := &Message{Envelope: env, limits: lim.orDefault(), buffer: buf, budget: budget}
	w := walker{msg: m}
	h, body := readSection(withoutFromLine(raw), m.limits.HeaderFields, func(s Signal, d string) { w.note(nil, s, d) })
	m.Header = h
	return w.finish(h, body)
}

// onlyWriter keeps io.Copy from asking what else the buffer can do.
type onlyWriter struct{ io.Writer }

// withoutFromLine drops the line that begins a message in an mbox file (RFC
// 4155).
func withoutFromLine(raw []byte) []byte {
	for _, prefix := range [...]string{"From ", ">From "} {
		if bytes.HasPrefix(raw, []byte(prefix)) {
			if n := bytes.IndexByte(raw, '\n'); n >= 0 {
				return raw[n+1:]
			}
			return nil
		}
	}
	return raw
}

// finish walks the body and completes the message.
func (w *walker) finish(h Header, body []byte) (*Message, error) {
	m := w.msg
	m.Size = sectionSize(h) + 2 + crlfSize(body)
	m.Root = &Part{Index: "1", Header: h, msg: m, raw: body}
	w.members, w.most = 1, workFactor*int64(len(body))+workBase
	w.part(m.Root, "text/plain", 0)
	if w.err != nil {
		return nil, errors.Join(w.err, m.Close())
	}
	m.Notices = make([]Notice, 0, len(w.notes))
	seen := make(map[Notice]bool, len(w.notes))
	for _, n := range w.notes {
		notice := Notice{Signal: n.signal, Detail: n.detail}
		if n.part != nil {
			notice.Part = n.part.Name()
		}
		about := n.part
		if about == nil {
			about = m.Root
		}
		about.met = append(about.met, notice)
		if !seen[notice] {
			seen[notice] = true
			m.Notices = append(m.Notices, notice)
		}
	}
	return m, nil
}

// sectionSize is the size of a header section with CRLF line ends.
func sectionSize(h Header) int64 {
	var n int64
	for _, f := range h {
		n += crlfSize([]byte(f.Value)) + 2
		if f.Name != "" {
			n += int64(len(f.Name)) + 1
		}
	}
	return n
}

// crlfSize is the size of b with each bare LF counted as CRLF.
func crlfSize(b []byte) int64 {
	n := int64(len(b))
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			return n
		}
		if i += j; i == 0 || b[i-1] != '\r' {
			n++
		}
	}
}

package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/postern-mail/postern/message/extract"
)

// A frame is an octet that says what it is, the lengths of its head and of its
// octets (4 octets each, big-endian), the head in CBOR (RFC 8949), and octets of
// a document.
type frame struct {
	kind byte
	head []byte
	body []byte
}

// The kinds of frames.
const (
	kindHello    = 'H' // worker: it can be asked; hello
	kindJob      = 'J' // pool: read this document; job
	kindFallback = 'F' // worker: the text of this document is wanted; question
	kindText     = 'T' // pool: the text that was wanted; reply
	kindAnswer   = 'A' // worker: what was read; answer
)

type hello struct{ Isolation []string }

type job struct {
	Hint     extract.Hint
	Limits   extract.Limits
	Spent    extract.Spent
	Time     time.Duration
	Fallback bool
}

type question struct{ MediaType string }

type reply struct{ Text, Error string }

type answer struct {
	Document extract.Document
	Spent    extract.Spent
}

// mostFallback bounds a document that is sent back, in octets.
const mostFallback = 64 << 20

// mostHead bounds the head of a frame that holds no text of a document.
const mostHead = 64 << 10

var (
	encoding = must(cbor.EncOptions{}.EncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   2*1000 + 16, // two for each document within another
		MaxArrayElements:  131072,
		MaxMapPairs:       131072,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode())
)

// must gives what options of this file make; they are good or nothing works.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func writeFrame(w io.Writer, kind byte, head any, body []byte) error {
	h, err := encoding.Marshal(head)
	if err != nil {
		return err
	}
	// What is small is written at once: each write wakes the other side.
	const small = 64 << 10
	together := len(body)
	if together > small {
		together = 0
	}
	b := make([]byte, 9, 9+len(h)+together)
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], uint32(len(h)))
	binary.BigEndian.PutUint32(b[5:], uint32(len(body)))
	if _, err := w.Write(append(append(b, h...), body[:together]...)); err != nil {
		return err
	}
	if together < len(body) {
		_, err = w.Write(body)
	}
	return err
}

var errFrame = errors.New("what was said is not understood")

// readFrame reads a frame within bounds. Room is taken as octets arrive, never
// because they are announced.
func readFrame(r io.Reader, mostHead, mostBody int64) (frame, error) {
	var start [9]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return frame{}, err
	}
	head, body := int64(binary.BigEndian.Uint32(start[1:])), int64(binary.BigEndian.Uint32(start[5:]))
	if head > mostHead || body > mostBody {
		return frame{}, fmt.Errorf("%w: a frame of %d and %d octets", errFrame, head, body)
	}
	f := frame{kind: start[0]}
	var err error
	if f.head, err = readN(r, head); err != nil {
		return frame{}, err
	}
	f.body, err = readN(r, body)
	return f, err
}

func readN(r io.Reader, n int64) ([]byte, error) {
	const atOnce = 1 << 20
	if n <= atOnce {
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		return b, noEOF(err)
	}
	var b bytes.Buffer
	b.Grow(atOnce)
	_, err := io.CopyN(&b, r, n)
	return b.Bytes(), noEOF(err)
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// into reads the head of a frame.
func (f frame) into(kind byte, head any) error {
	if f.kind != kind {
		return fmt.Errorf("%w: a frame of kind %q", errFrame, f.kind)
	}
	if err := decoding.Unmarshal(f.head, head); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}

// mostAnswer bounds an answer in octets: the text that documents may have, and
// what else is said of them.
func mostAnswer(lim extract.Limits) int64 {
	const rest = 32 << 20
	return min(rest+10*4*int64(lim.Characters), 1<<31)
}

// check tells whether an answer can be one of a worker that was not taken over,
// and bounds what it says. Members is how many documents there may be within.
func (a *answer) check(lim extract.Limits, members int) error {
	s := &a.Spent
	s.Inflated, s.Members, s.Characters = min(s.Inflated, 1<<40), min(s.Members, 1<<30), min(s.Characters, 1<<30)
	return checkDocument(&a.Document, lim, 0, &members)
}

func checkDocument(d *extract.Document, lim extract.Limits, depth int, members *int) error {
	switch d.Status {
	case extract.Complete, extract.Truncated, extract.Protected, extract.Unsupported, extract.Corrupt:
	default:
		return fmt.Errorf("%w: an unknown status", errFrame)
	}
	*members -= len(d.Members)
	switch {
	case d.Size < 0 || d.Characters != extract.Characters(d.Text) || d.Characters > lim.Characters:
		return fmt.Errorf("%w: a size that cannot be", errFrame)
	case *members < 0 || depth >= lim.Nesting && len(d.Members) > 0:
		return fmt.Errorf("%w: too many documents within", errFrame)
	case len(d.Names) > mostList || len(d.Defects) > mostList || len(d.Labels) > mostList || len(d.Properties) > mostList:
		return fmt.Errorf("%w: a list that is too long", errFrame)
	}
	if !isMediaType(d.MediaType) {
		d.MediaType = "application/octet-stream"
	}
	const word, line, value = 100, 1024, 64 << 10
	d.Extension, d.Detail = clip(d.Extension, word), clip(d.Detail, line)
	d.Executable, d.Encryption = clip(d.Executable, line), clip(d.Encryption, line)
	for _, list := range [][]string{d.Names, d.Defects} {
		for i := range list {
			list[i] = clip(list[i], line)
		}
	}
	for name, text := range d.Properties {
		if len(name) > value {
			return fmt.Errorf("%w: a name that is too long", errFrame)
		}
		d.Properties[name] = clip(text, value)
	}
	for i := range d.Labels {
		l := &d.Labels[i]
		l.ID, l.Name, l.SiteID = clip(l.ID, word), clip(l.Name, line), clip(l.SiteID, word)
	}
	for i := range d.Members {
		if err := checkDocument(&d.Members[i], lim, depth+1, members); err != nil {
			return err
		}
	}
	return nil
}

// mostList bounds the lists that say something of one document.
const mostList = 10_000

// clip gives the beginning of a text, at most n octets.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// isMediaType tells whether a text has the form of a media type (RFC 6838).
func isMediaType(s string) bool {
	main, sub, ok := strings.Cut(s, "/")
	token := func(s string) bool {
		return s != "" && len(s) <= 127 && !strings.ContainsFunc(s, func(c rune) bool {
			return c <= ' ' || c > '~' || strings.ContainsRune(`()<>@,;:\"/[]?=`, c)
		})
	}
	return ok && token(main) && token(sub)
}

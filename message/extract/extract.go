package extract

import (
	"context"
	"strings"
	"unicode/utf8"
)

// Extract reads a document. It never panics and ends soon after ctx does, then
// with status Truncated. Empty content is complete and has no text.
func Extract(ctx context.Context, content []byte, hint Hint, lim Limits) Document {
	lim = lim.orDefault()
	left := allowance{inflated: lim.Inflated, members: lim.Members}
	r := &reader{ctx: ctx, content: content, hint: hint, lim: lim, formats: catalog, left: &left}
	return r.whole()
}

// whole reads the document.
func (r *reader) whole() Document {
	r.doc.Status = Complete
	if len(r.content) == 0 {
		r.doc.MediaType, r.doc.Extension = "text/plain", "txt"
		return r.doc
	}
	r.run()
	return r.document()
}

// allowance is what is left of the limits that a document shares with those
// within it.
type allowance struct {
	inflated int64
	members  int
}

// reader is one document on its way to text.
type reader struct {
	ctx     context.Context
	content []byte
	hint    Hint
	lim     Limits
	formats []Format
	left    *allowance
	depth   int // of documents around this one
	doc     Document
	out     output
	chars   int
	ended   bool // nothing more is to be read
}

// run finds the format and reads the document. Formats read a stranger's
// octets with the help of libraries: what panics is damaged.
func (r *reader) run() {
	defer func() {
		if recover() != nil {
			r.fail(Corrupt, "the document cannot be read")
		}
	}()
	format := identify(r)
	if format == nil || r.ended {
		return
	}
	r.doc.MediaType, r.doc.Extension = format.MediaTypes[0], format.Extensions[0]
	if format.refine != nil {
		format.refine(r)
	}
	format.read(r)
}

func (r *reader) document() Document {
	r.doc.Text = r.out.String()
	if !utf8.ValidString(r.doc.Text) {
		r.doc.Text = strings.ToValidUTF8(r.doc.Text, "\ufffd")
	}
	r.doc.Characters = characters(r.doc.Text)
	return r.doc
}

// fail sets the status, once: what ended the reading first is the reason.
func (r *reader) fail(s Status, detail string) {
	if r.doc.Status == Complete {
		r.doc.Status, r.doc.Detail = s, detail
	}
}

// end stops the reading for a limit.
func (r *reader) end(detail string) {
	r.fail(Truncated, detail)
	r.ended = true
}

// expired tells whether reading is over, by a limit or by time.
func (r *reader) expired() bool {
	if !r.ended && r.ctx.Err() != nil {
		r.end("the time for reading is over")
	}
	return r.ended
}

const limitCharacters = "more text than the limit"

// output is the text of a document. What is written in one piece is not copied.
type output struct {
	only string // all that was written, once
	more strings.Builder
}

func (o *output) WriteString(s string) {
	switch {
	case o.more.Len() == 0 && o.only == "":
		o.only = s
		return
	case o.only != "":
		o.more.Grow(len(o.only) + len(s))
		o.more.WriteString(o.only)
		o.only = ""
	}
	o.more.WriteString(s)
}

func (o *output) String() string {
	if o.only != "" {
		return o.only
	}
	return o.more.String()
}

// characters counts the characters of s.
func characters(s string) int {
	const highs = 0x8080808080808080
	i := 0
	for ; i+16 <= len(s); i += 16 {
		b := s[i : i+16]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		y := uint64(b[8]) | uint64(b[9])<<8 | uint64(b[10])<<16 | uint64(b[11])<<24 | uint64(b[12])<<32 | uint64(b[13])<<40 | uint64(b[14])<<48 | uint64(b[15])<<56
		if (x|y)&highs != 0 {
			break // beyond ASCII they must be looked at
		}
	}
	return i + utf8.RuneCountInString(s[i:])
}

// newLine ends the line that was begun.
func (r *reader) newLine() {
	if s := r.out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		r.write("\n")
	}
}

// write appends text within the limit of characters.
func (r *reader) write(s string) {
	if r.ended || s == "" {
		return
	}
	left := r.lim.Characters - r.chars
	if len(s) > left {
		n := characters(s)
		if n > left {
			s = firstRunes(s, left)
			r.out.WriteString(s)
			r.chars += left
			r.end(limitCharacters)
			return
		}
		r.chars += n
	} else {
		r.chars += characters(s)
	}
	r.out.WriteString(s)
}

// firstRunes gives the first n characters of s, which has more.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// mostUnread is how many documents within are told of.
const mostUnread = 100

// within writes the text of a document within this one, on lines of its own.
func (r *reader) within(name string, content []byte) {
	tell := func(s Status, detail string) {
		if len(r.doc.Unread) < mostUnread {
			r.doc.Unread = append(r.doc.Unread, Unread{name, s, detail})
		}
	}
	if r.depth+1 >= r.lim.Nesting {
		tell(Truncated, "nested deeper than the limit")
		return
	}
	lim := r.lim
	lim.Characters = max(1, r.lim.Characters-r.chars)
	at := &reader{ctx: r.ctx, content: content, hint: Hint{Name: name}, lim: lim, formats: r.formats, left: r.left, depth: r.depth + 1}
	inner := at.whole()
	if inner.Text != "" {
		r.newLine()
		r.write(inner.Text)
	}
	if inner.Status != Complete {
		tell(inner.Status, inner.Detail)
	}
	for _, u := range inner.Unread {
		u.Name = name + "/" + u.Name
		if len(r.doc.Unread) < mostUnread {
			r.doc.Unread = append(r.doc.Unread, u)
		}
	}
}

// property keeps a property of the document, within bounds.
func (r *reader) property(name, value string) {
	const most, longest = 1000, 32 << 10
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" || value == "" || len(r.doc.Properties) >= most {
		return
	}
	if len(value) > longest {
		value = value[:longest]
	}
	if r.doc.Properties == nil {
		r.doc.Properties = map[string]string{}
	}
	if _, have := r.doc.Properties[name]; !have {
		r.doc.Properties[strings.ToValidUTF8(name, "\ufffd")] = strings.ToValidUTF8(value, "\ufffd")
	}
}

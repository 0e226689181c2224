package extract

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// whole reads the document.
func (r *reader) whole() Document {
	r.doc.Status, r.doc.Size = Complete, int64(len(r.content))
	if len(r.content) == 0 {
		r.doc.MediaType, r.doc.Extension = "text/plain", "txt"
		return r.doc
	}
	r.run()
	r.askFallback()
	if r.doc.Executable == "" {
		r.doc.Executable = executable(r)
	}
	return r.document()
}

// reader is one document on its way to text.
type reader struct {
	ctx     context.Context
	content []byte
	hint    Hint
	lim     Limits
	formats []Format
	left    *Budget
	depth   int // of documents around this one
	doc     Document
	out     output
	chars   int
	ended   bool     // nothing more is to be read
	zipKind *zipKind // what a zip archive is, once it was looked at
	format  *Format  // once it is known
	texty   int8     // whether the content looks like text: 1 or -1, 0 before it is asked
}

// run finds the format and reads the document. Formats read a stranger's
// octets with the help of libraries: what panics is damaged.
func (r *reader) run() {
	defer func() {
		if recover() != nil {
			r.fail(Corrupt, "the document cannot be read")
			if r.doc.MediaType == "" {
				r.describe()
			}
		}
	}()
	if !openEncrypted(r) {
		return
	}
	format := r.format
	if format == nil {
		format = identify(r)
	}
	if r.ended {
		return
	}
	if format == nil {
		r.alsoText(nil)
		return
	}
	r.doc.MediaType, r.doc.Extension = format.MediaTypes[0], format.Extensions[0]
	if format.refine != nil {
		format.refine(r)
	}
	format.read(r)
	r.alsoText(format)
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

// Limits that several readers meet.
const (
	limitCharacters = "more text than the limit"
	limitMembers    = "more members than the limit"
	limitProperties = "more properties than the limit"
)

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

// member reads a document within this one and keeps it among its members. The
// hint holds its name; names are further ones.
func (r *reader) member(hint Hint, content []byte, names ...string) {
	r.partMember(Complete, "", hint, content, names...)
}

// partMember is like member for content of which a part is missing: what is there
// is read, and the status says why it is not all. With Complete nothing is missing.
func (r *reader) partMember(s Status, detail string, hint Hint, content []byte, names ...string) {
	if !r.admit(hint.Name) {
		return
	}
	hint.Depth = r.depth + 1
	d := r.left.reader(r.ctx, content, hint, r.formats).within()
	if s != Complete && (d.Status == Complete || d.Status == Corrupt || d.Status == Unsupported) {
		d.Status, d.Detail = s, detail // what is missing is the reason
	}
	d.Names = memberNames(hint.Name, names)
	r.doc.Members = append(r.doc.Members, d)
}

// unreadMember keeps a document within this one that cannot be read: encrypted,
// say, or compressed in a way nobody here knows.
func (r *reader) unreadMember(name string, size int64, s Status, detail string) {
	if !r.admit(name) {
		return
	}
	d := Document{Names: memberNames(name, nil), MediaType: "application/octet-stream", Size: size, Status: s, Detail: detail}
	if s == Protected {
		d.Encryption = detail
	}
	r.doc.Members = append(r.doc.Members, d)
}

// admit counts a member against the limits. Beyond them this document is
// truncated.
func (r *reader) admit(name string) bool {
	if r.expired() {
		return false
	}
	switch r.left.members--; {
	case r.left.members < 0:
		r.end(limitMembers)
	case r.depth+1 >= r.lim.Nesting:
		r.fail(Truncated, "nested deeper than the limit")
		return false
	case r.left.text <= 0:
		r.end(limitCharacters)
	}
	return !r.ended
}

// memberNames gives the names of a member without repetition, valid and bounded.
func memberNames(first string, more []string) []string {
	const longest = 1024
	var list []string
	for _, n := range append([]string{first}, more...) {
		n = strings.ToValidUTF8(n[:min(len(n), longest)], "\ufffd")
		if n != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// defect notes why readers may disagree on the document, within bounds.
func (r *reader) defect(reason string) {
	const most = 20
	if len(r.doc.Defects) < most && !slices.Contains(r.doc.Defects, reason) {
		r.doc.Defects = append(r.doc.Defects, reason)
	}
}

// property keeps a property of the document, within bounds.
func (r *reader) property(name, value string) {
	const most, longest = 1000, 32 << 10
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" || value == "" {
		return
	}
	if len(r.doc.Properties) >= most {
		r.fail(Truncated, limitProperties)
		return
	}
	if len(value) > longest {
		value = value[:longest]
		r.fail(Truncated, "a property longer than the limit")
	}
	if r.doc.Properties == nil {
		r.doc.Properties = map[string]string{}
	}
	if _, have := r.doc.Properties[name]; !have {
		r.doc.Properties[strings.ToValidUTF8(name, "\ufffd")] = strings.ToValidUTF8(value, "\ufffd")
	}
}

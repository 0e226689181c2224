package extract

import (
	"bytes"
	"encoding/binary"
)

// The beginning of a OneNote section, and of a file within one ([MS-ONESTORE]
// sections 2.3.1 and 2.6.13).
var (
	oneNoteMagic = []byte("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3")
	oneNoteFile  = []byte("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac")
)

// settleOneNote reads the files within a section of notes, and of its text what
// lies about in pieces: the order is not known here.
func settleOneNote(r *reader) {
	const head = 36
	r.doc.MediaType, r.doc.Extension = "application/onenote", "one"
	rest := r.content
	for !r.expired() {
		i := bytes.Index(rest, oneNoteFile)
		if i < 0 || len(rest)-i < head {
			break
		}
		r.textRuns(rest[:i])
		size := binary.LittleEndian.Uint64(rest[i+16:])
		rest = rest[i+head:]
		if size == 0 || size > uint64(len(rest)) {
			continue
		}
		r.member(Hint{Name: "file"}, rest[:size])
		rest = rest[size:]
	}
	r.textRuns(rest)
	r.fail(Unsupported, "no extractor knows the format")
}

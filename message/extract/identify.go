package extract

import (
	"bytes"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffed is how many octets are looked at to tell text from other content.
const sniffed = 8 << 10

// identify finds the format of a document. Without one it says why in the
// document: a secret is needed, or no format is known.
func identify(r *reader) *Format {
	if program(r.content) != "" {
		return programFormat()
	}
	signed := false
	for i := range r.formats {
		f := &r.formats[i]
		if !signed && f.rank >= byWords {
			signed = true
			if isBinaryFamily(r) {
				return nil
			}
		}
		if f.sniff(r) {
			return f
		}
	}
	r.describe()
	if isPicture(r.doc.MediaType) {
		if !r.expired() {
			r.packets(r.content)
		}
		return nil
	}
	r.fail(Unsupported, "no extractor knows the format")
	return nil
}

// isPicture tells the images that hold no text but that of XMP, besides those that
// have a row in the catalogue.
func isPicture(mediaType string) bool {
	switch mediaType {
	case "image/x-icns", "image/vnd.radiance", "image/jxr", "image/bpg", "image/jxs", "image/jpx", "image/jpm", "image/x-gimp-pat", "image/x-gimp-gbr":
		return true
	}
	return false
}

// describe gives media type and extension of a document that has no extractor.
func (r *reader) describe() {
	mt := mimetype.Detect(r.content)
	r.doc.MediaType, _, _ = strings.Cut(mt.String(), ";")
	r.doc.Extension = strings.TrimPrefix(mt.Extension(), ".")
}

var (
	oleMagic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	// encryptedPackage is the name of the stream that holds an encrypted OOXML
	// document ([MS-OFFCRYPTO], section 2.3.4.4), as it stands in the directory.
	encryptedPackage = utf16le("EncryptedPackage")
	pdfMagic         = []byte("%PDF-")
)

func utf16le(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// isBinaryFamily settles what is known by its first octets and has no extractor.
// It tells what needs a secret.
func isBinaryFamily(r *reader) bool {
	content := r.content
	switch {
	case bytes.HasPrefix(content, oleMagic):
		settleOLE(r)
		return true
	case bytes.HasPrefix(content, oneNoteMagic):
		settleOneNote(r)
		return true
	case bytes.HasPrefix(content, []byte(`{\rtf`)):
		r.doc.MediaType, r.doc.Extension = "text/rtf", "rtf"
	case bytes.HasPrefix(content, []byte("%!PS")):
		r.doc.MediaType, r.doc.Extension = "application/postscript", "ps"
	default:
		return isSigned(r)
	}
	r.fail(Unsupported, "no extractor knows the format")
	return true
}

// isPDF looks where PDF readers do: within the first 1024 octets, unless these
// are text.
func isPDF(content []byte) bool {
	head := content[:min(len(content), 1024)]
	i := bytes.Index(head, pdfMagic)
	if i < 0 {
		return false
	}
	return len(bytes.TrimSpace(bytes.TrimPrefix(head[:i], []byte("\xef\xbb\xbf")))) == 0 || !looksLikeText(content)
}

// looksLikeText tells whether the beginning of a document has no octets that
// text has none of.
func looksLikeText(content []byte) bool {
	head := content[:min(len(content), sniffed)]
	if hasUnicodeMark(head) {
		return true
	}
	const step = 64
	for len(head) >= step {
		bad := byte(0)
		for _, c := range head[:step] {
			bad |= noText[c]
		}
		if bad != 0 {
			return false
		}
		head = head[step:]
	}
	for _, c := range head {
		if noText[c] != 0 {
			return false
		}
	}
	return true
}

// noText holds 1 for the octets that text has none of. Escape sequences are part
// of ISO 2022; form feeds, backspaces and the old end-of-file mark occur in text
// files.
var noText = func() (t [256]byte) {
	for c := range ' ' {
		if !strings.ContainsRune("\t\n\v\f\r\b\x1b\x1a", c) {
			t[c] = 1
		}
	}
	return t
}()

// looksLikeText is that of the whole content, looked at once.
func (r *reader) looksLikeText() bool {
	if r.texty == 0 {
		r.texty = -1
		if looksLikeText(r.content) {
			r.texty = 1
		}
	}
	return r.texty > 0
}

// hasUnicodeMark tells whether a byte order mark begins the content.
func hasUnicodeMark(head []byte) bool {
	for _, mark := range [...]string{"\xff\xfe", "\xfe\xff", "\xef\xbb\xbf", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return true
		}
	}
	return false
}

func (r *reader) extension() string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(r.hint.Name), "."))
}

func (r *reader) hintType() string {
	t, _, _ := strings.Cut(strings.ToLower(r.hint.MediaType), ";")
	return strings.TrimSpace(t)
}

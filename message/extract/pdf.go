package extract

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/postern-mail/postern/message/extract/pdf"
)

var formatPDF = Format{
	Name:       "PDF",
	MediaTypes: []string{"application/pdf"},
	Extensions: []string{"pdf"},
	Properties: true,
	Nested:     true,
	Protection: true,
	Label:      true,
	rank:       bySignature,
	sniff:      sniffPDF,
	read:       readPDF,
}

// sniffPDF tells a PDF document that begins as one, or has something before it
// that is no other file: archives hold PDF documents, too.
func sniffPDF(r *reader) bool {
	if !isPDF(r.content) {
		return false
	}
	if bytes.HasPrefix(bytes.TrimSpace(r.content[:min(len(r.content), 1024)]), pdfMagic) {
		return true
	}
	mt := mimetype.Detect(r.content)
	return mt.Is("application/octet-stream") || mt.Is("text/plain") || mt.Is("application/pdf")
}

// readPDF writes the text of the pages, with what annotations and fields of each
// say behind it, and then what no page shows: other fields, forms of XML, outlines
// and alternative texts. Files within are members.
func readPDF(r *reader) {
	f, err := pdf.Open(r.content, pdf.Budget{
		Inflated: func(n int) bool {
			r.left.inflated -= int64(n)
			return r.left.inflated >= 0
		},
		Expired: r.expired,
	})
	r.doc.Encryption = f.Encryption()
	if errors.Is(err, pdf.ErrProtected) {
		r.fail(Protected, "a PDF document that needs a secret: "+f.Encryption())
		readXMP(r, f.Metadata()) // may be open
		r.labelsOfProperties()
		return
	}
	if err != nil {
		r.fail(Corrupt, "a damaged PDF document")
		return
	}
	for text := range f.Pages {
		r.newLine()
		r.write(text)
	}
	for _, more := range [...]func() string{f.Fields, f.Outlines, f.Actions, f.Alternatives} {
		text := more()
		r.newLine()
		r.write(text)
	}
	script := readXFA(r, f)
	for a := range f.Files {
		r.attachmentOfPDF(a)
	}
	for _, p := range f.Info() {
		r.property(p.Name, p.Value)
	}
	readXMP(r, f.Metadata())
	r.writeProperties()
	r.behindPDF()
	r.labelsOfProperties()
	r.judgePDF(f, script)
}

// attachmentOfPDF reads a file within a PDF document.
func (r *reader) attachmentOfPDF(a *pdf.Attachment) {
	hint := Hint{MediaType: a.MediaType}
	var names []string
	if len(a.Names) > 0 {
		hint.Name, names = a.Names[0], a.Names[1:]
	}
	switch {
	case errors.Is(a.Err, pdf.ErrProtected):
		r.unreadMember(hint.Name, int64(len(a.Data)), Protected, r.doc.Encryption)
	case errors.Is(a.Err, pdf.ErrLimited):
		r.partMember(Truncated, limitInflated, hint, a.Data, names...)
	case errors.Is(a.Err, pdf.ErrUnknown):
		r.unreadMember(hint.Name, int64(len(a.Data)), Unsupported, "compressed in a way that is not known")
	case a.Err != nil:
		r.partMember(Corrupt, "a damaged file within a PDF document", hint, a.Data, names...)
	default:
		r.member(hint, a.Data, names...)
	}
	if a.Description != "" {
		r.newLine()
		r.write(a.Description + "\n")
	}
}

// behindPDF reads an archive that stands behind the end of the document. Some
// programs open the file as the one, others as the other.
func (r *reader) behindPDF() {
	end := []byte("%%EOF")
	for rest := r.content; ; {
		i := bytes.Index(rest, end)
		if i < 0 {
			return
		}
		rest = rest[i+len(end):]
		behind := bytes.TrimLeft(rest[:min(len(rest), 64)], "\r\n\x00 ")
		for _, magic := range [...][]byte{zipMagic, []byte(magic7z), []byte(magicRAR)} {
			if bytes.HasPrefix(behind, magic) {
				r.defect("an archive behind a PDF document")
				r.member(Hint{}, rest[bytes.Index(rest, magic):])
				return
			}
		}
	}
}

// judgePDF says how far the document was read. A document most of whose pages are
// pictures was not: its text would have to be recognized. Where fewer pages are,
// as with a title page, the property PagesWithoutText names them.
func (r *reader) judgePDF(f *pdf.File, script bool) {
	pictures, pages := f.Pictures()
	numbers := make([]string, 0, len(pictures))
	for _, n := range pictures {
		numbers = append(numbers, strconv.Itoa(n))
	}
	r.property("PagesWithoutText", strings.Join(numbers, ", "))
	switch {
	case f.Limited() != "":
		r.fail(Truncated, f.Limited())
	case f.Damaged() != "":
		r.fail(Corrupt, "a damaged PDF document: "+f.Damaged())
	case f.Unread() != "":
		r.fail(Unsupported, f.Unread())
	case len(pictures)*2 > pages:
		r.fail(Unsupported, "pages that are pictures: "+strconv.Itoa(len(pictures))+" of "+strconv.Itoa(pages))
	}
	if f.Lies() {
		r.defect("a font that shows other characters than it says")
	}
	started, launches := f.Programs()
	var programs []string
	if started || script {
		programs = append(programs, "JavaScript in a PDF")
	}
	if launches {
		programs = append(programs, "a launch action")
	}
	r.doc.Executable = strings.Join(programs, ", ")
}

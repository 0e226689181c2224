package extract

import (
	"slices"
	"strings"
)

// alsoText reads a document once more as the text that it is said to be, where its
// content says otherwise: mail programs show by label and browsers open by name
// what begins like a picture or an archive. This reading is a member.
func (r *reader) alsoText(f *Format) {
	name := r.saidText(f)
	i := slices.IndexFunc(r.formats, func(f Format) bool { return f.Name == name })
	if i < 0 || r.expired() {
		return
	}
	r.defect("content of another kind than the text it is said to be")
	if !r.admit("") {
		return
	}
	f = &r.formats[i]
	at := r.left.reader(r.ctx, r.content, r.hint, r.formats)
	at.depth = r.depth + 1
	at.doc = Document{MediaType: f.MediaTypes[0], Extension: f.Extensions[0], Status: Complete, Size: int64(len(r.content))}
	f.read(at)
	d := at.document()
	r.left.text -= d.Characters
	r.doc.Members = append(r.doc.Members, d)
}

// saidText gives the name of the format of text that the surroundings say a
// document has; empty where it is text, or where they do not contradict it.
func (r *reader) saidText(f *Format) string {
	if r.doc.Status == Protected || r.doc.Status == Unsupported {
		return ""
	}
	t := r.doc.MediaType
	if f != nil && (f.plain || f.rank == byWords) || strings.HasPrefix(t, "text/") && t != "text/rtf" || strings.HasSuffix(t, "xml") {
		return ""
	}
	said := map[string]string{"text/html": saidHTML, "application/xhtml+xml": saidHTML, "text/plain": saidPlain}[r.hintType()]
	switch ext := r.extension(); ext {
	case "html", "htm", "xhtml", "xht", "shtml":
		return saidHTML
	case "txt", "csv":
		return saidPlain
	case "":
	default:
		// Mailers label files in wrong ways that have names of their own.
		if ext == r.doc.Extension || f != nil && contains(f.Extensions, ext) || !looksLikeText(r.content) {
			return ""
		}
	}
	return said
}

// The formats of text that surroundings tell.
const saidHTML, saidPlain = "HTML", "Text"

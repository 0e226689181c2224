package extract

import (
	"bytes"
	"path"
	"sort"
	"strings"
)

// isDOCX tells by the members of a zip archive. It settles archives that need a
// secret as well.
func isDOCX(r *reader) bool {
	if !bytes.HasPrefix(r.content, zipMagic) && !bytes.HasPrefix(r.content, []byte("PK\x05\x06")) {
		return false
	}
	list, _ := zipMembers(r.content)
	encrypted, word := false, false
	for _, m := range list {
		encrypted = encrypted || m.encrypted
		word = word || isWordPart(strings.ToLower(m.name))
	}
	if encrypted {
		r.describe()
		r.fail(Protected, "an encrypted archive")
		r.ended = true
		return true
	}
	return word
}

// isWordPart tells whether a member can only be a Word document's main part.
func isWordPart(name string) bool {
	return strings.HasPrefix(name, "word/document") && strings.HasSuffix(name, ".xml")
}

// refineDOCX tells templates and documents with macros by their content types.
func refineDOCX(r *reader) {
	list, _ := zipMembers(r.content)
	for _, m := range list {
		if m.name != "[Content_Types].xml" {
			continue
		}
		left := int64(1 << 20)
		probe := reader{ctx: r.ctx, lim: r.lim}
		types := probe.inflate(m, &left)
		switch {
		case bytes.Contains(types, []byte("document.macroEnabled")):
			r.doc.MediaType, r.doc.Extension = "application/vnd.ms-word.document.macroEnabled.12", "docm"
		case bytes.Contains(types, []byte("wordprocessingml.template")):
			r.doc.MediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.template"
			r.doc.Extension = "dotx"
		}
		return
	}
}

// docxRank orders the parts of a document that hold text as they are written; -1
// leaves a part out. ECMA-376, part 1, section 11.3.
func docxRank(name string) int {
	dir, base := path.Split(strings.ToLower(name))
	switch {
	case dir == "docprops/":
		return 9
	case !strings.HasPrefix(dir, "word/"):
		return -1
	case strings.HasSuffix(base, ".rels"):
		return 8
	case !strings.HasSuffix(base, ".xml"):
		return -1
	case dir == "word/" && strings.HasPrefix(base, "document"):
		return 0
	case dir == "word/" && strings.HasPrefix(base, "header"):
		return 1
	case dir == "word/" && strings.HasPrefix(base, "footer"):
		return 2
	case base == "footnotes.xml":
		return 3
	case base == "endnotes.xml":
		return 4
	case base == "comments.xml":
		return 5
	case base == "document.xml", strings.HasPrefix(dir, "word/diagrams/") && strings.HasPrefix(base, "data"),
		strings.HasPrefix(dir, "word/charts/") && strings.HasPrefix(base, "chart"):
		return 6
	}
	return -1
}

// readDOCX writes the main part, headers, footers, notes and comments, and last
// the addresses of links; document properties go to Properties.
func readDOCX(r *reader) {
	list, damaged := zipMembers(r.content)
	type ranked struct {
		member
		rank int
	}
	var parts []ranked
	for _, m := range list {
		if rank := docxRank(m.name); rank >= 0 {
			parts = append(parts, ranked{m, rank})
		}
	}
	sort.SliceStable(parts, func(i, j int) bool {
		if parts[i].rank != parts[j].rank {
			return parts[i].rank < parts[j].rank
		}
		return parts[i].name < parts[j].name
	})
	left := r.lim.Inflated
	for i, m := range parts {
		if i >= r.lim.Members {
			r.end("more members than the limit")
		}
		if r.expired() {
			break
		}
		data := r.inflate(m.member, &left)
		// What was unpacked before a limit was met is still read.
		ended := r.ended
		r.ended = false
		switch m.rank {
		case 8:
			readLinks(r, data)
		case 9:
			readProperties(r, strings.ToLower(path.Base(m.name)), data)
		default:
			readWord(r, data)
		}
		r.ended = r.ended || ended
	}
	if damaged {
		r.fail(Corrupt, "a damaged archive")
	}
}

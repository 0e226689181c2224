package extract

import (
	"bytes"
	"io"
	"path"
	"sort"
	"strings"
)

var formatWord = Format{
	Name: "Microsoft Word",
	MediaTypes: []string{
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.ms-word.document.macroEnabled.12",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.template",
	},
	Extensions: []string{"docx", "docm", "dotx"},
	Properties: true,
	Nested:     true,
	Protection: true,
	rank:       byStructure,
	sniff:      isDOCX,
	refine:     refineDOCX,
	read:       readDOCX,
}

// isDOCX tells by the members of a zip archive.
func isDOCX(r *reader) bool {
	if !hasZipMagic(r.content) {
		return false
	}
	list, _ := zipMembers(r.content)
	for _, m := range list {
		if isWordPart(strings.ToLower(m.name)) {
			return true
		}
	}
	return false
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
		probe := reader{ctx: r.ctx, lim: r.lim, left: &Budget{inflated: 1 << 20}}
		types, _ := io.ReadAll(probe.open(m))
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

// The ranks of parts in the order in which they are written.
const (
	rankMain = iota
	rankHeader
	rankFooter
	rankFootnotes
	rankEndnotes
	rankComments
	rankOther
	rankWithin // documents of their own
	rankLinks
	rankProperties
	rankNone = -1 // left out
)

// docxRank ranks the parts of a document by their names (ECMA-376, part 1,
// section 11.3). Names are a habit that programs need not follow, so what is not
// known is read too.
func docxRank(name string) int {
	dir, base := path.Split(strings.ToLower(name))
	ext := path.Ext(base)
	switch {
	case base == "":
		return rankNone
	case ext == ".rels":
		return rankLinks
	case dir == "docprops/" && ext == ".xml":
		return rankProperties
	case ext == ".xml" && dir == "word/":
		for rank, prefix := range [...]string{"document", "header", "footer", "footnotes", "endnotes", "comments.xml"} {
			if strings.HasPrefix(base, prefix) {
				return rank
			}
		}
	case ext != ".xml":
		if isDecoration(dir, base, ext) {
			return rankNone
		}
		return rankWithin
	}
	switch base {
	case "styles.xml", "styleswitheffects.xml", "settings.xml", "websettings.xml", "fonttable.xml", "numbering.xml", "[content_types].xml":
		return rankNone
	}
	if strings.HasSuffix(dir, "/theme/") {
		return rankNone
	}
	return rankOther
}

// isDecoration tells the parts without text that a document is made up with:
// pictures, fonts, macros, printer settings and controls.
func isDecoration(dir, base, ext string) bool {
	switch ext {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".wdp", ".ico", ".svg", ".odttf", ".fntdata", ".sigs":
		return true
	}
	return strings.Contains(dir, "/media/") || strings.Contains(dir, "/activex/") || strings.Contains(dir, "printersettings") ||
		dir == "docprops/" || dir == "[trash]/" || strings.HasPrefix(base, "vba") || strings.HasPrefix(base, "attachedtoolbars")
}

// readDOCX writes the main part, headers, footers, notes, comments and documents
// within, and last the addresses of links; document properties go to Properties.
func readDOCX(r *reader) {
	list, damaged := zipMembers(r.content)
	type ranked struct {
		member
		rank int
	}
	var parts []ranked
	for _, m := range list {
		if rank := docxRank(m.name); rank != rankNone {
			parts = append(parts, ranked{m, rank})
		}
	}
	sort.SliceStable(parts, func(i, j int) bool {
		if parts[i].rank != parts[j].rank {
			return parts[i].rank < parts[j].rank
		}
		return parts[i].name < parts[j].name
	})
	for _, m := range parts {
		if m.encrypted {
			r.fail(Protected, "an encrypted part")
			continue
		}
		if r.expired() {
			break
		}
		src := r.open(m.member)
		switch m.rank {
		case rankWithin:
			if data, err := io.ReadAll(io.LimitReader(src, mostWithin+1)); err == nil && len(data) > mostWithin {
				r.unreadMember(m.name, int64(len(data)), Truncated, limitInflated)
			} else {
				r.member(Hint{Name: path.Base(m.name)}, data)
			}
		case rankLinks:
			readLinks(r, src)
		case rankProperties:
			readProperties(r, strings.ToLower(path.Base(m.name)), src)
		default:
			readWord(r, src)
		}
		// What was unpacked before a limit was met was still read.
		r.ended = r.ended || src.over
	}
	if damaged {
		r.fail(Corrupt, "a damaged archive")
	}
}

// mostWithin is the largest document within another that is read, in octets.
const mostWithin = 32 << 20

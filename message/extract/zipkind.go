package extract

import (
	"bytes"
	"io"
	"strings"
)

// zipKind is what a zip archive is as a document.
type zipKind struct {
	extension, mediaType string
}

// kindOfZip tells documents that are zip archives by their parts; nil for other
// archives. It looks once.
func kindOfZip(r *reader) *zipKind {
	if r.zipKind == nil {
		r.zipKind = &zipKind{}
		if isZip(r) {
			list, _ := zipMembers(r.content)
			if k := zipKindOf(r, list); k != nil {
				r.zipKind = k
			}
		}
	}
	if r.zipKind.extension == "" {
		return nil
	}
	return r.zipKind
}

// mainNames are the usual names of main parts.
var mainNames = []struct{ name, extension string }{
	{"word/document.xml", "docx"}, {"xl/workbook.xml", "xlsx"}, {"xl/workbook.bin", "xlsb"}, {"ppt/presentation.xml", "pptx"},
	{"visio/document.xml", "vsdx"}, {"fixeddocseq.fdseq", "xps"}, {"fixeddocumentsequence.fdseq", "xps"},
}

// folderNames are the folders that only one kind of document has.
var folderNames = []struct{ prefix, extension string }{
	{"word/document", "docx"}, {"xl/worksheets/", "xlsx"}, {"ppt/slides/", "pptx"},
}

func zipKindOf(r *reader, list []member) *zipKind {
	names := make(map[string]*member, len(list))
	for i, m := range list {
		if name := partPath(m.name); names[name] == nil {
			names[name] = &list[i]
		}
	}
	if m := names["mimetype"]; m != nil {
		if k := openDocumentKind(r.peek(m)); k != nil {
			return k
		}
	}
	if m := names[contentTypes]; m != nil && !m.encrypted {
		probe := r.probe()
		// The order of the list decides where there are several main parts.
		types := readContentTypes(probe, probe.open(*m))
		for _, m := range list {
			if t := mainType(types[partPath(m.name)]); t != nil {
				return &zipKind{t.extension, t.mediaType}
			}
		}
		for _, t := range officeTypes {
			for _, have := range types {
				if have == t.content {
					return &zipKind{t.extension, t.mediaType}
				}
			}
		}
	}
	for _, usual := range mainNames {
		if names[usual.name] != nil {
			return officeKind(usual.extension)
		}
	}
	for _, m := range list {
		for _, f := range folderNames {
			if strings.HasPrefix(partPath(m.name), f.prefix) && strings.HasSuffix(strings.ToLower(m.name), ".xml") {
				return officeKind(f.extension)
			}
		}
	}
	if k := otherZipKind(r, list, names); k != nil {
		return k
	}
	return nil
}

func officeKind(extension string) *zipKind {
	for _, t := range officeTypes {
		if t.extension == extension {
			return &zipKind{t.extension, t.mediaType}
		}
	}
	return nil
}

// probe is a reader that notes nothing of the document, to look at its parts.
func (r *reader) probe() *reader {
	const most = 2 << 20
	probe := &reader{ctx: r.ctx, lim: r.lim, formats: r.formats, left: &Budget{lim: r.lim, inflated: most, members: 1, text: 1}}
	probe.doc.Status = Complete
	return probe
}

// peek gives the first octets of a member.
func (r *reader) peek(m *member) []byte {
	const most = 8 << 10
	if m.encrypted {
		return nil
	}
	head, _ := io.ReadAll(io.LimitReader(r.probe().open(*m), most))
	return bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
}

package extract

import "bytes"

// otherZipKind tells the other documents that are zip archives.
func otherZipKind(r *reader, list []member, names map[string]*member) *zipKind {
	if k := r.unnamedOpenDocument(names); k != nil {
		return k
	}
	if k := iWorkKind(r, list, names); k != nil {
		return k
	}
	if m := names["mimetype"]; m != nil && bytes.HasPrefix(r.peek(m), []byte(epubType)) || names["meta-inf/container.xml"] != nil {
		return &zipKind{"epub", epubType}
	}
	return nil
}

const epubType = "application/epub+zip"

// formatEPUB is an archive of pages, each of which is a document of its own.
var formatEPUB = Format{
	Name:       "EPUB",
	MediaTypes: []string{epubType},
	Extensions: []string{"epub"},
	Nested:     true, Protection: true,
	rank:   byStructure,
	sniff:  func(r *reader) bool { k := kindOfZip(r); return k != nil && k.extension == "epub" },
	refine: refineZipKind,
	read:   readZip,
}

var formatVisio = officeFormat("Microsoft Visio", true, "vsdx", "vstx", "vssx", "vsdm", "vstm", "vssm")

var formatXPS = officeFormat("XPS", true, "xps", "oxps")

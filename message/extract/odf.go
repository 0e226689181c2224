package extract

import (
	"bytes"
	"encoding/base64"
	"io"
	"path"
	"strings"
)

// openDocumentType is a kind of document by its media type (ODF 1.3, part 2,
// appendix C, and what OpenOffice.org 1 wrote).
type openDocumentType struct{ mediaType, extension string }

const (
	oasis  = "application/vnd.oasis.opendocument."
	sunXML = "application/vnd.sun.xml."
)

var openDocumentTypes = []openDocumentType{
	{oasis + "text", "odt"}, {oasis + "text-template", "ott"}, {oasis + "text-master", "odm"}, {oasis + "text-web", "oth"},
	{oasis + "text-master-template", "otm"}, {sunXML + "writer", "sxw"}, {sunXML + "writer.template", "stw"}, {sunXML + "writer.global", "sxg"},
	{oasis + "spreadsheet", "ods"}, {oasis + "spreadsheet-template", "ots"}, {sunXML + "calc", "sxc"}, {sunXML + "calc.template", "stc"},
	{oasis + "presentation", "odp"}, {oasis + "presentation-template", "otp"}, {sunXML + "impress", "sxi"}, {sunXML + "impress.template", "sti"},
	{oasis + "graphics", "odg"}, {oasis + "graphics-template", "otg"}, {sunXML + "draw", "sxd"}, {sunXML + "draw.template", "std"},
	{oasis + "chart", "odc"}, {oasis + "chart-template", "otc"}, {oasis + "formula", "odf"}, {oasis + "formula-template", "otf"},
	{oasis + "image", "odi"}, {oasis + "base", "odb"}, {oasis + "database", "odb"}, {sunXML + "math", "sxm"},
}

// flatExtensions are those of documents that are one file of XML.
var flatExtensions = map[string]string{"odt": "fodt", "ods": "fods", "odp": "fodp", "odg": "fodg"}

func openDocumentFormat(name string, extensions ...string) Format {
	f := Format{
		Name: name, Properties: true, Nested: true, Protection: true, Label: true,
		rank: byStructure,
		refine: func(r *reader) {
			k := openDocumentOf(r)
			r.doc.MediaType, r.doc.Extension = k.mediaType, k.extension
		},
		read: readOpenDocument,
	}
	for _, t := range openDocumentTypes {
		if contains(extensions, t.extension) && !contains(f.MediaTypes, t.mediaType) {
			f.MediaTypes = append(f.MediaTypes, t.mediaType)
			if !contains(f.Extensions, t.extension) {
				f.Extensions = append(f.Extensions, t.extension)
			}
		}
	}
	if flat := flatExtensions[f.Extensions[0]]; flat != "" {
		f.Extensions = append(f.Extensions, flat)
	}
	f.sniff = func(r *reader) bool {
		k := openDocumentOf(r)
		return k != nil && contains(f.Extensions, k.extension)
	}
	return f
}

var (
	formatOpenDocumentText         = openDocumentFormat("OpenDocument Text", "odt", "ott", "odm", "oth", "otm", "sxw", "stw", "sxg")
	formatOpenDocumentSpreadsheet  = openDocumentFormat("OpenDocument Spreadsheet", "ods", "ots", "sxc", "stc")
	formatOpenDocumentPresentation = openDocumentFormat("OpenDocument Presentation", "odp", "otp", "sxi", "sti")
	formatOpenDocumentDrawing      = openDocumentFormat("OpenDocument Drawing", "odg", "otg", "sxd", "std", "odc", "otc", "odf", "otf", "odi", "odb", "sxm")
)

// openDocumentKind gives the kind of an archive by its media type.
func openDocumentKind(mimetype []byte) *zipKind {
	said := strings.ToLower(strings.TrimSpace(string(mimetype[:min(len(mimetype), 100)])))
	said, _, _ = strings.Cut(said, "\n")
	for _, t := range openDocumentTypes {
		if t.mediaType == strings.TrimSpace(said) {
			return &zipKind{t.extension, t.mediaType}
		}
	}
	return nil
}

// openDocumentOf tells packages and flat documents alike.
func openDocumentOf(r *reader) *zipKind {
	if k := kindOfZip(r); k != nil {
		return k
	}
	head := r.content[:min(len(r.content), sniffed)]
	if !isXML(head) {
		return nil
	}
	i := bytes.Index(head, []byte("<office:document"))
	if i < 0 {
		return nil
	}
	// The tag may be longer than what is looked at of other documents.
	tag := r.content[i:min(len(r.content), i+4*sniffed)]
	x := xmlScanner{attributes: tag[len("<office:document"):]}
	k := openDocumentKind([]byte(x.attribute("mimetype")))
	if k == nil {
		return nil
	}
	if flat := flatExtensions[k.extension]; flat != "" {
		k.extension = flat
	}
	return k
}

// bodyKinds are the kinds of documents by the element that holds their text.
var bodyKinds = []struct{ element, extension string }{
	{"<office:spreadsheet", "ods"}, {"<office:presentation", "odp"}, {"<office:drawing", "odg"}, {"<office:text", "odt"}, {"<office:chart", "odc"},
}

// unnamedOpenDocument tells a package without a media type.
func (r *reader) unnamedOpenDocument(names map[string]*member) *zipKind {
	content := names["content.xml"]
	if content == nil || names["meta-inf/manifest.xml"] == nil && names["styles.xml"] == nil && names["meta.xml"] == nil {
		return nil
	}
	if m := names["meta-inf/manifest.xml"]; m != nil {
		manifest := r.peek(m)
		for i := len(openDocumentTypes) - 1; i >= 0; i-- { // templates before what they begin with
			if t := openDocumentTypes[i]; bytes.Contains(manifest, []byte(`"`+t.mediaType+`"`)) {
				return &zipKind{t.extension, t.mediaType}
			}
		}
	}
	head := r.peek(content)
	if !bytes.Contains(head, []byte("<office:document-content")) {
		return nil
	}
	extension := "odt"
	for _, b := range bodyKinds {
		if bytes.Contains(head, []byte(b.element)) {
			extension = b.extension
		}
	}
	for _, t := range openDocumentTypes {
		if t.extension == extension {
			return &zipKind{t.extension, t.mediaType}
		}
	}
	return nil
}

// readOpenDocument writes the content, headers and footers, objects within, and
// last comments and what else is not on the page.
func readOpenDocument(r *reader) {
	if kindOfZip(r) == nil {
		readFlatDocument(r)
		return
	}
	list, damaged := r.wholeArchive()
	p := openPackage(r, list)
	p.readManifest()
	p.readOpen(p.byPath["content.xml"])
	p.readOpen(p.byPath["styles.xml"])
	for _, at := range p.parts {
		if path.Base(at.path) == "content.xml" {
			p.readOpen(at) // of an object
		}
	}
	for _, at := range p.parts {
		if at.done || p.expired() {
			continue
		}
		dir, base := path.Split(at.path)
		switch {
		case base == "meta.xml":
			p.load(at, func(src io.Reader) { readOpenProperties(r, src) })
		case base == "styles.xml" && strings.HasPrefix(dir, "object"), base == "settings.xml", base == "manifest.rdf", base == "layout-cache", at.path == "mimetype",
			base == "current.xml", base == "script-lb.xml", base == "script-lc.xml", base == "dialog-lb.xml", base == "dialog-lc.xml":
			at.done = true
		case strings.HasPrefix(dir, "configurations2/") && path.Ext(base) == ".xml", strings.HasPrefix(dir, "meta-inf/"):
			at.done = true
		case strings.HasPrefix(dir, "basic/"):
			r.doc.Executable = "Basic macros"
			p.load(at, func(src io.Reader) { readCustomXML(r, src) })
		case strings.HasPrefix(dir, "scripts/"):
			r.doc.Executable = "script macros"
			p.readWithin(at)
		case strings.HasPrefix(dir, "dialogs/"):
			p.readOpen(at)
		default:
			p.readWithin(at)
		}
	}
	r.writeProperties()
	r.labelsOfProperties()
	r.endArchive(list, damaged)
}

// readManifest notes the parts that are encrypted (ODF 1.3, part 2, section 4.4).
func (p *officePackage) readManifest() {
	at := p.byPath["meta-inf/manifest.xml"]
	if at == nil {
		return
	}
	entry := ""
	p.load(at, func(src io.Reader) {
		p.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
			if kind != xmlStart {
				return true
			}
			switch string(x.name) {
			case "file-entry":
				entry = partPath(x.attribute("full-path"))
			case "encryption-data", "encrypted-key":
				p.fail(Protected, needsSecret)
				p.doc.Encryption = "encrypted OpenDocument"
				if at := p.byPath[entry]; at != nil {
					at.done = true
				}
			}
			return true
		})
	})
}

func (p *officePackage) readOpen(at *part) {
	p.load(at, func(src io.Reader) { readOpenText(p.reader, src) })
}

// readFlatDocument reads a document that is one file.
func readFlatDocument(r *reader) {
	readOpenText(r, bytes.NewReader(r.content))
	meta := bytes.Index(r.content, []byte("<office:meta>"))
	if meta >= 0 {
		if n := bytes.Index(r.content[meta:], []byte("</office:meta>")); n >= 0 {
			readOpenProperties(r, bytes.NewReader(r.content[meta:meta+n+len("</office:meta>")]))
		}
	}
	r.writeProperties()
	r.labelsOfProperties()
}

// openProperties are the names of meta data (ODF 1.3, part 3, section 4.3) as
// programs show them.
var openProperties = map[string]string{
	"title": "Title", "subject": "Subject", "description": "Comments", "initial-creator": "Author", "creator": "LastAuthor",
	"keyword": "Keywords", "language": "Language", "generator": "AppName", "printed-by": "PrintedBy", "editing-cycles": "RevisionNumber",
	"contributor": "Contributor", "publisher": "Publisher", "source": "Source", "rights": "Rights",
}

func readOpenProperties(r *reader, src io.Reader) {
	name := ""
	var value strings.Builder
	keywords := []string{}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			value.Reset()
			switch string(x.name) {
			case "user-defined":
				name = x.attribute("name")
			case "template":
				r.property("Template", x.attribute("title")+" "+x.attribute("href"))
			default:
				name = openProperties[string(x.name)]
			}
		case xmlText:
			if value.Len() < 64<<10 {
				value.Write(x.text)
			}
		case xmlEnd:
			switch {
			case name == "Keywords" && len(keywords) < 1000:
				keywords = append(keywords, strings.TrimSpace(value.String()))
			case name != "":
				r.property(name, value.String())
			}
			name = ""
			value.Reset()
		}
		return true
	})
	r.property("Keywords", strings.Join(keywords, ", "))
}

// decodeBase64 gives what base64 stands for, as far as it can be read.
func decodeBase64(encoded []byte) []byte {
	var plain []byte
	for _, c := range encoded {
		if c > ' ' {
			plain = append(plain, c)
		}
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(plain)))
	n, _ := base64.StdEncoding.Decode(data, plain)
	return data[:n]
}

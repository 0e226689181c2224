package extract

import (
	"io"
	"path"
	"sort"
	"strings"
)

// officeType is a kind of document by the content type of its main part.
type officeType struct {
	content, mediaType, extension string
}

const (
	openXML = "application/vnd.openxmlformats-officedocument."
	msWord  = "application/vnd.ms-word."
	msExcel = "application/vnd.ms-excel."
	msPoint = "application/vnd.ms-powerpoint."
	msVisio = "application/vnd.ms-visio."
)

// officeTypes are the content types of main parts, in lower case (ECMA-376, part
// 1, and the registrations of Microsoft's own).
var officeTypes = []officeType{
	{openXML + "wordprocessingml.document.main+xml", openXML + "wordprocessingml.document", "docx"},
	{openXML + "wordprocessingml.template.main+xml", openXML + "wordprocessingml.template", "dotx"},
	{msWord + "document.macroenabled.main+xml", msWord + "document.macroEnabled.12", "docm"},
	{msWord + "template.macroenabledtemplate.main+xml", msWord + "template.macroEnabled.12", "dotm"},
	{openXML + "spreadsheetml.sheet.main+xml", openXML + "spreadsheetml.sheet", "xlsx"},
	{openXML + "spreadsheetml.template.main+xml", openXML + "spreadsheetml.template", "xltx"},
	{msExcel + "sheet.macroenabled.main+xml", msExcel + "sheet.macroEnabled.12", "xlsm"},
	{msExcel + "template.macroenabled.main+xml", msExcel + "template.macroEnabled.12", "xltm"},
	{msExcel + "addin.macroenabled.main+xml", msExcel + "addin.macroEnabled.12", "xlam"},
	{msExcel + "sheet.binary.macroenabled.main", msExcel + "sheet.binary.macroEnabled.12", "xlsb"},
	{openXML + "presentationml.presentation.main+xml", openXML + "presentationml.presentation", "pptx"},
	{openXML + "presentationml.slideshow.main+xml", openXML + "presentationml.slideshow", "ppsx"},
	{openXML + "presentationml.template.main+xml", openXML + "presentationml.template", "potx"},
	{msPoint + "presentation.macroenabled.main+xml", msPoint + "presentation.macroEnabled.12", "pptm"},
	{msPoint + "slideshow.macroenabled.main+xml", msPoint + "slideshow.macroEnabled.12", "ppsm"},
	{msPoint + "template.macroenabled.main+xml", msPoint + "template.macroEnabled.12", "potm"},
	{msPoint + "addin.macroenabled.main+xml", msPoint + "addin.macroEnabled.12", "ppam"},
	{msVisio + "drawing.main+xml", msVisio + "drawing", "vsdx"},
	{msVisio + "template.main+xml", msVisio + "template", "vstx"},
	{msVisio + "stencil.main+xml", msVisio + "stencil", "vssx"},
	{msVisio + "drawing.macroenabled.main+xml", msVisio + "drawing.macroEnabled.12", "vsdm"},
	{msVisio + "template.macroenabled.main+xml", msVisio + "template.macroEnabled.12", "vstm"},
	{msVisio + "stencil.macroenabled.main+xml", msVisio + "stencil.macroEnabled.12", "vssm"},
	{"application/vnd.ms-package.xps-fixeddocumentsequence+xml", "application/vnd.ms-xpsdocument", "xps"},
	{"application/oxps-fixeddocumentsequence+xml", "application/oxps", "oxps"},
}

// mainType gives the kind of document that a content type of a main part tells.
func mainType(content string) *officeType {
	for i := range officeTypes {
		if officeTypes[i].content == content {
			return &officeTypes[i]
		}
	}
	return nil
}

// officeFormat makes a row of the catalogue: a family of documents by the
// extensions of officeTypes.
func officeFormat(name string, nested bool, extensions ...string) Format {
	f := Format{
		Name: name, Extensions: extensions,
		Properties: true, Nested: nested, Protection: true, Label: true,
		rank:   byStructure,
		refine: refineZipKind,
		read:   readOffice,
	}
	for _, ext := range extensions {
		for _, t := range officeTypes {
			if t.extension == ext {
				f.MediaTypes = append(f.MediaTypes, t.mediaType)
			}
		}
	}
	f.sniff = func(r *reader) bool {
		k := kindOfZip(r)
		return k != nil && contains(f.Extensions, k.extension)
	}
	return f
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// readOffice reads a document of Office Open XML. The main part decides the order;
// whatever part it does not lead to is read too, each in the way of its own kind.
func readOffice(r *reader) {
	list, damaged := r.wholeArchive()
	p := openPackage(r, list)
	if main := p.main(); main != nil {
		switch p.family(main) {
		case "workbook":
			p.readWorkbook(main)
		case "workbook.bin":
			p.readBinaryWorkbook(main)
		case "presentation":
			p.readPresentation(main)
		default:
			p.readWordDocument(main)
		}
	}
	for _, at := range p.sorted() {
		p.readPart(at)
	}
	p.readDisguised()
	p.writeLinks()
	r.writeProperties()
	r.labelsOfProperties()
	r.endArchive(list, damaged)
}

// wholeArchive lists the files of an archive that is a document: those of its
// directory, and those that it does not list.
func (r *reader) wholeArchive() (list []member, damaged bool) {
	list, damaged = zipMembers(r.content)
	if damaged {
		return list, true
	}
	hidden, headers := localMembers(r.content, list)
	list = r.withHidden(list, hidden)
	r.checkDirectory(list, headers)
	return list, false
}

// endArchive reads what stands around the files of an archive.
func (r *reader) endArchive(list []member, damaged bool) {
	if damaged {
		r.fail(Corrupt, damagedData)
	} else if !r.expired() {
		r.newLine()
		r.zipSurroundings(list, false)
	}
}

// family tells how the main part is read.
func (p *officePackage) family(main *part) string {
	t, base := p.contentType(main), path.Base(main.path)
	switch {
	case strings.Contains(t, "sheet.binary"), base == "workbook.bin":
		return "workbook.bin"
	case strings.Contains(t, "wordprocessingml"), strings.Contains(t, "ms-word"):
		return "document"
	case strings.Contains(t, "spreadsheetml"), strings.Contains(t, "ms-excel"), base == "workbook.xml":
		return "workbook"
	case strings.Contains(t, "presentationml"), strings.Contains(t, "ms-powerpoint"), base == "presentation.xml":
		return "presentation"
	}
	return "document"
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
	rankCustom
	rankWithin // documents of their own
	rankProperties
	rankNone // without text that anyone reads
)

// ranks by what the relation to a part says it is.
var ranksByRelation = map[string]int{
	"header": rankHeader, "footer": rankFooter, "footnotes": rankFootnotes, "endnotes": rankEndnotes, "comments": rankComments,
	"threadedComment": rankComments,

	"image": rankWithin, "package": rankWithin, "oleObject": rankWithin, "aFChunk": rankWithin, "subDocument": rankWithin,
	"thumbnail": rankWithin, "font": rankNone, "audio": rankWithin, "video": rankWithin, "media": rankWithin,

	"core-properties": rankProperties, "extended-properties": rankProperties, "extendedProperties": rankProperties,
	"custom-properties": rankProperties, "customProperties": rankProperties, "classificationlabels": rankProperties,

	"styles": rankNone, "stylesWithEffects": rankNone, "theme": rankNone, "themeOverride": rankNone, "fontTable": rankNone,
	"webSettings": rankNone, "numbering": rankNone, "printerSettings": rankNone, "calcChain": rankNone, "tableStyles": rankNone,
	"viewProps": rankNone, "presProps": rankNone, "diagramLayout": rankNone, "diagramColors": rankNone, "diagramQuickStyle": rankNone,
	"chartStyle": rankNone, "chartColorStyle": rankNone, "customXmlProps": rankNone, "sheetMetadata": rankNone,
	"commentsExtended": rankNone, "commentsIds": rankNone, "commentsExtensible": rankNone, "vbaProjectSignature": rankNone,
	"vbaProjectSignatureAgile": rankNone, "vbaProjectSignatureV3": rankNone, "legacyDocTextInfo": rankNone, "attachedToolbars": rankNone,
	"digital-signature/signature": rankNone, "signature": rankNone, "origin": rankNone, "certificate": rankNone,
	"revisionHeaders": rankNone, "usernames": rankNone, "keyMapCustomizations": rankNone,
}

// rank gives the place of a part, by the relation to it, or by its name, which
// programs need not follow (ECMA-376, part 1, section 11.3). What is not known is
// read as well.
func (p *officePackage) rank(at *part) int {
	if rank, have := ranksByRelation[at.kind]; have && (rank != rankNone || p.contentType(at) != "application/octet-stream") {
		return rank
	}
	dir, base := path.Split(at.path)
	ext := path.Ext(base)
	switch {
	case at.path == contentTypes || ext == ".rels":
		return rankNone
	case strings.HasPrefix(dir, "docprops/") && ext == ".xml", at.path == "docmetadata/labelinfo.xml":
		return rankProperties
	case strings.HasPrefix(dir, "customxml/") && ext == ".xml":
		if strings.HasPrefix(base, "itemprops") {
			return rankNone
		}
		return rankCustom
	case ext == ".xml" && dir == "word/":
		for rank, prefix := range [...]string{"document", "header", "footer", "footnotes", "endnotes", "comments.xml"} {
			if strings.HasPrefix(base, prefix) {
				return rank
			}
		}
	case ext == ".odttf" || ext == ".fntdata" || ext == ".sigs" || strings.Contains(dir, "printersettings/") || dir == "[trash]/" ||
		strings.HasPrefix(base, "attachedtoolbars"):
		return rankNone
	case ext != ".xml" && ext != ".vml" && !strings.HasSuffix(p.contentType(at), "+xml"):
		return rankWithin
	}
	switch base {
	case "styles.xml", "styleswitheffects.xml", "websettings.xml", "fonttable.xml", "numbering.xml", "viewprops.xml", "tablestyles.xml", "calcchain.xml":
		return rankNone
	}
	if strings.HasSuffix(dir, "/theme/") {
		return rankNone
	}
	return rankOther
}

// sorted gives the parts by rank, then by name.
func (p *officePackage) sorted() []*part {
	type ranked struct {
		at   *part
		rank int
	}
	var list []ranked
	for _, at := range p.parts {
		if rank := p.rank(at); rank != rankNone && !at.done {
			list = append(list, ranked{at, rank})
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].rank != list[j].rank {
			return list[i].rank < list[j].rank
		}
		return naturalLess(list[i].at.path, list[j].at.path)
	})
	parts := make([]*part, len(list))
	for i, l := range list {
		parts[i] = l.at
	}
	return parts
}

// naturalLess puts sheet2 before sheet10.
func naturalLess(a, b string) bool {
	if len(a) != len(b) && strings.TrimRight(path.Base(a), "0123456789.xmlbin") == strings.TrimRight(path.Base(b), "0123456789.xmlbin") {
		return len(a) < len(b)
	}
	return a < b
}

// readPart reads a part that is not the main one, and those that belong to it.
func (p *officePackage) readPart(at *part) {
	if at == nil || at.done || p.expired() {
		return
	}
	switch rank := p.rank(at); {
	case rank == rankNone:
		at.done = true
	case rank == rankProperties:
		p.load(at, func(src io.Reader) { readProperties(p.reader, path.Base(at.path), src) })
	case isMacros(at):
		p.readMacros(at)
	case p.isBinary(at):
		p.readBinary(at)
	case looseKinds[at.kind]:
		p.load(at, func(src io.Reader) {
			if data, ok := p.whole32(at.name, src); ok {
				p.textRuns(data)
			}
		})
	case rank == rankWithin:
		p.readWithin(at)
	case rank == rankCustom:
		p.load(at, func(src io.Reader) { readCustomXML(p.reader, src) })
	case at.kind == "diagramDrawing":
		p.readAlternative(at)
	default:
		p.readMarkup(at)
	}
}

// looseKinds are the relations to parts of a form that only their programs know:
// the state of controls, and data that programs put beside a document.
var looseKinds = map[string]bool{
	"activeXControlBinary": true, "customProperty": true, "legacyDiagramText": true, "slideUpdateInfo": true,
}

// readMarkup reads a part of text, and then the charts, diagrams, notes and
// comments that it has relations to.
func (p *officePackage) readMarkup(at *part) {
	switch p.markupOf(at) {
	case "worksheet", "xlMacrosheet", "xlIntlMacrosheet", "dialogsheet", "chartsheet":
		p.readSheet(at, &workbook{})
		return
	}
	p.load(at, func(src io.Reader) {
		readWord(p.reader, src, wordStyle{model: p.isModel(at), lenient: path.Ext(at.path) == ".vml"})
	})
	p.readBelonging(at)
}

// markupOf tells a sheet that no workbook leads to.
func (p *officePackage) markupOf(at *part) string {
	switch at.kind {
	case "worksheet", "xlMacrosheet", "xlIntlMacrosheet", "dialogsheet", "chartsheet":
		return at.kind
	}
	if strings.HasPrefix(at.path, "xl/worksheets/") && path.Ext(at.path) == ".xml" || strings.HasSuffix(p.contentType(at), "worksheet+xml") {
		return "worksheet"
	}
	return ""
}

// readBelonging reads the parts of text that a part leads to and that are shown
// with it.
func (p *officePackage) readBelonging(at *part) {
	for _, to := range p.related(at, "chart", "chartEx", "diagramData", "diagramDrawing", "drawing", "chartUserShapes", "vmlDrawing", "notesSlide", "comments", "threadedComment") {
		p.readPart(to)
	}
}

// mostWithin is the largest document within another that is read, in octets.
const mostWithin = 32 << 20

// readWithin hands a document within this one, or a picture, to its own reader.
func (p *officePackage) readWithin(at *part) {
	p.load(at, func(src io.Reader) { p.insert(at.name, src) })
}

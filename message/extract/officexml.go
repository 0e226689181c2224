package extract

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"
)

// formatOfficeXML is a document of Office in one file of XML: those of Office 2003
// and packages written flat.
var formatOfficeXML = Format{
	Name:       "Office XML",
	MediaTypes: []string{"application/vnd.ms-wordml", "application/vnd.ms-spreadsheetml", "application/vnd.ms-word2006ml"},
	Extensions: []string{"xml"},
	Properties: true, Nested: true, Label: true,
	rank:   byStructure,
	sniff:  func(r *reader) bool { return officeXMLKind(r.content) != "" },
	refine: func(r *reader) { r.doc.MediaType = officeXMLKind(r.content) },
	read:   readOfficeXML,
}

func officeXMLKind(content []byte) string {
	head := content[:min(len(content), sniffed)]
	if !isXML(head) {
		return ""
	}
	for _, k := range [...]struct{ element, namespace, mediaType string }{
		{"wordDocument", "http://schemas.microsoft.com/office/word/2003/wordml", "application/vnd.ms-wordml"},
		{"Workbook", "urn:schemas-microsoft-com:office:spreadsheet", "application/vnd.ms-spreadsheetml"},
		{"package", "http://schemas.microsoft.com/office/2006/xmlPackage", "application/vnd.ms-word2006ml"},
	} {
		if bytes.Contains(head, []byte(k.element)) && bytes.Contains(head, []byte(k.namespace)) {
			return k.mediaType
		}
	}
	return ""
}

func readOfficeXML(r *reader) {
	if r.doc.MediaType == "application/vnd.ms-spreadsheetml" {
		readSpreadsheetXML(r)
	} else {
		readWord(r, bytes.NewReader(r.content), wordStyle{})
	}
	readOfficeXMLRest(r)
	r.writeProperties()
	r.labelsOfProperties()
}

// readOfficeXMLRest keeps the properties, and the documents and pictures within.
func readOfficeXMLRest(r *reader) {
	var value []byte
	properties, binary, name := 0, false, ""
	r.tokens(bytes.NewReader(r.content), func(x *xmlScanner, kind xmlKind) bool {
		tag := string(x.name)
		switch kind {
		case xmlStart:
			switch tag {
			case "DocumentProperties", "CustomDocumentProperties", "coreProperties", "Properties":
				properties++
			case "part":
				name = x.attribute("name")
			case "binData", "binaryData":
				binary, value = true, value[:0]
				if n := x.attribute("name"); n != "" {
					name = n
				}
			default:
				value = value[:0]
			}
		case xmlText:
			if (binary || properties > 0) && r.allow(len(value) < mostEmbedded) {
				value = append(value, x.text...)
			}
		case xmlEnd:
			switch {
			case binary:
				binary = false
				if r.macros(name, value) {
					break
				}
				r.embedded(path.Base(name), value)
			case tag == "DocumentProperties" || tag == "CustomDocumentProperties" || tag == "coreProperties" || tag == "Properties":
				properties = max(properties-1, 0)
			case properties > 0:
				if shown, have := propertyNames[tag]; have {
					tag = shown
				}
				r.property(tag, string(value))
			}
			value = value[:0]
		}
		return true
	})
}

// macros reads a project of macros within a flat document.
func (r *reader) macros(name string, encoded []byte) bool {
	if !strings.HasSuffix(strings.ToLower(name), "vbaproject.bin") {
		return false
	}
	r.readVBA(decodeBase64(encoded))
	return true
}

// readSpreadsheetXML writes the sheets of a workbook of Office 2003.
func readSpreadsheetXML(r *reader) {
	s := sheetReader{sheetWriter: sheetWriter{reader: r, wb: &workbook{codes: formatCodes{}}}}
	comment := 0
	isNumber := false
	r.eachToken(bytes.NewReader(r.content), func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			switch string(x.name) {
			case "Worksheet":
				s.endRow()
				s.buf = append(append(s.buf, x.attribute("Name")...), '\n')
				s.begin = len(s.buf)
			case "Row":
				s.endRow()
				s.column = -1
			case "Cell":
				s.column++
				if n, err := strconv.Atoi(x.attribute("Index")); err == nil && n > 0 {
					s.column = n - 1
				}
				s.note(x.attribute("HRef"))
			case "Comment":
				comment++
				s.note(x.attribute("Author"))
			case "Data":
				s.inValue, s.value = true, s.value[:0]
				isNumber = x.attribute("Type") == "Number"
			}
		case xmlText:
			if s.inValue {
				s.value = append(s.value, x.text...)
			}
		case xmlEnd:
			switch string(x.name) {
			case "Data":
				s.inValue = false
				switch {
				case comment > 0:
					s.note(string(s.value))
				case len(s.value) > 0 && isNumber:
					s.cell(s.column)
					s.number(s.value, -1)
				case len(s.value) > 0:
					s.cell(s.column)
					s.buf = appendCellText(s.buf, s.value)
				}
			case "Comment":
				comment = max(comment-1, 0)
			case "Row", "Table":
				s.endRow()
			}
		}
		return r.allow(len(s.value) < mostShared)
	})
	s.endRow()
	s.buf = append(s.buf, s.aside...)
	s.flush()
}

// embedded reads a picture or a document that stands within a flat one.
func (r *reader) embedded(name string, encoded []byte) {
	r.insert(name, io.Reader(bytes.NewReader(decodeBase64(encoded))))
}

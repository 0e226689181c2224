package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// Records of drawings ([MS-ODRAW]) that hold the properties of a shape.
const (
	artOPT     = 0xf00b
	artMoreOPT = 0xf122
)

// artTexts gives the texts among the properties of a shape: that of word art, the
// description for those who cannot see it, and what a diagram of newer programs
// says, of which the older ones show a picture.
func (r *reader) artTexts(rec pptRecord, give func(string)) {
	const (
		wordArt     = 0x00c0
		description = 0x0381
		diagram     = 0x03a9
		complex     = 0x8000
	)
	n := rec.instance
	data := within(rec.data, int64(6*n), int64(len(rec.data)))
	for i := 0; i < n && 6*i+6 <= len(rec.data); i++ {
		id, size := le16(rec.data, 6*i), int64(le32(rec.data, 6*i+2))
		if id&complex == 0 {
			continue
		}
		value := within(data, 0, size)
		data = data[len(value):]
		switch id & 0x3fff {
		case wordArt, description:
			give(strings.TrimRight(utf16leText(value), "\x00"))
		case diagram:
			if bytes.Contains(value, []byte("drs/diagrams/data")) {
				r.diagramTexts(value, give)
			}
		}
	}
}

// diagramTexts reads the data of a diagram in a zip file.
func (r *reader) diagramTexts(content []byte, give func(string)) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return
	}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "drs/diagrams/data") {
			continue
		}
		src, err := f.Open()
		if err != nil {
			continue
		}
		r.xmlTexts(r.budgeted(src, int64(f.CompressedSize64)), give)
		src.Close()
	}
}

// xmlTexts gives the text of every element t, as DrawingML has it.
func (r *reader) xmlTexts(src io.Reader, give func(string)) {
	var text strings.Builder
	in := false
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			in = string(x.name) == "t"
		case xmlText:
			if in && text.Len() < 64<<10 {
				text.Write(x.text)
			}
		case xmlEnd:
			if in = false; string(x.name) == "p" {
				give(text.String())
				text.Reset()
			}
		}
		return true
	})
	give(text.String())
}

// drawings gives the texts of all shapes among records of drawings.
func (r *reader) drawings(b []byte, depth int, give func(string)) {
	r.records(b, func(rec pptRecord) {
		switch {
		case rec.kind == artOPT, rec.kind == artMoreOPT:
			r.artTexts(rec, give)
		case rec.holds && depth < pptDepth:
			r.drawings(rec.data, depth+1, give)
		}
	})
}

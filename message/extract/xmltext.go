package extract

import (
	"bytes"
	"strings"
)

var formatXML = Format{
	Name:       "XML",
	MediaTypes: []string{"application/xml", "text/xml"},
	Extensions: []string{"xml", "xsd", "xsl", "rss", "kml", "gpx"},
	rank:       byWords,
	sniff:      isPlainXML,
	read:       readXML,
}

// isPlainXML tells by the declaration, or by label or name and the first character.
func isPlainXML(r *reader) bool {
	if !r.looksLikeText() && !utf16Like(r.content) {
		return false
	}
	head := bytes.TrimLeft(bytes.TrimPrefix(r.content[:min(len(r.content), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.Contains(bytes.ToLower(head), []byte("<html")) {
		return false
	}
	if bytes.HasPrefix(head, []byte("<?xml")) || bytes.HasPrefix(head, []byte("<\x00?\x00x\x00m\x00l")) || bytes.HasPrefix(head, []byte("\xff\xfe<\x00?\x00")) {
		return true
	}
	t := r.hintType()
	labelled := t == "application/xml" || t == "text/xml" || strings.HasSuffix(t, "+xml") || r.extension() == "xml"
	return labelled && bytes.HasPrefix(head, []byte("<"))
}

// readXML writes the text of elements, a line for each run of it, and behind the
// tag that carries them the values of attributes. Comments part no text. What a
// document type definition declares is not expanded: then the document is read
// as it is written.
func readXML(r *reader) {
	content, declares := withoutDoctype(r.content)
	if declares {
		readText(r)
		r.fail(Truncated, refusedDTD)
		return
	}
	inLine := false
	line := func(s string) {
		if inLine {
			r.write("\n")
		}
		inLine = false
		if s != "" {
			r.write(s + "\n")
		}
	}
	r.eachToken(bytes.NewReader(content), func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			line("")
			for _, value := range x.values() {
				line(value)
			}
		case xmlText:
			text := string(x.text)
			if !inLine {
				text = strings.TrimLeft(text, " \t\r\n")
			}
			inLine = inLine || text != ""
			r.write(text)
		case xmlEnd:
			line("")
		}
		return !r.ended
	})
}

// withoutDoctype gives the document without a declaration of its type that only
// names it, and tells whether it declares anything, as entities. UTF-16 is given
// as it is.
func withoutDoctype(content []byte) (rest []byte, declares bool) {
	const looked = 4096
	head := content[:min(len(content), looked)]
	i := bytes.Index(head, []byte("<!DOCTYPE"))
	if i < 0 {
		return content, false
	}
	end := bytes.IndexAny(content[i:], "[>")
	if end < 0 || content[i+end] == '[' {
		return content, true
	}
	return append(append([]byte(nil), content[:i]...), content[i+end+1:]...), false
}

// values gives the values of all attributes of the start tag but those that
// declare namespaces.
func (x *xmlScanner) values() []string {
	var list []string
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		if bytes.HasPrefix(d[i:], []byte("xmlns")) {
			_, _, end, ok := attributeAt(d, i)
			if !ok {
				break
			}
			i = end
			continue
		}
		_, value, end, ok := attributeAt(d, i)
		if !ok {
			break
		}
		if text := strings.TrimSpace(string(x.expand(value))); text != "" {
			list = append(list, text)
		}
		i = end
	}
	return list
}

package extract

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message/extract/pdf"
)

// xmpNames are the names under which programs show what XMP metadata (ISO
// 16684-1) calls otherwise.
var xmpNames = map[string]string{
	"creator":     "Author",
	"title":       "Title",
	"description": "Subject",
	"subject":     "Keywords",
	"CreatorTool": "Creator",
	"CreateDate":  "CreationDate",
	"ModifyDate":  "ModDate",
	"language":    "Language",
}

// readXMP keeps the properties of XMP metadata. Those that the document has
// elsewhere stay.
func readXMP(r *reader, data []byte) {
	if len(data) == 0 || r.ended {
		return
	}
	keep := func(name, value string) {
		switch name {
		case "about", "Thumbnails", "History", "parseType":
			return
		}
		if shown, ok := xmpNames[name]; ok {
			name = shown
		}
		r.property(xmpEscapes(name), value)
	}
	depth, begin, name := 0, 0, ""
	var value strings.Builder
	r.tokens(bytes.NewReader(data), func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			depth++
			switch {
			case begin == 0 && string(x.name) == "Description":
				begin = depth
				d := x.attributes
				for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
					name, value, end, ok := attributeAt(d, i)
					if !ok {
						break
					}
					if !bytes.HasPrefix(d[i:], []byte("xmlns")) {
						keep(string(name), string(x.expand(value)))
					}
					i = end
				}
			case begin > 0 && depth == begin+1:
				name = string(x.name)
				value.Reset()
			}
		case xmlText:
			if begin > 0 && depth > begin && value.Len() < 32<<10 {
				value.Write(x.text)
			}
		case xmlEnd:
			switch {
			case begin > 0 && depth == begin:
				begin = 0
			case begin > 0 && depth == begin+1:
				keep(name, strings.TrimSuffix(strings.Join(strings.Fields(value.String()), " "), ";"))
			case string(x.name) == "li":
				value.WriteString("; ")
			}
			depth--
		}
		return true
	})
}

// xmpEscapes undoes how Acrobat writes characters that names of XML cannot have:
// the sign for ten thousand and four hexadecimal digits.
func xmpEscapes(name string) string {
	const sign = "\u2182"
	parts := strings.Split(name, sign)
	for i, p := range parts[1:] {
		if len(p) >= 4 {
			if n, err := strconv.ParseUint(p[:4], 16, 16); err == nil {
				parts[i+1] = string(rune(n)) + p[4:]
			}
		}
	}
	return strings.Join(parts, "")
}

// readXFA writes what a form of XML shows and holds (XML Forms Architecture): the
// texts of its template, and its data as "name: value" where the document does
// not have the value elsewhere. It tells whether there are scripts.
func readXFA(r *reader, f *pdf.File) (script bool) {
	var data []byte
	for _, packet := range f.XFA {
		data = append(data, packet...)
	}
	if len(data) == 0 || r.ended {
		return false
	}
	const mostLookups = 2000
	before := r.out.String()
	section, skip, lookups := "", 0, 0
	var fields []string          // those around, innermost last
	shown := map[string]string{} // what people see of a field, by its name
	var path []string
	var value strings.Builder
	leaf := false
	whole := r.tokens(bytes.NewReader(data), func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			name := string(x.name)
			path = append(path, name)
			if len(path) <= 2 {
				switch name {
				case "template", "datasets":
					section = name
				case "xdp":
				default:
					section = ""
				}
			}
			switch name {
			case "script":
				script = true
			case "field", "exclGroup", "subform":
				fields = append(fields, x.attribute("name"))
			}
			if skip > 0 || name == "script" {
				skip++
			}
			leaf = true
			value.Reset()
		case xmlText:
			if skip == 0 {
				value.Write(x.text)
			}
		case xmlEnd:
			if len(path) == 0 {
				return true
			}
			name := path[len(path)-1]
			text := strings.TrimSpace(value.String())
			value.Reset()
			switch {
			case skip > 0 || text == "":
			case section == "datasets" && leaf:
				if lookups++; lookups > mostLookups || len(before) > 1<<20 || !strings.Contains(before, text) {
					r.newLine()
					if shown[name] != "" {
						name += " " + shown[name]
					}
					r.write(name + ": " + text + "\n")
				}
			case section == "template" && showsXFA(path):
				r.newLine()
				r.write(text + "\n")
				if n := len(fields); n > 0 && len(shown) < mostLookups && len(text) < 200 && shown[fields[n-1]] == "" {
					shown[fields[n-1]] = strings.TrimSuffix(text, ":")
				}
			}
			switch name {
			case "field", "exclGroup", "subform":
				fields = fields[:max(0, len(fields)-1)]
			}
			path = path[:len(path)-1]
			leaf = false
			skip = max(0, skip-1)
		}
		return true
	})
	if !r.ended && (!whole || len(path) > 0) {
		r.fail(Corrupt, "a damaged form of XML")
	}
	return script
}

// showsXFA tells whether the innermost of the elements, outermost first, holds
// text that people see.
func showsXFA(path []string) bool {
	for _, name := range path {
		switch name {
		case "text", "exData", "speak", "toolTip":
			return true
		}
	}
	return false
}

package extract

import (
	"io"
	"strings"
)

// propertyNames are the names of Dublin Core and of Office (ECMA-376, part 2,
// section 11, and part 1, section 22.2) as programs show them.
var propertyNames = map[string]string{
	"creator":        "Author",
	"description":    "Comments",
	"lastModifiedBy": "LastAuthor",
	"title":          "Title",
	"subject":        "Subject",
	"keywords":       "Keywords",
	"category":       "Category",
	"contentStatus":  "ContentStatus",
}

// readProperties keeps the properties of docProps/core.xml, app.xml and
// custom.xml.
func readProperties(r *reader, base string, src io.Reader) {
	custom := strings.HasPrefix(base, "custom")
	name, depth := "", 0
	var value strings.Builder
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			depth++
			switch {
			case custom && string(x.name) == "property":
				name = x.attribute("name")
				value.Reset()
			case !custom && depth == 2:
				name = string(x.name)
				if shown, have := propertyNames[name]; have {
					name = shown
				}
				value.Reset()
			}
		case xmlText:
			if depth >= 2 && value.Len() < 64<<10 {
				value.Write(x.text)
			}
		case xmlEnd:
			if custom && string(x.name) == "property" || !custom && depth == 2 {
				r.property(name, value.String())
			}
			depth--
		}
		return true
	})
}

// readLinks writes the addresses outside of the document that its relations
// point to, a line each. They are never fetched.
func readLinks(r *reader, src io.Reader) {
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		if kind == xmlStart && strings.EqualFold(x.attribute("TargetMode"), "External") {
			if target := x.attribute("Target"); target != "" {
				r.write("\n" + target)
			}
		}
		return true
	})
}

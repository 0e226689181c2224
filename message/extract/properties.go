package extract

import (
	"encoding/xml"
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
func readProperties(r *reader, base string, data []byte) {
	custom := strings.HasPrefix(base, "custom")
	name, depth := "", 0
	var value strings.Builder
	r.eachToken(data, func(t xml.Token) bool {
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			switch {
			case custom && t.Name.Local == "property":
				name = attribute(t, "name")
				value.Reset()
			case !custom && depth == 2:
				name = t.Name.Local
				if shown, have := propertyNames[name]; have {
					name = shown
				}
				value.Reset()
			}
		case xml.CharData:
			if depth >= 2 && value.Len() < 64<<10 {
				value.Write(t)
			}
		case xml.EndElement:
			if custom && t.Name.Local == "property" || !custom && depth == 2 {
				r.property(name, value.String())
			}
			depth--
		}
		return true
	})
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// readLinks writes the addresses outside of the document that its relations
// point to, a line each. They are never fetched.
func readLinks(r *reader, data []byte) {
	r.eachToken(data, func(t xml.Token) bool {
		if e, ok := t.(xml.StartElement); ok && strings.EqualFold(attribute(e, "TargetMode"), "External") {
			if target := attribute(e, "Target"); target != "" {
				r.write("\n" + target)
			}
		}
		return true
	})
}

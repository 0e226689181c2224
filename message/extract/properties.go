package extract

import (
	"io"
	"slices"
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
	"language":       "Language",
	"version":        "DocumentVersion",
	"revision":       "RevisionNumber",
	"Application":    "AppName",
}

// readProperties keeps the properties of docProps/core.xml, app.xml and
// custom.xml, and the labels of docMetadata/LabelInfo.xml ([MS-OFFCRYPTO], section
// 2.6.4).
func readProperties(r *reader, base string, src io.Reader) {
	custom := strings.HasPrefix(base, "custom")
	name, depth := "", 0
	var value strings.Builder
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		switch kind {
		case xmlStart:
			depth++
			switch {
			case string(x.name) == "Properties" && depth == 1:
			case string(x.name) == "label" && depth == 2:
				r.labelInfo(x)
			case string(x.name) == "property":
				custom = true
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
				name = ""
			} else if depth > 2 && value.Len() > 0 {
				value.WriteByte(' ')
			}
			depth--
		}
		return true
	})
}

// labelInfo keeps a label of the part that Office writes for files with labels.
func (r *reader) labelInfo(x *xmlScanner) {
	const most = 100
	id := guid(x.attribute("id"))
	if id == "" || len(r.doc.Labels) >= most {
		return
	}
	enabled := isTrue(x.attribute("enabled")) && !isTrue(x.attribute("removed"))
	for i := range r.doc.Labels {
		if r.doc.Labels[i].ID == id {
			return
		}
	}
	r.doc.Labels = append(r.doc.Labels, Label{ID: id, Name: x.attribute("name"), SiteID: guid(x.attribute("siteId")), Enabled: enabled})
}

// madeUp are the properties that programs write by themselves.
var madeUp = map[string]bool{
	"AppName": true, "AppVersion": true, "DocSecurity": true, "ScaleCrop": true, "LinksUpToDate": true, "SharedDoc": true, "HyperlinksChanged": true,
	"TotalTime": true, "Pages": true, "Words": true, "Characters": true, "CharactersWithSpaces": true, "Lines": true, "Paragraphs": true,
	"Slides": true, "Notes": true, "HiddenSlides": true, "MMClips": true, "HeadingPairs": true, "TitlesOfParts": true, "Template": true,
	"PresentationFormat": true, "RevisionNumber": true, "created": true, "modified": true, "lastPrinted": true, "Language": true, "DigSig": true,
	"Producer": true, "Creator": true, "CreatorTool": true, "CreationDate": true, "ModDate": true, "CreateDate": true, "ModifyDate": true,
	"MetadataDate": true, "DocumentID": true, "InstanceID": true, "OriginalDocumentID": true, "VersionID": true, "RenditionClass": true,
	"Trapped": true, "format": true, "part": true, "conformance": true, "PTEX.Fullbanner": true, "DerivedFrom": true,
	"Author": true, "LastAuthor": true, "DocumentVersion": true, "PrintedBy": true, "KSOProductBuildVer": true, "ICV": true, "ContentTypeId": true,
}

// writeProperties writes the properties that people filled in behind the text:
// what they say is part of the document.
func (r *reader) writeProperties() {
	var names []string
	for name := range r.doc.Properties {
		if !madeUp[name] && !foldPrefix(name, "MSIP_Label_") && !foldPrefix(name, "_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		r.newLine()
		r.write(name + ": " + r.doc.Properties[name] + "\n")
	}
}

package extract

// Format is a row of the catalogue: one document format that text is made of.
type Format struct {
	Name       string
	MediaTypes []string // the first is given for documents of the format
	Extensions []string // likewise, without a dot
	// sniff tells by content, and by the hint where content cannot tell, whether a
	// document is of the format.
	sniff func(r *reader) bool
	// refine corrects media type and extension where the format is a family.
	refine func(r *reader)
	// read writes the text within the limits.
	read func(r *reader)
}

// catalog is sorted by name. The order of asking is that of rank, for text is
// what is left.
var catalog = []Format{
	{
		Name:       "CSV",
		MediaTypes: []string{"text/csv", "text/tab-separated-values"},
		Extensions: []string{"csv", "tsv"},
		sniff:      isCSV,
		read:       readCSV,
	},
	{
		Name:       "HTML",
		MediaTypes: []string{"text/html", "application/xhtml+xml"},
		Extensions: []string{"html", "htm", "xhtml"},
		sniff:      isHTML,
		read:       readHTML,
	},
	{
		Name: "Microsoft Word",
		MediaTypes: []string{
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"application/vnd.ms-word.document.macroEnabled.12",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.template",
		},
		Extensions: []string{"docx", "docm", "dotx"},
		sniff:      isDOCX,
		refine:     refineDOCX,
		read:       readDOCX,
	},
	{
		Name:       "Text",
		MediaTypes: []string{"text/plain"},
		Extensions: []string{"txt"},
		sniff:      isText,
		refine:     refineText,
		read:       readText,
	},
}

// Formats gives the formats that text is made of, sorted by name.
func Formats() []Format { return append([]Format(nil), catalog...) }

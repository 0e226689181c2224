package extract

import (
	"cmp"
	"slices"
	"strings"
)

// Format is a row of the catalogue: one document format that is read.
type Format struct {
	Name       string
	MediaTypes []string // the first is given for documents of the format
	Extensions []string // likewise, without a dot
	// What is read of it besides its text.
	Properties bool // document properties
	Nested     bool // documents within
	Protection bool // whether it needs a secret is told
	Label      bool // sensitivity labels

	// plain is set for text that is read without decompressing or decoding anything.
	plain bool

	rank rank
	// sniff tells by content, and by the hint where content cannot tell, whether a
	// document is of the format.
	sniff func(r *reader) bool
	// refine corrects media type and extension where the format is a family.
	refine func(r *reader)
	// read writes text, members and the rest within the limits.
	read func(r *reader)
}

// rank orders the asking: the first format that knows a document reads it.
type rank int

const (
	bySignature rank = iota // the first octets say it
	byStructure             // a kind of container (zip, OLE, XML) with members of its own
	byContainer             // the container as such
	byWords                 // text of a certain form
	byDefault               // any text
)

// catalog holds the formats; the order of asking is that of their ranks, and
// within one that of the list.
var catalog = ranked([]Format{
	formatCSV,
	formatTNEF,
	formatMSG,
	formatRTF,
	formatPPT,
	formatPDF,
	formatXLS,
	formatOLEPackage,
	formatDOC,
	formatCMS,
	formatMailbox,
	formatMail,
	formatXML,
	formatHTML,
	formatCalendar,
	formatCard,
	formatEnriched,
	formatJSON,
	formatOpenDocumentText, formatOpenDocumentSpreadsheet, formatOpenDocumentPresentation, formatOpenDocumentDrawing,
	formatOfficeXML, formatVisio, formatXPS, formatIWork, formatEPUB,
	formatExcel,
	formatExcelBinary,
	formatPowerPoint,
	formatWord,
	formatText,
	formatZip,
	formatJPEG, formatPNG, formatGIF, formatTIFF, formatWebP, formatHEIF, formatBMP, formatIcon, formatSVG, formatMetafile,
	format7z,
	formatRAR,
	formatTar, formatAr, formatCpio, formatRPM, formatCab, formatISO,
	formatArmor,
	formatGzip, formatBzip2, formatXZ, formatLZMA, formatLzip, formatZstd, formatLZ4, formatBrotli, formatSnappy, formatZlib, formatZ,
})

func ranked(list []Format) []Format {
	slices.SortStableFunc(list, func(a, b Format) int { return cmp.Compare(a.rank, b.rank) })
	return list
}

// Formats gives the formats that are read, sorted by name.
func Formats() []Format {
	return slices.SortedFunc(slices.Values(catalog), func(a, b Format) int { return strings.Compare(a.Name, b.Name) })
}

package extract

import (
	"bytes"
	"strings"
)

// rtfDest is where the text of a group goes.
type rtfDest int

const (
	destText     rtfDest = iota
	destNone             // nowhere
	destAside            // behind the text
	destCode             // the code of a field
	destFonts            // the table of fonts
	destInfo             // properties, which have groups of their own
	destProperty         // one of them
	destName             // name of a custom property or one of a shape
	destValue            // its value
	destObject           // an embedded object in hexadecimal digits
	destTag              // HTML that the text was made of
)

// rtfSigns are control words that stand for text.
var rtfSigns = map[string]string{
	"tab": "\t", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
	"emspace": " ", "enspace": " ", "qmspace": " ", "line": "\n", "lbr": "\n", "column": "\n", "page": "\n",
}

// rtfAsides are destinations that are shown apart from the text around them.
var rtfAsides = map[string]bool{
	"header": true, "headerl": true, "headerr": true, "headerf": true, "footer": true, "footerl": true, "footerr": true, "footerf": true,
	"footnote": true, "annotation": true, "atnauthor": true, "ffdeftext": true, "ffl": true, "ffhelptext": true, "ffstattext": true,
	"shptxt": true, "docvar": true, "template": true, "xe": true, "tc": true, "tcn": true,
}

// rtfNone are destinations without text that anyone reads.
var rtfNone = map[string]bool{
	"colortbl": true, "stylesheet": true, "pict": true, "filetbl": true, "fontemb": true, "fontfile": true, "nonshppict": true,
	"nonesttables": true, "ftnsep": true, "ftnsepc": true, "ftncn": true, "aftnsep": true, "aftnsepc": true, "aftncn": true,
	"pnseclvl": true, "themedata": true, "colorschememapping": true, "latentstyles": true, "datastore": true, "bkmkstart": true, "bkmkend": true,
	"listtable": true, "listoverridetable": true, "rsidtbl": true, "revtbl": true, "generator": true, "xmlnstbl": true, "panose": true,
	"falt": true, "mmathpr": true, "objclass": true, "objname": true, "pgptbl": true, "mhtmltag": true, "atnid": true, "atnref": true,
	"atndate": true, "atrfstart": true, "atrfend": true, "ffname": true, "ffformat": true, "datafield": true, "oleclsid": true, "blipuid": true,
	"wgrffmtfilter": true, "passwordhash": true, "picprop": true, "defchp": true, "defpap": true, "listpicture": true, "objalias": true, "objsect": true,
}

// rtfInfo are the groups of the information about a document.
var rtfInfo = map[string]string{
	"title": "Title", "subject": "Subject", "author": "Author", "operator": "LastAuthor", "keywords": "Keywords", "comment": "Comments",
	"doccomm": "Comments", "company": "Company", "manager": "Manager", "category": "Category", "hlinkbase": "HyperlinkBase",
}

// word reads a control word.
func (x *rtfReader) word(word string, value int, has bool) {
	if x.destination(word) {
		return
	}
	switch word {
	case "bin":
		x.bin(value)
	case "u":
		if x.state.dest != destNone && !x.state.noText {
			if len(x.pending) > 0 {
				x.endText()
			}
			x.units = append(x.units, uint16(value))
		}
		x.toSkip = x.state.skip
	case "uc":
		x.state.skip = max(min(value, 100), 0)
	case "ansicpg":
		x.cp = value
		if value == 0 {
			x.cp = cpWestern
		}
	case "mac":
		x.cp = cpMac
	case "pc":
		x.cp = 437
	case "pca":
		x.cp = 850
	case "f":
		x.endText()
		x.state.font = value
		x.tableFont = value
	case "deff":
		x.plain = value
		x.state.font = value
	case "plain":
		x.endText()
		x.state.font = x.plain
	case "fcharset":
		if x.state.dest == destFonts && len(x.fonts) < 10_000 {
			x.fonts[x.tableFont] = codePageOfCharset(value)
		}
	case "cpg":
		if x.state.dest == destFonts && len(x.fonts) < 10_000 {
			x.fonts[x.tableFont] = value
		}
	case "fromhtml":
		x.html = value != 0
	case "htmlrtf":
		if x.html || x.fromText {
			x.endText()
			x.state.noText = !has || value != 0
		}
	case "fromtext":
		x.fromText = true
	case "par", "sect":
		x.paragraph()
	case "intbl":
		x.state.inTable = true
	case "pard":
		x.state.inTable = false
	case "cell", "nestcell":
		x.endText()
		if x.state.dest != destNone && !x.html {
			x.state.sink.tabs++
		}
	case "row", "nestrow":
		x.endText()
		if !x.html {
			x.newRow()
		}
	case "upr":
		x.state.first = true
	default:
		if s, have := rtfSigns[word]; have {
			x.endText()
			if s == "\n" && !x.html && x.state.inTable {
				s = " "
			}
			x.put(s)
			return
		}
		if x.state.starred && x.state.begins {
			// A destination that nobody here knows.
			x.state.dest = destNone
		}
	}
}

// destination begins the destination that a word names, if it does.
func (x *rtfReader) destination(word string) bool {
	if len(x.stack) == 0 || x.state.dest == destNone && word != "ud" && word != "objdata" && word != "shptxt" {
		return x.state.dest == destNone && word != "bin" && word != "u" && word != "uc" && word != "f"
	}
	to := func(d rtfDest) bool {
		x.endText()
		x.state.dest, x.state.sink, x.state.inTable = d, &rtfSink{}, false
		return true
	}
	switch word {
	case "fonttbl":
		return to(destFonts)
	case "info", "userprops":
		x.endText()
		x.state.dest, x.state.sink = destInfo, &rtfSink{}
		return true
	case "fldinst":
		return to(destCode)
	case "objdata":
		return to(destObject)
	case "htmltag":
		if x.html {
			x.endText()
			x.state.dest, x.state.noText = destTag, false
			return true
		}
		x.state.dest = destNone
		return true
	case "ud":
		x.state.dest, x.state.sink = destText, x.body
		if n := len(x.stack); n > 1 {
			x.state.dest, x.state.sink = x.stack[n-1].dest, x.stack[n-1].sink
		}
		return true
	case "propname", "sn":
		return to(destName)
	case "staticval", "sv":
		return to(destValue)
	case "fldrslt", "result", "shptxt", "shpinst", "shp", "shpgrp", "sp", "shppict", "listtext", "pntext", "field", "object", "do", "dptxbxtext", "nesttableprops":
		if word == "shptxt" || word == "dptxbxtext" {
			return to(destAside)
		}
		return word == "shpinst" || word == "shppict" || word == "do" || word == "nesttableprops" || word == "listtext" || word == "pntext"
	}
	if !x.state.begins {
		// Others are read where they stand, rather than lost.
		return false
	}
	if name, have := rtfInfo[word]; have && (x.state.dest == destInfo || x.state.starred) {
		x.endText()
		x.state.dest, x.state.sink, x.state.property = destProperty, &rtfSink{}, name
		return true
	}
	if rtfAsides[word] {
		return to(destAside)
	}
	if rtfNone[word] {
		x.endText()
		x.state.dest = destNone
		return true
	}
	return false
}

// endDest settles the destination of a group that ended.
func (x *rtfReader) endDest(s rtfState) {
	if s.dest == destTag || s.dest == destNone || s.dest == destText || s.dest == destFonts || s.dest == destInfo || s.sink == x.state.sink {
		return
	}
	text := strings.TrimSpace(string(s.sink.b))
	if text == "" {
		return
	}
	switch s.dest {
	case destAside:
		x.aside(text)
	case destCode:
		if code := fieldCode(text); code != "" && !x.codes[code] && len(x.codes) < 10_000 {
			x.codes[code] = true
			x.aside(code)
		}
	case destProperty:
		x.property(s.property, text)
	case destName:
		x.name = text
	case destValue:
		switch {
		case x.inInfo():
			x.property(x.name, text)
		case x.name == "gtextUNICODE", x.name == "wzDescription", x.name == "wzTooltip", x.name == "pihlShape":
			x.aside(text)
		}
	case destObject:
		x.object(s.sink.b)
	}
}

func (x *rtfReader) inInfo() bool {
	for _, s := range x.stack {
		if s.dest == destInfo {
			return true
		}
	}
	return x.state.dest == destInfo
}

// aside keeps a text for the end.
func (x *rtfReader) aside(s string) {
	const most = 100_000
	if len(x.asides) >= most {
		x.fail(Truncated, limitCharacters)
		return
	}
	x.asides = append(x.asides, s)
}

// bin takes octets as they are: those of an object, of a picture and the like.
func (x *rtfReader) bin(n int) {
	if n < 0 {
		return
	}
	b := within(x.s, int64(x.i), int64(n))
	x.i += len(b)
	if x.state.dest == destObject {
		const digits = "0123456789abcdef"
		for _, c := range b {
			x.state.sink.b = append(x.state.sink.b, digits[c>>4], digits[c&15])
		}
	}
}

// object reads an embedded object ([MS-OLEDS] section 2.2.4): a compound file, a
// packaged file, or what a program of its own knows.
func (x *rtfReader) object(digits []byte) {
	if x.left.inflated -= int64(len(digits) / 2); x.left.inflated < 0 {
		x.fail(Truncated, limitInflated)
		return
	}
	b := make([]byte, 0, len(digits)/2)
	high := -1
	for _, c := range digits {
		switch d := int(hexValue(c)); {
		case d < 0:
		case high < 0:
			high = d
		default:
			b = append(b, byte(high<<4|d))
			high = -1
		}
	}
	x.oleOne(b)
}

// oleOne reads an object of OLE 1.
func (r *reader) oleOne(b []byte) {
	if len(b) < 12 {
		return
	}
	rest := b[8:]
	var names [3]string
	for i := range names {
		n := int64(le32(rest, 0))
		names[i] = codePageText(untilZero(within(rest, 4, n)), cpWestern)
		if n > int64(len(rest)) || len(rest) < 4 {
			rest = nil
			break
		}
		rest = rest[min(4+n, int64(len(rest))):]
	}
	data := within(rest, 4, int64(le32(rest, 0)))
	if len(data) == 0 {
		if i := bytes.Index(b, oleMagic); i >= 0 {
			data = b[i:]
		}
	}
	switch {
	case le32(b, 4) == 1: // a link: class, file and place in it
		if names[1] != "" {
			r.newLine()
			r.write(names[1] + "\n")
		}
	case strings.EqualFold(names[0], "Package"):
		if list, content, ok := packagedFile(data); ok {
			r.member(Hint{Name: list[0]}, content, list[1:]...)
			return
		}
		fallthrough
	default:
		if len(data) > 0 {
			r.member(Hint{Name: names[0]}, data)
		}
	}
}

// codePageOfCharset gives the code page of a character set of Windows fonts.
func codePageOfCharset(n int) int {
	switch n {
	case 0:
		return cpWestern
	case 77:
		return cpMac
	case 128:
		return 932
	case 129:
		return 949
	case 130:
		return 1361
	case 134:
		return 936
	case 136:
		return 950
	case 161:
		return 1253
	case 162:
		return 1254
	case 163:
		return 1258
	case 177:
		return 1255
	case 178, 179, 180:
		return 1256
	case 181:
		return 1255
	case 186:
		return 1257
	case 204:
		return 1251
	case 222:
		return 874
	case 238:
		return 1250
	case 254:
		return 437
	case 255:
		return 850
	}
	return 0
}

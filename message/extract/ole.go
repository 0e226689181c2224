package extract

import (
	"bytes"
	"strings"
)

// The kinds of compound files.
type oleKind int

const (
	oleNone oleKind = iota
	oleWord
	oleExcel
	olePowerPoint
	oleMessage
	olePackage
	oleOther
)

// kindOfOLE tells what a compound file is by its streams.
func kindOfOLE(r *reader) oleKind {
	if !bytes.HasPrefix(r.content, oleMagic) {
		return oleNone
	}
	f := openCFB(r)
	if f == nil {
		return oleOther
	}
	return f.root.kind()
}

func (n *cfbNode) kind() oleKind {
	for _, c := range n.children {
		if strings.HasPrefix(c.name, "__substg1.0_") || strings.HasPrefix(c.name, "__properties_version1") {
			return oleMessage
		}
	}
	for _, k := range [...]struct {
		name string
		kind oleKind
	}{
		{"WordDocument", oleWord}, {"Workbook", oleExcel}, {"Book", oleExcel}, {"PowerPoint Document", olePowerPoint},
		{"PP97_DUALSTORAGE", olePowerPoint}, {"\x01Ole10Native", olePackage}, {"Package", olePackage}, {"EmbeddedOdf", olePackage},
		{"EMBEDDED ODF", olePackage},
	} {
		if n.child(k.name) != nil {
			return k.kind
		}
	}
	if n.isPicture() {
		return oleOther
	}
	if n.child("CONTENTS") != nil && (n.child("\x01CompObj") != nil || n.child("\x01Ole") != nil) && n.child("Quill") == nil && n.child("MatOST") == nil {
		return olePackage
	}
	return oleOther
}

func isOLE(kind oleKind) func(*reader) bool {
	return func(r *reader) bool { return kindOfOLE(r) == kind }
}

// readOLE makes a reader of a compound file of one of its contents: properties
// and macros are read alike for all.
func readOLE(read func(*reader, *cfb)) func(*reader) {
	return func(r *reader) {
		f := openCFB(r)
		if f == nil {
			r.fail(Corrupt, "a damaged compound file")
			return
		}
		main := 0
		for _, name := range [...]string{"WordDocument", "Workbook", "PowerPoint Document"} {
			if f.root.child(name) != nil {
				main++
			}
		}
		if main > 1 {
			r.defect("a compound file that holds more than one document")
		}
		r.readOLEProperties(f.root)
		if r.expired() {
			return
		}
		read(r, f)
		if r.doc.MediaType != "application/vnd.ms-outlook" { // its text has them
			r.writeProperties()
		}
		r.oleMacros(f.root)
		f.settle()
	}
}

var formatOLEPackage = Format{
	Name:       "OLE package",
	MediaTypes: []string{"application/x-ole-package"},
	Extensions: []string{"bin"},
	Nested:     true,
	rank:       byStructure,
	sniff:      isOLE(olePackage),
	read:       readOLE(func(r *reader, f *cfb) { r.oleObject(f.root) }),
}

// oleObject reads an embedded object that is kept as a storage ([MS-OLEDS]): a
// packaged file, a document in a stream, or a document of its own.
func (r *reader) oleObject(n *cfbNode) {
	if r.expired() {
		return
	}
	found := false
	if data := n.stream("\x01Ole10Native"); data != nil {
		r.oleNative(data)
		found = true
	}
	for _, name := range [...]string{"Package", "CONTENTS", "EmbeddedOdf", "EMBEDDED ODF"} {
		if c := n.child(name); c != nil && !c.storage && c.size > 0 {
			r.member(Hint{Name: objectName(n, name)}, c.data())
			found = true
		}
	}
	if found || n == n.file.root {
		return
	}
	if !n.hasSubstance() {
		return
	}
	if content := n.cfbFile(); content != nil {
		r.member(Hint{Name: n.name}, content)
	}
}

func objectName(n *cfbNode, stream string) string {
	if n == n.file.root {
		return stream
	}
	return n.name
}

// hasSubstance tells whether a storage has more than what only shows an object
// or tells its class.
func (n *cfbNode) hasSubstance() bool {
	for _, c := range n.children {
		if c.storage || c.name != "" && c.name[0] > 5 && !strings.HasPrefix(c.name, "OlePres") {
			return true
		}
	}
	return false
}

// oleNative reads an Ole10Native stream: a file with its names ([MS-OLEDS]
// section 2.3.6 and what the object packager writes), or the octets of an object
// of another program.
func (r *reader) oleNative(data []byte) {
	if len(data) < 4 {
		return
	}
	body := within(data, 4, int64(le32(data, 0)))
	if int64(le32(data, 0)) > int64(len(body)) {
		r.fail(Corrupt, "a damaged OLE package")
	}
	if names, content, ok := packagedFile(body); ok {
		r.member(Hint{Name: names[0]}, content, names[1:]...)
		return
	}
	r.member(Hint{Name: "Ole10Native"}, body)
}

// packagedFile reads what the object packager stores: label, path, a temporary
// path, and the file.
func packagedFile(b []byte) (names []string, content []byte, ok bool) {
	if len(b) < 8 || le16(b, 0) != 2 {
		return nil, nil, false
	}
	next := func() (string, bool) {
		i := bytes.IndexByte(b[:min(len(b), 4096)], 0)
		if i < 0 {
			return "", false
		}
		s := codePageText(b[:i], cpWestern)
		b = b[i+1:]
		return s, true
	}
	b = b[2:]
	label, ok1 := next()
	path, ok2 := next()
	if !ok1 || !ok2 || len(b) < 8 {
		return nil, nil, false
	}
	kind := le16(b, 2)
	b = b[4:]
	if kind == 3 {
		length := int64(le32(b, 0))
		temporary := within(b, 4, length)
		b = b[min(4+int64(len(temporary)), int64(len(b))):]
	} else if kind == 1 {
		// A link to a file has its path and nothing else.
		if linked, good := next(); good && len(b) < 8 {
			return packageNames(label, path, linked), nil, true
		}
	}
	size := int64(le32(b, 0))
	content = within(b, 4, size)
	rest := b[min(4+int64(len(content)), int64(len(b))):]
	// The same names follow in UTF-16: temporary path, label, path.
	var wide []string
	for len(rest) >= 4 && len(wide) < 3 {
		length := 2 * int64(le32(rest, 0))
		text := within(rest, 4, length)
		if int64(len(text)) < length {
			break
		}
		wide = append(wide, utf16leText(text))
		rest = rest[4+length:]
	}
	if len(wide) == 3 {
		return packageNames(wide[1], wide[2], label, path), content, true
	}
	return packageNames(label, path), content, true
}

// packageNames gives the names of a packaged file without the folders before
// them, which are the sender's own.
func packageNames(list ...string) []string {
	var names []string
	for _, s := range list {
		s = strings.TrimRight(s, "\x00")
		if i := strings.LastIndexAny(s, `\/`); i >= 0 {
			s = s[i+1:]
		}
		if s != "" {
			names = append(names, s)
		}
	}
	if names == nil {
		names = []string{"package"}
	}
	return names
}

// isPicture tells an object that is nothing but a picture of one ([MS-OLEDS]
// section 2.1.1).
func (n *cfbNode) isPicture() bool {
	switch classID(n.class) {
	case "00000315-0000-0000-c000-000000000046", "00000316-0000-0000-c000-000000000046", "00000319-0000-0000-c000-000000000046":
		return true
	}
	return false
}

// settleOLE says what a compound file is that has no row in the catalogue.
func settleOLE(r *reader) {
	r.describe()
	f := openCFB(r)
	if f == nil || len(f.root.children) == 0 {
		if bytes.Contains(r.content, encryptedPackage) {
			r.fail(Protected, "an encrypted Office document")
		}
		r.fail(Corrupt, "a damaged compound file")
		r.textRuns(r.content)
		return
	}
	r.readOLEProperties(f.root)
	r.writeProperties()
	for _, k := range [...]struct{ stream, mediaType, extension string }{
		{"VisioDocument", "application/vnd.visio", "vsd"},
		{"Quill", "application/vnd.ms-publisher", "pub"},
		{"MatOST", "application/vnd.ms-works", "wps"},
		{"WksSSWorkBook", "application/vnd.ms-works", "xlr"},
		{"Props14", "application/vnd.ms-project", "mpp"}, {"Props12", "application/vnd.ms-project", "mpp"},
		{"Props9", "application/vnd.ms-project", "mpp"}, {"Props", "application/vnd.ms-project", "mpp"},
		{"BodyText", "application/x-hwp", "hwp"},
		{"SwDocContentMgr", "application/sldworks", "sldprt"},
		{"StarWriterDocument", "application/vnd.stardivision.writer", "sdw"},
		{"StarCalcDocument", "application/vnd.stardivision.calc", "sdc"},
		{"StarDrawDocument3", "application/vnd.stardivision.draw", "sda"},
		{"Equation Native", "application/x-mathtype", "bin"},
		{"PerfectOffice_MAIN", "application/vnd.wordperfect", "wpd"},
	} {
		if f.root.child(k.stream) != nil {
			r.doc.MediaType, r.doc.Extension = k.mediaType, k.extension
			break
		}
	}
	if f.root.isPicture() || len(f.root.children) > 0 && !f.root.hasSubstance() {
		f.settle()
		return
	}
	switch classID(f.root.class) {
	case "000c1084-0000-0000-c000-000000000046":
		r.doc.MediaType, r.doc.Extension, r.doc.Executable = "application/x-msi", "msi", "a Windows installer package"
	case "000c1086-0000-0000-c000-000000000046":
		r.doc.MediaType, r.doc.Extension, r.doc.Executable = "application/x-msi", "msp", "a Windows installer package"
	default:
		// Their text lies about in pieces that only their programs can put in order.
		f.root.walk(func(n *cfbNode) bool {
			switch {
			case strings.HasPrefix(n.name, "PrvImage"), n.name != "" && n.name[0] <= 5, r.expired():
				return false
			case !n.storage:
				r.textRuns(n.data())
			}
			return true
		})
	}
	r.oleMacros(f.root)
	f.settle()
	r.fail(Unsupported, "no extractor knows the format")
}

// textRuns writes what looks like text in octets of an unknown order: runs of
// letters, digits and the like in single octets, or in UTF-16 as far as Hebrew.
func (r *reader) textRuns(b []byte) {
	const shortest = 6
	for i := 0; i < len(b); {
		if r.ended || i&0xfff == 0 && r.expired() {
			return
		}
		n := i
		for n+1 < len(b) && (b[n+1] == 0 && (isPlain(b[n]) || b[n] >= 0xa0) || b[n+1] >= 1 && b[n+1] <= 5) {
			n += 2
		}
		if n-i >= 2*shortest {
			r.newLine()
			r.write(strings.TrimSpace(utf16leText(b[i:n])))
			i = n
			continue
		}
		for n = i; n < len(b) && isPlain(b[n]); {
			n++
		}
		if n-i >= shortest {
			r.newLine()
			r.write(strings.TrimSpace(codePageText(b[i:n], cpWestern)))
		}
		i = max(n, i+1)
	}
}

func isPlain(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c == '\r' || c == '\n' }

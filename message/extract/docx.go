package extract

import (
	"bytes"
	"encoding/base64"
	"io"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

var formatWord = officeFormat("Microsoft Word", true, "docx", "docm", "dotx", "dotm")

// readWordDocument writes the main part, headers, footers, notes and comments,
// with the numbers of lists. Charts and diagrams stand behind the part that shows
// them.
func (p *officePackage) readWordDocument(main *part) {
	lists := p.readWordLists(main)
	p.load(main, func(src io.Reader) { readWord(p.reader, src, wordStyle{lists: lists}) })
	p.readBelonging(main)
	for _, kind := range [...]string{"header", "footer", "footnotes", "endnotes"} {
		for _, at := range p.related(main, kind) {
			p.load(at, func(src io.Reader) { readWord(p.reader, src, wordStyle{lists: lists}) })
			p.readBelonging(at)
		}
	}
}

// isMacros tells a project of macros ([MS-OVBA]).
func isMacros(at *part) bool {
	return at.kind == "vbaProject" || path.Base(at.path) == "vbaproject.bin"
}

// readMacros reads the source text of macros.
func (p *officePackage) readMacros(at *part) {
	p.load(at, func(src io.Reader) {
		p.doc.Executable = vbaMacros
		if data, ok := p.whole32(at.name, src); ok && len(data) > 0 {
			p.readVBA(data)
		}
	})
}

// whole32 gives the content of a part that is not larger than mostWithin. A
// larger one is noted.
func (r *reader) whole32(name string, src io.Reader) ([]byte, bool) {
	data, _ := io.ReadAll(io.LimitReader(src, mostWithin+1))
	if len(data) > mostWithin {
		r.unreadMember(name, int64(len(data)), Truncated, limitMember)
		return nil, false
	}
	return data, true
}

// insert reads a document within this one. Pictures, fonts and the like that no
// format knows are left out: they have no text.
func (r *reader) insert(name string, src io.Reader) {
	head, _ := io.ReadAll(io.LimitReader(src, sniffed))
	switch family, _, _ := strings.Cut(mimetype.Detect(head).String(), "/"); family {
	case "audio", "video", "font":
		if !looksLikeText(head) {
			return
		}
	}
	data, ok := r.whole32(baseName(name), io.MultiReader(bytes.NewReader(head), src))
	if !ok || len(data) == 0 {
		return
	}
	if isDecoration(name, data) && !r.known(data, name) {
		return
	}
	if isControl(name) {
		r.textRuns(data)
		return
	}
	r.member(Hint{Name: baseName(name)}, data)
}

// known tells whether a format of the catalogue reads the content, by more than
// its being text.
func (r *reader) known(data []byte, name string) (known bool) {
	defer func() {
		if recover() != nil {
			known = false
		}
	}()
	probe := r.probe()
	probe.content, probe.hint = data, Hint{Name: baseName(name)}
	f := identify(probe)
	return f != nil && f.rank < byDefault
}

// isDecoration tells the parts without text that a document is made up with:
// pictures, sounds, fonts. Names that lie help nothing: other content is read.
func isDecoration(name string, data []byte) bool {
	if kind := mimetype.Detect(data).String(); strings.HasPrefix(kind, "image/") {
		return !strings.HasPrefix(kind, "image/svg")
	}
	switch strings.ToLower(path.Ext(baseName(name))) {
	case ".emf", ".wmf", ".emz", ".wmz", ".wdp", ".jxr", ".hdp", ".pct", ".pict", ".svm", ".tga", ".mp3", ".wav", ".mid", ".glb", ".odttf", ".ttf", ".fntdata", ".eot":
		return !looksLikeText(data) && !hasZipMagic(data) && !bytes.HasPrefix(data, oleMagic) && !isPDF(data)
	}
	return false
}

// isControl tells the state of a control of a form ([MS-OFORMS]).
func isControl(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "activex") && strings.HasSuffix(name, ".bin")
}

// readAlternative reads the drawing of a diagram: it repeats the text that the
// diagram has as data.
func (p *officePackage) readAlternative(at *part) {
	const near = 64 << 10 // the data was read right before
	shown := map[string]bool{}
	text := p.out.String()
	for line := range strings.Lines(text[max(0, len(text)-near):]) {
		shown[strings.TrimSpace(line)] = true
	}
	p.load(at, func(src io.Reader) { readWord(p.reader, src, wordStyle{shown: shown}) })
}

// readCustomXML writes the text of XML that documents carry for other programs:
// fields of forms are bound to it.
func readCustomXML(r *reader, src io.Reader) {
	var b strings.Builder
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		if kind == xmlText {
			if text := strings.TrimSpace(string(x.text)); text != "" {
				b.WriteString(text)
				b.WriteByte('\n')
			}
		}
		return b.Len() <= 4*r.lim.Characters
	})
	text := b.String()
	if strings.Count(text, "\n") == 1 && r.packedInXML(strings.TrimSpace(text)) {
		return
	}
	r.writeRead(text)
}

// packedInXML reads an element that is base64 as a whole: an archive of queries,
// or another document.
func (r *reader) packedInXML(text string) bool {
	const least, preamble, word = 64, 64, 4096
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) < least {
		return false
	}
	if i := bytes.Index(data[:preamble], zipMagic); i >= 0 {
		data = data[i:]
	}
	switch {
	case r.known(data, ""):
		r.member(Hint{Name: "data"}, data)
	case len(text) < word:
		return false // letters and digits happen to be base64
	default:
		r.textRuns(data)
	}
	return true
}

package extract

import (
	"bytes"
	"compress/zlib"
	"io"
	"sort"
	"strings"
)

var formatPPT = Format{
	Name:       "Microsoft PowerPoint 97-2003",
	MediaTypes: []string{"application/vnd.ms-powerpoint"},
	Extensions: []string{"ppt", "pps", "pot"},
	Properties: true,
	Nested:     true,
	Protection: true,
	Label:      true,
	rank:       byStructure,
	sniff:      isOLE(olePowerPoint),
	read:       readOLE(readPPT),
}

// pptRecord is a record of a presentation ([MS-PPT] section 2.3.1).
type pptRecord struct {
	at       int // offset in its stream
	instance int
	kind     int
	holds    bool // other records
	data     []byte
}

// The records that are read.
const (
	pptDocument     = 0x03e8
	pptSlide        = 0x03ee
	pptNotes        = 0x03f0
	pptSlidePersist = 0x03f3
	pptMainMaster   = 0x03f8
	pptPlaceholder  = 0x0bc3
	pptOutlineRef   = 0x0f9e
	pptTextChars    = 0x0fa0
	pptTextBytes    = 0x0fa8
	pptCString      = 0x0fba
	pptHyperlink    = 0x0fd7
	pptHeaders      = 0x0fd9
	pptSlideList    = 0x0ff0
	pptUserEdit     = 0x0ff5
	pptOLEStorage   = 0x1011
	pptBinaryTag    = 0x138b
	pptPersistTable = 0x1772
	pptComment      = 0x2ee0
	pptCryptSession = 0x2f14
	artGroup        = 0xf003
	artShape        = 0xf004
	artAnchor       = 0xf00f
	artTextbox      = 0xf00d
	artClientData   = 0xf011
)

const pptDepth = 64

// recordAt reads the record at an offset.
func recordAt(b []byte, at int) (rec pptRecord, ok bool) {
	if at < 0 || at+8 > len(b) {
		return rec, false
	}
	head := le16(b, at)
	rec = pptRecord{at: at, instance: head >> 4, kind: le16(b, at+2), holds: head&15 == 15}
	rec.data = within(b, int64(at)+8, int64(le32(b, at+4)))
	return rec, true
}

// records goes over the records that stand one behind the other.
func (r *reader) records(b []byte, visit func(pptRecord)) {
	for at := 0; ; {
		rec, ok := recordAt(b, at)
		if !ok || r.expired() {
			return
		}
		visit(rec)
		at += 8 + len(rec.data)
	}
}

// presentation is a document of PowerPoint 97 to 2003.
type presentation struct {
	r       *reader
	b       []byte
	persist map[uint32]int // offsets of the objects that are saved on their own
	session uint32         // object that tells of encryption
	outline []string       // texts of the slide that is read
	seen    map[int]bool   // objects that were written
	work    int64          // octets of objects that may still be read
	texts   map[string]bool
}

func readPPT(r *reader, f *cfb) {
	root := f.root
	if n := root.child("PP97_DUALSTORAGE"); n != nil && n.child("PowerPoint Document") != nil {
		root = n
	}
	p := &presentation{r: r, b: root.stream("PowerPoint Document"), persist: map[uint32]int{}, seen: map[int]bool{}, texts: map[string]bool{}}
	p.work = 8 * int64(len(p.b))
	user := root.stream("Current User")
	p.readPersist(int(le32(user, 16)))
	if le32(user, 12) == 0xf3d1c4df || p.session != 0 || root.child("EncryptedSummary") != nil {
		if !p.unlock() {
			return
		}
	}
	doc := p.document()
	if doc == nil {
		r.fail(Corrupt, "a damaged presentation")
		p.text(p.b, 0, 0)
		return
	}
	p.readSlides(doc)
	p.readObjects()
}

// readPersist reads the directory of objects, the newest first: what was saved
// later takes the place of what was before (section 2.1.2).
func (p *presentation) readPersist(at int) {
	for edits := 0; edits < 1000; edits++ {
		edit, ok := recordAt(p.b, at)
		if !ok || edit.kind != pptUserEdit || len(edit.data) < 20 {
			break
		}
		if edits == 0 && len(edit.data) >= 32 {
			p.session = le32(edit.data, 28)
		}
		table, _ := recordAt(p.b, int(le32(edit.data, 12)))
		if table.kind == pptPersistTable {
			for t := table.data; len(t) >= 4; {
				head := le32(t, 0)
				first, count := head&0xfffff, int(head>>20)
				t = t[4:]
				for i := 0; i < count && len(t) >= 4; i++ {
					if _, have := p.persist[first+uint32(i)]; !have {
						p.persist[first+uint32(i)] = int(le32(t, 0))
					}
					t = t[4:]
				}
			}
		}
		next := int(le32(edit.data, 8))
		if next == 0 || next >= at {
			break
		}
		at = next
	}
}

// document finds the record of the document.
func (p *presentation) document() []byte {
	for _, id := range p.ids() {
		if rec, ok := recordAt(p.b, p.persist[id]); ok && rec.kind == pptDocument && rec.holds {
			p.seen[rec.at] = true
			return rec.data
		}
	}
	// Without a directory: the last one is the newest.
	var doc []byte
	p.r.records(p.b, func(rec pptRecord) {
		if rec.kind == pptDocument && rec.holds {
			doc = rec.data
			p.seen[rec.at] = true
		}
		if len(p.persist) < 1<<16 {
			p.persist[0x80000000+uint32(rec.at)] = rec.at
		}
	})
	return doc
}

// ids gives the numbers of the objects in the order of their places.
func (p *presentation) ids() []uint32 {
	list := make([]uint32, 0, len(p.persist))
	for id := range p.persist {
		list = append(list, id)
	}
	sort.Slice(list, func(i, j int) bool {
		if a, b := p.persist[list[i]], p.persist[list[j]]; a != b {
			return a < b
		}
		return list[i] < list[j]
	})
	return list
}

// readSlides writes the slides in their order, each with its notes, and behind
// them masters, headers and links.
func (p *presentation) readSlides(doc []byte) {
	lists := map[int][]byte{}
	p.r.records(doc, func(rec pptRecord) {
		if rec.kind == pptSlideList {
			lists[rec.instance] = rec.data
		}
	})
	notes := p.listed(lists[2])
	bySlide := map[uint32]listedSlide{}
	for _, n := range notes {
		if rec, ok := recordAt(p.b, p.persist[n.persist]); ok && rec.kind == pptNotes {
			if !p.afford(rec) {
				break
			}
			p.r.records(rec.data, func(in pptRecord) {
				if in.kind == 0x03f1 { // NotesAtom: the slide
					bySlide[le32(in.data, 0)] = n
				}
			})
		}
	}
	for _, s := range p.listed(lists[0]) {
		p.object(s)
		if n, have := bySlide[s.id]; have {
			p.object(n)
		}
	}
	for _, n := range notes {
		p.object(n)
	}
	for _, m := range p.listed(lists[1]) {
		p.object(m)
	}
	// What no list names, but for the lists themselves, which were shown.
	p.outline = nil
	p.r.records(doc, func(rec pptRecord) {
		if rec.kind != pptSlideList {
			p.walk(rec, 0, 0)
		}
	})
}

// afford tells whether an object may be read: objects that lie within each other
// are not read over and over.
func (p *presentation) afford(rec pptRecord) bool {
	if p.work -= int64(len(rec.data)); p.work < 0 {
		p.r.fail(Corrupt, "a damaged presentation")
	}
	return p.work >= 0
}

type listedSlide struct {
	persist, id uint32
	outline     []string
}

// listed reads a list of slides with the texts that they refer to.
func (p *presentation) listed(b []byte) (list []listedSlide) {
	p.r.records(b, func(rec pptRecord) {
		last := len(list) - 1
		switch {
		case rec.kind == pptSlidePersist:
			list = append(list, listedSlide{persist: le32(rec.data, 0), id: le32(rec.data, 12)})
		case last < 0:
		case rec.kind == pptTextChars, rec.kind == pptTextBytes:
			list[last].outline = append(list[last].outline, pptText(rec))
		}
	})
	return list
}

// object writes a slide, its notes or a master, once.
func (p *presentation) object(s listedSlide) {
	at, have := p.persist[s.persist]
	rec, ok := recordAt(p.b, at)
	if !have || !ok || p.seen[at] {
		if !have {
			p.lines(strings.Join(s.outline, "\n"))
		}
		return
	}
	if p.seen[at] = true; !p.afford(rec) {
		return
	}
	p.outline = s.outline
	p.text(rec.data, rec.kind, 0)
	for _, t := range p.outline {
		p.lines(t)
	}
	p.outline = nil
}

// readObjects reads the embedded objects, and the texts of other objects that no
// list names.
func (p *presentation) readObjects() {
	for _, id := range p.ids() {
		rec, ok := recordAt(p.b, p.persist[id])
		if !ok || p.seen[rec.at] || p.r.expired() {
			continue
		}
		if p.seen[rec.at] = true; !p.afford(rec) {
			return
		}
		switch rec.kind {
		case pptOLEStorage:
			p.storage(rec)
		case pptSlide, pptNotes, pptMainMaster, 0x0fc9: // handout
			p.text(rec.data, rec.kind, 0)
		}
	}
}

// storage reads an embedded object, which is a compound file, compressed in most
// cases (section 2.10.34).
func (p *presentation) storage(rec pptRecord) {
	content := rec.data
	if rec.instance == 1 {
		if content = p.r.inflateZlib(within(content, 4, int64(len(content))), int64(le32(content, 0))); len(content) == 0 {
			return
		}
	}
	probe := &reader{ctx: p.r.ctx, content: content, lim: p.r.lim, formats: p.r.formats, left: p.r.left}
	if f := openCFB(probe); f != nil && f.root.child("VBA") != nil {
		p.r.readVBA(content)
		return
	}
	p.r.member(Hint{Name: "object"}, content)
}

// inflateZlib decompresses up to size octets within the limits. The check sum
// behind them, which some programs leave out, is not looked at.
func (r *reader) inflateZlib(b []byte, size int64) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		r.fail(Corrupt, damagedData)
		return nil
	}
	content, _ := io.ReadAll(r.budgeted(io.LimitReader(z, min(size, mostUnpacked)), int64(len(b))))
	return content
}

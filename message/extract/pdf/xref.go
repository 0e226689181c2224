package pdf

import (
	"bytes"
	"slices"
	"sort"
)

// readTables reads the cross-reference tables from the last one back (ISO 32000-2,
// sections 7.5.4 to 7.5.8).
func (f *File) readTables() {
	f.entries, f.trailer = map[int]entry{}, dict{}
	tail := f.data[max(0, len(f.data)-4096):]
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		f.rebuild()
		return
	}
	l := lexer{data: tail, pos: i + len("startxref")}
	at, _ := l.integer()
	seen := map[int]bool{}
	first := true
	for queue := []int{at}; len(queue) > 0 && !f.expired(); {
		at, queue = queue[0], queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		d, ok := f.table(at)
		if !ok {
			f.rebuild()
			return
		}
		for k, v := range d {
			if _, have := f.trailer[k]; !have && (first || k == "Root" || k == "Encrypt" || k == "ID" || k == "Info") {
				f.trailer[k] = v
			}
		}
		first = false
		// The entries that a hybrid file hides from old readers come before those
		// of earlier tables.
		for _, k := range [...]name{"XRefStm", "Prev"} {
			if v, ok := d[k].(float64); ok {
				queue = append(queue, int(v))
			}
		}
	}
}

// mostEntries is how many objects a file may have.
const mostEntries = 1_000_000

const limitObjects = "more objects than the limit"

func (f *File) room() bool {
	if len(f.entries) >= mostEntries {
		f.end(limitObjects)
	}
	return f.limit == ""
}

// table reads one table or stream of entries. Those that are known stay.
func (f *File) table(at int) (dict, bool) {
	if at < 0 || at >= len(f.data) {
		return nil, false
	}
	l := lexer{data: f.data, pos: at, refs: true}
	l.skip()
	if !bytes.HasPrefix(f.data[l.pos:], []byte("xref")) {
		_, v, _, ok := f.object(l.pos)
		s, is := v.(*stream)
		if !ok || !is || f.entriesOf(s) != nil {
			return nil, false
		}
		return s.dict, true
	}
	l.pos += len("xref")
	for {
		l.skip()
		if bytes.HasPrefix(l.data[l.pos:], []byte("trailer")) {
			l.pos += len("trailer")
			d, ok := l.value().(dict)
			return d, ok
		}
		num, ok := l.integer()
		count, ok2 := l.integer()
		if !ok || !ok2 {
			return nil, false
		}
		for ; count > 0; count-- {
			begin := l.pos
			at, ok := l.integer()
			gen, ok2 := l.integer()
			l.skip()
			kind := l.at(0)
			if !ok || !ok2 || kind != 'n' && kind != 'f' {
				l.pos = begin // fewer entries than announced
				break
			}
			l.pos++
			if _, have := f.entries[num]; !have && f.room() {
				e := entry{at: at, gen: gen, kind: isPlaced}
				if kind == 'f' {
					e.kind = isFree
				}
				f.entries[num] = e
			}
			num++
		}
	}
}

// entriesOf reads the entries of a cross-reference stream.
func (f *File) entriesOf(s *stream) error {
	s.encrypted = false
	data, err := f.decode(s)
	if err != nil && len(data) == 0 {
		return err
	}
	var w [3]int
	widths := f.array(s.dict["W"])
	if len(widths) < 3 {
		return errNoPDF
	}
	row := 0
	for i := range w {
		w[i] = number(widths[i])
		if w[i] < 0 || w[i] > 8 {
			return errNoPDF
		}
		row += w[i]
	}
	if row == 0 {
		return errNoPDF
	}
	index := f.array(s.dict["Index"])
	if len(index) < 2 {
		index = array{0.0, float64(len(data) / row)}
	}
	for i := 0; i+1 < len(index); i += 2 {
		num, count := number(index[i]), number(index[i+1])
		for ; count > 0 && len(data) >= row; count-- {
			var field [3]int
			rest := data[:row]
			for j, n := range w {
				for _, c := range rest[:n] {
					field[j] = field[j]<<8 | int(c)
				}
				rest = rest[n:]
			}
			if w[0] == 0 {
				field[0] = 1
			}
			data = data[row:]
			if _, have := f.entries[num]; !have && field[0] <= 2 && field[0] >= 0 && f.room() {
				e := entry{at: field[1], kind: entryKind(field[0])}
				if e.kind == isPacked {
					e.index = field[2]
				} else {
					e.gen = field[2]
				}
				f.entries[num] = e
			}
			num++
		}
	}
	return nil
}

// rebuild finds the objects by going through the file, the last one of a number
// counting. It tells whether it did; it does so once.
func (f *File) rebuild() bool {
	if f.rebuilt {
		return false
	}
	f.rebuilt = true
	before, key := f.trailer, f.lock
	f.lock = nil
	type placed struct{ num, at int }
	var found []placed
	entries, trailer := map[int]entry{}, dict{}
	keep := func(d dict) {
		if _, ok := d["Root"]; ok {
			for k, v := range d {
				trailer[k] = v
			}
		} else if _, ok := d["Encrypt"]; ok {
			for _, k := range []name{"Encrypt", "ID"} {
				trailer[k] = d[k]
			}
		}
	}
	for pos := 0; pos < len(f.data) && !f.expired(); {
		i := bytes.Index(f.data[pos:], []byte("obj"))
		if i < 0 {
			break
		}
		at := pos + i
		pos = at + len("obj")
		if begin, num, gen, ok := headerBefore(f.data, at); ok {
			if len(found) >= mostEntries {
				f.end(limitObjects)
				break
			}
			found = append(found, placed{num, begin})
			entries[num] = entry{at: begin, gen: gen, kind: isPlaced}
		}
	}
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("trailer"))
		if i < 0 {
			break
		}
		pos += i + len("trailer")
		l := lexer{data: f.data, pos: pos, refs: true}
		d, ok := l.value().(dict)
		if !f.toil(l.pos - pos) {
			break
		}
		if ok {
			keep(d)
			pos = l.pos
		}
	}
	f.entries, f.trailer = entries, trailer
	clear(f.cache)
	f.cached = 0
	// Streams of objects need the key first, which trailers in streams name.
	type packing struct{ num, at int }
	var packs []packing
	catalog, locked := ref{num: -1}, ref{num: -1}
	for _, p := range found {
		if f.expired() {
			break
		}
		kind := f.typeAt(p.at)
		switch {
		case kind == "":
		case kind == "XRef":
			if _, v, _, ok := f.object(p.at); ok {
				if s, is := v.(*stream); is {
					keep(s.dict)
				}
			}
		case kind == "ObjStm" && f.entries[p.num].at == p.at:
			packs = append(packs, packing(p))
		case kind == "Catalog":
			catalog = ref{num: p.num}
		case kind == "Standard":
			locked = ref{num: p.num}
		}
	}
	if f.trailer["Root"] == nil && catalog.num >= 0 {
		f.trailer["Root"] = catalog
	}
	for k, v := range before {
		if _, have := f.trailer[k]; !have {
			f.trailer[k] = v
		}
	}
	if f.trailer["Encrypt"] == nil && locked.num >= 0 {
		f.trailer["Encrypt"] = locked
	}
	f.lock = key
	if key == nil {
		_ = f.unlock() // what stays locked is told by Open
	}
	for _, p := range packs {
		list := f.pack(p.num).numbers
		for i, num := range list {
			e, have := f.entries[num]
			if have && e.kind == isPlaced && e.at > p.at {
				continue
			}
			if !f.room() {
				break
			}
			f.entries[num] = entry{at: p.num, index: i, kind: isPacked}
			if f.trailer["Root"] == nil {
				if d, ok := f.load(num).(dict); ok && d["Type"] == name("Catalog") {
					f.trailer["Root"] = ref{num: num}
				}
			}
		}
	}
	return true
}

// headerBefore reads the number and generation before "obj", backwards.
func headerBefore(data []byte, at int) (begin, num, gen int, ok bool) {
	i := at
	back := func() (int, bool) {
		end := i
		for i > 0 && classes[data[i-1]] == white && end-i < 16 {
			i--
		}
		last := i
		for i > 0 && data[i-1] >= '0' && data[i-1] <= '9' && last-i < 20 {
			i--
		}
		l := lexer{data: data[:last], pos: i}
		return l.integer()
	}
	if gen, ok = back(); !ok {
		return 0, 0, 0, false
	}
	if num, ok = back(); !ok || i > 0 && classes[data[i-1]] == regular && data[i-1] >= '0' && data[i-1] <= '9' {
		return 0, 0, 0, false
	}
	return i, num, gen, true
}

// typeAt gives the type of the object at a place if it is one that a rebuilding
// must know, by a glance at its beginning. Dictionaries of encryption have none;
// they are told by their handler.
func (f *File) typeAt(at int) name {
	glance := f.data[at:min(len(f.data), at+512)]
	if i := bytes.Index(glance, []byte("endobj")); i > 0 {
		glance = glance[:i]
	}
	for _, t := range [...]name{"XRef", "ObjStm", "Catalog"} {
		i := bytes.Index(glance, []byte(t))
		if i > 0 && glance[i-1] == '/' && (i+len(t) == len(glance) || classes[glance[i+len(t)]] != regular) {
			if i = bytes.Index(glance, []byte("/Type")); i >= 0 {
				return t
			}
		}
	}
	if bytes.Contains(glance, []byte("/Standard")) && bytes.Contains(glance, []byte("/Filter")) && bytes.Contains(glance, []byte("/U")) {
		return "Standard"
	}
	return ""
}

// endOfStream gives where a stream that begins at a place ends when its length is
// of no use.
func (f *File) endOfStream(begin int) int {
	if f.ends == nil {
		for _, mark := range [...]string{"endstream", "endobj"} {
			for pos := 0; ; {
				i := bytes.Index(f.data[pos:], []byte(mark))
				if i < 0 {
					break
				}
				f.ends = append(f.ends, pos+i)
				pos += i + len(mark)
			}
		}
		slices.Sort(f.ends)
		f.ends = append(f.ends, len(f.data))
	}
	return f.ends[sort.SearchInts(f.ends, begin)]
}

// pack is a stream of objects (section 7.5.7).
type pack struct {
	data    []byte
	numbers []int
	places  []int
	where   map[int]int // the last place of a number in the list
}

const (
	mostPacked = 48 << 20 // octets of streams of objects that are kept
	mostInPack = 200_000  // objects of a stream
)

// pack reads a stream of objects.
func (f *File) pack(num int) *pack {
	if p, ok := f.packs[num]; ok {
		return p
	}
	p := &pack{where: map[int]int{}}
	if f.entries[num].kind == isPlaced {
		if s, ok := f.load(num).(*stream); ok {
			var err error
			if p.data, err = f.decode(s); err != nil {
				f.harm("a damaged stream of objects")
			}
			first := min(max(0, f.number(s.dict["First"])), len(p.data))
			l := lexer{data: p.data[:first]}
			for count := min(f.number(s.dict["N"]), mostInPack); count > 0; count-- {
				num, ok := l.integer()
				at, ok2 := l.integer()
				if !ok || !ok2 {
					break
				}
				p.where[num] = len(p.numbers)
				p.numbers, p.places = append(p.numbers, num), append(p.places, first+at)
			}
		}
	}
	if f.packed += len(p.data); f.packed > mostPacked {
		clear(f.packs)
		f.packed = len(p.data)
	}
	f.packs[num] = p
	return p
}

// unpack reads an object of a stream of objects.
func (f *File) unpack(at, num, index int) (any, int) {
	p := f.pack(at)
	if index < 0 || index >= len(p.numbers) || p.numbers[index] != num {
		var ok bool
		if index, ok = p.where[num]; !ok {
			return nil, 1
		}
	}
	if p.places[index] < 0 || p.places[index] > len(p.data) {
		return nil, 1
	}
	l := lexer{data: p.data, pos: p.places[index], refs: true}
	begin := l.pos
	v := l.value()
	if !f.toil(l.pos - begin) {
		return nil, 1
	}
	switch v.(type) {
	case keyword, done:
		return nil, 1
	}
	return v, l.made
}

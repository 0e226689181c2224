package pdf

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
)

// Budget bounds the reading of a file.
type Budget struct {
	// Inflated counts octets that came out of compressed ones. It tells whether
	// reading may go on.
	Inflated func(n int) bool
	// Expired tells whether the time is over.
	Expired func() bool
	// Work is how many octets of objects and contents are gone through; what many
	// objects share counts for each. With 0 it goes by the size of the file.
	Work int
}

// File is a PDF file. What it holds is read when it is asked for.
type File struct {
	data   []byte
	budget Budget

	entries map[int]entry
	trailer dict
	catalog dict
	lock    *lock // nil for a file that is not encrypted
	rebuilt bool

	cache   map[int]any
	cached  int // values in the cache
	loading map[int]bool
	packs   map[int]*pack
	packed  int // octets in packs
	work    int // octets that may still be gone through
	ends    []int
	fonts   map[any]*font

	limit, cut, damage string

	contentsOf map[ref][]byte // content streams that may be run again
	held       int            // octets of them
	silent     map[ref]bool   // those that show nothing
	telling    map[ref]bool   // glyphs that show text
	met        map[ref]bool
	marks      int // annotations and the like, so far

	unread    string // why text was not understood
	lies      bool
	pictures  []int // pages that only show pictures
	pages     int
	placed    map[any]bool // fields that were written
	acted     map[int]bool // actions that were looked at
	addresses []string     // where actions lead
	told      map[string]bool
	specs     []any // files that were met
	signs     signs
}

// entry says where an object is: at a place of the file, or within a stream of
// objects.
type entry struct {
	at    int // in octets, or the number of the stream
	index int // in the stream
	gen   int
	kind  entryKind
}

type entryKind uint8

const (
	isFree entryKind = iota
	isPlaced
	isPacked
)

var errNoPDF = errors.New("no PDF document")

// ErrProtected is a document that needs a secret. The file tells in
// [File.Encryption] how it is encrypted.
var ErrProtected = errors.New("an encrypted PDF document")

// Open finds the objects of a file. The error is [ErrProtected], or one that says
// that the octets hold no PDF document. The file is given in both cases.
func Open(content []byte, budget Budget) (*File, error) {
	f := &File{
		data: content, budget: budget,
		cache: map[int]any{}, loading: map[int]bool{}, packs: map[int]*pack{}, fonts: map[any]*font{},
		contentsOf: map[ref][]byte{}, silent: map[ref]bool{}, telling: map[ref]bool{}, met: map[ref]bool{},
		placed: map[any]bool{}, acted: map[int]bool{}, told: map[string]bool{},
	}
	// Offsets count from the header, which may have something before it.
	if i := bytes.Index(content[:min(len(content), 1024)], []byte("%PDF-")); i > 0 {
		f.data = content[i:]
	}
	if f.work = budget.Work; f.work <= 0 {
		f.work = leastWork + workFactor*len(content)
	}
	f.readTables()
	err := f.unlock()
	if f.findCatalog(); f.catalog == nil && !f.rebuilt {
		f.rebuild()
		err = f.unlock()
		f.findCatalog()
	}
	if err != nil {
		return f, err
	}
	if f.catalog == nil && len(f.entries) == 0 {
		return f, errNoPDF
	}
	return f, nil
}

// What is gone through of a file without a limit of its own, in octets and in
// times its size.
const leastWork, workFactor = 32 << 20, 8

// toil counts octets, or what takes as long, that are gone through. It tells
// whether it may go on.
func (f *File) toil(n int) bool {
	if f.work -= n; f.work < 0 {
		f.end("more of the same content than the limit")
	}
	return f.limit == ""
}

// marked counts what a file has many of: annotations, fields, names.
func (f *File) marked() bool {
	const most = 300_000
	if f.marks++; f.marks > most {
		f.end("more annotations, fields and names than the limit")
	}
	return f.limit == ""
}

// Limited says which limit was met, or nothing.
func (f *File) Limited() string { return cmp.Or(f.limit, f.cut) }

// Damaged says what of the file could not be read because it is damaged, or
// nothing. A damage that readers mend without a loss does not count.
func (f *File) Damaged() string { return f.damage }

func (f *File) harm(what string) {
	if f.damage == "" {
		f.damage = what
	}
}

func (f *File) end(limit string) {
	if f.limit == "" {
		f.limit = limit
	}
}

// expired tells whether reading is over.
func (f *File) expired() bool {
	if f.limit == "" && f.budget.Expired != nil && f.budget.Expired() {
		f.end("the time for reading is over")
	}
	return f.limit != ""
}

// numbers gives the numbers of all objects in order.
func (f *File) numbers() []int { return slices.Sorted(maps.Keys(f.entries)) }

func (f *File) findCatalog() {
	f.catalog = nil
	if c, ok := f.get(f.trailer["Root"]).(dict); ok {
		if _, ok := f.get(c["Pages"]).(dict); ok || f.rebuilt {
			f.catalog = c
		}
	}
}

// get follows references to what they stand for.
func (f *File) get(v any) any {
	for range 32 {
		r, ok := v.(ref)
		if !ok {
			return v
		}
		v = f.load(r.num)
	}
	f.harm("references in a circle")
	return nil
}

func (f *File) dict(v any) dict {
	switch d := f.get(v).(type) {
	case dict:
		return d
	case *stream:
		return d.dict
	}
	return nil
}

func (f *File) array(v any) array {
	a, _ := f.get(v).(array)
	return a
}

func (f *File) name(v any) name {
	n, _ := f.get(v).(name)
	return n
}

func (f *File) string(v any) string {
	s, _ := f.get(v).(string)
	return s
}

func (f *File) number(v any) int { return number(f.get(v)) }

func (f *File) float(v any) float64 {
	n, _ := f.get(v).(float64)
	return n
}

// mostCached is how many values of objects are kept.
const mostCached = 400_000

// load reads an object.
func (f *File) load(num int) any {
	if v, ok := f.cache[num]; ok {
		return v
	}
	if f.loading[num] {
		f.harm("an object within itself")
		return nil
	}
	e, ok := f.entries[num]
	if !ok || e.kind == isFree || f.expired() {
		return nil
	}
	f.loading[num] = true
	defer delete(f.loading, num)
	var v any
	size := 1
	switch e.kind {
	case isPlaced:
		r, at, n, ok := f.object(e.at)
		if ok && r.num == num {
			v, size = at, n
			break
		}
		if f.rebuild() {
			if again := f.entries[num]; again.kind == isPacked || again.at != e.at {
				delete(f.loading, num)
				return f.load(num)
			}
		}
	case isPacked:
		v, size = f.unpack(e.at, num, e.index)
	}
	if f.cached += size; f.cached > mostCached {
		clear(f.cache)
		f.cached = size
	}
	f.cache[num] = v
	return v
}

// object reads the object whose number stands at a place of the file.
func (f *File) object(at int) (r ref, v any, size int, ok bool) {
	if at < 0 || at >= len(f.data) {
		return r, nil, 0, false
	}
	l := lexer{data: f.data, pos: at, refs: true}
	if r, ok = l.objectHeader(); !ok {
		return r, nil, 0, false
	}
	v = l.value()
	if !f.toil(l.pos - at) {
		return r, nil, 0, false
	}
	if l.made >= mostValues {
		f.cut = limitObjects
	}
	switch x := v.(type) {
	case keyword, done: // "endobj": an empty object
		v = nil
	case dict:
		if s := f.stream(&l, x, r); s != nil {
			v = s
		}
	}
	if f.lock != nil && f.lock.key != nil {
		v = f.lock.strings(v, r)
	}
	return r, v, l.made, true
}

// stream reads the octets behind a dictionary, if there are any. Where they end
// is said by Length, unless that cannot be.
func (f *File) stream(l *lexer, d dict, r ref) *stream {
	l.skip()
	if !bytes.HasPrefix(l.data[l.pos:], []byte("stream")) {
		return nil
	}
	begin := l.pos + len("stream")
	for begin < len(l.data) && (l.data[begin] == ' ' || l.data[begin] == '\t') {
		begin++
	}
	switch {
	case bytes.HasPrefix(l.data[begin:], []byte("\r\n")):
		begin += 2
	case begin < len(l.data) && (l.data[begin] == '\n' || l.data[begin] == '\r'):
		begin++
	}
	begin = min(begin, len(l.data))
	s := &stream{dict: d, ref: r, encrypted: true}
	if length, ok := f.get(d["Length"]).(float64); ok && length >= 0 && length <= float64(len(l.data)-begin) {
		end := begin + int(length)
		after := lexer{data: l.data[:min(len(l.data), end+32)], pos: end}
		after.skip()
		if bytes.HasPrefix(after.data[after.pos:], []byte("endstream")) || bytes.HasPrefix(after.data[after.pos:], []byte("endobj")) {
			s.raw = l.data[begin:end]
			return s
		}
	}
	s.raw = bytes.TrimRight(l.data[begin:f.endOfStream(begin)], "\r\n")
	return s
}

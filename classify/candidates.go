package classify

import "math/bits"

// minCapitals is the fewest letters of a candidate without a digit: such runs
// must be capitals throughout, and are looked for eight octets at a time.
const minCapitals = 8

// span is a piece of the text, in octets or in characters.
type span struct{ start, end int }

// finder collects the candidates of a text. It holds what one scan needs, to be
// used again by the next.
//
// What has the shape of a format is only noted, once for all primaries that have
// this shape in common. Their checks wait until it is known which of them the
// words of the text leave a chance.
type finder struct {
	text      string
	trie      *trie
	tokens    *tokenTable
	primaries []primary
	wanted    []bool   // by primary
	spans     [][]span // by primary: candidates that keep its checks, in octets
	found     []uint16 // primaries with candidates
	near      []neighbourhood

	shapes []shapeGroup // by group of the trie
	seen   []uint16     // groups come upon
	own    [][]span     // by primary: the memory of spans, while these are a group's
	shared []uint16     // primaries of which they are

	value [maxWord]byte
	long  []byte // a value beyond maxWord
	start int    // of the candidate being read
	loose looseRun
	// work counts the steps of a scan that could be more than the text is long:
	// groups read, values checked, octets looked at again.
	work int
}

// shapeGroup is what one scan has found for the primaries with one shape.
type shapeGroup struct {
	spans []span
	reach int32
	state uint8
}

const (
	groupUnseen = iota
	groupWanted
	groupPassed // no primary of it is wanted
)

// neighbourhood is a piece of the text, in octets, around which evidence is
// wanted so many characters far.
type neighbourhood struct {
	span
	reach int
}

// run collects the candidates. It goes from digit to digit, and to runs of
// capitals where a format wants these; all else is passed over.
func (f *finder) run() {
	text, done, tokens := f.text, 0, 0
	var capitals uint64
	if f.trie.capitals != 0 {
		capitals = highs
	}
	for i := 0; i < len(text); {
		for i+8 <= len(text) {
			x := load(text, i)
			up := capitalBits(x) & capitals
			// Eight capitals in a row put a pair of them into some block.
			if hit := digitBits(x) | up&(up<<8); hit != 0 {
				i += first(hit)
				break
			}
			i += 8
		}
		if i >= len(text) {
			break
		}
		if !isAlnum(text[i]) {
			i++
			continue
		}
		start := i
		for start > done && isAlnum(text[start-1]) {
			start--
		}
		w := readWord(text, start)
		f.word(&w)
		if f.trie.anyLoose && w.digit != 0 && w.len() <= maxLoose {
			f.follow(&w)
		}
		if len(f.tokens.alphabets) > 0 && w.start >= tokens {
			tokens = f.token(&w, tokens)
		}
		i, done = w.end, w.end
	}
	f.endRun()
}

// word looks for candidates that begin with w, or with a word of letters before
// it.
func (f *finder) word(w *word) {
	n := w.len()
	if n > maxWord {
		return
	}
	if w.digit == 0 {
		if f.trie.capitals>>n&1 == 1 && w.small == 0 && f.begins(w) {
			f.start = w.start
			f.descend(1, w)
		}
		return
	}
	f.leading(w)
	root := &f.trie.nodes[1]
	direct := false
	if w.digits() {
		direct = root.mixed>>(n-1)&1 == 1 || root.numbers>>(n-1)&1 == 1 && f.leads(root.digits[n], w.end)
	} else {
		direct = root.mixed>>(n-1)&1 == 1
	}
	var free []freeFormat
	if n >= 4 {
		free = f.trie.free[w.digit&0xf]
	}
	if !direct && len(free) == 0 || !f.begins(w) {
		return
	}
	f.start = w.start
	if direct {
		f.descend(1, w)
	}
	for i := range free {
		f.freely(&free[i], *w)
	}
}

// leads tells whether a value may end at a node, or go on behind it.
func (f *finder) leads(n uint16, end int) bool {
	node := &f.trie.nodes[n]
	if node.group > 0 {
		return true
	}
	kind, _ := delimiterAt(f.text, end)
	return kind != 0 && node.delims[kind] != 0
}

// leading looks for candidates that begin with a word of letters before w.
func (f *finder) leading(w *word) {
	if w.start >= 8 && f.trie.maxLead < 7 {
		// Eight octets tell of most words whether there is one before.
		x := load(f.text, w.start-8)
		apart := ^letterBits(x) & highs << 8
		if n := bits.LeadingZeros64(apart) / 8; n == 0 && x>>63 == 0 || n > f.trie.maxLead {
			return
		}
	}
	kind, size := delimiterBefore(f.text, w.start)
	if kind == 0 {
		return
	}
	end := w.start - size
	start := end
	for start > 0 && end-start <= f.trie.maxLead && alnum[f.text[start-1]] > classDigit {
		start--
	}
	n := end - start
	if n == 0 || n > f.trie.maxLead {
		return
	}
	var free []freeFormat
	if n < 4 && n+w.len() >= 4 {
		free = f.trie.free[w.digit<<n&0xf]
	}
	direct := f.trie.leads[n][kind].takes(w)
	if !direct && len(free) == 0 || start > 0 && isAlnum(f.text[start-1]) {
		return
	}
	first := readWord(f.text, start)
	if !f.begins(&first) {
		return
	}
	f.start = start
	if direct {
		f.descend(1, &first)
	}
	for i := range free {
		f.freely(&free[i], first)
	}
}

// descend reads w at a node.
func (f *finder) descend(n uint16, w *word) {
	f.work++
	size := w.len()
	node := &f.trie.nodes[n]
	b := behind{end: w.end}
	if w.digits() {
		if node.plain == nil {
			return
		}
		for _, to := range node.plain[size] {
			f.reach(to, &b)
		}
		return
	}
	if node.mixed>>(size-1)&1 == 0 {
		return
	}
	edges := node.others[size]
	for i := range edges {
		if e := &edges[i]; e.shape.fits(w) {
			f.reach(e.to, &b)
		}
	}
}

// behind is what stands behind a word, looked at when it is first asked for.
type behind struct {
	end        int // of the word
	ends, asks bool
	kind       uint8 // of the delimiter
	read       bool
	size       int // of the delimiter
	next       word
}

// reach takes what ends at a node and goes on behind the next delimiter.
func (f *finder) reach(n uint16, b *behind) {
	node := &f.trie.nodes[n]
	if node.group > 0 {
		if !b.asks {
			b.asks, b.ends = true, f.ends(b.end)
		}
		if b.ends {
			f.take(node.group, b.end)
		}
	}
	if node.marks == 0 {
		return
	}
	if b.size == 0 {
		if b.kind, b.size = delimiterAt(f.text, b.end); b.size == 0 {
			return
		}
	}
	if node.marks>>b.kind&1 == 0 {
		return
	}
	end := b.end + b.size
	to := node.delims[b.kind]
	if node = &f.trie.nodes[to]; node.group > 0 {
		f.take(node.group, end)
	}
	if end == len(f.text) || node.heads>>alnum[f.text[end]]&1 == 0 {
		return
	}
	if !b.read {
		b.read, b.next = true, readGroup(f.text, end)
	}
	if b.next.end > b.next.start {
		f.descend(to, &b.next)
	}
}

// take notes the value read for a group.
func (f *finder) take(g uint16, end int) {
	s := &f.shapes[g]
	if s.state != groupWanted {
		if s.state == groupPassed {
			return
		}
		f.seen = append(f.seen, g)
		s.state, s.reach = groupPassed, 0
		for _, a := range f.trie.groups[g] {
			if f.wanted[a.primary] {
				s.state = groupWanted
				s.reach = max(s.reach, int32(f.primaries[a.primary].reach))
			}
		}
		if s.state == groupPassed {
			return
		}
	}
	s.spans = append(s.spans, span{f.start, end})
	if s.reach > 0 {
		f.around(f.start, end, int(s.reach))
	}
}

// readGroup reads the word at start, or gives an empty one when it is too long
// for any format.
func readGroup(text string, start int) word {
	stop := min(len(text), start+maxWord+1)
	w := readWord(text[:stop], start)
	if w.len() > maxWord {
		w.end = w.start
	}
	return w
}

// freely reads a value that may be grouped anywhere, from its first word on.
func (f *finder) freely(ff *freeFormat, w word) {
	if !f.wanted[ff.primary] {
		return
	}
	var digit, small uint64
	for k := 0; k+w.len() <= ff.max; {
		f.work++
		f.copy(&w, k)
		digit |= w.digit << k
		small |= w.small << k
		k += w.len()
		if k >= ff.min && f.ends(w.end) {
			if all := (word{digit: digit, small: small}); ff.shape.fits(&all) && f.trie.fits(ff.sets[k], f.value[:k]) {
				f.accept(ff.primary, w.end, k)
			}
		}
		kind, size := delimiterAt(f.text, w.end)
		if kind == 0 || ff.delims>>kind&1 == 0 {
			return
		}
		if w = readGroup(f.text, w.end+size); w.len() == 0 {
			return
		}
	}
}

// copy writes a word into the value, behind k characters, in capitals.
func (f *finder) copy(w *word, k int) {
	for i := w.start; i < w.end; i++ {
		c := f.text[i]
		if c >= 'a' {
			c -= 'a' - 'A'
		}
		f.value[k] = c
		k++
	}
}

// accept keeps the value read as a candidate of a primary, if its checks say so.
func (f *finder) accept(p uint16, end, k int) {
	if !f.wanted[p] {
		return
	}
	if check := f.primaries[p].check; check != nil && !check(f.value[:k]) {
		return
	}
	f.keep(p, f.start, end)
}

// whole keeps a piece of the text as a candidate of a primary, if its checks say
// so.
func (f *finder) whole(p uint16, start, end int) {
	if check := f.primaries[p].check; check != nil {
		f.long = normalise(f.long[:0], f.text[start:end])
		if len(f.long) == 0 || !check(f.long) {
			return
		}
	}
	f.keep(p, start, end)
}

// keep notes a candidate and where evidence for it may be.
func (f *finder) keep(p uint16, start, end int) {
	one := &f.primaries[p]
	if !f.keepsRaw(one, span{start, end}) {
		return
	}
	f.note(p, span{start, end})
	if one.reach > 0 {
		f.around(start, end, one.reach)
	}
}

// keepsRaw tells whether a piece of the text keeps the checks of a primary that
// look at it as it is written.
func (f *finder) keepsRaw(one *primary, at span) bool {
	if one.raw == nil {
		return true
	}
	f.long = append(f.long[:0], f.text[at.start:at.end]...)
	return one.raw(f.long)
}

// note adds a candidate to those of a primary.
func (f *finder) note(p uint16, at span) {
	if len(f.spans[p]) == 0 {
		f.found = append(f.found, p)
	}
	f.spans[p] = append(f.spans[p], at)
}

// around notes that evidence is wanted so far around a candidate.
func (f *finder) around(start, end, reach int) {
	// Candidates come nearly in order, of few reaches.
	for i := len(f.near) - 1; i >= 0 && i >= len(f.near)-maxReaches; i-- {
		if last := &f.near[i]; last.reach == reach {
			if start >= last.start && start-last.end <= reach {
				last.end = max(last.end, end)
				return
			}
			break
		}
	}
	f.near = append(f.near, neighbourhood{span{start, end}, reach})
}

// maxReaches is how many neighbourhoods are looked back upon for one to widen.
const maxReaches = 4

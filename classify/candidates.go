package classify

import "math/bits"

// minCapitals is the fewest letters of a candidate without a digit: such runs
// must be capitals throughout, and are looked for eight octets at a time.
const minCapitals = 8

// word is a maximal run of ASCII letters and digits. The bits stand for its
// characters from the first on, and say nothing beyond maxWord.
type word struct {
	start, end   int
	digit, small uint64
}

func (w *word) len() int { return w.end - w.start }

// digits tells whether the word is digits throughout.
func (w *word) digits() bool { return w.digit == uint64(1)<<w.len()-1 }

// span is a piece of the text, in octets or in characters.
type span struct{ start, end int }

// finder collects the candidates of a text. It holds what one scan needs, to be
// used again by the next.
type finder struct {
	text      string
	trie      *trie
	tokens    *tokenTable
	primaries []primary
	wanted    []bool   // by primary
	spans     [][]span // by primary: candidates found, in octets
	found     []uint16 // primaries with candidates
	near      []neighbourhood

	groups      [][]uint16 // primaries that the shape alone decides, by group
	groupSpans  [][]span   // by group: candidates found
	foundGroups []uint16
	own         [][]span // by primary: the memory of spans, while these are a group's
	shared      []uint16 // primaries of which they are

	value [maxWord]byte
	long  []byte // a value beyond maxWord
	start int    // of the candidate being read
	loose looseRun
}

// neighbourhood is a piece of the text, in octets, around which evidence is
// wanted so many characters far.
type neighbourhood struct {
	span
	reach int
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// digitBits sets the highest bit of each octet of x that is a digit.
func digitBits(x uint64) uint64 {
	t := x ^ '0'*ones
	return ^((t&^highs + (0x80-10)*ones) | t) & highs
}

// capitalBits sets the highest bit of each octet of x that is a capital letter.
func capitalBits(x uint64) uint64 {
	low := x &^ highs
	return (low + (0x80-'A')*ones) &^ (low + (0x80-'Z'-1)*ones) &^ x & highs
}

func load(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
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
			hit := digitBits(x) | up&(up<<8)
			if hit != 0 {
				i += bits.TrailingZeros64(hit) / 8
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
	f.spread()
}

func readWord(text string, start int) word {
	w := word{start: start}
	i := start
	for ; i < len(text); i++ {
		k := alnum[text[i]]
		if k == 0 {
			break
		}
		if n := i - start; n < maxWord {
			if k == classDigit {
				w.digit |= 1 << n
			} else if k == classSmall {
				w.small |= 1 << n
			}
		}
	}
	w.end = i
	return w
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
			f.descend(1, w, 0)
		}
		return
	}
	root := &f.trie.nodes[1]
	f.leading(w)
	direct := root.number(n) != 0 && w.digits() || len(root.others(n)) > 0
	var free []freeFormat
	if n >= 4 {
		free = f.trie.free[w.digit&0xf]
	}
	if !direct && len(free) == 0 || !f.begins(w) {
		return
	}
	f.start = w.start
	if direct {
		f.descend(1, w, 0)
	}
	for i := range free {
		f.freely(&free[i], *w)
	}
}

// leading looks for candidates that begin with a word of letters before w.
func (f *finder) leading(w *word) {
	kind, size := delimiterBefore(f.text, w.start)
	if kind == 0 {
		return
	}
	end := w.start - size
	start := end
	for start > 0 && end-start < maxWord && alnum[f.text[start-1]] > classDigit {
		start--
	}
	n := end - start
	var free []freeFormat
	if n > 0 && n < 4 && n+w.len() >= 4 {
		free = f.trie.free[w.digit<<n&0xf]
	}
	direct := n > 0 && f.trie.lead>>n&1 == 1
	if !direct && len(free) == 0 || start > 0 && isAlnum(f.text[start-1]) {
		return
	}
	first := readWord(f.text, start)
	if !f.begins(&first) {
		return
	}
	f.start = start
	if direct {
		f.descend(1, &first, 0)
	}
	for i := range free {
		f.freely(&free[i], first)
	}
}

// descend reads w, behind k characters of the value, at a node.
func (f *finder) descend(n uint16, w *word, k int) {
	size := w.len()
	if k+size > maxWord {
		return
	}
	node := &f.trie.nodes[n]
	copied := false
	if w.digits() {
		if to := node.number(size); to != 0 {
			f.copy(w, k)
			copied = true
			f.reach(to, w.end, k+size)
		}
	}
	edges := node.others(size)
	for i := range edges {
		if e := &edges[i]; e.shape.fits(w) {
			if !copied {
				f.copy(w, k)
				copied = true
			}
			f.reach(e.to, w.end, k+size)
		}
	}
}

// reach takes what ends at a node and goes on behind the next delimiter.
func (f *finder) reach(n uint16, end, k int) {
	node := &f.trie.nodes[n]
	if (node.group > 0 || len(node.accepts) > 0) && f.ends(end) {
		f.take(node, end, k)
	}
	kind, size := delimiterAt(f.text, end)
	if kind == 0 || node.delims[kind] == 0 {
		return
	}
	end += size
	behind := node.delims[kind]
	f.take(&f.trie.nodes[behind], end, k)
	if next := readGroup(f.text, end); next.end > next.start {
		f.descend(behind, &next, k)
	}
}

// take accepts the value read for the primaries of a node.
func (f *finder) take(node *trieNode, end, k int) {
	if g := node.group; g > 0 {
		if len(f.groupSpans[g]) == 0 {
			f.foundGroups = append(f.foundGroups, g)
		}
		f.groupSpans[g] = append(f.groupSpans[g], span{f.start, end})
	}
	for i := range node.accepts {
		a := &node.accepts[i]
		if f.wanted[a.primary] && f.trie.fits(a.sets, f.value[:k]) {
			f.accept(a.primary, end, k)
		}
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

// spread gives the candidates noted for groups to their primaries. They share the
// memory as long as no more are added.
func (f *finder) spread() {
	for _, g := range f.foundGroups {
		spans, reach := f.groupSpans[g], 0
		for _, p := range f.groups[g] {
			if !f.wanted[p] {
				continue
			}
			reach = max(reach, f.primaries[p].reach)
			if len(f.spans[p]) == 0 {
				f.found = append(f.found, p)
				f.own[p], f.spans[p] = f.spans[p], spans[:len(spans):len(spans)]
				f.shared = append(f.shared, p)
				continue
			}
			f.spans[p] = append(f.spans[p], spans...)
		}
		if reach > 0 {
			for _, s := range spans {
				f.around(s.start, s.end, reach)
			}
		}
	}
}

// keep notes a candidate and where evidence for it may be.
func (f *finder) keep(p uint16, start, end int) {
	one := &f.primaries[p]
	if one.raw != nil {
		f.long = append(f.long[:0], f.text[start:end]...)
		if !one.raw(f.long) {
			return
		}
	}
	if len(f.spans[p]) == 0 {
		f.found = append(f.found, p)
	}
	f.spans[p] = append(f.spans[p], span{start, end})
	if one.reach > 0 {
		f.around(start, end, one.reach)
	}
}

// around notes that evidence is wanted so far around a candidate.
func (f *finder) around(start, end, reach int) {
	if n := len(f.near); n > 0 {
		if last := &f.near[n-1]; last.reach == reach && start >= last.start && start-last.end <= reach {
			last.end = max(last.end, end)
			return
		}
	}
	f.near = append(f.near, neighbourhood{span{start, end}, reach})
}

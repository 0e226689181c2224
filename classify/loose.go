package classify

import (
	"errors"
	"slices"
	"strings"
)

// Numbers are often written in other groups than the authority that issues them
// prints, with blanks doubled or set around dashes. Grouped loosely, the words of
// a format may be parted by any run of blanks and marks, and a format without
// delimiters may be parted anywhere, by blanks and marks of one kind. What makes up
// for it: the whole of the digits that stand together must be the value, nothing
// before and nothing behind.

const (
	minLoose      = 7  // characters of the shortest value that may be grouped loosely
	maxLoose      = 34 // and of the longest
	maxLooseWords = 16 // words of one run
	maxLooseGap   = 6  // octets between two words
	maxLooseLead  = 6  // letters of a word before or between the digits
)

var errLooseLength = errors.New("a format grouped loosely has 7 to 34 characters")

// looseFormat is a shape that may be grouped loosely, with the primaries that have
// it.
type looseFormat struct {
	words   []groupShape // one when the value may be parted anywhere
	accepts []accept
	group   uint16 // of the accepts, after settle
}

// looseRun is the words with a digit that stand together, the one last read at
// its end.
type looseRun struct {
	words  [maxLooseWords]word
	n      int                     // words; maxLooseWords+1 when there are more
	length int                     // characters of all of them
	mixed  bool                    // some of them are letters
	tried  [maxLooseWords + 3]word // with what stands around them
}

// addLoose adds a layout that may be grouped loosely.
func (t *trie) addLoose(l layout, primary uint16) error {
	total := len(l.sets)
	if total < minLoose || total > maxLoose {
		return errLooseLength
	}
	sets, err := t.setsOf(&l)
	if err != nil {
		return err
	}
	t.anyLoose = true
	for i := range t.loose[total] {
		if f := &t.loose[total][i]; slices.Equal(f.words, l.words) {
			f.accepts = append(f.accepts, accept{primary, sets})
			return nil
		}
	}
	t.loose[total] = append(t.loose[total], looseFormat{words: l.words, accepts: []accept{{primary, sets}}})
	return nil
}

// follow adds a word to the run, or begins a new one with it.
func (f *finder) follow(w *word) {
	r := &f.loose
	if r.n == 0 {
		r.begin(w)
		return
	}
	last := r.n - 1
	if r.n > maxLooseWords {
		last = maxLooseWords - 1
	}
	if w.start-r.words[last].end > 2*maxLooseGap {
		f.endRun()
		r.begin(w)
		return
	}
	gap, letters := f.gap(r.words[last].end, w.start)
	if !gap {
		f.endRun()
		r.begin(w)
		return
	}
	if letters.len() > 0 || strings.Contains(f.text[r.words[last].end:w.start], ". ") {
		f.tryRun() // what stands before may be a value of its own
	}
	if letters.len() > 0 {
		r.add(&letters)
	}
	r.add(w)
}

func (r *looseRun) begin(w *word) {
	r.words[0], r.n, r.length, r.mixed = *w, 1, w.len(), !w.digits()
}

func (r *looseRun) add(w *word) {
	r.length += w.len()
	r.mixed = r.mixed || !w.digits()
	if r.n >= maxLooseWords {
		r.n = maxLooseWords + 1
		r.words[maxLooseWords-1].end = w.end
		return
	}
	r.words[r.n] = *w
	r.n++
}

// gap tells whether only blanks and marks stand between two words with digits, at most
// 2*maxLooseGap octets, but for one word of capitals, which it gives.
func (f *finder) gap(from, to int) (ok bool, letters word) {
	if to == from || to-from > 1 && f.text[from] == ' ' && alnum[f.text[from+1]] == classSmall {
		return false, word{}
	}
	i := f.marks(from, to)
	if i == to {
		return i-from <= maxLooseGap, word{}
	}
	if i == from || alnum[f.text[i]] != classCapital {
		return false, word{}
	}
	letters = readWord(f.text[:to], i)
	if letters.small != 0 || letters.len() > maxLooseLead || letters.end == to {
		return false, word{}
	}
	return f.marks(letters.end, to) == to, letters
}

// marks gives the end of the blanks and marks from an octet on.
func (f *finder) marks(i, to int) int {
	for i < to {
		kind, size := delimiterAt(f.text, i)
		if kind != 0 && looseKinds>>kind&1 == 0 || kind == 0 && f.text[i] != '[' && f.text[i] != ']' {
			break
		}
		i += size
	}
	return i
}

// looseKinds are the delimiters that may stand in a run: blanks, dashes, points,
// slashes, brackets and low lines. A colon stands in times of day and a comma in amounts and
// lists.
const looseKinds uint16 = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<7 | 1<<8 | 1<<12

// endRun looks at the run and takes it away.
func (f *finder) endRun() {
	f.tryRun()
	f.loose.n = 0
}

// tryRun looks for values that are the whole run, with up to two words of letters
// before it and one behind it.
func (f *finder) tryRun() {
	r := &f.loose
	if r.n == 0 || r.n > maxLooseWords || r.length > maxLoose {
		return
	}
	if !r.mixed && !f.trie.looseWith[r.length] && (r.n == 1 || !f.trie.looseOf[r.length]) {
		return
	}
	if r.n == 1 && !r.mixed && f.amongWords(&r.words[0]) {
		return
	}
	lead, behind := f.lettersBefore(r.words[0].start), f.lettersBehind(r.words[r.n-1].end)
	if r.n == 1 && lead.len() == 0 && behind.len() == 0 {
		return // a number in one piece is for the formats
	}
	if !r.mixed && lead.len() == 0 && behind.len() == 0 && !f.trie.looseOf[r.length] {
		return
	}
	all := &r.tried
	copy(all[2:], r.words[:r.n])
	first, last, length := 2, 2+r.n, r.length
	all[last] = behind
	// A letter behind a dash is part of the number.
	tied := behind.len() > 0 && strings.IndexByte("-/.", f.text[behind.start-1]) >= 0
	for {
		if !tied {
			f.tryWords(all[first:last], length)
		}
		if behind.len() > 0 {
			f.tryWords(all[first:last+1], length+behind.len())
		}
		if first == 0 || lead.len() == 0 {
			return
		}
		first--
		all[first] = lead
		length += lead.len()
		lead = f.lettersBefore(lead.start)
	}
}

// amongWords tells whether longer words stand right before and behind a word, or the
// end of its line, so that no letters near by belong to it.
func (f *finder) amongWords(w *word) bool {
	const near = shortLead + 2
	if w.start < near || w.end+near > len(f.text) {
		return false
	}
	b := f.text[w.start-near : w.start]
	if b[4] != ' ' || alnum[b[3]] != classSmall || alnum[b[2]] <= classDigit || alnum[b[1]] <= classDigit || alnum[b[0]] <= classDigit {
		return false
	}
	a := f.text[w.end : w.end+near]
	return a[0] == '\n' || a[0] == ' ' && alnum[a[1]] > classDigit && alnum[a[2]] > classDigit && alnum[a[3]] > classDigit
}

// lettersBefore gives the word of letters that ends some blanks and marks before an
// octet, or an empty one: a short one, or capitals.
func (f *finder) lettersBefore(at int) word {
	if at >= shortLead+2 && f.text[at-1] == ' ' && alnum[f.text[at-2]] == classSmall && f.lettersAt(at-2-shortLead, shortLead) {
		return word{}
	}
	end := at
	for end > 0 && at-end < maxLooseGap {
		kind, size := delimiterBefore(f.text, end)
		if kind == 0 || looseKinds>>kind&1 == 0 {
			break
		}
		end -= size
	}
	if end == at || end == 0 || alnum[f.text[end-1]] <= classDigit || alnum[f.text[end-1]] == classSmall && f.lettersAt(end-1-shortLead, shortLead) {
		return word{}
	}
	start := end
	for start > 0 && end-start <= maxLooseLead && alnum[f.text[start-1]] > classDigit {
		start--
	}
	w := word{start: start, end: end}
	if w.len() > maxLooseLead || start > 0 && isAlnum(f.text[start-1]) {
		return word{}
	}
	if w = readWord(f.text[:end], start); w.len() > shortLead && w.small != 0 {
		return word{}
	}
	return w
}

// lettersAt tells whether so many octets from i on are letters.
func (f *finder) lettersAt(i, n int) bool {
	if i < 0 || i+n > len(f.text) {
		return false
	}
	for _, c := range []byte(f.text[i : i+n]) {
		if alnum[c] <= classDigit {
			return false
		}
	}
	return true
}

// shortLead is the length up to which letters beside a number need not be capitals.
const shortLead = 3

// lettersBehind gives the word of one or two letters that stands some blanks and
// marks behind an octet, or an empty one.
func (f *finder) lettersBehind(at int) word {
	if at == len(f.text) || f.text[at] == '\n' || f.text[at] == ' ' && f.lettersAt(at+1, shortLead) {
		return word{}
	}
	start := f.marks(at, min(at+maxLooseGap, len(f.text)))
	if start == at || start == len(f.text) || alnum[f.text[start]] <= classDigit {
		return word{}
	}
	if f.lettersAt(start, shortLead) {
		return word{}
	}
	if w := readGroup(f.text, start); w.len() < shortLead && w.digit == 0 {
		return w
	}
	return word{}
}

// tryWords looks for values that are these words, of so many characters together.
func (f *finder) tryWords(words []word, length int) {
	if length > maxLoose || len(f.trie.loose[length]) == 0 || len(words) > 2*length/3 {
		return
	}
	f.work += len(words)
	f.start = words[0].start
	end := words[len(words)-1].end
	if !f.begins(&words[0]) || !f.ends(end) || f.amount(f.start, end) || isAddressOrDate(f.text, words) {
		return
	}
	var whole word
	for i := range words {
		w := &words[i]
		whole.digit |= w.digit << whole.end
		whole.small |= w.small << whole.end
		whole.end += w.len()
	}
	mixed := f.mixed(words)
	for i := range f.trie.loose[length] {
		if l := &f.trie.loose[length][i]; l.fits(words, &whole, mixed) {
			f.take(l.group, end)
		}
	}
}

// amount tells whether a piece of the text goes on as a time of day or an amount:
// a colon or comma with a digit stands next to it.
func (f *finder) amount(start, end int) bool {
	if start > 1 && (f.text[start-1] == ':' || f.text[start-1] == ',') && isDigit(f.text[start-2]) {
		return true
	}
	return end+1 < len(f.text) && (f.text[end] == ':' || f.text[end] == ',') && isDigit(f.text[end+1])
}

// mixed tells whether marks of several kinds stand between words, blanks apart.
func (f *finder) mixed(words []word) bool {
	var mark byte
	for i := range words[1:] {
		for j := words[i].end; j < words[i+1].start; {
			c := f.text[j]
			kind, size := delimiterAt(f.text, j)
			if j += max(size, 1); kind != 0 {
				c = delimiters[kind-1]
			}
			if c == ' ' || c == ')' || c == ']' {
				continue
			}
			if mark != 0 && c != mark {
				return true
			}
			mark = c
		}
	}
	return false
}

// fits tells whether words, or the whole of them where the value may be parted
// anywhere, have the shape of the format.
func (l *looseFormat) fits(words []word, whole *word, mixed bool) bool {
	if len(l.words) == 1 {
		return !mixed && l.words[0].fits(whole)
	}
	if len(words) != len(l.words) {
		return false
	}
	for i := range words {
		if words[i].len() != l.words[i].length || !l.words[i].fits(&words[i]) {
			return false
		}
	}
	return true
}

// isAddressOrDate tells whether the words are an address of four octets, or begin
// or end in a date with all digits of its year.
func isAddressOrDate(text string, words []word) bool {
	if n := len(words); n == 4 && between(text, words, ".") {
		return !slices.ContainsFunc(words, func(w word) bool { return w.len() > 3 || !w.digits() || number([]byte(text[w.start:w.end])) > 255 })
	} else if n > 2 {
		return isDate(text, words[:3]) || isDate(text, words[n-3:])
	}
	return false
}

func isDate(text string, w []word) bool {
	if !w[0].digits() || !w[1].digits() || !w[2].digits() || w[1].len() > 2 ||
		!between(text, w, ".") && !between(text, w, "-") && !between(text, w, "/") {
		return false
	}
	year, day := w[0], w[2]
	if year.len() < 3 {
		year, day = day, year
	}
	if year.len() != 4 || day.len() > 2 {
		return false
	}
	century := text[year.start : year.start+2]
	return century == "19" || century == "20"
}

// between tells whether nothing but one mark stands between words.
func between(text string, words []word, mark string) bool {
	for i := range words[1:] {
		if text[words[i].end:words[i+1].start] != mark {
			return false
		}
	}
	return true
}

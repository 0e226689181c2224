package classify

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Dictionary is a large list of words and phrases, compared as [Words] compares.
// It takes the folded terms, four octets for each of them, and a table over their
// first words. It is safe for concurrent use.
type Dictionary struct {
	text  string   // the folded terms in order, one behind the other
	at    []uint32 // where each begins, and the end
	heads []uint32 // the first term, from 1, of those with one first word, by its hash
	// filter has two bits set for each first word: most words of a text are none.
	filter []uint64
}

// MaxTerms is the most terms of a dictionary.
const MaxTerms = 2_000_000

// NewDictionary reads a dictionary: terms parted by line ends or commas. Blank
// ones are passed over.
func NewDictionary(data string) (*Dictionary, error) {
	if !utf8.ValidString(data) {
		return nil, errors.New("the dictionary is not UTF-8")
	}
	if len(data) > 1<<30 {
		return nil, errors.New("the dictionary is larger than 1 GB")
	}
	data = strings.TrimPrefix(data, "\ufeff")
	var terms []string
	for part := range strings.FieldsFuncSeq(data, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		t := foldTerm(part)
		if t == "" {
			continue
		}
		if len(t) > maxTerm {
			return nil, fmt.Errorf("a term of the dictionary has more than %d octets", maxTerm)
		}
		if terms = append(terms, t); len(terms) > MaxTerms {
			return nil, fmt.Errorf("the dictionary has more than %d terms", MaxTerms)
		}
	}
	if len(terms) == 0 {
		return nil, errors.New("the dictionary has no terms")
	}
	slices.Sort(terms)
	terms = slices.Compact(terms)
	d := &Dictionary{text: strings.Join(terms, ""), at: make([]uint32, 0, len(terms)+1)}
	end := uint32(0)
	firsts := 0
	last := ""
	for _, t := range terms {
		d.at = append(d.at, end)
		end += uint32(len(t))
		if h := t[:firstWord(t)]; h != last {
			firsts++
			last = h
		}
	}
	d.at = append(d.at, end)
	d.heads = make([]uint32, firsts+firsts/3+8)
	d.filter = make([]uint64, firsts/8+1)
	for i, t := range terms {
		h := t[:firstWord(t)]
		a, b := d.filterBits(maphash.String(keySeed, h))
		d.filter[a>>6] |= 1 << (a & 63)
		d.filter[b>>6] |= 1 << (b & 63)
		if slot := d.slot(h); d.heads[slot] == 0 {
			d.heads[slot] = uint32(i + 1)
		}
	}
	return d, nil
}

// Terms gives the number of different terms.
func (d *Dictionary) Terms() int { return len(d.at) - 1 }

func (d *Dictionary) term(i int) string { return d.text[d.at[i]:d.at[i+1]] }

// filterBits gives the two bits of a hash in the filter.
func (d *Dictionary) filterBits(hash uint64) (a, b uint64) {
	n := uint64(len(d.filter)) * 64
	return (hash & 0xffffffff) * n >> 32, (hash >> 32) * n >> 32
}

// mayBegin tells whether a word may be the first one of a term.
func (d *Dictionary) mayBegin(head []byte) bool {
	a, b := d.filterBits(maphash.Bytes(keySeed, head))
	return d.filter[a>>6]>>(a&63)&1 == 1 && d.filter[b>>6]>>(b&63)&1 == 1
}

// slot gives the place of a first word in heads, or the empty one where it would
// stand.
func (d *Dictionary) slot(head string) int {
	i := int(maphash.String(keySeed, head) % uint64(len(d.heads)))
	for {
		t := d.heads[i]
		if t == 0 {
			return i
		}
		if term := d.term(int(t - 1)); strings.HasPrefix(term, head) && firstWord(term) == len(head) {
			return i
		}
		if i++; i == len(d.heads) {
			i = 0
		}
	}
}

// firstWord gives the end of the first word of a folded text: of letters and
// digits that stand together, or one other character.
func firstWord(s string) int { return wordEnd(s, 0) }

// wordEnd gives the end of the word that begins at i.
func wordEnd(text string, i int) int {
	if c := text[i]; c < utf8.RuneSelf {
		if !isAlnum(c) {
			return i + 1
		}
		for i++; i < len(text) && isAlnum(text[i]); i++ {
		}
		if i == len(text) || text[i] < utf8.RuneSelf {
			return i
		}
	} else {
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	for i < len(text) && !edge(text, i) {
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return i
}

// each calls hit with the places of the terms in text[from:to], apart and in
// order, of those that begin at one place the longest.
func (d *Dictionary) each(text string, from, to int, hit func(start, end int)) {
	var buf [maxTerm + utf8.UTFMax]byte
	for i := from; i < to; {
		if text[i] == ' ' {
			i++
			continue
		}
		if !edge(text, i) {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		end := wordEnd(text, i)
		if end > to {
			return
		}
		n, ok := foldInto(&buf, 0, text[i:end])
		if !ok || buf[0] == ' ' || !d.mayBegin(buf[:n]) {
			i = end
			continue
		}
		t := d.heads[d.slot(string(buf[:n]))]
		if t == 0 {
			i = end
			continue
		}
		if stop := d.longestAt(text, to, int(t-1), end, &buf, n); stop > 0 {
			hit(i, stop)
			i = stop
			continue
		}
		i = end
	}
}

// longestAt gives the end of the longest term that has the first word of term lo,
// which ends at end and is the first n octets of buf; 0 when there is none.
func (d *Dictionary) longestAt(text string, to, lo, end int, buf *[maxTerm + utf8.UTFMax]byte, n int) (stop int) {
	head := string(buf[:n])
	hi := lo + sort.Search(d.Terms()-lo, func(i int) bool { return !strings.HasPrefix(d.term(lo+i), head) })
	for {
		if len(d.term(lo)) == n {
			stop = end
			if lo++; lo == hi {
				return stop
			}
		}
		if end >= to {
			return stop
		}
		// The next word, behind a blank or at once.
		next := end
		for next < to {
			r, size := utf8.DecodeRuneInString(text[next:])
			if fold(r) != ' ' {
				break
			}
			next += size
		}
		if next >= to {
			return stop
		}
		if next > end {
			if n == maxTerm {
				return stop
			}
			buf[n] = ' '
			n++
		}
		end = wordEnd(text, next)
		var ok bool
		if n, ok = foldInto(buf, n, text[next:end]); !ok || end > to {
			return stop
		}
		prefix := buf[:n]
		lo += sort.Search(hi-lo, func(i int) bool { return d.compare(lo+i, prefix) >= 0 })
		hi = lo + sort.Search(hi-lo, func(i int) bool { return d.compare(lo+i, prefix) > 0 })
		if lo == hi {
			return stop
		}
	}
}

// compare orders a term by its beginning: 0 when it begins with prefix.
func (d *Dictionary) compare(i int, prefix []byte) int {
	t := d.term(i)
	if len(t) > len(prefix) {
		t = t[:len(prefix)]
	}
	switch {
	case t < string(prefix):
		return -1
	case t > string(prefix):
		return 1
	}
	return 0
}

// foldInto writes a piece of text folded behind n octets, and gives how many
// there are then; it fails when they are more than a term has.
func foldInto(buf *[maxTerm + utf8.UTFMax]byte, n int, s string) (int, bool) {
	for _, r := range s {
		if n > maxTerm {
			return n, false
		}
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += smallBit
			} else if r >= '\t' && r <= '\r' {
				r = ' '
			}
			buf[n] = byte(r)
			n++
			continue
		}
		n += utf8.EncodeRune(buf[n:], fold(r))
	}
	return n, n <= maxTerm
}

package classify

import "strings"

// tokenTable holds the tokens of all primaries by their alphabets.
type tokenTable struct {
	any       [256]bool // characters of some alphabet
	least     int       // characters of the shortest token
	alone     int       // and of the shortest that may be letters and digits only
	alphabets []tokenAlphabet
}

type tokenAlphabet struct {
	set   [256]bool
	least int
	specs []tokenSpec
}

type tokenSpec struct {
	min, max int
	suffix   string
	inside   bool // the suffix is of characters of the alphabet
	marked   bool // it has two colons or three points at least
	primary  uint16
}

// add adds the token of a primary; marked tells that it is the address of a network,
// with two colons or three points at least.
func (t *tokenTable) add(d *tokenDef, marked bool, primary uint16) {
	spec := tokenSpec{min: d.min, max: d.max, suffix: d.suffix, primary: primary, inside: d.suffix != "", marked: marked}
	for i := range len(d.suffix) {
		spec.inside = spec.inside && d.set[d.suffix[i]]
	}
	for c, in := range d.set {
		t.any[c] = t.any[c] || in
	}
	if t.least == 0 || d.min < t.least {
		t.least = d.min
	}
	if !marked && (t.alone == 0 || d.min < t.alone) {
		t.alone = d.min
	}
	for i := range t.alphabets {
		if a := &t.alphabets[i]; a.set == d.set {
			a.specs = append(a.specs, spec)
			a.least = min(a.least, d.min)
			return
		}
	}
	t.alphabets = append(t.alphabets, tokenAlphabet{set: d.set, least: d.min, specs: []tokenSpec{spec}})
}

// token looks for tokens in the run of characters around a word with a digit, from
// done on. It gives the end of the run.
func (f *finder) token(w *word, done int) int {
	t := f.tokens
	start, end := w.start, w.end
	if (end-start < t.alone || t.alone == 0) && (start == done || !t.any[f.text[start-1]]) && (end == len(f.text) || !t.any[f.text[end]]) {
		return end // it stands alone
	}
	for start > done && t.any[f.text[start-1]] {
		start--
	}
	for end < len(f.text) && t.any[f.text[end]] {
		end++
	}
	f.work += end - start
	if end-start < t.least || (end-start < t.alone || t.alone == 0) && !isMarked(f.text[start:end]) {
		return end
	}
	for i := range t.alphabets {
		a := &t.alphabets[i]
		if end-start < a.least {
			continue
		}
		for from := start; from < end; {
			to := from
			for to < end && a.set[f.text[to]] {
				to++
			}
			if to-from >= a.least {
				for j := range a.specs {
					f.either(&a.specs[j], from, to)
				}
			}
			from = to + 1
		}
	}
	return end
}

// either takes a whole run of an alphabet for a token, and the run without the
// point or colon at its end, which may be of the sentence.
func (f *finder) either(s *tokenSpec, from, to int) {
	if !f.wanted[s.primary] || s.marked && !isMarked(f.text[from:to]) {
		return
	}
	f.run1(s, from, to)
	if last := f.text[to-1]; (last == '.' || last == ':') && s.suffix == "" && to-from > s.min {
		f.run1(s, from, to-1)
	}
}

// isMarked tells whether a run holds two colons or three points at least.
func isMarked(run string) bool {
	colons, points := 0, 0
	for i := range len(run) {
		switch run[i] {
		case ':':
			colons++
		case '.':
			points++
		}
	}
	return colons >= 2 || points >= 3
}

// run1 takes a whole run of an alphabet for a token.
func (f *finder) run1(s *tokenSpec, from, to int) {
	n, end := to-from, to
	if s.inside {
		n -= len(s.suffix)
	}
	if n < s.min || n > s.max {
		return
	}
	if s.suffix != "" {
		if s.inside {
			if !strings.EqualFold(f.text[from+n:to], s.suffix) {
				return
			}
		} else {
			if !strings.HasPrefix(f.text[to:], s.suffix) {
				return
			}
			end += len(s.suffix)
		}
	}
	if end < len(f.text) && f.text[end] == '=' && n >= longToken && s.suffix != "" || s.suffix == "" && end < len(f.text) && f.text[end] == '=' && n >= longToken && (end+1 == len(f.text) || !isAlnum(f.text[end+1])) {
		return // a longer one, with more padding
	}
	if n >= longToken && !lettersAndDigits(f.text[from:to]) {
		return
	}
	f.whole(s.primary, from, end)
}

// lettersAndDigits tells whether a run holds digits and letters.
func lettersAndDigits(s string) bool {
	digit, letter := false, false
	for i := range len(s) {
		switch alnum[s[i]] {
		case classDigit:
			digit = true
		case classSmall, classCapital:
			letter = true
		}
		if digit && letter {
			return true
		}
	}
	return false
}

package classify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parseFormat expands a format into layouts. Upper makes all letters capitals.
func parseFormat(format, delims string, upper bool) ([]layout, error) {
	if len(format) > maxFormat {
		return nil, fmt.Errorf("it is longer than %d characters", maxFormat)
	}
	items, err := maskItems(format)
	if err != nil {
		return nil, err
	}
	variants := delims
	if !slices.ContainsFunc(items, func(it maskItem) bool { return it.delim == '~' }) {
		variants = " " // one round, the delimiter is not used
	} else if delims == "" {
		return nil, errors.New("it has a `~` and the element has no delimiters")
	}
	var all []layout
	for i := range len(variants) {
		ls, err := expand(items, variants[i], upper)
		if err != nil {
			return nil, err
		}
		if all = append(all, ls...); len(all) > maxVariants {
			return nil, errTooMany
		}
	}
	for i := range all {
		if err := all[i].check(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var errTooMany = fmt.Errorf("it stands for more than %d ways of writing", maxVariants)

// maskItem is one sign of a mask with how often it may stand.
type maskItem struct {
	delim   byte // a delimiter, or 0
	set     charset
	capital bool
	counts  []int
}

// maskItems reads a mask.
func maskItems(mask string) (items []maskItem, err error) {
	for mask != "" {
		c := mask[0]
		rest := mask[1:]
		var new []maskItem
		switch {
		case c == '~' || delimiterKind(c) != 0:
			new = []maskItem{{delim: c}}
		case c == '\'':
			inside, after, ok := strings.Cut(rest, "'")
			if !ok || inside == "" {
				return nil, errors.New("a `'` is not closed, or nothing stands in it")
			}
			for i := range len(inside) {
				set := setOf(inside[i])
				if set == 0 {
					return nil, fmt.Errorf("%q is no letter or digit", inside[i])
				}
				new = append(new, maskItem{set: set})
			}
			rest = after
		case c == '[':
			inside, after, ok := strings.Cut(rest, "]")
			if !ok {
				return nil, errors.New("a `[` is not closed")
			}
			set, err := readSet(inside)
			if err != nil {
				return nil, err
			}
			new, rest = []maskItem{{set: set}}, after
		default:
			it, ok := map[byte]maskItem{
				'9': {set: digitSet}, 'A': {set: letterSet}, 'U': {set: letterSet, capital: true},
				'X': {set: anySet}, 'C': {set: anySet, capital: true},
			}[c]
			if !ok {
				return nil, fmt.Errorf("%q has no meaning in a format", c)
			}
			new = []maskItem{it}
		}
		for i := range new {
			new[i].counts = []int{1}
		}
		last := &new[len(new)-1]
		if last.counts, mask, err = counts(rest); err != nil {
			return nil, err
		}
		if last.delim != 0 && slices.Max(last.counts) > 1 || len(new) > 1 && len(last.counts)+slices.Max(last.counts) > 2 {
			return nil, errors.New("a count stands behind one character, and behind a delimiter only `?`")
		}
		items = append(items, new...)
	}
	return items, nil
}

// readSet reads what stands between brackets.
func readSet(s string) (set charset, err error) {
	for i := 0; i < len(s); i++ {
		from := setOf(s[i])
		to := from
		if i+2 < len(s) && s[i+1] == '-' {
			to = setOf(s[i+2])
			i += 2
		}
		if from == 0 || to < from || (from&digitSet == 0) != (to&digitSet == 0) {
			return 0, fmt.Errorf("[%s] is no set of letters and digits", s)
		}
		set |= to | (to - from)
	}
	if set == 0 {
		return 0, errors.New("[] is empty")
	}
	return set, nil
}

// counts reads {n}, {m,n}, {m|n} or ? at the head of a mask; without one it is
// once.
func counts(mask string) (ns []int, rest string, err error) {
	if rest, ok := strings.CutPrefix(mask, "?"); ok {
		return []int{0, 1}, rest, nil
	}
	if !strings.HasPrefix(mask, "{") {
		return []int{1}, mask, nil
	}
	inside, rest, ok := strings.Cut(mask[1:], "}")
	if !ok {
		return nil, "", errors.New("a `{` is not closed")
	}
	bad := fmt.Errorf("{%s} is not a count from 0 to %d", inside, maxWord)
	if from, to, ranged := strings.Cut(inside, ","); ranged {
		lo, err1 := strconv.Atoi(from)
		hi, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || lo < 0 || hi < max(lo, 1) || hi > maxWord {
			return nil, "", bad
		}
		for n := lo; n <= hi; n++ {
			ns = append(ns, n)
		}
		return ns, rest, nil
	}
	for _, one := range strings.Split(inside, "|") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 0 || n > maxWord || slices.Contains(ns, n) {
			return nil, "", bad
		}
		ns = append(ns, n)
	}
	if slices.Max(ns) == 0 {
		return nil, "", bad
	}
	return ns, rest, nil
}

func expand(items []maskItem, delim byte, upper bool) ([]layout, error) {
	all := []layout{{words: make([]groupShape, 1)}}
	for _, it := range items {
		if len(all)*len(it.counts) > maxVariants {
			return nil, errTooMany
		}
		grown := make([]layout, 0, len(all)*len(it.counts))
		for i := range all {
			for _, n := range it.counts {
				g, err := all[i].grow(it, n, delim, upper)
				if err != nil {
					return nil, err
				}
				grown = append(grown, g)
			}
		}
		all = grown
	}
	for i := range all {
		// A delimiter at the end leaves an empty word behind it.
		l := &all[i]
		if last := len(l.words) - 1; last > 0 && l.words[last].length == 0 {
			l.words = l.words[:last]
		}
	}
	return all, nil
}

// grow gives the layout with n of an item behind it.
func (l *layout) grow(it maskItem, n int, delim byte, upper bool) (layout, error) {
	g := layout{words: slices.Clone(l.words), delims: slices.Clone(l.delims), sets: slices.Clone(l.sets)}
	if it.delim != 0 {
		if n == 1 {
			c := it.delim
			if c == '~' {
				c = delim
			}
			g.words = append(g.words, groupShape{})
			g.delims = append(g.delims, delimiterKind(c))
		}
		return g, nil
	}
	w := &g.words[len(g.words)-1]
	if w.length+n > maxWord {
		return layout{}, fmt.Errorf("it has a group of more than %d characters", maxWord)
	}
	for range n {
		bit := uint64(1) << w.length
		if it.set&letterSet == 0 {
			w.digit |= bit
		}
		if it.set&digitSet == 0 {
			w.letter |= bit
		}
		if it.capital || upper && it.set&letterSet != 0 {
			w.capital |= bit
		}
		w.length++
		g.sets = append(g.sets, it.set)
	}
	return g, nil
}

// special tells whether the value must be looked at character by character.
func (l *layout) special() bool {
	return slices.ContainsFunc(l.sets, func(s charset) bool { return s != digitSet && s != letterSet && s != anySet })
}

// check refuses what the scanner would not come upon: it looks at words with a
// digit, at the word before one, and at words of capitals only.
func (l *layout) check() error {
	total := 0
	for _, w := range l.words {
		if w.length == 0 {
			return errors.New("a delimiter must stand behind a group")
		}
		total += w.length
	}
	if total > maxWord {
		return fmt.Errorf("it has more than %d characters", maxWord)
	}
	if l.capitals() || l.lead() || !l.words[0].letters() {
		return nil
	}
	return fmt.Errorf("it needs a digit in its first or second group, or a first group of at least %d capital letters", minCapitals)
}

func (g *groupShape) letters() bool { return g.letter == uint64(1)<<g.length-1 }

// capitals tells whether the first word may be capitals only.
func (l *layout) capitals() bool {
	w := &l.words[0]
	return w.length >= minCapitals && w.digit == 0 && w.capital == uint64(1)<<w.length-1
}

// lead tells whether the first word is letters and one with a digit follows.
func (l *layout) lead() bool {
	return len(l.words) > 1 && l.words[0].letters() && !l.words[1].letters()
}

func delimiterKind(c byte) uint8 { return uint8(strings.IndexByte(delimiters, c) + 1) }

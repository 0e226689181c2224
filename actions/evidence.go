package actions

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// Bounds of the evidence in an incident report.
const (
	// shownEvidence is Purview's limit of values in one report.
	shownEvidence = 100
	// contextLength is how many characters stand on either side of a value.
	contextLength = 150
	// contextText is of how many characters of a message the surroundings are kept at
	// hand; values in what is beyond are shown without.
	contextText = 4_000_000
)

// apportion shares seats out over counts in proportion, by largest remainders: every
// count that is not zero gets one at least, as long as there are enough, and none
// gets more than itself. Of equals the first one is preferred.
func apportion(counts []int, seats int) []int {
	given := make([]int, len(counts))
	var open []int // places in counts that are not settled
	total := 0
	for i, n := range counts {
		if n > 0 {
			open, total = append(open, i), total+n
		}
	}
	byCount := slices.Clone(open)
	slices.SortStableFunc(byCount, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	switch {
	case total <= seats:
		return slices.Clone(counts)
	case len(open) >= seats:
		for _, i := range byCount[:max(0, seats)] {
			given[i] = 1
		}
		return given
	}
	// What would get less than one gets one, and the others share what is left.
	for settled := true; settled; {
		settled = false
		for _, i := range slices.Clone(open) {
			if counts[i]*seats < total {
				given[i] = 1
				seats, total = seats-1, total-counts[i]
				open = slices.DeleteFunc(open, func(o int) bool { return o == i })
				settled = true
				break
			}
		}
	}
	left := seats
	for _, i := range open {
		given[i] = counts[i] * seats / total
		left -= given[i]
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(counts[b]*seats%total, counts[a]*seats%total) })
	for _, i := range open[:left] {
		given[i]++
	}
	return given
}

// found is what was found of one type in one part for some rules.
type found struct {
	typ, part string
	matches   []rules.PartMatch
}

// evidence gives a share of what was found for rules, at most [shownEvidence] values:
// in proportion over types, and of each type over the parts it was found in.
func (b *batch) evidence(list []*rules.Rule) (shown []notice.IncidentEvidence, total int) {
	var types []string
	var counts []int
	byType := make(map[string][]found)
	for _, f := range b.foundFor(list) {
		if len(types) == 0 || types[len(types)-1] != f.typ {
			types, counts = append(types, f.typ), append(counts, 0)
		}
		byType[f.typ] = append(byType[f.typ], f)
		counts[len(counts)-1] += len(f.matches)
		total += len(f.matches)
	}
	for i, seats := range apportion(counts, shownEvidence) {
		parts := byType[types[i]]
		var inPart []int
		for _, p := range parts {
			inPart = append(inPart, len(p.matches))
		}
		for j, n := range apportion(inPart, seats) {
			for _, m := range parts[j].matches[:n] {
				e := notice.IncidentEvidence{Type: types[i], Part: b.masked(parts[j].part), Value: audit.Mask(m.Value).String(), Confidence: m.Confidence}
				e.Before, e.After = b.context(m)
				shown = append(shown, e)
			}
		}
	}
	return shown, total
}

// foundFor gives what was found for rules, by type and part, in the order of the
// names of types, and of parts as they stand in the message.
func (b *batch) foundFor(list []*rules.Rule) (all []found) {
	wanted := make(map[string][]rules.Evidence)
	for i := range b.d.Evaluation.Rules {
		res := &b.d.Evaluation.Rules[i]
		if !slices.Contains(list, res.Rule) {
			continue
		}
		for _, e := range res.Evidence {
			wanted[e.Type] = append(wanted[e.Type], e)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for _, d := range b.scan.Detections(b.ctx) {
		first := len(all)
		for _, m := range d.Matches {
			if !slices.ContainsFunc(wanted[d.Type.Name], func(e rules.Evidence) bool {
				return m.Confidence >= e.MinConfidence && m.Confidence <= e.MaxConfidence
			}) {
				continue
			}
			i := slices.IndexFunc(all[first:], func(f found) bool { return f.part == m.Part })
			if i < 0 {
				i = len(all) - first
				all = append(all, found{typ: d.Type.Name, part: m.Part})
			}
			all[first+i].matches = append(all[first+i].matches, m)
		}
		for i := first; i < len(all); i++ {
			if all[i].part == "body" {
				all[i].matches = once(all[i].matches)
			}
		}
	}
	return all
}

// once leaves out what several texts of the body hold alike, as people read one of
// them. The texts follow each other, so a match that stands before the one in front
// of it is in the next text.
func once(matches []rules.PartMatch) (kept []rules.PartMatch) {
	most, here := make(map[string]int), make(map[string]int)
	last := -1
	for _, m := range matches {
		if m.Offset <= last {
			clear(here)
		}
		last = m.Offset
		if here[m.Key]++; here[m.Key] > most[m.Key] {
			most[m.Key] = here[m.Key]
			kept = append(kept, m)
		}
	}
	return kept
}

// surroundings are the texts of a message by the names of parts, in clear and with
// everything masked that any type finds in them.
type surroundings struct {
	masker *audit.Masker
	texts  map[string][]maskedText
	left   int // characters that may still be kept
}

type maskedText struct{ clear, masked []rune }

// surround prepares what surrounds values.
func (b *batch) surround() *surroundings {
	if b.around == nil {
		b.around = &surroundings{masker: audit.NewMasker(b.values()...), left: contextText}
	}
	return b.around
}

// masked gives a text of the message as people are told of it who may not read the
// message: everything is masked that any type finds in it, and all that was found in
// the message.
func (b *batch) masked(text string) string {
	if types := b.scan.World.Types; types != nil {
		text = types.Mask(text)
	}
	return b.surround().masker.Text(text).String()
}

// context gives the text before and behind a match, masked. It is empty where the
// match does not stand in the text of its part, as in a file name.
func (b *batch) context(m rules.PartMatch) (before, after string) {
	s := b.surround()
	if s.texts == nil {
		s.read(b.ctx, b.scan)
	}
	for _, t := range s.texts[m.Part] {
		end := m.Offset + m.Length
		if end > len(t.clear) || string(t.clear[m.Offset:end]) != m.Value.Reveal() {
			continue
		}
		return oneLine(t.masked[max(0, m.Offset-contextLength):m.Offset]), oneLine(t.masked[end:min(len(t.masked), end+contextLength)])
	}
	return "", ""
}

// oneLine gives text with each run of blanks and line ends as one blank.
func oneLine(text []rune) string {
	line := strings.Join(strings.Fields(string(text)), " ")
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, line)
}

// read keeps the texts of the message, as long as there is room.
func (s *surroundings) read(ctx context.Context, scan *rules.Scan) {
	s.texts = make(map[string][]maskedText)
	types := scan.World.Types
	keep := func(part, text string) {
		clear := []rune(text)
		if types == nil || len(clear) > s.left {
			return
		}
		s.left -= len(clear)
		found, known := []rune(types.Mask(text)), []rune(s.masker.Text(text).String())
		if len(found) != len(clear) || len(known) != len(clear) {
			return
		}
		for i, c := range known {
			if c != clear[i] {
				found[i] = c
			}
		}
		s.texts[part] = append(s.texts[part], maskedText{clear, found})
	}
	keep("subject", scan.Message.Subject())
	for _, p := range scan.Parts(ctx) {
		keep(p.Name, p.Text)
	}
}

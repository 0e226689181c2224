package rules

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
)

// instances are the matches of one type in all contents of a message.
type instances struct {
	matches []classify.Match
	in      []*content // that of each match
}

// want names the types that will be asked for, so that one pass over a text
// finds all of them. Texts are gone over again when another set of policies asks
// for types not looked for before.
func (s *Scan) want(types map[*classify.Type]bool) {
	if !s.classifying {
		s.wanted = types
		return
	}
	for t := range types {
		if s.wanted != nil && !s.wanted[t] {
			s.wanted = maps.Clone(s.wanted)
			maps.Copy(s.wanted, types)
			s.found = nil
			for _, c := range s.contents {
				c.scanned, c.found = false, nil
				for _, d := range c.within {
					d.scanned, d.found = false, nil
				}
			}
			return
		}
	}
}

// instancesOf gives the matches of a type, every text being gone over once for
// all types wanted.
func (s *Scan) instancesOf(ctx context.Context, t *classify.Type) *instances {
	if s.found == nil {
		s.found = make(map[*classify.Type]*instances)
		for _, c := range s.read(ctx) {
			for _, d := range s.classified(ctx, c) {
				in := s.found[d.Type]
				if in == nil {
					in = &instances{}
					s.found[d.Type] = in
				}
				for _, m := range d.Matches {
					in.matches = append(in.matches, m)
					in.in = append(in.in, c)
				}
			}
		}
	}
	in := s.found[t]
	switch {
	case in == nil:
		return &instances{}
	case s.component == 0:
		return in
	}
	var seen []*content
	for _, c := range s.inComponent() {
		seen = append(append(seen, c), c.within...)
	}
	one := &instances{}
	for i, c := range in.in {
		if slices.Contains(seen, c) {
			one.matches, one.in = append(one.matches, in.matches[i]), append(one.in, c)
		}
	}
	return one
}

// classified looks for types in the text of a content and in its file names.
func (s *Scan) classified(ctx context.Context, c *content) []classify.Detection {
	if !c.scanned && s.World.Types != nil {
		c.scanned, s.classifying = true, true
		names := c.unlisted
		if !c.member && !c.body {
			names = c.names()
		}
		text := s.text(ctx, c)
		start := time.Now()
		c.found = detectNamed(s.World.Types, text, names, s.wanted)
		s.timeClassifying += time.Since(start)
	}
	return c.found
}

// between gives the counts of the instances with a confidence from low to high,
// and the parts they are in. What stands in several alternatives of one body is
// one instance for the count, as people see only one of them.
func (in *instances) between(low, high int) (count, unique, confidence int, parts []string) {
	count, unique, confidence = classify.Count(in.matches, low, high)
	type place struct {
		alternative *message.Part
		key         string
	}
	shown := make(map[place]map[int]int) // by choice
	for i, m := range in.matches {
		if m.Confidence < low || m.Confidence > high {
			continue
		}
		c := in.in[i]
		if !slices.Contains(parts, c.name) {
			parts = append(parts, c.name)
		}
		if c.alternative != nil {
			at := place{c.alternative, m.Key}
			if shown[at] == nil {
				shown[at] = make(map[int]int)
			}
			shown[at][c.choice]++
		}
	}
	for _, choices := range shown {
		sum, most := 0, 0
		for _, n := range choices {
			sum += n
			most = max(most, n)
		}
		count -= sum - most
	}
	return count, unique, confidence, parts
}

// PartMatch is an instance of a type with the part it is in: a name as in
// [ScannedPart], or "subject". The offset counts from the beginning of that text;
// one beyond its end is in a file name of the part.
type PartMatch struct {
	Part string
	classify.Match
}

// Format prints a match with every verb, without the name of the part, which people
// choose: the value itself prints masked.
func (m PartMatch) Format(f fmt.State, _ rune) {
	// A printer that fails has no one to tell.
	_, _ = fmt.Fprintf(f, "%+v", m.Match)
}

// PartDetection holds the instances of one type in a whole message.
type PartDetection struct {
	Type    *classify.Type
	Matches []PartMatch
}

// Detections goes over every part for the types wanted by the rules evaluated
// before, or for all types. They are in the order of their names.
func (s *Scan) Detections(ctx context.Context) []PartDetection {
	byType := make(map[*classify.Type]*PartDetection)
	all := s.read(ctx)
	for i, c := range all {
		first := i == 0 || !slices.ContainsFunc(all[:i], func(b *content) bool { return b.subject != "" })
		front := 0
		if c.subject != "" {
			front = utf8.RuneCountInString(c.subject) + 1
		}
		for _, d := range s.classified(ctx, c) {
			pd := byType[d.Type]
			if pd == nil {
				pd = &PartDetection{Type: d.Type}
				byType[d.Type] = pd
			}
			for _, m := range d.Matches {
				pm := PartMatch{Part: c.name, Match: m}
				switch {
				case m.Offset >= front:
					pm.Offset -= front
				case !first:
					continue // the subject is in front of every body
				default:
					pm.Part = "subject"
				}
				pd.Matches = append(pd.Matches, pm)
			}
		}
	}
	list := make([]PartDetection, 0, len(byType))
	for _, pd := range byType {
		if len(pd.Matches) > 0 {
			list = append(list, *pd)
		}
	}
	slices.SortFunc(list, func(a, b PartDetection) int { return strings.Compare(a.Type.Name, b.Type.Name) })
	return list
}

package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
)

// sensitive is a compiled contentContainsSensitiveInformation: requirements of
// types, joined in groups, which are joined.
type sensitive struct {
	groups []typeGroup
	all    bool // groups are joined by and
}

type typeGroup struct {
	types  []typeTest
	labels []labelTest
	all    bool // types and labels are joined by and
}

// typeTest asks for a number of unique values of a type, pooled over the
// message.
type typeTest struct {
	typ                          *classify.Type
	minCount, maxCount           int
	minConfidence, maxConfidence int
}

// Evidence is what a condition on content found: masked counts, no values.
type Evidence struct {
	Condition   string   `json:"condition"`
	Type        string   `json:"type"`
	Count       int      `json:"count"`
	UniqueCount int      `json:"uniqueCount"`
	Confidence  int      `json:"confidence"`
	Parts       []string `json:"parts"`
	// MinConfidence and MaxConfidence are what was asked for, both included.
	MinConfidence int `json:"-"`
	MaxConfidence int `json:"-"`
}

const sensitiveName = "contentContainsSensitiveInformation"

func (c *sensitive) judge(ctx context.Context, s *Scan) finding {
	held, reasons := 0, []string(nil)
	var f finding
	for _, g := range c.groups {
		ok, evidence, reason := g.judge(ctx, s)
		if ok {
			held++
			f.evidence = append(f.evidence, evidence...)
		}
		reasons = append(reasons, reason)
	}
	holds := held > 0
	if c.all {
		holds = held == len(c.groups)
	}
	if !holds {
		f.evidence = nil
	}
	for _, e := range f.evidence {
		for _, p := range e.Parts {
			if !slices.Contains(f.parts, p) {
				f.parts = append(f.parts, p)
			}
		}
	}
	f.truth, f.reason = truthOf(holds), strings.Join(reasons, "; ")
	return f
}

func (g *typeGroup) judge(ctx context.Context, s *Scan) (ok bool, evidence []Evidence, reason string) {
	held, reasons := 0, make([]string, 0, len(g.types))
	for _, t := range g.types {
		good, ev, why := t.judge(ctx, s)
		if good {
			held++
			evidence = append(evidence, ev)
		}
		// What was found says more than all that was not.
		if good || ev.Count > 0 {
			reasons = append(reasons, why)
		}
	}
	for _, l := range g.labels {
		if part, on := l.judge(ctx, s); on {
			held++
			reasons = append(reasons, "the sensitivity label "+quote(l.written)+" is on "+part)
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, "no sensitive information of the types named")
	}
	ok = held > 0
	if g.all {
		ok = held == len(g.types)+len(g.labels)
	}
	return ok, evidence, strings.Join(reasons, ", ")
}

func (t *typeTest) judge(ctx context.Context, s *Scan) (bool, Evidence, string) {
	count, unique, confidence, parts := s.instancesOf(ctx, t.typ).between(t.minConfidence, t.maxConfidence)
	ev := Evidence{Condition: sensitiveName, Type: t.typ.Name, Count: count, UniqueCount: unique, Confidence: confidence, Parts: parts,
		MinConfidence: t.minConfidence, MaxConfidence: t.maxConfidence}
	// A type has one confidence for the message, that of its surest instances: with
	// one above the range the range is not that of the message (docs/classification.md).
	above, _, _, _ := s.instancesOf(ctx, t.typ).between(t.maxConfidence+1, maxConfidence)
	ok := unique >= t.minCount && unique <= t.maxCount && above == 0
	if count == 0 {
		return ok, ev, ""
	}
	asked := fmt.Sprintf("%d or more", t.minCount)
	if t.maxCount != math.MaxInt {
		asked = fmt.Sprintf("%d to %d", t.minCount, t.maxCount)
	}
	if above > 0 {
		asked += fmt.Sprintf(", and none above %d", t.maxConfidence)
	}
	return ok, ev, fmt.Sprintf("%s: %d unique with confidence %d or more, %s asked", t.typ.Name, unique, t.minConfidence, asked)
}

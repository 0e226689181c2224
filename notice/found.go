package notice

import (
	"regexp"
	"strings"
)

// Finding is sensitive information that a rule matched, by kind and part.
type Finding struct {
	// Type is the name of the sensitive information type.
	Type string
	// Count is how many different values were found.
	Count int
	// Parts are the names of the parts, as rules report them: "body", "subject",
	// "part 1.2" or a file name. What was found in file names is masked before.
	Parts []string
}

// shownParts is how many parts a finding names.
const shownParts = 5

// finding says what was found and where, as "two card numbers in report.xlsx".
func (s *sentences) finding(f Finding) string {
	what := s.kindOf(line(f.Type, lineLength), f.Count)
	var where []string
	for _, p := range f.Parts {
		where = append(where, s.part(p))
	}
	if len(where) == 0 {
		return what
	}
	if more := len(where) - shownParts; more > 0 {
		where = append(where[:shownParts], s.count("found.moreParts", more))
	}
	return s.say("found.in", "what", what, "where", s.list(where))
}

// kindOf says how many values of a type there are: with the words of the type, else
// with those of types whose name ends alike, else with the name itself.
func (s *sentences) kindOf(name string, n int) string {
	if n < 1 {
		return s.say("found.any", "type", name)
	}
	slug := slugOf(name)
	if key := "kind." + slug; s.has(key) {
		return s.count(key, n)
	}
	for i := range slug {
		if slug[i] != '-' {
			continue
		}
		if key := "kind." + slug[i+1:]; s.has(key) {
			return s.say("found.special", "what", s.count(key, n), "type", name)
		}
	}
	return s.count("found.other", n, "type", name)
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slugOf gives a name of a type as it stands in keys.
func slugOf(name string) string {
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(strings.ReplaceAll(name, "'", "")), "-"), "-")
}

var unnamedPart = regexp.MustCompile(`^part [0-9.]+$`)

// part names a part in the middle of a sentence.
func (s *sentences) part(name string) string {
	switch name = line(name, lineLength); {
	case name == "body":
		return s.say("part.body")
	case name == "subject":
		return s.say("part.subject")
	case unnamedPart.MatchString(name):
		return s.say("part.unnamed", "index", strings.TrimPrefix(name, "part "))
	}
	return name
}

package classify

import (
	"hash/maphash"
	"strconv"
)

// Match is one instance: a primary element with the evidence of a pattern.
type Match struct {
	Offset, Length int // in Unicode characters of the text
	Confidence     int // of the best pattern, 1 to 100
	Value          Value
	// Key is equal for instances that count once: a keyed digest of the normalised value,
	// without meaning beyond the process.
	Key string
	// Placeholder is set for values that are made up: numbers published for tests and
	// mock secrets.
	Placeholder bool
}

// Detection holds the instances of one type in one text.
type Detection struct {
	Type    *Type
	Matches []Match // in order of offset, none overlapping another
}

// Count gives the instances and the unique ones with a confidence from min to
// max (both included), and the highest confidence among them.
func Count(matches []Match, min, max int) (count, unique, confidence int) {
	seen := make(map[string]struct{})
	for i := range matches {
		m := &matches[i]
		if m.Confidence < min || m.Confidence > max {
			continue
		}
		count++
		seen[m.Key] = struct{}{}
		if m.Confidence > confidence {
			confidence = m.Confidence
		}
	}
	return count, len(seen), confidence
}

// keySeed is drawn anew by each process, so that a key tells nothing about the
// value to anyone who keeps it.
var keySeed = maphash.MakeSeed()

// appendKeyOf appends the key of a normalised value: delimiters stripped, case
// folded.
func appendKeyOf(to, normal []byte) []byte {
	return strconv.AppendUint(to, maphash.Bytes(keySeed, normal), 32)
}

// Package classify finds sensitive information in text: it sees text, never
// mail. Types are data files; all are compiled into one catalogue that goes over
// a text once.
//
// A type has primary elements, such as nine digits with a rule they must keep,
// and evidence, such as keywords. A scan first collects candidates: runs of
// digits and letters whose shape and length some type wants, looked up in one
// table for all types, and confirmed by a named check. Text without a candidate
// costs no more than that. Where there are candidates, one automaton with the
// keywords of all types runs over the text near them, and each pattern of a type
// then says with which confidence a candidate is an instance.
//
// The model follows the published Microsoft Purview documentation: an instance
// is one primary match that satisfies at least one pattern, proximity counts in
// Unicode characters from the primary match in both directions, and the best
// pattern gives the confidence.
package classify

// Package rules holds policies: it loads, checks, compiles and evaluates
// them. It says which rules match which recipients, and why; it does nothing to
// a message and knows actions only by what the vocabulary tells of them.
//
// [Load] reads policy files and reports every mistake in them. [Set.Evaluate]
// judges one message, seen through a [Scan] that extracts, classifies and looks
// up each thing at most once and only when a condition asks. The conditions
// stand in one literal catalogue, [Conditions].
package rules

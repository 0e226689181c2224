// Package cases reads policy cases and runs them. A case is a directory with a
// message, the session it came in and the decision that is due; the README of
// testdata/policies says its form. The cases of this repository and the policy
// tests of an administrator are the same thing.
package cases

// Command precision counts what all sensitive information types report in 50 MB
// of text that holds next to nothing sensitive: bodies of mail, documentation of
// Debian packages, Go's own source, and generated tables of numbers, of which
// half stand under a heading with a keyword of a type whose numbers have the
// length of those of the table. It prints the detections per MB of each level,
// and the noisiest types.
//
// scripts/precision.sh fetches the packages and runs it from the root of the
// repository, with bin/postern built. The text is the same on each machine that
// has the same release of Go and the same mail; the size of each part is printed.
package main

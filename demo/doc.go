// Command demo shows Postern at work: it starts a private Postfix, a server that keeps
// what is delivered, and `postern serve` with examples/; sends the example
// messages; and prints what became of each. It stays up until Ctrl-C, unless
// DEMO_ONCE=1. Exit status 0 means that every row is as examples/demo.yaml
// expects. Everything it makes is below one temporary folder, which it removes.
//
// It is run from the root of the repository, with bin/postern built.
package main

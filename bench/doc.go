// Command bench measures messages a second through a private Postfix: without a milter,
// with a filter that does nothing, and with `postern serve` and the policies of
// testdata/bench, over UNIX and TCP sockets. All are listeners of one instance,
// which discards what it takes. Rounds are interleaved: each measures every
// set-up once, in an order that moves on by one with each round, and ratios are
// taken within a round. The table it prints is that of docs/performance.md.
//
// With -outbox 10000 it times verdicts instead, while so many notices are sent at the
// usual rate and while there are none; see docs/performance.md.
//
// It is run from the root of the repository, with bin/postern built.
package main

// Command postern is a data-loss-prevention filter for Postfix and Sendmail:
// it serves the milter protocol, judges each message by policies, and lets it
// pass, changes it or has it refused.
//
// This package is configuration and wiring. Decisions are made by the floors
// below; the same code decides for `serve` and for `explain`, which differ only
// in the effects they hand to the engine.
//
// Exit status of every command: 0 good, 1 the answer is no, 2 the command could
// not run.
package main

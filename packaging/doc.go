// Package packaging holds what installs Postern and wires it to an MTA: images of
// containers, a systemd unit, and the lines for Postfix. It has no code; its tests
// hold the files against each other, against the documentation and, where
// Postfix's programs are, against Postfix.
package packaging

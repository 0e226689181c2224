// Package sink is an SMTP server that takes every message and keeps it, with its
// envelope and its octets as they came, for tests and the demonstration.
package sink

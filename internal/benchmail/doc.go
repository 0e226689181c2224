// Package benchmail makes the messages that are measured with: `make bench` sends
// them through Postfix, benchmarks judge them in the process.
package benchmail

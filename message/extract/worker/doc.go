// Package worker reads documents in processes of their own. A worker is the same
// binary started again, with little memory and CPU time, and without files and
// network. What it says is checked like anything that a stranger sends: content
// that takes a reader over gains nothing but the text of its own message.
package worker

//go:build race

package worker

// shadow is how many times its memory a worker maps: the race detector keeps
// notes of all of it.
const shadow = 6

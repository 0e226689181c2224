//go:build !race

package worker

// shadow is how many times its memory a worker maps.
const shadow = 1

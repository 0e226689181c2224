//go:build !faults

package fault

// Point is passed between two steps of making something durable. The name is
// dotted, as hold.blob.written. A test may put its own function here before
// anything runs.
var Point = func(name string) {}

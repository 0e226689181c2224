// Package actions is what a matched rule does: the catalogue of actions, the
// engine that walks the matched rules of a message, the draft they edit, and the
// outcome for the wire.
//
// It may ask rules what matched and the directory for people; it never sees a
// socket: the floor above renders outcomes, and [Effects] are the only doors to
// the world.
package actions

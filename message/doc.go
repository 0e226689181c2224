// Package message is the ground floor of the house: the envelope of a message,
// its header section, its tree of body parts, and what could not be read in it.
//
// A Message is made once by [Parse] and never changed afterwards; edits are
// recorded elsewhere. Irregularities become defects and signals on the message,
// not failures. Nothing here opens the network, knows a policy, or decides.
package message

package main

import (
	"os"
	"runtime/debug"
)

const (
	// collectorPercent lets garbage grow to four times what is in use before it is
	// collected: the classifier's tables stay, and messages come and go.
	collectorPercent = 400
	// collectorRoom is the memory for all but the bodies of messages: tables,
	// texts, connections.
	collectorRoom = 512 << 20
)

// tuneCollector sets how the memory of messages that are done is collected:
// seldom, until the process has the memory that limits.memory gives to bodies and
// half a gigabyte. GOGC and GOMEMLIMIT of the environment go before.
func tuneCollector(memory int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory + collectorRoom)
	}
}

// Package fault lets a test stop the process at a named point. Code that makes
// things durable names the points between its steps with [Point]; in an ordinary
// binary a point does nothing. A binary built with the tag `faults` reads
// POSTERN_FAULT once, at its start.
package fault

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable is the environment variable read by a binary built with the tag
// `faults`. Its form is that of [Parse].
const Variable = "POSTERN_FAULT"

// Any is the name that stands for every point.
const Any = "*"

// Parse reads `name:n:action` and gives the function that acts when the point of
// that name ([Any] for all together) is passed for the n-th time, counted from 1.
// The action is kill (SIGKILL to the own process), stop (SIGSTOP: it goes on after
// SIGCONT) or panic.
func Parse(s string) (func(name string), error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is not name:n:action", s)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n < 1 || parts[0] == "" {
		return nil, fmt.Errorf("%q: want a name and a count from 1", s)
	}
	act, ok := actions[parts[2]]
	if !ok {
		return nil, fmt.Errorf("%q: the action is kill, stop or panic", s)
	}
	var passed atomic.Int64
	return func(name string) {
		if (parts[0] == Any || parts[0] == name) && passed.Add(1) == n {
			act(name)
		}
	}, nil
}

var actions = map[string]func(name string){
	"kill": func(string) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way; nothing more may happen
	},
	"stop": func(string) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	},
	"panic": func(name string) { panic("fault at " + name) },
}

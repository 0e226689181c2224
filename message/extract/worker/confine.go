package worker

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	lsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// confine takes from this process what reading a document does not need, for
// good, and says what is in force. What the kernel does not have is left out;
// without its resource limits no worker runs.
func confine(memory int64) ([]string, error) {
	// Threads that begin later have what the thread has that begins them, and the
	// filter of system calls is given to all there are.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := limit(memory); err != nil {
		return nil, err
	}
	by := []string{"limits of memory, CPU time and files"}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	if version, err := lsys.LandlockGetABIVersion(); err == nil && version > 0 {
		// Nothing is named, so no file and no TCP port is left.
		if err := landlock.V8.BestEffort().Restrict(); err == nil {
			by = append(by, "Landlock "+strconv.Itoa(version))
		}
	}
	if err := filterCalls(); err == nil && filtered() {
		by = append(by, "seccomp")
	}
	return by, nil
}

// limit sets the resource limits (setrlimit(2)). CPU time is set by the pool,
// for each document.
func limit(memory int64) error {
	// The limit of data counts what is mapped for writing. That of the address
	// space is of no use: the runtime reserves more of it than it will ever take.
	data := uint64(dataMapped() + shadow*memory)
	for _, l := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_DATA, data},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_NOFILE, 16},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
	} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return fmt.Errorf("resource %d: %w", l.resource, err)
		}
	}
	return nil
}

// dataMapped gives what is mapped for writing now, in octets.
func dataMapped() int64 {
	const usual = 128 << 20
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return usual
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "VmData:"); ok {
			if kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(v, "kB")), 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	return usual
}

// calls are the system calls that the runtime of Go makes in a program that
// talks over two pipes. Opening files and sockets, starting programs and
// signalling others are not among them.
var calls = []string{
	"read", "write", "readv", "writev", "close", "fstat", "lseek", "fcntl",
	"munmap", "mremap", "madvise", "brk", "mincore",
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	"getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrandom", "getrlimit", "getrusage",
	"set_robust_list", "rseq", "membarrier", "set_tid_address",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "pipe2",
	"exit", "exit_group",
}

// callsOf are those that only some kinds of machine have.
var callsOf = map[string][]string{
	"amd64": {"arch_prctl", "epoll_wait"},
	"arm64": {},
}

// filterCalls lets no other system calls through (seccomp(2)), from any thread.
func filterCalls() error {
	more, ok := callsOf[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("the system calls of %s are not listed", runtime.GOARCH)
	}
	noCode := seccomp.ArgumentConditions{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{{
				Action: seccomp.ActionAllow,
				Names:  append(more, calls...),
				NamesWithCondtions: []seccomp.NameWithConditions{
					{Name: "mmap", Conditions: noCode},
					{Name: "mprotect", Conditions: noCode},
					{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}}},
					{Name: "tgkill", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: uint64(os.Getpid())}}},
				},
			}, {
				// Its flags are where no filter can look; libraries do without it.
				Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS),
				Names:  []string{"clone3"},
			}},
		},
	})
}

// filtered tells whether the filter is in force: an empty path can be opened by
// nobody, but only the filter forbids to try.
func filtered() bool {
	_, err := unix.Open("", unix.O_RDONLY, 0)
	return err == unix.EPERM
}

package mta

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNotHere is the error of Find where Postfix cannot be run: it is not there, or
// the process is not root.
var ErrNotHere = errors.New("no Postfix that can be run here")

// RootVariable is the environment variable that names a folder into which a
// Postfix package was unpacked; without it the system's Postfix is used.
const RootVariable = "POSTERN_POSTFIX_ROOT"

// Installation is the programs of Postfix and the accounts they run under.
type Installation struct {
	// Version is Postfix's own, as "3.7.11".
	Version string
	// Root is the folder the package was unpacked into; empty for the system's.
	Root string

	commands  string // postconf, postmap, postdrop …
	daemons   string // master, smtpd …
	libraries string // empty where the dynamic linker finds them itself
	owner     account
	submit    int // group of the maildrop
	group     string
}

type account struct {
	name     string
	group    string
	uid, gid int
}

// Find locates the programs of Postfix: below the folder named by
// POSTERN_POSTFIX_ROOT, or those of the system. An error wraps ErrNotHere.
func Find() (*Installation, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: root is needed to run Postfix", ErrNotHere)
	}
	in := &Installation{Root: os.Getenv(RootVariable)}
	in.commands = filepath.Join(in.Root, "/usr/sbin")
	conf := filepath.Join(in.commands, "postconf")
	if _, err := os.Stat(conf); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	if in.Root != "" {
		in.libraries = filepath.Join(in.Root, "/usr/lib/postfix")
	}
	defaults, err := in.defaults(conf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	in.Version = defaults["mail_version"]
	in.daemons = filepath.Join(in.Root, defaults["daemon_directory"])
	if _, err := os.Stat(filepath.Join(in.daemons, "master")); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}

	// The accounts of the package are missing where it was only unpacked; then
	// two unprivileged ones that every Debian has serve for the private instance.
	if in.owner, err = firstUser("postfix", "daemon"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	if in.group, in.submit, err = firstGroup("postdrop", "mail"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	return in, nil
}

// Defaults asks postconf for the built-in defaults.
func (in *Installation) defaults(conf string) (map[string]string, error) {
	cmd := exec.Command(conf, "-d", "mail_version", "daemon_directory")
	cmd.Env = in.environment()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("postconf -d: %w", err)
	}
	m := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(line, "=")
		m[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return m, nil
}

// Environment is that of Postfix's commands.
func (in *Installation) environment() []string {
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
	if in.libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+in.libraries)
	}
	return env
}

func firstUser(names ...string) (account, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		group, err3 := user.LookupGroupId(u.Gid)
		if err1 == nil && err2 == nil && err3 == nil {
			return account{name: name, group: group.Name, uid: uid, gid: gid}, nil
		}
	}
	return account{}, fmt.Errorf("none of the users %s exists", strings.Join(names, ", "))
}

func firstGroup(names ...string) (string, int, error) {
	for _, name := range names {
		g, err := user.LookupGroup(name)
		if err != nil {
			continue
		}
		if gid, err := strconv.Atoi(g.Gid); err == nil {
			return name, gid, nil
		}
	}
	return "", 0, fmt.Errorf("none of the groups %s exists", strings.Join(names, ", "))
}

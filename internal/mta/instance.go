package mta

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Instance is a running Postfix.
type Instance struct {
	// Dir holds everything of the instance.
	Dir string

	installation *Installation
	addr         map[string]string // by name of listener
	temporary    bool
	master       *Process
}

// Start makes an instance and returns when all its listeners answer. The
// instance ends with Stop, or when this process dies.
func Start(ctx context.Context, opt Options) (*Instance, error) {
	in, err := Find()
	if err != nil {
		return nil, err
	}
	// The ports are found free and taken later, so another process may come first.
	for attempt := 0; ; attempt++ {
		i, err := start(ctx, in, opt)
		if err == nil {
			return i, nil
		}
		if !errors.Is(err, errPortTaken) || attempt == 4 {
			return nil, err
		}
	}
}

var errPortTaken = errors.New("port taken")

func start(ctx context.Context, in *Installation, opt Options) (_ *Instance, err error) {
	i := &Instance{Dir: opt.Dir, installation: in, addr: map[string]string{}}
	if i.Dir == "" {
		sweep()
		if i.Dir, err = os.MkdirTemp("", prefix); err != nil {
			return nil, err
		}
		i.temporary = true
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Stop())
		}
	}()
	if len(opt.Listeners) == 0 {
		opt.Listeners = []Listener{{Name: MX}, {Name: Submission}}
	}
	if err = i.ports(opt.Listeners); err != nil {
		return nil, err
	}
	if err = i.lay(opt); err != nil {
		return nil, err
	}
	// All services of Postfix are in the process group of master.
	if i.master, err = Bind(i.command(filepath.Join(in.daemons, "master"), "-d", "-c", i.ConfigDir())); err != nil {
		return nil, fmt.Errorf("postfix master: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, l := range opt.Listeners {
		if err = i.greeted(ctx, i.addr[l.Name]); err != nil {
			if log := i.Log(); strings.Contains(log, "Address already in use") {
				err = errPortTaken
			} else {
				err = fmt.Errorf("postfix listener %s: %w\n%s", l.Name, err, log)
			}
			return nil, err
		}
	}
	return i, nil
}

// Ports finds a free loopback port for each listener.
func (i *Instance) ports(listeners []Listener) error {
	for _, l := range listeners {
		s, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		// Held until all are found, so that no port is found twice.
		defer s.Close()
		i.addr[l.Name] = s.Addr().String()
	}
	return nil
}

// Greeted waits until the address answers with an SMTP greeting.
func (i *Instance) greeted(ctx context.Context, addr string) error {
	try := time.NewTicker(20 * time.Millisecond)
	defer try.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			deadline, _ := ctx.Deadline()
			conn.SetDeadline(deadline)
			line, err := bufio.NewReader(conn).ReadString('\n')
			fmt.Fprint(conn, "QUIT\r\n")
			conn.Close()
			if strings.HasPrefix(line, "220 ") {
				return nil
			}
			return fmt.Errorf("greeting %q: %w", line, err)
		}
		select {
		case <-i.master.Done():
			return errors.New("master ended")
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-try.C:
		}
	}
}

// Group is the name of the group that Postfix's services run under: that of a
// milter's socket.
func (i *Instance) Group() string { return i.installation.owner.group }

// Addr is the host:port of a listener.
func (i *Instance) Addr(listener string) string { return i.addr[listener] }

// ConfigDir is the directory of main.cf and master.cf.
func (i *Instance) ConfigDir() string { return filepath.Join(i.Dir, "etc") }

// QueueDir is the queue directory, which chrooted services see as the root.
func (i *Instance) QueueDir() string { return filepath.Join(i.Dir, "queue") }

// SocketPath is the path of the milter's socket. Its directory exists.
func (i *Instance) SocketPath() string { return filepath.Join(i.QueueDir(), "postern", "milter.sock") }

// LogFile is the path of the mail log.
func (i *Instance) LogFile() string { return filepath.Join(i.Dir, "maillog") }

// Log is what Postfix has logged so far.
func (i *Instance) Log() string {
	b, _ := os.ReadFile(i.LogFile())
	return string(b)
}

// Command gives a command of Postfix, as postqueue or postmap, that works on this
// instance.
func (i *Instance) Command(name string, args ...string) *exec.Cmd {
	return i.command(filepath.Join(i.installation.commands, name), args...)
}

func (i *Instance) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Env = append(i.installation.environment(), "MAIL_CONFIG="+i.ConfigDir())
	return cmd
}

// Sendmail gives the command that submits a message by sendmail(1); the message
// is its standard input.
func (i *Instance) Sendmail(args ...string) *exec.Cmd {
	return i.Command("sendmail", append([]string{"-C", i.ConfigDir()}, args...)...)
}

// Maildrop gives the names of the messages that sendmail(1) has left and pickup
// has not taken.
func (i *Instance) Maildrop() ([]string, error) {
	files, err := os.ReadDir(filepath.Join(i.QueueDir(), "maildrop"))
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names, err
}

// Stop ends all processes of the instance and removes a temporary folder. It
// may be called twice.
func (i *Instance) Stop() error {
	if i.master != nil {
		i.master.Stop()
	}
	if i.temporary {
		return os.RemoveAll(i.Dir)
	}
	return nil
}

// SendmailLine gives Sendmail as a line for a shell.
func (i *Instance) SendmailLine(args ...string) string {
	cmd := i.Sendmail(args...)
	line := strings.Join(cmd.Args, " ")
	if i.installation.libraries != "" {
		line = "LD_LIBRARY_PATH=" + i.installation.libraries + " " + line
	}
	return line
}

// Version is Postfix's own, as "3.7.11".
func (i *Instance) Version() string { return i.installation.Version }

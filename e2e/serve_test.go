//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// Program builds the binary once, into a folder that TestMain removes.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "postern")
	args := append(append([]string{"build"}, raceFlag...), "-o", path, "../cmd/postern")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// Served is Postfix with a running `postern serve`.
type served struct {
	*postfix
	program *mta.Process
	dir     string
	log     string
}

// Policy refuses cards to people outside, and marks everything with a version.
const policy = `policy: Version %[1]d
mode: enable
rules:
  - rule: Cards
    conditions:
      accessScope: notInOrganization
      contentContainsSensitiveInformation: [{type: Credit card number}]
    actions: {blockAccess: all, blockResponse: rejectAll, notifyPolicyTipCustomText: "No cards."}
  - rule: Mark
    actions: {setHeader: {X-Version: "%[1]d"}}
    conditions: {messageSizeOver: 1B}
`

const configuration = `listen: {milter: "unix:%s", group: %s}
trust: {authenticated: true, listeners: [SUBMISSION]}
organization: {acceptedDomains: [example.com]}
policies: [policies/*.yaml]
store: {path: store}
`

// StartServed runs Postfix and the program until the end of the test.
func startServed(t *testing.T) *served {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{postfix: startPostfix(t, mta.Options{Milter: mta.Socket}, false), dir: t.TempDir()}
	s.listener = mta.Submission
	for _, d := range []string{"policies", "store"} {
		if err := os.Mkdir(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, "postern.yaml", fmt.Sprintf(configuration, s.SocketPath(), s.Group()))
	s.write(t, "policies/cards.yaml", fmt.Sprintf(policy, 1))

	s.log = filepath.Join(s.dir, "log")
	out, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(bin, "serve", "--config", filepath.Join(s.dir, "postern.yaml"))
	cmd.Stdout, cmd.Stderr = out, out
	if s.program, err = mta.Bind(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.program.Stop()
		if t.Failed() {
			text, _ := os.ReadFile(s.log)
			t.Logf("log of postern, its end:\n%s", tail(string(text), 15))
		}
	})
	// The socket is there sooner than Postfix may open it.
	s.until(t, "postern serves", func() bool {
		text, err := os.ReadFile(s.log)
		return err == nil && strings.Contains(string(text), `"event":"serving"`)
	})
	return s
}

func (s *served) write(t *testing.T, name, text string) {
	t.Helper()
	// Whole or not at all, as an editor saves.
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func (s *served) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.program.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Until waits for a condition.
func (s *served) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-s.program.Done():
			if !holds() {
				t.Fatalf("postern ended before %s", what)
			}
			return
		case <-ctx.Done():
			t.Fatalf("it never came that %s", what)
		case <-look.C:
		}
	}
}

// Letter gives a message and the code of the reply it must get.
func letter(n int) (text []byte, code int) {
	body, code := "Good morning.", 250
	if n%5 == 0 {
		body, code = "My credit card 4111 1111 1111 1111, expiration date 04/29.", 550
	}
	return fmt.Appendf(nil, "From: a@example.com\r\nMessage-ID: <load-%d@example.com>\r\nDate: Mon, 02 Nov 2026 09:30:00 +0000\r\nSubject: %d\r\n\r\n%s\r\n", n, n, body), code
}

const loaders = 4

// PutOff is a line of the mail log about a temporary refusal.
var putOff = regexp.MustCompile(`.*reject: .*: 4(51|\.\d+\.\d+) .*`)

// Short sends messages, one a session, until stop is closed; replies other than
// those expected are errors.
func (s *served) short(ctx context.Context, stop <-chan struct{}, sent *atomic.Int64) error {
	errs := make(chan error, loaders)
	for range loaders {
		go func() {
			errs <- func() error {
				for {
					select {
					case <-stop:
						return nil
					default:
					}
					c, err := mta.Dial(ctx, s.Addr(mta.Submission))
					if err != nil {
						return err
					}
					text, want := letter(int(sent.Add(1)))
					r, _, err := c.Send("a@example.com", []string{"b@example.net"}, text)
					if err == nil && r.Code != want {
						err = fmt.Errorf("reply %s, want %d", r, want)
					}
					if err := errors.Join(err, c.Quit()); err != nil {
						return err
					}
				}
			}()
		}()
	}
	var all []error
	for range loaders {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// Reloading under load changes what is done from one message to the next, and no
// client is put off.
func TestReloadUnderLoad(t *testing.T) {
	s := startServed(t)
	start := len(s.Log())
	var sent atomic.Int64
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.short(t.Context(), stop, &sent) }()

	const reloads = 10
	for version := 2; version < 2+reloads; version++ {
		s.write(t, "policies/cards.yaml", fmt.Sprintf(policy, version))
		s.signal(t, syscall.SIGHUP)
		mark := fmt.Sprint(version)
		s.until(t, "version "+mark+" is applied", func() bool {
			for _, m := range s.sink.Messages() {
				if h := m.Header("X-Version"); len(h) == 1 && h[0] == mark {
					return true
				}
			}
			select {
			case err := <-ended:
				t.Fatalf("sending ended: %v", err)
			default:
			}
			return false
		})
	}
	// A set with a mistake is refused as a whole; the old one goes on.
	s.write(t, "policies/cards.yaml", "policy: broken\nmode: enabel\n")
	s.signal(t, syscall.SIGHUP)
	s.until(t, "the mistake is told", func() bool {
		text, _ := os.ReadFile(s.log)
		return strings.Contains(string(text), "enabel")
	})
	before := sent.Load()
	s.until(t, "more is sent", func() bool { return sent.Load() > before+2*loaders })
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	want := 0
	for n := 1; n <= int(sent.Load()); n++ {
		if _, code := letter(n); code == 250 {
			want++
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	if _, err := s.sink.Wait(ctx, want, func(*sink.Message) bool { return true }); err != nil {
		t.Error(err)
	}
	for _, m := range s.sink.Messages() {
		if len(m.Header("X-Version")) != 1 {
			t.Errorf("message %s passed under %q versions", m.ID(), m.Header("X-Version"))
		}
	}
	if line := putOff.FindString(s.Log()[start:]); line != "" {
		t.Errorf("Postfix put somebody off: %s", line)
	}
}

// SIGTERM lets every message in hand finish: sessions that have begun one get its
// verdict, and then the process ends.
func TestTerminateDrains(t *testing.T) {
	s := startServed(t)
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()

	// Sessions at each stage of a transaction: behind MAIL, behind RCPT, in the
	// middle of DATA.
	var sessions []*mta.Client
	const each = 4
	for n := range 3 * each {
		c, err := mta.Dial(ctx, s.Addr(mta.Submission))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		sessions = append(sessions, c)
		for _, command := range []string{"MAIL FROM:<a@example.com>", "RCPT TO:<b@example.net>", "DATA"}[:1+n%3] {
			if r, err := c.Do(command); err != nil || r.Code >= 400 {
				t.Fatalf("%s: %s %v", command, r, err)
			}
		}
		if n%3 == 2 {
			if err := c.Write([]byte("X-Half: sent\r\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.signal(t, syscall.SIGTERM)
	s.until(t, "new connections are refused", func() bool {
		c, err := net.Dial("unix", s.SocketPath())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	for n, c := range sessions {
		for _, command := range []string{"RCPT TO:<b@example.net>", "DATA"}[min(n%3, 2):] {
			if r, err := c.Do(command); err != nil || r.Code >= 400 {
				t.Errorf("session %d, %s after SIGTERM: %s %v", n, command, r, err)
			}
		}
		text, want := letter(n)
		if r, err := c.Content(text); err != nil || r.Code != want {
			t.Errorf("session %d after SIGTERM: %s %v, want %d", n, r, err, want)
		}
		if err := c.Quit(); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-s.program.Done():
		if code := s.program.ExitCode(); code != 0 {
			t.Errorf("exit status %d", code)
		}
	case <-ctx.Done():
		t.Error("the process did not end when its sessions had")
	}
}

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dialog"
	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

func TestMain(m *testing.M) {
	if _, err := mta.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped, all of it:", err)
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

// Folder holds what all tests share.
var folder string

func run(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "postern-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return m.Run()
}

// Refused is the domain whose recipients Postfix refuses.
const refused = "refused.example"

// Idle bounds how long Postfix may work on what it took.
const idle = time.Minute

// Postfix is a private instance with a sink behind it: a mail server that
// dialogs are held with.
type postfix struct {
	*mta.Instance
	sink     *sink.Sink
	seen     int // messages of the sink that Delivered has given
	submits  int // messages handed to sendmail(1)
	listener string
}

// StartPostfix runs an instance until the end of the test. With dsn the sink is
// told of NOTIFY, ORCPT, RET and ENVID, but takes no addresses in UTF-8.
func startPostfix(t *testing.T, opt mta.Options, dsn bool) *postfix {
	t.Helper()
	s, err := sink.Start(sink.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	opt.Sink = s.Addr()
	opt.Refuse = append(opt.Refuse, refused)
	i, err := mta.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log, its end:\n%s", tail(i.Log(), 30))
		}
		if err := i.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &postfix{Instance: i, sink: s, listener: mta.MX}
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Open implements dialog.MTA.
func (p *postfix) Open() (dialog.Session, error) {
	conn, err := net.Dial("tcp", p.Addr(p.listener))
	if err != nil {
		return nil, err
	}
	return dialog.NewClient(conn), nil
}

// Submit implements dialog.MTA.
func (p *postfix) Submit(from string, to []string, data []byte) error {
	cmd := p.Sendmail(append([]string{"-i", "-f", from, "--"}, to...)...)
	cmd.Stdin = bytes.NewReader(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("sendmail: %w: %s", err, out)
	}
	p.submits++
	return nil
}

// Delivered implements dialog.MTA. Mail that the milter deferred stays in the
// maildrop, where it is thrown away so that it meets no later dialog.
func (p *postfix) Delivered() ([]dialog.Delivered, error) {
	ctx, cancel := context.WithTimeout(context.Background(), idle)
	defer cancel()
	if err := p.waitIdle(ctx); err != nil {
		return nil, err
	}
	all := p.sink.Messages()
	var out []dialog.Delivered
	for _, m := range all[p.seen:] {
		out = append(out, dialog.Delivered{From: m.From, To: m.Recipients(), Data: m.Data})
	}
	p.seen = len(all)
	dropped, err := p.Maildrop()
	for _, name := range dropped {
		err = os.Remove(filepath.Join(p.QueueDir(), "maildrop", name))
	}
	return out, err
}

// WaitIdle waits until all that was taken is delivered, bounced, or back in the
// maildrop, and no session with a client is in hand.
func (p *postfix) waitIdle(ctx context.Context) error {
	const quiet = 6 // looks in a row
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	log, count := "", 0
	for count < quiet {
		now := p.Log()
		if now == log && p.picked(now) >= p.submits && p.open(now) == 0 && p.empty("incoming", "active", "deferred") {
			count++
		} else {
			count = 0
		}
		log = now
		select {
		case <-ctx.Done():
			return fmt.Errorf("postfix does not come to rest: %w", ctx.Err())
		case <-look.C:
		}
	}
	return nil
}

var (
	pickup     = regexp.MustCompile(`pickup\[\d+\]: ([0-9A-F]+): uid=`)
	connect    = regexp.MustCompile(`smtpd\[\d+\]: connect from`)
	disconnect = regexp.MustCompile(`smtpd\[\d+\]: disconnect from`)
)

// Picked counts the messages from the maildrop that the milter has decided on: the
// queue manager has them, or they were refused.
func (p *postfix) picked(log string) int {
	n := 0
	for _, m := range pickup.FindAllStringSubmatch(log, -1) {
		if strings.Contains(log, ": "+m[1]+": milter-") || strings.Contains(log, ": "+m[1]+": from=<") {
			n++
		}
	}
	return n
}

// Open counts the sessions that have not ended.
func (p *postfix) open(log string) int {
	return len(connect.FindAllString(log, -1)) - len(disconnect.FindAllString(log, -1))
}

func (p *postfix) empty(queues ...string) bool {
	for _, q := range queues {
		files, err := os.ReadDir(filepath.Join(p.QueueDir(), q))
		if err != nil || len(files) > 0 {
			return false
		}
	}
	return true
}

var _ dialog.MTA = (*postfix)(nil)

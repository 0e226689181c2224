package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// messageTime bounds what becomes of one message.
const messageTime = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Getenv("DEMO_ONCE") == "1"); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, once bool) (err error) {
	rows, err := readRows("examples/demo.yaml")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "postern-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Postfix's users pass through.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	s, err := sink.Start(sink.Options{Dir: filepath.Join(dir, "delivered")})
	if err != nil {
		return err
	}
	defer s.Close()
	i, err := mta.Start(ctx, mta.Options{Dir: filepath.Join(dir, "postfix"), Sink: s.Addr(), Milter: mta.Socket,
		Services: []string{mta.ReinjectService}, Params: []string{"postern_signers = " + mta.SignerSocket}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.Stop()) }()
	signer, err := i.StartSigner(ctx, "example.com")
	if err != nil {
		return err
	}
	defer signer.Stop()
	config, err := configure(dir, i)
	if err != nil {
		return err
	}
	f, err := serve(ctx, dir, config)
	if err != nil {
		return err
	}
	defer f.Stop()
	fmt.Printf("A private Postfix %s and Postern are running below %s.\n\n", i.Version(), dir)

	expected := 0
	for _, r := range rows {
		if err := become(ctx, r, i, f, s, signer); err != nil {
			return fmt.Errorf("%s: %w", r.Message, err)
		}
		for _, m := range []*sink.Message{r.got.delivered, r.got.report} {
			if m != nil {
				expected++
			}
		}
	}
	// A message that was refused and came all the same, late.
	if n := len(s.Messages()); n != expected {
		err = fmt.Errorf("the sink holds %d messages, not %d", n, expected)
	}
	if bad := table(os.Stdout, rows); bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d rows are not as expected", bad, len(rows)))
	}
	if once || ctx.Err() != nil {
		return err
	}
	more(i, dir, config)
	return errors.Join(err, follow(ctx, f))
}

// Become sends one message and waits for what becomes of it.
func become(ctx context.Context, r *row, i *mta.Instance, f *filter, s *sink.Sink, signer *mta.Signer) error {
	ctx, cancel := context.WithTimeout(ctx, messageTime)
	defer cancel()
	before := len(s.Messages())
	if err := r.send(ctx, i, "examples/messages"); err != nil {
		return err
	}
	var err error
	if r.got.record, err = f.record(ctx); err != nil {
		return err
	}
	if !strings.HasPrefix(r.got.reply, "250") {
		return nil
	}
	if r.Release {
		early := len(s.Messages()) - before
		if r.got.released, err = review(ctx, f.dir, f.config, r.got.record.Reference); err != nil {
			return err
		}
		r.got.released.early, r.got.released.signer = early, signer
	}
	due := 1
	if r.Report != nil {
		due++
	}
	all, err := s.Wait(ctx, before+due, func(*sink.Message) bool { return true })
	if err != nil {
		return fmt.Errorf("%w\n%s", err, i.Log())
	}
	for _, m := range all[before : before+due] {
		if r.Report != nil && m.From == "" {
			r.got.report = m
		} else {
			r.got.delivered = m
		}
	}
	return nil
}

// More says how to send more.
func more(i *mta.Instance, dir, config string) {
	host := func(listener string) string { return "smtp://" + i.Addr(listener) }
	fmt.Printf(`
Send more, from this directory and another terminal:

  as one of our own people, by submission:
    curl -sv %s --mail-from anna@example.com --mail-rcpt bob@customer.example --upload-file examples/messages/02-many-cards.eml 2>&1 | grep '^<'
  as a stranger:
    curl -sv %s --mail-from bob@customer.example --mail-rcpt anna@example.com --upload-file examples/messages/10-inbound.eml 2>&1 | grep '^<'
  by sendmail(1), which bounces what is refused:
    %s < examples/messages/02-many-cards.eml
  without sending: what would happen, and why:
    bin/postern explain --config %s --listener SUBMISSION examples/messages/02-many-cards.eml

What is delivered: %s
Postern's log:     %s
Postfix's log:     %s

Ctrl-C ends all and removes the folder.
`, host(mta.Submission), host(mta.MX), i.SendmailLine("-f", "anna@example.com", "bob@customer.example"), config,
		filepath.Join(dir, "delivered"), filepath.Join(dir, "postern.log"), i.LogFile())
}

// Follow prints a line for each further message until the context ends.
func follow(ctx context.Context, f *filter) error {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Println("\nEnding.")
			return nil
		case <-f.Done():
			return errors.New("postern serve ended; its log is above")
		case <-tick.C:
		}
		all, err := f.records()
		if err != nil {
			return err
		}
		for _, r := range all {
			rule := r.by()
			if rule == "" {
				rule = "no rule"
			}
			fmt.Printf("%s  %s → %s  %s by %s\n", r.Reference, r.Sender, strings.Join(r.Recipients, ", "), r.Verdict, rule)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/milter/miltertest"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
)

// Drain says how verdicts are timed while an outbox is drained.
type drain struct {
	notices int           // that wait at the beginning
	lasts   time.Duration // of one phase
	rounds  int           // each of a phase without and one with the notices
	rate    float64       // messages a second
	size    int           // of a message, in octets
}

// Warm is how long a phase runs before its verdicts count.
const warm = 5 * time.Second

// Rise is by how much the 95th percentile may rise.
const rise = 0.10

// Phase is what one phase came to.
type phase struct {
	all, matched []time.Duration // verdicts; the second those with a commit
	sent         float64         // notices a second
	late         time.Duration   // the longest that a message began after its time
}

// RunOutbox measures verdicts without notices in the outbox and with. Messages come
// at times of their own (a Poisson process, the same for both), whether those before
// are answered or not, each on a connection of its own, straight to Postern. What
// Postern sends goes to Postfix, which discards it.
func runOutbox(ctx context.Context, d drain) (met bool, err error) {
	dir, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return false, err
	}
	i, err := mta.Start(ctx, mta.Options{
		Dir: filepath.Join(dir, "postfix"), Services: []string{mta.ReinjectService}, Params: []string{"postern_signers =", "in_flow_delay=0"},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, i.Stop()) }()

	fmt.Printf("Postfix %s, %s, %d processors, %.0f messages of %d KB a second for %s, %d notices in the outbox.\n\n",
		i.Version(), runtime.Version(), runtime.NumCPU(), d.rate, d.size>>10, d.lasts, d.notices)
	fmt.Println("| outbox | verdicts | p50 | p95 | p99 | p95 of those recorded | notices a second | latest start |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	var without, with phase
	for round := range d.rounds {
		for _, notices := range []int{0, d.notices} {
			name := fmt.Sprintf("%d-%d", round, notices)
			p, err := d.phase(ctx, i, filepath.Join(dir, name), notices, uint64(round))
			if err != nil {
				return false, err
			}
			into := &without
			if notices > 0 {
				into = &with
			}
			into.all, into.matched = append(into.all, p.all...), append(into.matched, p.matched...)
			fmt.Printf("| %d | %d | %s | %s | %s | %s | %.1f | %s |\n", notices, len(p.all), at(p.all, .5), at(p.all, .95), at(p.all, .99),
				at(p.matched, .95), p.sent, p.late.Round(time.Microsecond))
		}
	}
	a, b := at(without.all, .95), at(with.all, .95)
	by := float64(b)/float64(a) - 1
	word := "met"
	if met = by < rise; !met {
		word = "MISSED"
	}
	fmt.Printf("\n- p95 of verdicts without notices %s, with %s: %+.1f %%, wanted less than %+.0f %%: %s\n", a, b, by*100, rise*100, word)
	return met, nil
}

// At gives a quantile.
func at(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))].Round(time.Microsecond)
}

// Phase starts Postern with so many notices in its outbox and times verdicts.
func (d drain) phase(ctx context.Context, i *mta.Instance, dir string, notices int, seed uint64) (p phase, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return p, err
	}
	tcp, err := freePort()
	if err != nil {
		return p, err
	}
	watch, err := freePort()
	if err != nil {
		return p, err
	}
	config, err := configure(dir, i, tcp)
	if err != nil {
		return p, err
	}
	if err := drained(config, i.ReinjectPath(), watch); err != nil {
		return p, err
	}
	if err := fill(ctx, filepath.Join(dir, "store"), notices); err != nil {
		return p, err
	}
	log := filepath.Join(dir, "postern.log")
	postern, err := start(log, "bin/postern", "serve", "--config", config)
	if err != nil {
		return p, err
	}
	defer postern.Stop()
	if err := answers(ctx, postern, log, "tcp", tcp); err != nil {
		return p, err
	}
	if _, err := d.load(ctx, tcp, warm, seed+1000); err != nil {
		return p, err
	}
	before, err := delivered(ctx, watch)
	if err != nil {
		return p, err
	}
	begun := time.Now()
	if p, err = d.load(ctx, tcp, d.lasts, seed); err != nil {
		return p, err
	}
	took := time.Since(begun)
	after, err := delivered(ctx, watch)
	if err != nil {
		return p, err
	}
	if p.sent = (after - before) / took.Seconds(); notices > 0 && (p.sent < 1 || after >= float64(notices)) {
		return p, fmt.Errorf("%.0f of %d notices left, %.1f a second: the outbox was not drained all the time", after, notices, p.sent)
	}
	return p, nil
}

// Drained changes a configuration so that mail reaches Postfix and the process can be
// asked what it sent.
func drained(config, reinject, watch string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	relay := regexp.MustCompile(`(?m)^relay: .*$`)
	out := relay.ReplaceAllString(string(text), `relay: {reinject: "unix:`+reinject+`"}`)
	out = strings.Replace(out, "listen: {", "listen: {metrics: \""+watch+"\", ", 1)
	if !strings.Contains(out, watch) || !relay.MatchString(out) {
		return fmt.Errorf("%s cannot be changed for this measurement", config)
	}
	return os.WriteFile(config, []byte(out), 0o644)
}

// Fill puts notices into the outbox of a store that no process serves.
func fill(ctx context.Context, dir string, n int) (err error) {
	s, err := embedded.Open(ctx, embedded.Options{Dir: dir, Alone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := time.Now()
	text := strings.Repeat("The message was held because of the policy of this organisation.\r\n", 40)
	const some = 500
	for from := 0; from < n; from += some {
		c := &quarantine.Commit{}
		for k := from; k < min(from+some, n); k++ {
			id := fmt.Sprintf("notice-%d", k)
			c.Blobs = append(c.Blobs, quarantine.Blob{ID: id, Data: fmt.Appendf(nil,
				"From: mail-policy@example.com\r\nTo: anna@example.com\r\nSubject: Notice %d\r\nMessage-ID: <%s@example.com>\r\nAuto-Submitted: auto-replied\r\n\r\n%s", k, id, text)})
			c.Entries = append(c.Entries, quarantine.Entry{
				ID: id, Kind: quarantine.EntryNotice, Blob: id, Marked: true, Created: now, Expires: now.Add(24 * time.Hour),
				Recipients: []quarantine.EntryRecipient{{Address: "anna@example.com", Args: []string{"NOTIFY=NEVER"}}},
			})
		}
		if err := s.Commit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Delivered asks how many notices were sent.
func delivered(ctx context.Context, addr string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if n, ok := strings.CutPrefix(line, `postern_outbox_attempts_total{kind="notice",result="delivered"} `); ok {
			return strconv.ParseFloat(strings.TrimSpace(n), 64)
		}
	}
	return 0, nil
}

// Load sends messages for a time and gives how long their verdicts took.
func (d drain) load(ctx context.Context, addr string, lasts time.Duration, seed uint64) (p phase, err error) {
	mails := benchmail.Messages(d.size)
	gaps := rand.New(rand.NewPCG(seed, uint64(d.size)))
	var mu sync.Mutex
	var wg sync.WaitGroup
	begun := time.Now()
	due := time.Duration(0)
	for k := 0; ; k++ {
		if due += time.Duration(gaps.ExpFloat64() / d.rate * float64(time.Second)); due >= lasts {
			break
		}
		wait := time.NewTimer(due - time.Since(begun))
		select {
		case <-ctx.Done():
			wait.Stop()
			wg.Wait()
			return p, ctx.Err()
		case <-wait.C:
		}
		late := time.Since(begun) - due
		wg.Go(func() {
			took, bad := verdict(addr, mails[k%len(mails)])
			mu.Lock()
			defer mu.Unlock()
			p.late = max(p.late, late)
			if bad != nil {
				err = errors.Join(err, fmt.Errorf("message %d: %w", k, bad))
				return
			}
			p.all = append(p.all, took)
			if k%len(mails) == 0 {
				p.matched = append(p.matched, took)
			}
		})
	}
	wg.Wait()
	return p, err
}

// Verdict shows a message to a filter as the MTA does, on a connection of its own,
// and gives the time from the end of the message to the verdict.
func verdict(addr string, mail []byte) (took time.Duration, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close() // Quit has closed it where all was well
	c := miltertest.New(conn)
	c.Timeout = time.Minute
	head, body, _ := bytes.Cut(mail, []byte("\r\n\r\n"))
	// What fails makes all that follows fail, and the last call says so.
	_ = c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol)
	_ = c.Macros('C', "j", "mail.example.com", "{daemon_name}", "postern-tcp", "{client_addr}", "192.0.2.1")
	_, _ = c.Connect("client.example.com", netip.MustParseAddrPort("192.0.2.1:4711"))
	_, _ = c.Helo("client.example.com")
	_ = c.Macros('M', "{mail_addr}", "anna@example.com")
	_, _ = c.Mail("<anna@example.com>")
	_ = c.Macros('R', "{rcpt_addr}", "bob@customer.example")
	_, _ = c.Rcpt("<bob@customer.example>")
	_, _ = c.Data()
	for field := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		_, _ = c.Header(name, value)
	}
	_, _ = c.EndOfHeader()
	_, _ = c.Body(body)
	if err := c.Macros('E', "i", "4Bench"); err != nil {
		return 0, err
	}
	if err := c.Flush(); err != nil {
		return 0, err
	}
	begun := time.Now()
	r, err := c.EndOfMessage()
	if err != nil {
		return 0, err
	}
	took = time.Since(begun)
	if r.Verdict.Command != 'c' {
		return 0, fmt.Errorf("the verdict is %q %q", r.Verdict.Command, r.Verdict.Payload)
	}
	return took, c.Quit()
}

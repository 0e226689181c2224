//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mta"
)

// faulty builds the binary that acts at named points.
var faulty = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "postern-faults")
	if out, err := exec.Command("go", "build", "-tags", "faults", "-o", path, "../cmd/postern").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// plainProgram builds the binary as it is shipped.
var plainProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "postern-plain")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/postern").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// The kinds of letters that the driver sends, each with recipients and a sender of
// its own, told apart by their number.
var letterKinds = []string{"plain", "hold", "block", "mark", "divert", "drop", "untellable", "forget"}

// sentLetter is a letter of the driver.
type sentLetter struct {
	mail
	number  int
	kind    string
	taken   bool // the client got 250
	decided bool // a reviewer has looked at it
}

func (l *sentLetter) sender() string  { return fmt.Sprintf("sender-%d@example.com", l.number) }
func (l *sentLetter) inside() string  { return fmt.Sprintf("carl-%d@example.com", l.number) }
func (l *sentLetter) outside() string { return fmt.Sprintf("bob-%d@partner.example", l.number) }

func newLetter(n int) *sentLetter {
	l := &sentLetter{number: n, kind: letterKinds[n%len(letterKinds)]}
	l.from, l.id, l.subject = l.sender(), fmt.Sprintf("letter-%d@client.example", n), fmt.Sprint(l.kind, " ", n)
	switch l.kind {
	case "plain":
		l.to = []string{l.inside()}
	case "hold":
		l.to = []string{l.outside()}
	case "mark", "divert":
		l.to = []string{l.inside(), fmt.Sprintf("dora-%d@example.com", n), l.outside()}
	case "forget":
		l.subject = fmt.Sprint("drop ", n)
		l.to = []string{l.outside()}
	case "untellable":
		l.subject = fmt.Sprint("block ", n)
		l.listener, l.client = mta.MX, "192.0.2.9"
		fallthrough
	default:
		l.to = []string{l.inside(), l.outside()}
	}
	return l
}

// patience is how long the MTA waits for the program.
const patience = time.Second

// driver sends letters as MTAs do, again until a 250, to a program that is
// killed, stopped or fails again and again.
type driver struct {
	*holding
	t       *testing.T
	letters []*sentLetter
	// perRound is how many letters are new in a round.
	perRound int
	rounds   int
	// cut are the attempts of the outbox, by entry, that were begun and had no recorded
	// end when their program ended: only these may have come and come again.
	cut map[string][]int
}

func startDriver(t *testing.T) *driver {
	t.Helper()
	d := &driver{
		holding: startHolding(t, holdingOptions{policy: outcomePolicy, content: patience, keys: "alerts: {fold: 0s}\n",
			params: []string{"milter_command_timeout = 1s", "milter_connect_timeout = 1s"}}),
		t: t, perRound: len(letterKinds), cut: map[string][]int{},
	}
	return d
}

// round runs the program once with the environment and below the command, and
// tells whether it was ended by something else than this driver, and whether it was
// stopped and went on.
func (d *driver) round(bin string, env []string, command ...string) (died, stopped bool) {
	d.t.Helper()
	d.passTime()
	sends := make(chan struct{})
	stopWatch := make(chan struct{})
	watched := make(chan struct{})
	d.launch(bin, env, command...)
	go func() {
		defer close(watched)
		stopped = d.resume(sends, stopWatch)
	}()
	up := d.answers()
	if up {
		d.attempt()
	}
	close(sends)
	d.decide()
	if up {
		d.settle()
	}
	select {
	case <-d.program.Done():
		died = true
	default:
	}
	close(stopWatch)
	<-watched
	d.end()
	d.rounds++
	d.doubt()
	return died, stopped
}

// doubt notes which attempts of the outbox the end of the program has cut off.
func (d *driver) doubt() {
	if _, err := os.Stat(filepath.Join(d.dir, "store", "store.db")); err != nil {
		return
	}
	db := d.database()
	defer db.Close()
	rows, err := db.Query("SELECT id, attempt FROM entry WHERE done = 0 AND leased > 0")
	if err != nil {
		return // a database that is not laid yet has no such table
	}
	defer rows.Close()
	for rows.Next() {
		var (
			entry   string
			attempt int
		)
		if err := rows.Scan(&entry, &attempt); err != nil {
			d.t.Fatal(err)
		}
		d.cut[entry] = append(d.cut[entry], attempt)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
}

// launch starts the program without waiting for it.
func (d *driver) launch(bin string, env []string, command ...string) {
	out, err := os.OpenFile(d.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	line := append(slices.Clone(command), bin, "serve", "--config", d.config(), "--drain", "2s")
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if d.program, err = mta.Bind(cmd); err != nil {
		d.t.Fatal(err)
	}
}

// answers waits until the program takes connections, or has ended.
func (d *driver) answers() bool {
	wait := time.NewTicker(5 * time.Millisecond)
	defer wait.Stop()
	ctx, cancel := context.WithTimeout(d.t.Context(), idle)
	defer cancel()
	for {
		if c, err := net.Dial("unix", d.SocketPath()); err == nil {
			c.Close()
			return true
		}
		select {
		case <-d.program.Done():
			return false
		case <-ctx.Done():
			return false
		case <-wait.C:
		}
	}
}

// attempt sends every letter that was not taken yet, and some new ones, once.
func (d *driver) attempt() {
	for range d.perRound {
		d.letters = append(d.letters, newLetter(len(d.letters)))
	}
	d.resend()
}

// resend makes one attempt at each letter that was not taken yet, and tells whether
// all are taken now.
func (d *driver) resend() bool {
	var open []*sentLetter
	for _, l := range d.letters {
		if !l.taken {
			open = append(open, l)
		}
	}
	work := make(chan *sentLetter)
	var hands sync.WaitGroup
	for range loaders {
		hands.Go(func() {
			for l := range work {
				ctx, cancel := context.WithTimeout(d.t.Context(), idle)
				r, err := d.send(ctx, &l.mail)
				cancel()
				if err == nil && r.Code/100 == 5 {
					d.t.Errorf("letter %d: %v", l.number, r)
				}
				l.taken = err == nil && r.Code/100 != 4
			}
		})
	}
	for _, l := range open {
		work <- l
	}
	close(work)
	hands.Wait()
	return !slices.ContainsFunc(open, func(l *sentLetter) bool { return !l.taken })
}

// decide has a reviewer release one held message that its client thinks is taken,
// has another one expire, and has a person forgotten. What becomes of the command is
// not looked at.
func (d *driver) decide() {
	for _, words := range [][]string{{"release"}, {"extend", "--for", "1ms"}} {
		for _, l := range d.letters {
			if !l.taken || l.decided || l.kind != "hold" && l.kind != "untellable" {
				continue
			}
			l.decided = true
			if id := d.itemOf(l); id != "" {
				d.try(d.t, append([]string{"quarantine", words[0], id}, words[1:]...)...)
			}
			break
		}
	}
	for _, l := range d.letters {
		if l.taken && !l.decided && l.kind == "forget" {
			l.decided = true
			d.try(d.t, "privacy", "erase", l.sender())
			break
		}
	}
}

// itemOf gives the identifier of the message held for a letter.
func (d *driver) itemOf(l *sentLetter) (id string) {
	db := d.database()
	defer db.Close()
	_ = db.QueryRow("SELECT item FROM recipient WHERE address = ?", l.outside()).Scan(&id)
	return id
}

// settle waits until the outbox is empty, the program has ended, or nothing moves
// for a while: what cannot be recorded is left for the next round.
func (d *driver) settle() {
	look := time.NewTicker(30 * time.Millisecond)
	defer look.Stop()
	for range 20 {
		if open, err := d.open(); err == nil && open == 0 {
			return
		}
		select {
		case <-d.program.Done():
			return
		case <-look.C:
		}
	}
}

// database opens the store's own database beside whoever has it.
func (d *driver) database() *sql.DB {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "store", "store.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		d.t.Fatal(err)
	}
	return db
}

// open counts what the outbox has not finished.
func (d *driver) open() (n int, err error) {
	db := d.database()
	defer db.Close()
	err = db.QueryRow("SELECT count(*) FROM entry WHERE done = 0").Scan(&n)
	return n, err
}

// passTime is what happens while nobody runs: the leases of a dead process and the
// pauses between attempts pass.
func (d *driver) passTime() {
	if _, err := os.Stat(filepath.Join(d.dir, "store", "store.db")); err != nil {
		return
	}
	db := d.database()
	defer db.Close()
	// A database that is not laid yet has no such table.
	_, _ = db.Exec("UPDATE entry SET leased = 0, not_before = 0 WHERE done = 0")
}

// resume lets a program that has stopped itself go on, once every client in hand has
// been answered without it. It tells whether one has.
func (d *driver) resume(sends, end <-chan struct{}) (stopped bool) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-end:
			return stopped
		case <-d.program.Done():
			return stopped
		case <-look.C:
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.program.PID()))
		if err != nil {
			continue
		}
		text := string(stat)
		if state := text[strings.LastIndexByte(text, ')')+1:]; !strings.HasPrefix(strings.TrimSpace(state), "T") {
			continue
		}
		stopped = true
		select {
		case <-sends:
		case <-time.After(2 * patience):
		case <-end:
		}
		_ = d.program.Signal(syscall.SIGCONT)
	}
}

// shut takes the listener for re-injection away until open is called.
func (d *driver) shut() (open func()) {
	away := d.ReinjectPath() + ".away"
	if err := os.Rename(d.ReinjectPath(), away); err != nil {
		d.t.Fatal(err)
	}
	return func() {
		if err := os.Rename(away, d.ReinjectPath()); err != nil {
			d.t.Fatal(err)
		}
	}
}

// finish has everything taken, sent and recorded, by a program that nothing ails.
func (d *driver) finish(bin string) {
	d.t.Helper()
	d.passTime()
	if !d.serve(d.t, bin, nil) {
		d.t.Fatal("postern serve ended")
	}
	d.until(d.t, "every letter is taken", d.resend)
	d.rest(d.t)
	d.end()
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
	"github.com/postern-mail/postern/strictyaml"
)

// deskRequest is what a command asks of a desk.
type deskRequest struct {
	Do string `json:"do"`
	// By is the login of who asks.
	By   string `json:"by"`
	Item string `json:"item,omitempty"`
	Why  string `json:"why,omitempty"`

	To           []string  `json:"to,omitempty"`
	Redirect     []string  `json:"redirect,omitempty"`
	WithoutEdits bool      `json:"withoutEdits,omitempty"`
	Until        time.Time `json:"until,omitzero"`
	Hold         bool      `json:"hold,omitempty"` // for legalHold: set, not lifted

	Filter quarantine.Filter `json:"filter,omitzero"`

	Records *recordsQuery `json:"records,omitempty"`
	Heads   []string      `json:"heads,omitempty"`
	Person  string        `json:"person,omitempty"`
	Alert   *alertRequest `json:"alert,omitempty"`
}

// deskReply is a desk's answer.
type deskReply struct {
	// Error says why nothing was done; No that it was a plain no, as to a decision
	// that somebody else has taken.
	Error string `json:"error,omitempty"`
	No    bool   `json:"no,omitempty"`

	Items    []itemJSON      `json:"items,omitempty"`
	Alerts   []alertJSON     `json:"alerts,omitempty"`
	Next     string          `json:"next,omitempty"`
	Problems []storeProblem  `json:"problems,omitempty"`
	Status   *statusJSON     `json:"status,omitempty"`
	Explain  json.RawMessage `json:"explain,omitempty"`
	Verify   *verifyJSON     `json:"verify,omitempty"`
	Counts   []audit.Count   `json:"counts,omitempty"`
	Mentions []mentionJSON   `json:"mentions,omitempty"`
	Erased   *erasedJSON     `json:"erased,omitempty"`
	// After is the number of the record behind which the next page begins; 0 when this
	// was the last.
	After int64 `json:"after,omitempty"`
	// Octets is the length of the message or the page that follows the line of the reply.
	Octets int64 `json:"octets,omitempty"`
	// Aside is where a reindex has put a database that cannot be read.
	Aside string `json:"aside,omitempty"`
}

// storeProblem is something that a check of the store has found.
type storeProblem struct {
	Blob  string `json:"blob"`
	Item  string `json:"item"`
	Entry string `json:"entry"`
	What  string `json:"what"`
	// Orphan is set for what a crash leaves and a sweep deletes: nothing is lost.
	Orphan bool `json:"orphan"`
}

// do does what a command asks. The content is that of an export.
func (d *desk) do(ctx context.Context, r *deskRequest) (reply deskReply, content []byte) {
	var err error
	one := func(i *quarantine.Item, e error) {
		if err = e; err == nil {
			reply.Items = []itemJSON{heldJSON(i)}
		}
	}
	switch r.Do {
	case "list":
		err = d.list(ctx, r, &reply)
	case "show":
		one(d.find(ctx, r.Item))
	case "release":
		var how actions.Release
		if how, err = r.how(); err == nil {
			one(d.release(ctx, r.Item, how, r.Why))
		}
	case "delete":
		one(d.remove(ctx, r.Item, r.Why))
	case "extend":
		one(d.extend(ctx, r.Item, r.Until, r.Why))
	case "legalHold":
		one(d.legalHold(ctx, r.Item, r.Hold, r.Why))
	case "export":
		var i *quarantine.Item
		if i, content, err = d.export(ctx, r.Item); err == nil {
			one(i, nil)
			reply.Octets = int64(len(content))
		}
	case "check":
		err = d.check(ctx, &reply)
	case "reindex":
		err = d.reindex(ctx, &reply)
	case "status":
		if reply.Status, err = d.status(ctx); err == nil && d.running != nil {
			reply.Status.Exports = d.running.exportStates()
		}
	case "explain":
		reply.Explain, err = d.decision(ctx, r.Item)
	case "verify":
		reply.Verify, err = d.verify(ctx, r.Heads)
	case "findPerson":
		reply.Mentions, err = d.findPerson(ctx, r.Person)
	case "erasePerson":
		reply.Erased, err = d.erasePerson(ctx, r.Person)
	case "records", "report", "incidents", "overrides":
		content, err = d.read(ctx, r, &reply)
	case "alertShow":
		reply.Alerts, err = d.showAlert(ctx, r.Item)
	case "alertList", "alertSet":
		switch {
		case r.Alert == nil:
			err = errors.New("the request lacks what it is about")
		case r.Do == "alertList":
			err = d.listAlerts(ctx, r.Alert, &reply)
		default:
			reply.Alerts, err = d.setAlert(ctx, r.Item, r.Alert, r.Why)
		}
	default:
		err = fmt.Errorf("the running process knows no command %q", clip(r.Do, 50))
	}
	if err != nil {
		return deskReply{Error: err.Error(), No: isNo(err)}, nil
	}
	return reply, content
}

// read does what only reads records.
func (d *desk) read(ctx context.Context, r *deskRequest, reply *deskReply) (content []byte, err error) {
	q := r.Records
	if q == nil {
		q = &recordsQuery{}
	}
	switch r.Do {
	case "report":
		reply.Counts, err = d.report(ctx, q)
	case "records":
		content, err = d.records(ctx, q, reply)
	default:
		content, err = d.told(ctx, r.Do, q, reply)
	}
	reply.Octets = int64(len(content))
	return content, err
}

// isNo tells errors that are an answer from those that kept a command from
// running.
func isNo(err error) bool {
	var name unknown
	if errors.As(err, &name) {
		return true
	}
	for _, no := range []error{actions.ErrNotRecipient, actions.ErrNotEdited, quarantine.ErrConflict, quarantine.ErrNotFound, quarantine.ErrUnconfirmed, quarantine.ErrLegalHold} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

func (r *deskRequest) how() (actions.Release, error) {
	how := actions.Release{WithoutEdits: r.WithoutEdits}
	for _, list := range []struct {
		flag string
		from []string
		into *[]message.Path
	}{{"--to", r.To, &how.To}, {"--redirect", r.Redirect, &how.Redirect}} {
		for _, text := range list.from {
			p, err := message.ParsePath(text)
			if err != nil || p.IsNull() || p.Domain() == "" {
				return how, fmt.Errorf("%s: %q is no address", list.flag, clip(text, 80))
			}
			*list.into = append(*list.into, p)
		}
	}
	return how, nil
}

// askDesk has a desk do something: that of the running process, or, when none
// runs, one of its own over the store.
func askDesk(ctx context.Context, file, store string, r *deskRequest) (deskReply, []byte, error) {
	r.By = login()
	path, err := filepath.Abs(file)
	if err != nil {
		return deskReply{}, nil, err
	}
	data, err := readBounded(path)
	if err != nil {
		return deskReply{}, nil, err
	}
	c, problems := readConfig(path, data)
	o, err := newOverrides(nil, store)
	if err != nil {
		return deskReply{}, nil, err
	}
	o.apply(&c.process)
	if _, err := os.Stat(c.process.store); err != nil {
		return deskReply{}, nil, plainError(err)
	}
	// A process that is about to start or to end answers at one of the attempts.
	for attempt := 0; ; attempt++ {
		reply, content, err := askRunning(c.process.store, r)
		if err == nil || !errors.Is(err, errNotRunning) {
			return reply, content, err
		}
		// To a reindex the message that another command is about to store would look
		// like a lost one.
		v, aside, err := openDesk(ctx, c.process, r.Do == "reindex")
		if errors.Is(err, errStoreBusy) && attempt < 2 {
			continue
		}
		if err != nil {
			return deskReply{}, nil, err
		}
		defer v.Close()
		if strictyaml.Errors(problems) {
			return deskReply{}, nil, fmt.Errorf("%s has mistakes: %s", path, summary(problems))
		}
		d, err := newDesk(ctx, v, path, c, r)
		if err != nil {
			return deskReply{}, nil, err
		}
		reply, content = d.do(ctx, r)
		reply.Aside = aside
		return reply, content, nil
	}
}

// openDesk opens a store that no process serves. A database that cannot be read is
// put aside for a reindex, which makes a new one of the messages.
func openDesk(ctx context.Context, p process, reindex bool) (v *vault, aside string, err error) {
	v, err = openVault(ctx, p, reindex)
	if !reindex || !errors.Is(err, quarantine.ErrCorrupt) {
		return v, "", err
	}
	lock, err := lockStore(ctx, p.store, true)
	if err != nil {
		return nil, "", err
	}
	aside, err = embedded.SetAside(p.store, time.Now())
	if err := errors.Join(err, lock.Close()); err != nil {
		return nil, "", err
	}
	v, err = openVault(ctx, p, true)
	return v, aside, err
}

// newDesk makes a desk where no process runs. Only a release, and a list of alerts of
// a user, ask about people.
func newDesk(ctx context.Context, v *vault, file string, c *config, r *deskRequest) (*desk, error) {
	d := &desk{vault: v, by: r.By, mute: c.process.relay.address == "", zone: c.zone, senders: c.senders}
	w := &world{config: c}
	if r.Do == "release" || r.Alert != nil && r.Alert.User != "" {
		loaded, _, problems, err := loadSettled(ctx, file, classify.Builtin(), anyPolicy)
		if err != nil {
			return nil, err
		}
		if loaded == nil {
			return nil, fmt.Errorf("the configuration has mistakes: %s", summary(problems))
		}
		w = loaded
	}
	if r.Do == "release" || r.Do == "delete" {
		var err error
		if w.notices, err = newNotices(w.config, v.install); err != nil {
			return nil, err
		}
	}
	d.effects = w.live(v, nil)
	return d, nil
}

// answerDesk answers a command over the control socket.
func (s *service) answerDesk(ctx context.Context, w io.Writer, r *deskRequest) error {
	live := s.gate.live.Load()
	d := &desk{
		vault: s.vault, effects: live.effects, by: r.By, running: s, mute: s.process.relay.address == "",
		zone: live.config.zone, senders: live.config.senders,
	}
	if strings.TrimSpace(d.by) == "" {
		d.by = "unknown"
	}
	reply, content := d.do(ctx, r)
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		return err
	}
	if len(content) == 0 {
		return nil // a command that has its answer may be gone
	}
	_, err := w.Write(content)
	return err
}

// login is who runs a command: the login that the session began with, also behind
// su and sudo, where the system keeps it.
func login() string {
	if data, err := os.ReadFile("/proc/self/loginuid"); err == nil {
		id := strings.TrimSpace(string(data))
		if n, err := strconv.ParseUint(id, 10, 32); err == nil && n != 1<<32-1 {
			if u, err := user.LookupId(id); err == nil {
				return u.Username
			}
			return "uid " + id
		}
	}
	if name := os.Getenv("SUDO_USER"); name != "" && os.Geteuid() == 0 {
		return clip(name, 64)
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}

// runDesk runs a command at a desk and prints its answer; a no ends with exit
// status 1.
func runDesk(cmd *cobra.Command, file, store string, r *deskRequest, asJSON bool, show func(*output, deskReply, []byte) error) error {
	reply, content, err := askDesk(cmd.Context(), file, store, r)
	switch {
	case err != nil:
		return err
	case reply.No:
		fmt.Fprintln(cmd.ErrOrStderr(), "postern: "+reply.Error)
		return errNo
	case reply.Error != "":
		return errors.New(reply.Error)
	}
	out := newOutput(cmd.OutOrStdout(), asJSON)
	if err := show(out, reply, content); err != nil {
		return errors.Join(err, out.flush())
	}
	return out.flush()
}

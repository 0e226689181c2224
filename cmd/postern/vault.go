package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
)

// Files of the store beside those of the embedded store.
const (
	lockName    = "lock"    // locked by whoever uses the store
	installName = "install" // who this installation is
)

// vault is an open store with what belongs to it.
type vault struct {
	quarantine.Store
	dir     string
	install install
	lock    *os.File
}

// install is who an installation is: what its notices are marked with.
type install struct {
	ID  string `json:"id"`
	Key []byte `json:"key"`
}

// errStoreBusy says that another process has the store for itself.
var errStoreBusy = errors.New("another postern uses the store")

// lockWait is how long opening waits for a process that is about to end.
const lockWait = 5 * time.Second

// openVault opens the store of a process. Alone is for serve: no other process
// may use the store then. Commands may share it among themselves.
func openVault(ctx context.Context, p process, alone bool) (_ *vault, err error) {
	if err := os.MkdirAll(p.store, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := rightUser(p.store); err != nil {
		return nil, err
	}
	v := &vault{dir: p.store}
	if v.lock, err = lockStore(ctx, p.store, alone); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			v.lock.Close()
		}
	}()
	if v.install, err = readInstall(p.store); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if v.Store, err = embedded.Open(ctx, embedded.Options{Dir: p.store, Quota: p.quota, Alone: alone, Privacy: recordPrivacy}); err != nil {
		return nil, err
	}
	return v, nil
}

// Close implements [quarantine.Store].
func (v *vault) Close() error { return errors.Join(v.Store.Close(), v.lock.Close()) }

// rightUser keeps root from leaving files in a store that the service's user
// could not read.
func rightUser(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return plainError(err)
	}
	owner := st.Sys().(*syscall.Stat_t).Uid
	if os.Geteuid() != 0 || owner == 0 {
		return nil
	}
	name := strconv.FormatUint(uint64(owner), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return fmt.Errorf("the store %s belongs to %s: run the command as that user, as in `sudo -u %s postern …`", dir, name, name)
}

// lockStore takes the lock of a store, and waits a little for one who is about to
// give it back.
func lockStore(ctx context.Context, dir string, alone bool) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, plainError(err)
	}
	how := unix.LOCK_SH
	if alone {
		how = unix.LOCK_EX
	}
	try := time.NewTicker(50 * time.Millisecond)
	defer try.Stop()
	for deadline := time.Now().Add(lockWait); ; {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		busy := errors.Is(err, unix.EWOULDBLOCK)
		if !busy || time.Now().After(deadline) || answers(dir) {
			f.Close()
			if busy {
				err = errStoreBusy
			}
			return nil, fmt.Errorf("store %s: %w", dir, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-try.C:
		}
	}
}

// answers tells whether a running process serves commands on a store.
func answers(dir string) bool {
	conn, err := dialControl(dir)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// readInstall reads who this installation is, and makes it up at the first time.
func readInstall(dir string) (install, error) {
	var in install
	path := filepath.Join(dir, installName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		in = install{ID: newID(), Key: make([]byte, 32)}
		rand.Read(in.Key) // never fails (crypto/rand)
		if data, err = json.Marshal(in); err != nil {
			return in, err
		}
		if err := writeOnce(path, data); err != nil && !errors.Is(err, fs.ErrExist) {
			return in, err
		}
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return in, plainError(err)
	}
	if err := json.Unmarshal(data, &in); err != nil || in.ID == "" || len(in.Key) < 16 {
		return in, fmt.Errorf("%s cannot be read: restore it from a backup, or take it away: notices sent before are then not known for ours", path)
	}
	return in, nil
}

// writeOnce makes a file with its whole content, durably, unless it is there.
func writeOnce(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// newID gives an identifier that is never repeated: milliseconds, then 80 random
// bits, in the alphabet of references.
func newID() string {
	var b [16]byte
	rand.Read(b[6:])
	ms := uint64(time.Now().UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (8 * (5 - i)))
	}
	out := make([]byte, 0, 26)
	var bits, n uint
	for _, c := range b {
		bits, n = bits<<8|uint(c), n+8
		for n >= 5 {
			n -= 5
			out = append(out, referenceAlphabet[bits>>n&31])
		}
	}
	return string(append(out, referenceAlphabet[bits<<(5-n)&31]))
}

// newReference gives the reference of a message.
func newReference() string {
	var b [6]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = referenceAlphabet[b[i]&31]
	}
	return "P-" + string(b[:])
}

// newAlertID gives the name of an alert: 40 random bits, for people to type.
func newAlertID() string {
	var b [8]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = referenceAlphabet[b[i]&31]
	}
	return "A-" + string(b[:])
}

// record appends records.
func (v *vault) record(ctx context.Context, recs ...audit.Record) error {
	rows, err := auditRows(recs...)
	if err != nil {
		return err
	}
	return v.Append(ctx, rows...)
}

// auditRows gives records the form in which they are kept.
func auditRows(recs ...audit.Record) ([]quarantine.Record, error) {
	rows := make([]quarantine.Record, 0, len(recs))
	for _, r := range recs {
		row, err := auditRow(r)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// auditRow gives a record the form in which it is kept.
func auditRow(r audit.Record) (quarantine.Record, error) {
	line, err := audit.Marshal(r)
	return quarantine.Record{Time: r.CreationTime, Reference: r.Reference, QueueID: r.QueueID, Operation: string(r.Operation), Data: line}, err
}

// read gives the octets of a blob.
func (v *vault) read(ctx context.Context, blob string) (_ []byte, err error) {
	r, err := v.Open(ctx, blob)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}

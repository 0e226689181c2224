package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// maxGroup bounds the requests of one transaction.
const maxGroup = 256

// checkpointAt is the length of the log, in octets, at which it is brought into
// the database.
const checkpointAt = 4 << 20

// request is one change that waits for the writer.
type request struct {
	ctx  context.Context
	do   func(*transactor) error
	done chan error
}

// change has the writer run do in a transaction, and returns when it is durable.
// The transaction is shared; do alone is undone when it gives an error.
func (s *Store) change(ctx context.Context, do func(*transactor) error) error {
	if err := s.poisoned(); err != nil {
		return err
	}
	r := &request{ctx: ctx, do: do, done: make(chan error, 1)}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-r.done
}

// writer runs all transactions until the store is closed.
func (s *Store) writer(t *transactor) {
	defer close(s.stopped)
	defer t.close()
	group := make([]*request, 0, maxGroup)
	for {
		select {
		case <-s.stop:
			if s.poisoned() == nil {
				_ = t.checkpoint("TRUNCATE")
			}
			return
		case r := <-s.requests:
			group = append(group[:0], r)
		}
		for more := true; more && len(group) < maxGroup; {
			select {
			case r := <-s.requests:
				group = append(group, r)
			default:
				more = false
			}
		}
		s.run(t, group)
		s.checkpoint(t)
	}
}

// run carries out a group in one transaction and answers each of its requests.
func (s *Store) run(t *transactor, group []*request) {
	errs := make([]error, len(group))
	err := s.poisoned()
	if err == nil {
		err = s.transaction(t, group, errs)
	}
	for i, r := range group {
		if err != nil && errs[i] == nil {
			errs[i] = err
		}
		r.done <- errs[i]
	}
}

// transaction runs a group; errs takes the errors of single requests. An error
// returned means that nothing of the group was done.
func (s *Store) transaction(t *transactor, group []*request, errs []error) (err error) {
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return s.judge(err)
	}
	defer func() {
		if err != nil {
			_ = t.exec("ROLLBACK")
		}
	}()
	changed := false
	for i, r := range group {
		if errs[i] = r.ctx.Err(); errs[i] != nil {
			continue
		}
		if err := t.exec("SAVEPOINT one"); err != nil {
			return s.judge(err)
		}
		if errs[i] = s.judge(r.do(t)); errs[i] != nil {
			// A full disk can end the whole transaction; this fails then.
			if err := t.exec("ROLLBACK TO one"); err != nil {
				return errs[i]
			}
		} else {
			changed = true
		}
		if err := t.exec("RELEASE one"); err != nil {
			return s.judge(err)
		}
	}
	if !changed {
		return s.judge(t.exec("ROLLBACK"))
	}
	if err := t.exec("UPDATE tally SET sequence = sequence + 1"); err != nil {
		return s.judge(err)
	}
	fault.Point("store.rows.written")
	if err := t.exec("COMMIT"); err != nil {
		if err = s.judge(err); !errors.Is(err, quarantine.ErrFull) {
			err = &doubt{err}
		}
		return err
	}
	fault.Point("store.rows.committed")
	return nil
}

// checkpoint brings the log into the database when it has grown long.
func (s *Store) checkpoint(t *transactor) {
	info, err := os.Stat(s.path + "-wal")
	if err != nil || info.Size() < checkpointAt || s.poisoned() != nil {
		return
	}
	// A full disk leaves the log as it is: it is tried again after the next group.
	_ = s.judge(t.checkpoint("PASSIVE"))
}

// judge turns an error into one of the contract, and ends all writing if a sync
// has failed.
func (s *Store) judge(err error) error {
	if err == nil {
		return nil
	}
	if !syncFailed(err) {
		return translate(err)
	}
	err = fmt.Errorf("%w: %w", quarantine.ErrPoisoned, err)
	s.poison.CompareAndSwap(nil, &err)
	return err
}

func (s *Store) poisoned() error {
	if err := s.poison.Load(); err != nil {
		return *err
	}
	return nil
}

// transactor runs statements on the one connection that writes, and keeps them
// prepared.
type transactor struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	privacy    func(place string) quarantine.Privacy
}

func newTransactor(conn *sql.Conn, privacy func(place string) quarantine.Privacy) *transactor {
	return &transactor{conn: conn, statements: map[string]*sql.Stmt{}, privacy: privacy}
}

func (t *transactor) statement(text string) (*sql.Stmt, error) {
	if st := t.statements[text]; st != nil {
		return st, nil
	}
	st, err := t.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	t.statements[text] = st
	return st, nil
}

func (t *transactor) exec(text string, args ...any) error {
	_, err := t.changed(text, args...)
	return err
}

// changed is exec that gives the number of rows changed.
func (t *transactor) changed(text string, args ...any) (int64, error) {
	st, err := t.statement(text)
	if err != nil {
		return 0, err
	}
	r, err := st.Exec(args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads one row. The error is sql.ErrNoRows when there is none.
func (t *transactor) row(text string, args []any, dest ...any) error {
	st, err := t.statement(text)
	if err != nil {
		return err
	}
	return st.QueryRow(args...).Scan(dest...)
}

// rows calls each for every row.
func (t *transactor) rows(text string, args []any, each func(scan func(...any) error) error) error {
	st, err := t.statement(text)
	if err != nil {
		return err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return err
	}
	return eachRow(rows, each)
}

func eachRow(rows *sql.Rows, each func(scan func(...any) error) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (t *transactor) checkpoint(mode string) error {
	var busy, log, done int
	return t.row("PRAGMA wal_checkpoint("+mode+")", nil, &busy, &log, &done)
}

func (t *transactor) close() {
	for _, st := range t.statements {
		_ = st.Close()
	}
	_ = t.conn.Close()
}

package embedded

import (
	"database/sql"
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/postern-mail/postern/quarantine"
)

// syncFailed tells whether err is of a sync: what was written before it may be
// lost, and a second sync would not say so.
func syncFailed(err error) bool {
	var f *failed
	if errors.As(err, &f) {
		return f.sync
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() {
	case lib.SQLITE_IOERR_FSYNC, lib.SQLITE_IOERR_DIR_FSYNC:
		return true
	}
	return false
}

// translate gives the error of the contract for one of the database or the file
// system, with the original inside.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if noRoom(err) {
		return fmt.Errorf("%w: %w", quarantine.ErrFull, err)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", quarantine.ErrExists, err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", quarantine.ErrFull, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", quarantine.ErrCorrupt, err)
	}
	return err
}

// noRoom tells whether err is of a full disk or a used-up quota of the system.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// doubt wraps the error of a last step that may have been done all the same, as the
// next opening of the database will find.
type doubt struct{ err error }

func (d *doubt) Error() string { return d.err.Error() }
func (d *doubt) Unwrap() error { return d.err }

// inDoubt tells whether rows may be found later in spite of err.
func inDoubt(err error) bool {
	var d *doubt
	return errors.As(err, &d) || errors.Is(err, quarantine.ErrPoisoned)
}

// notFound makes ErrNotFound of a missing row.
func notFound(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, quarantine.ErrNotFound)
	}
	return err
}

// missing makes damage of a file that its row says is there.
func missing(err error) error {
	if errors.Is(err, quarantine.ErrNotFound) {
		return fmt.Errorf("%w: a row without its file: %v", quarantine.ErrCorrupt, err)
	}
	return err
}

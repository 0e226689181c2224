package embedded

import (
	"context"
	"database/sql"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The file sequence stands beside the database and says how far it had come. A
// database that is behind it was restored from an older copy, or made anew; one
// beside which there is none was restored with all that belongs to it. The
// blobs it does not know are messages then, not what a crash has left, and stay
// until Reindex has brought them back; and what it says of items may have been
// overtaken, so that they are recovered, to be confirmed one by one.

func (s *Store) sequencePath() string { return filepath.Join(s.opts.Dir, "sequence") }

// readSequence finds out whether the database was set back.
func (s *Store) readSequence(ctx context.Context, conn *sql.Conn) error {
	var sequence, blobs int64
	if err := conn.QueryRowContext(ctx, "SELECT sequence, blobs FROM tally").Scan(&sequence, &blobs); err != nil {
		return err
	}
	text, err := os.ReadFile(s.sequencePath())
	missing := os.IsNotExist(err)
	if err != nil && !missing {
		return err
	}
	// A file that a crash has left empty says nothing.
	seen, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	back := sequence < seen || missing && sequence > 0
	if sequence == 0 && blobs == 0 {
		files, err := s.blobs.files()
		if err != nil {
			return err
		}
		back = back || len(files) > 0
	}
	if back {
		s.setBack.Store(true)
		if seen != math.MaxInt64 {
			if err := s.distrust(ctx, conn); err != nil {
				return err
			}
		}
		// No database reaches this number: it holds until Reindex, over restarts too.
		if err := s.replaceSequence(math.MaxInt64); err != nil {
			return err
		}
	}
	if missing && !back {
		if err := s.replaceSequence(0); err != nil {
			return err
		}
	}
	// From here on the database is not new any more.
	_, err = conn.ExecContext(ctx, "UPDATE tally SET sequence = 1 WHERE sequence = 0")
	return err
}

// distrust marks the open items of a restored database, and ends entries whose
// octets are gone: those were sent after the copy was made.
func (s *Store) distrust(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "UPDATE item SET recovered = 1 WHERE state IN ('held', 'releasing')"); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, "SELECT DISTINCT blob FROM entry WHERE done = 0")
	if err != nil {
		return err
	}
	var sent []string
	err = eachRow(rows, func(scan func(...any) error) error {
		var blob string
		if err := scan(&blob); err != nil {
			return err
		}
		_, err := os.Lstat(s.blobs.path(blob))
		if os.IsNotExist(err) {
			sent, err = append(sent, blob), nil
		}
		return err
	})
	for _, blob := range sent {
		if err == nil {
			_, err = conn.ExecContext(ctx, "UPDATE entry SET done = max(created, not_before) WHERE blob = ? AND done = 0", blob)
		}
		if err == nil {
			_, err = conn.ExecContext(ctx, "DELETE FROM blob WHERE id = ? AND NOT EXISTS (SELECT 1 FROM item WHERE item.blob = blob.id)", blob)
		}
	}
	return err
}

// writeSequence notes how far the database has come.
func (s *Store) writeSequence(ctx context.Context) error {
	if s.setBack.Load() {
		return nil
	}
	var sequence int64
	if err := s.read.QueryRowContext(ctx, "SELECT sequence FROM tally").Scan(&sequence); err != nil {
		return translate(err)
	}
	return s.replaceSequence(sequence)
}

func (s *Store) replaceSequence(n int64) error {
	tmp := s.sequencePath() + temporary
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return translate(err)
	}
	_, err = f.WriteString(strconv.FormatInt(n, 10) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(tmp, s.sequencePath())
	}
	if err == nil {
		err = (disk{}).SyncDir(s.opts.Dir)
	}
	return translate(err)
}

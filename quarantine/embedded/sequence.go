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
// database that is behind it was restored from an older copy, or made anew: the
// blobs it does not know are messages then, not what a crash has left, and stay
// until Reindex has brought them back.

func (s *Store) sequencePath() string { return filepath.Join(s.opts.Dir, "sequence") }

// readSequence finds out whether the database was set back.
func (s *Store) readSequence(ctx context.Context, conn *sql.Conn) error {
	var sequence, blobs int64
	if err := conn.QueryRowContext(ctx, "SELECT sequence, blobs FROM tally").Scan(&sequence, &blobs); err != nil {
		return err
	}
	text, err := os.ReadFile(s.sequencePath())
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	// A file that a crash has left empty says nothing.
	seen, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	back := sequence < seen
	if sequence == 0 && blobs == 0 {
		files, err := s.blobs.files()
		if err != nil {
			return err
		}
		back = back || len(files) > 0
	}
	if back {
		s.setBack.Store(true)
		// No database reaches this number: it holds until Reindex, over restarts too.
		if err := s.replaceSequence(math.MaxInt64); err != nil {
			return err
		}
	}
	// From here on the database is not new any more.
	_, err = conn.ExecContext(ctx, "UPDATE tally SET sequence = 1 WHERE sequence = 0")
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
	if err := os.WriteFile(tmp, []byte(strconv.FormatInt(n, 10)+"\n"), 0o600); err != nil {
		return translate(err)
	}
	return os.Rename(tmp, s.sequencePath())
}

package embedded

import (
	"context"
	"database/sql"
	"errors"
)

// Cursor gives the number that was kept under a name.
func (s *Store) Cursor(ctx context.Context, name string) (number int64, known bool, err error) {
	if err := s.begin(); err != nil {
		return 0, false, err
	}
	defer s.end()
	err = s.read.QueryRowContext(ctx, "SELECT number FROM cursor WHERE name = ?", name).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return number, err == nil, translate(err)
}

// SetCursor keeps a number under a name.
func (s *Store) SetCursor(ctx context.Context, name string, number int64) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	return s.change(ctx, func(t *transactor) error {
		return t.exec("INSERT INTO cursor (name, number) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = excluded.number", name, number)
	})
}

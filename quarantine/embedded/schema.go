package embedded

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"github.com/postern-mail/postern/quarantine"
)

// migrations bring a database from the version of their index to the next; the
// version is kept in user_version. One that has been released is never changed.
var migrations = []string{schema1, schema2, schema3, schema4, schema5, schema6}

//go:embed schema1.sql
var schema1 string

//go:embed schema2.sql
var schema2 string

//go:embed schema3.sql
var schema3 string

//go:embed schema4.sql
var schema4 string

//go:embed schema5.sql
var schema5 string

//go:embed schema6.sql
var schema6 string

// migrate brings the database to the newest version, each step in a transaction.
func migrate(ctx context.Context, c *sql.Conn) error {
	for {
		done, err := migrateStep(ctx, c)
		if err != nil || done {
			return err
		}
	}
}

func migrateStep(ctx context.Context, c *sql.Conn) (done bool, err error) {
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	defer func() {
		if err != nil || done {
			_, _ = c.ExecContext(ctx, "ROLLBACK")
		}
	}()
	var version int
	if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return false, err
	}
	switch {
	case version == len(migrations):
		return true, nil
	case version > len(migrations):
		return false, fmt.Errorf("the store is of version %d, this program knows %d: use the newer program", version, len(migrations))
	case version < 0:
		return false, fmt.Errorf("%w: version %d", quarantine.ErrCorrupt, version)
	}
	if _, err := c.ExecContext(ctx, migrations[version]); err != nil {
		return false, fmt.Errorf("bringing the store to version %d: %w", version+1, err)
	}
	if _, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
		return false, err
	}
	_, err = c.ExecContext(ctx, "COMMIT")
	return false, err
}

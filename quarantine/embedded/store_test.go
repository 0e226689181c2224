package embedded

import (
	"path/filepath"
	"testing"

	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, s storetest.Settings) func() quarantine.Store {
		dir := filepath.Join(t.TempDir(), "store")
		return func() quarantine.Store {
			return open(t, Options{Dir: dir, Quota: s.Quota, Retention: s.Retention, Privacy: storetest.Privacy})
		}
	})
}

// open opens a store; the test ends if it cannot.
func open(t testing.TB, opts Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

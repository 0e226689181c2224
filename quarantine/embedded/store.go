package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/postern-mail/postern/quarantine"
)

// Options say where the store lies and how much it keeps.
type Options struct {
	// Dir is the directory of the store. It is made if it is not there; the one above
	// it must be.
	Dir       string
	Quota     quarantine.Quota
	Retention quarantine.Retention
	// Alone says that no other process uses the store: those who had leased entries
	// of the outbox are gone then, and their leases are given back.
	Alone bool
	// Privacy says what a text in a record tells of people, by its place: the names of
	// the members that lead to it, with points between; lists add nothing. It is asked
	// of objects and lists too, for Whole. Nil takes every text for content.
	Privacy func(place string) quarantine.Privacy

	fs fileSystem // nil is the disk
}

// Store is the embedded store.
type Store struct {
	opts  Options
	blobs *blobs
	path  string // of the database
	write *sql.DB
	read  *sql.DB

	requests chan *request
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // closed by the writer when it has ended
	closing  sync.Once
	closed   error
	using    sync.WaitGroup
	mu       sync.RWMutex // held for reading to begin a use, for writing to end them
	ended    bool

	poison atomic.Pointer[error]
	// setBack is set while the database is known to be older than the blobs: no file
	// is an orphan then.
	setBack atomic.Bool

	waking sync.Mutex
	wake   chan struct{}
}

// Open opens the store in a directory, and makes it when there is none. A database
// of an older version is brought to the present one. What a crash left is right
// without any repair; a database that cannot be read gives quarantine.ErrCorrupt.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.fs == nil {
		opts.fs = disk{}
	}
	opts.Retention = opts.Retention.OrDefault()
	s := &Store{
		opts:     opts,
		blobs:    &blobs{fs: opts.fs, dir: filepath.Join(opts.Dir, "blobs"), flying: map[string]bool{}},
		path:     filepath.Join(opts.Dir, "store.db"),
		requests: make(chan *request, 256),
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
		wake:     make(chan struct{}),
	}
	if err := s.makeDirs(); err != nil {
		return nil, fmt.Errorf("store %s: %w", opts.Dir, err)
	}
	if err := s.openDatabase(ctx); err != nil {
		s.closeDatabase()
		return nil, fmt.Errorf("store %s: %w", opts.Dir, translate(err))
	}
	return s, nil
}

// makeDirs makes the directories and the file of the database, readable for the
// own user only, and makes their names durable.
func (s *Store) makeDirs() error {
	dirs := []string{s.opts.Dir, s.blobs.dir}
	for n := range len(shards) {
		dirs = append(dirs, s.blobs.shardDir(n))
	}
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, dir := range []string{s.blobs.dir, s.opts.Dir, filepath.Dir(filepath.Clean(s.opts.Dir))} {
		if err := (disk{}).SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// source names the database to the driver.
func (s *Store) source() (string, error) {
	path, err := filepath.Abs(s.path)
	// Checkpoints are the writer's own work, so that it sees their errors.
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(0)&_pragma=journal_size_limit(16777216)", err
}

// openWriting opens a connection that may write. What is deleted by it is
// overwritten: a person who is erased is not to be found in the file.
func (s *Store) openWriting() (*sql.DB, error) {
	name, err := s.source()
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name+"&_pragma=secure_delete(1)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func (s *Store) openDatabase(ctx context.Context) error {
	name, err := s.source()
	if err != nil {
		return err
	}
	if s.write, err = s.openWriting(); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", name+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn); err != nil {
		_ = conn.Close()
		return err
	}
	if err := s.readSequence(ctx, conn); err != nil {
		_ = conn.Close()
		return err
	}
	if s.opts.Alone {
		if _, err := conn.ExecContext(ctx, "UPDATE entry SET leased = 0 WHERE done = 0 AND leased <> 0"); err != nil {
			_ = conn.Close()
			return err
		}
	}
	go s.writer(newTransactor(conn, s.opts.Privacy))
	return nil
}

func (s *Store) closeDatabase() {
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			_ = db.Close()
		}
	}
}

// begin counts a use of the store; end must be called after it, if there is no
// error.
func (s *Store) begin() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ended {
		return quarantine.ErrClosed
	}
	s.using.Add(1)
	return nil
}

func (s *Store) end() { s.using.Done() }

// Close waits for what has begun and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.using.Wait()
		if s.poisoned() == nil {
			_ = s.writeSequence(context.Background())
		}
		close(s.stop)
		<-s.stopped
		s.closed = errors.Join(s.read.Close(), s.write.Close())
	})
	return s.closed
}

// Wake is closed when an entry may have become ready.
func (s *Store) Wake() <-chan struct{} {
	s.waking.Lock()
	defer s.waking.Unlock()
	return s.wake
}

func (s *Store) awake() {
	s.waking.Lock()
	defer s.waking.Unlock()
	close(s.wake)
	s.wake = make(chan struct{})
}

var _ quarantine.Store = (*Store)(nil)

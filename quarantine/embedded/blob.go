package embedded

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/postern-mail/postern/internal/fault"
	"github.com/postern-mail/postern/quarantine"
)

// shards are the directories under blobs. There are few of them, so that commits
// at the same time meet in one and share its sync.
const shards = "0123456789abcdef"

// temporary ends the name of a blob that is being written.
const temporary = ".tmp"

// maxHeader bounds the first line of a blob when it is read, in octets.
const maxHeader = 64 << 20

// header is the first line of a blob's file, as JSON; the message follows behind
// the newline. It holds what is needed to rebuild the rows.
type header struct {
	Version int                `json:"postern"`
	ID      string             `json:"id"`
	Size    int64              `json:"size"`
	SHA256  string             `json:"sha256"`
	Item    *quarantine.Item   `json:"item,omitempty"`
	Entries []quarantine.Entry `json:"entries,omitempty"`
}

// blobs is the directory of blobs.
type blobs struct {
	fs    fileSystem
	dir   string
	syncs [len(shards)]syncer

	mu     sync.Mutex
	flying map[string]bool // blobs of commits under way
}

// hold keeps blobs of a commit from being taken for orphans, whatever the clock
// says of their age, until land is called.
func (b *blobs) hold(blobs []quarantine.Blob) (land func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, blob := range blobs {
		b.flying[blob.ID] = true
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, blob := range blobs {
			delete(b.flying, blob.ID)
		}
	}
}

// busy gives the blobs of commits under way.
func (b *blobs) busy() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.flying)
}

func shard(id string) int {
	sum := sha256.Sum256([]byte(id))
	return int(sum[0]) % len(shards)
}

func (b *blobs) shardDir(n int) string { return filepath.Join(b.dir, shards[n:n+1]) }

func (b *blobs) path(id string) string { return filepath.Join(b.shardDir(shard(id)), id) }

// failed tells what came of a write that did not succeed.
type failed struct {
	err  error
	sync bool // a sync failed: what was written before may be lost
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

// write makes a blob durable under its final name. After an error nothing is left
// under that name, unless only the sync of the directory failed.
func (b *blobs) write(h *header, data []byte) error {
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("%w: blob %s: %w", quarantine.ErrInvalid, h.ID, err)
	}
	name := b.path(h.ID)
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("blob %s: %w", h.ID, quarantine.ErrExists)
	}
	tmp := name + temporary
	f, err := b.fs.Create(tmp)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("blob %s: %w", h.ID, quarantine.ErrExists)
	}
	if err != nil {
		return &failed{err: err}
	}
	fault.Point("hold.blob.created")
	if err := b.fill(f, append(line, '\n'), data); err != nil {
		_ = b.fs.Remove(tmp)
		return err
	}
	if err := b.fs.Rename(tmp, name); err != nil {
		_ = b.fs.Remove(tmp)
		return &failed{err: err}
	}
	fault.Point("hold.blob.renamed")
	n := shard(h.ID)
	if err := b.syncs[n].do(func() error { return b.fs.SyncDir(b.shardDir(n)) }); err != nil {
		return &failed{err: err, sync: true}
	}
	fault.Point("hold.blob.durable")
	return nil
}

// fill writes, syncs and closes f.
func (b *blobs) fill(f file, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			_ = f.Close()
			return &failed{err: err}
		}
	}
	fault.Point("hold.blob.written")
	if err := f.Sync(); err != nil {
		_ = f.Close()
		// A file that found no room is thrown away, and nothing else was in doubt.
		return &failed{err: err, sync: !noRoom(err)}
	}
	if err := f.Close(); err != nil {
		return &failed{err: err}
	}
	fault.Point("hold.blob.synced")
	return nil
}

func (b *blobs) remove(id string) error {
	err := b.fs.Remove(b.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// message reads the octets behind the header.
type messageReader struct {
	io.Reader
	file *os.File
}

func (m *messageReader) Close() error { return m.file.Close() }

// open gives the header and the octets of a blob, all of them verified against
// the header.
func (b *blobs) open(ctx context.Context, id string) (*header, io.ReadCloser, error) {
	f, err := os.Open(b.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("blob %s: %w", id, quarantine.ErrNotFound)
	}
	if err != nil {
		return nil, nil, err
	}
	h, start, err := verify(ctx, f, id)
	if err == nil {
		_, err = f.Seek(start, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return h, &messageReader{Reader: io.LimitReader(f, h.Size), file: f}, nil
}

// verify reads a whole blob; start is where its message begins.
func verify(ctx context.Context, f io.Reader, id string) (h *header, start int64, err error) {
	damaged := func(what string) error {
		return fmt.Errorf("%w: blob %s: %s", quarantine.ErrCorrupt, id, what)
	}
	r := bufio.NewReaderSize(f, 64<<10)
	line, err := readLine(r)
	if err != nil {
		return nil, 0, damaged("no header line: " + err.Error())
	}
	h = &header{}
	if err := json.Unmarshal(line, h); err != nil {
		return nil, 0, damaged("header line: " + err.Error())
	}
	if h.Version != 1 || h.ID != id {
		return nil, 0, damaged("the header line is of another blob")
	}
	sum := sha256.New()
	size, err := io.Copy(sum, &contextReader{ctx, r})
	switch {
	case err != nil:
		return nil, 0, err
	case size != h.Size:
		return nil, 0, damaged(fmt.Sprintf("%d octets instead of %d", size, h.Size))
	case hex.EncodeToString(sum.Sum(nil)) != h.SHA256:
		return nil, 0, damaged("the octets are not those that were stored")
	}
	return h, int64(len(line)) + 1, nil
}

// readLine gives the first line without its newline.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxHeader:
			return nil, errors.New("too long")
		}
	}
}

// contextReader ends a long read when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// blobFile is a name found in the directories of blobs.
type blobFile struct {
	id        string
	path      string
	temporary bool
}

// files lists what lies in the directories of blobs.
func (b *blobs) files() ([]blobFile, error) {
	var found []blobFile
	for n := range len(shards) {
		entries, err := os.ReadDir(b.shardDir(n))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			id, tmp := strings.CutSuffix(e.Name(), temporary)
			found = append(found, blobFile{id: id, path: filepath.Join(b.shardDir(n), e.Name()), temporary: tmp})
		}
	}
	return found, nil
}

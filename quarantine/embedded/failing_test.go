package embedded

import "sync"

// failing is a disk whose n-th operation fails, once or from then on, with the
// given error. A failed write leaves half of its octets behind.
type failing struct {
	disk
	err    error
	sticky bool

	mu     sync.Mutex
	left   int    // operations until the failure; below zero it is over
	failed string // the operation that failed first
	seen   []string
	free   int64 // what Free says; zero asks the disk
}

func (f *failing) fails(operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, operation)
	f.left--
	if f.left == 0 {
		f.failed = operation
	}
	return f.left == 0 || f.left < 0 && f.sticky
}

// heal ends all failing.
func (f *failing) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sticky, f.left = false, -1
}

func (f *failing) hit() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *failing) Create(name string) (file, error) {
	if f.fails("create") {
		return nil, f.err
	}
	real, err := f.disk.Create(name)
	if err != nil {
		return nil, err
	}
	return &failingFile{real, f}, nil
}

func (f *failing) Rename(from, to string) error {
	if f.fails("rename") {
		return f.err
	}
	return f.disk.Rename(from, to)
}

func (f *failing) Remove(name string) error {
	if f.fails("remove") {
		return f.err
	}
	return f.disk.Remove(name)
}

func (f *failing) SyncDir(name string) error {
	if f.fails("sync of a directory") {
		return f.err
	}
	return f.disk.SyncDir(name)
}

func (f *failing) Free(dir string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.free != 0 {
		return f.free, nil
	}
	return f.disk.Free(dir)
}

type failingFile struct {
	file
	fs *failing
}

func (f *failingFile) Write(p []byte) (int, error) {
	if f.fs.fails("write") {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, f.fs.err
	}
	return f.file.Write(p)
}

func (f *failingFile) Sync() error {
	if f.fs.fails("sync") {
		return f.fs.err
	}
	return f.file.Sync()
}

func (f *failingFile) Close() error {
	if f.fs.fails("close") {
		_ = f.file.Close()
		return f.fs.err
	}
	return f.file.Close()
}

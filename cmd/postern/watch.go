package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// quiet is how long nothing must have changed before files are read: editors
// and package managers write in several steps.
const quiet = 2 * time.Second

// watcher reloads when files change. Directories are watched, because files are
// replaced rather than written.
type watcher struct {
	service *service
	fs      *fsnotify.Watcher
}

func newWatcher(s *service) (*watcher, error) {
	f, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{service: s, fs: f}
	w.follow()
	return w, nil
}

// follow watches the directories of the live files and patterns, and no others.
func (w *watcher) follow() {
	live := w.service.gate.live.Load()
	dirs := live.files.directories()
	for _, p := range live.config.policies {
		dirs = append(dirs, fixedParent(p.path))
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	for _, old := range w.fs.WatchList() {
		if !slices.Contains(dirs, old) {
			_ = w.fs.Remove(old) // gone already: nothing to watch
		}
	}
	for _, dir := range dirs {
		if err := w.fs.Add(dir); err != nil {
			alarm(w.service.log, "a directory cannot be watched", zap.String("directory", dir), zap.Error(err))
		}
	}
}

// fixedParent gives the directory of a pattern up to its first wildcard.
func fixedParent(pattern string) string {
	dir := filepath.Dir(pattern)
	for strings.ContainsAny(dir, `*?[\`) {
		dir = filepath.Dir(dir)
	}
	return dir
}

// run reloads until ctx ends.
func (w *watcher) run(ctx context.Context) {
	defer w.fs.Close()
	timer := time.NewTimer(quiet)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.fs.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod {
				timer.Reset(quiet)
			}
		case err, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			// Events were lost: files may have changed.
			w.service.log.Warn("watching files", zap.Error(err))
			timer.Reset(quiet)
		case <-timer.C:
			w.service.reload(ctx, "watch", true)
			w.follow()
		}
	}
}

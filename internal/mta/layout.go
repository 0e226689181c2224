package mta

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Lay makes the folders and files of the instance.
func (i *Instance) lay(opt Options) error {
	in := i.installation
	if err := os.MkdirAll(i.Dir, 0o755); err != nil {
		return err
	}
	// Each of Postfix's users must be able to pass through.
	if err := os.Chmod(i.Dir, 0o755); err != nil {
		return err
	}
	queue := i.QueueDir()
	for _, d := range []struct {
		path     string
		mode     os.FileMode
		uid, gid int
	}{
		{i.ConfigDir(), 0o755, 0, 0},
		{filepath.Join(i.Dir, "data"), 0o700, in.owner.uid, in.owner.gid},
		{queue, 0o755, 0, 0},
		{filepath.Join(queue, "pid"), 0o755, 0, 0},
		{filepath.Join(queue, "etc"), 0o755, 0, 0},
		{filepath.Join(queue, "dev"), 0o755, 0, 0},
		{filepath.Join(queue, "postern"), 0o750, 0, in.owner.gid},
		{filepath.Join(queue, "maildrop"), 0o730 | os.ModeSticky, in.owner.uid, in.submit},
		{filepath.Join(queue, "public"), 0o710 | os.ModeSetgid, in.owner.uid, in.submit},
	} {
		if err := makeDir(d.path, d.mode, d.uid, d.gid); err != nil {
			return err
		}
	}
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"} {
		if err := makeDir(filepath.Join(queue, name), 0o700, in.owner.uid, in.owner.gid); err != nil {
			return err
		}
	}

	files := map[string]string{
		filepath.Join(i.ConfigDir(), "main.cf"):        i.mainCF(opt),
		filepath.Join(i.ConfigDir(), "master.cf"):      i.masterCF(opt.Listeners) + services(opt.Services),
		filepath.Join(i.ConfigDir(), "dynamicmaps.cf"): "",
	}
	// What Debian's start script copies into the jail, as far as this machine has it.
	for _, name := range []string{"services", "hosts", "nsswitch.conf", "host.conf", "localtime", "resolv.conf"} {
		if b, err := os.ReadFile(filepath.Join("/etc", name)); err == nil {
			files[filepath.Join(queue, "etc", name)] = string(b)
		}
	}
	for path, text := range files {
		if err := WriteConfig(path, text); err != nil {
			return err
		}
	}
	return nil
}

// WriteConfig writes a file that Postfix reads, as main.cf, dated a minute ago:
// Postfix waits for a file of the last two seconds to cool down.
func WriteConfig(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	past := time.Now().Add(-time.Minute)
	return os.Chtimes(path, past, past)
}

// MakeDir makes a directory of exactly this mode, whatever the umask.
func makeDir(path string, mode os.FileMode, uid, gid int) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	if err := os.Chown(path, uid, gid); err != nil {
		return err
	}
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("mode of %s: %w", path, err)
	}
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/mta"
)

// Filter is a running `postern serve`.
type filter struct {
	*mta.Process
	dir, config string
	log         string
	read        int // octets of the log that records have been taken from
}

// Configure writes examples/postern.yaml with the paths of the demonstration.
func configure(dir string, i *mta.Instance) (string, error) {
	text, err := os.ReadFile("examples/postern.yaml")
	if err != nil {
		return "", err
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		return "", err
	}
	for _, p := range [][2]string{
		{"unix:/var/spool/postfix/postern/milter.sock", "unix:" + i.SocketPath()},
		{"group: postfix", "group: " + i.Group()},
		{"file: people.yaml", "file: " + filepath.Join(examples, "people.yaml")},
		{"[policies/*.yaml]", "[" + filepath.Join(examples, "policies/*.yaml") + "]"},
		{"unix:/var/spool/postfix/public/postern-in", "unix:" + i.ReinjectPath()},
		{"path: /var/lib/postern", "path: " + filepath.Join(dir, "store")},
	} {
		if !bytes.Contains(text, []byte(p[0])) {
			return "", fmt.Errorf("examples/postern.yaml: there is no %q to replace", p[0])
		}
		text = bytes.ReplaceAll(text, []byte(p[0]), []byte(p[1]))
	}
	if err := os.Mkdir(filepath.Join(dir, "store"), 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "postern.yaml")
	return file, os.WriteFile(file, text, 0o644)
}

// Serve starts the filter and returns when it says that it serves.
func serve(ctx context.Context, dir, config string) (*filter, error) {
	f := &filter{dir: dir, config: config, log: filepath.Join(dir, "postern.log")}
	out, err := os.Create(f.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command("bin/postern", "serve", "--config", config)
	cmd.Stdout, cmd.Stderr = out, out
	if f.Process, err = mta.Bind(cmd); err != nil {
		return nil, err
	}
	for {
		// The socket is there sooner than Postfix may open it.
		if text, err := os.ReadFile(f.log); err == nil && bytes.Contains(text, []byte(`"event":"serving"`)) {
			return f, nil
		}
		select {
		case <-f.Done():
			text, _ := os.ReadFile(f.log)
			return nil, fmt.Errorf("postern serve ended: %s", text)
		case <-ctx.Done():
			f.Stop()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Records gives the records of messages that were logged since the last call.
func (f *filter) records() ([]record, error) {
	text, err := os.ReadFile(f.log)
	if err != nil {
		return nil, err
	}
	text = text[f.read:]
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	f.read += len(text)
	var all []record
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if !strings.HasPrefix(lines.Text(), "{") {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("log line %q: %w", lines.Text(), err)
		}
		if r.Event == "message" {
			all = append(all, r)
		}
	}
	return all, lines.Err()
}

// Record waits for the record of one more message.
func (f *filter) record(ctx context.Context) (record, error) {
	for {
		all, err := f.records()
		if err != nil {
			return record{}, err
		}
		if len(all) > 0 {
			return all[len(all)-1], nil
		}
		select {
		case <-f.Done():
			return record{}, errors.New("postern serve ended")
		case <-ctx.Done():
			return record{}, fmt.Errorf("no log line for the message: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

package directory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// programs runs postconf and postmap.
type programs struct {
	binDir, configDir string
	timeout           time.Duration
	// running bounds the processes at a time.
	running chan struct{}
}

const (
	maxRunning = 4
	maxOutput  = 1 << 20
)

func newPrograms(o PostmapOptions) programs {
	return programs{
		binDir:    o.BinDir,
		configDir: o.ConfigDir,
		timeout:   cmp.Or(o.Timeout, 5*time.Second),
		running:   make(chan struct{}, maxRunning),
	}
}

// postconf gives the value of a parameter, with the parameters it names put in.
func (p *programs) postconf(ctx context.Context, parameter string) (string, error) {
	out, err := p.run(ctx, "postconf", "", "-x", "-h", parameter)
	if err != nil {
		return "", fmt.Errorf("postconf %s: %w", parameter, err)
	}
	return strings.TrimSpace(out), nil
}

// postmap asks tables, in order, for each key and gives the value of the first
// key that any of them holds. The keys go over standard input, so none of them is
// taken for an option and no list of processes shows them.
func (p *programs) postmap(ctx context.Context, keys, tables []string) (value string, found bool, err error) {
	for _, k := range keys {
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", false, errors.New("an address that cannot be asked for")
		}
	}
	args := append([]string{"-q", "-"}, tables...)
	out, err := p.run(ctx, "postmap", strings.Join(keys, "\n")+"\n", args...)
	if err != nil {
		return "", false, fmt.Errorf("postmap: %w", err)
	}
	best := len(keys)
	for line := range strings.Lines(out) {
		key, v, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		at := slices.Index(keys, key)
		if !ok || at < 0 {
			return "", false, errors.New("postmap: an answer that cannot be read")
		}
		if at < best {
			best, value = at, v
		}
	}
	return value, best < len(keys), nil
}

// run runs one program. Exit status 1 without a complaint is postmap's way to say
// that there is nothing; a warning is no complaint.
func (p *programs) run(ctx context.Context, program, input string, args ...string) (string, error) {
	select {
	case p.running <- struct{}{}:
		defer func() { <-p.running }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if p.configDir != "" {
		args = append([]string{"-c", p.configDir}, args...)
	}
	if p.binDir != "" {
		program = filepath.Join(p.binDir, program)
	}
	var stdout, stderr bounded
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	// A child that keeps the pipes open must not keep us.
	cmd.WaitDelay = p.timeout
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if stdout.over || stderr.over {
		return "", errOutput
	}
	complaint := complaintOf(stderr.String())
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && complaint == "" {
		return stdout.String(), nil
	}
	if err != nil && complaint != "" {
		return "", fmt.Errorf("%w: %s", err, complaint)
	}
	return stdout.String(), err
}

// complaintOf gives the first line of what a program said that is no warning.
func complaintOf(stderr string) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.Contains(line, ": warning: ") {
			return line[:min(len(line), 300)]
		}
	}
	return ""
}

// bounded takes maxOutput octets. More is an error, which closes the pipe.
type bounded struct {
	kept bytes.Buffer
	over bool
}

var errOutput = fmt.Errorf("an answer of more than %d octets", maxOutput)

func (b *bounded) Write(p []byte) (int, error) {
	if b.over = b.kept.Len()+len(p) > maxOutput; b.over {
		return 0, errOutput
	}
	return b.kept.Write(p)
}

func (b *bounded) String() string { return b.kept.String() }

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// released is a held message that a reviewer let go.
type released struct {
	signer *mta.Signer
	early  int // messages that came before the release
	held   []byte
}

// review lists what is held, keeps the octets of the message of a reference, and
// releases it, all by the commands that a reviewer has.
func review(ctx context.Context, dir, config, reference string) (*released, error) {
	out, err := postern(ctx, "quarantine", "list", "--config", config, "--json")
	if err != nil {
		return nil, err
	}
	var held struct{ ID, Reference string }
	for line := range bytes.Lines(out) {
		if err := json.Unmarshal(line, &held); err != nil {
			return nil, fmt.Errorf("quarantine list: %q: %w", line, err)
		}
	}
	if held.Reference != reference {
		return nil, fmt.Errorf("%s is not the last of the held messages:\n%s", reference, out)
	}
	file := filepath.Join(dir, "held-"+held.ID+".eml")
	if _, err := postern(ctx, "quarantine", "export", held.ID, "--config", config, "--output", file); err != nil {
		return nil, err
	}
	r := &released{}
	if r.held, err = os.ReadFile(file); err != nil {
		return nil, err
	}
	_, err = postern(ctx, "quarantine", "release", held.ID, "--config", config, "--comment", "the demonstration")
	return r, err
}

// postern runs a command of the binary and gives its output.
func postern(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "bin/postern", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("postern %s: %w", strings.Join(args[:2], " "), err)
	}
	return out, nil
}

// differences says in what the message that came is not the one that was held:
// below the trace fields each octet must be the same, and the signature good.
func (r *released) differences(m *sink.Message) []string {
	if r == nil || m == nil {
		return []string{"it was not released"}
	}
	var diff []string
	if r.early > 0 {
		diff = append(diff, fmt.Sprintf("%d messages came before the release", r.early))
	}
	front, ok := bytes.CutSuffix(m.Data, r.held)
	if !ok {
		return append(diff, "what came is not what was held")
	}
	for line := range strings.Lines(string(front)) {
		name, _, _ := strings.Cut(line, ":")
		switch {
		case line[0] == ' ', line[0] == '\t', name == "Received", name == "DKIM-Signature", name == "DKIM-Filter":
		default:
			diff = append(diff, fmt.Sprintf("above what was held stands %q", strings.TrimSpace(line)))
		}
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(m.Data), &dkim.VerifyOptions{LookupTXT: r.signer.LookupTXT})
	switch {
	case err != nil:
		diff = append(diff, "the DKIM signature: "+err.Error())
	case len(found) != 1:
		diff = append(diff, fmt.Sprintf("%d DKIM signatures", len(found)))
	case found[0].Err != nil:
		diff = append(diff, "the DKIM signature: "+found[0].Err.Error())
	}
	return diff
}

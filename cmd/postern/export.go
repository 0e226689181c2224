package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/postern-mail/postern/audit/export"
	"github.com/postern-mail/postern/quarantine"
)

// name is how a target is called in the log, and its cursor in the store. What
// stands in the path of a URL may be a secret.
func (x exportTo) name() string {
	switch x.kind {
	case "jsonl":
		return "jsonl:" + x.path
	case "syslog":
		return "syslog:" + x.network + ":" + x.address
	}
	sum := sha256.Sum256([]byte(x.url))
	host := ""
	if u, err := url.Parse(x.url); err == nil {
		host = u.Host
	}
	return "webhook:" + host + ":" + hex.EncodeToString(sum[:4])
}

// leastSecret is the shortest secret of a webhook, in octets.
const leastSecret = 16

// target makes what records are sent to. Files that it names are read now.
func (x exportTo) target() (export.Target, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if x.authorities != "" {
		data, err := os.ReadFile(x.authorities)
		if err != nil {
			return nil, plainError(err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate", x.authorities)
		}
	}
	if x.certificate != "" {
		pair, err := tls.LoadX509KeyPair(x.certificate, x.key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	switch x.kind {
	case "jsonl":
		return export.NewFile(x.path), nil
	case "syslog":
		host := x.hostname
		if host == "" {
			host, _ = os.Hostname() // "-" is sent then
		}
		if h, _, err := net.SplitHostPort(x.address); err == nil {
			conf.ServerName = h
		}
		return export.NewSyslog(export.SyslogOptions{
			Network: x.network, Address: x.address, TLS: conf, Facility: x.facility, Length: x.length,
			Hostname: host, ProcID: strconv.Itoa(os.Getpid()),
		}), nil
	}
	secret, err := os.ReadFile(x.secretFile)
	if err != nil {
		return nil, plainError(err)
	}
	if secret = bytes.TrimRight(secret, "\r\n"); len(secret) < leastSecret {
		return nil, fmt.Errorf("%s: a secret has %d octets or more", x.secretFile, leastSecret)
	}
	return export.NewWebhook(export.WebhookOptions{URL: x.url, Secret: secret, TLS: conf, Private: x.private}), nil
}

// recordSource is the store as exports see it.
type recordSource struct{ vault *vault }

// exportOctets bounds what one read holds in memory, roughly.
const exportOctets = 4 << 20

// cursorPrefix keeps the names of targets apart from other cursors.
const cursorPrefix = "export "

func (s recordSource) Read(ctx context.Context, after int64, limit int) (lines []export.Line, last int64, err error) {
	last = after
	octets := 0
	for r, err := range s.vault.Records(ctx, quarantine.RecordFilter{After: after, Limit: limit}) {
		if err != nil {
			return nil, after, err
		}
		lines, last = append(lines, exportLine(&r)), r.Number
		if octets += len(r.Data); octets > exportOctets {
			break
		}
	}
	return lines, last, nil
}

func (s recordSource) Newest(ctx context.Context) (int64, error) {
	for r, err := range s.vault.Records(ctx, quarantine.RecordFilter{NewestFirst: true, Limit: 1}) {
		return r.Number, err
	}
	return 0, nil
}

func (s recordSource) Cursor(ctx context.Context, name string) (int64, bool, error) {
	return s.vault.Cursor(ctx, cursorPrefix+name)
}

func (s recordSource) SetCursor(ctx context.Context, name string, number int64) error {
	return s.vault.SetCursor(ctx, cursorPrefix+name, number)
}

// newExports prepares the targets of a process.
func newExports(p process, v *vault, log *zap.Logger) ([]*export.Runner, error) {
	var all []*export.Runner
	for _, x := range p.exports {
		target, err := x.target()
		if err != nil {
			return nil, fmt.Errorf("audit.export: %s: %w", x.name(), err)
		}
		opts := export.Options{Name: x.name(), Source: recordSource{v}, Target: target, Backlog: x.backlog, Told: func(l export.Lag) { logLag(log, l) }}
		if x.types != "" {
			types := strings.Split(x.types, ",")
			opts.Wanted = func(operation string) bool { return slices.Contains(types, operation) }
		}
		all = append(all, export.NewRunner(opts))
	}
	return all, nil
}

func logLag(log *zap.Logger, l export.Lag) {
	if l.Err == nil {
		log.Info("records are exported again", zap.String("target", l.Name))
		return
	}
	fields := []zap.Field{zap.String("target", l.Name), zap.String("error", clip(plainURL(l.Err), logText))}
	if !l.Since.IsZero() {
		fields = append(fields, zap.Time("since", l.Since))
	}
	alarm(log, "records wait to be exported", fields...)
}

// plainURL gives an error without the URL that it may name.
func plainURL(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// exportJSON is how far a target has come.
type exportJSON struct {
	Target string `json:"target"`
	// Sent is the number of the last record that was sent or passed over.
	Sent int64 `json:"sent"`
	// Since is the time of the oldest record that could not be sent.
	Since *time.Time `json:"since,omitempty"`
	Error string     `json:"error,omitempty"`
}

func (s *service) exportStates() []exportJSON {
	var all []exportJSON
	for _, r := range s.exports {
		sent, lag := r.State()
		x := exportJSON{Target: lag.Name, Sent: sent}
		if !lag.Since.IsZero() {
			x.Since = &lag.Since
		}
		if lag.Err != nil {
			x.Error = clip(plainURL(lag.Err), logText)
		}
		all = append(all, x)
	}
	return all
}

// exports prints how far targets have come.
func (o *output) exports(list []exportJSON) {
	for _, x := range list {
		o.printf("export       %s, up to record %d", clip(x.Target, 200), x.Sent)
		if x.Error != "" {
			o.printf(", fails: %s", x.Error)
		}
		if x.Since != nil {
			o.printf(", the oldest unsent of %s", x.Since.Local().Format(time.DateTime))
		}
		o.printf("\n")
	}
}

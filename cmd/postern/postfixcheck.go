package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
)

// postfix is what Postfix says of itself.
type postfix struct {
	configDir string // empty for its own
}

// postconf runs postconf and gives what it prints.
func (f postfix) postconf(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if f.configDir != "" {
		args = append([]string{"-c", f.configDir}, args...)
	}
	cmd := exec.CommandContext(ctx, "postconf", args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// checkPostfix looks at the Postfix that is wired to this process, as far as its
// configuration can be read. A setting that loses mail is an error; one that lets
// mail pass unseen, or shows it to others, is logged.
func checkPostfix(ctx context.Context, c *config, log *zap.Logger) error {
	f := postfix{configDir: c.postfixAt.path}
	out, err := f.postconf(ctx, "-x", "enable_original_recipient", "recipient_bcc_maps", "always_bcc", "milter_default_action",
		"smtpd_milters", "non_smtpd_milters", "queue_directory")
	if err != nil {
		if !errors.Is(err, exec.ErrNotFound) && f.configDir != "" {
			log.Warn("the configuration of Postfix cannot be read", zap.String("directory", f.configDir), zap.Error(err))
		}
		return nil
	}
	main := settings(out)
	out, _ = f.postconf(ctx, "-P") // older ones know no -P
	overrides := settings(out)
	milters := []string{main["smtpd_milters"], main["non_smtpd_milters"]}
	for name, value := range overrides {
		if strings.HasSuffix(name, "/smtpd_milters") {
			milters = append(milters, value)
		}
	}
	if f.configDir == "" && !wired(strings.Join(milters, " "), main["queue_directory"], c.process.listen) {
		return nil
	}
	for name, value := range overrides {
		if strings.HasSuffix(name, "/enable_original_recipient") && value == "no" {
			main["enable_original_recipient"] = "no"
		}
	}
	if main["enable_original_recipient"] == "no" {
		return errors.New("in the configuration of Postfix stands enable_original_recipient=no, with which it loses mail when a recipient is taken out of a message: set it to yes")
	}
	warn := func(bad bool, format string, args ...any) {
		if bad {
			log.Warn("Postfix: "+fmt.Sprintf(format, args...), zap.Bool("alarm", true))
		}
	}
	warn(main["recipient_bcc_maps"] != "", "recipient_bcc_maps adds recipients behind Postern, who get mail that is held or refused for others")
	warn(main["always_bcc"] != "", "always_bcc copies mail behind Postern, also when it is held or refused")
	warn(main["milter_default_action"] == "accept" || strings.Contains(strings.ReplaceAll(main["smtpd_milters"], " ", ""), "default_action=accept"),
		"milter_default_action=accept lets mail pass unseen while Postern is down: set it to tempfail")
	warn(!wired(main["non_smtpd_milters"], main["queue_directory"], c.process.listen), "non_smtpd_milters does not name Postern: mail of sendmail(1) passes unseen")
	return nil
}

// settings reads lines of the form `name = value`.
func settings(text string) map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, "=")
		out[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out
}

// wired tells whether a list of milters names one of the addresses.
func wired(milters, queue string, listen []address) bool {
	for _, word := range strings.FieldsFunc(milters, func(r rune) bool { return strings.ContainsRune(" \t,{}", r) }) {
		kind, rest, _ := strings.Cut(word, ":")
		for _, a := range listen {
			switch {
			case kind == "unix" && a.network == "unix":
				if !filepath.IsAbs(rest) {
					rest = filepath.Join(queue, rest)
				}
				if filepath.Clean(rest) == a.address {
					return true
				}
			case kind == "inet" && a.network == "tcp":
				_, port, _ := net.SplitHostPort(a.address)
				if strings.HasSuffix(rest, ":"+port) {
					return true
				}
			}
		}
	}
	return false
}

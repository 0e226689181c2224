package main

import (
	"context"
	"errors"
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
	// set tells whether a setting is bad in main.cf, or for a service of master.cf.
	set := func(name string, bad func(string) bool) bool {
		found := bad(main[name])
		for key, value := range overrides {
			found = found || strings.HasSuffix(key, "/"+name) && bad(value)
		}
		return found
	}
	ours := func(milters string) bool { return wired(milters, main["queue_directory"], c.process.listen) }
	if f.configDir == "" && !set("smtpd_milters", ours) && !set("non_smtpd_milters", ours) {
		return nil
	}
	if set("enable_original_recipient", func(v string) bool { return strings.EqualFold(v, "no") }) {
		return errors.New("in the configuration of Postfix stands enable_original_recipient=no, with which it loses mail when a recipient is taken out of a message: set it to yes")
	}
	warn := func(bad bool, what string) {
		if bad {
			log.Warn("Postfix: "+what, zap.Bool("alarm", true))
		}
	}
	given := func(v string) bool { return v != "" }
	warn(set("recipient_bcc_maps", given), "recipient_bcc_maps adds recipients behind Postern, who get mail that is held or refused for others")
	warn(set("always_bcc", given), "always_bcc copies mail behind Postern, also when it is held or refused")
	accepts := func(milters string) bool {
		return strings.Contains(strings.ReplaceAll(milters, " ", ""), "default_action=accept")
	}
	warn(set("milter_default_action", func(v string) bool { return v == "accept" }) || set("smtpd_milters", accepts) || set("non_smtpd_milters", accepts),
		"milter_default_action=accept lets mail pass unseen while Postern is down: set it to tempfail")
	warn(!set("non_smtpd_milters", ours), "non_smtpd_milters does not name Postern: mail of sendmail(1) passes unseen")
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

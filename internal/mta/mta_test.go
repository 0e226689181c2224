//go:build e2e

package mta_test

import (
	"context"
	"net"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// Each instance delivers to its own sink, two at a time, and leaves nothing.
func TestInstancesRunSideBySide(t *testing.T) {
	if _, err := mta.Find(); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := sink.Start(sink.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			i, err := mta.Start(ctx, mta.Options{Sink: s.Addr(), Refuse: []string{"nobody@example.net"}})
			if err != nil {
				t.Fatal(err)
			}
			defer i.Stop()

			if err := smtp.SendMail(i.Addr(mta.MX), nil, "ann@example.com", []string{name + "@example.net"}, []byte("Subject: x\r\n\r\nx\r\n")); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Wait(ctx, 1, sink.ByRecipient(name+"@example.net")); err != nil {
				t.Fatalf("%v\n%s", err, i.Log())
			}
			err = smtp.SendMail(i.Addr(mta.Submission), nil, "ann@example.com", []string{"nobody@example.net"}, []byte("\r\n"))
			if err == nil || !strings.Contains(err.Error(), "5.1.1") {
				t.Errorf("refused recipient: %v", err)
			}

			cmd := i.Sendmail("-f", "ann@example.com", "local-"+name+"@example.net")
			cmd.Stdin = strings.NewReader("Subject: y\n\ny\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("sendmail: %v %s", err, out)
			}
			if _, err := s.Wait(ctx, 1, sink.ByRecipient("local-"+name+"@example.net")); err != nil {
				t.Fatalf("%v\n%s", err, i.Log())
			}
			if n := len(s.Messages()); n != 2 {
				t.Errorf("%d messages in the sink, want 2", n)
			}
			if log := i.Log(); strings.Contains(log, "warning") || strings.Contains(log, "fatal") {
				t.Errorf("log with warnings:\n%s", log)
			}

			addr, dir := i.Addr(mta.MX), i.Dir
			if err := i.Stop(); err != nil {
				t.Error(err)
			}
			if c, err := net.Dial("tcp", addr); err == nil {
				c.Close()
				t.Error("a stopped instance still answers")
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("a stopped instance left its folder: %v", err)
			}
		})
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/postern-mail/postern/internal/benchmail"
	"github.com/postern-mail/postern/internal/mta"
)

// Sessions is how many SMTP sessions send at a time.
const sessions = 8

// Wire gives messages of about size octets as they go over SMTP.
func wire(size int) [][]byte {
	var all [][]byte
	for _, m := range benchmail.Messages(size) {
		all = append(all, append(mta.Stuffed(m), ".\r\n"...))
	}
	return all
}

// Load sends n messages over sessions that last throughout.
func load(ctx context.Context, addr string, wire [][]byte, n int) error {
	errs := make([]error, sessions)
	var wg sync.WaitGroup
	for s := range sessions {
		wg.Go(func() { errs[s] = send(ctx, addr, wire, s, n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Send sends every message whose number leaves s when divided by sessions.
func send(ctx context.Context, addr string, wire [][]byte, s, n int) error {
	c, err := mta.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for k := s; k < n; k += sessions {
		for _, command := range []string{"MAIL FROM:<anna@example.com>", "RCPT TO:<bob@customer.example>", "DATA"} {
			if r, err := c.Do(command); err != nil || r.Code >= 400 {
				return errors.Join(err, fmt.Errorf("%s: %s", command, r))
			}
		}
		if err := c.Write(wire[k%len(wire)]); err != nil {
			return err
		}
		if r, err := c.Read(); err != nil || r.Code != 250 {
			return errors.Join(err, fmt.Errorf("message %d: %s", k, r))
		}
	}
	return c.Quit()
}

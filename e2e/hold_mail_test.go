//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mta"
)

// mail is one message of a client.
type mail struct {
	listener string   // Submission when empty
	login    string   // who logged in, with XCLIENT
	client   string   // the client's address; that of this machine when empty
	from     string   // anna@example.com when empty
	null     bool     // the null reverse-path
	args     []string // of MAIL
	to       []string
	subject  string
	id       string // of the message; made of the subject and the recipients when empty
	body     string // a whole part of MIME or a text
	header   string // further fields, each ended by LF
}

// text gives the message.
func (m *mail) text() []byte {
	id := m.id
	if id == "" {
		id = strings.NewReplacer(" ", "-", "@", ".").Replace(m.subject+"-"+strings.Join(m.to, "-")) + "@client.example"
	}
	body := m.body
	if body == "" {
		body = "Good morning.\n"
	}
	from := m.from
	if from == "" {
		from = "anna@example.com"
	}
	return []byte(strings.ReplaceAll(fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\nDate: Mon, 02 Nov 2026 09:30:00 +0000\n%s\n%s",
		from, strings.Join(m.to, ", "), m.subject, id, m.header, body), "\n", "\r\n"))
}

// send makes one attempt and gives the last reply.
func (h *holding) send(ctx context.Context, m *mail) (mta.Reply, error) {
	listener := m.listener
	if listener == "" {
		listener = mta.Submission
	}
	c, err := mta.Dial(ctx, h.Addr(listener))
	if err != nil {
		return mta.Reply{}, err
	}
	defer c.Close()
	if m.login != "" || m.client != "" {
		if err := c.Impersonate(m.login, m.client); err != nil {
			return mta.Reply{}, err
		}
	}
	from := m.from
	if from == "" && !m.null {
		from = "anna@example.com"
	}
	c.MailArgs = m.args
	r, refused, err := c.Send(from, m.to, m.text())
	if err == nil && len(refused) > 0 && r.Code/100 == 2 {
		return r, fmt.Errorf("some recipients were refused: %v", refused)
	}
	if err != nil {
		return r, err
	}
	_ = c.Quit()
	return r, nil
}

// take sends a message that must get a reply of this code.
func (h *holding) take(t *testing.T, code int, m *mail) mta.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	r, err := h.send(ctx, m)
	if err != nil || r.Code != code {
		t.Fatalf("%q to %s: %v, %v, want %d", m.subject, m.to, r, err, code)
	}
	return r
}

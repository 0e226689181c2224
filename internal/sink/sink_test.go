package sink_test

import (
	"context"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/sink"
)

func TestSinkKeepsWhatIsDelivered(t *testing.T) {
	dir := t.TempDir()
	s, err := sink.Start(sink.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	text := "Message-ID: <one@example.com>\r\nSubject: a\r\n\tb\r\n\r\n.dot\r\n\xff\r\n"
	if err := smtp.SendMail(s.Addr(), nil, "ann@example.com", []string{"bob@example.net", "eve@example.net"}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := s.Wait(ctx, 1, sink.ByID("one@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	m := got[0]
	if m.From != "ann@example.com" || string(m.Data) != text {
		t.Errorf("kept from %q, data %q", m.From, m.Data)
	}
	if diff := cmp.Diff([]string{"bob@example.net", "eve@example.net"}, m.Recipients()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a b"}, m.Header("subject")); diff != "" {
		t.Error(diff)
	}
	file, err := os.ReadFile(filepath.Join(dir, "0001.eml"))
	if err != nil || string(file) != text {
		t.Errorf("file holds %q, %v", file, err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	s, err := sink.Start(sink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, 1, sink.ByRecipient("nobody@example.net")); err == nil || !strings.Contains(err.Error(), "0 of 1") {
		t.Errorf("error %v, want 0 of 1 messages", err)
	}
}

func TestRefusedRecipients(t *testing.T) {
	for text, want := range map[string][]string{
		"Subject: x\r\n\r\nno report\r\n": nil,
		"\r\nFinal-Recipient: rfc822; b@example.net\r\nAction: failed\r\n\r\nfinal-recipient: RFC822;a@example.net\r\n": {"a@example.net", "b@example.net"},
		"\r\nFinal-Recipient: x400; b\r\nOriginal-Recipient: rfc822; c@example.net\r\n":                                 nil,
	} {
		if got := (&sink.Message{Data: []byte(text)}).Refused(); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

package actions

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// housePeople reads the people of the policy cases.
func housePeople(t testing.TB) *directory.File {
	t.Helper()
	data, err := os.ReadFile("../testdata/policies/people.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, problems := directory.LoadFile("people.yaml", data)
	if f == nil {
		t.Fatal(problems)
	}
	return f
}

// houseWorld is the world of the policy cases.
func houseWorld(people directory.Directory) *rules.World {
	return &rules.World{
		Organization: &directory.Organization{Name: "Example Ltd", People: people, Domains: []directory.AcceptedDomain{
			{Name: "example.com", Kind: directory.Authoritative},
			{Name: "relay.example.com", Kind: directory.InternalRelay},
			{Name: "partner-relay.example", Kind: directory.ExternalRelay},
		}},
		Directory: people,
		Resolver:  directory.Groups(people),
		Types:     classify.Builtin(),
		Trust:     rules.Trust{Authenticated: true, Listeners: []string{"SUBMISSION"}},
		Extract:   extract.DefaultLimits,
	}
}

// houseNotices writes the notices of all tests.
func houseNotices(t testing.TB) *notice.Writer {
	t.Helper()
	from, err := dsn.ParseMailbox("Example mail policy <mail-policy@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	w, err := notice.New(notice.Settings{
		From: from, Organization: "Example Ltd", Hostname: "mx.example.com", InstallID: "cases", Key: bytes.Repeat([]byte("k"), 32),
		Now:   houseNow,
		NewID: func() string { return "notice" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func houseNow() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func houseReviewers() []message.Path {
	return []message.Path{messageTo(nil, "reviewers@example.com").Envelope.Recipients[0].Path}
}

// houseLive gives live effects with names that are counted.
func houseLive(store quarantine.Store, org *directory.Organization, notices *notice.Writer) *Live {
	var n atomic.Int64
	return &Live{
		Store: store, Notices: notices, Organization: org,
		Reviewers: houseReviewers(),
		Keep:      30 * 24 * time.Hour, Lifetime: 5 * 24 * time.Hour,
		Reference: func() string { return "P-TESTREF" },
		ID:        func() string { return fmt.Sprint("id", n.Add(1)) },
		Now:       houseNow,
		Explain:   func(context.Context, *rules.Scan, *Decision) ([]byte, error) { return []byte("{}"), nil },
		Repeated:  func(Repeat) {},
	}
}

// captured is a store that keeps nothing but shows what it was given.
type captured struct {
	quarantine.Store
	commit quarantine.Commit
}

func (c *captured) Fingerprints(context.Context, string) ([]quarantine.Fingerprint, error) {
	return nil, nil
}

func (c *captured) Commit(_ context.Context, commit *quarantine.Commit) error {
	c.commit = *commit
	return nil
}

// unanswering is a directory that does not answer about one group.
type unanswering struct {
	*directory.File
	group string
}

func (u unanswering) Member(ctx context.Context, addr message.Path, group directory.Ref) (bool, error) {
	if group.String() == u.group {
		return false, fmt.Errorf("look-up of %s: %w", group, directory.ErrUnavailable)
	}
	return u.File.Member(ctx, addr, group)
}

func recipientsOf(env quarantine.Envelope) string {
	var to []string
	for _, r := range env.Recipients {
		to = append(to, r.Path)
	}
	return strings.Join(to, " ")
}

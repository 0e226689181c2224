package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// recordPrivacy tells the store which texts of records are about people.
func recordPrivacy(place string) quarantine.Privacy {
	return quarantine.Privacy(audit.PrivacyOf(place))
}

// mentionJSON is one thing that names a person.
type mentionJSON struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id"`
	Reference string    `json:"reference"`
	Time      time.Time `json:"time"`
	Detail    string    `json:"detail"`
	As        string    `json:"as"`
	// Kept says why it cannot be erased now; empty when it can.
	Kept string `json:"kept"`
}

// erasedJSON is what an erasure came to.
type erasedJSON struct {
	Records      int `json:"records"`
	Items        int `json:"items"`
	Entries      int `json:"entries"`
	Fingerprints int `json:"fingerprints"`
	Alerts       int `json:"alerts"`
	KeptCount    int `json:"keptCount"`
	// Kept are the first of what still names the person.
	Kept []mentionJSON `json:"kept"`
	// Receipt is the salt of the digest by which the record of the erasure names the
	// person; it is kept nowhere.
	Receipt string `json:"receipt"`
}

func mentionOf(m quarantine.Mention) mentionJSON {
	return mentionJSON{Kind: m.Kind, ID: m.ID, Reference: m.Reference, Time: m.Time, Detail: m.Detail, As: m.As, Kept: m.Kept}
}

// mostMentions bounds what one answer lists.
const mostMentions = 50_000

// findPerson lists what names a person.
func (d *desk) findPerson(ctx context.Context, who string) ([]mentionJSON, error) {
	out := []mentionJSON{}
	for m, err := range d.vault.FindPerson(ctx, who) {
		if err != nil {
			return nil, err
		}
		if len(out) == mostMentions {
			return nil, fmt.Errorf("more than %d things name this person: erase, or look with `postern audit export`", mostMentions)
		}
		out = append(out, mentionOf(m))
	}
	return out, nil
}

// erasePerson erases a person. The record of it has a salted digest, whose salt is
// given to who asked and kept nowhere.
func (d *desk) erasePerson(ctx context.Context, who string) (*erasedJSON, error) {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails (crypto/rand)
	out := &erasedJSON{Receipt: hex.EncodeToString(salt), Kept: []mentionJSON{}}
	erased, err := d.vault.ErasePerson(ctx, who, time.Now(), func(e *quarantine.Erased) (quarantine.Record, error) {
		rec, err := audit.Forgotten(audit.Head{Time: time.Now(), ID: newID(), By: d.by}, audit.Erasure{
			Person: personDigest(salt, who), Records: e.Records, Items: e.Items, Entries: e.Entries,
			Fingerprints: e.Fingerprints, Alerts: e.Alerts, Kept: e.KeptCount,
		})
		if err != nil {
			return quarantine.Record{}, err
		}
		return auditRow(rec)
	})
	if err != nil {
		return nil, err
	}
	out.Records, out.Items, out.Entries, out.Fingerprints, out.Alerts, out.KeptCount =
		erased.Records, erased.Items, erased.Entries, erased.Fingerprints, erased.Alerts, erased.KeptCount
	for _, m := range erased.Kept {
		out.Kept = append(out.Kept, mentionOf(m))
	}
	return out, nil
}

// personDigest is how the record of an erasure names the person: SHA-256 over the
// salt and the address in lower case.
func personDigest(salt []byte, who string) string {
	name := strings.ToLower(strings.TrimSpace(who))
	if p, err := message.ParsePath(who); err == nil && !p.IsNull() {
		name = p.Key()
	}
	sum := sha256.Sum256(append(salt[:len(salt):len(salt)], name...))
	return hex.EncodeToString(sum[:])
}

func newPrivacy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "Find and erase what is stored of a person",
		Long: `Privacy answers people who ask what is stored of them, and erases it. A person is an
address, or the login of somebody who decided on held mail.`,
		Example: "  postern privacy find anna@example.com\n  postern privacy erase anna@example.com",
	}
	cmd.AddCommand(newPrivacyFind(), newPrivacyErase())
	return cmd
}

func newPrivacyFind() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "find ADDRESS",
		Short: "List everything in the store that names a person",
		Long: `Find lists records, held and ended messages, entries of the outbox, fingerprints of
messages and alerts that name a person: as sender, as recipient, or among other
words. The last column says why something could not be erased now.

Exit status: 0 something names the person, 1 nothing does, 2 it could not run.`,
		Example: "  postern privacy find anna@example.com\n  postern privacy find anna@example.com --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := 0
			err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "findPerson", Person: args[0]}, flags.json, func(o *output, r deskReply, _ []byte) error {
				found = len(r.Mentions)
				for _, m := range r.Mentions {
					if err := o.mention(m); err != nil {
						return err
					}
				}
				if found == 0 && !o.json {
					o.printf("nothing\n")
				}
				return nil
			})
			if err == nil && found == 0 {
				return errNo
			}
			return err
		},
	}
	flags.add(cmd)
	return cmd
}

// mention prints one thing that names a person.
func (o *output) mention(m mentionJSON) error {
	if o.json {
		return o.object(m)
	}
	kept := ""
	if m.Kept != "" {
		kept = "  (" + m.Kept + ")"
	}
	o.printf("%-11s  %-26s  %-8s  %s  %s  %s%s\n", m.Kind, clip(m.ID, 64), m.Reference, m.Time.Local().Format("2006-01-02 15:04"), m.As, m.Detail, kept)
	return nil
}

func newPrivacyErase() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "erase ADDRESS",
		Short: "Erase a person from everything that has ended",
		Long: `Erase takes a person out of records, of messages that are no longer held, of mail
that was sent, and of closed alerts, and deletes the octets of such messages at
once. Of messages that the person sent, everything goes that tells what was in them:
subjects, names of files, values found, where they came from. What remains is that a
message matched a rule, when, and what was done.

Messages that are held or under legal hold, and mail that waits to be sent, are kept
and named; so are their records. The erasure is recorded with a salted digest in
place of the address. The salt is printed as the receipt and kept nowhere: with it
the person can prove the erasure.

Exit status: 0 everything is erased, 1 something is kept, 2 it could not run.`,
		Example: "  postern privacy erase anna@example.com",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kept := 0
			err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "erasePerson", Person: args[0]}, flags.json, func(o *output, r deskReply, _ []byte) error {
				e := r.Erased
				if e == nil {
					return fmt.Errorf("the running process is of another version")
				}
				kept = e.KeptCount
				if o.json {
					return o.object(e)
				}
				o.printf("erased from %s, %s, %s, %s and %s\n", count(e.Records, "record", "records"), count(e.Items, "message", "messages"),
					count(e.Entries, "entry of the outbox", "entries of the outbox"), count(e.Fingerprints, "fingerprint", "fingerprints"),
					count(e.Alerts, "alert", "alerts"))
				for _, m := range e.Kept {
					o.printf("kept: ")
					if err := o.mention(m); err != nil {
						return err
					}
				}
				if more := e.KeptCount - len(e.Kept); more > 0 {
					o.printf("kept: %d more\n", more)
				}
				o.printf("receipt %s\n", e.Receipt)
				return nil
			})
			if err == nil && kept > 0 {
				return errNo
			}
			return err
		},
	}
	flags.add(cmd)
	return cmd
}

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newStore() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "store",
		Short:   "Check and repair the store",
		Long:    "Store looks after the directory in which held mail, the outbox and records are kept.",
		Example: "  postern store check",
	}
	cmd.AddCommand(newStoreCheck(), newStoreReindex())
	return cmd
}

func newStoreCheck() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read everything that is stored and report what is damaged",
		Long: `Check compares the rows of the store with its files and reads every octet. It
changes nothing and may run beside the running process. Files that a crash has
left over are named and are no damage: they are deleted after an hour.

Exit status: 0 all is well, 1 something is damaged, 2 it could not run.`,
		Example: "  postern store check\n  postern store check --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := 0
			err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "check"}, flags.json, func(o *output, r deskReply, _ []byte) error {
				for _, p := range r.Problems {
					if !p.Orphan {
						found++
					}
					if o.json {
						if err := o.object(p); err != nil {
							return err
						}
						continue
					}
					o.printf("%s\n", p)
				}
				if found == 0 && !o.json {
					o.printf("good\n")
				}
				return nil
			})
			if err == nil && found > 0 {
				return errNo
			}
			return err
		},
	}
	flags.add(cmd)
	return cmd
}

// String is the problem in one line.
func (p storeProblem) String() string {
	names := strings.Join(strings.Fields(p.Item+" "+p.Entry+" "+p.Blob), " ")
	if names != "" {
		names += ": "
	}
	return names + p.What
}

func newStoreReindex() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "reindex",
		Short: "Rebuild the rows of messages that have none",
		Long: `Reindex finds messages on the disk of which the store knows nothing, as after
restoring an older copy of its database, and holds them again. They are marked
"recovered": nothing is sent or ended until somebody confirms each with
"postern quarantine extend". A database that cannot be read is put aside, and a new
one made of the messages; that needs a store that no process serves.`,
		Example: "  postern store reindex",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "reindex"}, flags.json, func(o *output, r deskReply, _ []byte) error {
				if r.Aside != "" {
					fmt.Fprintf(cmd.ErrOrStderr(), "postern: the database could not be read and is now %s\n", r.Aside)
				}
				for _, i := range r.Items {
					if err := o.item(i); err != nil {
						return err
					}
				}
				if !o.json {
					o.printf("%s rebuilt\n", count(len(r.Items), "message", "messages"))
				}
				return nil
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func newStatus() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what is held, what waits to be sent, and which policies are live",
		Long: `Status counts held mail and the outbox, gives the age of the oldest, and names the
policies that are served and the files that were changed and not loaded.`,
		Example: "  postern status\n  postern status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "status"}, flags.json, func(o *output, r deskReply, _ []byte) error {
				if o.json {
					return o.object(r.Status)
				}
				o.status(r.Status)
				return nil
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func (o *output) status(s *statusJSON) {
	if s.Running {
		o.printf("running      %s, policies %s\n", s.Version, s.PolicyVersion)
	} else {
		o.printf("running      no\n")
	}
	if s.Metrics != "" {
		o.printf("metrics      %s\n", s.Metrics)
	}
	held := 0
	for _, n := range s.Held {
		held += n
	}
	o.printf("held         %d%s\n", held, since(s.OldestHeld))
	if s.Releasing > 0 {
		o.printf("releasing    %d\n", s.Releasing)
	}
	if s.Recovered > 0 {
		o.printf("recovered    %d, to be confirmed\n", s.Recovered)
	}
	late := ""
	if s.Late > 0 {
		late = fmt.Sprintf(", %d for longer than %d minutes", s.Late, outboxLate/time.Minute)
	}
	o.printf("outbox       %d%s%s\n", s.Outbox, late, since(s.OldestSent))
	o.printf("alerts       %d\n", s.Alerts)
	o.printf("stored       %s, %d octets, %d records\n", count(int(s.Blobs), "message", "messages"), s.Bytes, s.Records)
	if s.FreeBytes >= 0 {
		o.printf("free         %d MB\n", s.FreeBytes>>20)
	}
	o.exports(s.Exports)
	if s.SetBack {
		o.printf("the database is older than the messages: run `postern store reindex`\n")
	}
	if s.Poisoned {
		o.printf("the disk has failed: the store takes nothing until postern is started again\n")
	}
	for _, f := range s.Stale {
		o.printf("not loaded   %s\n", clip(f, 300))
	}
}

// since gives the age of the oldest.
func since(t *time.Time) string {
	if t == nil {
		return ""
	}
	return ", the oldest since " + t.Local().Format(time.DateTime)
}

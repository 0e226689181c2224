package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/quarantine"
)

// deskFlags are those of every command that asks a desk.
type deskFlags struct {
	file, store string
	json        bool
}

func (f *deskFlags) add(cmd *cobra.Command) {
	configFlag(cmd, &f.file)
	storeFlag(cmd, &f.store)
	jsonFlag(cmd, &f.json)
}

func newQuarantine() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "List, show, release and delete held mail",
		Long: `Quarantine works on held mail. It asks the running process; where none runs it
opens the store itself. A message is named by its identifier, or by its reference
(P-7K3M9Q) where only one message is held under it.

Every release, deletion, prolongation, legal hold and export is recorded with the login of
who did it.`,
		Example: `  postern quarantine list
  postern quarantine release P-7K3M9Q`,
	}
	cmd.AddCommand(newHeldList(), newHeldShow(), newHeldRelease(), newHeldDelete(), newHeldExtend(), newHeldExport())
	return cmd
}

func newHeldList() *cobra.Command {
	var flags deskFlags
	var states []string
	var f quarantine.Filter
	var all, legal bool
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List held mail",
		Long: `List prints the messages that are held, the oldest first. With --state it prints
those of other states: ` + stateWords() + `; --all prints every one, and --legal-hold
those of every state that are under legal hold.`,
		Example: `  postern quarantine list
  postern quarantine list --sender anna@example.com --json
  postern quarantine list --state released --limit 20`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.States = nil
			for _, s := range states {
				st := quarantine.State(s)
				if !strings.Contains(" "+stateWords()+",", " "+s+",") {
					return fmt.Errorf("--state: %q is none of %s", s, stateWords())
				}
				f.States = append(f.States, st)
			}
			f.LegalHold = nil
			if legal {
				f.LegalHold = &legal
			}
			if len(states) == 0 && !all && !legal {
				f.States = []quarantine.State{quarantine.StateHeld, quarantine.StateReleasing}
			}
			if limit < 1 {
				return errors.New("--limit: write a number from 1")
			}
			return listHeld(cmd, &flags, f, limit)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&states, "state", nil, "only messages in this state; may be repeated")
	cmd.Flags().BoolVar(&all, "all", false, "messages in every state")
	cmd.Flags().BoolVar(&legal, "legal-hold", false, "only messages under legal hold, in every state")
	cmd.Flags().StringVar(&f.Sender, "sender", "", "only messages of this sender")
	cmd.Flags().StringVar(&f.Recipient, "recipient", "", "only messages to this recipient")
	cmd.Flags().StringVar(&f.Reference, "reference", "", "only messages of this reference")
	cmd.Flags().BoolVar(&f.NewestFirst, "newest", false, "the newest first")
	cmd.Flags().IntVar(&limit, "limit", 1000, "how many at most")
	return cmd
}

func stateWords() string {
	var words []string
	for _, s := range quarantine.States {
		words = append(words, string(s))
	}
	return strings.Join(words, ", ")
}

// listHeld prints pages until there are enough.
func listHeld(cmd *cobra.Command, flags *deskFlags, f quarantine.Filter, limit int) error {
	const page = 200
	shown, more := 0, true
	for more && shown < limit {
		f.Limit = min(page, limit-shown)
		err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "list", Filter: f}, flags.json, func(o *output, r deskReply, _ []byte) error {
			for _, i := range r.Items {
				if err := o.item(i); err != nil {
					return err
				}
			}
			shown += len(r.Items)
			f.After, more = r.Next, r.Next != ""
			if shown == 0 && !o.json {
				o.printf("nothing\n")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if more {
		fmt.Fprintf(cmd.ErrOrStderr(), "postern: there are more than %d: write a greater --limit\n", limit)
	}
	return nil
}

func newHeldShow() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:     "show ITEM",
		Short:   "Show a held message: why, for whom, until when",
		Long:    "Show prints what is known of a held message, without its content.",
		Example: "  postern quarantine show P-7K3M9Q\n  postern quarantine show P-7K3M9Q --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "show", Item: args[0]}, flags.json, func(o *output, r deskReply, _ []byte) error {
				if o.json {
					return o.object(r.Items[0])
				}
				o.itemShown(r.Items[0])
				return nil
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func newHeldRelease() *cobra.Command {
	var flags deskFlags
	req := deskRequest{Do: "release"}
	cmd := &cobra.Command{
		Use:   "release ITEM",
		Short: "Let a held message go to its recipients",
		Long: `Release sends a held message on, with the edits that its rules asked for. With
--to it goes to these of its recipients only and stays held for the others. With
--redirect these people get it in place of its recipients. With --without-edits it
goes as it was held, octet for octet.

It is sent by the running process; without one it leaves at the next start.

Exit status: 0 released, 1 somebody else has decided, 2 it could not be done.`,
		Example: `  postern quarantine release P-7K3M9Q
  postern quarantine release P-7K3M9Q --to bob@partner.example --comment "asked by phone"
  postern quarantine release P-7K3M9Q --redirect desk@example.com --without-edits`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Item = args[0]
			return runDesk(cmd, flags.file, flags.store, &req, flags.json, printItem)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&req.To, "to", nil, "only to this recipient; may be repeated")
	cmd.Flags().StringArrayVar(&req.Redirect, "redirect", nil, "to this address in place of the recipients; may be repeated")
	cmd.Flags().BoolVar(&req.WithoutEdits, "without-edits", false, "leave out the edits of rules")
	commentFlag(cmd, &req)
	return cmd
}

func commentFlag(cmd *cobra.Command, req *deskRequest) {
	cmd.Flags().StringVar(&req.Why, "comment", "", "why, for the record")
}

func newHeldDelete() *cobra.Command {
	var flags deskFlags
	req := deskRequest{Do: "delete"}
	cmd := &cobra.Command{
		Use:   "delete ITEM",
		Short: "Delete a held message; nobody gets it",
		Long: `Delete ends a held message. Its sender is not told. Its octets are removed from the
disk seven days later.

Exit status: 0 deleted, 1 somebody else has decided or it is under legal hold, 2 it
could not be done.`,
		Example: `  postern quarantine delete P-7K3M9Q --comment "phishing"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Item = args[0]
			return runDesk(cmd, flags.file, flags.store, &req, flags.json, printItem)
		},
	}
	flags.add(cmd)
	commentFlag(cmd, &req)
	return cmd
}

func newHeldExtend() *cobra.Command {
	var flags deskFlags
	var span, hold string
	req := deskRequest{Do: "extend"}
	cmd := &cobra.Command{
		Use:   "extend ITEM",
		Short: "Keep a held message longer",
		Long: `Extend has a held message expire that much later than now. A message that was
rebuilt after a loss becomes an ordinary one by it.

With --legal-hold=on a message is kept without end: it does not expire, cannot be
deleted, and its octets and records stay, also when it was released or has ended
already and its octets are still there. --legal-hold=off lifts that.

Exit status: 0 done, 1 the message is gone or was decided on, 2 it could not be
done.`,
		Example: `  postern quarantine extend P-7K3M9Q --for 14d
  postern quarantine extend P-7K3M9Q --legal-hold=on --comment "case 17"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Item = args[0]
			switch d, err := readSpan(span); {
			case !cmd.Flags().Changed("legal-hold") && err != nil:
				return fmt.Errorf("--for: %w", err)
			case !cmd.Flags().Changed("legal-hold"):
				req.Until = time.Now().Add(d)
			case hold != "on" && hold != "off":
				return fmt.Errorf("--legal-hold: write on or off, not %q", clip(hold, 20))
			default:
				req.Do, req.Hold = "legalHold", hold == "on"
			}
			return runDesk(cmd, flags.file, flags.store, &req, flags.json, printItem)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&span, "for", "30d", "how long from now, as 12h or 14d")
	cmd.Flags().StringVar(&hold, "legal-hold", "", "on keeps the message without end, off no longer")
	cmd.MarkFlagsMutuallyExclusive("for", "legal-hold")
	commentFlag(cmd, &req)
	return cmd
}

// readSpan reads a span of time with the unit d for days beside those of Go.
func readSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil {
			d = time.Duration(n) * 24 * time.Hour
		}
	}
	if err != nil || d <= 0 || d > 10*366*24*time.Hour {
		return 0, fmt.Errorf("%q is no span of time; write 12h or 14d", s)
	}
	return d, nil
}

func newHeldExport() *cobra.Command {
	var flags deskFlags
	var to string
	cmd := &cobra.Command{
		Use:   "export ITEM",
		Short: "Write the octets of a held message to a file",
		Long: `Export writes a held message as it is kept, octet for octet. That it was read, and
by whom, is recorded. "-" is standard output.`,
		Example: `  postern quarantine export P-7K3M9Q --output message.eml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "export", Item: args[0]}, flags.json, func(o *output, r deskReply, content []byte) error {
				if to == "-" {
					_, err := o.w.Write(content)
					return err
				}
				f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
				if err != nil {
					return plainError(err)
				}
				_, werr := f.Write(content)
				if err := errors.Join(werr, f.Close()); err != nil {
					return err
				}
				return printItem(o, r, nil)
			})
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&to, "output", "-", "file to write, which must not be there yet")
	return cmd
}

func printItem(o *output, r deskReply, _ []byte) error { return o.item(r.Items[0]) }

// item prints a held message in one line.
func (o *output) item(i itemJSON) error {
	if o.json {
		return o.object(i)
	}
	state := i.State
	if i.Recovered {
		state += " (recovered)"
	}
	if i.LegalHold {
		state += " (legal hold)"
	}
	o.printf("%s  %s  %s  %s  <%s> to %s  %s\n", i.ID, i.Reference, i.Created.Local().Format("2006-01-02 15:04"), state,
		clip(i.Sender, 200), clip(strings.Join(bound(i.Recipients, 5), ", "), 1000), clip(i.rule(), 300))
	return nil
}

// rule names what holds a message.
func (i itemJSON) rule() string {
	if i.Rule == "" {
		return i.Reason
	}
	return ruleJSON{i.Policy, i.Rule}.String()
}

// itemShown prints everything that is known of a held message.
func (o *output) itemShown(i itemJSON) {
	row := func(name, value string) {
		if value != "" {
			o.printf("%-12s %s\n", name, value)
		}
	}
	row("item", i.ID)
	row("reference", i.Reference)
	row("state", i.State)
	if d := i.Decided; d != nil {
		row("decided", fmt.Sprintf("%s by %s at %s", d.Event, clip(d.By, 100), d.At.Local().Format(time.DateTime)))
		row("comment", clip(d.Why, 1000))
	}
	row("sender", "<"+clip(i.Sender, 300)+">")
	row("recipients", clip(strings.Join(bound(i.Recipients, 20), ", "), 4000))
	row("rule", clip(i.rule(), 400))
	row("reason", clip(i.Reason, 1000))
	row("size", strconv.FormatInt(i.Size, 10)+" octets")
	row("queue id", clip(i.QueueID, 100))
	row("held since", i.Created.Local().Format(time.DateTime))
	if i.Expires != nil {
		row("expires", i.Expires.Local().Format(time.DateTime))
	}
	if i.Seen > 0 {
		row("seen again", count(i.Seen, "time", "times"))
	}
	for _, e := range i.Edits {
		row("on release", e.String())
	}
	if i.LegalHold {
		row("legal hold", "it neither expires nor can it be deleted")
	}
	if i.Recovered {
		row("recovered", "rebuilt after a loss: nothing happens to it until `postern quarantine extend` confirms it")
	}
}

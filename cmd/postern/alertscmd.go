package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/quarantine"
)

func newAlerts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "List, show and work on alerts",
		Long: `Alerts works on what rules with generateAlert have raised. It asks the running
process; where none runs it opens the store itself. An alert is named by its
identifier (A-7K3M9QXY), or by the reference of a message where only one alert has
it.

Every change is recorded with the login of who did it.`,
		Example: `  postern alerts list
  postern alerts set A-7K3M9QXY --status investigating --assignee otto --comment "I ask Anna."`,
	}
	cmd.AddCommand(newAlertsList(), newAlertsShow(), newAlertsSet())
	return cmd
}

func newAlertsList() *cobra.Command {
	var flags deskFlags
	var statuses, severities []string
	var all, simulated bool
	var since string
	var limit int
	var r alertRequest
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List alerts",
		Long: `List prints the alerts that are active or being investigated, those raised first
first. With --status it prints those of other statuses, ` + alertWords() + `;
--all prints every one. Alerts of policies in a test mode are marked as simulated.`,
		Example: `  postern alerts list
  postern alerts list --severity high --since 48h
  postern alerts list --all --user anna@example.com --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := &r.Filter
			f.Statuses, f.Severities, f.Simulated, f.Since = nil, nil, nil, time.Time{}
			for _, word := range statuses {
				s := quarantine.AlertStatus(strings.ToLower(word))
				if !slices.Contains(quarantine.AlertStatuses, s) {
					return fmt.Errorf("--status: %q is none of %s", clip(word, 50), alertWords())
				}
				f.Statuses = append(f.Statuses, s)
			}
			for _, word := range severities {
				i := slices.IndexFunc(alertSeverities, func(s string) bool { return strings.EqualFold(s, word) })
				if i < 0 {
					return fmt.Errorf("--severity: %q is none of none, low, medium, high", clip(word, 50))
				}
				f.Severities = append(f.Severities, alertSeverities[i])
			}
			if len(statuses) == 0 && !all {
				f.Statuses = []quarantine.AlertStatus{quarantine.AlertActive, quarantine.AlertInvestigating}
			}
			if cmd.Flags().Changed("simulated") {
				f.Simulated = &simulated
			}
			if since != "" {
				d, err := readSpan(since)
				if err != nil {
					return fmt.Errorf("--since: %w", err)
				}
				f.Since = time.Now().Add(-d)
			}
			if limit < 1 {
				return errors.New("--limit: write a number from 1")
			}
			return listAlerts(cmd, &flags, r, limit)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&statuses, "status", nil, "only alerts of this status; may be repeated")
	cmd.Flags().BoolVar(&all, "all", false, "alerts of every status")
	cmd.Flags().StringArrayVar(&severities, "severity", nil, "only alerts of this severity; may be repeated")
	cmd.Flags().StringVar(&r.Filter.Policy, "policy", "", "only alerts of this policy")
	cmd.Flags().StringVar(&r.Filter.Rule, "rule", "", "only alerts of this rule")
	cmd.Flags().StringVar(&r.User, "user", "", "only alerts with a match of mail of this sender")
	cmd.Flags().StringVar(&r.Filter.Reference, "reference", "", "only alerts with a match of this reference")
	cmd.Flags().StringVar(&r.Filter.Assignee, "assignee", "", "only alerts that are the work of this person")
	cmd.Flags().StringVar(&since, "since", "", "only alerts raised within that time, as 48h or 7d")
	cmd.Flags().BoolVar(&simulated, "simulated", false, "only those of policies in a test mode, or with =false only the others")
	cmd.Flags().BoolVar(&r.Filter.NewestFirst, "newest", false, "the newest first")
	cmd.Flags().IntVar(&limit, "limit", 1000, "how many at most")
	cmd.MarkFlagsMutuallyExclusive("all", "status")
	return cmd
}

// alertSeverities are the severities of alerts as they are kept.
var alertSeverities = []string{"None", "Low", "Medium", "High"}

func alertWords() string {
	var words []string
	for _, s := range quarantine.AlertStatuses {
		words = append(words, string(s))
	}
	return strings.Join(words, ", ")
}

// listAlerts prints pages until there are enough.
func listAlerts(cmd *cobra.Command, flags *deskFlags, r alertRequest, limit int) error {
	const page = 200
	shown, more := 0, true
	for more && shown < limit {
		r.Filter.Limit = min(page, limit-shown)
		err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "alertList", Alert: &r}, flags.json, func(o *output, reply deskReply, _ []byte) error {
			for _, a := range reply.Alerts {
				if err := o.alert(a); err != nil {
					return err
				}
			}
			shown += len(reply.Alerts)
			r.Filter.After, more = reply.Next, reply.Next != ""
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

func newAlertsShow() *cobra.Command {
	var flags deskFlags
	cmd := &cobra.Command{
		Use:   "show ALERT",
		Short: "Show an alert: what raised it, its matches, and what was done",
		Long: `Show prints what is known of an alert, with its latest 100 matches. What a match
found is printed by "postern explain --ref REFERENCE".`,
		Example: "  postern alerts show A-7K3M9QXY\n  postern alerts show a-7k3m9qxy --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "alertShow", Item: args[0]}, flags.json, printAlert)
		},
	}
	flags.add(cmd)
	return cmd
}

func newAlertsSet() *cobra.Command {
	var flags deskFlags
	var status, assignee string
	var r alertRequest
	req := deskRequest{Do: "alertSet"}
	cmd := &cobra.Command{
		Use:   "set ALERT",
		Short: "Give an alert a status or an assignee, or comment on it",
		Long: `Set changes an alert and prints it. An active alert may become investigating,
resolved or dismissed, one that is investigated resolved or dismissed, and a closed
one is opened again by investigating. Comments are added and stay. Of several
changes in one command either all are done or none.

Exit status: 0 done, 1 there is no such alert or it may not get that status, 2 it
could not be done.`,
		Example: `  postern alerts set A-7K3M9QXY --status investigating --assignee otto
  postern alerts set A-7K3M9QXY --status resolved --comment "The customer had asked for it."
  postern alerts set A-7K3M9QXY --assignee ""`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Item, req.Alert = args[0], &r
			r.Status, r.Assignee = quarantine.AlertStatus(strings.ToLower(status)), nil
			if status != "" && !slices.Contains(quarantine.AlertStatuses, r.Status) {
				return fmt.Errorf("--status: %q is none of %s", clip(status, 50), alertWords())
			}
			if cmd.Flags().Changed("assignee") {
				if len(assignee) > 254 || strings.ContainsFunc(assignee, func(c rune) bool { return c < ' ' || c == 0x7f }) {
					return errors.New("--assignee: write a login or an address")
				}
				r.Assignee = &assignee
			}
			if len(req.Why) > 4000 {
				return errors.New("--comment: write at most 4000 octets")
			}
			if r.Status == "" && r.Assignee == nil && strings.TrimSpace(req.Why) == "" {
				return errors.New("write --status, --assignee or --comment")
			}
			return runDesk(cmd, flags.file, flags.store, &req, flags.json, printAlert)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&status, "status", "", "investigating, resolved or dismissed")
	cmd.Flags().StringVar(&assignee, "assignee", "", "whose work it is; empty for nobody's")
	cmd.Flags().StringVar(&req.Why, "comment", "", "a comment to be added")
	return cmd
}

func printAlert(o *output, r deskReply, _ []byte) error {
	if o.json {
		return o.object(r.Alerts[0])
	}
	o.alertShown(r.Alerts[0])
	return nil
}

// alert prints an alert in one line.
func (o *output) alert(a alertJSON) error {
	if o.json {
		return o.object(a)
	}
	status := a.Status
	if a.Assignee != "" {
		status += " (" + clip(a.Assignee, 50) + ")"
	}
	if a.Simulated {
		status += " (simulated)"
	}
	o.printf("%s  %s  %s  %s  %s  %s\n", a.ID, a.Raised.Local().Format("2006-01-02 15:04"), status, strings.ToLower(a.Severity),
		ruleJSON{a.Policy, a.Rule}, count(a.Events, "match", "matches"))
	return nil
}

// alertShown prints everything that is known of an alert.
func (o *output) alertShown(a alertJSON) {
	row := func(name, value string) {
		if value != "" {
			o.printf("%-12s %s\n", name, value)
		}
	}
	at := func(t time.Time) string { return t.Local().Format(time.DateTime) }
	row("alert", a.ID)
	row("status", a.Status)
	row("assignee", clip(a.Assignee, 254))
	if a.Simulated {
		row("simulated", "the policy is in a test mode")
	}
	row("severity", strings.ToLower(a.Severity))
	row("rule", ruleJSON{a.Policy, a.Rule}.String())
	row("raised", at(a.Raised))
	row("matches", fmt.Sprintf("%d, from %s to %s, %d octets", a.Events, at(a.First), at(a.Last), a.Bytes))
	row("users", clip(strings.Join(bound(a.Users, 20), ", "), 4000))
	switch {
	case a.Told != nil:
		row("mail", "written "+at(*a.Told)+" to "+clip(strings.Join(bound(a.To, 10), ", "), 1000))
	case len(a.To) > 0:
		row("mail", "due to "+clip(strings.Join(bound(a.To, 10), ", "), 1000))
	}
	for _, m := range a.Matches[:min(len(a.Matches), 20)] {
		to := ""
		if len(m.Recipients) > 0 {
			to = " to " + clip(strings.Join(bound(m.Recipients, 5), ", "), 1000)
		}
		row("match", fmt.Sprintf("%s  %s  <%s>%s", at(m.At), m.Reference, clip(m.User, 200), to))
	}
	for _, c := range a.Comments {
		row("comment", fmt.Sprintf("%s by %s: %s", at(c.At), clip(c.By, 100), clip(c.Text, 4000)))
	}
}

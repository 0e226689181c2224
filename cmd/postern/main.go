package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // organization.timeZone works where the system has no time zones

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/message/extract/worker"
)

func main() {
	if worker.Asked() {
		os.Exit(worker.Serve())
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	statusGood   = 0
	statusNo     = 1 // the answer is no
	statusCannot = 2 // the command could not run
)

// errNo is a command's way to answer no; the reasons have been printed.
var errNo = errors.New("no")

// errSaid ends a command that could not run and has said why.
var errSaid = errors.New("said")

// run runs one command line and gives the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(context.Background())
	switch {
	case err == nil:
		return statusGood
	case errors.Is(err, errNo):
		return statusNo
	case !errors.Is(err, errSaid):
		fmt.Fprintln(stderr, "postern: "+err.Error())
	}
	return statusCannot
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "postern",
		Short: "Data loss prevention for Postfix and Sendmail",
		Long: `Postern is a filter that a mail server asks before it takes a message. Policies
in YAML files say what must not leave, and what is done then.

Every command prints text for people; those with --json print one object a line
for programs. Exit status: 0 good, 1 the answer is no, 2 the command could not
run.`,
		Example: `  postern check --config postern.yaml
  postern explain --config postern.yaml --to someone@partner.example message.eml
  postern serve --config postern.yaml`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newAlerts(), newAudit(), newCheck(), newClassify(), newExplain(), newExtract(), newPolicy(), newPrivacy(), newQuarantine(), newReload(), newReport(), newSchema(), newServe(), newStatus(), newStore(), newTest(), newTypes(), newVersion())
	return root
}

// configFlag adds --config.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", defaultConfig, "path of postern.yaml")
}

// storeFlag adds --store.
func storeFlag(cmd *cobra.Command, store *string) {
	cmd.Flags().StringVar(store, "store", "", "directory of the running process, instead of store.path")
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command, json *bool) {
	cmd.Flags().BoolVar(json, "json", false, "print one JSON object a line")
}

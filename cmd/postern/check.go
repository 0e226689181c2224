package main

import (
	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

func newCheck() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find every mistake in postern.yaml, the people file and the policies",
		Long: `Check reads postern.yaml and every file it names, and prints all mistakes with
file, line and column, and what to write instead. Hints are allowed and likely
not meant: among them, that no enforced rule acts on attachments that could not be
read. LDAP servers are asked: what one refuses is an error, and one that cannot be
reached is a hint. A file that passes is one that serve and reload take.

Exit status: 0 no errors, 1 errors, 2 postern.yaml cannot be read.`,
		Example: `  postern check
  postern check --config /etc/postern/postern.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, c, problems, err := load(cmd.Context(), file, classify.Builtin())
			if err != nil {
				return err
			}
			if w != nil {
				problems = append(problems, c.unheeded(w.set)...)
				problems = append(problems, actions.Lint(w.set)...)
				problems = append(problems, actions.LintAlerts(w.set, c.alertSettings())...)
			}
			silent := c.serverProblems(cmd.Context())
			problems = append(problems, silent...)
			strictyaml.Sort(problems)
			if strictyaml.Errors(silent) {
				w = nil
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			if c.ldap != nil && len(silent) == 0 && !asJSON {
				out.printf("good: %s answers\n", listed(c.ldap.URLs, "and"))
			}
			if err := out.checked(w, problems); err != nil {
				return err
			}
			if strictyaml.Errors(problems) {
				return errNo
			}
			return nil
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (o *output) checked(w *world, problems []strictyaml.Problem) error {
	for _, p := range problemsJSON(problems) {
		if o.json {
			if err := o.object(p); err != nil {
				return err
			}
			continue
		}
		o.printf("%s\n", p)
	}
	if o.json {
		return o.flush()
	}
	if len(problems) > 0 {
		o.printf("%s\n", summary(problems))
	}
	if w != nil {
		rules := 0
		for _, p := range w.set.Policies {
			rules += len(p.Rules)
		}
		o.printf("good: %s with %s, version %s\n", count(len(w.set.Policies), "policy", "policies"), count(rules, "rule", "rules"), w.set.Version)
	}
	return o.flush()
}

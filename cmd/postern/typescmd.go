package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/strictyaml"
)

func newTypes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Show and test the types of sensitive information",
		Long: `Types shows what policies can look for: the types built in and, with --config,
those of the files of types among the policies. No command of it prints what was
found in a text.`,
		Example: `  postern types list
  postern types show "Credit card number"
  postern types test --config postern.yaml "Staff number"`,
	}
	cmd.AddCommand(newTypesList(), newTypesShow(), newTypesTest())
	return cmd
}

// typesFlag adds --config to a command that does without.
func typesFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "path of postern.yaml, for the types of its files too")
}

// catalogOf gives the types of a configuration, or those built in. Mistakes in
// files of types are printed; then there is none.
func catalogOf(_ context.Context, cmd *cobra.Command, file string) (*classify.Catalog, error) {
	if file == "" {
		return classify.Builtin(), nil
	}
	s, _, err := gather(file)
	if err != nil {
		return nil, err
	}
	c, problems := s.catalog()
	for _, p := range problems {
		fmt.Fprintln(cmd.ErrOrStderr(), p)
	}
	if c == nil {
		return nil, errSaid
	}
	return c, nil
}

// typeNamed finds a type; the error says which names are near.
func typeNamed(c *classify.Catalog, name string) (*classify.Type, error) {
	name = strings.TrimSpace(name)
	if t, ok := c.Lookup(name); ok {
		return t, nil
	}
	if full, ok := classify.Unsupported(name); ok {
		return nil, fmt.Errorf("the type %q is not supported by this version", full)
	}
	var known []string
	for _, t := range c.Types() {
		known = append(known, t.Name)
		known = append(known, t.Aliases...)
	}
	if near := strictyaml.Closest(name, known); near != "" {
		return nil, fmt.Errorf("no type is named %q; did you mean %q?", name, near)
	}
	return nil, fmt.Errorf("no type is named %q; `postern types list` prints all", name)
}

// listedType is a line of `types list`, for programs.
type listedType struct {
	Type                  string   `json:"type"`
	ID                    string   `json:"id"`
	Aliases               []string `json:"aliases"`
	RecommendedConfidence int      `json:"recommendedConfidence"`
	Custom                bool     `json:"custom"`
	Bundle                bool     `json:"bundle"`
}

func newTypesList() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the types by name",
		Long:    "List prints the name and the id of every type, by name. Types of files and bundles\nof other types are marked.",
		Example: "  postern types list\n  postern types list --json --config postern.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := catalogOf(cmd.Context(), cmd, file)
			if err != nil {
				return err
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			for _, t := range c.Types() {
				d := t.Describe()
				if asJSON {
					if err := out.object(listedType{d.Name, d.ID, d.Aliases, d.RecommendedConfidence, d.Custom, len(d.Members) > 0}); err != nil {
						return err
					}
					continue
				}
				mark := ""
				if d.Custom {
					mark = "  (own)"
				}
				if len(d.Members) > 0 {
					mark += "  (bundle)"
				}
				out.printf("%-36s  %s%s\n", d.ID, d.Name, mark)
			}
			return out.flush()
		},
	}
	typesFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newTypesShow() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show TYPE…",
		Short:   "Show what a type looks for",
		Long:    "Show prints the patterns of types, with what they look for and the evidence they\nwant near by. A type is named by its name, an alias or its id.",
		Example: "  postern types show \"Credit card number\"\n  postern types show --json 50842eb7-edc8-4019-85dd-5a5c1f2bb085",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := catalogOf(cmd.Context(), cmd, file)
			if err != nil {
				return err
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			for _, name := range names {
				t, err := typeNamed(c, name)
				if err != nil {
					return err
				}
				if d := t.Describe(); !asJSON {
					out.describe(&d)
				} else if err := out.object(d); err != nil {
					return err
				}
			}
			return out.flush()
		},
	}
	typesFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (o *output) describe(d *classify.Description) {
	o.printf("%s\n  id %s\n", d.Name, d.ID)
	if len(d.Aliases) > 0 {
		o.printf("  also %s\n", strings.Join(d.Aliases, ", "))
	}
	o.printf("  recommended confidence %d\n", d.RecommendedConfidence)
	for _, m := range d.Members {
		o.printf("  member %s\n", m)
	}
	if d.Proximity != "" {
		o.printf("  evidence within %s characters\n", d.Proximity)
	}
	for _, p := range d.Patterns {
		o.printf("  confidence %d: %s", p.Confidence, p.Primary)
		if p.Needs != "" {
			o.printf(" with %s", p.Needs)
		}
		o.printf("\n")
	}
	for _, e := range d.Primaries {
		o.printf("  primary %s: %s\n", e.Name, e.What)
	}
	for _, e := range d.Evidence {
		o.printf("  evidence %s: %s\n", e.Name, e.What)
	}
	o.printf("  %s that must match, %d that must not\n", count(d.Samples["match"], "sample", "samples"), d.Samples["noMatch"])
}

// testedType is a line of `types test`, for programs.
type testedType struct {
	Type     string   `json:"type"`
	ID       string   `json:"id"`
	Good     bool     `json:"good"`
	Failures []string `json:"failures"`
}

func newTypesTest() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test [TYPE…]",
		Short: "Check types by the samples of their files",
		Long: `Test looks for types in the samples that their files hold: those that must match
must do so as often and with the confidence they say, and the others must not.
Without names every type is tested.

Exit status: 0 all samples are as they say, 1 some are not, 2 the command could
not run.`,
		Example: "  postern types test\n  postern types test --config postern.yaml \"Staff number\"",
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := catalogOf(cmd.Context(), cmd, file)
			if err != nil {
				return err
			}
			tested := c.Types()
			if len(names) > 0 {
				tested = nil
			}
			for _, name := range names {
				t, err := typeNamed(c, name)
				if err != nil {
					return err
				}
				tested = append(tested, t)
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			bad := 0
			for _, t := range tested {
				failures := c.Test(t)
				if len(failures) > 0 {
					bad++
				}
				if asJSON {
					if err := out.object(testedType{t.Name, t.ID, len(failures) == 0, list(failures)}); err != nil {
						return err
					}
					continue
				}
				for _, f := range failures {
					out.printf("%s: %s\n", t.Name, f)
				}
			}
			if !asJSON {
				out.printf("%s tested, %d with samples that differ\n", count(len(tested), "type", "types"), bad)
			}
			if err := out.flush(); err != nil {
				return err
			}
			if bad > 0 {
				return errNo
			}
			return nil
		},
	}
	typesFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

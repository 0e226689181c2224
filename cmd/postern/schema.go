package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/strictyaml"
)

// schemas gives the JSON Schemas of the files that administrators write, by the
// names they are printed under.
func schemas() map[string]strictyaml.Schema {
	return map[string]strictyaml.Schema{"policy": actions.Schema(), "postern": configSchema()}
}

// configSchema gives the schema of postern.yaml: what its reader asks for.
func configSchema() strictyaml.Schema {
	s := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) {
		cr := &configReader{Reader: r, c: defaults(defaultConfig)}
		cr.root(n)
	})
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "postern.yaml"
	return s
}

// writeSchema writes a schema as it stands in docs/schema.
func writeSchema(w io.Writer, s strictyaml.Schema) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(s)
}

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema policy|postern",
		Short: "Print the JSON Schema of policy files or of postern.yaml",
		Long: `Schema prints a JSON Schema (draft 2020-12) by which editors offer keys and values
and mark mistakes as they are typed: that of policy files, or that of
postern.yaml. Check finds more, as it looks at several values together.`,
		Example: `  postern schema policy > policy.schema.json
  postern schema postern > postern.schema.json`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"policy", "postern"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := writeSchema(cmd.OutOrStdout(), schemas()[args[0]]); err != nil {
				return fmt.Errorf("the schema cannot be printed: %w", err)
			}
			return nil
		},
	}
}

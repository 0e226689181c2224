package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/classify"
)

// version is set by the linker (-X main.version=1.2.3); without it the version
// is what the Go toolchain recorded.
var version string

// versionJSON is the version for programs.
type versionJSON struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Types    int    `json:"types"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Version prints the version of Postern, of the Go toolchain that built it, and how\nmany types of sensitive information are built in.",
		Example: "  postern version\n  postern version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := buildVersion()
			v.Types = len(classify.Builtin().Types())
			out := newOutput(cmd.OutOrStdout(), asJSON)
			if asJSON {
				if err := out.object(v); err != nil {
					return err
				}
				return out.flush()
			}
			out.printf("postern %s", v.Version)
			if v.Revision != "" {
				out.printf(" (%s)", v.Revision)
			}
			out.printf(", %s, %s of sensitive information\n", v.Go, count(v.Types, "type", "types"))
			return out.flush()
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func buildVersion() versionJSON {
	v := versionJSON{Version: version, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if v.Version == "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}

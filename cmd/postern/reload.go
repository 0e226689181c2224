package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
)

func newReload() *cobra.Command {
	var file, store string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the running postern load its files again",
		Long: `Reload has the running process check its files and take them when all are good;
otherwise the mistakes are printed and nothing changes. What changed is printed.
Messages in hand keep the policies they began with.

Sections of postern.yaml that are read at start only, as listen, are named.

Exit status: 0 taken, 1 refused, 2 no process could be asked.`,
		Example: `  postern reload
  postern reload --config /etc/postern/postern.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := filepath.Abs(file)
			if err != nil {
				return err
			}
			// Mistakes are for the running process to find; where its socket is, is
			// known also when there are some.
			data, err := readBounded(path)
			if err != nil {
				return err
			}
			c, _ := readConfig(path, data)
			o, err := newOverrides(nil, store)
			if err != nil {
				return err
			}
			o.apply(&c.process)
			reply, err := ask(c.process.store, request{Command: "reload"})
			if err != nil {
				return err
			}
			out := newOutput(cmd.OutOrStdout(), asJSON)
			if err := out.reloaded(reply); err != nil {
				return err
			}
			if !reply.Good {
				return errNo
			}
			return nil
		},
	}
	configFlag(cmd, &file)
	storeFlag(cmd, &store)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (o *output) reloaded(r reloaded) error {
	if o.json {
		r.Problems, r.Changes, r.Restart = list(r.Problems), list(r.Changes), list(r.Restart)
		if err := o.object(r); err != nil {
			return err
		}
		return o.flush()
	}
	for _, p := range r.Problems {
		o.printf("%s\n", p)
	}
	for _, c := range r.Changes {
		o.printf("%s\n", c)
	}
	for _, s := range r.Restart {
		o.printf("restart needed for: %s\n", s)
	}
	if !r.Good {
		o.printf("refused: %s; policies %s stay\n", clip(r.Error, 1000), r.PolicyVersion)
	} else if len(r.Changes) == 0 {
		o.printf("good: nothing changed, policies %s\n", r.PolicyVersion)
	} else {
		o.printf("good: policies %s are live\n", r.PolicyVersion)
	}
	return o.flush()
}

package main

import (
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/rules"
)

// extractedPart is what was read of one part, for programs.
type extractedPart struct {
	Name       string            `json:"name"`
	MediaType  string            `json:"mediaType"`
	Extension  string            `json:"extension"`
	Status     string            `json:"status"`
	Characters int               `json:"characters"`
	Text       string            `json:"text"`
	Properties map[string]string `json:"properties"`
	Labels     []string          `json:"labels"` // GUIDs of those that are enabled
	depth      int
}

func newExtract() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "extract FILE…",
		Short: "Print the text that policies see of files",
		Long: `Extract prints the text of messages and documents as policies see it, with the
properties and sensitivity labels of documents, and says what could not be read.
The files within archives, documents and messages stand below what they are in.
"-" reads standard input.`,
		Example: `  postern extract report.docx
  postern extract --json message.eml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			out := newOutput(cmd.OutOrStdout(), asJSON)
			docs, err := newDocuments(defaults("").process.readers, nil)
			if err != nil {
				return err
			}
			defer docs.Close()
			return eachFile(cmd, out, files, func(name string, r io.Reader) error {
				rd, err := readFile(cmd.Context(), docs, name, r, nil)
				if err != nil {
					return err
				}
				return out.extracted(name, rd)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// extractedOf gives a part the form that is printed.
func extractedOf(p rules.ScannedPart) extractedPart {
	e := extractedPart{p.Name, p.MediaType, p.Extension, string(p.Status), p.Characters, p.Text, p.Properties, []string{}, p.Depth}
	if e.Properties == nil {
		e.Properties = map[string]string{}
	}
	for _, l := range p.Labels {
		if l.Enabled {
			e.Labels = append(e.Labels, l.ID)
		}
	}
	return e
}

// extractedJSON prints one object part by part: the text of all parts together,
// escaped, may be very long.
func (o *output) extractedJSON(name string, rd reading) error {
	file, err := compact(name)
	if err != nil {
		return err
	}
	o.printf(`{"file":%s,"parts":[`, file)
	for i, p := range rd.parts {
		part, err := compact(extractedOf(p))
		if err != nil {
			return err
		}
		if i > 0 {
			o.printf(",")
		}
		if _, err := o.w.Write(part); err != nil {
			return err
		}
	}
	signals, err := compact(rd.signals)
	if err != nil {
		return err
	}
	o.printf(`],"signals":%s}`+"\n", signals)
	return nil
}

func (o *output) extracted(name string, rd reading) error {
	if o.json {
		return o.extractedJSON(name, rd)
	}
	for _, scanned := range rd.parts {
		p := extractedOf(scanned)
		in := strings.Repeat("  ", p.depth)
		o.printf("%s%s: %s (%s, %s)\n", in, clip(name, 300), clip(p.Name, 200), p.MediaType, p.Status)
		for _, label := range p.Labels {
			o.printf("%s  label: %s\n", in, clip(label, 100))
		}
		for _, key := range slices.Sorted(maps.Keys(p.Properties)) {
			o.printf("%s  %s: %s\n", in, clip(key, 100), clip(p.Properties[key], 300))
		}
		if p.Text != "" {
			for line := range strings.Lines(p.Text) {
				cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
				for i, cell := range cells {
					cells[i] = clip(cell, math.MaxInt)
				}
				o.printf("%s%s\n", in, strings.Join(cells, "\t"))
			}
		}
	}
	o.signals(rd.signals)
	return nil
}

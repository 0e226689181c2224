package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
)

// classifiedJSON is what was found in one file or line, for programs.
type classifiedJSON struct {
	File       string          `json:"file"`
	Line       int             `json:"line"`
	Parts      []partJSON      `json:"parts"`
	Detections []detectionJSON `json:"detections"`
	Signals    []signalJSON    `json:"signals"`
}

type partJSON struct {
	Name       string `json:"name"`
	MediaType  string `json:"mediaType"`
	Characters int    `json:"characters"`
}

type detectionJSON struct {
	Type        string      `json:"type"`
	ID          string      `json:"id"`
	Count       int         `json:"count"`
	UniqueCount int         `json:"uniqueCount"`
	Confidence  int         `json:"confidence"`
	Matches     []matchJSON `json:"matches"`
}

type matchJSON struct {
	Part       string `json:"part"`
	Offset     int    `json:"offset"`
	Length     int    `json:"length"`
	Confidence int    `json:"confidence"`
	Value      string `json:"value"`
}

// classifier is a run of the command.
type classifier struct {
	catalog *classify.Catalog
	wanted  map[*classify.Type]bool // nil: all
	reveal  bool
	out     *output
}

func newClassify() *cobra.Command {
	var asJSON, reveal, lines bool
	var types []string
	var config string
	cmd := &cobra.Command{
		Use:   "classify FILE…",
		Short: "Find sensitive information in files",
		Long: `Classify looks for the types of sensitive information that policies can name. A
message is taken apart as mail is; of any other file the text is extracted.
Values are shown masked, also in the names of parts. "-" reads standard input.`,
		Example: `  postern classify report.docx message.eml
  postern classify --types "Credit card number,SWIFT code" --json report.docx
  postern classify --lines --reveal samples.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			catalog, err := catalogOf(cmd.Context(), cmd, config)
			if err != nil {
				return err
			}
			c := &classifier{catalog: catalog, reveal: reveal, out: newOutput(cmd.OutOrStdout(), asJSON)}
			if err := c.only(types); err != nil {
				return err
			}
			docs, err := newDocuments(defaults("").process.readers, nil)
			if err != nil {
				return err
			}
			defer docs.Close()
			return eachFile(cmd, c.out, files, func(name string, r io.Reader) error {
				if lines {
					return c.lines(cmd.Context(), name, r)
				}
				return c.file(cmd.Context(), docs, name, r)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	typesFlag(cmd, &config)
	f := cmd.Flags()
	f.BoolVar(&reveal, "reveal", false, "show values in clear")
	f.BoolVar(&lines, "lines", false, "take each line of a text file as an item of its own")
	f.StringSliceVar(&types, "types", nil, "look for these types only: names, aliases or GUIDs, parted by commas")
	return cmd
}

// only reads --types.
func (c *classifier) only(names []string) error {
	for _, name := range names {
		t, err := typeNamed(c.catalog, name)
		if err != nil {
			return fmt.Errorf("--types: %w", err)
		}
		if c.wanted == nil {
			c.wanted = make(map[*classify.Type]bool)
		}
		c.wanted[t] = true
	}
	return nil
}

func (c *classifier) file(ctx context.Context, docs *documents, name string, r io.Reader) error {
	rd, err := readFile(ctx, docs, name, r, c.catalog)
	if err != nil {
		return err
	}
	return c.print(c.result(name, 0, rd))
}

// lines classifies each line of a text by itself.
func (c *classifier) lines(ctx context.Context, name string, r io.Reader) error {
	data, err := readContent(name, r)
	if err != nil {
		return err
	}
	text := string(data)
	if !utf8.Valid(data) {
		lim := extract.DefaultLimits
		lim.Characters = len(data)
		doc := extract.Extract(ctx, data, extract.Hint{Name: filepath.Base(name), MediaType: "text/plain"}, lim)
		if doc.Status != extract.Complete {
			return fmt.Errorf("%s is not a text", name)
		}
		text = doc.Text
	}
	text = strings.TrimPrefix(text, "\ufeff")
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		part := rules.ScannedPart{Name: filepath.Base(name), Document: extract.Document{
			MediaType: "text/plain", Text: line, Characters: utf8.RuneCountInString(line)}}
		rd := reading{parts: []rules.ScannedPart{part}, found: classified(part.Name, c.catalog.Scan(line, c.wanted)), signals: []signalJSON{}}
		if err := c.print(c.result(name, number, rd)); err != nil {
			return err
		}
	}
	return nil
}

func (c *classifier) result(name string, line int, rd reading) classifiedJSON {
	out := classifiedJSON{File: name, Line: line, Parts: make([]partJSON, 0, len(rd.parts)), Detections: []detectionJSON{}, Signals: slices.Clone(rd.signals)}
	shown := c.catalog.Mask
	if c.reveal {
		shown = func(name string) string { return name }
	}
	for i := range out.Signals {
		out.Signals[i].Part = shown(out.Signals[i].Part)
	}
	for _, p := range rd.parts {
		out.Parts = append(out.Parts, partJSON{shown(p.Name), p.MediaType, p.Characters})
	}
	for _, d := range rd.found {
		if c.wanted != nil && !c.wanted[d.Type] {
			continue
		}
		dj := detectionJSON{Type: d.Type.Name, ID: d.Type.ID, Matches: make([]matchJSON, 0, len(d.Matches))}
		matches := make([]classify.Match, 0, len(d.Matches))
		for _, m := range d.Matches {
			value := m.Value.String()
			if c.reveal {
				value = m.Value.Reveal()
			}
			matches = append(matches, m.Match)
			dj.Matches = append(dj.Matches, matchJSON{shown(m.Part), m.Offset, m.Length, m.Confidence, value})
		}
		dj.Count, dj.UniqueCount, dj.Confidence = classify.Count(matches, 1, 100)
		out.Detections = append(out.Detections, dj)
	}
	return out
}

func (c *classifier) print(r classifiedJSON) error {
	if c.out.json {
		return c.out.object(r)
	}
	name := clip(r.File, 300)
	if r.Line > 0 {
		if len(r.Detections) == 0 {
			return nil
		}
		name = fmt.Sprintf("%s:%d", name, r.Line)
	}
	if len(r.Detections) == 0 {
		c.out.printf("%s: nothing found\n", name)
	}
	for _, d := range r.Detections {
		c.out.printf("%s: %s: %d, %d different, confidence %d\n", name, d.Type, d.Count, d.UniqueCount, d.Confidence)
		for _, m := range d.Matches {
			c.out.printf("    %s  confidence %d, %s at character %d\n", clip(m.Value, 200), m.Confidence, clip(m.Part, 100), m.Offset)
		}
	}
	c.out.signals(r.Signals)
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// output is where a command prints: text, or one JSON object a line.
type output struct {
	w    *bufio.Writer
	json bool
}

func newOutput(w io.Writer, json bool) *output { return &output{w: bufio.NewWriter(w), json: json} }

// object prints one line of JSON.
func (o *output) object(v any) error {
	line, err := compact(v)
	if err == nil {
		_, err = o.w.Write(append(line, '\n'))
	}
	return err
}

// compact gives one line of JSON, without its end.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (o *output) printf(format string, args ...any) { fmt.Fprintf(o.w, format, args...) }

func (o *output) flush() error { return o.w.Flush() }

// list gives an empty list for none, so that programs never meet null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// problemJSON is a mistake in a file, for programs.
type problemJSON struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Field    string `json:"field"`
	What     string `json:"what"`
	Write    string `json:"write"`
	Severity string `json:"severity"`
}

func problemsJSON(ps []strictyaml.Problem) []problemJSON {
	out := make([]problemJSON, 0, len(ps))
	for _, p := range ps {
		out = append(out, problemJSON{p.File, p.Line, p.Column, p.Field, p.What, p.Write, p.Severity.String()})
	}
	return out
}

// String gives a problem as [strictyaml.Problem] prints itself.
func (p problemJSON) String() string {
	severity := strictyaml.Error
	if p.Severity == strictyaml.Hint.String() {
		severity = strictyaml.Hint
	}
	return strictyaml.Problem{Severity: severity, File: p.File, Line: p.Line, Column: p.Column, Field: p.Field, What: p.What, Write: p.Write}.String()
}

// count gives "1 error", "2 errors".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// summary counts errors and hints.
func summary(ps []strictyaml.Problem) string {
	errs := 0
	for _, p := range ps {
		if p.Severity == strictyaml.Error {
			errs++
		}
	}
	var parts []string
	if errs > 0 {
		parts = append(parts, count(errs, "error", "errors"))
	}
	if hints := len(ps) - errs; hints > 0 {
		parts = append(parts, count(hints, "hint", "hints"))
	}
	return strings.Join(parts, ", ")
}

// signalJSON is a signal of a part, for programs.
type signalJSON struct {
	Part   string `json:"part"`
	Signal string `json:"signal"`
	Detail string `json:"detail"`
}

func signalsJSON(notices []message.Notice) []signalJSON {
	out := make([]signalJSON, 0, len(notices))
	for _, n := range notices {
		out = append(out, signalJSON{n.Part, string(n.Signal), n.Detail})
	}
	return out
}

// signals prints signals for people.
func (o *output) signals(list []signalJSON) {
	for _, s := range list {
		part := s.Part
		if part == "" {
			part = "message"
		}
		o.printf("  signal %s: %s", s.Signal, clip(part, 100))
		if s.Detail != "" {
			o.printf(" (%s)", clip(s.Detail, 200))
		}
		o.printf("\n")
	}
}

package dsn

import "io"

// Compose writes a report. An error says what of the report is missing or has no
// form; text is never the cause.
func Compose(r Report) ([]byte, error) { panic("skeleton") }

// Parse reads a message that is a report. It takes what other programs write, and
// reads at most 4 MiB. The error says why it is no report.
func Parse(r io.Reader) (Report, error) { panic("skeleton") }

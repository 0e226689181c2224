package classify

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Value is a matched text. It prints masked, whatever verb or encoding is
// used, so that it cannot leave by accident; Reveal gives it in clear.
type Value struct{ text string }

// Reveal gives the value in clear.
func (v Value) Reveal() string { return v.text }

// String gives the value masked: at most the last four characters and a quarter
// of the value are shown.
func (v Value) String() string {
	n := utf8.RuneCountInString(v.text)
	shown := min(4, n/4)
	tail := v.text
	for range n - shown {
		_, size := utf8.DecodeRuneInString(tail)
		tail = tail[size:]
	}
	return strings.Repeat("*", n-shown) + tail
}

// GoString gives the value masked, for the verb %#v.
func (v Value) GoString() string { return "classify.Value(" + v.String() + ")" }

// Format prints the value masked with every verb.
func (v Value) Format(f fmt.State, verb rune) {
	s := v.String()
	if verb == 'v' && f.Flag('#') {
		s = v.GoString()
	}
	// A printer that fails has no one to tell.
	_, _ = io.WriteString(f, s)
}

// MarshalText gives the value masked; encoding/json and encoding/xml use it.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// LogValue gives the value masked.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

var (
	_ fmt.Formatter  = Value{}
	_ fmt.GoStringer = Value{}
	_ slog.LogValuer = Value{}
)

package classify

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for clear, want := range map[string]string{
		"4111 1111 1111 1234": "***************1234",
		"536-22-1234":         "*********34",
		"12345678":            "******78",
		"123":                 "***",
		"":                    "",
		"äöüß":                "***ß",
	} {
		if got := (Value{clear}).String(); got != want {
			t.Errorf("%q: %q, want %q", clear, got, want)
		}
	}
}

// However a match is printed, no more than the mask shows leaves.
func TestValuesPrintMasked(t *testing.T) {
	const clear = "canary-5362212349876"
	m := Match{Value: Value{clear}, Key: "k"}
	d := Detection{Type: &Type{Name: "n"}, Matches: []Match{m}}
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10.3v", "%U", "%c", "%o"} {
		args := []any{m.Value}
		if verb == "%T %v" {
			args = []any{m.Value, m.Value}
		}
		out = append(out, fmt.Sprintf(verb, args...))
		for _, x := range []any{&m.Value, m, &m, d, []Value{m.Value}, map[string]Value{"a": m.Value}} {
			out = append(out, fmt.Sprintf(verb, x))
		}
	}
	for _, x := range []any{m.Value, m, d, map[string]any{"v": m.Value}} {
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	b, err := xml.Marshal(m.Value)
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, string(b), fmt.Sprint(m), fmt.Sprintln(d), m.Value.GoString(), m.Value.LogValue().String())
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", m.Value, "m", m)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", m.Value, "m", m)
	out = append(out, log.String())
	for _, s := range out {
		for _, leak := range []string{"canary", "53622", "49876", fmt.Sprintf("%x", "canary")} {
			if strings.Contains(strings.ToLower(s), leak) {
				t.Errorf("%q leaks %q", s, leak)
			}
		}
	}
	if m.Value.Reveal() != clear {
		t.Error("the value cannot be revealed")
	}
}

package strictyaml_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/strictyaml"
)

// The schema of a value is what is asked of a reader, in whatever way it looks at
// the value before.
func TestSchemaIsWhatAReaderAsks(t *testing.T) {
	const text = `{"type":["string","number","boolean"]}`
	for name, c := range map[string]struct {
		read func(r *strictyaml.Reader, n *strictyaml.Node)
		want string
	}{
		"nothing": {func(*strictyaml.Reader, *strictyaml.Node) {}, `{}`},
		"a text":  {func(r *strictyaml.Reader, n *strictyaml.Node) { r.Text(n, "") }, text},
		"a list of texts": {func(r *strictyaml.Reader, n *strictyaml.Node) { r.Texts(n, "") },
			`{"anyOf":[` + text + `,{"items":` + text + `,"type":"array"}]}`},
		"a number": {func(r *strictyaml.Reader, n *strictyaml.Node) { r.Int(n, "", 2, 5) },
			`{"anyOf":[{"maximum":5,"minimum":2,"type":"integer"},{"pattern":"^\\s*[-+]?[0-9]+\\s*$","type":"string"}]}`},
		"one of two words": {func(r *strictyaml.Reader, n *strictyaml.Node) { r.OneOf(n, "", "on", "o_n") },
			`{"anyOf":[{"enum":["on","o_n"]},{"pattern":"^([Oo][Nn]|[Oo]_[Nn])$","type":"string"}]}`},
		"a switch, or a word": {func(r *strictyaml.Reader, n *strictyaml.Node) {
			if n.Tag == "!!bool" {
				r.Bool(n, "")
				return
			}
			r.Text(n, "")
		}, `{"anyOf":[` + text + `,{"type":"boolean"}]}`},
		"a mapping": {func(r *strictyaml.Reader, n *strictyaml.Node) {
			m := r.Mapping(n, "", "a", "b", "c")
			m.Require("a", "")
			for _, e := range m.Entries() {
				switch e.Key {
				case "a":
					r.Bool(e.Value, e.Field)
				case "b":
					for i, item := range r.List(e.Value, e.Field) {
						r.Text(r.Mapping(item, strictyaml.Index(e.Field, i), "x").Entries()[0].Value, strictyaml.Index(e.Field, i)+".x")
					}
				default:
					r.Errorf(e.At, e.Field, "", "%q is not supported by this version", e.Key)
				}
			}
		}, `{"additionalProperties":false,"properties":{"a":{"type":"boolean"},"b":{"anyOf":[` +
			`{"additionalProperties":false,"properties":{"x":` + text + `},"type":"object"},` +
			`{"items":{"additionalProperties":false,"properties":{"x":` + text + `},"type":"object"},"type":"array"}]}},"required":["a"],"type":"object"}`},
		"a mapping of any keys": {func(r *strictyaml.Reader, n *strictyaml.Node) { r.Mapping(n, "") },
			`{"additionalProperties":true,"properties":{},"type":"object"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(strictyaml.SchemaOf(c.read))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Finding out ends where a reader goes down for ever.
func TestSchemaOfMappingsInThemselvesEnds(t *testing.T) {
	var read func(r *strictyaml.Reader, n *strictyaml.Node, depth int)
	read = func(r *strictyaml.Reader, n *strictyaml.Node, depth int) {
		for _, e := range r.Mapping(n, "").Entries() {
			read(r, e.Value, depth+1)
		}
		for _, e := range r.Mapping(n, "same", "again").Entries() {
			read(r, e.Value, depth+1)
		}
		r.Size(n, "size")
		r.Duration(n, "span", time.Second)
	}
	strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { read(r, n, 0) })
}

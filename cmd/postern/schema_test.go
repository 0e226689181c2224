package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
)

const schemaDir = "../../docs/schema"

// The schemas in the documentation, which editors are pointed at, are those of the
// readers.
func TestReferenceSchemasAreThoseOfTheReaders(t *testing.T) {
	for name := range schemas() {
		var out, errs bytes.Buffer
		if status := run([]string{"schema", name}, nil, &out, &errs); status != statusGood {
			t.Fatalf("exit status %d: %s", status, &errs)
		}
		file := filepath.Join(schemaDir, name+".schema.json")
		if updateDocs {
			if err := os.MkdirAll(schemaDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(have, out.Bytes()) {
			t.Errorf("%s is not that of the reader (%v); run UPDATE_DOCS=1 go test ./cmd/postern -run Reference", file, err)
		}
	}
}

// validator compiles the schema of a name.
func validator(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	var text bytes.Buffer
	if err := writeSchema(&text, schemas()[name]); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&text)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file:///schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("file:///schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance reads a YAML file as editors do, dates as texts.
func instance(data []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	return plain(v), nil
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = plain(e)
		}
	case map[any]any:
		return "a mapping with keys that are no texts"
	case []any:
		for i, e := range v {
			v[i] = plain(e)
		}
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return v
}

func globbed(t testing.TB, patterns ...string) []string {
	t.Helper()
	var names []string
	for _, p := range patterns {
		list, err := filepath.Glob(p)
		if err != nil || len(list) == 0 {
			t.Fatalf("no file matches %s (%v)", p, err)
		}
		names = append(names, list...)
	}
	return names
}

// Whatever the loader takes, the schema does.
func TestSchemaTakesWhatTheLoaderTakes(t *testing.T) {
	s := validator(t, "policy")
	for _, name := range globbed(t, "../../testdata/policies/*/policy*.yaml", "../../examples/policies/*.yaml", "../../testdata/bench/*/*.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if set, _ := actions.Load([]rules.File{{Name: name, Data: data}}, rules.Vocabulary{Types: classify.Builtin()}); set == nil {
			continue // a part of a set, or of planned actions
		}
		v, err := instance(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	config := validator(t, "postern")
	files := map[string]string{"all keys": fullConfig, "limits": servedConfig + "limits: none\n"}
	for _, name := range globbed(t, "../../examples/*.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "\nlisten:") || strings.HasPrefix(string(data), "listen:") {
			files[name] = string(data)
		}
	}
	for name, text := range files {
		v, err := instance([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(files) < 3 {
		t.Errorf("only %d configurations", len(files))
	}
}

// Mistakes of structure are mistakes for the schema too: keys that are not there
// or written elsewhere, missing ones, and values of another kind.
func TestSchemaRefusesMistakesOfStructure(t *testing.T) {
	s := validator(t, "policy")
	for _, name := range strings.Fields(`access-scope-list all-is-empty comment-is-a-list condition-beside-conditions condition-except-if condition-in-pascal-case
		condition-misspelt condition-unknown conditions-are-a-list conditions-empty disabled-is-a-word document-is-unsupported-word except-if-at-rule
		exception-non-bifurcating exceptions-empty from-is-a-mapping from-scope-word list-at-top mode-unknown not-is-empty operator-and policy-key-in-pascal-case
		policy-key-misspelt policy-key-name policy-without-mode policy-without-name policy-without-rules priority-negative rule-is-a-text rule-priority rule-without-conditions
		rule-without-name rules-are-a-mapping rules-are-empty scope-key-misspelt stop-beside-actions transport-rule-names`) {
		data, err := os.ReadFile("../../testdata/bad-policies/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		v, err := instance(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s is taken", name)
		}
	}
	config := validator(t, "postern")
	for name, text := range map[string]string{
		"a key that is not there": servedConfig + "listn: {}\n",
		"a key below another":     servedConfig + "trust: {listener: [A]}\n",
		"a key that is not built": servedConfig + "recipients: {groups: [a]}\n",
		"a word for a switch":     servedConfig + "watch: sometimes\n",
		"a word of another key":   servedConfig + "onError: reject\n",
		"a number too large":      servedConfig + "limits: {nesting: 101}\n",
		"a size without a number": servedConfig + "limits: {messageSize: big}\n",
		"a span without a unit":   servedConfig + "limits: {decisionTime: 5 minutes}\n",
		"a list for a mapping":    servedConfig + "log: [json]\n",
		"a kind of domain":        strings.Replace(servedConfig, "acceptedDomains: [", "acceptedDomains: [{name: a.example, kind: own}, ", 1),
		"no domains":              "listen: {milter: \"unix:a\"}\norganization: {name: X}\npolicies: [a]\n",
		"no policies":             "listen: {milter: \"unix:a\"}\norganization: {acceptedDomains: [a.example]}\n",
	} {
		v, err := instance([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if config.Validate(v) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzSchema looks for policies that the loader takes and the schema does not.
func FuzzSchema(f *testing.F) {
	s := validator(f, "policy")
	for _, name := range globbed(f, "../../testdata/policies/value-*/policy*.yaml", "../../examples/policies/*.yaml", "../../testdata/bad-policies/m*.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if set, _ := actions.Load([]rules.File{{Name: "a.yaml", Data: data}}, rules.Vocabulary{Types: classify.Builtin()}); set == nil {
			return
		}
		v, err := instance(data)
		if err != nil {
			return // what the loader reads in a way of its own
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	})
}

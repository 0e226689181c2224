package classify

import (
	"bytes"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Named tells of a name or id whether files of types give it to a type, whatever
// else is wrong with them. A file that is no YAML may hold any name.
func Named(files []File) func(name string) bool {
	names := map[string]bool{}
	for _, f := range files {
		_, root := strictyaml.Parse(f.Name, f.Data)
		if root == nil {
			return func(string) bool { return true }
		}
		for _, t := range valueOfKey(root, "types") {
			namesOf(t, names)
		}
	}
	return func(name string) bool { return names[strings.ToLower(strings.TrimSpace(name))] }
}

// namesOf adds the names that an entry of `types` gives.
func namesOf(n *strictyaml.Node, names map[string]bool) {
	if !isMapping(n) {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "type", "id", "aliases":
			value := n.Content[i+1]
			names[strings.ToLower(strings.TrimSpace(value.Value))] = true
			for _, alias := range value.Content {
				names[strings.ToLower(strings.TrimSpace(alias.Value))] = true
			}
		}
	}
}

// valueOfKey gives what stands in the list under a key of a mapping.
func valueOfKey(n *strictyaml.Node, key string) []*strictyaml.Node {
	if !isMapping(n) {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Content
		}
	}
	return nil
}

// looksLikeTypes tells of a file that is no YAML whether lines of it begin with the
// keys of a file of types and none with those of a policy.
func looksLikeTypes(data []byte) bool {
	is := false
	for line := range bytes.Lines(data) {
		key, _, ok := strings.Cut(string(line[:min(len(line), 20)]), ":")
		switch {
		case !ok:
		case key == "policy" || key == "rules":
			return false
		case key == "types" || key == "lists" || key == "placeholders":
			is = true
		}
	}
	return is
}

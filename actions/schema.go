package actions

import (
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Schema gives the JSON Schema of a policy file with the actions of this version.
func Schema() strictyaml.Schema {
	properties := strictyaml.Schema{}
	for _, k := range Kinds() {
		s := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) {
			k.read(r, n, "", &spec{rule: &rules.Rule{}})
		})
		s["description"] = k.Doc
		properties[k.Name] = s
	}
	return rules.Schema(strictyaml.Schema{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1})
}

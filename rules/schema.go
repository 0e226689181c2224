package rules

import (
	"strings"
	"unicode"

	"github.com/postern-mail/postern/strictyaml"
)

// schema is a part of a JSON Schema.
type schema = strictyaml.Schema

// Schema gives the JSON Schema of a policy file, for editors: keys, what stands
// below them, and the words they take. Actions is that of the mapping under
// `actions`. What needs more than one value to be looked at is left to the
// loader.
func Schema(actions strictyaml.Schema) strictyaml.Schema {
	words := func(list ...string) schema {
		return strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { r.OneOf(n, "", list...) })
	}
	text := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { r.Text(n, "") })
	texts := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { r.Texts(n, "") })
	yes := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { r.Bool(n, "") })
	number := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) { r.Int(n, "", 0, maxPriority) })
	with := func(s schema, doc string) schema {
		out := schema{"description": doc}
		for k, v := range s {
			out[k] = v
		}
		return out
	}

	defs := schema{"actions": actions}
	conditions, exceptions := schema{}, schema{}
	for i := range catalog {
		c := &catalog[i]
		value, second := c.schemas()
		defs[c.name] = with(value, c.doc)
		conditions[c.name] = schema{"$ref": "#/$defs/" + c.name}
		if !c.noException {
			exceptions[c.name] = conditions[c.name]
		}
		if c.with != "" {
			conditions[c.with], exceptions[c.with] = second, second
		}
	}
	defs["conditions"] = joinedSchema("conditions", conditions)
	defs["exceptions"] = joinedSchema("exceptions", exceptions)
	one := schema{"$ref": "#/$defs/exceptions"}

	rule := map[string]schema{
		"rule":                     with(text, "the name, at most 64 characters, unique in the policy"),
		"comment":                  with(text, "at most 1024 characters"),
		"disabled":                 with(yes, "true leaves the rule out"),
		"activationDate":           with(text, "from when on the rule acts, as 2026-01-31 or 2026-01-31T08:00:00+01:00"),
		"expiryDate":               with(text, "until when the rule acts"),
		"ruleErrorAction":          with(words(string(Ignore), string(RetryThenBlock)), "what is done when the rule cannot be judged"),
		"evaluateRulePerComponent": with(yes, "true asks for all in one part of the message"),
		"senderAddressLocation": with(strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) {
			readLocation(r, strictyaml.Entry{At: n, Value: n})
		}), "where the address of the sender is taken from"),
		"conditions": {"$ref": "#/$defs/conditions", "description": "what a message must be like; several must all hold"},
		"exceptions": {"anyOf": []any{one, schema{"type": "array", "items": one, "minItems": 1}}, "description": "what exempts; one of several is enough"},
		"actions":    {"$ref": "#/$defs/actions", "description": "what is done; without actions matches are recorded"},
	}
	groups := with(texts, "groups of senders")
	people := with(texts, "addresses of senders")
	scope := map[string]schema{
		"exchangeSender": people, "exchangeSenderException": people,
		"exchangeSenderMemberOf": groups, "exchangeSenderMemberOfException": groups,
	}
	policy := map[string]schema{
		"policy":             with(text, "the name, at most 64 characters, unique"),
		"comment":            with(text, "at most 1024 characters"),
		"mode":               with(words(string(Enable), string(TestWithNotifications), string(TestWithoutNotifications), string(Disable)), "whether the rules act"),
		"priority":           with(number, "0 is judged first; unique"),
		"scope":              object(scopeKeys, scope),
		"administrativeUnit": with(texts, "the units whose people the policy is for"),
		"rules":              {"type": "array", "minItems": 1, "items": object(ruleKeys, rule, "rule", "conditions")},
	}
	s := object(policyKeys, policy, "policy", "mode", "rules")
	s["$schema"], s["title"], s["$defs"] = "https://json-schema.org/draft/2020-12/schema", "Postern policy", defs
	return s
}

// object gives the schema of a mapping with the keys of a set. A key that is not
// described takes anything.
func object(keys keySet, described map[string]schema, required ...any) schema {
	properties := schema{}
	for _, k := range keys.known {
		if properties[k] = described[k]; described[k] == nil {
			properties[k] = schema{}
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// joinedSchema gives the schema of conditions, joined by all, any and not too.
func joinedSchema(name string, properties schema) schema {
	self := schema{"$ref": "#/$defs/" + name}
	several := schema{"anyOf": []any{self, schema{"type": "array", "items": self, "minItems": 1}}}
	for _, key := range []string{"all", "any", "not"} {
		properties[key] = several
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1}
}

// schemas gives those of the value of a condition, and of the key beside it.
func (c *condition) schemas() (value, second schema) {
	if c.name == sensitiveName {
		return typesSchema(), nil
	}
	both := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *strictyaml.Node) {
		rd := &reader{Reader: r, loader: &loader{}, rule: &Rule{}, refused: make(map[string][]string)}
		m := r.Mapping(n, "", "value", "second")
		one, _ := m.Get("value")
		two, _ := m.Get("second")
		c.read(rd, one, two)
		if c.optional {
			c.read(rd, one, strictyaml.Entry{})
		}
	})
	properties, _ := both["properties"].(schema)
	value, _ = properties["value"].(schema)
	second, _ = properties["second"].(schema)
	return value, second
}

// typesSchema gives the schema of a list of types, or of Purview's groups of them.
// Keys are compared without case.
func typesSchema() schema {
	scalars := schema{"type": []any{"string", "number", "boolean"}}
	typ := anyCaseSchema(map[string]schema{"type": scalars, "name": scalars, "id": scalars, "minCount": scalars, "maxCount": scalars,
		"minConfidence": scalars, "maxConfidence": scalars, "confidenceLevel": scalars, "classifierType": scalars})
	types := schema{"anyOf": []any{typ, schema{"type": "array", "items": typ}}}
	group := anyCaseSchema(map[string]schema{"name": scalars, "operator": scalars, "sensitiveTypes": types, "labels": {}})
	groups := anyCaseSchema(map[string]schema{"operator": scalars, "groups": {"anyOf": []any{group, schema{"type": "array", "items": group}}}})
	return schema{"anyOf": []any{typ, groups, schema{"type": "array", "items": schema{"anyOf": []any{typ, groups}}, "minItems": 1}}}
}

// anyCaseSchema gives the schema of a mapping whose keys are compared without
// case; editors offer them as they are spelled.
func anyCaseSchema(keys map[string]schema) schema {
	properties, others := schema{}, schema{}
	for k, s := range keys {
		properties[k] = s
		var b strings.Builder
		for _, c := range k {
			b.WriteString("[" + string(unicode.ToUpper(c)) + string(unicode.ToLower(c)) + "]")
		}
		others["^"+b.String()+"$"] = s
	}
	return schema{"type": "object", "properties": properties, "patternProperties": others, "additionalProperties": false, "minProperties": 1}
}

package strictyaml

import "strings"

// advice says what to write for what the YAML parser says, by a part of it: the
// slips that people make, where the parser tells of its grammar.
var advice = []struct{ said, write string }{
	{"mapping values are not allowed", "put a text that holds `: ` in quotes, and begin keys that belong together in one column"},
	{"tab character", "indent with blanks, not with tabs"},
	{"cannot start any token", "indent with blanks, not with tabs, and put a text that begins with `@`, `%` or a backtick in quotes"},
	{"unknown escape character", "write patterns in single quotes, as in `'\\d{3}'`"},
	{"unknown anchor", "put a text that begins with `*` or `&` in quotes"},
	{"alphabetic or numeric character", "put a text that begins with `*` or `&` in quotes"},
	{"',' or ']'", "close the list with `]`, and put a text that holds brackets, commas or quotes in quotes"},
	{"',' or '}'", "close the mapping with `}`, and put a text that holds braces, commas or quotes in quotes"},
	{"end of stream", "close the quotes"},
	{"expected key", "begin keys that belong together in one column, and each entry of a list with `- `"},
	{"'-' indicator", "begin keys that belong together in one column, and each entry of a list with `- `"},
}

// syntaxAdvice says what to look at where the YAML parser gave up.
func syntaxAdvice(said string) string {
	for _, a := range advice {
		if strings.Contains(said, a.said) {
			return a.write
		}
	}
	return "look at the indentation, the brackets and the quotes of this line and of the one before"
}

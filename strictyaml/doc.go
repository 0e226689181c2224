// Package strictyaml reads the YAML files an administrator writes: postern.yaml,
// policies, people files and sensitive information types.
//
// It stands on the ground floor and knows nothing of mail. It turns a file into
// typed values and collects every mistake it meets, each with its place in the
// file and a word on what to write instead, so that one run of a check shows all
// of them. It refuses what lets a rule silently never fire: unknown keys, keys
// written twice, a second document, merge keys, aliases and tags.
//
// What a value means is not decided here; readers of the floors above add their
// own problems with [Reader.Errorf].
package strictyaml

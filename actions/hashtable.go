package actions

import (
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// spelling is a key of the value of an action: as we write it, then as Purview's
// hashtables do, where that is another word.
type spelling []string

// hashtable reads a mapping whose keys may be spelled in Purview's way, without
// case, and gives each entry to read under our name of its key. A key that is due is
// asked for with what to write; read is not called for keys that are unknown, or
// written twice.
func hashtable(r *strictyaml.Reader, n *strictyaml.Node, field string, keys []spelling, due map[string]string, read func(key string, e strictyaml.Entry)) bool {
	var all []string
	for _, k := range keys {
		for _, p := range k {
			all = append(all, p, upperFirst(p))
		}
	}
	m := r.Mapping(n, field)
	if r.Probing() {
		m = r.Mapping(n, field, all...)
	}
	if m == nil {
		return false
	}
	first := make(map[string]string)
	for _, e := range m.Entries() {
		key := ""
		for _, k := range keys {
			for _, s := range k {
				if strings.EqualFold(s, e.Key) {
					key = k[0]
				}
			}
		}
		other, twice := first[key]
		switch {
		case key == "":
			write := "the keys are " + strings.Join(firstOf(keys), ", ")
			if c := strictyaml.Closest(e.Key, all); c != "" {
				write = "did you mean `" + c + "`?"
			}
			r.Errorf(e.At, e.Field, write, "unknown key %q", e.Key)
		case twice && !r.Probing():
			r.Errorf(e.At, e.Field, "write one of them", "%q says the same as %q", e.Key, other)
		default:
			first[key] = e.Key
			read(key, e)
		}
	}
	good := true
	for _, k := range keys {
		if write := due[k[0]]; write != "" && first[k[0]] == "" {
			r.Errorf(n, strictyaml.Join(field, k[0]), write, "the key %q is missing", k[0])
			good = false
		}
	}
	return good
}

func firstOf(keys []spelling) []string {
	var list []string
	for _, k := range keys {
		list = append(list, "`"+k[0]+"`")
	}
	return list
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

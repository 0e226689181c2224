package rules

import (
	"context"
	"strings"

	"golang.org/x/text/encoding/ianaindex"

	"github.com/postern-mail/postern/strictyaml"
)

// exchangeCharsets are names that Purview takes and the registry of character
// sets does not have, or has for no encoding that is known here.
var exchangeCharsets = []string{"din_66003", "gb18030", "hz-gb-2312", "iso-2022-kr", "ks_c_5601-1987", "ns_4551-1", "sen_850200_b", "utf-7", "us-ascii"}

// charsetKey gives one name to all names of a character set; ok is false for one
// that nobody knows.
func charsetKey(name string) (key string, ok bool) {
	key = strings.ToLower(strings.Trim(name, " \t\"'"))
	if fold(key, exchangeCharsets) != "" {
		return key, true
	}
	// The registry of IANA is asked for the name that mail programs write.
	e, err := ianaindex.MIME.Encoding(key)
	if err != nil {
		return key, false
	}
	if e == nil {
		return key, true
	}
	if first, err := ianaindex.MIME.Name(e); err == nil {
		return strings.ToLower(first), true
	}
	return key, true
}

func parseCharset(r *reader, n *strictyaml.Node, field string) (check, bool) {
	list, nodes, ok := r.texts(n, field)
	asked := make(map[string]bool, len(list))
	for i, name := range list {
		key, known := charsetKey(name)
		if !known {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write a name as `iso-8859-1` or `gb2312`", "no character set is named %q", name)
			ok = false
		}
		asked[key] = true
	}
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		for p := range s.Message.Leaves() {
			if !strings.HasPrefix(p.MediaType, "text/") || p.Charset() == "" {
				continue
			}
			if key, _ := charsetKey(p.Charset()); asked[key] {
				return true, "a text is labelled " + quote(key)
			}
		}
		return false, "no text is labelled with a character set named"
	}), ok
}

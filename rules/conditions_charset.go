package rules

import (
	"context"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/postern-mail/postern/strictyaml"
)

// exchangeCharsets are names that Purview takes and the registry of character
// sets does not have, or has for no encoding that is known here.
var exchangeCharsets = []string{"din_66003", "gb18030", "hz-gb-2312", "iso-2022-kr", "ks_c_5601-1987", "ns_4551-1", "sen_850200_b", "utf-7", "us-ascii"}

// charsetAliases are names that mail programs write and no registry has, or that
// Exchange takes for the code page of another.
var charsetAliases = map[string]string{
	"gbk": "gb2312", "x-gbk": "gb2312", "cp936": "gb2312", "ms936": "gb2312", "windows-936": "gb2312",
	"windows-31j": "shift_jis", "cswindows31j": "shift_jis", "cp932": "shift_jis", "ms932": "shift_jis",
	"cp949": "ks_c_5601-1987", "ms949": "ks_c_5601-1987", "uhc": "ks_c_5601-1987", "windows-949": "ks_c_5601-1987",
	"ksc5601": "ks_c_5601-1987", "ks_c_5601": "ks_c_5601-1987", "ks_c_5601-1989": "ks_c_5601-1987", "ksc_5601": "ks_c_5601-1987",
	"hz": "hz-gb-2312", "utf7": "utf-7", "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
	"iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "cp874": "windows-874", "ms874": "windows-874", "x-windows-874": "windows-874",
	"8859-1": "iso-8859-1", "latin-1": "iso-8859-1", "iso8859-8": "iso-8859-8", "iso8859-1": "iso-8859-1", "iso8859-9": "iso-8859-9",
	"ascii": "us-ascii",
}

// charsetKey gives one name to all names of a character set; ok is false for one
// that nobody knows.
func charsetKey(name string) (key string, ok bool) {
	key, _, _ = strings.Cut(strings.ToLower(strings.Trim(name, " \t\"'")), "*") // RFC 2231, section 5
	if other, known := charsetAliases[key]; known {
		key = other
	}
	if fold(key, exchangeCharsets) != "" {
		return key, true
	}
	// The registry of IANA is asked for the name that mail programs write.
	e, err := ianaindex.MIME.Encoding(key)
	if err != nil {
		// Browsers know more of what is written.
		if e, err = htmlindex.Get(key); err != nil {
			return key, false
		}
		key, err = htmlindex.Name(e)
		return key, err == nil
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

package extract

import (
	"net/url"
	"strings"
)

// dataLinks reads what data: links in a text hold (RFC 2397) as members, and
// tells whether there was any.
func (h *htmlReader) dataLinks(text string) bool {
	found := false
	for {
		i := indexFold(text, "data:")
		if i < 0 {
			return found
		}
		link := text[i+len("data:"):]
		text = link
		comma := strings.IndexByte(link, ',')
		if comma < 0 || comma > 200 || strings.ContainsAny(link[:comma], " <>\"'(") {
			continue
		}
		head, data := link[:comma], link[comma+1:]
		if end := strings.IndexAny(data, "\"')<>"); end >= 0 {
			data = data[:end]
		}
		text = text[comma+1+len(data):]
		kind, rest, _ := strings.Cut(strings.ToLower(head), ";")
		if kind == "" {
			kind = "text/plain"
		}
		plain, err := url.PathUnescape(data)
		if err != nil {
			plain = data
		}
		content := []byte(plain)
		if strings.Contains(rest, "base64") {
			content = unbase64(strings.Join(strings.Fields(plain), ""))
		}
		if len(content) > 0 {
			found = true
			h.member(Hint{MediaType: kind, Charset: cardParam(rest, "charset")}, content)
		}
	}
}

// indexFold is strings.Index without regard to the case of ASCII letters.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		n := strings.IndexAny(s[i:], sub[:1]+strings.ToUpper(sub[:1]))
		if n < 0 {
			return -1
		}
		if i += n; i+len(sub) <= len(s) && strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

package extract

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

var formatJSON = Format{
	Name:       "JSON",
	MediaTypes: []string{"application/json", "application/x-ndjson"},
	Extensions: []string{"json", "jsonl", "ndjson", "geojson"},
	rank:       byWords,
	sniff:      isJSON,
	read:       readJSON,
}

// isJSON tells by label or name, or by a whole value at the beginning.
func isJSON(r *reader) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(r.content[:min(len(r.content), 4096)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return false
	}
	t := r.hintType()
	switch ext := r.extension(); {
	case t == "application/json", strings.HasSuffix(t, "+json"), ext == "json", ext == "jsonl", ext == "ndjson", ext == "geojson":
		return r.looksLikeText()
	}
	return len(r.content) < 1<<20 && json.Valid(r.content)
}

// readJSON writes a line for each value, its key in front, escapes undone. What
// is no JSON any more is read as text.
func readJSON(r *reader) {
	content := r.needed()
	text := charset.Text(content, r.hint.Charset)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	j := jsonWriter{reader: r}
	for n := 0; !r.ended; n++ {
		if n%256 == 0 && r.expired() {
			return
		}
		t, err := d.Token()
		if err != nil {
			if rest := text[min(int(d.InputOffset()), len(text)):]; strings.TrimSpace(rest) != "" {
				r.newLine()
				r.write(rest)
			}
			break
		}
		j.token(t)
	}
	if len(content) < len(r.content) {
		r.end(limitCharacters)
	}
}

// jsonWriter keeps whether a string is a key.
type jsonWriter struct {
	*reader
	objects []bool // of the values that are open, whether they are objects
	value   bool   // a key was written
}

func (j *jsonWriter) token(t json.Token) {
	in := len(j.objects) > 0 && j.objects[len(j.objects)-1]
	switch v := t.(type) {
	case json.Delim:
		switch v {
		case '{', '[':
			if j.value {
				j.write("\n")
			}
			j.objects = append(j.objects, v == '{')
		default:
			j.objects = j.objects[:max(0, len(j.objects)-1)]
		}
		j.value = false
		return
	case string:
		if in && !j.value {
			j.write(v + ": ")
			j.value = true
			return
		}
		j.write(v + "\n")
	case json.Number:
		j.write(v.String() + "\n")
	case bool:
		if v {
			j.write("true\n")
		} else {
			j.write("false\n")
		}
	case nil:
		j.write("\n")
	}
	j.value = false
}

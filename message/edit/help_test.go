package edit

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/charset"
)

// external is where messages of others lie; they are no part of the repository.
const external = "../../../shared/testdata-external"

// corpus gives the messages of others.
func corpus(t testing.TB) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(external, "mime"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "expected" {
			return filepath.SkipDir
		}
		if err == nil && !d.IsDir() && !strings.Contains(path, ".json") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("no external messages: %v", err)
	}
	return files
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// read parses a message as in a file.
func read(t testing.TB, raw string) *message.Message {
	t.Helper()
	m, err := message.Read(message.Envelope{}, strings.NewReader(raw), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// crlf writes a message with the line ends of SMTP.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// whole gives the message that a draft makes of another, as in a file, with the
// line ends of that.
func whole(raw string, m *message.Message, d *Draft) string {
	top, body, _ := d.Result()
	nl := "\r\n"
	if !strings.Contains(raw, nl) {
		nl = "\n"
	}
	var b strings.Builder
	written := map[string]bool{}
next:
	for _, f := range m.Header {
		for _, c := range top {
			if strings.EqualFold(f.Name, c.Name) {
				if !c.Remove && !written[c.Name] {
					b.WriteString(c.Name + ": " + c.Value + nl)
				}
				written[c.Name] = true
				continue next
			}
		}
		if f.Name != "" {
			b.WriteString(f.Name + ":")
		}
		b.WriteString(f.Value + nl)
	}
	for _, c := range top {
		if !c.Remove && !written[c.Name] {
			b.WriteString(c.Name + ": " + c.Value + nl)
		}
	}
	return b.String() + nl + string(body)
}

// view is a leaf as a reader sees it.
type view struct {
	index, mediaType, disposition, names string
	content, raw                         string
	text                                 string // of a text
	body                                 bool
}

func views(t testing.TB, p *message.Part) []view {
	t.Helper()
	if p.IsMultipart() || p.IsEmbedded() {
		var list []view
		for _, c := range p.Children {
			list = append(list, views(t, c)...)
		}
		return list
	}
	content, err := p.Content()
	if err != nil {
		t.Fatal(err)
	}
	v := view{p.Index, p.MediaType, p.Disposition, strings.Join(p.Names, "|"), string(content), string(p.Raw()), "", p.IsShown()}
	if strings.HasPrefix(p.MediaType, "text/") {
		v.text = charset.Text(content, p.Charset())
	}
	return []view{v}
}

package notice

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
)

// files are the texts by language: a subject, an empty line, and the text.
//
//go:embed texts
var files embed.FS

// texts are the templates of one language.
type texts struct {
	plain *template.Template
	html  *htmltemplate.Template
}

func loadTexts(language string) (*texts, error) {
	if language == "" {
		language = "en"
	}
	if language != "en" {
		return nil, fmt.Errorf("there are no texts of notices in the language %q; there are: en", language)
	}
	plain, err := template.ParseFS(files, "texts/"+language+"/*.txt")
	if err != nil {
		return nil, err
	}
	html, err := htmltemplate.ParseFS(files, "texts/"+language+"/*.html")
	if err != nil {
		return nil, err
	}
	return &texts{plain, html}, nil
}

// write gives subject and text of a kind of notice.
func (t *texts) write(name string, data any) (subject, text string, err error) {
	var b strings.Builder
	if err := t.plain.ExecuteTemplate(&b, name+".txt", data); err != nil {
		return "", "", err
	}
	subject, text, _ = strings.Cut(b.String(), "\n")
	return subject, strings.Trim(text, "\n") + "\n", nil
}

// writeHTML gives the text of a kind of notice for browsers.
func (t *texts) writeHTML(name string, data any) (string, error) {
	var b strings.Builder
	err := t.html.ExecuteTemplate(&b, name+".html", data)
	return b.String(), err
}

// Lengths in characters of what is shown of a text of others.
const (
	lineLength  = 200
	tipLength   = 4000
	replyLength = 600
)

// line makes one line of at most n characters.
func line(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// paragraphs bounds a text of several lines.
func paragraphs(text string, n int) string {
	text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// moment gives a time for people; empty for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Mon, 2 Jan 2006 15:04 UTC")
}

// size gives a number of octets for people.
func size(n int64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

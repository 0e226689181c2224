package main

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// noticesConfig is what organization.notices says of the words of notices.
type noticesConfig struct {
	language reference // its path is the language; empty is English
	contact  string
	texts    reference // a folder; its path is empty without one
	// loaded are the texts, once the files have been read.
	loaded *notice.Texts
}

func (cr *configReader) noticesSection(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"from":      cr.noticesFrom,
			"language":  cr.noticesLanguage,
			"learnMore": cr.learnMore,
			"contact":   cr.noticesContact,
			"siteAdmin": func(e strictyaml.Entry) { cr.mailboxes(e, &cr.c.told.admins) },
			"delay":     cr.noticesDelay,
			"limits":    cr.noticesLimits,
			"texts": func(e strictyaml.Entry) {
				var p string
				if cr.word(e, &p) {
					cr.c.words.texts = reference{path: cr.c.path(p), node: e.Value, field: e.Field}
				}
			},
		},
	})
}

func (cr *configReader) noticesLanguage(e strictyaml.Entry) {
	if text, ok := cr.Text(e.Value, e.Field); ok {
		cr.c.words.language = reference{path: text, node: e.Value, field: e.Field}
	}
}

// noticesContact reads whom people ask: a few words in which an address stands, or a
// telephone number.
func (cr *configReader) noticesContact(e strictyaml.Entry) {
	text, ok := cr.Text(e.Value, e.Field)
	if !ok {
		return
	}
	const most = 200
	if n := utf8.RuneCountInString(text); n == 0 || n > most || strings.ContainsAny(text, "\r\n") {
		cr.Errorf(e.Value, e.Field, "write in one line of at most 200 characters whom people ask, as in `the help desk, help@example.com`", "%q cannot say whom to ask", clip(text, 60))
		return
	}
	cr.c.words.contact = text
}

// gatherTexts reads the files of texts. The problems are those of what cannot be
// read.
func gatherTexts(c *config, r *strictyaml.Reader) []rules.File {
	at := c.words.texts
	if at.path == "" {
		return nil
	}
	const write = "write the path of a folder with files as `de.yaml`"
	names, err := filepath.Glob(filepath.Join(at.path, "*.yaml"))
	if err != nil || strings.ContainsAny(at.path, "*?[") {
		r.Errorf(at.node, at.field, write, "%q is no path of a folder", at.path)
		return nil
	}
	names = slices.DeleteFunc(names, hidden)
	if len(names) == 0 {
		r.Errorf(at.node, at.field, write, "there are no texts in %q", at.path)
	}
	var files []rules.File
	for _, name := range names {
		data, err := readBounded(name)
		if err != nil {
			r.Errorf(at.node, at.field, "", "%v", err)
			continue
		}
		files = append(files, rules.File{Name: name, Data: data})
	}
	return files
}

// loadTexts takes the texts of the files into the configuration.
func (s *fileSet) loadTexts(c *config) []strictyaml.Problem {
	files := make([]notice.File, len(s.Texts))
	for i, f := range s.Texts {
		files[i] = notice.File(f)
	}
	texts, problems := notice.LoadTexts(files)
	c.words.loaded = texts
	if at := c.words.language; at.path != "" && texts != nil && !texts.Has(at.path) {
		r := &strictyaml.Reader{File: c.file}
		r.Errorf(at.node, at.field, "write one of "+strings.Join(texts.Languages(), ", ")+", or add a file to `texts`", "there are no texts in the language %q", clip(at.path, 20))
		problems = append(problems, r.Problems...)
	}
	return problems
}

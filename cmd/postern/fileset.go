package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// fileSet is the files that say everything the process does with mail, as they
// were at one moment. It can be kept and compiled again later.
type fileSet struct {
	Config   rules.File   `json:"config"`
	People   *rules.File  `json:"people,omitempty"`
	Policies []rules.File `json:"policies"`
	// Types are files of the administrator's own types of sensitive information,
	// which stand among the policies, and Dictionaries the files of terms they name.
	Types        []rules.File `json:"types,omitempty"`
	Dictionaries []rules.File `json:"dictionaries,omitempty"`
	// Texts are those of notices in the administrator's words.
	Texts []rules.File `json:"texts,omitempty"`
}

// gather reads postern.yaml and the files it names. It goes on at mistakes, so
// that the files that could be read are checked too; the problems are those of
// files that could not. An error means that postern.yaml itself cannot be read.
func gather(file string) (fileSet, []strictyaml.Problem, error) {
	data, err := readBounded(file)
	if err != nil {
		return fileSet{}, nil, err
	}
	s := fileSet{Config: rules.File{Name: file, Data: data}}
	c, _ := readConfig(file, data)
	r := &strictyaml.Reader{File: file}
	if c.people.path != "" {
		if data, err := readBounded(c.people.path); err != nil {
			r.Errorf(c.people.node, c.people.field, "write the path of the people file", "%v", err)
		} else {
			s.People = &rules.File{Name: c.people.path, Data: data}
		}
	}
	for _, p := range c.policies {
		names, err := filepath.Glob(p.path)
		if err != nil {
			r.Errorf(p.node, p.field, "write a path or a pattern, as in `policies/*.yaml`", "%q is no pattern", p.path)
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return hidden(name) && !hidden(p.path) })
		if len(names) == 0 {
			r.Errorf(p.node, p.field, "write the path of a policy file, or a pattern that finds some", "no file matches %q", p.path)
		}
		for _, name := range names {
			same := func(f rules.File) bool { return f.Name == name }
			if slices.ContainsFunc(s.Policies, same) || slices.ContainsFunc(s.Types, same) {
				continue
			}
			data, err := readBounded(name)
			if err != nil {
				r.Errorf(p.node, p.field, "", "%v", err)
				continue
			}
			if classify.IsTypesFile(data) {
				s.addTypes(rules.File{Name: name, Data: data})
				continue
			}
			s.Policies = append(s.Policies, rules.File{Name: name, Data: data})
		}
	}
	s.Texts = gatherTexts(c, r)
	return s, r.Problems, nil
}

// maxDictionary is the most octets of the file of a dictionary.
const maxDictionary = 128 << 20

// addTypes takes a file of types and the dictionaries it names. One that cannot
// be read is left out: the loader of the types then says so where it is named.
func (s *fileSet) addTypes(f rules.File) {
	s.Types = append(s.Types, f)
	for _, path := range classify.DictionaryFiles(classify.File(f)) {
		if slices.ContainsFunc(s.Dictionaries, func(d rules.File) bool { return d.Name == path }) {
			continue
		}
		if data, err := readFileBounded(path, maxDictionary); err == nil {
			s.Dictionaries = append(s.Dictionaries, rules.File{Name: path, Data: data})
		}
	}
}

// typesFiles are the files of types.
func (s *fileSet) typesFiles() []classify.File {
	files := make([]classify.File, len(s.Types))
	for i, f := range s.Types {
		files[i] = classify.File(f)
	}
	return files
}

// catalog compiles the built-in types with those of the files.
func (s *fileSet) catalog() (*classify.Catalog, []strictyaml.Problem) {
	return classify.With(s.typesFiles(), func(path string) ([]byte, error) {
		for _, d := range s.Dictionaries {
			if d.Name == path {
				return d.Data, nil
			}
		}
		if data, err := readFileBounded(path, maxDictionary); err != nil || len(data) > maxDictionary {
			if err == nil {
				err = fmt.Errorf("%s is larger than %d MB", path, maxDictionary>>20)
			}
			return nil, err
		}
		return nil, fmt.Errorf("%s was not there when the files were read", path)
	})
}

// others lists the files beside postern.yaml and the policies.
func (s *fileSet) others() []rules.File {
	list := slices.Concat(s.Types, s.Dictionaries, s.Texts)
	if s.People != nil {
		list = append(list, *s.People)
	}
	return list
}

// hidden tells files that a pattern leaves out: editors put their locks and
// half-written copies beside a file under such names.
func hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

// readBounded reads a regular file, one octet more than strictyaml takes at
// most, so that the loader says that it is too large.
func readBounded(name string) ([]byte, error) {
	return readFileBounded(name, strictyaml.MaxSize)
}

func readFileBounded(name string, size int64) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, plainError(err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, plainError(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, size+1))
	if err != nil {
		return nil, plainError(err)
	}
	return data, nil
}

// plainError says of a file operation what an administrator needs.
func plainError(err error) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", pe.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read by this user", pe.Path)
	}
	return fmt.Errorf("%s: %w", pe.Path, pe.Err)
}

// missing names the files of s that next has no longer.
func (s fileSet) missing(next fileSet) []string {
	var out []string
	if s.People != nil && next.People == nil {
		out = append(out, s.People.Name)
	}
	for _, f := range slices.Concat(s.Policies, s.Types, s.Texts) {
		if !slices.ContainsFunc(slices.Concat(next.Policies, next.Types, next.Texts), func(n rules.File) bool { return n.Name == f.Name }) {
			out = append(out, f.Name)
		}
	}
	return out
}

// directories lists where the files lie, to be watched.
func (s fileSet) directories() []string {
	dirs := []string{filepath.Dir(s.Config.Name)}
	for _, f := range slices.Concat(s.Policies, s.others()) {
		dirs = append(dirs, filepath.Dir(f.Name))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// names lists the files.
func (s fileSet) names() []string {
	names := []string{s.Config.Name}
	if s.People != nil {
		names = append(names, s.People.Name)
	}
	for _, f := range slices.Concat(s.Policies, s.Types, s.Dictionaries, s.Texts) {
		names = append(names, f.Name)
	}
	return names
}

// version gives the version of the policies, or one of them and the types they
// use, where there are some.
func (s *fileSet) version(policies string) string {
	if len(s.Types) == 0 {
		return policies
	}
	h := sha256.New()
	h.Write([]byte(policies))
	for _, f := range slices.Concat(s.Types, s.Dictionaries) {
		sum := sha256.Sum256(f.Data)
		h.Write([]byte(f.Name))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

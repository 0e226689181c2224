package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// fileSet is the files that say everything the process does with mail, as they
// were at one moment. It can be kept and compiled again later.
type fileSet struct {
	Config   rules.File   `json:"config"`
	People   *rules.File  `json:"people,omitempty"`
	Policies []rules.File `json:"policies"`
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
			if slices.ContainsFunc(s.Policies, func(f rules.File) bool { return f.Name == name }) {
				continue
			}
			data, err := readBounded(name)
			if err != nil {
				r.Errorf(p.node, p.field, "", "%v", err)
				continue
			}
			s.Policies = append(s.Policies, rules.File{Name: name, Data: data})
		}
	}
	return s, r.Problems, nil
}

// hidden tells files that a pattern leaves out: editors put their locks and
// half-written copies beside a file under such names.
func hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

// readBounded reads a regular file, one octet more than strictyaml takes at
// most, so that the loader says that it is too large.
func readBounded(name string) ([]byte, error) {
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
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
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
	for _, f := range s.Policies {
		if !slices.ContainsFunc(next.Policies, func(n rules.File) bool { return n.Name == f.Name }) {
			out = append(out, f.Name)
		}
	}
	return out
}

// directories lists where the files lie, to be watched.
func (s fileSet) directories() []string {
	dirs := []string{filepath.Dir(s.Config.Name)}
	if s.People != nil {
		dirs = append(dirs, filepath.Dir(s.People.Name))
	}
	for _, f := range s.Policies {
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
	for _, f := range s.Policies {
		names = append(names, f.Name)
	}
	return names
}

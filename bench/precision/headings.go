package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// heading is what a table may stand under: keywords of a type, and how the type's
// numbers are written, each digit as a 9.
type heading struct {
	typ      string
	keywords []string
	shapes   []string
}

// texts are one text or several.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// wordsFile is what words, and evidence of words, are written as.
type wordsFile struct {
	Words, Exact, Anywhere, List texts
}

// readHeadings reads the types with keywords whose numbers are of digits alone.
func readHeadings(dir string) (all []heading, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "types", "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var file struct {
			Type      string
			Primaries map[string]struct{ Formats texts }
			Evidence  map[string]wordsFile
		}
		if err := read(name, &file); err != nil {
			return nil, err
		}
		h := heading{typ: file.Type}
		for _, key := range sorted(file.Primaries) {
			for _, mask := range file.Primaries[key].Formats {
				h.addShapes(mask)
			}
		}
		for _, key := range sorted(file.Evidence) {
			e := file.Evidence[key]
			for _, list := range e.List {
				var more wordsFile
				if err := read(filepath.Join(dir, "lists", list+".yaml"), &more); err != nil {
					return nil, err
				}
				h.keywords = slices.Concat(h.keywords, more.Words, more.Exact, more.Anywhere)
			}
			h.keywords = slices.Concat(h.keywords, e.Words, e.Exact, e.Anywhere)
		}
		if len(h.keywords) > 0 && len(h.shapes) > 0 {
			all = append(all, h)
		}
	}
	return all, nil
}

func read(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

var (
	oneDigit = regexp.MustCompile(`\[[0-9-]+\]`)
	repeated = regexp.MustCompile(`9\{(\d+)(?:[,|](\d+))?\}`)
)

// addShapes adds the shapes of a mask without letters, with its delimiters and
// without: the shortest and the longest.
func (h *heading) addShapes(mask string) {
	mask = strings.NewReplacer("?", "", "~", " ").Replace(oneDigit.ReplaceAllString(mask, "9"))
	for _, longest := range []bool{false, true} {
		shape := repeated.ReplaceAllStringFunc(mask, func(m string) string {
			part := repeated.FindStringSubmatch(m)
			n, _ := strconv.Atoi(part[1])
			if most, err := strconv.Atoi(part[2]); longest && err == nil {
				n = most
			}
			return strings.Repeat("9", n)
		})
		if strings.Trim(shape, "9 -./") != "" {
			return
		}
		for _, s := range []string{shape, strings.NewReplacer(" ", "", "-", "", ".", "", "/", "").Replace(shape)} {
			if !slices.Contains(h.shapes, s) {
				h.shapes = append(h.shapes, s)
			}
		}
	}
}

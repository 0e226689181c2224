package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/strictyaml"
)

// fileType is a value of contentFileTypeMatches, one of the three.
type fileType struct {
	family    string
	mediaType string // "image/" stands for all images
	extension string
}

// matches asks a document by its content alone.
func (t fileType) matches(d *extract.Document) bool {
	switch {
	case t.family != "":
		return slices.Contains(d.Families(), t.family)
	case strings.HasSuffix(t.mediaType, "/"):
		return strings.HasPrefix(d.MediaType, t.mediaType)
	case t.mediaType != "":
		return d.MediaType == t.mediaType
	}
	return d.Extension == t.extension
}

// what tells people what was asked for.
func (t fileType) what() string {
	switch {
	case t.family != "":
		return "of the family " + t.family
	case t.mediaType != "":
		return t.mediaType
	}
	return "a ." + t.extension
}

// fileTypes reads names of families, media types and extensions.
func (r *reader) fileTypes(n *strictyaml.Node, field string) ([]fileType, bool) {
	families := extract.FamilyNames()
	list, nodes, ok := r.texts(n, field)
	var types []fileType
	for i, s := range list {
		refuse := func(write, what string) {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), write, what, s)
			ok = false
		}
		name := strings.ToLower(strings.TrimSpace(s))
		main, sub, typed := strings.Cut(name, "/")
		extension := plainName(strings.TrimPrefix(name, "."))
		switch family := fold(name, families); {
		case family != "":
			types = append(types, fileType{family: family})
		case typed && isTypeName(main) && sub == "*":
			types = append(types, fileType{mediaType: main + "/"})
		case typed && isTypeName(main) && isTypeName(sub):
			types = append(types, fileType{mediaType: name})
		case typed:
			refuse("write it as `application/pdf` or `image/*`", "%q is not a media type")
		case strings.Count(name, "-") == 4 && len(strings.Trim(name, "{}")) == 36:
			refuse("write a family: "+oneOf(families), "%q is a GUID; families of file types are named here")
		case !isTypeName(extension):
			refuse("write a family, a media type or an extension, as `pdf`", "%q is not a type of files")
		case !knownExtension(extension) && strictyaml.Closest(name, families) != "":
			refuse("did you mean `"+strictyaml.Closest(name, families)+"`?", "%q is neither a family of file types nor a known extension")
		default:
			types = append(types, fileType{extension: extension})
		}
	}
	return types, ok
}

func isTypeName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$&^_.+-", c)
	})
}

func knownExtension(ext string) bool {
	return slices.ContainsFunc(extract.Formats(), func(f extract.Format) bool { return slices.Contains(f.Extensions, ext) })
}

func parseFileType(r *reader, n *strictyaml.Node, field string) (check, bool) {
	types, ok := r.fileTypes(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			for _, t := range types {
				if t.matches(&c.doc) {
					return true, s.what(c) + " is " + t.what() + " by its content"
				}
			}
		}
		return false, "no attachment is of a type named"
	}), ok
}

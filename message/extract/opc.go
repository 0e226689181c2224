package extract

import (
	"bytes"
	"io"
	"net/url"
	"path"
	"strings"
)

// part is a file of a package (ECMA-376, part 2).
type part struct {
	member
	path string // as parts refer to it: in lower case, with slashes, none in front
	kind string // what a relation to it says it is: the last word of its type
	done bool   // read, or left out on purpose
}

// relation is a reference of a part to another one, or to something outside.
type relation struct {
	id, kind string
	target   string // of one to the outside
	to       *part  // nil for one to the outside or to nothing
}

// officePackage is a document that is made of parts with relations.
type officePackage struct {
	*reader
	parts  []*part
	byPath map[string]*part
	// from has the relations by the path of the part they are from; those of the
	// package are from "".
	from  map[string][]relation
	ids   map[relationID]*part // what relations lead to
	types map[string]string    // content types by path, and by extension with a dot
	// count of relations that are kept.
	relations int
}

// relationID names a relation: the path of the part it is from, and its identifier.
type relationID struct{ from, id string }

// partPath gives the path that names a part. Names differ in case, some programs
// write backslashes, and others begin them with a slash.
func partPath(name string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ToLower(strings.ReplaceAll(name, `\`, "/"))), "/")
}

// openPackage lists the parts and reads content types and relations.
func openPackage(r *reader, list []member) *officePackage {
	p := &officePackage{reader: r, byPath: make(map[string]*part, len(list)), from: map[string][]relation{}, ids: map[relationID]*part{}}
	for _, m := range list {
		if m.directory() {
			continue
		}
		at := &part{member: m, path: partPath(m.name)}
		if _, have := p.byPath[at.path]; have {
			r.defect("two parts of the document have the same name")
		} else {
			p.byPath[at.path] = at
		}
		p.parts = append(p.parts, at)
	}
	if types := p.byPath[contentTypes]; types != nil {
		p.load(types, func(src io.Reader) { p.types = readContentTypes(r, src) })
	}
	for _, at := range p.parts {
		dir, base := path.Split(at.path)
		if source, ok := strings.CutSuffix(base, ".rels"); ok && (dir == "_rels/" || strings.HasSuffix(dir, "/_rels/")) {
			p.load(at, func(src io.Reader) { p.readRelations(strings.TrimSuffix(dir, "_rels/")+source, src) })
		}
	}
	return p
}

const contentTypes = "[content_types].xml"

// load reads a part once. Encrypted ones are protected.
func (p *officePackage) load(at *part, read func(io.Reader)) {
	if at == nil || at.done || p.expired() {
		return
	}
	at.done = true
	if at.encrypted {
		p.fail(Protected, needsSecret)
		p.doc.Encryption = "encrypted parts"
		return
	}
	packed, err := at.open()
	switch {
	case err == errMethod || err == errMemory:
		p.fail(Unsupported, err.Error())
		return
	case err != nil:
		p.fail(Corrupt, damagedData)
		return
	}
	src := p.budgeted(packed, at.packed)
	read(src)
	// What was unpacked before a limit was met was still read.
	p.ended = p.ended || src.over
}

// mostRelations bounds content types and relations that are kept.
const mostRelations = 100_000

// readContentTypes gives the content types (ECMA-376, part 2, section 10.1.2.2)
// by path, and by extension with a dot, in lower case.
func readContentTypes(r *reader, src io.Reader) map[string]string {
	types := map[string]string{}
	r.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		if kind != xmlStart || len(types) >= mostRelations {
			return true
		}
		switch string(x.name) {
		case "Override":
			types[partPath(x.attribute("PartName"))] = strings.ToLower(x.attribute("ContentType"))
		case "Default":
			types["."+strings.ToLower(x.attribute("Extension"))] = strings.ToLower(x.attribute("ContentType"))
		}
		return true
	})
	return types
}

// contentType is that of a part, in lower case; empty where none is told.
func (p *officePackage) contentType(at *part) string {
	if t := p.types[at.path]; t != "" {
		return t
	}
	return p.types[path.Ext(at.path)]
}

// readRelations keeps the relations of the part at a path (part 2, section 9.3).
func (p *officePackage) readRelations(from string, src io.Reader) {
	p.eachToken(src, func(x *xmlScanner, kind xmlKind) bool {
		if kind != xmlStart || string(x.name) != "Relationship" && x.attribute("Target") == "" {
			return true
		}
		if p.relations++; p.relations > mostRelations {
			p.fail(Truncated, "more relations than the limit")
			return false
		}
		rel := relation{id: x.attribute("Id"), kind: path.Base(x.attribute("Type"))}
		target := x.attribute("Target")
		if strings.EqualFold(x.attribute("TargetMode"), "External") {
			rel.target = target
		} else if rel.to = p.find(from, target); rel.to == nil {
			if strings.Contains(target, ":") {
				rel.target = target // outside, without saying so
			}
		} else if rel.to.kind == "" {
			rel.to.kind = rel.kind
		}
		p.from[from] = append(p.from[from], rel)
		if key := (relationID{from, rel.id}); p.ids[key] == nil {
			p.ids[key] = rel.to
		}
		return true
	})
}

// find gives the part that a reference from the part at a path means.
func (p *officePackage) find(from, target string) *part {
	target, _, _ = strings.Cut(target, "#")
	if target == "" {
		return nil
	}
	try := func(target string) *part {
		target = strings.ReplaceAll(target, `\`, "/")
		if !strings.HasPrefix(target, "/") {
			if at := p.byPath[partPath(path.Dir("/"+from)+"/"+target)]; at != nil {
				return at
			}
		}
		return p.byPath[partPath(target)]
	}
	if at := try(target); at != nil {
		return at
	}
	if plain, err := url.PathUnescape(target); err == nil {
		return try(plain)
	}
	return nil
}

// related gives the parts that a part has relations of a kind to, in order.
func (p *officePackage) related(from *part, kinds ...string) (list []*part) {
	for _, rel := range p.from[from.path] {
		for _, k := range kinds {
			if rel.to != nil && strings.EqualFold(rel.kind, k) {
				list = append(list, rel.to)
			}
		}
	}
	return list
}

// relation gives the part that a relation of another one leads to, or nil.
func (p *officePackage) relation(from *part, id string) *part {
	return p.ids[relationID{from.path, id}]
}

// main gives the part that the package begins with (ECMA-376, part 1, section
// 9.1.5): by relation, by content type or, where both are lost, by its name.
func (p *officePackage) main() *part {
	for _, rel := range p.from[""] {
		if rel.kind == "officeDocument" && rel.to != nil {
			return rel.to
		}
	}
	for _, at := range p.parts {
		if mainType(p.types[at.path]) != nil {
			return at
		}
	}
	for _, at := range p.parts {
		for _, name := range [...]string{"word/document.xml", "xl/workbook.xml", "xl/workbook.bin", "ppt/presentation.xml", "visio/document.xml"} {
			if at.path == name {
				return at
			}
		}
	}
	return nil
}

// writeLinks writes the addresses outside of the document that its relations
// point to, a line each. They are never fetched.
func (p *officePackage) writeLinks() {
	seen := map[string]bool{}
	for _, at := range append([]*part{{}}, p.parts...) {
		for _, rel := range p.from[at.path] {
			if rel.target == "" || rel.target == "NULL" || seen[rel.target] || p.expired() {
				continue
			}
			seen[rel.target] = true
			p.newLine()
			p.write(rel.target + "\n")
		}
	}
}

// isXML tells markup by its first octets.
func isXML(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimLeft(head, " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) || bytes.HasPrefix(head, []byte("\xff\xfe<\x00")) || bytes.HasPrefix(head, []byte("\xfe\xff\x00<"))
}

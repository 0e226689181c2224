package extract

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"
)

// oleMacros notes macros of Visual Basic that a compound file holds, and reads
// their source text as members ([MS-OVBA]).
func (r *reader) oleMacros(root *cfbNode) {
	if r.ended {
		return
	}
	root.walk(func(n *cfbNode) bool {
		if n.storage && n.child("dir") != nil && strings.EqualFold(n.name, "VBA") {
			r.vbaProject(n)
			return false
		}
		// Objects embedded as documents are read on their own.
		return n.storage && n.name != "ObjectPool" && !strings.HasPrefix(n.name, "MBD")
	})
}

// readVBA reads the project of macros that an OOXML document keeps in a part
// (vbaProject.bin). The document is executable even when it cannot be read.
func (r *reader) readVBA(content []byte) {
	r.doc.Executable = vbaMacros
	inner := &reader{ctx: r.ctx, content: content, lim: r.lim, formats: r.formats, left: r.left, depth: r.depth}
	inner.doc.Status = Complete
	f := openCFB(inner)
	if f == nil {
		r.fail(Corrupt, "damaged macros")
		return
	}
	inner.oleMacros(f.root)
	f.settle()
	r.doc.Members = append(r.doc.Members, inner.doc.Members...)
	if inner.doc.Status != Complete {
		r.fail(inner.doc.Status, inner.doc.Detail)
	}
	r.ended = r.ended || inner.ended
}

const vbaMacros = "VBA macros"

// vbaProject reads the modules of a project: the directory lists them with the
// place where their source begins (section 2.3.4.2).
func (r *reader) vbaProject(n *cfbNode) {
	modules, cp := vbaModules(r.vbaDecompress(n.stream("dir")))
	done := map[string]bool{}
	for _, m := range modules {
		data := n.stream(m.stream)
		if data == nil || m.offset > len(data) || done[m.stream] {
			continue
		}
		done[m.stream] = true
		source := r.vbaDecompress(data[m.offset:])
		if source == nil {
			r.doc.Executable = vbaMacros // of which only the compiled form is left
		}
		r.vbaSource(m.name, codePageText(source, cp))
	}
	if len(modules) == 0 {
		r.doc.Executable = vbaMacros
	}
	// Modules that the directory does not list, or lists with a wrong place.
	for _, c := range n.children {
		if c.storage || done[c.name] || strings.EqualFold(c.name, "dir") || strings.HasPrefix(c.name, "__SRP_") || c.name == "_VBA_PROJECT" {
			continue
		}
		data := c.data()
		// The source begins with "Attribute VB_Name", compressed.
		if i := bytes.Index(data, []byte("\x00Attribut")); i >= 3 {
			r.vbaSource(c.name, codePageText(r.vbaDecompress(data[i-3:]), cp))
		}
	}
}

// vbaSource keeps the source text of a module. Every workbook may have modules
// without code: they hold nothing but attributes.
func (r *reader) vbaSource(name, source string) {
	if !hasCode(source) || r.expired() {
		return
	}
	r.doc.Executable = vbaMacros
	r.member(Hint{Name: name + ".bas", MediaType: "text/plain", Charset: "utf-8"}, []byte(source))
}

func hasCode(source string) bool {
	for line := range strings.Lines(source) {
		line = strings.ToLower(strings.TrimSpace(line))
		if line != "" && !strings.HasPrefix(line, "attribute ") && !strings.HasPrefix(line, "option ") {
			return true
		}
	}
	return false
}

type vbaModule struct {
	name, stream string
	offset       int
}

// vbaModules goes over the records of the decompressed directory.
func vbaModules(dir []byte) (list []vbaModule, cp int) {
	const (
		idCodePage   = 0x0003
		idVersion    = 0x0009
		idName       = 0x0019
		idStream     = 0x001a
		idStreamWide = 0x0032
		idOffset     = 0x0031
		most         = 1000
	)
	cp = cpWestern
	for len(dir) >= 6 && len(list) < most {
		id, size := le16(dir, 0), int64(le32(dir, 2))
		if id == idVersion {
			size = 6 // its size field says 4
		}
		value := within(dir, 6, size)
		if int64(len(value)) < size {
			break
		}
		dir = dir[6+size:]
		last := len(list) - 1
		switch {
		case id == idCodePage:
			cp = le16(value, 0)
		case id == idName:
			list = append(list, vbaModule{name: codePageText(value, cp)})
		case last < 0:
		case id == idStream:
			list[last].stream = codePageText(value, cp)
		case id == idStreamWide:
			list[last].stream = utf16leText(value)
		case id == idOffset:
			list[last].offset = int(le32(value, 0))
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list, cp
}

// vbaDecompress unpacks a compressed container (section 2.4.1). What is damaged
// ends it; what it makes counts as unpacked.
func (r *reader) vbaDecompress(b []byte) []byte {
	const chunkSize = 4096
	if len(b) < 3 || b[0] != 1 {
		return nil
	}
	var out []byte
	for b = b[1:]; len(b) >= 2 && !r.expired(); {
		head := binary.LittleEndian.Uint16(b)
		size := int(head&0xfff) + 3
		chunk := b[2:min(size, len(b))]
		b = b[min(size, len(b)):]
		if head>>12&7 != 3 {
			break
		}
		begin := len(out)
		if head&0x8000 == 0 {
			out = append(out, chunk[:min(len(chunk), chunkSize)]...)
		} else {
			out = vbaChunk(out, chunk, chunkSize)
		}
		if r.left.inflated -= int64(len(out) - begin); r.left.inflated < 0 {
			r.fail(Truncated, limitInflated)
			break
		}
	}
	return out
}

// vbaChunk unpacks one chunk of up to 4096 octets.
func vbaChunk(out, chunk []byte, most int) []byte {
	begin := len(out)
	for len(chunk) > 0 {
		flags := chunk[0]
		chunk = chunk[1:]
		for bit := 0; bit < 8 && len(chunk) > 0; bit++ {
			if len(out)-begin >= most {
				return out
			}
			if flags>>bit&1 == 0 {
				out = append(out, chunk[0])
				chunk = chunk[1:]
				continue
			}
			if len(chunk) < 2 {
				return out
			}
			token := int(chunk[0]) | int(chunk[1])<<8
			chunk = chunk[2:]
			bits := 4
			for 1<<bits < len(out)-begin {
				bits++
			}
			length := token&(0xffff>>bits) + 3
			back := token>>(16-bits) + 1
			if back > len(out)-begin {
				return out
			}
			for range min(length, most-(len(out)-begin)) {
				out = append(out, out[len(out)-back])
			}
		}
	}
	return out
}

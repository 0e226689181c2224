package extract

import (
	"sort"
	"strings"
)

// text writes the texts of records.
func (p *presentation) text(b []byte, parent, depth int) {
	p.r.records(b, func(rec pptRecord) { p.walk(rec, parent, depth) })
}

func (p *presentation) walk(rec pptRecord, parent, depth int) {
	switch rec.kind {
	case pptTextChars, pptTextBytes:
		p.lines(pptText(rec))
	case pptOutlineRef:
		if i := int(le32(rec.data, 0)); i >= 0 && i < len(p.outline) {
			p.lines(p.outline[i])
			p.outline[i] = ""
		}
	case pptCString:
		switch parent {
		case pptHeaders, pptComment, pptHyperlink:
			p.once(utf16leText(rec.data))
		}
	case artShape:
		if depth < pptDepth && !p.isPrompt(rec.data) {
			p.text(rec.data, rec.kind, depth+1)
		}
	case artGroup:
		if depth < pptDepth && !p.table(rec.data, depth) {
			p.text(rec.data, rec.kind, depth+1)
		}
	case artOPT, artMoreOPT:
		p.r.artTexts(rec, p.once)
	default:
		if rec.holds || rec.kind == pptBinaryTag || rec.kind == artTextbox || rec.kind == artClientData {
			if depth >= pptDepth {
				p.r.fail(Truncated, "nested deeper than the limit")
				return
			}
			p.text(rec.data, rec.kind, depth+1)
		}
	}
}

// isPrompt tells whether a shape is a placeholder of a master: its text only says
// what to do.
func (p *presentation) isPrompt(shape []byte) (prompt bool) {
	p.r.records(shape, func(rec pptRecord) {
		if rec.kind == artClientData {
			p.r.records(rec.data, func(in pptRecord) {
				if in.kind == pptPlaceholder && len(in.data) > 4 && in.data[4] >= 1 && in.data[4] <= 6 {
					prompt = true
				}
			})
		}
	})
	return prompt
}

// table writes the shapes of a group as rows when they stand in a grid; cells of
// a row have the same top.
func (p *presentation) table(group []byte, depth int) bool {
	isTable := false
	type cell struct {
		top, left int32
		text      string
	}
	var cells []cell
	p.r.records(group, func(rec pptRecord) {
		if rec.kind != artShape {
			return
		}
		c := cell{}
		p.r.records(rec.data, func(in pptRecord) {
			switch in.kind {
			case 0xf122: // properties; 0x039f says that the group is a table
				for i := 0; i < in.instance && 6*i+6 <= len(in.data); i++ {
					isTable = isTable || le16(in.data, 6*i)&0x3fff == 0x039f
				}
			case artAnchor:
				c.left, c.top = int32(le32(in.data, 0)), int32(le32(in.data, 4))
			case artTextbox:
				p.r.records(in.data, func(t pptRecord) {
					if t.kind == pptTextChars || t.kind == pptTextBytes {
						c.text += oneLine(strings.TrimSpace(strings.NewReplacer("\r", " ", "\v", " ").Replace(pptText(t))))
					}
				})
			}
		})
		cells = append(cells, c)
	})
	if !isTable || len(cells) < 2 {
		return false
	}
	cells = cells[1:] // the group itself
	sort.SliceStable(cells, func(i, j int) bool {
		return cells[i].top < cells[j].top || cells[i].top == cells[j].top && cells[i].left < cells[j].left
	})
	var out strings.Builder
	for i, c := range cells {
		if c.text == "" && (i == 0 || cells[i-1].top != c.top) && (i+1 == len(cells) || cells[i+1].top != c.top) {
			continue // a border
		}
		if out.Len() > 0 {
			out.WriteString(map[bool]string{true: "\t", false: "\n"}[i > 0 && cells[i-1].top == c.top])
		}
		out.WriteString(c.text)
	}
	p.lines(out.String())
	return true
}

// pptText decodes the text of an atom.
func pptText(rec pptRecord) string {
	if rec.kind == pptTextChars {
		return utf16leText(rec.data)
	}
	return codePageText(rec.data, 28591) // the low octets of UTF-16
}

// lines writes a text with its line ends.
func (p *presentation) lines(s string) {
	s = strings.Trim(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\x00", "").Replace(s), "\n")
	if t := strings.TrimSpace(s); t == "" || t == "*" {
		return
	}
	p.r.newLine()
	p.r.write(s + "\n")
}

// once writes a text that slides repeat, such as a footer, a single time.
func (p *presentation) once(s string) {
	if len(s) < 4096 && len(p.texts) < 100_000 {
		if p.texts[s] {
			return
		}
		p.texts[s] = true
	}
	p.lines(s)
}

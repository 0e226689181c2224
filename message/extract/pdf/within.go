package pdf

import (
	"strings"
)

// signs are the programs that a document carries.
type signs struct{ script, launch bool }

// action looks at an action, those behind it, or a dictionary of them (ISO
// 32000-2, section 12.6). Addresses are noted, programs too.
func (f *File) action(v any, depth int) {
	if v == nil || depth > 20 || f.expired() {
		return
	}
	if r, ok := v.(ref); ok {
		if f.acted[r.num] {
			return
		}
		f.acted[r.num] = true
	}
	switch x := f.get(v).(type) {
	case array:
		for _, v := range x {
			if _, isDestination := f.get(v).(float64); isDestination {
				return
			}
			switch f.get(v).(type) {
			case dict:
				if d := f.dict(v); d["S"] != nil {
					f.action(v, depth+1)
				}
			}
		}
	case dict:
		kind, is := f.get(x["S"]).(name)
		if !is {
			for _, k := range keys(x) { // additional actions by their events
				if k != "Parent" && k != "P" {
					f.action(x[k], depth+1)
				}
			}
			return
		}
		if x["JS"] != nil || kind == "JavaScript" {
			f.signs.script = true
		}
		switch kind {
		case "URI":
			f.address(x["URI"])
		case "Launch":
			f.signs.launch = true
			f.address(x["F"])
			win := f.dict(x["Win"])
			for _, k := range [...]name{"F", "P", "D"} {
				f.address(win[k])
			}
		case "SubmitForm", "ImportData", "GoToR", "GoToE":
			f.address(x["F"])
		}
		f.action(x["Next"], depth+1)
	}
}

// address notes where an action leads, once.
func (f *File) address(v any) {
	u := ""
	switch x := f.get(v).(type) {
	case string:
		u = f.text(x)
	case dict:
		u = f.text(either(x, "UF", "F"))
	}
	if u != "" && !f.told[u] {
		f.told[u] = true
		f.addresses = append(f.addresses, u)
	}
}

// Programs tells whether the document carries JavaScript and whether it starts
// other programs. It is known once pages, fields and files were read.
func (f *File) Programs() (script, launch bool) { return f.signs.script, f.signs.launch }

// Actions looks at what happens when the document is opened and gives the
// addresses that it goes to, a line each.
func (f *File) Actions() string {
	f.action(f.catalog["OpenAction"], 0)
	f.action(f.catalog["AA"], 0)
	f.eachNamed(f.dict(f.catalog["Names"])["JavaScript"], func(_ string, v any) { f.action(v, 0) })
	var b strings.Builder
	for _, u := range f.addresses {
		b.WriteString(line(u))
	}
	f.addresses = nil
	return b.String()
}

// eachNamed goes through a name tree (section 7.9.6).
func (f *File) eachNamed(v any, visit func(key string, v any)) {
	seen := map[any]bool{}
	for stack := []any{v}; len(stack) > 0 && !f.expired(); {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		d, _ := f.get(v).(dict)
		if d == nil || seen[identityOf(v, d)] {
			continue
		}
		seen[identityOf(v, d)] = true
		list := f.array(d["Names"])
		for i := 0; i+1 < len(list) && f.marked(); i += 2 {
			visit(f.text(list[i]), list[i+1])
		}
		kids := f.array(d["Kids"])
		for i := len(kids) - 1; i >= 0 && f.marked(); i-- {
			stack = append(stack, kids[i])
		}
	}
}

// Attachment is a file within.
type Attachment struct {
	Names       []string // the likeliest first; may be empty
	Description string
	MediaType   string // as the document claims
	Data        []byte
	// Err is [ErrProtected] for a file that needs a secret, [ErrLimited],
	// [ErrUnknown], or another error for one that is damaged. Data is what can be
	// read of it.
	Err error
}

// associated notes the files that an array of file specifications names.
func (f *File) associated(v any) {
	for _, spec := range f.array(v) {
		if !f.marked() {
			return
		}
		f.specs = append(f.specs, spec)
	}
}

func (f *File) assets(tree dict) {
	f.eachNamed(tree, func(_ string, v any) { f.specs = append(f.specs, v) })
}

// Files gives the files within (section 7.11.4): those of the document, and those
// of the annotations of the pages that were read. A file that there is for several
// systems is given for each.
func (f *File) Files(yield func(*Attachment) bool) {
	type named struct {
		key string
		v   any
	}
	var list []named
	f.eachNamed(f.dict(f.catalog["Names"])["EmbeddedFiles"], func(key string, v any) { list = append(list, named{key, v}) })
	f.associated(f.catalog["AF"])
	for _, v := range f.specs {
		list = append(list, named{"", v})
	}
	seen := map[*stream]bool{}
	for _, n := range list {
		d, _ := f.get(n.v).(dict)
		if d == nil || f.expired() {
			continue
		}
		files, about := f.dict(d["EF"]), f.longText(d["Desc"])
		for _, k := range [...]name{"UF", "F", "Unix", "DOS", "Mac"} {
			s, ok := f.get(files[k]).(*stream)
			if !ok || seen[s] {
				continue
			}
			seen[s] = true
			// One that there is for several systems is described once.
			a := &Attachment{Description: about, MediaType: string(f.name(s.dict["Subtype"]))}
			about = ""
			// The name that goes with the stream comes first.
			for _, from := range [...]any{d[k], d["UF"], d["F"], d["Unix"], d["DOS"], d["Mac"]} {
				if t := f.text(from); t != "" {
					a.Names = append(a.Names, t)
				}
			}
			if n.key != "" {
				a.Names = append(a.Names, n.key)
			}
			if a.Data, a.Err = f.decode(s); a.Err == errLocked {
				a.Err = ErrProtected
			} else if a.Err == errPicture {
				a.Err = nil
			}
			if !yield(a) {
				return
			}
		}
	}
}

// Property is an entry of the information dictionary.
type Property struct{ Name, Value string }

// Info gives the information dictionary (section 14.3.3), in order of its keys.
func (f *File) Info() []Property {
	var list []Property
	d := f.dict(f.trailer["Info"])
	for _, k := range keys(d) {
		value := ""
		switch x := f.get(d[k]).(type) {
		case string:
			value = f.text(x)
		case name:
			value = string(x)
		case bool:
			value = "false"
			if x {
				value = "true"
			}
		}
		if value != "" {
			list = append(list, Property{string(k), value})
		}
	}
	return list
}

// Metadata gives the metadata of the document, an XML document (section 14.3.2).
func (f *File) Metadata() []byte {
	s, ok := f.get(f.catalog["Metadata"]).(*stream)
	if !ok {
		return nil
	}
	data, _ := f.decode(s)
	return data
}

// XFA gives the packets of a form of XML, with their names (section 12.7.8 of ISO
// 32000-1). A form in one piece has no name.
func (f *File) XFA(yield func(packet string, data []byte) bool) {
	give := func(packet string, v any) bool {
		s, ok := f.get(v).(*stream)
		if !ok {
			return true
		}
		data, err := f.decode(s)
		if err != nil {
			f.harm("a damaged form")
		}
		return yield(packet, data)
	}
	switch x := f.get(f.dict(f.catalog["AcroForm"])["XFA"]).(type) {
	case *stream:
		give("", x)
	case array:
		for i := 0; i+1 < len(x); i += 2 {
			if f.expired() || !give(f.string(x[i]), x[i+1]) {
				return
			}
		}
	}
}

// Outlines gives the titles of the outline (section 12.3.3), a line each.
func (f *File) Outlines() string {
	var b strings.Builder
	seen := map[any]bool{}
	stack := []any{f.dict(f.catalog["Outlines"])["First"]}
	for len(stack) > 0 && !f.expired() {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		d, _ := f.get(v).(dict)
		if d == nil || seen[identityOf(v, d)] {
			continue
		}
		seen[identityOf(v, d)] = true
		if !f.marked() {
			break
		}
		b.WriteString(line(f.text(d["Title"])))
		f.action(d["A"], 0)
		stack = append(stack, d["Next"], d["First"])
	}
	return b.String()
}

// Alternatives gives the texts that stand for what is not text (section 14.9.3)
// and for abbreviations, a line each.
func (f *File) Alternatives() string {
	const mostElements = 1_000_000
	elements := 0
	var b strings.Builder
	seen := map[any]bool{}
	for stack := []any{f.dict(f.catalog["StructTreeRoot"])["K"]}; len(stack) > 0 && !f.expired(); {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch x := f.get(v).(type) {
		case array:
			if elements += len(x); elements > mostElements {
				f.cut = "more elements of structure than the limit"
				return b.String()
			}
			for i := len(x) - 1; i >= 0; i-- {
				switch x[i].(type) {
				case ref, dict:
					stack = append(stack, x[i])
				}
			}
		case dict:
			if seen[identityOf(v, x)] {
				continue
			}
			seen[identityOf(v, x)] = true
			for _, k := range [...]name{"Alt", "E"} {
				b.WriteString(line(f.text(x[k])))
			}
			f.associated(x["AF"])
			switch k := x["K"].(type) {
			case ref, dict, array:
				stack = append(stack, k)
			}
		}
	}
	return b.String()
}

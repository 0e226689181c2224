package extract

import (
	"archive/tar"
	"bytes"
	"io"
	"strconv"
	"strings"
)

var formatTar = Format{
	Name:       "Tar",
	MediaTypes: []string{"application/x-tar"},
	Extensions: []string{"tar"},
	Nested:     true,
	rank:       bySignature,
	sniff:      isTar,
	read:       readTar,
}

const tarBlock = 512

// isTar checks the sum of the first header, which every dialect has.
func isTar(r *reader) bool {
	c := r.content
	if len(c) < tarBlock {
		return false
	}
	return tarHeader(c[:tarBlock]) && c[0] != 0
}

// tarHeader tells whether a block is a header: its sum is right (POSIX.1-2024,
// pax, ustar Interchange Format).
func tarHeader(h []byte) bool {
	field := strings.Trim(string(h[148:156]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	unsigned, signed := int64(0), int64(0)
	for i, b := range h {
		if i >= 148 && i < 156 {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return want == unsigned || want == signed
}

// readTar reads the files of an archive, which lie in it as they are. Behind
// damage it goes on at the next header.
func readTar(r *reader) {
	list, damaged := tarEntries(r)
	var raw []string
	for _, e := range list {
		raw = append(raw, e.name)
	}
	decoder := newNameDecoder(raw)
	for _, e := range list {
		if r.expired() {
			return
		}
		names := decoder.names(e.name)
		r.write(names[0] + "\n")
		if e.link != "" {
			r.write(decoder.names(e.link)[0] + "\n")
		}
		switch {
		case e.content == nil:
		case e.short:
			r.fail(Corrupt, damagedData)
			r.partMember(Corrupt, damagedData, Hint{Name: names[0]}, e.content, names[1:]...)
		default:
			r.member(Hint{Name: names[0]}, e.content, names[1:]...)
		}
	}
	if damaged {
		r.fail(Corrupt, damagedData)
	}
}

// tarEntry is a file of an archive. Its content is nil for folders, links and
// devices.
type tarEntry struct {
	name, link string
	content    []byte
	short      bool // the end is missing
}

func tarEntries(r *reader) (list []tarEntry, damaged bool) {
	const most = 10000
	base := 0
	for base+tarBlock <= len(r.content) && len(list) < most && !r.expired() {
		src := bytes.NewReader(r.content[base:])
		t := tar.NewReader(src)
		for len(list) < most {
			h, err := t.Next()
			if err == io.EOF {
				break // another archive may follow
			}
			if err != nil && err != tar.ErrInsecurePath {
				damaged = true
				break
			}
			e := tarEntry{name: h.Name, link: h.Linkname}
			if h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse || h.Typeflag == tar.TypeCont || h.Typeflag > '7' {
				e.content, e.short = tarContent(r, t, src, h)
			}
			list = append(list, e)
			if e.short {
				damaged = true
			}
		}
		end := max(base+tarBlock, (len(r.content)-src.Len())/tarBlock*tarBlock)
		base = nextTarHeader(r.content, end)
		if !damaged && base < len(r.content) {
			r.defect("an archive goes on behind its end")
		} else if !damaged {
			r.behindArchive(r.content[min(end, len(r.content)):])
		}
	}
	if len(list) >= most {
		r.end(limitMembers)
	}
	return list, damaged
}

// behindArchive reads what stands behind the last file of an archive, where
// programs leave nothing but zeros.
func (r *reader) behindArchive(rest []byte) {
	if rest = bytes.Trim(rest, "\x00"); len(bytes.TrimSpace(rest)) == 0 || r.expired() {
		return
	}
	r.defect("content behind the end of an archive")
	r.member(Hint{}, rest)
}

// tarContent gives the content of a file without copying it, unless it is sparse.
func tarContent(r *reader, t *tar.Reader, src *bytes.Reader, h *tar.Header) (content []byte, short bool) {
	at := len(r.content) - src.Len()
	sparse := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		sparse = sparse || strings.HasPrefix(key, "GNU.sparse.")
	}
	if sparse {
		mr := r.budgeted(t, int64(len(r.content)))
		content, cut := mr.fill(make([]byte, 0, probed), mostUnpacked)
		return content, cut || mr.over || mr.damaged
	}
	if h.Size < 0 {
		return []byte{}, true
	}
	rest := r.content[at:]
	return rest[:min(int64(len(rest)), h.Size)], h.Size > int64(len(rest))
}

// nextTarHeader finds the next header from a block on.
func nextTarHeader(content []byte, from int) int {
	for at := from; at+tarBlock <= len(content); at += tarBlock {
		if content[at] != 0 && tarHeader(content[at:at+tarBlock]) {
			return at
		}
	}
	return len(content)
}

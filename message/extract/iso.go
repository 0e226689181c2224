package extract

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

var formatISO = Format{
	Name:       "ISO 9660",
	MediaTypes: []string{"application/x-iso9660-image"},
	Extensions: []string{"iso"},
	Nested:     true,
	rank:       bySignature,
	sniff:      isISO,
	read:       readISO,
}

const isoSector = 2048

func isISO(r *reader) bool {
	const at = 16*isoSector + 1
	return len(r.content) > at+5 && string(r.content[at:at+5]) == "CD001"
}

// isoImage is an image on the way to its files.
type isoImage struct {
	r       *reader
	joliet  bool
	seen    map[uint32]bool // folders, by their places
	files   map[uint32]bool // files likewise
	entries int
}

// readISO reads the files of a disk image (ECMA-119), by the names of Joliet where
// there are some, and those of Rock Ridge. Files that only the other tree has are
// read too.
func readISO(r *reader) {
	files := map[uint32]bool{}
	roots := [2][]byte{}
	for sector := 16; (sector+1)*isoSector <= len(r.content) && sector < 64; sector++ {
		d := r.content[sector*isoSector:][:isoSector]
		if string(d[1:6]) != "CD001" || d[0] == 255 {
			break
		}
		switch {
		case d[0] == 2 && d[88] == '%' && d[89] == '/':
			roots[0] = d[156:190]
		case d[0] == 1:
			roots[1] = d[156:190]
			r.write(strings.TrimSpace(string(d[40:72])) + "\n")
		}
	}
	if roots[0] == nil && roots[1] == nil {
		r.fail(Corrupt, damagedData)
	}
	for i, root := range roots {
		if root != nil {
			image := isoImage{r: r, joliet: i == 0, seen: map[uint32]bool{}, files: files}
			image.folder("", binary.LittleEndian.Uint32(root[2:]), binary.LittleEndian.Uint32(root[10:]), 0)
		}
	}
}

func (s *isoImage) extent(at, size uint32) (data []byte, short bool) {
	from := uint64(at) * isoSector
	if from > uint64(len(s.r.content)) {
		return nil, true
	}
	rest := s.r.content[from:]
	return rest[:min(uint64(len(rest)), uint64(size))], uint64(size) > uint64(len(rest))
}

func (s *isoImage) folder(path string, at, size uint32, depth int) {
	const deepest, most = 64, 50_000
	if s.seen[at] || depth > deepest || s.r.expired() {
		return
	}
	s.seen[at] = true
	data, short := s.extent(at, size)
	if short {
		s.r.fail(Corrupt, damagedData)
	}
	for i := 0; i < len(data); {
		n := int(data[i])
		if n == 0 { // records do not cross sectors
			i = (i/isoSector + 1) * isoSector
			continue
		}
		if n < 34 || i+n > len(data) || 33+int(data[i+32]) > n {
			s.r.fail(Corrupt, damagedData)
			return
		}
		record := data[i : i+n]
		i += n
		if s.entries++; s.entries > most {
			s.r.end(limitMembers)
		}
		id := record[33 : 33+int(record[32])]
		if len(id) == 1 && id[0] <= 1 { // the folder itself and the one around it
			continue
		}
		name := path + s.name(record, id)
		place, length := binary.LittleEndian.Uint32(record[2:]), binary.LittleEndian.Uint32(record[10:])
		if record[25]&2 != 0 {
			s.r.write(name + "/\n")
			s.folder(name+"/", place, length, depth+1)
		} else if !s.files[place] || length == 0 {
			s.files[place] = true
			s.file(name, place, length)
		}
		if s.r.ended {
			return
		}
	}
}

func (s *isoImage) file(name string, place, length uint32) {
	s.r.write(name + "\n")
	content, short := s.extent(place, length)
	// Files may lie in the same place.
	if s.r.left.inflated -= int64(len(content)); s.r.left.inflated < 0 {
		s.r.end(limitInflated)
		return
	}
	if short {
		s.r.fail(Corrupt, damagedData)
		s.r.partMember(Corrupt, damagedData, Hint{Name: name}, content)
		return
	}
	s.r.member(Hint{Name: name}, content)
}

// name gives the name of a record without its version.
func (s *isoImage) name(record, id []byte) string {
	if s.joliet {
		var units []uint16
		for i := 0; i+1 < len(id); i += 2 {
			units = append(units, binary.BigEndian.Uint16(id[i:]))
		}
		return strings.TrimSuffix(string(utf16.Decode(units)), ";1")
	}
	if long := rockRidgeName(record[33+len(id):]); long != "" {
		return long
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(id), ";1"), ".")
}

// rockRidgeName finds the alternate name in the system use field of a record (IEEE
// P1282, section 4.1.4).
func rockRidgeName(use []byte) string {
	var name strings.Builder
	if len(use) > 0 && use[0] == 0 { // padding
		use = use[1:]
	}
	for len(use) >= 4 && int(use[2]) >= 4 && int(use[2]) <= len(use) {
		if bytes.HasPrefix(use, []byte("NM")) && use[2] > 5 {
			name.Write(use[5:use[2]])
		}
		use = use[use[2]:]
	}
	return name.String()
}

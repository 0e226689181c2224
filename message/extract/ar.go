package extract

import (
	"bytes"
	"strconv"
	"strings"
)

var formatAr = Format{
	Name:       "Ar",
	MediaTypes: []string{"application/x-archive", "application/vnd.debian.binary-package"},
	Extensions: []string{"a", "deb", "ar"},
	Nested:     true,
	rank:       bySignature,
	sniff:      prefixed(arMagic),
	refine:     refineAr,
	read:       readAr,
}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

func refineAr(r *reader) {
	if bytes.HasPrefix(r.content[len(arMagic):], []byte("debian-binary")) {
		r.doc.MediaType, r.doc.Extension = "application/vnd.debian.binary-package", "deb"
		r.doc.Executable = "a software package"
	}
}

// readAr reads the files of an archive of ar(1), with the long names of System V
// and of BSD.
func readAr(r *reader) {
	c := r.content[len(arMagic):]
	var long []byte
	for len(c) > 0 && !r.expired() {
		if len(c) < arHeader || c[58] != '`' {
			r.fail(Corrupt, damagedData)
			return
		}
		name := strings.TrimRight(string(c[:16]), " ")
		size, err := strconv.ParseUint(strings.TrimSpace(string(c[48:58])), 10, 62)
		data := c[arHeader:]
		short := err != nil || size > uint64(len(data))
		if short {
			size = uint64(len(data))
		}
		data, c = data[:size], data[size:]
		if len(c) > 0 && size%2 == 1 {
			c = c[1:]
		}
		switch {
		case name == "/" || name == "__.SYMDEF" || name == "/SYM64/":
			continue // the names of functions
		case name == "//":
			long = data
			continue
		case strings.HasPrefix(name, "#1/"):
			n, err := strconv.ParseUint(name[3:], 10, 31)
			if err == nil && n <= uint64(len(data)) {
				name, data = strings.TrimRight(string(data[:n]), "\x00"), data[n:]
			}
		case strings.HasPrefix(name, "/"):
			if at, err := strconv.ParseUint(name[1:], 10, 31); err == nil && at < uint64(len(long)) {
				line, _, _ := bytes.Cut(long[at:], []byte("\n"))
				name = string(line)
			}
		}
		name = strings.TrimSuffix(name, "/")
		r.write(name + "\n")
		if short {
			r.fail(Corrupt, damagedData)
			r.partMember(Corrupt, damagedData, Hint{Name: name}, data)
			return
		}
		r.member(Hint{Name: name}, data)
	}
}

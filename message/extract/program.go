package extract

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// programFormat stands for programs. No text is read of them, so it is no row of
// the catalogue, but of those that unpack an archive they carry its files are.
func programFormat() *Format {
	return &Format{
		Name:       "Program",
		MediaTypes: []string{"application/octet-stream"},
		Extensions: []string{"bin"},
		refine:     func(r *reader) { r.describe() },
		read:       readProgram,
	}
}

func readProgram(r *reader) {
	r.doc.Executable = program(r.content)
	for prefix, known := range map[string][2]string{
		"a Windows shortcut":   {"application/x-ms-shortcut", "lnk"},
		"an MS-DOS program":    {"application/x-dosexec", "exe"},
		"a Windows program":    {"application/vnd.microsoft.portable-executable", ""},
		"a macOS program":      {"application/x-mach-binary", ""},
		"an Android program":   {"application/vnd.android.dex", "dex"},
		"a 16-bit Windows pro": {"application/x-dosexec", "exe"},
		"an OS/2 or Windows d": {"application/x-dosexec", "exe"},
	} {
		if bytes.HasPrefix([]byte(r.doc.Executable), []byte(prefix)) {
			r.doc.MediaType = known[0]
			if known[1] != "" {
				r.doc.Extension = known[1]
			}
		}
	}
	if r.doc.Extension == "bin" || r.doc.Extension == "" {
		if ext := r.extension(); len(ext) <= 4 && scriptExtensions[ext] != "" || ext == "exe" || ext == "dll" || ext == "sys" || ext == "ocx" || ext == "so" {
			r.doc.Extension = ext
		}
	}
	if isZip(r) {
		readZip(r)
	} else {
		r.carriedArchive()
	}
	r.fail(Unsupported, "a program, of which no text is read")
}

// carriedArchive reads an archive that a program carries behind itself.
func (r *reader) carriedArchive() {
	const most = 64 // places that look like an archive
	for _, magic := range [...]string{magic7z, magicRAR, magicCab} {
		rest, at := r.content, 0
		for range most {
			i := bytes.Index(rest, []byte(magic))
			if i < 0 {
				break
			}
			at += i
			if beginsArchive(r.content[at:], magic) {
				r.member(Hint{}, r.content[at:])
				return
			}
			at += len(magic)
			rest = r.content[at:]
		}
	}
}

// beginsArchive tells an archive from its signature standing in a program that
// unpacks such archives.
func beginsArchive(c []byte, magic string) bool {
	switch magic {
	case magic7z:
		return len(c) > 32 && crc32.ChecksumIEEE(c[12:32]) == binary.LittleEndian.Uint32(c[8:])
	case magicRAR:
		return len(c) > 20 && (c[6] == 0 && c[9] == 0x73 || c[6] == 1 && c[7] == 0)
	}
	return isCabinet(c)
}

package extract

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"strings"
)

var formatZip = Format{
	Name:       "Zip",
	MediaTypes: []string{"application/zip", "application/java-archive", "application/vnd.android.package-archive"},
	Extensions: []string{"zip", "jar", "apk"},
	Nested:     true,
	Protection: true,
	rank:       byContainer,
	sniff:      isZip,
	refine:     refineZip,
	read:       readZip,
}

// isZip also takes what has something in front of the archive, a program that
// unpacks it, say: readers of zip go by the directory at the end.
func isZip(r *reader) bool {
	if hasZipMagic(r.content) {
		return true
	}
	end := zipEnd(r.content)
	if end < 0 || binary.LittleEndian.Uint16(r.content[end+10:]) == 0 || !bytes.Contains(r.content[:end], zipMagic) {
		return false
	}
	list, err := listedMembers(r.content)
	return err == nil && len(list) > 0 && slices.ContainsFunc(list, func(m member) bool { return m.start >= 0 })
}

// browserExtension begins archives of Chromium, with a signature in front.
const browserExtension = "Cr24"

// zipEndLength is the length of the end of the central directory without its
// comment (APPNOTE.TXT, section 4.3.16).
const zipEndLength = 22

// zipEnd finds the end of the central directory; -1 without.
func zipEnd(content []byte) int {
	last := -1
	// Going forward is many times faster than going back.
	for from := max(0, len(content)-zipEndLength-1<<16); ; {
		i := bytes.Index(content[from:], zipEmpty)
		if i < 0 || from+i+zipEndLength > len(content) {
			return last
		}
		last = from + i
		from = last + len(zipEmpty)
	}
}

func refineZip(r *reader) {
	if bytes.HasPrefix(r.content, []byte(browserExtension)) {
		r.doc.MediaType, r.doc.Extension = "application/x-chrome-extension", "crx"
		r.doc.Executable = "a browser extension"
		return
	}
	list, _ := zipMembers(r.content)
	for _, m := range list {
		switch {
		case m.name == "AndroidManifest.xml":
			r.doc.MediaType, r.doc.Extension = "application/vnd.android.package-archive", "apk"
			r.doc.Executable = "an Android program"
			return
		case m.name == "AppxManifest.xml" || m.name == "AppxMetadata/AppxBundleManifest.xml":
			r.doc.Executable = "a Windows installer"
		case strings.HasPrefix(m.name, "Payload/") && strings.HasSuffix(m.name, ".app/Info.plist"):
			r.doc.Executable = "an iOS program"
		case m.name == "META-INF/MANIFEST.MF" || strings.HasSuffix(m.name, ".class"):
			r.doc.MediaType, r.doc.Extension = "application/java-archive", "jar"
			r.doc.Executable = "a Java program"
		}
	}
}

// readZip reads every file that an archive holds, listed in its directory or not.
// The names are the text of the archive.
func readZip(r *reader) {
	list, err := listedMembers(r.content)
	volume := isZipVolume(r.content)
	var headers map[int64]member
	switch {
	case volume: // the directory speaks of all volumes
		r.fail(Truncated, missingVolume)
		list, _ = localMembers(r.content, nil)
	case err != nil:
		list, _ = localMembers(r.content, nil)
		r.fail(Corrupt, damagedData)
	default:
		var hidden []member
		hidden, headers = localMembers(r.content, list)
		list = r.withHidden(list, hidden)
		r.checkDirectory(list, headers)
	}
	names := zipNames(list, headers)
	for i, m := range list {
		r.write(names[i][0] + "\n")
		if !m.directory() {
			r.zipMember(m, names[i])
		}
		if r.expired() {
			break
		}
	}
	r.zipSurroundings(list, volume)
}

// withHidden joins the listed files of an archive and those that are not listed.
// Of listed files that are not where the directory says those of the same name
// are taken.
func (r *reader) withHidden(list, hidden []member) []member {
	if len(hidden) == 0 {
		return list
	}
	if len(hidden) >= mostHidden {
		r.fail(Truncated, limitMembers)
	}
	found := map[string]bool{}
	for _, m := range hidden {
		found[m.raw] = true
	}
	n := len(list)
	list = slices.DeleteFunc(list, func(m member) bool { return m.start < 0 && found[m.raw] })
	if n != len(list) {
		r.defect("files of an archive are not where its directory says")
	}
	if n-len(list) < len(hidden) {
		r.defect("an archive holds files that its directory does not list")
	}
	return append(list, hidden...)
}

// isZipVolume tells the volumes of a split archive.
func isZipVolume(content []byte) bool {
	end := zipEnd(content)
	if end < 0 {
		return bytes.HasPrefix(content, zipSplit)
	}
	disk := binary.LittleEndian.Uint16(content[end+4:])
	return disk != 0 && disk != 0xffff
}

// checkDirectory notes where readers that go by the directory and those that go
// by the files' own headers come to different ends.
func (r *reader) checkDirectory(list []member, headers map[int64]member) {
	seen := map[string]bool{}
	for _, m := range list {
		if seen[m.raw] {
			r.defect("two files of an archive have the same name")
		}
		seen[m.raw] = true
		h, have := headers[m.start]
		if have && h.raw != m.raw {
			r.defect("the directory of an archive gives another name than the file")
		}
		if have && h.method != m.method {
			r.defect("the directory of an archive gives another compression than the file")
		}
	}
	all := spans(list)
	for i := 1; i < len(all); i++ {
		if all[i].start < all[i-1].end {
			r.defect("files of an archive share their data")
			return
		}
	}
}

// zipNames gives the readings of the members' names, the likeliest first.
func zipNames(list []member, headers map[int64]member) [][]string {
	var raw []string
	for _, m := range list {
		if !m.utf8 {
			raw = append(raw, m.raw)
		}
	}
	decoder := newNameDecoder(raw)
	names := make([][]string, len(list))
	for i, m := range list {
		if m.unicode != "" {
			names[i] = append(names[i], m.unicode)
		}
		names[i] = append(names[i], decoder.names(m.raw)...)
		if h, have := headers[m.start]; have && h.raw != m.raw {
			names[i] = append(names[i], decoder.names(h.raw)...)
		}
	}
	return names
}

func (r *reader) zipMember(m member, names []string) {
	src, err := m.open()
	switch {
	case m.encrypted:
		r.fail(Protected, needsSecret)
		kind := "encrypted with ZipCrypto"
		if m.method == methodAES {
			kind = "encrypted with AES"
		}
		r.doc.Encryption = kind
		r.unreadMember(names[0], max(m.size, 0), Protected, needsSecret)
	case err == nil:
		r.unpack(Hint{Name: names[0]}, src, m.packed, m.size, names[1:]...)
	case err == errMethod || err == errMemory:
		r.unreadMember(names[0], max(m.size, 0), Unsupported, err.Error())
	default:
		r.fail(Corrupt, damagedData)
		r.unreadMember(names[0], max(m.size, 0), Corrupt, damagedData)
	}
}

// zipSurroundings reads what stands in front of an archive and the comment behind
// it: readers that know no zip show it.
func (r *reader) zipSurroundings(list []member, volume bool) {
	if end := zipEnd(r.content); end >= 0 && end+zipEndLength < len(r.content) {
		comment := r.content[end+zipEndLength:]
		if looksLikeText(comment) {
			r.write(newNameDecoder([]string{string(comment)}).names(string(comment))[0])
			r.newLine()
		} else if !bytes.Contains(comment, zipMagic) {
			r.defect("content behind the end of an archive")
			r.member(Hint{}, comment)
		}
	}
	if hasZipMagic(r.content) || len(list) == 0 || volume {
		return
	}
	if first := bytes.Index(r.content, zipMagic); first > 0 {
		if program(r.content) == "" && !bytes.HasPrefix(r.content, []byte(browserExtension)) {
			r.defect("content in front of an archive")
			r.member(Hint{}, r.content[:first])
		}
	}
}

// baseName is the last part of a path of an archive, of Windows ones too.
func baseName(name string) string {
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

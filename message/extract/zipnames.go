package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	htmlcharset "golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// nameDecoder turns the names of an archive that does not say their character set
// into text. Archivers of MS-DOS ancestry mean code page 437, or, against the
// documents, that of the sender's computer.
type nameDecoder struct {
	guess encoding.Encoding // nil without
	first bool              // the guess is likelier
}

// newNameDecoder looks at all names of an archive together: each is short.
func newNameDecoder(raw []string) nameDecoder {
	const enough = 16 << 10
	var all strings.Builder
	for _, s := range raw {
		if !utf8.ValidString(s) && all.Len() < enough {
			all.WriteString(s)
			all.WriteByte('\n')
		}
	}
	if all.Len() == 0 {
		return nameDecoder{}
	}
	found := chardet.Detect([]byte(all.String()))
	e, name := htmlcharset.Lookup(found.Encoding)
	if e == nil || name == "utf-8" || name == "replacement" || strings.HasPrefix(name, "utf-16") {
		return nameDecoder{guess: charmap.Windows1252}
	}
	switch name {
	case "windows-1252", "iso-8859-2", "windows-1250", "macintosh", "windows-1254", "iso-8859-15":
		return nameDecoder{guess: e}
	}
	return nameDecoder{guess: e, first: true}
}

// names gives the readings of a name, the likeliest first.
func (d nameDecoder) names(raw string) []string {
	if utf8.ValidString(raw) {
		return []string{raw}
	}
	dos, _ := charmap.CodePage437.NewDecoder().String(raw)
	if d.guess == nil {
		return []string{dos}
	}
	guess, err := d.guess.NewDecoder().String(raw)
	switch {
	case err != nil || strings.ContainsRune(guess, utf8.RuneError) && !d.first:
		return []string{dos}
	case d.first:
		return []string{guess, dos}
	}
	return []string{dos, guess}
}

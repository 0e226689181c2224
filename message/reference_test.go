package message

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// disagreements are the messages of others in which this package does not find a
// part or a name that Python's email package has, and why.
var disagreements = map[string]string{
	"enmime/mail__qp-utf8-header-no-break.raw": "without an empty line the body begins at the first line that is no field, not at the last field",
	"gensmtp/utf-attachment-name.eml":          "the name is unfolded",
	"mime4j/testmsgs__ending-boundaries.msg":   "text behind a delimiter is no part of the next one",
	"mime4j/testmsgs__weird-boundary.msg":      "blanks behind a delimiter are no part of the boundary",
	"mimekit/messages__bounce.txt":             "a returned header section is a message, not text",
	"mimekit/messages__issue358.txt":           "a line that is no field does not end the header section",
	"mimekit/partial__rfc2046.0.eml":           "a fragment is not read as a message",
	"rspamd/phish_sender2.eml":                 "a line that is no field does not end the header section",
	"rspamd/phish_sender4.eml":                 "a line that is no field does not end the header section",
	"rspamd/spam.eml":                          "the name is unfolded",
	"spamassassin/nice__mime4":                 "damaged base64 is decoded, not given as it stands",
	"spamassassin/spam__badmime2.txt":          "a line that is no field does not end the header section",
	"stalwart/rfc__000.eml":                    "prose that is said to be base64 is not decoded",
	"stalwart/rfc__001.eml":                    "the fields of a body that lies elsewhere are no part",
}

// readers see the same octets with and without the last line end, with CRLF or LF.
func lineEndVariants(data []byte) [][]byte {
	lf := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	list := [][]byte{data, lf}
	for _, d := range list[:2] {
		list = append(list, append(slices.Clone(d), '\n'), bytes.TrimSuffix(d, []byte("\n")), append(slices.Clone(d), '\r', '\n'), bytes.TrimSuffix(d, []byte("\r\n")))
	}
	return list
}

func TestSupersetOfAnotherReader(t *testing.T) {
	f, err := os.Open(filepath.Join(external, "mime/manifest.jsonl"))
	if err != nil {
		t.Skipf("no external messages: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	parts, missed := 0, 0
	for lines.Scan() {
		var row struct {
			File  string
			Parts []struct {
				Type     string
				Size     int
				SHA256   string
				Filename string
			} `json:"reference_view_cpython"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		m := readFile(t, filepath.Join(external, "mime", row.File))
		hashes, names := map[string]bool{}, []string{}
		m.Root.walk(func(p *Part) bool {
			names = append(names, p.Names...)
			data, err := p.Content()
			if err != nil {
				t.Error(err)
			}
			// What cannot be decoded other readers give as it stands.
			for _, v := range append(lineEndVariants(data), lineEndVariants(p.raw)...) {
				h := sha256.Sum256(v)
				hashes[hex.EncodeToString(h[:])] = true
			}
			return true
		})
		for _, p := range row.Parts {
			parts++
			if (p.Size == 0 || hashes[p.SHA256]) && (p.Filename == "" || slices.Contains(names, p.Filename)) {
				continue
			}
			missed++
			if disagreements[row.File] == "" {
				t.Errorf("%s: the part %s of %d octets, named %q, is not found; names %q", row.File, p.Type, p.Size, p.Filename, names)
			}
		}
	}
	t.Logf("%d of %d parts are seen in another way", missed, parts)
}

// standardText gives the leaves that Go's own packages find, decoded; nil where
// they find an error anywhere.
func standardText(r io.Reader, header func(string) string, depth int) (leaves [][]byte, ok bool) {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err == nil && strings.HasPrefix(kind, "multipart/") && depth < 5 {
		mr := multipart.NewReader(r, params["boundary"])
		for {
			p, err := mr.NextRawPart()
			if err == io.EOF {
				return leaves, true
			}
			if err != nil {
				return nil, false
			}
			inner, ok := standardText(p, p.Header.Get, depth+1)
			if !ok {
				return nil, false
			}
			leaves = append(leaves, inner...)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, false
	}
	if strings.EqualFold(strings.TrimSpace(header("Content-Transfer-Encoding")), "base64") {
		if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), "")); err != nil {
			return nil, false
		}
	} else if header("Content-Transfer-Encoding") != "" {
		return nil, true
	}
	return [][]byte{data}, true
}

// What net/mail and mime/multipart find in a message is found here too.
func FuzzSupersetOfTheStandardLibrary(f *testing.F) {
	f.Add([]byte("Subject: a\r\n\r\nhello\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\nend\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=\"b c\"\n\n--b c\n\nx\n--b c--\n--b--\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		standard, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return
		}
		leaves, ok := standardText(standard.Body, standard.Header.Get, 0)
		if !ok {
			return
		}
		m, err := Read(Envelope{}, bytes.NewReader(raw), nil, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if slices.ContainsFunc(m.Notices, func(n Notice) bool { return n.Signal == SignalIncomplete }) {
			return
		}
		var ours []byte
		m.Root.walk(func(p *Part) bool {
			data, err := p.Content()
			if err != nil {
				t.Fatal(err)
			}
			ours = append(append(ours, data...), 0)
			return true
		})
		squeeze := func(b []byte) []byte { return bytes.Join(bytes.Fields(b), nil) }
		all := squeeze(ours)
		for _, leaf := range leaves {
			if !bytes.Contains(all, squeeze(leaf)) {
				t.Errorf("%q is not found in %q of %q", leaf, ours, raw)
			}
		}
	})
}

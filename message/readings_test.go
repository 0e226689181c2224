package message

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What mail readers read in different ways is read in all of them.
func TestOtherReadings(t *testing.T) {
	const said = "What nobody says is base64."
	hidden := base64.StdEncoding.EncodeToString([]byte(said))
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"two encodings", "Content-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64\n\nYWFh\n", []string{
			`1 text/plain "YWFh\n"`, `1.1 text/plain "aaa"`}},
		{"two encodings, in the other order", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nYWFh\n", []string{
			`1 text/plain "aaa"`, `1.1 text/plain "YWFh\n"`}},
		{"two encodings in one field", "Content-Transfer-Encoding: base64, quoted-printable\n\nYWFh\n", []string{
			`1 text/plain "aaa"`, `1.1 text/plain "YWFh\n"`, `1.2 text/plain "YWFh\n"`}},
		{"a damaged encoding", "Content-Transfer-Encoding: base64; x=y\n\nYWFh\n", []string{
			`1 text/plain "aaa"`, `1.1 text/plain "YWFh\n"`}},
		{"one encoding twice", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: base64\n\nYWFh\n", []string{
			`1 text/plain "aaa"`}},
		{"text and HTML", "Content-Type: text/plain\nContent-Type: text/html\n\na<b>c\n", []string{
			`1 text/plain "a<b>c\n"`, `1.1 text/html "a<b>c\n"`}},
		{"base64 that is not said to be any", "\n" + hidden + "\n", []string{
			`1 text/plain "` + hidden + `\n"`, `1.1 text/plain "` + said + `"`}},
		{"base64 of an encoding nobody knows", "Content-Transfer-Encoding: x-none\n\n" + hidden + "\n", []string{
			`1 text/plain "` + hidden + `\n"`, `1.1 text/plain "` + said + `"`}},
		{"base64 in a preamble", "Content-Type: multipart/mixed; boundary=b\n\n" + hidden + "\n--b\n\na\n--b--\n", []string{
			"1 multipart/mixed", `1.0 text/plain "` + hidden + `"`, `1.0.1 text/plain "` + said + `"`, `1.1 text/plain "a"`}},
		{"a file within text", "\nSee:\nbegin 644 a.txt\n#86)C\n`\nend\nbye\n", []string{
			`1 text/plain "See:\nbegin 644 a.txt\n#86)C\n` + "`" + `\nend\nbye\n"`, `1.1 application/octet-stream "abc"`}},
		{"two files within text, one without its end", "\nbegin 644 a.txt\r\n#86)C\r\nbegin 644 b.txt\r\n#86)C\r\n", []string{
			`1 text/plain "begin 644 a.txt\r\n#86)C\r\nbegin 644 b.txt\r\n#86)C\r\n"`,
			`1.1 application/octet-stream "abc"`, `1.2 application/octet-stream "abc"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outline(t, parse(t, c.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
	m := parse(t, "\nbegin 644 a.txt\n#86)C\n`\nend\n")
	for p := range m.Attachments() {
		if p.Name() != "a.txt" {
			t.Errorf("the file within text is called %q", p.Name())
		}
	}
}

func TestShownParts(t *testing.T) {
	for in, want := range map[string]bool{
		"Content-Type: text/plain\n\na\n":                                                                 true,
		"Content-Type: text/plain; name=a.txt\n\na\n":                                                     true,
		"Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\na\n":                    true, // there is nothing else
		"Content-Type: application/pdf\n\na\n":                                                            false,
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; name=a\n\na\n--b--\n": true,
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\na\n--b--\n": false,
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\na\n--b--\n":  false,
	} {
		for p := range parse(t, in).Leaves() {
			if p.IsShown() != want {
				t.Errorf("shown: %v\n%s", !want, in)
			}
		}
	}
}

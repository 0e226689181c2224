package message

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What mail readers read in different ways is read in all of them.
func TestOtherReadings(t *testing.T) {
	const said = "What nobody says is base64."
	hidden := base64.StdEncoding.EncodeToString([]byte(said))
	shifted, _ := decodeBase64(nil, []byte("hello\n"+hidden+"\n"))
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
		{"a word before base64", "Content-Transfer-Encoding: base64\n\nhello\n" + hidden + "\n", []string{
			fmt.Sprintf("1 text/plain %q", shifted), `1.1 text/plain "` + said + `"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outline(t, parse(t, c.in))); diff != "" {
				t.Error(diff)
			}
		})
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

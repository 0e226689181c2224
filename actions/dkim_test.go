package actions

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
)

// A signature of the author's own domain is said to break when what it covers is
// another, and only then.
func TestBrokenSignatures(t *testing.T) {
	header := func(name, value string) []Edit { return []Edit{{Action: setHeader, Name: name, Value: value}} }
	body := []Edit{{Action: disclaim, Name: "append", Value: "more", Fallback: "wrap"}}
	before := []Edit{{Action: disclaim, Name: "prepend", Value: "more", Fallback: "wrap"}}
	tests := []struct {
		name, from, signature string
		edits                 []Edit
		want                  bool
	}{
		{name: "a signed field changes", signature: "d=example.com; h=from:Subject", edits: header("subject", "x"), want: true},
		{name: "another field changes", signature: "d=example.com; h=from:subject", edits: header("X-A", "x")},
		{name: "a field is added that is said not to be there", signature: "d=example.com; h=from:x-a", edits: header("X-A", "x"), want: true},
		{name: "a field that is not there is removed", signature: "d=example.com; h=from:x-a", edits: []Edit{{Action: removeHeader, Name: "X-A"}}},
		{name: "of several fields one is removed that is not signed", signature: "d=example.com; h=from:x-old", edits: []Edit{{Action: removeHeader, Name: "X-Old", Value: "1"}}},
		{name: "of several fields the signed one is removed", signature: "d=example.com; h=from:x-old", edits: []Edit{{Action: removeHeader, Name: "X-Old", Value: "2"}}, want: true},
		{name: "the same value again", signature: "d=example.com; h=from:subject", edits: header("Subject", "The plan")},
		{name: "a field of ours is taken out", signature: "d=example.com; h=from:x-postern-a", want: true},
		{name: "a recipient is shown", signature: "d=example.com; h=from:to:cc", edits: []Edit{{Action: addRecipients, Name: "cc", Value: "c@x.example"}}, want: true},
		{name: "a blind copy", signature: "d=example.com; h=from:to:cc", edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "c@x.example"}}},
		{name: "the body changes", signature: "d=example.com; h=from", edits: body, want: true},
		{name: "the body grows behind its signed length", signature: "d=example.com; h=from; l=7", edits: body},
		{name: "the body grows before its signed length", signature: "d=example.com; h=from; l=7", edits: before, want: true},
		{name: "the body grows behind what is signed of it", signature: "d=example.com; h=from; c=relaxed/relaxed; l=5", edits: body},
		{name: "the length is no number", signature: "d=example.com; h=from; l=x", edits: body, want: true},
		{name: "the type of the body changes and is signed", signature: "d=example.com; h=from:mime-version; l=0", edits: append(before, before...), want: false},
		{name: "a domain above the author's", from: "anna@mail.example.com", signature: "d=example.com; h=subject", edits: header("subject", "x"), want: true},
		{name: "a domain beside the author's", from: "anna@mail.example.com", signature: "d=lists.example.com; h=subject", edits: header("subject", "x"), want: true},
		{name: "a domain of somebody else", signature: "d=example.org; h=subject", edits: header("subject", "x")},
		{name: "a public suffix", from: "anna@one.co.uk", signature: "d=two.co.uk; h=subject", edits: header("subject", "x")},
		{name: "a folded signature", signature: "\r\n d = Example.\r\n Com ; h = from :\r\n subject", edits: header("subject", "x"), want: true},
		{name: "a signature of nobody", signature: "h=from:subject", edits: header("subject", "x")},
		{name: "nonsense", signature: ";;;=;h", edits: header("subject", "x")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.from == "" {
				tt.from = "anna@example.com"
			}
			text := "DKIM-Signature: " + tt.signature + "\r\nFrom: " + tt.from + "\r\nSubject: The plan\r\nX-Old: 1\r\nX-Old: 2\r\n"
			if strings.Contains(tt.signature, "postern") {
				text += "X-Postern-A: 1\r\n"
			}
			m, err := message.Read(messageTo(nil, "b@x.example").Envelope, strings.NewReader(text+"\r\nHello\r\n"), nil, message.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			f := Fork{Recipients: []int{0}, Edits: tt.edits}
			newDeliveries(&editor{m: m, ours: true}, []Fork{f}).copy(&f)
			if got := len(f.BrokenSignatures) > 0; got != tt.want {
				t.Errorf("broken: %q, want %v", f.BrokenSignatures, tt.want)
			}
		})
	}
}

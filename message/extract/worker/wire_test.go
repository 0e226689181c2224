package worker

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message/extract"
)

func TestAnswersAreChecked(t *testing.T) {
	lim := extract.Limits{Characters: 10, Nesting: 3, Members: 4}
	nest := func(n int) extract.Document {
		d := extract.Document{Status: extract.Complete}
		for range n {
			d = extract.Document{Status: extract.Complete, Members: []extract.Document{d}}
		}
		return d
	}
	tests := []struct {
		name string
		d    extract.Document
		good bool
	}{
		{"good", extract.Document{Status: extract.Complete, Text: "text", Characters: 4}, true},
		{"no status", extract.Document{}, false},
		{"another status", extract.Document{Status: "fine"}, false},
		{"characters that are not there", extract.Document{Status: extract.Complete, Text: "text", Characters: 3}, false},
		{"more text than the limit", extract.Document{Status: extract.Complete, Text: "01234567890", Characters: 11}, false},
		{"a negative size", extract.Document{Status: extract.Complete, Size: -1}, false},
		{"as deep as the limit", nest(3), true},
		{"deeper than the limit", nest(4), false},
		{"more members than the limit", extract.Document{Status: extract.Complete, Members: make([]extract.Document, 5)}, false},
		{"a bad member", extract.Document{Status: extract.Complete, Members: make([]extract.Document, 1)}, false},
		{"very many names", extract.Document{Status: extract.Complete, Names: make([]string, mostList+1)}, false},
	}
	for _, test := range tests {
		a := answer{Document: test.d}
		if err := a.check(lim, 4); (err == nil) != test.good {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	a := answer{Document: extract.Document{Status: extract.Corrupt, MediaType: "text/plain\r\nX: y", Detail: strings.Repeat("é", 2000)},
		Spent: extract.Spent{Inflated: 1 << 62, Members: 1 << 62}}
	if err := a.check(lim, 4); err != nil {
		t.Fatal(err)
	}
	if a.Document.MediaType != "application/octet-stream" || len(a.Document.Detail) > 1024 || a.Spent.Inflated > 1<<40 || a.Spent.Members > 1<<30 {
		t.Errorf("not bounded: %q, %d octets, %+v", a.Document.MediaType, len(a.Document.Detail), a.Spent)
	}
}

func TestFramesComeThrough(t *testing.T) {
	var b bytes.Buffer
	want := answer{Document: extract.Document{Names: []string{"a"}, Status: extract.Complete, Text: "text", Properties: map[string]string{"k": "v"},
		Labels: []extract.Label{{ID: "x", Enabled: true}}, Members: []extract.Document{{Status: extract.Corrupt}}}, Spent: extract.Spent{Inflated: 3}}
	if err := writeFrame(&b, kindAnswer, want, []byte("octets")); err != nil {
		t.Fatal(err)
	}
	f, err := readFrame(&b, 1<<20, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got answer
	if err := f.into(kindAnswer, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if string(f.body) != "octets" {
		t.Errorf("body %q", f.body)
	}
}

func TestFramesAreBounded(t *testing.T) {
	tests := map[string]struct {
		octets string
		want   error
	}{
		"nothing":            {"", io.EOF},
		"too short":          {"A\x00\x00", io.ErrUnexpectedEOF},
		"a head too large":   {"A\x00\x10\x00\x00\x00\x00\x00\x00", errFrame},
		"a body too large":   {"A\x00\x00\x00\x00\xff\xff\xff\xff", errFrame},
		"less than was said": {"A\x00\x00\x00\x09\x00\x00\x00\x00abc", io.ErrUnexpectedEOF},
	}
	for name, test := range tests {
		if _, err := readFrame(strings.NewReader(test.octets), 1000, 1000); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// Whatever a worker says is refused or keeps the limits.
func FuzzAnswer(f *testing.F) {
	for _, d := range []extract.Document{
		{Status: extract.Complete, Text: "text", Characters: 4},
		{Status: extract.Truncated, Names: []string{"a", "b"}, Members: []extract.Document{{Status: extract.Corrupt}, {Status: extract.Protected, Encryption: "AES"}}},
		{Status: extract.Complete, Properties: map[string]string{"Author": "A"}, Labels: []extract.Label{{ID: "x"}}},
	} {
		var b bytes.Buffer
		if err := writeFrame(&b, kindAnswer, answer{Document: d}, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		lim := extract.Limits{Characters: 100, Nesting: 5, Members: 10}
		fr, err := readFrame(bytes.NewReader(octets), mostAnswer(lim), 100)
		if err != nil {
			return
		}
		var a answer
		if fr.into(kindAnswer, &a) != nil || a.check(lim, 10) != nil {
			return
		}
		n := 0
		for _, d := range a.Document.All() {
			n++
			if d.Characters > 100 || len(d.Detail) > 1024 {
				t.Errorf("beyond the limits: %+v", d)
			}
		}
		if n > 11 {
			t.Errorf("%d documents", n)
		}
	})
}

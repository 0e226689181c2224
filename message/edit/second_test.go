package edit

import (
	"io"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
)

// second reads the leaves of a message with another parser, which knows nothing of
// ours; text comes decoded. It is nil where that cannot read the message.
func second(t testing.TB, raw string) []view {
	t.Helper()
	// It wants the line ends of SMTP in the header section.
	e, err := gomessage.Read(strings.NewReader(raw))
	if err != nil {
		return nil
	}
	var list []view
	err = e.Walk(func(path []int, e *gomessage.Entity, err error) error {
		if err != nil {
			return err
		}
		mediaType, params, err := e.Header.ContentType()
		if err != nil {
			return err
		}
		if strings.HasPrefix(mediaType, "multipart/") {
			return nil
		}
		b, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		list = append(list, view{mediaType: mediaType, names: params["name"], content: string(b), text: string(b)})
		return nil
	})
	if err != nil {
		return nil
	}
	return list
}

// Another parser sees the same parts before and behind, but for the disclaimer.
func compareSecond(t testing.TB, before, after string, prepend bool) (compared bool) {
	t.Helper()
	was := second(t, before)
	if was == nil {
		return false
	}
	is := second(t, after)
	if is == nil {
		t.Error("another parser cannot read the message any more")
		return true
	}
	if len(is) == len(was)+2 {
		if !strings.Contains(is[0].text, noticeText) || !strings.Contains(is[1].text, notice) {
			t.Errorf("another parser sees no disclaimer in the text added: %+v", is[:2])
		}
		is = is[2:]
	}
	if len(is) != len(was) {
		t.Errorf("another parser sees %d leaves, want %d", len(is), len(was))
		return true
	}
	for i := range is {
		a, b := was[i], is[i]
		switch {
		case a.mediaType != b.mediaType || a.names != b.names:
			t.Errorf("another parser sees %s %q, want %s %q", b.mediaType, b.names, a.mediaType, a.names)
		case a.content != b.content:
			if got := without(t, b, prepend); got != key(a.text) {
				t.Errorf("another parser sees in leaf %d\n%q\nwant\n%q", i, got, key(a.text))
			}
		}
	}
	return true
}

package edit

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
)

const (
	notice     = `<p>Größe – <b>機密</b> – конфиденциально</p>`
	noticeText = "Größe – 機密 – конфиденциально"
)

// without takes the disclaimer out of a text, once.
func without(t testing.TB, v view, prepend bool) string {
	t.Helper()
	if v.mediaType == "text/html" {
		for _, form := range []string{notice, references(notice)} {
			if before, after, found := strings.Cut(v.text, "<div>"+form+"</div>"); found {
				return key(before + after)
			}
		}
		t.Errorf("no disclaimer in %s", v.index)
		return ""
	}
	k := key(v.text)
	rest, found := strings.CutSuffix(k, key(noticeText))
	if prepend {
		rest, found = strings.CutPrefix(k, key(noticeText))
	}
	if !found {
		t.Errorf("no disclaimer in %s: %q", v.index, v.text)
	}
	return rest
}

func TestDisclaimersInMessagesOfOthers(t *testing.T) {
	for _, prepend := range []bool{false, true} {
		altered, added := 0, 0
		why := map[Reason]int{}
		for _, path := range corpus(t) {
			name := strings.TrimPrefix(path, external+"/")
			t.Run(map[bool]string{true: "prepend/", false: "append/"}[prepend]+name, func(t *testing.T) {
				raw := readFile(t, path)
				m := read(t, raw)
				d := New(m)
				err := d.Disclaim(Disclaimer{HTML: notice, Prepend: prepend})
				var u UnalterableError
				if errors.As(err, &u) {
					why[u.Why]++
					if _, _, changed := d.Result(); changed {
						t.Error("an edit that failed has changed the message")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				altered++
				after := read(t, whole(raw, m, d))
				if hasEightBit(after.Body()) && !hasEightBit(m.Body()) {
					t.Error("7 bits have become 8")
				}
				for _, n := range after.Notices {
					if n.Signal == message.SignalDefect && len(m.Notices) == 0 {
						t.Errorf("a new defect: %s: %s", n.Part, n.Detail)
					}
				}
				was, is := views(t, m.Root), views(t, after.Root)
				if len(is) == len(was)+2 {
					added++
					if is[0].mediaType != "text/plain" || is[1].mediaType != "text/html" || !strings.Contains(is[0].text, noticeText) {
						t.Errorf("the text added is %+v", is[:2])
					}
					is = is[2:]
				}
				if len(is) != len(was) {
					t.Fatalf("%d leaves, want %d", len(is), len(was))
				}
				changed := 0
				for i := range is {
					a, b := was[i], is[i]
					if a.mediaType != b.mediaType || a.names != b.names || a.disposition != b.disposition {
						t.Errorf("part %s is %v, want %v", a.index, b, a)
					}
					if a.content == b.content {
						if a.raw != b.raw {
							t.Errorf("part %s is no longer the same octets", a.index)
						}
						continue
					}
					changed++
					if got := without(t, b, prepend); got != key(a.text) {
						t.Errorf("part %s lost text:\n%q\nwant\n%q", a.index, got, key(a.text))
					}
				}
				if changed == 0 && len(views(t, after.Root)) == len(was) {
					t.Error("nothing was changed")
				}
				twice := New(after)
				if err := twice.Disclaim(Disclaimer{HTML: notice, Prepend: prepend}); err != nil {
					t.Fatalf("the second time: %v", err)
				}
				if _, _, changed := twice.Result(); changed {
					t.Error("the disclaimer was put in a second time")
				}
			})
		}
		t.Logf("prepend %v: %d altered, %d of them got a text; not altered: %v", prepend, altered, added, why)
		if altered < 60 {
			t.Errorf("only %d messages took the disclaimer", altered)
		}
	}
}

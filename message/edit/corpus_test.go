package edit

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/message"
)

const (
	notice     = `<p>Größe – <b>機密</b> – конфиденциально</p>`
	noticeText = "Größe – 機密 – конфиденциально"
)

// endTags close what is open where a disclaimer stands.
var endTags = regexp.MustCompile(`\n(</[a-z0-9:-]+>)*$`)

// without takes the disclaimer out of a text, once.
func without(t testing.TB, v view, prepend bool) string {
	t.Helper()
	if v.mediaType == "text/html" {
		for _, form := range []string{notice, references(notice)} {
			if before, after, found := strings.Cut(v.text, "<div>"+form+"</div>"); found {
				return key(endTags.ReplaceAllString(before, "") + after)
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
		altered, added, compared := 0, 0, 0
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
				out := whole(raw, m, d)
				after := read(t, out)
				if compareSecond(t, raw, out, prepend) {
					compared++
				}
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
		t.Logf("prepend %v: %d altered, %d of them got a text, %d compared by another parser; not altered: %v", prepend, altered, added, compared, why)
		if altered < 60 || compared < 60 {
			t.Errorf("only %d messages took the disclaimer", altered)
		}
	}
}

func TestPartsAreTakenOutOfMessagesOfOthers(t *testing.T) {
	stripped, parts := 0, 0
	why := map[Reason]int{}
	for _, path := range corpus(t) {
		t.Run(strings.TrimPrefix(path, external+"/"), func(t *testing.T) {
			raw := readFile(t, path)
			m := read(t, raw)
			chosen := map[*message.Part]bool{}
			for p := range m.Attachments() {
				chosen[p] = true
			}
			d := New(m)
			names, err := d.Strip(func(p *message.Part) bool { return chosen[p] }, func(name string) string { return "Entfernt – " + name })
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
			_, _, changed := d.Result()
			if changed != (len(names) > 0) {
				t.Errorf("changed is %v with %d names", changed, len(names))
			}
			if !changed {
				return
			}
			stripped++
			parts += len(names)
			after := read(t, whole(raw, m, d))
			if len(m.Notices) == 0 && len(after.Notices) > 0 {
				t.Errorf("new notices: %v", after.Notices)
			}
			kept := map[string]int{}
			for _, v := range viewsBut(t, m.Root, chosen) {
				kept[v.raw]++
			}
			removed := 0
			for _, v := range views(t, after.Root) {
				switch {
				case strings.HasPrefix(v.text, "Entfernt – ") && kept[v.raw] == 0:
					removed++
				case kept[v.raw] > 0:
					kept[v.raw]--
				default:
					t.Errorf("part %s came from nowhere: %.80q", v.index, v.raw)
				}
			}
			for raw, n := range kept {
				if n > 0 {
					t.Errorf("a part that nobody chose is gone: %.80q", raw)
				}
			}
			if removed != len(names) {
				t.Errorf("%d notices for %d names", removed, len(names))
			}
		})
	}
	t.Logf("%d messages, %d parts; not altered: %v", stripped, parts, why)
	if stripped < 60 {
		t.Errorf("parts were taken out of %d messages only", stripped)
	}
}

// viewsBut gives the leaves that were not chosen.
func viewsBut(t testing.TB, p *message.Part, chosen map[*message.Part]bool) []view {
	if chosen[p] {
		return nil
	}
	if p.IsMultipart() {
		var list []view
		for _, c := range p.Children {
			list = append(list, viewsBut(t, c, chosen)...)
		}
		return list
	}
	return views(t, p)
}

func TestMessagesOfOthersAreWrapped(t *testing.T) {
	for _, path := range corpus(t) {
		t.Run(strings.TrimPrefix(path, external+"/"), func(t *testing.T) {
			raw := readFile(t, path)
			m := read(t, raw)
			if slices.ContainsFunc(m.Header, func(f message.Field) bool { return f.Name == "" }) {
				t.Skip("lines that are no fields stand in the header section, and an MTA hands none over")
			}
			d := New(m)
			if err := d.Wrap(Disclaimer{HTML: notice}, m.Header); err != nil {
				t.Fatal(err)
			}
			out := whole(raw, m, d)
			after := read(t, out)
			root := after.Root
			if root.MediaType != "multipart/mixed" || len(root.Children) != 2 || root.Children[0].MediaType != "multipart/alternative" || !root.Children[1].IsEmbedded() {
				t.Fatalf("the new message is no text with a message: %s", root.MediaType)
			}
			for _, v := range views(t, root.Children[0]) {
				if !strings.Contains(v.text, noticeText) && !strings.Contains(v.text, notice) {
					t.Errorf("no disclaimer in %q", v.text)
				}
			}
			if got := string(root.Children[1].Raw()); !strings.HasSuffix(got, string(m.Body())) || !strings.HasPrefix(got, string(d.mimeHeadOfAll(m.Header))) {
				t.Error("the message within is not the one that came")
			}
			if root.Params["charset"] != "" || hasEightBit(after.Body()) && !hasEightBit([]byte(raw)) {
				t.Error("the wrapper has 8 bits")
			}
			for _, f := range m.Header {
				if got, _ := after.Header.Get(f.Name); !isMIMEField(f.Name) && f.Name != "" {
					if want, _ := m.Header.Get(f.Name); got.Value != want.Value {
						t.Errorf("the field %s has changed", f.Name)
					}
				}
			}
			if err := d.Disclaim(Disclaimer{HTML: "<p>Again</p>"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// mimeHeadOfAll is a whole header section as it is attached.
func (d *Draft) mimeHeadOfAll(h message.Header) []byte {
	var b []byte
	for _, f := range h {
		b = d.appendField(b, f)
	}
	return append(b, d.nl...)
}

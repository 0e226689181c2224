package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/notice"
)

// docs/notices.md lists every token and every kind of notice, and its examples are
// taken.
func TestDocumentedNotices(t *testing.T) {
	data, err := os.ReadFile("../../docs/notices.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	between := func(name string) string {
		_, rest, _ := strings.Cut(page, "<!-- "+name+" -->\n")
		inside, _, ok := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		return inside
	}
	for name, tokens := range map[string][]string{"notification tokens": notice.NotificationTokens, "recipient tokens": notice.RecipientTokens} {
		var listed []string
		for _, m := range regexp.MustCompile("(?m)^\\| `%%([A-Za-z]+)%%`").FindAllStringSubmatch(between(name), -1) {
			listed = append(listed, m[1])
		}
		if !slices.Equal(listed, tokens) {
			t.Errorf("%s: %v, want %v", name, listed, tokens)
		}
	}
	for _, k := range []notice.Kind{notice.KindBlock, notice.KindDelivery, notice.KindExpiry, notice.KindRejected, notice.KindDelay, notice.KindNotification, notice.KindRecipient, notice.KindSummary, notice.KindIncident, notice.KindAlert, notice.KindDigest, notice.KindHeld} {
		if !strings.Contains(page, "\n| `"+string(k)+"` |") {
			t.Errorf("the kind %s is not listed", k)
		}
	}
	texts := strings.Trim(strings.TrimSpace(between("own texts")), "`")
	if _, problems := notice.LoadTexts([]notice.File{{Name: "en.yaml", Data: []byte(strings.TrimPrefix(texts, "yaml\n"))}}); len(problems) > 0 {
		t.Error(problems)
	}
	_, rest, _ := strings.Cut(page, "```yaml\n")
	config, _, _ := strings.Cut(rest, "```")
	_, problems := readConfig("postern.yaml", []byte("listen: {milter: \"unix:m.sock\"}\npolicies: [p.yaml]\n"+strings.Replace(config, "  name:", "  acceptedDomains: [example.com]\n  name:", 1)))
	if len(problems) > 0 {
		t.Error(problems)
	}
}

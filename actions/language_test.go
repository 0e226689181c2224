package actions

import (
	"testing"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

func TestTipInTheLanguageOfTheSender(t *testing.T) {
	s, problems := parseActions(t, `{blockAccess: all, notifyPolicyTipCustomText: For all, notifyPolicyTipCustomTextTranslations: {de: Deutsch, pt-BR: Brasil, ja-JP: にほん}}`, &rules.Rule{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ prefers, house, want string }{
		{"", "", "For all"},
		{"de", "", "Deutsch"},
		{"DE-at", "", "Deutsch"},
		{"de-CH, en;q=0.5", "", "Deutsch"},
		{"en, de;q=0.5", "", "For all"}, // English is what it is written in for all
		{"fr, de;q=0.5", "", "Deutsch"},
		{"en, de;q=0.5", "fr", "Deutsch"},
		{"de;q=0.1, ja", "", "にほん"},
		{"pt", "", "Brasil"},
		{"fr", "", "For all"},
		{"*", "", "For all"},
		{"no language at all !", "", "For all"},
		{"de", "de", "Deutsch"},
		{"de", "xx-not a language", "Deutsch"},
	} {
		if got, _ := s.tipIn(reader{c.prefers, c.house}); got != c.want {
			t.Errorf("%q in a house of %q: %q, want %q", c.prefers, c.house, got, c.want)
		}
	}
}

func TestWhatASenderPrefersLater(t *testing.T) {
	people, problems := directory.LoadFile("people.yaml", []byte("people:\n  - {address: a@example.com, language: de-AT}\n  - {address: b@example.com}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	said := message.Header{{Name: "Accept-Language", Value: " fr, en"}}
	for _, tc := range []struct {
		live   Live
		sender string
		header message.Header
		want   string
	}{
		{Live{Directory: people}, "a@example.com", said, "de-AT"},
		{Live{Directory: people}, "b@example.com", said, "fr, en"},
		{Live{Directory: people}, "nobody@example.com", nil, ""},
		{Live{}, "a@example.com", said, "fr, en"},
		{Live{Directory: people}, "<>", nil, ""},
	} {
		p, err := message.ParsePath(tc.sender)
		if err != nil {
			t.Fatal(err)
		}
		if got := tc.live.Prefers(t.Context(), p, tc.header); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.sender, got, tc.want)
		}
	}
}

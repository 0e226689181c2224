package actions

import (
	"testing"

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

package actions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/rules"
)

func TestMistakesInNotifications(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"nobody":                   {"notifyUser: [boss]", "1:14: actions.notifyUser[0]: \"boss\" is nobody who can be told; write `sender`, `owner`, `lastModifier`, `manager`, `siteAdmin` or an address, as in `dlp@example.com`"},
		"an empty list":            {"notifyUser: []", "1:13: actions.notifyUser: the list is empty; write at least one value or take the key away"},
		"no such way":              {"notifyUser: sender\nnotifyUserType: pager", "2:17: actions.notifyUserType: \"pager\" is not a value of this key; write `notSet`, `email`, `policyTip`, `both` or `Email,PolicyTip`"},
		"a way for nobody":         {"notifyUserType: both\nblockAccess: all", "1:17: actions.notifyUserType: the key says something only beside `notifyUser`; write `notifyUser: [sender]` beside it"},
		"a subject for nobody":     {"blockAccess: all\nnotifyEmailCustomSubject: Hello", "2:27: actions.notifyEmailCustomSubject: the key says something only of the mail of `notifyUser`; write `notifyUser: [sender]` beside it"},
		"a subject of two lines":   {"notifyUser: sender\nnotifyEmailCustomSubject: \"a\\r\\nBcc: x@y.example\"", "2:27: actions.notifyEmailCustomSubject: the text holds a line end or another control character; write one line"},
		"a name of two lines":      {"notifyUser: sender\nnotifyEmailCustomSenderDisplayName: \"a\\nb\"", "2:37: actions.notifyEmailCustomSenderDisplayName: the text holds a line end or another control character; write one line"},
		"no such token":            {"notifyUser: sender\nnotifyEmailCustomText: \"%%UserMail%%\"", "2:24: actions.notifyEmailCustomText: there is no token %%UserMail%%"},
		"a token of recipients":    {"notifyUser: sender\nnotifyEmailCustomSubject: \"%%headers%%\"", "2:27: actions.notifyEmailCustomSubject: there is no token %%headers%%"},
		"a token of notifications": {"generateNotification: \"%%PolicyName%%\"", "1:23: actions.generateNotification: there is no token %%PolicyName%%"},
		"a script":                 {"generateNotification: \"<script>x()</script>\"", "1:23: actions.generateNotification: <script> cannot stand in mail and would be left out"},
		"a text too long":          {"notifyUser: sender\nnotifyEmailCustomText: " + strings.Repeat("x", 5001), "2:24: actions.notifyEmailCustomText: the text has 5001 characters; write at most 5000 characters, tags counted"},
		"a text to all too long":   {"generateNotification: " + strings.Repeat("x", 5121), "1:23: actions.generateNotification: the text has 5121 characters; write at most 5120 characters, tags counted"},
		"a tip that is not shown":  {"notifyUser: sender\nnotifyUserType: email\nnotifyPolicyTipCustomText: No.", "2:17: actions.notifyUserType: with `notifyUserType: email` no policy tip is shown; write `both`, or take `notifyPolicyTipCustomText` away"},
		"a tip for others":         {"notifyUser: [sender, manager]\nnotifyUserType: policyTip", "1:13: actions.notifyUser: a policy tip is shown to the sender alone; write `notifyUser: [sender]`, or `notifyUserType: both`"},
		"a mail that is not sent":  {"notifyUser: sender\nnotifyUserType: policyTip\nnotifyEmailCustomText: x", "3:24: actions.notifyEmailCustomText: with `notifyUserType: policyTip` no mail is sent; take it away, or write `notifyUserType: both`"},
		"translations of nothing":  {"blockAccess: all\nnotifyPolicyTipCustomTextTranslations: {de: Nein}", "2:40: actions.notifyPolicyTipCustomTextTranslations: there is no policy tip that is translated"},
		"no language":              {"notifyPolicyTipCustomText: No.\nnotifyPolicyTipCustomTextTranslations: {german!: Nein}", "2:41: actions.notifyPolicyTipCustomTextTranslations.german!: \"german!\" is no language; write a language as `de` or `ja-JP`"},
		"a language twice":         {"notifyPolicyTipCustomText: No.\nnotifyPolicyTipCustomTextTranslations: ['de:Nein', 'DE: Nie']", "2:52: actions.notifyPolicyTipCustomTextTranslations[1]: the language de is written twice; write it once"},
		"no language in front":     {"notifyPolicyTipCustomText: No.\nnotifyPolicyTipCustomTextTranslations: Nein", "2:40: actions.notifyPolicyTipCustomTextTranslations: \"Nein\" has no language in front"},
		"a translation too long":   {"notifyPolicyTipCustomText: No.\nnotifyPolicyTipCustomTextTranslations: {de: " + strings.Repeat("x", 257) + "}", "2:45: actions.notifyPolicyTipCustomTextTranslations.de: the text has 257 characters; write at most 256 characters"},
		"no URL":                   {"blockAccess: all\nnotifyPolicyTipUrl: javascript:alert(1)", "2:21: actions.notifyPolicyTipUrl: \"javascript:alert(1)\" is no http or https URL"},
		"a URL that nobody sees":   {"prependSubject: x\nnotifyPolicyTipUrl: https://x.example/", "2:21: actions.notifyPolicyTipUrl: nobody is told anything that the URL could stand in; write `notifyUser` or `blockAccess` beside it"},
		"a deletion that is told":  {"deleteMessage: true\nnotifyUser: sender", "2:13: actions.notifyUser: of a message that `deleteMessage` deletes nobody is told; take one of them away"},
		"a deletion told to all":   {"deleteMessage: true\ngenerateNotification: x", "2:23: actions.generateNotification: of a message that `deleteMessage` deletes nobody is told; take one of them away"},
		"a dialog":                 {"notifyPolicyTipCustomDialog: x", "1:1: actions.notifyPolicyTipCustomDialog: a dialog is shown by a mail program before it sends, which a mail server cannot; take the key away"},
		"how a tip looks":          {"notifyPolicyTipDisplayOption: Dialog", "1:1: actions.notifyPolicyTipDisplayOption: whether a tip or a dialog is shown is up to a mail program; a mail server writes its tip into replies and mail; take the key away"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := parseActions(t, c.yaml, &rules.Rule{Name: "r"})
			if len(problems) != 1 || !strings.HasPrefix(problems[0], "p.yaml:"+c.want) {
				t.Errorf("problems %q, want %s", problems, c.want)
			}
		})
	}
}

// Each person is told alone, so that nobody is told by a group whose members nobody
// counts.
func TestAGroupIsNotTold(t *testing.T) {
	const policy = "policy: P\nmode: enable\nrules:\n  - {rule: R, conditions: {messageSizeOver: 1B}, actions: {notifyUser: [sender, ben@example.com, sales@example.com]}}\n"
	set, problems := Load([]rules.File{{Name: "p.yaml", Data: []byte(policy)}}, rules.Vocabulary{Types: classify.Builtin(), Directory: housePeople(t)})
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{"p.yaml:4:98: rules[0].actions.notifyUser[2]: sales@example.com is a group; mail is sent to single addresses; write the addresses of people"}
	if diff := cmp.Diff(want, got); diff != "" || set != nil {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

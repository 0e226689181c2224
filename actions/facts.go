package actions

// Facts are what the reference says of an action, in lines for people.
type Facts struct {
	Arguments string // what is written behind the key
	Limits    string // what the loader refuses beyond that
	Wire      string // what the MTA is told, and what leaves Postern besides
	Fork      string // where recipients of one message come to different ends
}

// Facts gives what the reference says of the action.
func (k Kind) Facts() Facts { return facts[k.Name] }

// What many actions have in common.
const (
	ownCopy    = "only the copy of the matched recipients is changed; forks with equal edits share one copy"
	notTold    = "–"
	oncePer    = "one mail for the message, whatever the forks"
	besideNote = "says nothing alone: it stands beside `notifyUser`"
)

// facts are those of every action, by name.
var facts = map[string]Facts{
	"addRecipients": {
		"`to`, `cc`, `bcc`: addresses; `managerAs`: `to`, `cc` or `bcc` for the manager of the sender",
		"at most 10 addresses, no groups; needs a directory for `managerAs`",
		"adds recipients (ADDRCPT); `to` and `cc` change the field of that name, `bcc` asks for no delivery notification (NOTIFY=NEVER)",
		"who is added gets one copy of the message, whatever the forks",
	},
	"alertProperties": {
		"`aggregationType`, `threshold`, `timeWindow` in minutes, `volumeThreshold`", "beside `generateAlert` only; the limits of `aggregate`", notTold, "as `generateAlert`",
	},
	"applyHtmlDisclaimer": {
		"`text`: HTML with tokens of the sender such as `%%DisplayName%%`; `location`: `append` (default) or `prepend`; `fallback`: `wrap` (default), `ignore` or `reject`",
		"at most 5000 characters, tags included; known tokens only",
		"replaces the body (REPLBODY) and the MIME fields that change with it; untouched parts stay as they are, octet for octet",
		ownCopy + "; `fallback: reject` blocks the fork",
	},
	"blockAccess": {
		"`all`, or `perUser` for people outside the organisation", "no second halting action in the rule",
		"550 where the whole message is blocked; otherwise the recipients are deleted (DELRCPT)",
		"the sender gets one NDR that names exactly the blocked recipients, or their copy is held (`untellable`)",
	},
	"blockAccessScope": {"`all` or `perUser`", "beside `blockAccess: true` only", notTold, "as `blockAccess`"},
	"blockResponse": {
		"`reject` (default), `ndr` or `rejectAll`", "beside a block only",
		"`reject`: 550; `ndr`: 250, and an NDR to a sender who may be told; `rejectAll`: 550 for everybody",
		"`rejectAll` refuses the other forks too, naming the recipients it is about",
	},
	"deleteMessage": {
		"`true`", "no edits and no second halting action in the rule", "250 and DISCARD, or the recipients are deleted (DELRCPT); nobody is told, it is recorded", "only the matched recipients lose their copy",
	},
	"generateAlert": {
		"`true`, addresses, or `to`, `aggregate` (`count` or `volume`, `window`, `per`)", "no groups; the limits of [alerts.md](alerts.md)",
		"an alert in the store, and mail to its people from the outbox", "a message counts once for a rule, whatever the forks",
	},
	"generateIncidentReport": {
		"addresses, `siteAdmin`, or `to`, `content`, `when`", "no groups", "mail from the outbox", "one report for an address and a message, listing all matches; a held fork sends a second one with its decision",
	},
	"generateNotification": {
		"HTML with the tokens `%%From%%`, `%%To%%`, `%%Cc%%`, `%%Subject%%`, `%%Headers%%`, `%%MessageDate%%`", "at most 5120 characters", "mail from the outbox", "one mail to each matched recipient who may get one",
	},
	"incidentReportContent": {"`all`, `default`, or a list of contents; see [incidents.md](incidents.md)", "beside a list of addresses in `generateIncidentReport` only", notTold, "as `generateIncidentReport`"},
	"modifySubject": {
		"`patterns`: regular expressions; `text`; `strategy`: `replace` (default), `append` or `prepend`", "1 to 10 patterns of at most 128 characters, a text of at most 128",
		"changes every Subject field (CHGHEADER), encoded (RFC 2047) where it is not ASCII", ownCopy,
	},
	"notifyEmailCustomSenderDisplayName":    {"the name that the mail comes from", besideNote, notTold, oncePer},
	"notifyEmailCustomSubject":              {"the subject of the mail", besideNote, notTold, oncePer},
	"notifyEmailCustomText":                 {"HTML with the tokens of [notices.md](notices.md)", "at most 5000 characters; known tokens only; " + besideNote, notTold, oncePer},
	"notifyEmailExchangeIncludeAttachment":  {"`true` attaches the message", besideNote, notTold, oncePer},
	"notifyPolicyTipCustomText":             {"one line of text", "at most 256 characters", "the text of the 550, and of the NDR", "the sender reads one tip: that of the enforced rule, otherwise the first"},
	"notifyPolicyTipCustomTextTranslations": {"texts by culture: `{de: …, fr: …}`", "at most 256 characters each; beside `notifyPolicyTipCustomText`", "as `notifyPolicyTipCustomText`, in the preferred language of the sender", "as `notifyPolicyTipCustomText`"},
	"notifyPolicyTipUrl":                    {"an http or https URL", "–", "the URL in refusals and mail, in place of `organization.notices.learnMore`", "as `notifyPolicyTipCustomText`"},
	"notifyUser": {
		"`sender`, `owner`, `lastModifier`, `manager`, `siteAdmin`, addresses", "no groups", "mail from the outbox; where the sender gets a 550 or an NDR it says what the mail would have said",
		"at most one mail to the sender for a message, over forks, retries and releases; one to each of the others",
	},
	"notifyUserType": {"`notSet`, `email`, `policyTip`, or both", besideNote, notTold, oncePer},
	"onActionError":  {"`quarantine` (default) or `continue`", "beside `managerAs` or `stripAttachment`", "as `quarantine`", "only the matched recipients' copy is held"},
	"prependSubject": {
		"one line of text", "at most 128 characters", "changes every Subject field (CHGHEADER), or adds one; encoded (RFC 2047) where it is not ASCII", ownCopy,
	},
	"quarantine": {
		"`true`", "no second halting action in the rule", "250 and DISCARD once the message is held durably, or the recipients are deleted (DELRCPT)",
		"the copy of the matched recipients is held; edits of this rule and those before it are made on release",
	},
	"redirectMessageTo": {
		"addresses", "at most 100 over all rules, no groups", "deletes the recipients and adds these (DELRCPT, ADDRCPT); neither sender nor recipients are told", "who it goes to gets one copy of the message, whatever the forks",
	},
	"rejectMessage": {
		"a text, or `text` and `enhanced`: a status code of class 5", "at most 1024 characters; no second halting action in the rule", "as `blockAccess`, with that text and code", "as `blockAccess`",
	},
	"removeHeader": {
		"names, or `Name: value` for the fields with that value", "a name of at most 64 characters, a value of at most 128; no trace, MIME or signature fields", "deletes the fields from the last to the first (CHGHEADER)", ownCopy,
	},
	"reportSeverityLevel":  {"`none`, `low` (default), `medium` or `high`", "`none` not in a rule without other actions", notTold, notTold},
	"setHeader":            {"`Name: value`, or a list of `\"Name: value\"`", "a name of at most 64 characters, a value of at most 128; no trace, MIME or signature fields", "gives the first field the value and deletes the others (CHGHEADER), or adds one (ADDHEADER)", ownCopy},
	"stopPolicyProcessing": {"`true`", "–", notTold, "later rules are not evaluated for the matched recipients"},
	"stripAttachment": {
		"`extensions`, `names`: words in the name; `text` with the token `%%FileName%%`", "at least one of `extensions` and `names`",
		"replaces the body (REPLBODY): a text stands in the place of each attachment", ownCopy + "; a signed or encrypted message is held (`onActionError`)",
	},
	"untellable": {"`quarantine` (default) or `rejectAll`", "beside a block only", "`rejectAll`: 550 for everybody", "what becomes of the copy of recipients who are blocked while others are not, where the sender cannot be told"},
}

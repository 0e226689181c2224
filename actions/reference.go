package actions

// Reference says of an action what the reference documentation has beside its line,
// each in one line of Markdown.
type Reference struct {
	// Args is the value: its keys with their defaults.
	Args string
	// Limits are checked when a policy is loaded; empty where there are none.
	Limits string
	// Wire is what the MTA is told, or what leaves by the outbox, when the whole message
	// goes one way; empty for what does nothing to the message.
	Wire string
	// InFork is what is done when it concerns some of the recipients only; empty for
	// what does nothing to the message.
	InFork string
}

// What is done in a fork, where several actions do the same.
const (
	ownCopy      = "the largest group of recipients with the same edits goes on in the session; every other is deleted from it (`DELRCPT`) and sent again from the outbox with its own edits"
	deletedAlone = "its recipients are deleted from the session (`DELRCPT`); the others get the message"
	returned     = "its recipients are deleted from the session and named in one report to the sender; where the sender cannot be told, `untellable` says what is done"
	asBlock      = "changes what a block does, see `blockAccess`"
)

// What actions that tell people have in common.
const (
	onceTold = "one mail for the message, whatever its forks"
	asNotify = "only beside `notifyUser`"
	asTip    = "only beside `notifyPolicyTipCustomText`"
)

// references are those of the actions this version does, by name.
var references = map[string]Reference{
	"addRecipients": {
		Args:   "`to`, `cc`, `bcc`: lists of addresses; `managerAs`: `to`, `cc` or `bcc` for the manager of the sender. Purview's `addToRecipients`, `copyTo`, `blindCopyTo`, `addManagerAsRecipientType`",
		Limits: "10 recipients in a rule, the manager among them; no groups of the directory. Without a manager `onActionError` decides",
		Wire:   "`ADDRCPT`; `to` and `cc` are shown in the header field too (`CHGHEADER`); blind copies ask for no report (`NOTIFY=NEVER`)",
		InFork: ownCopy + "; who is added gets one copy of a message, whatever its forks",
	},
	"alertProperties": {Args: "`aggregationType`, `threshold`, `timeWindow` in minutes, `volumeThreshold`", Limits: "only beside `generateAlert`; those of [alerts.md](alerts.md)", InFork: "as `generateAlert`"},
	"applyHtmlDisclaimer": {
		Args:   "`text` in HTML, with `%%Attribute%%` of the sender; `location`: `append` (default) or `prepend`; `fallback` where the message cannot be changed (signed, encrypted, ambiguous): `wrap` (default) attaches it to a new one, `ignore` delivers it as it is, `reject` refuses it. Purview's `fallbackAction`",
		Limits: "5000 characters, tags included; tokens are attributes of people, and anything else is an error",
		Wire:   "`REPLBODY`, and `CHGHEADER` for fields that tell of the body; a text that stands there already is not put in again",
		InFork: ownCopy,
	},
	"blockAccess": {
		Args:   "`all`, or `perUser` for people outside. Purview's `true` with `blockAccessScope`",
		Wire:   "`550 5.7.1` with the policy tip; a session that is not ours reads `blockText`",
		InFork: returned,
	},
	"blockAccessScope": {Args: "`all` or `perUser`", Limits: "only beside `blockAccess: true`", InFork: asBlock},
	"blockResponse": {
		Args:   "`reject` (default), `ndr` or `rejectAll`",
		Limits: "only beside a block",
		Wire:   "`ndr`: 250 and `DISCARD`, the report leaves by the outbox",
		InFork: "`rejectAll` refuses the message for everybody: `550` that names the recipients refused",
	},
	"deleteMessage": {Args: "`true`", Limits: "not beside edits", Wire: "250 and `DISCARD`", InFork: deletedAlone},
	"generateAlert": {
		Args:   "`true`, addresses, or `to` and `aggregate` (`count`, `window`, `per`) or `volume`",
		Limits: "no groups of the directory; those of [alerts.md](alerts.md)",
		Wire:   "an alert in the store, and mail from the outbox",
		InFork: "a message counts once for a rule, whatever its forks",
	},
	"generateIncidentReport": {
		Args:   "addresses, `siteAdmin`, or `to`, `content` and `when`; see [incidents.md](incidents.md)",
		Limits: "no groups of the directory",
		Wire:   "mail from the outbox",
		InFork: "one report for an address and a message, with all matches; the decision on a held fork sends a second one",
	},
	"generateNotification": {
		Args:   "a text in HTML with `%%From%%`, `%%To%%`, `%%Cc%%`, `%%Subject%%`, `%%Headers%%`, `%%MessageDate%%`",
		Limits: "5120 characters; other tokens are an error",
		Wire:   "mail from the outbox",
		InFork: "one mail to each of its recipients who may get one",
	},
	"incidentReportContent": {Args: "`all`, `default`, or a list of contents; see [incidents.md](incidents.md)", Limits: "only beside a list of addresses in `generateIncidentReport`", InFork: "as `generateIncidentReport`"},
	"modifySubject": {
		Args:   "`patterns`: regular expressions, without case; `text`; `strategy`: `replace` (default) puts the text in the place of each match, `append` and `prepend` take all matches away and put the text at the end or the start. Purview's `subjectText`, `replaceStrategy`",
		Limits: "10 patterns of 128 characters, a text of 128; the text is put in at most 100 times",
		Wire:   "`CHGHEADER` for each Subject field that changes, `ADDHEADER` where there is none and a text is put at an end",
		InFork: ownCopy,
	},
	"notifyEmailCustomSenderDisplayName":    {Args: "the name that the mail comes from", Limits: asNotify, InFork: onceTold},
	"notifyEmailCustomSubject":              {Args: "the subject of the mail", Limits: asNotify, InFork: onceTold},
	"notifyEmailCustomText":                 {Args: "a text in HTML with the tokens of [notices.md](notices.md)", Limits: "5000 characters; other tokens are an error; " + asNotify, InFork: onceTold},
	"notifyEmailExchangeIncludeAttachment":  {Args: "`true` attaches the message", Limits: asNotify, InFork: onceTold},
	"notifyPolicyTipCustomText":             {Args: "a text", Limits: "256 characters in one line", Wire: "the text of a `550` to a session that is ours", InFork: "a text of the report to the sender"},
	"notifyPolicyTipCustomTextTranslations": {Args: "texts by culture, as in `{de: …, fr-CH: …}`, or Purview's list of `de:text`", Limits: "256 characters in one line each; " + asTip, Wire: "as `notifyPolicyTipCustomText`, in the sender's preferred language", InFork: "as `notifyPolicyTipCustomText`"},
	"notifyPolicyTipUrl":                    {Args: "an http or https URL", Wire: "the URL of refusals and mail, in place of `organization.notices.learnMore`", InFork: "as `notifyPolicyTipCustomText`"},
	"notifyUser": {
		Args:   "`sender`, `owner` and `lastModifier` (both the sender), `manager`, `siteAdmin`, addresses",
		Limits: "no groups of the directory",
		Wire:   "mail from the outbox; where the sender gets a `550` or a report from us, that says what the mail would have said",
		InFork: "at most one mail to the sender for a message, over forks, retries and releases, and one to each of the others",
	},
	"notifyUserType": {Args: "`notSet`, `email`, `policyTip`, or both", Limits: asNotify, InFork: onceTold},
	"onActionError": {
		Args:   "`quarantine` (default) or `continue`",
		Limits: "only beside `addRecipients` with `managerAs`, or `stripAttachment`",
		Wire:   "`quarantine`: as that; `continue`: the message goes on without the action, which is recorded and logged",
		InFork: "each fork for itself",
	},
	"prependSubject": {
		Args: "a text; a blank at its end is kept", Limits: "128 characters in one line",
		Wire:   "`CHGHEADER` for each Subject field, `ADDHEADER` where there is none",
		InFork: ownCopy,
	},
	"quarantine": {Args: "`true`", Wire: "held durably, then 250 and `DISCARD`", InFork: "held; its recipients are deleted from the session (`DELRCPT`). Edits drafted before are made when it is released"},
	"redirectMessageTo": {
		Args:   "addresses",
		Limits: "100 addresses over all rules; no groups of the directory",
		Wire:   "`DELRCPT` for every recipient, `ADDRCPT` with `NOTIFY=FAILURE`",
		InFork: "its recipients are deleted and the targets added; a target that gets a copy anyhow gets one",
	},
	"rejectMessage": {
		Args:   "a text, or `text` and `enhanced` (default `5.7.1`)",
		Limits: "1024 characters in one line; a code of class 5",
		Wire:   "`550` with the code and the text; a session that is not ours reads `blockText`",
		InFork: returned,
	},
	"removeHeader": {
		Args:   "names, or `Name: value` for the fields with that value only; both are compared without case",
		Limits: "64 characters for a name, 128 for a value; trace, MIME and signature fields and our own are refused",
		Wire:   "`CHGHEADER` with an empty value, from the last field to the first",
		InFork: ownCopy,
	},
	"reportSeverityLevel": {Args: "`none`, `low` (default), `medium` or `high`", Limits: "not `none` in a rule without other actions"},
	"setHeader": {
		Args:   "`Name: value` pairs, or Purview's list of `Name:Value`",
		Limits: "64 characters for a name, 128 for a value; trace, MIME and signature fields and our own are refused",
		Wire:   "`CHGHEADER` for the first field of the name, the others are removed; `ADDHEADER` where there is none",
		InFork: ownCopy,
	},
	"stopPolicyProcessing": {Args: "`true`"},
	"stripAttachment": {
		Args:   "`extensions`, of the name or usual for the content; `names`: words of names; `text` in their place, with `%%FileName%%`. An archive or attached message that holds such a file goes as a whole",
		Limits: "600 values; a text of 1000 characters. Where a part cannot be taken out (signed, encrypted, ambiguous) `onActionError` decides",
		Wire:   "`REPLBODY`, and `CHGHEADER` for fields that tell of the body",
		InFork: ownCopy,
	},
	"untellable": {Args: "`quarantine` (default) or `rejectAll`", Limits: "only beside a block", InFork: "`quarantine` holds the fork, `rejectAll` refuses the message for everybody"},
}

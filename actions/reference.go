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

// references are those of the actions this version does, by name. Actions that tell
// somebody have theirs where they are described.
var references = map[string]Reference{
	"addRecipients": {
		Args:   "`to`, `cc`, `bcc`: lists of addresses; `managerAs`: `to`, `cc` or `bcc` for the manager of the sender. Purview's `addToRecipients`, `copyTo`, `blindCopyTo`, `addManagerAsRecipientType`",
		Limits: "10 recipients in a rule, the manager among them; no groups of the directory. Without a manager `onActionError` decides",
		Wire:   "`ADDRCPT`; `to` and `cc` are shown in the header field too (`CHGHEADER`); blind copies ask for no report (`NOTIFY=NEVER`)",
		InFork: ownCopy + "; who is added gets one copy of a message, whatever its forks",
	},
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
	"modifySubject": {
		Args:   "`patterns`: regular expressions, without case; `text`; `strategy`: `replace` (default) puts the text in the place of each match, `append` and `prepend` take all matches away and put the text at the end or the start. Purview's `subjectText`, `replaceStrategy`",
		Limits: "10 patterns of 128 characters, a text of 128; the text is put in at most 100 times",
		Wire:   "`CHGHEADER` for each Subject field that changes, `ADDHEADER` where there is none and a text is put at an end",
		InFork: ownCopy,
	},
	"generateNotification": {
		Args:   "a text of HTML with the tokens `%%From%%`, `%%To%%`, `%%Cc%%`, `%%Subject%%`, `%%Headers%%` and `%%MessageDate%%`, in any case",
		Limits: "5120 characters, tags counted; scripts, forms and unknown tokens are refused; not beside `deleteMessage`",
		Wire:   "a mail to each recipient by the outbox; people outside get one only of mail of a sender who is known for ours",
		InFork: "the recipients of the fork are told",
	},
	"notifyEmailCustomSenderDisplayName": {Args: "a name", Limits: "128 characters in one line; only beside `notifyUser`", Wire: "the name in From of the mail"},
	"notifyEmailCustomSubject": {
		Args: "a subject, with the tokens of the text", Limits: "200 characters in one line; only beside `notifyUser`", Wire: "the subject of the mail",
	},
	"notifyEmailCustomText": {
		Args:   "a text of HTML with tokens, see [notices.md](notices.md)",
		Limits: "5000 characters, tags counted; scripts, forms and unknown tokens are refused; only beside `notifyUser`",
		Wire:   "the text of the mail; lines of the `550`, at most ten, where the message is refused",
		InFork: "a text of the report to the sender where there is one",
	},
	"notifyEmailExchangeIncludeAttachment": {Args: "`true`, or `false` (default)", Limits: "messages of 10 MiB; people inside; only beside `notifyUser`"},
	"notifyPolicyTipCustomTextTranslations": {
		Args: "`{de: text}`, or Purview's list of `de:text`", Limits: "256 characters each; only beside `notifyPolicyTipCustomText`",
		Wire: "as `notifyPolicyTipCustomText`, in the language that the sender prefers and ASCII can spell",
	},
	"notifyPolicyTipUrl": {Args: "an http or https URL", Limits: "beside `notifyUser` or a block", Wire: "stands in refusals, reports and mail"},
	"notifyUser": {
		Args:   "a list of `sender`, `owner`, `lastModifier`, `manager`, `siteAdmin` and addresses; in mail owner and last modifier are the sender",
		Limits: "no groups of the directory; not beside `deleteMessage`",
		Wire:   "a mail to each by the outbox; none to a sender who reads a `550`",
		InFork: "one mail to each person for the whole message; a sender who gets a report gets no mail beside it",
	},
	"notifyUserType":            {Args: "`email`, `policyTip` or `both` (default; also `notSet` and `Email,PolicyTip`)", Limits: "only beside `notifyUser`"},
	"notifyPolicyTipCustomText": {Args: "a text", Limits: "256 characters in one line", Wire: "the text of a `550` to a session that is ours", InFork: "a text of the report to the sender"},
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

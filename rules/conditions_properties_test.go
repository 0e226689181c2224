package rules_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

const (
	alternative = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
	mixed       = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
	enveloped   = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQA=\r\n"

	// armoured begins with the packet of a session key.
	armoured = "-----BEGIN PGP MESSAGE-----\r\nVersion: GnuPG v2\r\n\r\nhQEMA0\r\n=njUN\r\n-----END PGP MESSAGE-----\r\n"
)

// inOurs is mail with header fields in a session of ours.
func inOurs(header string) mail { return mail{login: "anna", header: header + "\r\n"} }

func whole(root string) mail { return mail{root: root} }

// propertyCases are those of conditions on what a message is; see conditionCases.
var propertyCases = []conditionCase{
	{"a classification by name", "hasClassification: [Company Confidential]", header("X-Microsoft-Classification: company confidential"), rules.True},
	{"a classification by GUID", "hasClassification: ['{03D40A51-BB1F-40C3-A0B6-8E2C1A1A5C01}']", inOurs("X-MS-Exchange-Organization-Classification: 03d40a51-bb1f-40c3-a0b6-8e2c1a1a5c01"), rules.True},
	{"another classification", "hasClassification: [Company Confidential]", header("X-Microsoft-Classification: Company Internal"), rules.False},
	{"no classification", "hasNoClassification: true", mail{}, rules.True},
	{"a classification", "hasNoClassification: true", header("X-Microsoft-ClassID: a"), rules.False},

	{"the name of a field beside its values", "{headerContainsMessageHeader: X-Class, headerContainsWords: [secret]}", header("X-Class: very secret"), rules.True},
	{"the name of another field beside its values", "{headerContainsWords: [secret], headerContainsMessageHeader: X-Class}", header("X-Other: secret"), rules.False},
	{"the name of a field beside its patterns", "{headerMatchesMessageHeader: X-Class, headerMatchesPatterns: ['sec:?ret']}", header("X-Class: very secret"), rules.True},

	{"a high level of spam", "sclOver: 5", inOurs("X-MS-Exchange-Organization-SCL: 5"), rules.True},
	{"a low level of spam", "sclOver: 5", inOurs("X-MS-Exchange-Organization-SCL: 4"), rules.False},
	{"a level in a report", "sclOver: 6", header("X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:;SCL:9;SRV:;"), rules.True},
	{"mail not filtered has a level", "sclOver: -1", inOurs("X-MS-Exchange-Organization-SCL: -1"), rules.True},
	{"no level of spam", "sclOver: -1", mail{}, rules.False},

	{"high importance", "withImportance: High", header("Importance: high"), rules.True},
	{"high priority as a number", "withImportance: high", header("X-Priority: 1 (Highest)"), rules.True},
	{"urgent", "withImportance: [low, high]", header("Priority: urgent"), rules.True},
	{"importance stands before priority", "withImportance: low", header("X-Priority: 1\r\nImportance: low"), rules.True},
	{"no importance is normal", "withImportance: normal", mail{}, rules.True},
	{"what says nothing is passed over", "withImportance: low", header("Importance: very\r\nX-MSMail-Priority: Low"), rules.True},
	{"another importance", "withImportance: [low, normal]", header("Importance: high"), rules.False},

	{"an approval request", "messageTypeMatches: ApprovalRequest", inOurs("X-MS-Exchange-Organization-Approval-Initiator: a@example.com"), rules.True},
	{"no approval request", "messageTypeMatches: ApprovalRequest", header("Subject: Approval requested"), rules.False},
	{"forwarded automatically", "messageTypeMatches: [AutomaticForward]", header("Autoforwarded: TRUE"), rules.True},
	{"by the name of transport rules", "messageTypeMatches: AutoForward", header("Auto-Submitted: auto-forwarded"), rules.True},
	{"forwarded by an account", "messageTypeMatches: automaticForward", header("X-Forwarded-To: a@example.com"), rules.False},
	{"not forwarded", "messageTypeMatches: automaticForward", header("Autoforwarded: FALSE"), rules.False},
	{"an automatic reply", "messageTypeMatches: automaticReply", header("Auto-Submitted: auto-replied; x=y"), rules.True},
	{"out of office", "messageTypeMatches: OOF", mail{path: "-", from: "anna@example.com", header: "Auto-Submitted: auto-generated\r\nIn-Reply-To: <a@b>\r\n"}, rules.True},
	{"made by a program", "messageTypeMatches: oof", header("Auto-Submitted: auto-generated"), rules.False},
	{"a meeting request", "messageTypeMatches: calendaring", whole(alternative + "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b--"), rules.True},
	{"a method in the calendar", "messageTypeMatches: calendaring", whole(alternative + "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n--b--"), rules.True},
	{"a calendar that asks nothing", "messageTypeMatches: calendaring", whole(mixed + "Content-Type: text/calendar; name=holidays.ics\r\n\r\nBEGIN:VCALENDAR\r\n--b--"), rules.False},
	{"encrypted with S/MIME", "messageTypeMatches: Encrypted", whole(enveloped), rules.True},
	{"encrypted with PGP/MIME", "messageTypeMatches: encrypted", whole("Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n" + armoured + "--b--"), rules.True},
	{"encrypted in the text", "messageTypeMatches: encrypted", mail{body: armoured}, rules.True},
	{"an encrypted file in readable mail", "messageTypeMatches: encrypted", whole(mixed + enveloped + "--b--"), rules.False},
	{"an encrypted message attached", "messageTypeMatches: encrypted", whole(mixed + "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" + enveloped + "--b--"), rules.False},
	{"signed with S/MIME", "messageTypeMatches: signed", whole("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--"), rules.True},
	{"signed around the text", "messageTypeMatches: signed", whole("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAG"), rules.True},
	{"signed in the text", "messageTypeMatches: [signed]", mail{body: "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nabc"}, rules.True},
	{"a signed message attached", "messageTypeMatches: [signed]", whole(mixed + "Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nMIAG\r\n--b--"), rules.False},
	{"encrypted is not signed", "messageTypeMatches: [signed]", whole(enveloped), rules.False},
	{"protected by rights management", "messageTypeMatches: PermissionControlled", whole(mixed + "Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\r\nContent-Transfer-Encoding: base64\r\n\r\ndugEYMQR44agDwAA\r\n--b--"), rules.True},
	{"not protected", "messageTypeMatches: permissionControlled", mail{parts: []string{file("a.docx", "x")}}, rules.False},
	{"a read receipt", "messageTypeMatches: ReadReceipt", whole("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;a@example.com\r\n--b--"), rules.True},
	{"a delivery report", "messageTypeMatches: readReceipt", whole("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"), rules.False},
	{"a wish for a receipt", "messageTypeMatches: readReceipt", header("Disposition-Notification-To: anna@example.com"), rules.False},
	{"a voice message", "messageTypeMatches: Voicemail", header("Message-Context: voice-message"), rules.True},
	{"a voice message of Exchange", "messageTypeMatches: [signed, voicemail]", header("Content-Class: Voice-CA"), rules.True},
	{"a message with a recording", "messageTypeMatches: voicemail", mail{parts: []string{file("a.wav", "x")}}, rules.False},
}

// FuzzWhatMessagesAre judges conditions on header fields and kinds of mail of any
// message: each has an answer, and it or its opposite holds.
func FuzzWhatMessagesAre(f *testing.F) {
	conditions := []string{"sclOver: 5", "withImportance: [low, high]", "hasClassification: [a]", "hasNoClassification: true",
		"anyOfToCcHeader: [bob@example.com]", "messageTypeMatches: [signed, encrypted, calendaring, oof]",
		"messageTypeMatches: [readReceipt, voicemail, autoForward, approvalRequest, permissionControlled]"}
	text := "policy: P\nmode: enable\nrules:\n"
	for i, c := range conditions {
		text += fmt.Sprintf("  - {rule: r%d, conditions: {%s}}\n  - {rule: n%d, conditions: {not: {%s}}}\n", i, c, i, c)
	}
	set, w := load(f, text), house(f)
	for _, c := range propertyCases {
		f.Add([]byte(c.mail.header + c.mail.root + "\r\n\r\n" + c.mail.body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		env := message.Envelope{ReversePath: path(t, "anna@example.com"), Recipients: []message.Recipient{{Raw: "<bob@example.com>", Path: path(t, "bob@example.com")}}}
		m, err := message.Read(env, bytes.NewReader(data), nil, message.DefaultLimits)
		if err != nil {
			t.Skip(err)
		}
		defer m.Close()
		results := set.Evaluate(t.Context(), rules.NewScan(w, m)).Rules
		for i := 0; i < len(results); i += 2 {
			is, isNot := results[i], results[i+1]
			// What may be a lie satisfies both a condition and its opposite.
			if is.Conditions[0].Reason == "" || is.Result != rules.Matched && isNot.Result != rules.Matched {
				t.Errorf("%s and not: neither holds, %s (%q)", is.Conditions[0].Condition, is.Result, is.Conditions[0].Reason)
			}
		}
	})
}

package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/rules"
)

// Some senders and recipients of cases. Anna, of Sales in Bergen, reports to Carol of
// Legal and has the risk level elevated; Bob, of Support and Sales, reports to Anna.
var (
	byCarol   = mail{path: "carol@example.com"}
	byBob     = mail{path: "bob@example.com"}
	byNobody  = mail{path: "x@other.example"}
	toAnna    = mail{to: []string{"anna@example.com"}}
	toCarol   = mail{to: []string{"carol@example.com"}}
	toNobody  = mail{to: []string{"x@other.example"}}
	toPartner = mail{to: []string{"agent@partner.example"}}
)

func header(text string) mail { return mail{header: text + "\r\n"} }

// peopleCases are those of conditions on who sends and who receives; see
// conditionCases.
var peopleCases = []conditionCase{
	{"an attribute in common", "adComparisonAttribute: Department", mail{}, rules.True},
	{"an attribute in common by name of Purview", "{adComparisonAttribute: display name, adComparisonOperator: Equal}", toAnna, rules.True},
	{"no attribute in common", "adComparisonAttribute: Department", toCarol, rules.False},
	{"an attribute that is not there is like no other", "{adComparisonAttribute: Fax, adComparisonOperator: equal}", mail{}, rules.False},
	{"different attributes", "{adComparisonAttribute: Department, adComparisonOperator: NotEqual}", toCarol, rules.True},
	{"no different attributes", "{adComparisonAttribute: Department, adComparisonOperator: notEqual}", mail{}, rules.False},

	{"named in To", "anyOfToHeader: [bob@example.com]", header("To: Bob <BOB@example.com>, x@other.example"), rules.True},
	{"named in Cc only", "anyOfToHeader: [bob@example.com]", header("Cc: bob@example.com"), rules.False},
	{"named in Cc", "anyOfCcHeader: [bob@example.com]", header("Cc: bob@example.com"), rules.True},
	{"named in To only", "anyOfCcHeader: [bob@example.com]", header("To: bob@example.com"), rules.False},
	{"named in To or Cc, by the primary address", "anyOfToCcHeader: [bob@example.com]", header("Cc: bob@example.com"), rules.True},
	{"named in neither To nor Cc", "anyOfToCcHeader: [bob@example.com]", header("Bcc: bob@example.com"), rules.False},
	{"a member in To", "anyOfToHeaderMemberOf: [sales@example.com]", header("To: bob@example.com"), rules.True},
	{"a member in Cc only", "anyOfToHeaderMemberOf: [sales@example.com]", header("Cc: bob@example.com"), rules.False},
	{"a member in Cc", "anyOfCcHeaderMemberOf: [sales@example.com]", header("Cc: bob@example.com"), rules.True},
	{"a member in To only", "anyOfCcHeaderMemberOf: [sales@example.com]", header("To: bob@example.com"), rules.False},
	{"a member in To or Cc", "anyOfToCcHeaderMemberOf: [sales@example.com]", header("To: bob@example.com"), rules.True},
	{"no member in To or Cc", "anyOfToCcHeaderMemberOf: [mixed@example.com]", header("To: bob@example.com"), rules.False},

	{"from the first group to the second", "{betweenMemberOf1: [sales@example.com], betweenMemberOf2: [mixed@example.com]}", toCarol, rules.True},
	{"from the second group to the first", "{betweenMemberOf1: [mixed@example.com], betweenMemberOf2: [sales@example.com]}", toPartner, rules.True},
	{"within one of the groups", "{betweenMemberOf1: [sales@example.com], betweenMemberOf2: [mixed@example.com]}", mail{}, rules.False},

	{"more domains", "domainCountOver: 1", mail{to: []string{"bob@example.com", "x@other.example", "y@OTHER.example"}}, rules.True},
	{"as many domains", "domainCountOver: 2", mail{to: []string{"bob@example.com", "x@other.example", "y@OTHER.example"}}, rules.False},
	{"members of groups count by their domains", "domainCountOver: 1", mail{to: []string{"mixed@example.com"}}, rules.True},
	{"more recipients", "recipientCountOver: 2", mail{to: []string{"bob@example.com", "carol@example.com", "x@other.example"}}, rules.True},
	{"as many recipients", "recipientCountOver: 2", mail{to: []string{"bob@example.com", "Bob@example.com", "x@other.example"}}, rules.False},
	{"members of groups count", "recipientCountOver: 1", mail{to: []string{"sales@example.com"}}, rules.True},

	{"a word in the sender's address", "fromAddressContainsWords: [anna]", mail{}, rules.True},
	{"a word in the sender's primary address", "fromAddressContainsWords: [anna]", mail{path: "a.smith@example.com"}, rules.True},
	{"a part of a word in the sender's address", "fromAddressContainsWords: [ann]", mail{}, rules.False},
	{"a pattern in the sender's address", `fromAddressMatchesPatterns: ['^ANN.*\.com$']`, mail{}, rules.True},
	{"no pattern in the sender's address", `fromAddressMatchesPatterns: ['^nna']`, mail{}, rules.False},

	{"an override", "hasSenderOverride: true", mail{override: true}, rules.True},
	{"no override, whatever the header says", "hasSenderOverride: true", header("msip_justification: 1:yes"), rules.False},

	{"the sender's manager", "{managerForEvaluatedUser: Sender, managerAddresses: [carol@example.com]}", mail{}, rules.True},
	{"not the sender's manager", "{managerForEvaluatedUser: sender, managerAddresses: [carol@example.com]}", byBob, rules.False},
	{"the recipient's manager", "{managerForEvaluatedUser: Recipient, managerAddresses: [a.smith@example.com, anna@example.com]}", mail{}, rules.True},
	{"a recipient without a manager", "{managerForEvaluatedUser: recipient, managerAddresses: [anna@example.com]}", toCarol, rules.False},

	{"a word in the recipient's department", "recipientADAttributeContainsWords: {Department: [support]}", mail{}, rules.True},
	{"a word in an attribute, as a text", "recipientADAttributeContainsWords: ['City:Oslo,Bergen']", toAnna, rules.True},
	{"no such word in the recipient's department", "recipientADAttributeContainsWords: {Department: [suppor]}", mail{}, rules.False},
	{"a pattern in the recipient's department", "recipientADAttributeMatchesPatterns: {Department: ['^supp']}", mail{}, rules.True},
	{"a pattern with a comma, as a text", "recipientADAttributeMatchesPatterns: ['Title:^b.{1,9}$']", toAnna, rules.True},
	{"a recipient unknown", "recipientADAttributeMatchesPatterns: {Department: ['.']}", toNobody, rules.False},
	{"a word in the recipient's address", "recipientAddressContainsWords: [bob]", mail{}, rules.True},
	{"no word in the recipient's address", "recipientAddressContainsWords: [bo]", mail{}, rules.False},
	{"a pattern in the recipient's primary address", `recipientAddressMatchesPatterns: ['^anna@']`, mail{to: []string{"a.smith@example.com"}}, rules.True},
	{"no pattern in the recipient's address", `recipientAddressMatchesPatterns: ['^anna@']`, mail{}, rules.False},

	{"a recipient on the sender's list", "recipientInSenderList: [Allow]", toPartner, rules.True},
	{"a domain on the sender's list", "recipientInSenderList: [allow, reject]", mail{to: []string{"y@kids.example"}}, rules.True},
	{"a recipient on another list of the sender", "recipientInSenderList: [reject]", toPartner, rules.False},
	{"a sender on the recipient's list", "senderInRecipientList: [allow]", mail{}, rules.True},
	{"a sender on no list of the recipient", "senderInRecipientList: [allow]", byCarol, rules.False},

	{"a word in the sender's attributes", "senderADAttributeContainsWords: {'Country or Region': [Norway], Department: [sales]}", mail{}, rules.True},
	{"no word in the sender's attributes", "senderADAttributeContainsWords: {Department: [sale]}", mail{}, rules.False},
	{"a pattern in the sender's attributes", "senderADAttributeMatchesPatterns: {Department: '^sal'}", mail{}, rules.True},
	{"a sender unknown", "senderADAttributeMatchesPatterns: {Department: '.'}", byNobody, rules.False},

	{"the sender manages the recipient", "senderManagementRelationship: Manager", mail{}, rules.True},
	{"the sender does not manage the recipient", "senderManagementRelationship: manager", toCarol, rules.False},
	{"the sender reports to the recipient", "senderManagementRelationship: DirectReport", toCarol, rules.True},
	{"the sender does not report to the recipient", "senderManagementRelationship: directReport", mail{}, rules.False},

	{"sent inside", "sentToScope: InOrganization", mail{}, rules.True},
	{"sent outside", "sentToScope: notInOrganization", mail{}, rules.False},
	{"sent to a partner", "sentToScope: externalPartner", toPartner, rules.True},
	{"sent to a partner's subdomain", "sentToScope: externalPartner", mail{to: []string{"y@b.partners.example"}}, rules.True},
	{"sent to no partner", "sentToScope: externalPartner", toNobody, rules.False},
	{"sent outside to no partner", "sentToScope: externalNonPartner", toNobody, rules.True},
	{"sent inside, so to no partner outside", "sentToScope: externalNonPartner", mail{}, rules.False},

	{"a risk by the directory", "sharedByIRMUserRisk: [elevated]", mail{}, rules.True},
	{"a risk by its GUID", "sharedByIRMUserRisk: FCB9FA93-6269-4ACF-A756-832E79B36A2A", mail{}, rules.True},
	{"a GUID in the directory", "sharedByIRMUserRisk: [minor]", byCarol, rules.True},
	{"a person has one level", "sharedByIRMUserRisk: [moderate, minor]", mail{}, rules.False},
	{"a risk by recent matches", "sharedByIRMUserRisk: [moderate]", byBob, rules.True},
	{"the higher level counts", "sharedByIRMUserRisk: [minor]", byBob, rules.False},
	{"no risk", "sharedByIRMUserRisk: [elevated, moderate, minor]", byNobody, rules.False},
}

func TestLookupsOfPeopleThatFailAreUnknown(t *testing.T) {
	for _, c := range []struct {
		name, condition string
		silent          []string
		mail            mail
		want            rules.Truth
	}{
		{"the sender's attributes", "senderADAttributeContainsWords: {Department: [sales]}", []string{"anna@example.com"}, mail{}, rules.Unknown},
		{"the recipient's attributes", "recipientADAttributeContainsWords: {Department: [sales]}", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"the sender's side of a comparison", "adComparisonAttribute: Department", []string{"anna@example.com"}, mail{}, rules.Unknown},
		{"the recipient's side of a comparison", "{adComparisonAttribute: Department, adComparisonOperator: notEqual}", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"the group of the sender", "{betweenMemberOf1: [sales@example.com], betweenMemberOf2: [mixed@example.com]}", []string{"sales@example.com"}, toCarol, rules.Unknown},
		{"the manager of the sender", "{managerForEvaluatedUser: sender, managerAddresses: [bob@example.com]}", []string{"anna@example.com"}, mail{}, rules.Unknown},
		{"who reports to whom", "senderManagementRelationship: manager", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"the owner of the sender's address", "fromAddressContainsWords: [smith]", []string{"anna@example.com"}, mail{}, rules.Unknown},
		{"a word in the address as it is", "fromAddressContainsWords: [anna]", []string{"anna@example.com"}, mail{}, rules.True},
		{"the owner of an address in To", "anyOfToHeader: [carol@example.com]", []string{"bob@example.com"}, header("To: bob@example.com"), rules.Unknown},
		{"one of the recipients cannot be resolved, and the others are enough", "recipientCountOver: 1", []string{"bob@example.com"}, mail{to: []string{"bob@example.com", "x@other.example", "y@other.example"}}, rules.True},
		{"one of the recipients cannot be resolved", "recipientCountOver: 2", []string{"bob@example.com"}, mail{to: []string{"bob@example.com", "x@other.example"}}, rules.Unknown},
		{"the domains of a recipient that cannot be resolved", "domainCountOver: 1", []string{"bob@example.com"}, mail{to: []string{"bob@example.com", "x@other.example"}}, rules.Unknown},
		{"the recent matches", "sharedByIRMUserRisk: [moderate]", []string{"matches of bob@example.com"}, byBob, rules.Unknown},
		{"the recent matches of one known to be risky", "sharedByIRMUserRisk: [elevated]", []string{"matches of anna@example.com"}, mail{}, rules.True},
		{"the overrides of the sender", "hasSenderOverride: true", []string{"overrides"}, mail{}, rules.Unknown},
		{"whose list it is", "senderInRecipientList: [allow]", []string{"bob@example.com"}, mail{}, rules.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := house(t, c.silent...)
			got := judge(t, load(t, policy(braced(c.condition), "")), w, c.mail)
			checkTruth(t, got, c.want)
		})
	}
}

// What a message may lie about satisfies a condition, and exempts from nothing.
func TestClaimsNeverExempt(t *testing.T) {
	for _, c := range []struct {
		name, condition        string
		mail                   mail
		asCondition, asExempts bool
	}{
		{"somebody named in To who gets the message", "anyOfToHeader: [bob@example.com]", header("To: bob@example.com"), true, true},
		{"somebody named in To who does not", "anyOfToHeader: [carol@example.com]", header("To: carol@example.com"), true, false},
		{"a member named in Cc who does not", "anyOfCcHeaderMemberOf: [mixed@example.com]", header("Cc: carol@example.com"), true, false},
		{"the From of one who manages the recipient", "senderManagementRelationship: manager", mail{from: "anna@example.com", path: "x@other.example"}, true, false},
		{"the From of somebody in Sales", "senderADAttributeContainsWords: {Department: [sales]}", mail{from: "anna@example.com", path: "x@other.example"}, true, false},
		{"the From of a colleague", "adComparisonAttribute: Department", mail{from: "anna@example.com", path: "x@other.example"}, true, false},
		{"an attribute that is not there", "{adComparisonAttribute: Fax, adComparisonOperator: notEqual}", mail{}, true, false},
		{"two spam confidence levels", "sclOver: 5", inOurs("X-MS-Exchange-Organization-SCL: 9\r\nX-MS-Exchange-Organization-SCL: 1"), true, false},
		{"a spam confidence level from outside", "sclOver: 5", header("X-MS-Exchange-Organization-SCL: 9"), true, false},
		{"a classification from outside", "hasClassification: [Public]", header("X-MS-Exchange-Organization-Classification: public"), true, false},
		{"a classification from outside in the place of none", "hasNoClassification: true", header("X-MS-Exchange-Organization-Classification: public"), true, false},
		{"a request for approval from outside", "messageTypeMatches: approvalRequest", header("X-MS-Exchange-Organization-Approval-Initiator: a@example.com"), true, false},
		{"a field of Exchange from outside", "headerContainsWords: {X-MS-Exchange-Organization-AuthAs: [Internal]}", header("X-MS-Exchange-Organization-AuthAs: Internal"), true, false},
		{"a field of ours from anybody", "headerMatchesPatterns: {msip_justification: [.]}", inOurs("msip_justification: harmless"), true, false},
		{"text behind an encrypted one", "messageTypeMatches: encrypted", mail{body: armoured + "\r\nThe account is 4711."}, true, false},
		{"text in the place of an encrypted one", "messageTypeMatches: encrypted", mail{body: "-----BEGIN PGP MESSAGE-----\r\n\r\nThe account is 4711.\r\n-----END PGP MESSAGE-----"}, true, false},
		{"a PGP message without a key", "messageTypeMatches: encrypted", mail{body: "-----BEGIN PGP MESSAGE-----\r\n\r\nowJ4\r\n-----END PGP MESSAGE-----"}, true, false},
		{"text called encrypted", "messageTypeMatches: encrypted", whole("Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"), true, false},
		{"text called S/MIME", "messageTypeMatches: encrypted", whole("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nThe account is 4711."), true, false},
		{"a file beside what is encrypted", "messageTypeMatches: encrypted", whole("Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n" + enveloped + "--b\r\n" + file("a.txt", "x") + "\r\n--b--"), true, false},
		{"a message beside what is encrypted", "messageTypeMatches: encrypted", whole("Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n" + enveloped + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--b--"), true, false},
		{"called protected", "messageTypeMatches: permissionControlled", header("Content-Class: rpmsg.message"), true, false},
		{"a file with the name of protected mail", "messageTypeMatches: permissionControlled", mail{parts: []string{file("message.rpmsg", "x")}}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := house(t)
			got := judge(t, load(t, policy(braced(c.condition), "")), w, c.mail)
			checkTruth(t, got, truth(c.asCondition))
			exempt := judge(t, load(t, policy(always, braced(c.condition))), w, c.mail)
			checkTruth(t, exempt, truth(!c.asExempts))
		})
	}
}

func truth(b bool) rules.Truth {
	if b {
		return rules.True
	}
	return rules.False
}

// braced makes a mapping of a condition that is not one yet.
func braced(condition string) string {
	if strings.HasPrefix(condition, "{") {
		return condition
	}
	return "{" + condition + "}"
}

// What a rule says of the place of the sender's address is no part of what rules
// share: each has its own answer.
func TestRulesLookForTheSenderWhereTheySay(t *testing.T) {
	set := load(t, `policy: P
mode: enable
rules:
  - {rule: header, senderAddressLocation: Header, conditions: {from: [anna@example.com]}}
  - {rule: envelope, senderAddressLocation: envelope, conditions: {from: [anna@example.com]}}
  - {rule: default, conditions: {from: [anna@example.com]}}
`)
	got := set.Evaluate(t.Context(), rules.NewScan(house(t), mail{from: "anna@example.com", path: "x@other.example"}.message(t))).Rules
	for i, want := range []rules.Result{rules.Matched, rules.NotMatched, rules.Matched} {
		if got[i].Result != want {
			t.Errorf("%s: %s (%v), want %s", got[i].Rule.Name, got[i].Result, got[i].Conditions, want)
		}
	}
}

// Headers of thousands of addresses do not make thousands of look-ups, and prove
// nothing.
func TestLookupsOfAHeaderAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, "x%d@other.example,\r\n ", i)
	}
	many := b.String()
	for _, c := range []struct {
		condition string
		mail      mail
		want      rules.Truth
	}{
		{"from: [anna@example.com]", mail{from: "anna@example.com,\r\n " + many + "y@other.example", path: "x@other.example"}, rules.True},
		{"not: {from: [anna@example.com]}", mail{from: "anna@example.com,\r\n " + many + "y@other.example"}, rules.True},
		{"anyOfToHeader: [bob@example.com]", header("To: bob@example.com,\r\n " + many + "y@other.example"), rules.True},
		{"anyOfToHeaderMemberOf: [sales@example.com]", header("To: " + many + "y@other.example"), rules.Unknown},
	} {
		w := house(t)
		asked := w.Directory.(*people).asked
		checkTruth(t, judge(t, load(t, policy(braced(c.condition), "")), w, c.mail), c.want)
		if len(asked) > 5010 {
			t.Errorf("%s: %d look-ups", c.condition, len(asked))
		}
	}
}

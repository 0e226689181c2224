package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/rules"
)

// always is a condition that holds for every message.
const always = "{messageSizeOver: 1}"

type conditionCase struct {
	name      string
	condition string
	mail      mail
	want      rules.Truth
}

// conditionCases say for each condition when it is true and when not. The
// message is from anna@example.com to bob@example.com where nothing else is
// said.
var conditionCases = append([]conditionCase{
	{"the recipient is inside", "accessScope: inOrganization", mail{}, rules.True},
	{"the recipient is outside", "accessScope: inOrganization", mail{to: []string{"x@other.example"}}, rules.False},
	{"an internal relay domain is inside", "accessScope: InOrganization", mail{to: []string{"x@shared.example"}}, rules.True},
	{"an external relay domain is outside", "accessScope: notInOrganization", mail{to: []string{"x@passing.example"}}, rules.True},
	{"a person with an outside address is inside", "accessScope: notInOrganization", mail{to: []string{"dave@elsewhere.example"}}, rules.False},
	{"a guest is outside whatever the domain", "accessScope: notInOrganization", mail{to: []string{"guest@example.com"}}, rules.True},

	{"a word in an address", "anyOfRecipientAddressContainsWords: [bob]", mail{}, rules.True},
	{"a part of a word in an address", "anyOfRecipientAddressContainsWords: [bo]", mail{}, rules.False},
	{"a pattern in an address", "anyOfRecipientAddressMatchesPatterns: ['^B.b@', 'x']", mail{}, rules.True},
	{"a pattern that no address has", "anyOfRecipientAddressMatchesPatterns: ['^ob@']", mail{}, rules.False},

	{"an extension", "contentExtensionMatchesWords: [exe]", mail{parts: []string{file("Setup.EXE", "x")}}, rules.True},
	{"an extension with a dot in the policy", "contentExtensionMatchesWords: [.exe]", mail{parts: []string{file("setup.exe", "x")}}, rules.True},
	{"an extension of two words", "contentExtensionMatchesWords: [tar.gz]", mail{parts: []string{file("a.tar.gz", "x")}}, rules.True},
	{"an extension hidden by dots and blanks", "contentExtensionMatchesWords: [exe]", mail{parts: []string{file("setup.exe. . ", "x")}}, rules.True},
	{"an extension hidden by the direction of writing", "contentExtensionMatchesWords: [exe]", mail{parts: []string{file("=?utf-8?B?YW5uw6Fs4oCuLuKArmV4ZQ==?=", "x")}}, rules.True},
	{"another extension", "contentExtensionMatchesWords: [exe]", mail{parts: []string{file("exe.txt", "x")}}, rules.False},
	{"an extension without an attachment", "contentExtensionMatchesWords: [exe]", mail{body: "setup.exe"}, rules.False},

	{"a format nobody knows", "documentIsUnsupported: true", mail{parts: []string{file("a.bin", "\x00\x01\x02\xff")}}, rules.True},
	{"words in a text shown with its name", "subjectOrBodyContainsWords: [hidden]", mail{parts: []string{"Content-Type: text/plain; name=a.txt\r\n\r\nhidden"}}, rules.True},
	{"words in an attachment", "subjectOrBodyContainsWords: [hidden]", mail{parts: []string{file("a.txt", "hidden")}}, rules.False},
	{"words in flowed text", "subjectOrBodyMatchesPatterns: ['4111 1111']", mail{parts: []string{"Content-Type: text/plain; format=flowed\r\n\r\n4111 \r\n1111"}}, rules.True},
	{"a body that is no text", "documentIsUnsupported: true", mail{parts: []string{"Content-Type: text/plain\r\n\r\n%!PS-Adobe-3.0 \x00\x01"}}, rules.True},
	{"a text can be read", "documentIsUnsupported: true", mail{parts: []string{file("a.txt", "plain text")}}, rules.False},
	{"a file cut off", "documentIsUnsupported: true", mail{parts: []string{file("a.docx", "PK\x03\x04 cut off")}}, rules.True},

	{"a pattern in a file name", "documentNameMatchesPatterns: ['^pay.*\\.txt$']", mail{parts: []string{file("Payroll.TXT", "x")}}, rules.True},
	{"a pattern in no file name", "documentNameMatchesPatterns: ['^roll']", mail{parts: []string{file("Payroll.txt", "x")}}, rules.False},
	{"a word in a file name", "documentNameMatchesWords: [payroll]", mail{parts: []string{file("may payroll.txt", "x")}}, rules.True},
	{"a part of a word in a file name", "documentNameMatchesWords: [pay]", mail{parts: []string{file("payroll.txt", "x")}}, rules.False},

	{"one attachment of the size", "documentSizeOver: 10B", mail{parts: []string{file("a.txt", "0123456789")}}, rules.True},
	{"attachments that have the size together", "documentSizeOver: 10B", mail{parts: []string{file("a.txt", "01234"), file("b.txt", "012345")}}, rules.False},

	{"the sender is named", "from: [ANNA@example.com]", mail{}, rules.True},
	{"the sender is named by the primary address", "from: [anna@example.com]", mail{path: "a.smith@example.com"}, rules.True},
	{"the sender is not named", "from: [bob@example.com]", mail{}, rules.False},
	{"the sender is in a group of a group", "fromMemberOf: [sales@example.com]", mail{path: "bob@example.com"}, rules.True},
	{"the sender is in no group named", "fromMemberOf: [north@example.com]", mail{}, rules.False},
	{"a group that is not there", "fromMemberOf: [gone@example.com]", mail{}, rules.False},

	{"inside with a login", "fromScope: inOrganization", mail{login: "anna"}, rules.True},
	{"inside by listener", "fromScope: inOrganization", mail{listener: "SUBMISSION"}, rules.True},
	{"inside by network", "fromScope: inOrganization", mail{client: "192.0.2.7"}, rules.True},
	{"an inside address in a session that is not ours", "fromScope: inOrganization", mail{client: "198.51.100.7"}, rules.False},
	{"an inside address in a session that is not ours is outside", "fromScope: notInOrganization", mail{client: "198.51.100.7"}, rules.True},
	{"an outside address in a session of ours", "fromScope: notInOrganization", mail{client: "192.0.2.7", path: "x@other.example"}, rules.True},
	{"a guest is no inside sender", "fromScope: inOrganization", mail{client: "192.0.2.7", path: "guest@example.com"}, rules.False},

	{"a word in a header field", "headerContainsWords: {x-class: [secret, inner]}", mail{header: "X-Class: very secret\r\n"}, rules.True},
	{"a word in an encoded header field", "headerContainsWords: {X-Class: [grün]}", mail{header: "X-Class: =?utf-8?Q?gr=C3=BCn?=\r\n"}, rules.True},
	{"a word in the second field of a name", "headerContainsWords: ['X-Class: secret']", mail{header: "X-Class: no\r\nX-Class: secret\r\n"}, rules.True},
	{"a word in another header field", "headerContainsWords: {X-Class: [secret]}", mail{header: "X-Other: secret\r\n"}, rules.False},
	{"a pattern in a header field", "headerMatchesPatterns: {X-Class: ['^sec']}", mail{header: "X-Class: Secret\r\n"}, rules.True},
	{"a pattern in no header field", "headerMatchesPatterns: {X-Class: ['^ret']}", mail{header: "X-Class: Secret\r\n"}, rules.False},

	{"a large message", "messageSizeOver: 2KB", mail{body: strings.Repeat("x", 2048)}, rules.True},
	{"a small message", "messageSizeOver: 2KB", mail{body: "x"}, rules.False},

	{"a recipient inside among others", "nonBifurcatingAccessScope: hasInternal", mail{to: []string{"x@other.example", "bob@example.com"}}, rules.True},
	{"no recipient inside", "nonBifurcatingAccessScope: hasInternal", mail{to: []string{"x@other.example"}}, rules.False},
	{"a recipient outside among others", "nonBifurcatingAccessScope: HasExternal", mail{to: []string{"bob@example.com", "x@other.example"}}, rules.True},
	{"no recipient outside", "nonBifurcatingAccessScope: hasExternal", mail{}, rules.False},
	{"no scope asked", "nonBifurcatingAccessScope: none", mail{}, rules.True},

	{"the domain of the recipient", "recipientDomainIs: [Example.COM]", mail{}, rules.True},
	{"a subdomain is another domain", "recipientDomainIs: [example.com]", mail{to: []string{"x@sub.example.com"}}, rules.False},
	{"a subdomain by a leading dot", "recipientDomainIs: [.example.com]", mail{to: []string{"x@a.sub.example.com"}}, rules.True},
	{"the domain itself is no subdomain", "recipientDomainIs: [.example.com]", mail{}, rules.False},
	{"a domain that ends alike", "recipientDomainIs: [.example.com]", mail{to: []string{"x@badexample.com"}}, rules.False},
	{"a domain in both spellings", "recipientDomainIs: [bücher.example]", mail{to: []string{"x@xn--bcher-kva.example"}}, rules.True},

	{"the domain of the sender", "senderDomainIs: [example.com]", mail{}, rules.True},
	{"another domain of the sender", "senderDomainIs: [example.com]", mail{path: "x@other.example"}, rules.False},

	{"a single client address", "senderIPRanges: [198.51.100.7]", mail{client: "198.51.100.7"}, rules.True},
	{"a network with bits of hosts", "senderIPRanges: [198.51.100.9/24]", mail{client: "198.51.100.255"}, rules.True},
	{"outside a network", "senderIPRanges: [198.51.100.9/25]", mail{client: "198.51.100.128"}, rules.False},
	{"the end of a range", "senderIPRanges: [198.51.100.1 - 198.51.100.9]", mail{client: "198.51.100.9"}, rules.True},
	{"behind the end of a range", "senderIPRanges: [198.51.100.1-198.51.100.9]", mail{client: "198.51.100.10"}, rules.False},
	{"a network of IPv6", "senderIPRanges: ['2001:db8::/33']", mail{client: "2001:db8:7fff::1"}, rules.True},
	{"outside a network of IPv6", "senderIPRanges: ['2001:db8::/33']", mail{client: "2001:db8:8000::1"}, rules.False},
	{"an IPv4 address in IPv6", "senderIPRanges: ['198.51.100.0/24']", mail{client: "::ffff:198.51.100.1"}, rules.True},
	{"no client address", "senderIPRanges: [0.0.0.0/0, '::/0']", mail{}, rules.False},

	{"the recipient is named", "sentTo: [Bob@example.com]", mail{}, rules.True},
	{"the recipient is not named", "sentTo: [anna@example.com]", mail{}, rules.False},
	{"the recipient is named by the primary address", "sentTo: [anna@example.com]", mail{to: []string{"a.smith@example.com"}}, rules.True},
	{"the recipient is in a group", "sentToMemberOf: [sales@example.com]", mail{}, rules.True},
	{"the recipient is in no group named", "sentToMemberOf: [mixed@example.com]", mail{}, rules.False},

	{"a word in the subject", "subjectContainsWords: [top secret]", mail{subject: "TOP Secret!"}, rules.True},
	{"a word in an encoded subject", "subjectContainsWords: [grün]", mail{subject: "=?iso-8859-1?Q?Gr=FCn?="}, rules.True},
	{"a word not in the subject", "subjectContainsWords: [secret]", mail{subject: "secretly", body: "secret"}, rules.False},
	{"a pattern in the subject", "subjectMatchesPatterns: ['\\d{4}-\\d{2}']", mail{subject: "Report 2026-11"}, rules.True},
	{"a pattern not in the subject", "subjectMatchesPatterns: ['^\\d']", mail{subject: "Report 2026-11"}, rules.False},
	{"a word in the body", "subjectOrBodyContainsWords: [secret]", mail{body: "this is secret."}, rules.True},
	{"a word in subject or body is in the subject", "subjectOrBodyContainsWords: [secret]", mail{subject: "secret"}, rules.True},
	{"a word in an attachment only", "subjectOrBodyContainsWords: [secret]", mail{parts: []string{file("a.txt", "secret")}}, rules.False},
	{"a word parted by invisible characters", "subjectOrBodyContainsWords: [secret]", mail{body: "this is se\u200bcr\u00adet."}, rules.True},
	{"letters and their marks apart", "subjectContainsWords: [grün]", mail{subject: "gru\u0308n"}, rules.True},
	{"letters and their marks apart in the policy", "subjectContainsWords: [\"gru\\u0308n\"]", mail{subject: "grün"}, rules.True},
	{"letters and their marks apart in the name of a file", "documentNameMatchesPatterns: ['^Gehälter']", mail{parts: []string{file("Geha\u0308lter.txt", "x")}}, rules.True},
	{"a pattern that wants no text", "documentMatchesPatterns: ['^$']", mail{parts: []string{file("a.txt", "")}}, rules.True},
	{"a pattern parted by invisible characters", "subjectMatchesPatterns: ['^secret$']", mail{subject: "sec\u2060ret"}, rules.True},
	{"a pattern in the body", "subjectOrBodyMatchesPatterns: ['sec.et']", mail{body: "this is SECRET."}, rules.True},
	{"a pattern neither in subject nor body", "subjectOrBodyMatchesPatterns: ['sec.et$']", mail{body: "secret it is", subject: "x"}, rules.False},

	{"a card number in the body", sensitive("{type: Credit card number}"), mail{body: card1}, rules.True},
	{"a card number by the GUID of the type", sensitive("{id: 50842EB7-EDC8-4019-85DD-5A5C1F2BB085}"), mail{body: card1}, rules.True},
	{"a card number in the subject", sensitive("{type: credit CARD number}"), mail{subject: card1}, rules.True},
	{"a card number in an attachment", sensitive("{type: Credit card number}"), mail{parts: []string{file("a.txt", card1)}}, rules.True},
	{"a word in a name parted by invisible characters", "documentNameMatchesWords: [payroll]", mail{parts: []string{file("=?utf-8?Q?pay=E2=80=8Broll.txt?=", "x")}}, rules.True},
	{"a card number in a subject parted by invisible characters", sensitive("{type: Credit card number}"), mail{subject: "credit card, visa: 4111\u200b11111111\u200b1111"}, rules.True},
	{"a card number parted by invisible characters", sensitive("{type: Credit card number}"), mail{body: "credit card, visa: 4111\u200b11111111\u200b1111"}, rules.True},
	{"no card number", sensitive("{type: Credit card number}"), mail{body: "credit card 4111 1111 1111 1112"}, rules.False},
	{"one number twice counts once", sensitive("{type: Credit card number, minCount: 2}"), mail{body: card1, parts: []string{file("a.txt", card1)}}, rules.False},
	{"two numbers in body and attachment count together", sensitive("{type: Credit card number, mincount: '2'}"), mail{body: card1, parts: []string{file("a.txt", card2)}}, rules.True},
	{"more than the most", sensitive("{type: Credit card number, maxCount: 1}"), mail{body: card1 + "\n" + card2}, rules.False},
	{"any number is no bound", sensitive("{type: Credit card number, maxCount: any}, {type: SWIFT code, maxCount: -1}"), mail{body: card1 + "\n" + card2}, rules.True},
	{"without evidence a high confidence is not reached", sensitive("{type: Credit card number, confidenceLevel: high}"), mail{body: "4111 1111 1111 1111"}, rules.False},
	{"with evidence a high confidence is reached", sensitive("{type: Credit card number, confidenceLevel: High}"), mail{body: card1}, rules.True},
	{"evidence in another part does not count", sensitive("{type: Credit card number, confidenceLevel: high}"), mail{body: "credit card expires visa", parts: []string{file("a.txt", "4111 1111 1111 1111")}}, rules.False},
	{"evidence in the subject counts for the body", sensitive("{type: Credit card number, confidenceLevel: high}"), mail{subject: "credit card, visa, expires 12/30", body: "4111 1111 1111 1111"}, rules.True},
	{"groups joined by and", "contentContainsSensitiveInformation: {operator: And, groups: [{name: A, operator: Or, sensitivetypes: [{name: Credit card number}]}, {name: B, sensitivetypes: [{name: SWIFT code}]}]}", mail{body: card1}, rules.False},
	{"groups joined by or", "contentContainsSensitiveInformation: [{operator: Or, groups: [{name: A, operator: And, sensitivetypes: [{name: Credit card number}, {name: SWIFT code}]}, {name: B, sensitivetypes: [{name: Credit card number}]}]}]", mail{body: card1}, rules.True},
}, slices.Concat(documentCases, peopleCases, propertyCases)...)

const (
	card1 = "credit card, visa, expires 12/30: 4111 1111 1111 1111"
	card2 = "credit card, mastercard, expires 12/30: 5500 0000 0000 0004"
)

func sensitive(types string) string { return "contentContainsSensitiveInformation: [" + types + "]" }

func TestConditionsHold(t *testing.T) {
	for _, c := range conditionCases {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, load(t, policy(braced(c.condition), "")), house(t), c.mail)
			checkTruth(t, got, c.want)
			if got.Conditions[0].Result != c.want.String() || got.Conditions[0].Reason == "" {
				t.Errorf("the condition is %s (%q), want %s with a reason", got.Conditions[0].Result, got.Conditions[0].Reason, c.want)
			}
		})
	}
}

func TestConditionsExempt(t *testing.T) {
	for _, c := range conditionCases {
		if strings.HasPrefix(c.condition, "nonBifurcatingAccessScope") || strings.HasPrefix(c.condition, "sharedByIRMUserRisk") {
			continue // has no form as an exception
		}
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, load(t, policy(always, braced(c.condition))), house(t), c.mail)
			checkTruth(t, got, rules.True-c.want)
		})
	}
}

func TestConditionsUnderNot(t *testing.T) {
	for _, c := range conditionCases {
		t.Run(c.name, func(t *testing.T) {
			checkTruth(t, judge(t, load(t, policy("{not: "+braced(c.condition)+"}", "")), house(t), c.mail), rules.True-c.want)
		})
	}
}

// Every condition is exercised with both answers, so that a wrong one is seen.
func TestConditionCasesCoverTheCatalogue(t *testing.T) {
	for _, row := range rules.Conditions() {
		seen := map[rules.Truth]bool{}
		for _, c := range conditionCases {
			if strings.Contains(c.condition, row.Name+":") {
				seen[c.want] = true
			}
		}
		if !seen[rules.True] || !seen[rules.False] {
			t.Errorf("%s has no case for both answers", row.Name)
		}
	}
}

func checkTruth(t testing.TB, got rules.RuleResult, want rules.Truth) {
	t.Helper()
	wanted := map[rules.Truth]rules.Result{rules.True: rules.Matched, rules.False: rules.NotMatched, rules.Unknown: rules.UnknownRule}[want]
	if got.Result != wanted {
		t.Errorf("the rule is %s (%s), want %s; conditions: %v", got.Result, got.Reason, wanted, got.Conditions)
	}
}

func TestFailedLookupsAreUnknown(t *testing.T) {
	for _, c := range []struct {
		name, condition string
		silent          []string
		mail            mail
		want            rules.Truth
	}{
		{"the sender's groups", "fromMemberOf: [sales@example.com]", []string{"sales@example.com"}, mail{}, rules.Unknown},
		{"one group answers yes", "fromMemberOf: [north@example.com, sales@example.com]", []string{"north@example.com"}, mail{}, rules.True},
		{"one group answers no", "fromMemberOf: [north@example.com, sales@example.com]", []string{"north@example.com"}, mail{path: "carol@example.com"}, rules.Unknown},
		{"the owner of the sender's address", "from: [carol@example.com]", []string{"anna@example.com"}, mail{}, rules.Unknown},
		{"the sender is named as written", "from: [anna@example.com]", []string{"anna@example.com"}, mail{}, rules.True},
		{"the login", "senderDomainIs: [other.example]", []string{"anna"}, mail{login: "anna"}, rules.Unknown},
		{"the login, when another place says yes", "senderDomainIs: [example.com]", []string{"anna"}, mail{login: "anna"}, rules.True},
		{"the recipient's groups", "sentToMemberOf: [sales@example.com]", []string{"sales@example.com"}, mail{}, rules.Unknown},
		{"the recipient cannot be resolved", "accessScope: inOrganization", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"a recipient that cannot be resolved is named as written", "sentTo: [bob@example.com]", []string{"bob@example.com"}, mail{}, rules.True},
		{"a recipient that cannot be resolved may be in another domain", "recipientDomainIs: [other.example]", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"one of the recipients is outside", "nonBifurcatingAccessScope: hasExternal", []string{"bob@example.com"}, mail{to: []string{"bob@example.com", "x@other.example"}}, rules.True},
		{"all recipients known are inside", "nonBifurcatingAccessScope: hasExternal", []string{"bob@example.com"}, mail{to: []string{"bob@example.com", "anna@example.com"}}, rules.Unknown},
		{"a recipient that cannot be resolved may hold a word", "anyOfRecipientAddressContainsWords: [agent]", []string{"bob@example.com"}, mail{}, rules.Unknown},
		{"inside or not", "fromScope: inOrganization", []string{"x@other.example"}, mail{client: "192.0.2.7", path: "x@other.example"}, rules.Unknown},
		{"no look-up is needed for a session that is not ours", "fromScope: inOrganization", []string{"x@other.example"}, mail{path: "x@other.example"}, rules.False},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, load(t, policy(braced(c.condition), "")), house(t, c.silent...), c.mail)
			checkTruth(t, got, c.want)
			if c.want == rules.Unknown && !strings.Contains(got.Conditions[0].Reason, "directory") && !strings.Contains(got.Conditions[0].Reason, "resolved") {
				t.Errorf("the reason %q does not say what failed", got.Conditions[0].Reason)
			}
		})
	}
}

func TestWithoutADirectoryNobodyIsInAGroup(t *testing.T) {
	w := house(t)
	w.Directory, w.Resolver, w.Organization.People = nil, nil, nil
	for _, c := range []string{"fromMemberOf: [sales@example.com]", "sentToMemberOf: [sales@example.com]"} {
		got := judge(t, load(t, policy("{"+c+"}", "")), w, mail{})
		checkTruth(t, got, rules.False)
		if !strings.Contains(got.Conditions[0].Reason, "no directory") {
			t.Errorf("%s: the reason is %q", c, got.Conditions[0].Reason)
		}
	}
}

// A condition on the sender holds when any place that names one satisfies it; an
// exception, a not and a scope exclusion only when all do.
func TestAForgedSenderNeverExempts(t *testing.T) {
	outside := mail{from: "anna@example.com", path: "x@other.example"}
	stolen := mail{login: "carol"} // all but the login say anna
	for _, c := range []struct {
		name                   string
		condition              string
		mail                   mail
		asCondition, asExempts bool
	}{
		{"header and reverse-path agree", "from: [anna@example.com]", mail{}, true, true},
		{"a forged header From", "from: [anna@example.com]", outside, true, false},
		{"a forged reverse-path", "from: [anna@example.com]", mail{from: "x@other.example", path: "anna@example.com"}, true, false},
		{"a second address in From", "from: [anna@example.com]", mail{from: "anna@example.com, x@other.example"}, true, false},
		{"a second From", "from: [anna@example.com]", mail{header: "From: x@other.example\r\n"}, true, false},
		{"the login of another", "from: [anna@example.com]", stolen, true, false},
		{"the login alone", "from: [carol@example.com]", stolen, true, false},
		{"a login of the same person", "from: [anna@example.com]", mail{login: "anna", path: "a.smith@example.com"}, true, true},
		{"a login that nobody has", "from: [anna@example.com]", mail{login: "mallory"}, true, false},
		{"groups", "fromMemberOf: [sales@example.com]", outside, true, false},
		{"different groups of both", "fromMemberOf: [mixed@example.com, sales@example.com]", stolen, true, true},
		{"domains", "senderDomainIs: [example.com]", outside, true, false},
		{"inside and outside", "fromScope: inOrganization", mail{from: "x@other.example", client: "192.0.2.1"}, true, false},
		{"outside and inside", "fromScope: notInOrganization", mail{from: "x@other.example", client: "192.0.2.1"}, true, false},
		{"a null reverse-path in a session of ours: what is present counts", "from: [anna@example.com]", mail{path: "-", from: "anna@example.com", client: "192.0.2.1"}, true, true},
		{"a null reverse-path from anywhere", "from: [anna@example.com]", mail{path: "-", from: "anna@example.com"}, true, false},
		{"no From: what is present counts", "from: [anna@example.com]", mail{from: "-"}, true, true},
		{"a From that cannot be read", "from: [anna@example.com]", mail{from: "(nobody)"}, true, false},
		{"no sender at all", "from: [anna@example.com]", mail{path: "-"}, false, false},
		{"no sender at all is in no domain", "senderDomainIs: [example.com]", mail{path: "-"}, false, false},
		{"no sender at all in a session not ours is outside", "fromScope: notInOrganization", mail{path: "-"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := house(t)
			set := load(t, policy(braced(c.condition), ""))
			checkMatched(t, "as a condition", judge(t, set, w, c.mail), c.asCondition)
			set = load(t, policy("{not: {not: {"+c.condition+"}}}", ""))
			checkMatched(t, "under two nots", judge(t, set, w, c.mail), c.asCondition)
			set = load(t, policy(always, braced(c.condition)))
			checkMatched(t, "with it as an exception", judge(t, set, w, c.mail), !c.asExempts)
			set = load(t, policy("{not: "+braced(c.condition)+"}", ""))
			checkMatched(t, "under not", judge(t, set, w, c.mail), !c.asExempts)
			set = load(t, policy(always, "{not: {"+c.condition+"}}"))
			checkMatched(t, "under a not of an exception", judge(t, set, w, c.mail), c.asCondition)
		})
	}
}

func checkMatched(t testing.TB, what string, got rules.RuleResult, want bool) {
	t.Helper()
	if (got.Result == rules.Matched) != want || got.Result == rules.UnknownRule {
		t.Errorf("%s: %s, want matched %v; conditions: %v", what, got.Result, want, got.Conditions)
	}
}

// Recipients are judged as they will be delivered; a group stays one recipient
// and gets the strictest outcome of its members.
func TestGroupsAreJudgedByTheirMembers(t *testing.T) {
	for _, c := range []struct {
		name, conditions, exceptions string
		want                         bool
	}{
		{"a member is outside", "{accessScope: notInOrganization}", "", true},
		{"a member is inside", "{accessScope: inOrganization}", "", true},
		{"no member is both", "{accessScope: inOrganization, recipientDomainIs: [partner.example]}", "", false},
		{"an exception for one member leaves the other", always, "{accessScope: notInOrganization}", true},
		{"an exception for each member", always, "[{accessScope: notInOrganization}, {sentTo: [carol@example.com]}]", false},
		{"a member is named", "{sentTo: [carol@example.com]}", "", true},
		{"the group is named as written", "{sentTo: [mixed@example.com]}", "", true},
		{"the group as written exempts nobody", always, "{sentTo: [mixed@example.com]}", true},
		{"members are in the group", "{sentToMemberOf: [mixed@example.com]}", "", true},
		{"a word in the address of a member", "{anyOfRecipientAddressContainsWords: [agent]}", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, load(t, policy(c.conditions, c.exceptions)), house(t), mail{to: []string{"mixed@example.com"}})
			checkMatched(t, c.name, got, c.want)
		})
	}
}

func TestAGroupWithoutMembersIsStillJudged(t *testing.T) {
	w := house(t)
	w.Resolver = resolver(nil)
	got := judge(t, load(t, policy("{accessScope: inOrganization}", "")), w, mail{})
	checkMatched(t, "a recipient that resolves to nothing", got, true)
}

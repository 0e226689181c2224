package benchmail

import (
	"fmt"
	"strings"
)

// Rules is how many rules [Policies] has: as many as a set may have.
const Rules = 600

// Policies gives a set as a large organisation has it, by names of files: 30
// policies of 20 rules, which have words, patterns, domains and names of their own
// and share the conditions on who writes to whom and what is found.
func Policies() map[string]string {
	files := make(map[string]string)
	for p := range Rules / 20 {
		var b strings.Builder
		mode := "enable"
		if p%5 == 4 {
			mode = "testWithoutNotifications"
		}
		fmt.Fprintf(&b, "policy: Policy %02d\nmode: %s\npriority: %d\n", p, mode, p)
		if p%3 == 1 {
			fmt.Fprintf(&b, "scope: {exchangeSenderMemberOf: [staff@example.com], exchangeSenderMemberOfException: [unit%02d@example.com]}\n", p)
		}
		b.WriteString("rules:\n")
		for r := range 20 {
			fmt.Fprintf(&b, "  - rule: Rule %02d\n", r)
			rule(&b, p, r)
		}
		files[fmt.Sprintf("policy-%02d.yaml", p)] = b.String()
	}
	return files
}

var types = []string{"Credit card number", "U.S. social security number (SSN)", "International banking account number (IBAN)", "SWIFT code", "EU debit card number"}

// rule writes one rule. Each has three or four conditions, one of which keeps it
// from matching most mail.
func rule(b *strings.Builder, p, r int) {
	own := fmt.Sprintf("%02d%02d", p, r)
	lines := func(conditions, exceptions, actions string) {
		fmt.Fprintf(b, "    conditions:\n")
		for _, c := range strings.Split(conditions, "\n") {
			fmt.Fprintf(b, "      %s\n", strings.TrimSpace(c))
		}
		if exceptions != "" {
			fmt.Fprintf(b, "    exceptions: {%s}\n", exceptions)
		}
		fmt.Fprintf(b, "    actions: {%s}\n", actions)
	}
	found := func(least int, level string) string {
		return fmt.Sprintf("contentContainsSensitiveInformation: [{type: %q, minCount: %d, confidenceLevel: %s}]", types[(p+r)%len(types)], least, level)
	}
	const outside = "accessScope: notInOrganization"
	switch r % 10 {
	case 0, 1:
		lines(outside+"\n"+found(1+r, "high"), fmt.Sprintf("recipientDomainIs: [partner%s.example, partner%02d.example]", own, p), "setHeader: {X-Class: cards}")
	case 2, 3:
		lines(outside+"\n"+fmt.Sprintf("subjectOrBodyContainsWords: [codename%s, \"project falcon %s\", budget%s]", own, own, own), "", "blockAccess: all")
	case 4:
		lines(outside+"\nfromMemberOf: [staff@example.com]\n"+fmt.Sprintf("documentContainsWords: [blueprint%s, \"trade secret %s\"]", own, own), "", "quarantine: true")
	case 5:
		lines(fmt.Sprintf("sentToMemberOf: [unit%02d@example.com]\nsubjectContainsWords: [urgent%s, wire%s]", p, own, own), "", "prependSubject: \"[Check] \"")
	case 6:
		lines(fmt.Sprintf("documentNameMatchesWords: [payroll%s, salaries%s]\ncontentExtensionMatchesWords: [xlsx, csv]", own, own), "", "blockAccess: all")
	case 7:
		lines(outside+"\n"+fmt.Sprintf("subjectOrBodyMatchesPatterns: ['case-%s-\\d{4}']", own), "", "setHeader: {X-Case: yes}")
	case 8:
		lines(found(10, "medium")+"\n"+outside+"\nfromScope: inOrganization", "sentTo: [auditor@partner.example]", "blockAccess: all")
	default:
		lines(fmt.Sprintf("recipientDomainIs: [rival%s.example]\nheaderContainsWords: {X-Project: [secret%s]}\nmessageSizeOver: 1KB", own, own), "", "blockAccess: all")
	}
}

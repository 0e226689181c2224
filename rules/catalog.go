package rules

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Kind says for whom a condition answers.
type Kind string

// The kinds.
const (
	MessageWide  Kind = "messageWide"  // for all recipients alike
	PerRecipient Kind = "perRecipient" // for each recipient
	AnyRecipient Kind = "anyRecipient" // for all recipients when it holds for one
)

// Condition is a row of the catalogue of conditions.
type Condition struct {
	Name  string
	Doc   string // one line
	Value string // the form of its value
	Kind  Kind
	// Exception tells whether it may stand under `exceptions`.
	Exception bool
	// Limit is that of Purview, which a policy keeps unless limits are lifted.
	Limit Limit
	// Cost orders conditions: what is cheap is asked first.
	Cost int
}

type condition struct {
	name  string
	doc   string
	value string
	kind  Kind
	// cost orders conditions: what is cheap is asked first.
	cost        int
	noException bool
	parse       func(r *reader, n *strictyaml.Node, field string) (check, bool)
}

// The costs.
const (
	costEnvelope  = 1
	costHeader    = 2
	costNames     = 3
	costDirectory = 4
	costRecipient = 5
	costText      = 20
	costDocuments = 30
	costClassify  = 40
)

// Forms of values.
const (
	formAddresses = "list of addresses"
	formGroups    = "list of groups, by address, name or distinguished name"
	formDomains   = "list of domains; one that begins with a dot stands for all subdomains"
	formScope     = "inOrganization or notInOrganization"
	formWords     = "list of words and phrases"
	formPatterns  = "list of regular expressions"
	formSize      = "number with B, KB, MB, GB or TB"
	formTrue      = "true"
)

// catalog lists the conditions by name.
var catalog = []condition{
	{name: "accessScope", doc: "the recipient is inside, or outside, the organisation", value: formScope,
		kind: PerRecipient, cost: costRecipient, parse: parseAccessScope},
	{name: "anyOfRecipientAddressContainsWords", doc: "the address of a recipient contains a word", value: formWords,
		kind: AnyRecipient, cost: costRecipient, parse: parseRecipientWords},
	{name: "anyOfRecipientAddressMatchesPatterns", doc: "the address of a recipient matches a pattern", value: formPatterns,
		kind: AnyRecipient, cost: costRecipient, parse: parseRecipientPatterns},
	{name: "attachmentHasExecutableContent", doc: "an attachment, or a file within one, is a program by its content, or carries one as macros", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseExecutable},
	{name: "attachmentIsNotLabeled", doc: "an attachment carries no sensitivity label, neither itself nor on a document within it", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseAttachmentNotLabelled},
	{name: "contentCharacterSetContainsWords", doc: "a text of the message is labelled with one of these character sets, under any of their names", value: "list of names of character sets",
		kind: MessageWide, cost: costHeader, parse: parseCharset},
	{name: "contentContainsSensitiveInformation", doc: "subject, body and attachments together hold enough unique values of a type", value: "list of types, or groups of types",
		kind: MessageWide, cost: costClassify, parse: parseSensitive},
	{name: "contentExtensionMatchesWords", doc: "the name of an attachment, or of a file within one, ends in an extension", value: "list of extensions",
		kind: MessageWide, cost: costNames, parse: parseExtension},
	{name: "contentFileTypeMatches", doc: "an attachment, or a file within one, is of one of these types by its content, whatever its name", value: "list of families, media types (`image/*` for all of a kind) and extensions",
		kind: MessageWide, cost: costDocuments, parse: parseFileType},
	{name: "contentIsNotLabeled", doc: "neither the message nor any of its attachments carries a sensitivity label", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseContentNotLabelled},
	{name: "contentPropertyContainsWords", doc: "a property of an attached document, built-in or custom, contains a word", value: "list of texts `Property:Value1,Value2`, or mapping of names of properties to lists of words",
		kind: MessageWide, cost: costDocuments, parse: parseProperty},
	{name: "documentContainsWords", doc: "the text of an attachment, or of a file within one, contains a word", value: formWords,
		kind: MessageWide, cost: costDocuments, parse: parseDocumentWords},
	{name: "documentIsPasswordProtected", doc: "an attachment, or a file within one, needs a password or another secret to be read; encrypted mail too", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseProtected},
	{name: "documentIsUnsupported", doc: "an attachment, or a file within one, could not be read: its format is not known or it is damaged", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseUnsupported},
	{name: "documentMatchesPatterns", doc: "the text of an attachment, or of a file within one, matches a pattern", value: formPatterns,
		kind: MessageWide, cost: costDocuments, parse: parseDocumentPatterns},
	{name: "documentNameMatchesPatterns", doc: "the name of an attachment, or of a file within one, matches a pattern", value: formPatterns,
		kind: MessageWide, cost: costNames, parse: parseNamePatterns},
	{name: "documentNameMatchesWords", doc: "the name of an attachment, or of a file within one, contains a word", value: formWords,
		kind: MessageWide, cost: costNames, parse: parseNameWords},
	{name: "documentSizeOver", doc: "a single attachment, or a file within one, has at least this size", value: formSize,
		kind: MessageWide, cost: costText, parse: parseDocumentSize},
	{name: "from", doc: "the sender is one of these", value: formAddresses,
		kind: MessageWide, cost: costDirectory, parse: parseFrom},
	{name: "fromMemberOf", doc: "the sender is in one of these groups", value: formGroups,
		kind: MessageWide, cost: costDirectory, parse: parseFromMemberOf},
	{name: "fromScope", doc: "the sender is inside the organisation and the session is ours, or not", value: formScope,
		kind: MessageWide, cost: costDirectory, parse: parseFromScope},
	{name: "headerContainsWords", doc: "a header field contains a word", value: "mapping of field names to lists of words",
		kind: MessageWide, cost: costHeader, parse: parseHeaderWords},
	{name: "headerMatchesPatterns", doc: "a header field matches a pattern", value: "mapping of field names to lists of regular expressions",
		kind: MessageWide, cost: costHeader, parse: parseHeaderPatterns},
	{name: "messageIsAmbiguous", doc: "readers may disagree on the message or on an attachment", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseAmbiguous},
	{name: "messageIsNotLabeled", doc: "the message carries no sensitivity label in its header", value: formTrue,
		kind: MessageWide, cost: costHeader, parse: parseMessageNotLabelled},
	{name: "messageSizeOver", doc: "the whole message has at least this size", value: formSize,
		kind: MessageWide, cost: costEnvelope, parse: parseMessageSize},
	{name: "nonBifurcatingAccessScope", doc: "one of the recipients is inside (hasInternal) or outside (hasExternal) the organisation; none asks nothing", value: "hasInternal, hasExternal or none",
		kind: AnyRecipient, cost: costRecipient, noException: true, parse: parseNonBifurcating},
	{name: "processingLimitExceeded", doc: "a limit of size, text, time, depth or number ended the reading of a part", value: formTrue,
		kind: MessageWide, cost: costDocuments, parse: parseIncomplete},
	{name: "recipientDomainIs", doc: "the domain of the recipient is one of these", value: formDomains,
		kind: PerRecipient, cost: costRecipient, parse: parseRecipientDomain},
	{name: "senderDomainIs", doc: "the domain of the sender is one of these", value: formDomains,
		kind: MessageWide, cost: costDirectory, parse: parseSenderDomain},
	{name: "senderIPRanges", doc: "the client has one of these IP addresses", value: "list of addresses, networks and ranges",
		kind: MessageWide, cost: costEnvelope, parse: parseIPRanges},
	{name: "sentTo", doc: "the recipient is one of these", value: formAddresses,
		kind: PerRecipient, cost: costRecipient, parse: parseSentTo},
	{name: "sentToMemberOf", doc: "the recipient is in one of these groups", value: formGroups,
		kind: PerRecipient, cost: costRecipient, parse: parseSentToMemberOf},
	{name: "subjectContainsWords", doc: "the subject contains a word", value: formWords,
		kind: MessageWide, cost: costHeader, parse: parseSubjectWords},
	{name: "subjectMatchesPatterns", doc: "the subject matches a pattern", value: formPatterns,
		kind: MessageWide, cost: costHeader, parse: parseSubjectPatterns},
	{name: "subjectOrBodyContainsWords", doc: "subject or body contains a word", value: formWords,
		kind: MessageWide, cost: costText, parse: parseBodyWords},
	{name: "subjectOrBodyMatchesPatterns", doc: "subject or body matches a pattern", value: formPatterns,
		kind: MessageWide, cost: costText, parse: parseBodyPatterns},
	{name: "unscannableDocumentExtensionIs", doc: "an attachment, or a file within one, could not be read and has one of these extensions, by its name or by its content", value: "list of extensions",
		kind: MessageWide, cost: costDocuments, parse: parseUnscannable},
}

// Conditions lists the catalogue by name: what reference pages are made from.
func Conditions() []Condition {
	list := make([]Condition, len(catalog))
	for i, c := range catalog {
		list[i] = Condition{Name: c.name, Doc: c.doc, Value: c.value, Kind: c.kind, Exception: !c.noException, Limit: c.limit(), Cost: c.cost}
	}
	return list
}

func conditionNames() []string {
	names := make([]string, len(catalog))
	for i, c := range catalog {
		names[i] = c.name
	}
	return names
}

// lookupCondition finds a condition of the catalogue by its exact name.
func lookupCondition(name string) *condition {
	i, ok := slices.BinarySearchFunc(catalog, name, func(c condition, name string) int { return strings.Compare(c.name, name) })
	if !ok {
		return nil
	}
	return &catalog[i]
}

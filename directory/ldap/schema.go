package ldap

import (
	"maps"
	"slices"
)

// Schema names the attributes in which a server keeps what Postern asks for.
// Where several are named, the values of all count, unless it says otherwise.
type Schema struct {
	PeopleBase, GroupBase string // empty is [Options.Base]
	// PeopleFilter and GroupFilter match the entries that are people and groups
	// (RFC 4515).
	PeopleFilter, GroupFilter string
	// PlainFilter matches groups that may be replaced by their members; empty
	// matches none.
	PlainFilter string

	// Mail holds addresses; the first value of the first attribute that has one is
	// the primary address, unless Proxies say otherwise.
	Mail []string
	// Proxies hold further addresses, with or without `smtp:` before them; one
	// with `SMTP:` in capitals is the primary address. Other types are passed over.
	Proxies []string
	// Logins hold login names. Domains are those that may stand before one, as in
	// `DOMAIN\anna`.
	Logins  []string
	Domains []string
	// Names hold the name of a person or group; the first attribute with a value
	// is shown, any finds a group.
	Names   []string
	Manager string // holds the distinguished name of the manager
	// Language holds what a person prefers to read, as an Accept-Language field lists
	// it (RFC 2798, section 2.7).
	Language string

	// Members of groups: by distinguished name, by the login of UserID, by address,
	// and as URLs of searches (RFC 4516).
	MemberDN   []string
	MemberID   []string
	UserID     string
	MemberMail []string
	MemberURL  []string
	// DynamicFilter and DynamicBase hold a search whose results are the members.
	DynamicFilter, DynamicBase string
	// InChain asks for nested groups in one search (Active Directory's rule
	// 1.2.840.113556.1.4.1941).
	InChain bool
	// PrimaryGroup reads primaryGroupID and objectSid.
	PrimaryGroup bool
	// EntryDN is an attribute that holds the distinguished name of the entry
	// itself.
	EntryDN string

	// Attributes are those of conditions, by the names of
	// [directory.AttributeNames].
	Attributes map[string][]string
}

// common are attributes that OpenLDAP's inetOrgPerson (RFC 2798) and Active
// Directory share.
var common = map[string][]string{
	"City":            {"l"},
	"Country":         {"c"},
	"FaxNumber":       {"facsimileTelephoneNumber"},
	"FirstName":       {"givenName"},
	"HomePhoneNumber": {"homePhone"},
	"Initials":        {"initials"},
	"LastName":        {"sn"},
	"MobileNumber":    {"mobile"},
	"PagerNumber":     {"pager"},
	"PhoneNumber":     {"telephoneNumber"},
	"POBox":           {"postOfficeBox"},
	"State":           {"st"},
	"Title":           {"title"},
	"ZipCode":         {"postalCode"},
	"Office":          {"physicalDeliveryOfficeName"},
}

// OpenLDAP is the schema of a server with core, cosine and inetOrgPerson, groups
// of names, groups of URLs and UNIX groups.
func OpenLDAP() Schema {
	attributes := maps.Clone(common)
	maps.Copy(attributes, map[string][]string{
		"Company":    {"o"},
		"Department": {"departmentNumber", "ou"},
		"Notes":      {"description"},
		"Office":     {"physicalDeliveryOfficeName", "roomNumber"},
		"Street":     {"street"},
	})
	return Schema{
		PeopleFilter: "(objectClass=person)",
		GroupFilter:  "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=groupOfURLs)(objectClass=nisMailAlias)(objectClass=mailGroup))",
		Mail:         []string{"mail"},
		Proxies:      []string{"mailAlternateAddress", "mailAlternativeAddress", "proxyAddresses"},
		Logins:       []string{"uid"},
		Names:        []string{"displayName", "cn"},
		Manager:      "manager",
		Language:     "preferredLanguage",
		MemberDN:     []string{"member", "uniqueMember"},
		MemberID:     []string{"memberUid"},
		UserID:       "uid",
		MemberMail:   []string{"rfc822MailMember", "mgrpRFC822MailMember"},
		MemberURL:    []string{"memberURL"},
		EntryDN:      "entryDN",
		Attributes:   attributes,
	}
}

// ActiveDirectory is the schema of Active Directory with that of Exchange.
func ActiveDirectory() Schema {
	attributes := maps.Clone(common)
	maps.Copy(attributes, map[string][]string{
		"Company":              {"company"},
		"Department":           {"department"},
		"Notes":                {"info"},
		"OtherFaxNumber":       {"otherFacsimileTelephoneNumber"},
		"OtherHomePhoneNumber": {"otherHomePhone"},
		"OtherPhoneNumber":     {"otherTelephone"},
		"Street":               {"streetAddress"},
		"CustomAttribute1":     {"extensionAttribute1"},
		"CustomAttribute2":     {"extensionAttribute2"},
		"CustomAttribute3":     {"extensionAttribute3"},
		"CustomAttribute4":     {"extensionAttribute4"},
		"CustomAttribute5":     {"extensionAttribute5"},
		"CustomAttribute6":     {"extensionAttribute6"},
		"CustomAttribute7":     {"extensionAttribute7"},
		"CustomAttribute8":     {"extensionAttribute8"},
		"CustomAttribute9":     {"extensionAttribute9"},
		"CustomAttribute10":    {"extensionAttribute10"},
		"CustomAttribute11":    {"extensionAttribute11"},
		"CustomAttribute12":    {"extensionAttribute12"},
		"CustomAttribute13":    {"extensionAttribute13"},
		"CustomAttribute14":    {"extensionAttribute14"},
		"CustomAttribute15":    {"extensionAttribute15"},
	})
	return Schema{
		// Contacts are of the class person too, and no people of the organisation.
		PeopleFilter:  "(&(objectCategory=person)(objectClass=user))",
		GroupFilter:   "(|(objectClass=group)(objectClass=msExchDynamicDistributionList))",
		Mail:          []string{"mail"},
		Proxies:       []string{"proxyAddresses"},
		Logins:        []string{"sAMAccountName", "userPrincipalName"},
		Names:         []string{"displayName", "cn", "sAMAccountName"},
		Manager:       "manager",
		Language:      "preferredLanguage",
		MemberDN:      []string{"member"},
		DynamicFilter: "msExchDynamicDLFilter",
		DynamicBase:   "msExchDynamicDLBaseDN",
		InChain:       true,
		PrimaryGroup:  true,
		EntryDN:       "distinguishedName",
		Attributes:    attributes,
	}
}

// inChain is the matching rule of Active Directory that follows members of
// members.
const inChain = ":1.2.840.113556.1.4.1941:"

// personNames and groupNames are the attributes that are asked for.
func (s *Schema) personNames() []string {
	names := slices.Concat(s.Mail, s.Proxies, s.Logins, s.Names, one(s.Manager), one(s.Language), one(s.UserID))
	for _, list := range s.Attributes {
		names = append(names, list...)
	}
	if s.PrimaryGroup {
		names = append(names, "objectSid", "primaryGroupID")
	}
	return unique(names)
}

func (s *Schema) groupNames() []string {
	return unique(slices.Concat(s.Mail, s.Proxies, s.Names, s.MemberURL, one(s.DynamicFilter), one(s.DynamicBase)))
}

func (s *Schema) memberNames() []string {
	return unique(slices.Concat(s.MemberDN, s.MemberID, s.MemberMail))
}

// names lists all attributes of the schema.
func (s *Schema) names() []string {
	return unique(slices.Concat(s.personNames(), s.groupNames(), s.memberNames(), one(s.EntryDN)))
}

// one gives a list of a name, or of none where it is empty.
func one(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

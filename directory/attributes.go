package directory

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// attributeNames lists every attribute of a person: the name it is kept under,
// which is that of Exchange's mail flow rules, then Purview's where it differs.
var attributeNames = [][]string{
	{"City"},
	{"Company"},
	{"Country", "Country or Region"},
	{"CustomAttribute1"},
	{"CustomAttribute2"},
	{"CustomAttribute3"},
	{"CustomAttribute4"},
	{"CustomAttribute5"},
	{"CustomAttribute6"},
	{"CustomAttribute7"},
	{"CustomAttribute8"},
	{"CustomAttribute9"},
	{"CustomAttribute10"},
	{"CustomAttribute11"},
	{"CustomAttribute12"},
	{"CustomAttribute13"},
	{"CustomAttribute14"},
	{"CustomAttribute15"},
	{"Department"},
	{"DisplayName"},
	{"Email", "Email Addresses"},
	{"FaxNumber", "Fax"},
	{"FirstName"},
	{"HomePhoneNumber"},
	{"Initials"},
	{"LastName"},
	{"Manager"},
	{"MobileNumber", "Mobile Phone"},
	{"Notes"},
	{"Office"},
	{"OtherFaxNumber", "OtherFax"},
	{"OtherHomePhoneNumber", "OtherHomePhone"},
	{"OtherPhoneNumber", "Other Telephone"},
	{"PagerNumber", "Pager"},
	{"PhoneNumber", "Phone"},
	{"POBox", "Post Office Box"},
	{"State", "State or Province"},
	{"Street", "Street Address"},
	{"Title"},
	{"UserLogonName"},
	{"ZipCode", "Postal Code"},
}

var attributeBySpelling = func() map[string]string {
	m := make(map[string]string)
	for _, spellings := range attributeNames {
		for _, s := range spellings {
			m[foldAttribute(s)] = spellings[0]
		}
	}
	return m
}()

func foldAttribute(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ""))
}

// AttributeName gives the name an attribute is kept under. The spellings of
// Exchange's mail flow rules and of Purview are known, compared without case and
// without blanks.
func AttributeName(name string) (string, bool) {
	canonical, ok := attributeBySpelling[foldAttribute(name)]
	return canonical, ok
}

// AttributeNames lists the names attributes are kept under, in alphabetic order
// with numbers by value.
func AttributeNames() []string {
	names := make([]string, len(attributeNames))
	for i, spellings := range attributeNames {
		names[i] = spellings[0]
	}
	return names
}

// attributeList names all attributes in one line.
func attributeList() string {
	names := slices.DeleteFunc(AttributeNames(), func(n string) bool {
		return strings.HasPrefix(n, "CustomAttribute")
	})
	return strings.Join(names, ", ") + ", CustomAttribute1 to CustomAttribute15"
}

// ClosestAttribute gives the spelling most likely meant by an unknown name, or
// the empty string when none is near.
func ClosestAttribute(name string) string {
	return strictyaml.Closest(name, slices.Concat(attributeNames...))
}

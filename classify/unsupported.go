package classify

import "strings"

// Unsupported tells whether a name or id is of a type that Purview has and this
// version has not: those that look for names, addresses, medical terms and
// diagnosis codes. It gives the name as Purview writes it.
func Unsupported(nameOrID string) (name string, ok bool) {
	for _, t := range unsupported {
		if strings.EqualFold(t.name, nameOrID) || t.id != "" && strings.EqualFold(t.id, nameOrID) {
			return t.name, true
		}
	}
	return "", false
}

// unsupported are the types of this kind, by name, with their ids where these are
// published.
var unsupported = []struct{ name, id string }{
	{"All full names", "50b8b56b-4ef8-44c2-a924-03374f5831ce"},
	{"All medical terms and conditions", "065bdd91-ef07-40d3-b8a4-0aea722eaa49"},
	{"All physical addresses", "8548332d-6d71-41f8-97db-cc3b5fa544e6"},
	{"Australia physical addresses", "d1d18c85-1203-46f5-b32f-2d6309de4e5b"},
	{"Austria physical addresses", ""},
	{"Belgium physical addresses", ""},
	{"Blood test terms", ""},
	{"Brand medication names", ""},
	{"Brazil physical addresses", ""},
	{"Bulgaria physical addresses", ""},
	{"Canada physical addresses", ""},
	{"Croatia physical addresses", ""},
	{"Cyprus physical addresses", ""},
	{"Czech Republic physical addresses", ""},
	{"Denmark physical addresses", ""},
	{"Diseases", "17066377-466d-43ff-997f-c9240414021c"},
	{"Estonia physical addresses", ""},
	{"Finland physical addresses", ""},
	{"France physical addresses", ""},
	{"Generic medication names", ""},
	{"Germany physical addresses", ""},
	{"Greece physical addresses", ""},
	{"Hungary physical addresses", ""},
	{"Iceland physical addresses", ""},
	{"Impairments Listed In The U.S. Disability Evaluation Under Social Security", ""},
	{"International classification of diseases (ICD-10-CM)", "3356946c-6bb7-449b-b253-6ffa419c0ce7"},
	{"International classification of diseases (ICD-9-CM)", "fa3f9c74-ee07-4c52-b5f2-085d6b2c0ec4"},
	{"Ireland physical addresses", ""},
	{"Italy physical addresses", ""},
	{"Japan physical addresses", ""},
	{"Lab test terms", "ee05bb9c-7b87-42e1-9987-446b243245d5"},
	{"Latvia physical addresses", ""},
	{"Liechtenstein physical addresses", ""},
	{"Lifestyles that relate to medical conditions", ""},
	{"Lithuania physical addresses", ""},
	{"Luxemburg physical addresses", ""},
	{"Malta physical addresses", ""},
	{"Medical specialties", ""},
	{"Netherlands physical addresses", ""},
	{"New Zealand physical addresses", ""},
	{"Norway physical addresses", ""},
	{"Poland physical addresses", ""},
	{"Portugal physical addresses", ""},
	{"Romania physical addresses", ""},
	{"Slovakia physical addresses", ""},
	{"Slovenia physical addresses", ""},
	{"Spain physical addresses", ""},
	{"Surgical procedures", ""},
	{"Sweden physical addresses", ""},
	{"Switzerland physical addresses", ""},
	{"Turkey physical addresses", "cf1d79ec-3162-49a8-9bcd-3cbeda2a3439"},
	{"Types of medication", "f6dc2d17-3549-41e2-af29-ae1846ae9542"},
	{"U.K. physical addresses", ""},
	{"U.S. physical addresses", "44aa44f2-63d1-41df-af0d-970283ac41e2"},
}

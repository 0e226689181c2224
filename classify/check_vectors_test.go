package classify

import (
	"encoding/json"
	"strings"
	"testing"
)

// vector is a number that others hold valid or not.
type vector struct {
	Kind, Number, Reason, Sit string
	Valid                     bool
}

// unchecked tells whether the vectors of a type are judged by format alone.
func unchecked(typ string) bool {
	if typ == "Poland passport number" {
		return false
	}
	for _, part := range []string{"passport", "driver", "Argentina national", "Indonesia", "Malaysia", "PAN", "Voter", "Malta tax",
		"citizen card", "SWIFT", "(NINO)", "U.S.", "Unique Taxpayer", "Austria identity"} {
		if strings.Contains(typ, part) {
			return true
		}
	}
	return false
}

// asWritten is a number as it counts: capitals and digits, without a country in
// front, which some sources write and others leave out.
func asWritten(s string) string {
	n := string(normalise(nil, narrow(s)))
	if len(n) > 8 && !isDigit(n[0]) && !isDigit(n[1]) && isDigit(n[2]) && isCountryPrefix(n[:2]) {
		return n[2:]
	}
	return n
}

func isCountryPrefix(s string) bool {
	return strings.Contains("AT BE CY DE EL FR GR HU IT LV MT NL PL SI", s)
}

// Numbers that others hold valid are found in a sentence with one keyword of their
// type, and those whose check digit is wrong are not, but for the exceptions, of
// which each names the rule that decides.
func TestVectorsOfOthers(t *testing.T) {
	c := Builtin()
	type tally struct{ valid, found, wrong, broken int }
	var checked, formal tally
	exceptions, vectors := 0, 0
	for _, file := range []string{"localflavor", "stdnum", "validatorjs"} {
		eachLine(t, "identifiers/"+file+".jsonl", func(line []byte) {
			var x vector
			if err := json.Unmarshal(line, &x); err != nil {
				t.Fatal(err)
			}
			typ, ok := c.Lookup(vectorType(&x))
			if !ok {
				return
			}
			vectors++
			if vectorExceptions[x.Sit+" "+strings.TrimSpace(x.Number)] != "" {
				exceptions++
				return
			}
			count := &checked
			if unchecked(typ.Name) {
				count = &formal
			}
			text := "As agreed, here is the " + keywordOf[typ.Name] + " " + strings.TrimSpace(x.Number) + " for your files."
			hit := false
			for _, d := range c.Scan(text, map[*Type]bool{typ: true}) {
				for _, m := range d.Matches {
					hit = hit || asWritten(m.Value.Reveal()) == asWritten(x.Number)
				}
			}
			switch {
			case x.Valid:
				count.valid++
				if hit {
					count.found++
				} else {
					t.Logf("%s (%s): %q is not found", x.Sit, x.Kind, x.Number)
				}
			case x.Reason == "InvalidChecksum":
				count.broken++
				if hit {
					count.wrong++
					if count == &checked {
						t.Errorf("%s (%s): %q is found, and its check digit is wrong", x.Sit, x.Kind, x.Number)
					}
				}
			case hit && count == &checked:
				t.Logf("%s (%s): %q is found, and held invalid by its source: %s", x.Sit, x.Kind, x.Number, x.Reason)
			}
		})
	}
	t.Logf("with check digit: %d of %d valid, %d of %d broken; without: %d of %d; %d exceptions of %d",
		checked.found, checked.valid, checked.wrong, checked.broken, formal.found, formal.valid, exceptions, vectors)
	if checked.found*100 < checked.valid*99 {
		t.Errorf("types with check digit: %d of %d found", checked.found, checked.valid)
	}
	if formal.found*100 < formal.valid*97 {
		t.Errorf("types without check digit: %d of %d found", formal.found, formal.valid)
	}
	if exceptions*100 > vectors {
		t.Errorf("%d exceptions of %d vectors are too many", exceptions, vectors)
	}
}

// vectorType gives the type that a vector is of: some sources accept the numbers
// of people and of companies alike, which are types of their own.
func vectorType(x *vector) string {
	n := string(normalise(nil, x.Number))
	switch {
	case x.Kind == "tax_id.pt-BR" && len(n) == 14:
		return "Brazil legal entity number (CNPJ)"
	case x.Kind == "tax_id.pl-PL" && len(n) == 10:
		return "Poland tax identification number"
	case x.Kind == "lv.pvn" && len(n) == 13:
		return "" // of a company
	case x.Kind == "tax_id.en-GB" && len(n) > 0 && !isDigit(n[0]):
		return "U.K. national insurance number (NINO)"
	}
	return x.Sit
}

// vectorExceptions are numbers about which a source and the type differ.
var vectorExceptions = map[string]string{
	"Belgium value added tax number 1234567890":                "Crossroads Bank: 97 less 12345678 modulo 97 is 94, the source compares no digits",
	"Austria value added tax ATU12345678":                      "VIES structure: the check digit is 5, the source compares none",
	"Germany value added tax number 123456789":                 "MOD 11,10: the check digit is 8, the source compares none",
	"Germany value added tax number DE123456789":               "MOD 11,10: the check digit is 8, the source compares none",
	"France value added tax number FR40123456789":              "SIREN 123456789 does not keep Luhn's formula",
	"France value added tax number FRA1123456789":              "SIREN 123456789 does not keep Luhn's formula",
	"France value added tax number FRAA123456789":              "SIREN 123456789 does not keep Luhn's formula",
	"Hungary value added tax number 12345678":                  "weights 9 7 3 1 give no multiple of ten, the source compares no digits",
	"Italy value added tax number 12345678910":                 "there is no province 891",
	"Netherlands value added tax number NL123456789B10":        "neither the eleven test nor MOD 97-10 holds, the source compares no digits",
	"Croatia personal identification (OIB) number 12345678901": "MOD 11,10: the check digit is 3, the source compares none",
	"Slovakia personal number 1234567890":                      "act 301/1995: there is no month 34",
	"Czech personal identity number 882101/0011":               "act 133/2000: 20 is added to months since 2004 only",
	"Canada social insurance number 000000000":                 "Service Canada: no number begins with 0",
	"New Zealand bank account number 01 1234 1234567 12":       "Inland Revenue: bank 01 has no branch 1234",
	"New Zealand bank account number 01 1234 1234567 123":      "Inland Revenue: bank 01 has no branch 1234",
	"New Zealand bank account number 01-1234-1234567-12":       "Inland Revenue: bank 01 has no branch 1234",
	"New Zealand bank account number 01-1234-1234567-123":      "Inland Revenue: bank 01 has no branch 1234",
	"New Zealand bank account number 011234123456712":          "Inland Revenue: bank 01 has no branch 1234",
	"New Zealand bank account number 0112341234567123":         "Inland Revenue: bank 01 has no branch 1234",
}

// keywordOf has one keyword of each type.
var keywordOf = map[string]string{
	"ABA routing number": "routing number",
	"Argentina Unique Tax Identification Key (CUIT/CUIL)":            "Clave Unica de Identificacion Tributaria",
	"Argentina national identity (DNI) number":                       "Argentina National Identity number",
	"Australia bank account number":                                  "swift bank code",
	"Australia business number":                                      "australia business no",
	"Australia company number":                                       "australia company no",
	"Australia driver's license number":                              "international driving permits",
	"Australia medical account number":                               "bank account details",
	"Australia passport number":                                      "passportid",
	"Australia tax file number":                                      "australian business number",
	"Austria driver's license number":                                "fuhrerschein",
	"Austria passport number":                                        "reisepassnummer",
	"Austria social security number":                                 "austrian ssn",
	"Austria tax identification number":                              "st.nr.",
	"Austria value added tax":                                        "vat number",
	"Belgium driver's license number":                                "rijbewijs",
	"Belgium national number":                                        "belasting aantal",
	"Belgium passport number":                                        "paspoort nr",
	"Belgium value added tax number":                                 "vat number",
	"Brazil CPF number":                                              "Identification",
	"Brazil legal entity number (CNPJ)":                              "CNPJ",
	"Brazil national identification card (RG)":                       "identity card",
	"Bulgaria driver's license number":                               "свидетелство за управление на мпс",
	"Bulgaria passport number":                                       "номер на паспорта",
	"Bulgaria uniform civil number":                                  "bucn",
	"Canada bank account number":                                     "canada savings bonds",
	"Canada health service number":                                   "personal health number",
	"Canada passport number":                                         "canadian citizenship",
	"Canada personal health identification number (PHIN)":            "social insurance number",
	"Canada social insurance number":                                 "social insurance",
	"Chile identity card number":                                     "national identification",
	"China resident identity card (PRC) number":                      "Resident Identity Card",
	"Credit card number":                                             "credit card",
	"Croatia driver's license number":                                "vozačka dozvola",
	"Croatia identity card number":                                   "master citizen number",
	"Croatia passport number":                                        "broj putovnice",
	"Croatia personal identification (OIB) number":                   "master citizen number",
	"Cyprus drivers license number":                                  "άδεια οδήγησης",
	"Cyprus identity card":                                           "id card number",
	"Cyprus passport number":                                         "pasaportu",
	"Cyprus tax identification number":                               "tax id",
	"Czech driver's license number":                                  "řidičský prúkaz",
	"Czech passport number":                                          "passeport no",
	"Czech personal identity number":                                 "birth number",
	"Denmark driver's license number":                                "kørekort",
	"Denmark passport number":                                        "pasnummer",
	"Denmark personal identification number":                         "centrale personregister",
	"Drug Enforcement Agency (DEA) number":                           "drug enforcement administration",
	"EU debit card number":                                           "debit card",
	"Estonia Personal Identification Code":                           "id-kaart",
	"Estonia driver's license number":                                "juhilubade numbrid",
	"Estonia passport number":                                        "eesti kodaniku pass",
	"Finland driver's license number":                                "ajokortti",
	"Finland european health insurance number":                       "ehic",
	"Finland national ID":                                            "hetu",
	"Finland passport number":                                        "suomalainen passi",
	"France driver's license number":                                 "driverlic",
	"France health insurance number":                                 "insurance card",
	"France national id card (CNI)":                                  "card number",
	"France passport number":                                         "passeport non",
	"France social security number (INSEE)":                          "insee",
	"France tax identification number":                               "tax id",
	"France value added tax number":                                  "vat number",
	"Germany driver's license number":                                "ausstellungsdatum",
	"Germany identity card number":                                   "ausweis",
	"Germany passport number":                                        "reisepasse",
	"Germany tax identification number":                              "identifikationsnummer",
	"Germany value added tax number":                                 "vat number",
	"Greece Social Security Number (AMKA)":                           "social security no",
	"Greece driver's license number":                                 "Adeia odigisis",
	"Greece national ID card":                                        "greek id",
	"Greece passport number":                                         "αριθμός διαβατηρίου",
	"Greece tax identification number":                               "tax id",
	"Hong Kong identity card (HKID) number":                          "hkid",
	"Hungary driver's license number":                                "vezetoi engedely",
	"Hungary passport number":                                        "útlevél száma",
	"Hungary personal identification number":                         "id number",
	"Hungary social security number (TAJ)":                           "hungarian social security number",
	"Hungary tax identification number":                              "hungarian tin",
	"Hungary value added tax number":                                 "value added tax number",
	"India GST number":                                               "gstin",
	"India Voter Id Card":                                            "voter",
	"India driver's license number":                                  "driverlic",
	"India permanent account number (PAN)":                           "Permanent Account Number",
	"India unique identification (Aadhaar) number":                   "aadhaar",
	"Indonesia identity card (KTP) number":                           "Kartu Tanda Penduduk",
	"International banking account number (IBAN)":                    "IBAN",
	"Ireland driver's license number":                                "ceadúnas tiomána",
	"Ireland passport number":                                        "passeport numero",
	"Ireland personal public service (PPS) number":                   "client identity service",
	"Israel bank account number":                                     "Bank Account Number",
	"Israel national identification number":                          "id number",
	"Italy driver's license number":                                  "numero di patente",
	"Italy fiscal code":                                              "codice fiscal",
	"Italy passport number":                                          "italiana passaporto",
	"Italy value added tax number":                                   "vat number",
	"Japan My Number - Corporate":                                    "corporate number",
	"Japan My Number - Personal":                                     "my number",
	"Japan bank account number":                                      "Checking Account Number",
	"Japan driver's license number":                                  "driverlicense",
	"Japan passport number":                                          "Passport",
	"Japan residence card number":                                    "Residence card number",
	"Japan resident registration number":                             "Resident Registration Number",
	"Japan social insurance number (SIN)":                            "Social Insurance No.",
	"Latvia driver's license number":                                 "autovadītāja apliecība",
	"Latvia passport number":                                         "pase numurs",
	"Latvia personal code":                                           "administrative number",
	"Lithuania driver's license number":                              "vairuotojo pažymėjimas",
	"Lithuania passport number":                                      "paso numeris",
	"Lithuania personal code":                                        "asmeninis skaitmeninis kodas",
	"Luxemburg driver's license number":                              "fahrerlaubnis",
	"Luxemburg national identification number (natural persons)":     "eindeutige id",
	"Luxemburg national identification number (non-natural persons)": "luxembourg tax identifikatiounsnummer",
	"Luxemburg passport number":                                      "ausweisnummer",
	"Malaysia identification card number":                            "digital application card",
	"Malta driver's license number":                                  "liċenzja tas-sewqan",
	"Malta identity card number":                                     "citizen service number",
	"Malta passport number":                                          "numru tal-passaport",
	"Malta tax identification number":                                "citizen service number",
	"Medicare Beneficiary Identifier (MBI) card":                     "medicare beneficiary identifier",
	"Mexico Unique Population Registry Code (CURP)":                  "Clave Unica de Registro de Poblacion",
	"Netherlands citizen's service (BSN) number":                     "burgerservicenummer",
	"Netherlands driver's license number":                            "permis de conduire",
	"Netherlands passport number":                                    "paspoort nummer",
	"Netherlands tax identification number":                          "btw nummer",
	"Netherlands value added tax number":                             "vat number",
	"New Zealand bank account number":                                "account number",
	"New Zealand driver's license number":                            "driverlicence",
	"New Zealand inland revenue number":                              "ird no.",
	"New Zealand ministry of health number":                          "New Zealand",
	"New Zealand social welfare number":                              "social welfare No.",
	"Norway identification number":                                   "Personal identification number",
	"Philippines passport number":                                    "passport",
	"Philippines unified multi-purpose identification number":        "Unified Multi-Purpose ID",
	"Poland REGON number":                                            "regon id",
	"Poland driver's license number":                                 "prawo jazdy",
	"Poland identity card":                                           "Numer dowodu osobistego",
	"Poland national ID (PESEL)":                                     "niepowtarzalny numer",
	"Poland passport number":                                         "numer paszportu",
	"Poland tax identification number":                               "numer identyfikacji podatkowej",
	"Portugal citizen card number":                                   "bilhete de identidade",
	"Portugal driver's license number":                               "carteira de motorista",
	"Portugal passport number":                                       "portuguese passport",
	"Portugal tax identification number":                             "numero fiscal",
	"Qatari identification card number":                              "D.O.B",
	"Romania driver's license number":                                "permis de conducere",
	"Romania passport number":                                        "numarul pasaportului",
	"Romania personal numeric code (CNP)":                            "cod identificare personal",
	"Russia passport number domestic":                                "passport number",
	"Russia passport number international":                           "passport number",
	"SWIFT code":                                                     "SWIFT code",
	"Saudi Arabia National ID":                                       "Identification Card",
	"Singapore national registration identity card (NRIC) number":    "National Registration Identity Card",
	"Slovakia driver's license number":                               "vodičský preukaz",
	"Slovakia passport number":                                       "číslo pasu",
	"Slovakia personal number":                                       "birth number",
	"Slovenia Unique Master Citizen Number":                          "id card",
	"Slovenia driver's license number":                               "vozniško dovoljenje",
	"Slovenia passport number":                                       "potek veljavnosti",
	"Slovenia tax identification number":                             "tax file no",
	"South Africa identification number":                             "Identity card",
	"South Korea resident registration number":                       "National ID card",
	"Spain DNI":                                             "documento nacional de identidad",
	"Spain driver's license number":                         "licencia de conducir",
	"Spain passport number":                                 "libreta pasaporte",
	"Spain social security number (SSN)":                    "socialsecurityno",
	"Spain tax identification number":                       "spanishcifid",
	"Sweden driver's license number":                        "ajokortti",
	"Sweden national ID":                                    "id no",
	"Sweden passport number":                                "alien registration card",
	"Sweden tax identification number":                      "personal id number",
	"Switzerland SSN AHV number":                            "insurance number",
	"Taiwan national identification number":                 "身份證字號",
	"Taiwan passport number":                                "ROC passport number",
	"Taiwan-resident certificate (ARC/TARC) number":         "Resident Certificate",
	"Thai population identification code":                   "ID Number",
	"Turkey national identification number":                 "TC Kimlik No",
	"U.K. Unique Taxpayer Reference Number":                 "tax number",
	"U.K. driver's license number":                          "driverlic",
	"U.K. electoral roll number":                            "council nomination",
	"U.K. national health service number":                   "NHS",
	"U.K. national insurance number (NINO)":                 "national insurance number",
	"U.S. / U.K. passport number":                           "british passport",
	"U.S. bank account number":                              "Checking Account Number",
	"U.S. individual taxpayer identification number (ITIN)": "ITIN",
	"U.S. social security number (SSN)":                     "SSN",
	"Ukraine passport domestic":                             "ukraine passport",
	"Ukraine passport international":                        "ukraine passport",
}

package classify

// prefixRange is a range of issuer identification numbers (ISO/IEC 7812-1),
// compared over as many leading digits as its ends have, with the lengths of the
// cards issued in it.
type prefixRange struct {
	digits   int
	from, to int
	min, max int
}

// issuerDigits are the leading digits of a card that all ranges are compared over.
const issuerDigits = 6

// widened gives ranges with ends of issuerDigits digits.
func widened(ranges []prefixRange) []prefixRange {
	for i := range ranges {
		for r := &ranges[i]; r.digits < issuerDigits; r.digits++ {
			r.from, r.to = r.from*10, r.to*10+9
		}
	}
	return ranges
}

// creditCardRanges follow what the card schemes publish. Lengths below 14 are no
// matter of the type.
var creditCardRanges = widened([]prefixRange{
	{1, 1, 1, 15, 15},       // UATP, JCB (1800)
	{4, 2131, 2131, 15, 15}, // JCB
	{4, 2221, 2720, 16, 16}, // Mastercard
	{3, 300, 305, 14, 19},   // Diners Club
	{4, 3095, 3095, 14, 19}, // Diners Club
	{2, 34, 34, 15, 15},     // American Express
	{2, 35, 35, 16, 19},     // JCB (3528 to 3589), RuPay; sample data takes all of it
	{2, 36, 36, 14, 19},     // Diners Club
	{2, 37, 37, 15, 15},     // American Express
	{2, 38, 39, 14, 19},     // Diners Club
	{1, 4, 4, 16, 16},       // Visa
	{1, 4, 4, 19, 19},       // Visa
	{2, 50, 50, 14, 19},     // Maestro, Dankort, RuPay (508)
	{2, 51, 55, 16, 16},     // Mastercard
	{2, 56, 59, 14, 19},     // Maestro
	{2, 60, 60, 16, 19},     // Discover (6011), RuPay
	{2, 61, 61, 14, 19},     // Maestro
	{2, 62, 62, 14, 19},     // UnionPay
	{2, 63, 63, 14, 19},     // Maestro, gift cards
	{3, 644, 649, 16, 19},   // Discover
	{2, 65, 65, 16, 19},     // Discover, RuPay
	{2, 66, 69, 14, 19},     // Maestro
	{2, 81, 82, 16, 19},     // UnionPay, RuPay
})

// euDebitCardRanges are those of Maestro and of the debit brands of Visa and
// their forerunners in Europe.
var euDebitCardRanges = widened([]prefixRange{
	{4, 4026, 4026, 16, 16},     // Visa Electron
	{4, 4405, 4405, 16, 16},     // Visa Electron
	{4, 4508, 4508, 16, 16},     // Visa Electron
	{6, 417500, 417500, 16, 16}, // Visa Electron
	{4, 4571, 4571, 16, 16},     // Visa/Dankort
	{4, 4844, 4844, 16, 16},     // Visa Electron
	{4, 4903, 4905, 16, 19},     // Switch
	{4, 4911, 4911, 16, 19},     // Switch
	{4, 4913, 4913, 16, 16},     // Visa Electron
	{4, 4917, 4917, 16, 16},     // Visa Electron
	{4, 4936, 4936, 16, 19},     // Switch
	{2, 50, 50, 16, 19},         // Maestro, Dankort
	{2, 56, 58, 16, 19},         // Maestro, Switch
	{3, 600, 600, 16, 19},       // Maestro
	{3, 602, 609, 16, 19},       // Maestro
	{2, 61, 61, 16, 19},         // Maestro
	{2, 63, 63, 16, 19},         // Maestro, Solo, Switch
	{2, 66, 69, 16, 19},         // Maestro, Solo, Bancontact
})

func issued(v []byte, ranges []prefixRange) bool {
	p := number(v[:issuerDigits])
	for i := range ranges {
		if r := &ranges[i]; p >= r.from && p <= r.to && len(v) >= r.min && len(v) <= r.max {
			return true
		}
	}
	return false
}

// creditCard keeps Luhn's formula and begins with a range of Visa, Mastercard,
// Discover, JCB, American Express, Diners Club, RuPay, UnionPay, UATP or Maestro,
// with as many digits as the scheme issues.
func creditCard(v []byte) bool { return issued(v, creditCardRanges) && luhn(v) }

// euDebitCard keeps Luhn's formula and begins with a range of the European debit
// schemes.
func euDebitCard(v []byte) bool { return issued(v, euDebitCardRanges) && luhn(v) }

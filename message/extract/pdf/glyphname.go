package pdf

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyphText gives the text that the name of a glyph stands for, by the rules of
// the Adobe Glyph List specification: "A.small" is A, "f_i" is fi, "uni0041" and
// "u1F600" give their character. Names of letters with marks are put together.
// It gives nothing for a name that says nothing.
func glyphText(n string) string {
	if base, _, ok := strings.Cut(n, "."); ok && base != "" {
		n = base
	}
	if n == "" || n[0] == '.' || len(n) > 100 {
		return ""
	}
	if !strings.Contains(n, "_") {
		return oneGlyph(n)
	}
	var b strings.Builder
	for _, part := range strings.Split(n, "_") {
		b.WriteString(oneGlyph(part))
	}
	return b.String()
}

func oneGlyph(n string) string {
	if len(n) == 1 {
		return n
	}
	if t, ok := glyphs[n]; ok {
		return t
	}
	if rest, ok := strings.CutPrefix(n, "uni"); ok && len(rest) >= 4 && len(rest)%4 == 0 {
		var b strings.Builder
		for ; rest != ""; rest = rest[4:] {
			r, err := strconv.ParseUint(rest[:4], 16, 16)
			if err != nil {
				return ""
			}
			b.WriteRune(rune(r))
		}
		return b.String()
	}
	if rest, ok := strings.CutPrefix(n, "u"); ok && len(rest) >= 4 && len(rest) <= 6 {
		if r, err := strconv.ParseUint(rest, 16, 32); err == nil && utf8.ValidRune(rune(r)) {
			return string(rune(r))
		}
	}
	if t := afii(n); t != "" {
		return t
	}
	// A letter, or one that is spelt, and its mark.
	for mark, combining := range marks {
		if base, ok := strings.CutSuffix(n, mark); ok && base != "" {
			if t := letter(base); t != "" {
				return norm.NFC.String(t + combining)
			}
		}
	}
	for _, form := range [...]string{"small", "superior", "inferior", "oldstyle", "fitted", "lining", "tabular", "alt"} {
		if base, ok := strings.CutSuffix(n, form); ok && base != "" {
			if t := letter(base); t != "" {
				return t
			}
		}
	}
	return ""
}

func letter(n string) string {
	if len(n) == 1 {
		return n
	}
	if t, ok := glyphs[n]; ok {
		return t
	}
	return afii(n)
}

// afii gives the letters of the registry that the list has under numbers.
func afii(n string) string {
	rest, ok := strings.CutPrefix(n, "afii")
	if !ok || len(rest) != 5 {
		return ""
	}
	code, err := strconv.Atoi(rest)
	if err != nil {
		return ""
	}
	for _, r := range [...]struct {
		lo, hi int
		first  rune
	}{
		{10017, 10022, 'А'}, {10023, 10023, 'Ё'}, {10024, 10049, 'Ж'}, {10050, 10050, 'Ґ'}, {10051, 10061, 'Ђ'}, {10062, 10062, 'Ў'},
		{10065, 10070, 'а'}, {10071, 10071, 'ё'}, {10072, 10097, 'ж'}, {10098, 10098, 'ґ'}, {10099, 10109, 'ђ'}, {10110, 10110, 'ў'},
		{10145, 10145, 'Џ'}, {10193, 10193, 'џ'}, {57392, 57401, '٠'}, {57409, 57434, 'ء'}, {57664, 57690, 'א'}, {61352, 61352, '№'},
		{57388, 57388, '،'}, {57403, 57403, '؛'}, {57407, 57407, '؟'}, {57440, 57450, 'ـ'}, {208, 208, '―'},
	} {
		if code >= r.lo && code <= r.hi {
			return string(r.first + rune(code-r.lo))
		}
	}
	return ""
}

// marks are the endings of names of letters with marks.
var marks = map[string]string{
	"grave": "\u0300", "acute": "\u0301", "circumflex": "\u0302", "tilde": "\u0303", "macron": "\u0304", "breve": "\u0306",
	"dotaccent": "\u0307", "dot": "\u0307", "dieresis": "\u0308", "hookabove": "\u0309", "ring": "\u030a", "hungarumlaut": "\u030b",
	"dblacute": "\u030b", "caron": "\u030c", "dblgrave": "\u030f", "invertedbreve": "\u0311", "horn": "\u031b",
	"dotbelow": "\u0323", "commaaccent": "\u0327", "cedilla": "\u0327", "ogonek": "\u0328", "tonos": "\u0301",
	"dieresistonos": "\u0308\u0301", "circumflexacute": "\u0302\u0301", "circumflexgrave": "\u0302\u0300", "circumflextilde": "\u0302\u0303",
	"circumflexhookabove": "\u0302\u0309", "circumflexdotbelow": "\u0323\u0302", "breveacute": "\u0306\u0301", "brevegrave": "\u0306\u0300",
	"brevetilde": "\u0306\u0303", "brevehookabove": "\u0306\u0309", "brevedotbelow": "\u0323\u0306", "hornacute": "\u031b\u0301",
	"horngrave": "\u031b\u0300", "horntilde": "\u031b\u0303", "hornhookabove": "\u031b\u0309", "horndotbelow": "\u031b\u0323", "ringacute": "\u030a\u0301",
}

// glyphs are the names that have a text of their own.
var glyphs = func() map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(spelt), "\n") {
		fields := strings.Fields(line)
		for i := 0; i+1 < len(fields); i += 2 {
			m[fields[i]] = fields[i+1]
		}
	}
	m["space"], m["nbspace"], m["nonbreakingspace"], m["tab"] = " ", "\u00a0", "\u00a0", "\t"
	m["sfthyphen"], m["softhyphen"] = "\u00ad", "\u00ad"
	return m
}()

const spelt = `
exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle ' parenleft ( parenright ) asterisk * plus +
comma , hyphen - period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 colon : semicolon ;
less < equal = greater > question ? at @ bracketleft [ backslash \ bracketright ] asciicircum ^ underscore _ grave ` + "`" + `
braceleft { bar | braceright } asciitilde ~ exclamdown ¡ cent ¢ sterling £ currency ¤ yen ¥ brokenbar ¦ section § dieresis ¨
copyright © ordfeminine ª guillemotleft « logicalnot ¬ registered ® macron ¯ degree ° plusminus ± twosuperior ² threesuperior ³
acute ´ mu µ mu1 µ paragraph ¶ periodcentered · middot · cedilla ¸ onesuperior ¹ ordmasculine º guillemotright » onequarter ¼ onehalf ½
threequarters ¾ questiondown ¿ AE Æ Eth Ð multiply × Oslash Ø Thorn Þ germandbls ß ae æ eth ð divide ÷ oslash ø thorn þ
Dcroat Đ dcroat đ dmacron đ Dslash Đ Hbar Ħ hbar ħ dotlessi ı dotlessj ȷ IJ Ĳ ij ĳ kgreenlandic ĸ Lslash Ł lslash ł Ldot Ŀ ldot ŀ
napostrophe ŉ Eng Ŋ eng ŋ OE Œ oe œ Tbar Ŧ tbar ŧ longs ſ florin ƒ Schwa Ə schwa ə Ohorn Ơ ohorn ơ Uhorn Ư uhorn ư
Germandbls ẞ AEacute Ǽ aeacute ǽ Oslashacute Ǿ oslashacute ǿ Dcaron Ď dcaron ď lcaron ľ tcaron ť
Scommaaccent Ș scommaaccent ș Tcommaaccent Ț tcommaaccent ț
circumflex ˆ caron ˇ breve ˘ dotaccent ˙ ring ˚ ogonek ˛ tilde ˜ hungarumlaut ˝ endash – emdash — horizontalbar ― figuredash ‒ quoteleft ‘ quoteright ’
quotesinglbase ‚ quotereversed ‛ quotedblleft “ quotedblright ” quotedblbase „ dagger † daggerdbl ‡ bullet • onedotenleader ․ twodotenleader ‥ ellipsis …
perthousand ‰ minute ′ second ″ guilsinglleft ‹ guilsinglright › exclamdbl ‼ overline ‾ fraction ⁄ Euro € euro € franc ₣ lira ₤ peseta ₧ dong ₫ trademark ™ servicemark ℠
ff ff fi fi fl fl ffi ffi ffl ffl st st Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν Xi Ξ
Omicron Ο Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ
lambda λ nu ν xi ξ omicron ο pi π rho ρ sigma1 ς sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω theta1 ϑ phi1 ϕ omega1 ϖ Upsilon1 ϒ
Ifraktur ℑ Rfraktur ℜ aleph ℵ weierstrass ℘ estimated ℮ Ohm Ω increment ∆ partialdiff ∂ universal ∀ existential ∃ emptyset ∅ gradient ∇ element ∈ notelement ∉
suchthat ∋ product ∏ summation ∑ minus − asteriskmath ∗ radical √ proportional ∝ infinity ∞ angle ∠ logicaland ∧ logicalor ∨ intersection ∩ union ∪
integral ∫ therefore ∴ similar ∼ congruent ≅ approxequal ≈ notequal ≠ equivalence ≡ lessequal ≤ greaterequal ≥ propersubset ⊂ propersuperset ⊃
notsubset ⊄ reflexsubset ⊆ reflexsuperset ⊇ circleplus ⊕ circlemultiply ⊗ perpendicular ⊥ dotmath ⋅ lozenge ◊ arrowleft ← arrowup ↑ arrowright → arrowdown ↓
arrowboth ↔ arrowupdn ↕ arrowdblleft ⇐ arrowdblup ⇑ arrowdblright ⇒ arrowdbldown ⇓ arrowdblboth ⇔ carriagereturn ↵ spade ♠ club ♣ heart ♥ diamond ♦
angleleft 〈 angleright 〉 filledbox ■ H22073 □ triagup ▲ triagdn ▼ circle ○ H18533 ● H18543 ▪ checkmark ✓ apple  commercialat @
onethird ⅓ twothirds ⅔ oneeighth ⅛ threeeighths ⅜ fiveeighths ⅝ seveneighths ⅞ numero № nsuperior ⁿ
zerosuperior ⁰ foursuperior ⁴ fivesuperior ⁵ sixsuperior ⁶ sevensuperior ⁷ eightsuperior ⁸ ninesuperior ⁹
hyphentwo ‐ nonbreakinghyphen ‑ space160 · Cedilla ¸ sheqel ₪ newsheqelsign ₪ colonmonetary ₡ rupee ₹ Rupee ₹ won ₩
`

package pdf

import (
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// table gives the text of each code of a font with codes of one octet.
type table [256]string

// The encodings of ISO 32000-2, annex D.
var (
	winAnsi      = ofCharmap(charmap.Windows1252, "\x7f•\x81•\x8d•\x8f•\x90•\x9d•\xa0 \xad-")
	macRoman     = ofCharmap(charmap.Macintosh, "\xca ")
	standard     = standardTable()
	symbol       = symbolTable()
	zapfDingbats = dingbatsTable()
	pdfDoc       = pdfDocTable()
)

// ofCharmap makes a table of a character map and the codes in which it differs,
// each followed by its text.
func ofCharmap(m *charmap.Charmap, but string) *table {
	var t table
	for i := 32; i < 256; i++ {
		if r := m.DecodeByte(byte(i)); r >= ' ' && r != 0x7f && r != '\ufffd' && (r < 0x80 || r > 0x9f) {
			t[i] = string(r)
		}
	}
	for len(but) > 1 {
		code := but[0]
		r := []rune(but[1:])[0]
		t[code] = string(r)
		but = but[1+len(string(r)):]
	}
	return &t
}

// put sets codes from one on; "_" leaves one out.
func (t *table) put(code int, list string) {
	for _, n := range strings.Fields(list) {
		if n != "_" {
			t[code] = n
		}
		code++
	}
}

func ascii() *table {
	var t table
	for i := 32; i < 127; i++ {
		t[i] = string(rune(i))
	}
	return &t
}

func standardTable() *table {
	t := ascii()
	t['\''], t['`'] = "’", "‘"
	t.put(0xa1, "¡ ¢ £ ⁄ ¥ ƒ § ¤ ' “ « ‹ › fi fl _ – † ‡ · _ ¶ • ‚ „ ” » … ‰ _ ¿ _ ` ´ ˆ ˜ ¯ ˘ ˙ ¨ _ ˚ ¸ _ ˝ ˛ ˇ —")
	t.put(0xe1, "Æ _ ª _ _ _ _ Ł Ø Œ º _ _ _ _ _ æ _ _ _ ı _ _ ł ø œ ß")
	return t
}

func pdfDocTable() *table {
	t := *ofCharmap(charmap.ISO8859_1, "")
	t.put(0x18, "˘ ˇ ˆ ˙ ˝ ˛ ˚ ˜")
	t.put(0x80, "• † ‡ … — – ƒ ⁄ ‹ › − ‰ „ “ ” ‘ ’ ‚ ™ fi fl Ł Œ Š Ÿ Ž ı ł œ š ž _ €")
	t[9], t[10], t[13] = "\t", "\n", "\n"
	return &t
}

func symbolTable() *table {
	t := ascii()
	t.put(0x22, "∀ # ∃ % & ∋")
	t[0x2a], t[0x2d], t[0x40] = "∗", "−", "≅"
	t.put(0x41, "Α Β Χ Δ Ε Φ Γ Η Ι ϑ Κ Λ Μ Ν Ο Π Θ Ρ Σ Τ Υ ς Ω Ξ Ψ Ζ [ ∴ ] ⊥ _ ‾ α β χ δ ε φ γ η ι ϕ κ λ μ ν ο π θ ρ σ τ υ ϖ ω ξ ψ ζ { | } ∼")
	t.put(0xa0, "€ ϒ ′ ≤ ⁄ ∞ ƒ ♣ ♦ ♥ ♠ ↔ ← ↑ → ↓ ° ± ″ ≥ × ∝ ∂ • ÷ ≠ ≡ ≈ … _ _ ↵ ℵ ℑ ℜ ℘ ⊗ ⊕ ∅ ∩ ∪ ⊃ ⊇ ⊄ ⊂ ⊆ ∈ ∉ ∠ ∇ ® © ™ ∏ √ ⋅ ¬ ∧ ∨ ⇔ ⇐ ⇑ ⇒ ⇓ ◊ 〈 ® © ™ ∑")
	t.put(0xf1, "〉 ∫")
	return t
}

// dingbatsTable goes by the block of Unicode, which was laid out by the font.
func dingbatsTable() *table {
	var t table
	t[' '] = " "
	for i := 0x21; i < 0x7f; i++ {
		t[i] = string(rune(0x2701 + i - 0x21))
	}
	for i := 0xa1; i < 0xff; i++ {
		t[i] = string(rune(0x2761 + i - 0xa1))
	}
	for i, r := range map[int]rune{0x25: '☎', 0x2a: '☛', 0x2b: '☞', 0x48: '★', 0x6c: '●', 0x6e: '■', 0x73: '▲', 0x74: '▼', 0x75: '◆', 0x77: '◗', 0xd5: '→', 0xd6: '↔', 0xd7: '↕'} {
		t[i] = string(r)
	}
	t.put(0xa8, "♣ ♦ ♥ ♠ ① ② ③ ④ ⑤ ⑥ ⑦ ⑧ ⑨ ⑩")
	return &t
}

// textString reads a text string (ISO 32000-2, section 7.9.2.2): UTF-16, UTF-8 or
// PDFDocEncoding.
func textString(s string) string {
	switch {
	case strings.HasPrefix(s, "\xfe\xff"):
		return withoutLanguage(unicodeText(s[2:]))
	case strings.HasPrefix(s, "\xff\xfe"):
		swapped := []byte(s[2:])
		for i := 0; i+1 < len(swapped); i += 2 {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		}
		return withoutLanguage(unicodeText(string(swapped)))
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		return withoutLanguage(strings.ToValidUTF8(s[3:], "\ufffd"))
	}
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(pdfDoc[s[i]])
	}
	return b.String()
}

// withoutLanguage drops the escape sequences that name a language.
func withoutLanguage(s string) string {
	if strings.IndexByte(s, '\x1b') < 0 {
		return s
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "\x1b") {
		// Every other part is the name of a language.
		if i%2 == 0 || len(part) > 8 {
			b.WriteString(part)
		}
	}
	return b.String()
}

package extract

// formulaTexts keeps the texts that a formula of BIFF8 holds ([MS-XLS] section
// 2.5.198): they may be shown under another condition, or be those of a macro.
func (w *workbookFile) formulaTexts(tokens []byte) {
	const (
		ptgString = 0x17
		ptgAttr   = 0x19
		choose    = 4 // of an attribute: a table of jumps follows
	)
	for len(tokens) > 0 {
		id := tokens[0]
		tokens = tokens[1:]
		size := 0
		switch {
		case id == ptgString:
			if len(tokens) < 2 {
				return
			}
			n := int(tokens[0])
			size = 2 + n
			if tokens[1]&1 != 0 {
				size += n
			}
			t := biffText{b: within(tokens, 2, int64(size-2))}
			w.literal(t.characters(n, tokens[1]))
		case id == ptgAttr:
			size = 3
			if len(tokens) >= 3 && tokens[0]&choose != 0 {
				size += 2 * (le16(tokens, 1) + 1)
			}
		default:
			var known bool
			if size, known = tokenSize(id); !known {
				return
			}
		}
		if size > len(tokens) {
			return
		}
		tokens = tokens[size:]
	}
}

// tokenSize gives the octets behind the first one of a token.
func tokenSize(id byte) (int, bool) {
	if id < 0x20 {
		switch id {
		case 0x01, 0x02:
			return 4, true
		case 0x1c, 0x1d:
			return 1, true
		case 0x1e:
			return 2, true
		case 0x1f:
			return 8, true
		}
		return 0, id >= 0x03 && id <= 0x16
	}
	switch id&0x1f | 0x20 {
	case 0x20:
		return 7, true
	case 0x21, 0x29:
		return 2, true
	case 0x22:
		return 3, true
	case 0x23, 0x24, 0x2a, 0x2c:
		return 4, true
	case 0x25, 0x2b, 0x2d:
		return 8, true
	case 0x26, 0x27, 0x28, 0x39, 0x3a, 0x3c:
		return 6, true
	case 0x3b, 0x3d:
		return 10, true
	}
	return 0, false
}

// literal keeps a text of a formula once for the end of the sheet; those of one
// or two characters part others.
func (w *workbookFile) literal(s string) {
	if len(s) < 3 || w.literals[s] || len(w.literals) > 100_000 {
		return
	}
	w.literals[s] = true
	w.aside(s)
}

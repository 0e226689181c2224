package extract

// cellRecord reads a record that holds values of cells.
func (w *workbookFile) cellRecord(rec *biffRecord) {
	d := rec.data
	if len(d) < 6 {
		if rec.kind == biffString || rec.kind == 0x0007 {
			w.formulaText(rec)
		}
		return
	}
	row, column, style := le16(d, 0), le16(d, 2), le16(d, 4)
	switch rec.kind {
	case biffLabelSST:
		if i := le32(d, 6); int64(i) < int64(len(w.shared)) {
			w.cell(row, column, w.shared[i])
		}
	case biffLabel, biffRString:
		w.cell(row, column, oneLine(w.string(rec, 6, 2)))
	case biffNumber:
		if len(d) >= 14 {
			w.number(row, column, style, float64At(d, 6))
		}
	case biffRK:
		if len(d) >= 10 {
			w.number(row, column, style, rkNumber(le32(d, 6)))
		}
	case biffMulRK:
		for at := 4; at+6 <= len(d)-2; at += 6 {
			w.number(row, column, le16(d, at), rkNumber(le32(d, at+2)))
			column++
		}
	case biffBoolErr:
		if len(d) >= 8 {
			w.cell(row, column, boolOrError(d[6], d[7]))
		}
	case biffFormula, 0x0206, 0x0406:
		at := 6
		if w.version == 2 {
			at = 7
		}
		w.formula(row, column, style, d, at)
	case biffString, 0x0007:
		w.formulaText(rec)
	default:
		if w.version == 2 {
			w.oldCell(rec, row, column)
		}
	}
}

// oldCell reads the cells of BIFF2, which have attributes of three octets.
func (w *workbookFile) oldCell(rec *biffRecord, row, column int) {
	d := rec.data
	style := int(d[4] & 0x3f)
	switch rec.kind {
	case 0x0002:
		if len(d) >= 9 {
			w.number(row, column, style, float64(le16(d, 7)))
		}
	case 0x0003:
		if len(d) >= 15 {
			w.number(row, column, style, float64At(d, 7))
		}
	case 0x0004:
		w.cell(row, column, oneLine(rec.narrowString(7, 1, w.cp)))
	case 0x0005:
		if len(d) >= 9 {
			w.cell(row, column, boolOrError(d[7], d[8]))
		}
	}
}

func boolOrError(value, isError byte) string {
	switch {
	case isError != 0:
		return biffError(value)
	case value != 0:
		return "TRUE"
	}
	return "FALSE"
}

// formula keeps the result that is stored with a formula ([MS-XLS] section
// 2.5.133).
func (w *workbookFile) formula(row, column, style int, d []byte, at int) {
	if len(d) < at+8 {
		return
	}
	w.pending = nil
	if w.version == 8 {
		w.formulaTexts(within(d, 22, int64(le16(d, 20))))
	}
	if le16(d, at+6) != 0xffff {
		w.number(row, column, style, float64At(d, at))
		return
	}
	switch d[at] {
	case 0:
		w.pending = &sheetCell{row: row, column: column}
	case 1:
		w.cell(row, column, boolOrError(d[at+2], 0))
	case 2:
		w.cell(row, column, boolOrError(d[at+2], 1))
	}
}

// formulaText keeps the text that is the result of the formula before it.
func (w *workbookFile) formulaText(rec *biffRecord) {
	if w.pending == nil {
		return
	}
	c := *w.pending
	w.pending = nil
	count := 2
	if rec.kind == 0x0007 && w.version == 2 {
		count = 1
	}
	w.cell(c.row, c.column, oneLine(w.string(rec, 0, count)))
}

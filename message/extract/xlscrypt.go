package extract

import (
	"bytes"
	"encoding/binary"
)

// biffKey decrypts the data of a record.
type biffKey func(*biffRecord)

// unlock opens an encrypted workbook when it needs no secret ([MS-XLS] section
// 2.2.10).
func (w *workbookFile) unlock(rec *biffRecord) bool {
	d := rec.data
	how := "XOR obfuscation"
	if w.version == 8 && le16(d, 0) == 1 {
		var key legacyKey
		var ok bool
		if key, how, ok = openLegacy(d[2:]); ok {
			w.r.doc.Encryption = how
			w.key = rc4Records(key, w.r)
			return true
		}
	} else {
		pair := d
		if w.version == 8 && len(d) >= 6 {
			pair = d[2:]
		}
		for _, p := range openPasswords {
			if key, ok := xorKey(p, le16(pair, 0), le16(pair, 2)); ok && len(pair) >= 4 {
				w.r.doc.Encryption = how + ", opens without a secret"
				w.key = xorRecords(key)
				return true
			}
		}
	}
	w.r.doc.Encryption = how
	w.r.fail(Protected, "an encrypted workbook")
	return false
}

// clearOctets is how many octets at the beginning of a record are not encrypted.
func clearOctets(kind, size int) int {
	switch kind {
	case biffBOF, biffFilePass, 0x00e1, 0x0193, 0x0195, 0x0196, 0x0138:
		return size
	case biffSheet:
		return min(4, size)
	}
	return 0
}

// eachPart goes over the record and those that go on with it, with the place of
// their data in the stream, and replaces them by what it is given.
func (rec *biffRecord) eachPart(decrypt func(at int, data []byte, clear int) []byte) {
	at := rec.at + 4
	size := len(rec.data)
	rec.data = decrypt(at, rec.data, clearOctets(rec.kind, size))
	at += size
	for i, p := range rec.parts {
		at += 4
		rec.parts[i] = decrypt(at, p, 0)
		at += len(p)
	}
}

// rc4Records decrypts records in blocks of 1024 octets of the stream.
func rc4Records(key legacyKey, r *reader) biffKey {
	const block = 1024
	stream, number := []byte(nil), -1
	return func(rec *biffRecord) {
		rec.eachPart(func(at int, data []byte, clear int) []byte {
			out := bytes.Clone(data)
			for i := clear; i < len(out); i++ {
				if n := (at + i) / block; n != number {
					if r.expired() {
						return out
					}
					stream, number = legacyDecrypt(make([]byte, block), key(uint32(n))), n
				}
				out[i] ^= stream[(at+i)%block]
			}
			return out
		})
	}
}

// xorRecords takes back the obfuscation of records ([MS-OFFCRYPTO] section
// 2.3.7.3).
func xorRecords(key [16]byte) biffKey {
	return func(rec *biffRecord) {
		rec.eachPart(func(at int, data []byte, clear int) []byte {
			out := bytes.Clone(data)
			for i := clear; i < len(out); i++ {
				c := out[i] ^ key[(at+len(data)+i)&15]
				out[i] = c>>5 | c<<3
			}
			return out
		})
	}
}

var (
	xorInitial = [15]uint16{0xe1f0, 0x1d0f, 0xcc9c, 0x84c0, 0x110c, 0x0e10, 0xf1ce, 0x313e, 0x1872, 0xe139, 0xd40f, 0x84f9, 0x280c, 0xa96a, 0x4ec3}
	xorPad     = [15]byte{0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00}
	xorFirst   = [15]uint16{0xaefc, 0x7b61, 0x4563, 0x0375, 0xd849, 0x6f45, 0xeb23, 0x47d3, 0xb861, 0x45a0, 0xaa51, 0x76b4, 0x3730, 0x3331, 0x1021}
)

// xorRow gives the seven words of the matrix for a character: each is the one
// before it shifted, with a polynomial where a bit fell out.
func xorRow(i int) (row [7]uint16) {
	row[0] = xorFirst[i]
	for k := 1; k < 7; k++ {
		row[k] = row[k-1] << 1
		if row[k-1]&0x8000 != 0 {
			row[k] ^= 0x1021
		}
	}
	return row
}

// xorKey makes the 16 octets of a password (method 1, section 2.3.7.2) and checks
// it against the key and the verifier of the file.
func xorKey(password string, key, verifier int) (array [16]byte, ok bool) {
	n := len(password)
	if n < 1 || n > 15 || xorVerifier(password) != verifier {
		return array, false
	}
	k := xorInitial[n-1]
	last := len(xorFirst) - n
	for i := n - 1; i >= 0; i-- {
		row := xorRow(last + i)
		for bit := range 7 {
			if password[i]>>bit&1 != 0 {
				k ^= row[bit]
			}
		}
	}
	if int(k) != key {
		return array, false
	}
	var halves [2]byte
	binary.LittleEndian.PutUint16(halves[:], k)
	text := append([]byte(password), xorPad[:]...)
	for i := range array {
		c := text[i] ^ halves[i&1]
		array[i] = c>>1 | c<<7
	}
	return array, true
}

// xorVerifier gives the verifier of a password (section 2.3.7.1).
func xorVerifier(password string) int {
	v := 0
	turn := func(c int) { v = (v>>14&1 | v<<1&0x7fff) ^ c }
	for i := len(password) - 1; i >= 0; i-- {
		turn(int(password[i]))
	}
	turn(len(password))
	return v ^ 0xce4b
}

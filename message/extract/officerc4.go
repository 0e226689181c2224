package extract

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"unicode/utf16"
)

// openPasswords are those with which Office itself tries a document before it
// asks: what opens with one is open to everybody.
var openPasswords = []string{"VelvetSweatshop", "", "/01Hannes Ruescher/01"}

func utf16Password(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// legacyKey gives the RC4 key of a block.
type legacyKey func(block uint32) []byte

// openLegacy finds the password that opens the encryption of the older formats
// by its header ([MS-OFFCRYPTO] sections 2.3.5 and 2.3.6); how tells the kind.
func openLegacy(header []byte) (key legacyKey, how string, ok bool) {
	major, minor := le16(header, 0), le16(header, 2)
	open := cryptoAPIKey
	switch {
	case major == 1 && minor == 1:
		how, open = "RC4 encryption", rc4Key
	case major >= 2 && major <= 4 && minor == 2:
		how = "RC4 CryptoAPI encryption"
	default:
		return nil, "an unknown encryption", false
	}
	for _, p := range openPasswords {
		if key, ok = open(header, p); ok {
			return key, how + ", opens without a secret", true
		}
	}
	return nil, how, false
}

// rc4Key derives the key of RC4 encryption with 40 bits and checks the password.
func rc4Key(header []byte, password string) (legacyKey, bool) {
	if len(header) < 52 {
		return nil, false
	}
	salt := header[4:20]
	h := md5.Sum(utf16Password(password))
	h = md5.Sum(bytes.Repeat(append(bytes.Clone(h[:5]), salt...), 16))
	key := func(block uint32) []byte {
		k := md5.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:5]), block))
		return k[:]
	}
	plain := legacyDecrypt(header[20:52], key(0))
	sum := md5.Sum(plain[:16])
	return key, bytes.Equal(sum[:], plain[16:])
}

// cryptoAPIKey derives the key of RC4 CryptoAPI encryption and checks the
// password.
func cryptoAPIKey(header []byte, password string) (legacyKey, bool) {
	size := int64(le32(header, 8))
	verifier := within(header, 12+size, int64(len(header)))
	if size < 32 || size > 4096 || len(verifier) < 60 || le32(header, 12+8) != 0x6801 {
		return nil, false
	}
	bits := int(le32(header, 12+16))
	if bits == 0 {
		bits = 40
	}
	if bits%8 != 0 || bits > 128 || bits < 40 {
		return nil, false
	}
	h := sha1.Sum(append(bytes.Clone(verifier[4:20]), utf16Password(password)...))
	key := func(block uint32) []byte {
		k := sha1.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:]), block))
		if bits == 40 {
			return append(bytes.Clone(k[:5]), make([]byte, 11)...)
		}
		return bytes.Clone(k[:bits/8])
	}
	plain := legacyDecrypt(append(bytes.Clone(verifier[20:36]), verifier[40:60]...), key(0))
	sum := sha1.Sum(plain[:16])
	return key, bytes.Equal(sum[:], plain[16:])
}

func legacyDecrypt(b, key []byte) []byte {
	out := make([]byte, len(b))
	c, err := rc4.NewCipher(key)
	if err != nil {
		return out
	}
	c.XORKeyStream(out, b)
	return out
}

// blocks decrypts octets in blocks of a size, each with a key of its own. The
// first clear ones are not encrypted but counted.
func (key legacyKey) blocks(r *reader, b []byte, size, clear int) []byte {
	if r.left.inflated -= int64(len(b)); r.left.inflated < 0 {
		r.fail(Truncated, limitInflated)
		return nil
	}
	out := make([]byte, 0, len(b))
	for block := uint32(0); len(out) < len(b) && !r.expired(); block++ {
		part := b[len(out):min(len(out)+size, len(b))]
		out = append(out, legacyDecrypt(part, key(block))...)
	}
	copy(out[:min(clear, len(out))], b)
	return out
}

// decrypt opens an encrypted Word document ([MS-DOC] section 2.2.6), when it
// needs no secret.
func (w *wordFile) decrypt(flags int) bool {
	if flags&fibXOR != 0 || w.old || w.table == nil {
		return false
	}
	size := int64(le32(w.main, fibKey))
	key, how, ok := openLegacy(within(w.table, 0, size))
	if !ok {
		return false
	}
	w.r.doc.Encryption = how
	w.main = key.blocks(w.r, w.main, 512, 68)
	w.table = key.blocks(w.r, w.table, 512, int(size))
	w.data = key.blocks(w.r, w.data, 512, 0)
	return len(w.main) >= fibCounts
}

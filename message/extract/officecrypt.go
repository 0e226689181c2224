package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"hash"
	"strings"
)

// The beginnings of what rights management wraps: a message that is compressed
// ([MS-OXORMMS]) and a file of any kind.
var rightsMagic = [...]string{"\x76\xe8\x04\x60\xc4\x11\xe3\x86", ".pfile"}

const rightsManaged = "protected by rights management"

// openEncrypted opens an Office document that is encrypted as a whole, when it
// needs no secret: its content then takes the place of the file. It tells whether
// there is anything to go on with.
func openEncrypted(r *reader) bool {
	for _, magic := range rightsMagic {
		if bytes.HasPrefix(r.content, []byte(magic)) {
			r.doc.MediaType, r.doc.Extension = "application/x-microsoft-rpmsg-message", "rpmsg"
			if magic[0] == '.' {
				r.doc.MediaType, r.doc.Extension = "application/x-microsoft-pfile", "pfile"
			}
			r.doc.Encryption = rightsManaged
			r.fail(Protected, rightsManaged)
			return false
		}
	}
	if !bytes.HasPrefix(r.content, oleMagic) {
		return true
	}
	f := openCFB(r)
	if f == nil || len(f.root.children) == 0 {
		if !bytes.Contains(r.content, encryptedPackage) {
			return true
		}
		r.describe()
		r.doc.Encryption = "an encrypted Office document"
		r.fail(Protected, "an encrypted Office document")
		return false
	}
	if f.root.child("\x09DRMContent") == nil && f.root.child("EncryptedPackage") == nil {
		return true
	}
	r.readOLEProperties(f.root)
	plain, how := f.openPackage()
	r.doc.Encryption = how
	if plain == nil {
		r.describe()
		r.fail(Protected, "an encrypted Office document")
		return false
	}
	r.content, r.texty = plain, 0
	return true
}

// openPackage decrypts the package of a document ([MS-OFFCRYPTO] section 2.3.4).
// Without a secret that opens it gives nil.
func (f *cfb) openPackage() (plain []byte, how string) {
	spaces := f.root.child("\x06DataSpaces")
	info := f.root.stream("EncryptionInfo")
	if spaces != nil && spaces.find("TransformInfo", "DRMEncryptedTransform") != nil || f.root.child("\x09DRMContent") != nil || info == nil {
		return nil, rightsManaged
	}
	data := f.root.stream("EncryptedPackage")
	major, minor := le16(info, 0), le16(info, 2)
	switch {
	case major == 4 && minor == 4:
		return f.openAgile(info, data)
	case major >= 2 && major <= 4 && minor == 2:
		return f.openStandard(info, data)
	}
	return nil, "an unknown encryption"
}

// mostSpins bounds the work of making a key of a password, and spinCost is what
// it takes from the budget, in octets for each step: a message full of encrypted
// documents is not tried for ever.
const mostSpins, spinCost = 10_000_000, 16

// spin makes the hash of a password that all keys are derived from. It gives nil
// when time or the budget is over.
func (f *cfb) spin(h hash.Hash, salt []byte, password string, spins int) []byte {
	cost := int64(spins) * spinCost
	if f.r.left.inflated < cost {
		return nil
	}
	f.r.left.inflated -= cost
	h.Reset()
	h.Write(salt)
	h.Write(utf16Password(password))
	sum := h.Sum(nil)
	var count [4]byte
	for i := range spins {
		if i&0xfff == 0 && f.r.expired() {
			return nil
		}
		binary.LittleEndian.PutUint32(count[:], uint32(i))
		h.Reset()
		h.Write(count[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

// cut gives the first octets of a longer package as its beginning says, and takes
// what is decrypted from the budget.
func (f *cfb) cut(data []byte) (rest []byte, size int64, ok bool) {
	if len(data) < 8 {
		return nil, 0, false
	}
	size = int64(binary.LittleEndian.Uint64(data) & (1<<62 - 1))
	if f.r.left.inflated -= int64(len(data)); f.r.left.inflated < 0 {
		f.r.fail(Truncated, limitInflated)
		return nil, 0, false
	}
	return data[8:], size, true
}

const opensAlone = ", opens without a secret"

// openStandard opens standard encryption (sections 2.3.4.5 to 2.3.4.9).
func (f *cfb) openStandard(info, data []byte) (plain []byte, how string) {
	const spins = 50_000
	how = "standard encryption"
	size := int64(le32(info, 8))
	verifier := within(info, 12+size, int64(len(info)))
	bits := int(le32(info, 12+16))
	if size > 4096 || len(verifier) < 72 || bits != 128 && bits != 192 && bits != 256 || le32(info, 12+8) == 0x6801 {
		return nil, how
	}
	for _, p := range openPasswords[:min(2, len(openPasswords))] { // the third is of older presentations
		sum := f.spin(sha1.New(), verifier[4:20], p, spins)
		if sum == nil {
			return nil, how
		}
		final := sha1.Sum(append(bytes.Clone(sum), 0, 0, 0, 0))
		key := append(standardHalf(final, 0x36), standardHalf(final, 0x5c)...)[:bits/8]
		c, err := aes.NewCipher(key)
		if err != nil {
			continue
		}
		sum20 := sha1.Sum(decryptECB(c, verifier[20:36]))
		if !bytes.Equal(decryptECB(c, verifier[40:72])[:20], sum20[:]) {
			continue
		}
		rest, size, ok := f.cut(data)
		if !ok {
			return nil, how
		}
		plain = decryptECB(c, rest)
		return plain[:min(size, int64(len(plain)))], how + opensAlone
	}
	return nil, how
}

func standardHalf(sum [20]byte, pad byte) []byte {
	b := bytes.Repeat([]byte{pad}, 64)
	for i, c := range sum {
		b[i] ^= c
	}
	half := sha1.Sum(b)
	return half[:]
}

func decryptECB(c cipher.Block, b []byte) []byte {
	out := make([]byte, len(b)&^15)
	for i := 0; i < len(out); i += 16 {
		c.Decrypt(out[i:], b[i:])
	}
	return out
}

// agileKey is how a key, or the data, is encrypted (section 2.3.4.10).
type agileKey struct {
	Salt     string `xml:"saltValue,attr"`
	Bits     int    `xml:"keyBits,attr"`
	Hash     string `xml:"hashAlgorithm,attr"`
	Cipher   string `xml:"cipherAlgorithm,attr"`
	Chaining string `xml:"cipherChaining,attr"`
	Spins    int    `xml:"spinCount,attr"`
	Input    string `xml:"encryptedVerifierHashInput,attr"`
	Value    string `xml:"encryptedVerifierHashValue,attr"`
	Key      string `xml:"encryptedKeyValue,attr"`
}

type agileInfo struct {
	Data agileKey `xml:"keyData"`
	Keys []struct {
		Password *agileKey `xml:"encryptedKey"`
	} `xml:"keyEncryptors>keyEncryptor"`
}

func (k *agileKey) hash() func() hash.Hash {
	switch strings.ToUpper(strings.ReplaceAll(k.Hash, "-", "")) {
	case "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA384":
		return sha512.New384
	case "SHA512":
		return sha512.New
	case "MD5":
		return md5.New
	}
	return nil
}

// usable tells whether the key is of a kind that is known here.
func (k *agileKey) usable() bool {
	return k.hash() != nil && k.Cipher == "AES" && k.Chaining == "ChainingModeCBC" && (k.Bits == 128 || k.Bits == 192 || k.Bits == 256) &&
		k.Spins >= 0 && k.Spins <= mostSpins
}

// openAgile opens agile encryption (sections 2.3.4.11 to 2.3.4.15).
func (f *cfb) openAgile(info, data []byte) (plain []byte, how string) {
	const longest = 64 << 10
	how = "agile encryption"
	var a agileInfo
	if len(info) > longest || len(info) < 8 || xml.Unmarshal(info[8:], &a) != nil || !a.Data.usable() {
		return nil, how
	}
	for _, k := range a.Keys {
		if k.Password == nil || !k.Password.usable() {
			continue
		}
		for _, p := range openPasswords[:min(2, len(openPasswords))] { // the third is of older presentations
			key := f.agileSecret(k.Password, p, a.Data.Bits/8)
			if key == nil {
				continue
			}
			if plain = f.agileData(&a.Data, key, data); plain != nil {
				return plain, how + opensAlone
			}
		}
	}
	return nil, how
}

// The block keys of section 2.3.4.13.
var (
	agileInput = []byte{0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79}
	agileValue = []byte{0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e}
	agileSeal  = []byte{0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6}
)

// agileSecret gives the key of the data, of size octets, when the password is
// right.
func (f *cfb) agileSecret(k *agileKey, password string, size int) []byte {
	salt, err := base64.StdEncoding.DecodeString(k.Salt)
	if err != nil || len(salt) == 0 {
		return nil
	}
	h := k.hash()()
	sum := f.spin(h, salt, password, k.Spins)
	if sum == nil {
		return nil
	}
	open := func(block []byte, sealed string) []byte {
		b, err := base64.StdEncoding.DecodeString(sealed)
		if err != nil {
			return nil
		}
		h.Reset()
		h.Write(sum)
		h.Write(block)
		return decryptCBC(fit(h.Sum(nil), k.Bits/8), fit(salt, aes.BlockSize), b)
	}
	input, value := open(agileInput, k.Input), open(agileValue, k.Value)
	h.Reset()
	h.Write(input)
	if want := h.Sum(nil); len(input) == 0 || len(value) < len(want) || !bytes.Equal(value[:len(want)], want) {
		return nil
	}
	return fit(open(agileSeal, k.Key), size)
}

// agileData decrypts the package in segments of 4096 octets.
func (f *cfb) agileData(k *agileKey, key, data []byte) []byte {
	const segment = 4096
	salt, err := base64.StdEncoding.DecodeString(k.Salt)
	rest, size, ok := f.cut(data)
	if err != nil || !ok {
		return nil
	}
	h := k.hash()()
	out := make([]byte, 0, len(rest))
	for i := uint32(0); len(rest) >= aes.BlockSize; i++ {
		if f.r.expired() {
			return nil
		}
		h.Reset()
		h.Write(salt)
		h.Write(binary.LittleEndian.AppendUint32(nil, i))
		n := min(segment, len(rest))
		out = append(out, decryptCBC(key, fit(h.Sum(nil), aes.BlockSize), rest[:n])...)
		rest = rest[n:]
	}
	return out[:min(size, int64(len(out)))]
}

// fit cuts or fills up to n octets (section 2.3.4.11).
func fit(b []byte, n int) []byte {
	for len(b) < n {
		b = append(b, 0x36)
	}
	return b[:n]
}

func decryptCBC(key, iv, b []byte) []byte {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := bytes.Clone(b[:len(b)&^15])
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(out, out)
	return out
}

package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// agilePackage encrypts a document as Office does, with a password.
func agilePackage(plain []byte, password string, spins int) string {
	salt := []byte("0123456789abcdef")
	h := sha512.New()
	h.Write(salt)
	h.Write(utf16leOf(password))
	sum := h.Sum(nil)
	for i := range spins {
		next := sha512.Sum512(append(binary.LittleEndian.AppendUint32(nil, uint32(i)), sum...))
		sum = next[:]
	}
	seal := func(key, iv, b []byte) []byte {
		c, _ := aes.NewCipher(key)
		out := slices.Concat(b, make([]byte, -len(b)&15))
		cipher.NewCBCEncrypter(c, iv).CryptBlocks(out, out)
		return out
	}
	with := func(block, b []byte) string {
		k := sha512.Sum512(append(bytes.Clone(sum), block...))
		return base64.StdEncoding.EncodeToString(seal(k[:32], salt, b))
	}
	key := bytes.Repeat([]byte{7}, 32)
	verifier := []byte("verifierverifier")
	digest := sha512.Sum512(verifier)
	common := `saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="` +
		base64.StdEncoding.EncodeToString(salt) + `"`
	info := fmt.Sprintf(`<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><keyData %s/><keyEncryptors><keyEncryptor><p:encryptedKey spinCount="%d" %s encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/></keyEncryptor></keyEncryptors></encryption>`,
		common, spins, common, with(agileInput, verifier), with(agileValue, digest[:]), with(agileSeal, key))
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(plain)))
	for i := 0; i*4096 < len(plain); i++ {
		iv := sha512.Sum512(append(bytes.Clone(salt), binary.LittleEndian.AppendUint32(nil, uint32(i))...))
		data = append(data, seal(key, iv[:16], plain[i*4096:min((i+1)*4096, len(plain))])...)
	}
	return compoundFile(stream("EncryptionInfo", "\x04\x00\x04\x00\x40\x00\x00\x00"+info), stream("EncryptedPackage", string(data)))
}

// standardPackage encrypts a document as Office 2007 does, with a password.
func standardPackage(plain []byte, password string) string {
	salt := []byte("0123456789abcdef")
	sum := sha1.Sum(append(bytes.Clone(salt), utf16leOf(password)...))
	for i := range 50_000 {
		sum = sha1.Sum(append(binary.LittleEndian.AppendUint32(nil, uint32(i)), sum[:]...))
	}
	final := sha1.Sum(append(bytes.Clone(sum[:]), 0, 0, 0, 0))
	c, _ := aes.NewCipher(standardHalf(final, 0x36)[:16])
	seal := func(b []byte) string {
		out := slices.Concat(b, make([]byte, -len(b)&15))
		for i := 0; i < len(out); i += 16 {
			c.Encrypt(out[i:], out[i:])
		}
		return string(out)
	}
	digest := sha1.Sum([]byte("verifierverifier"))
	head := little(0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0)
	return compoundFile(stream("EncryptionInfo", "\x03\x00\x02\x00\x24\x00\x00\x00"+lengthBefore(head)+little(16)+string(salt)+seal([]byte("verifierverifier"))+little(20)+seal(digest[:])),
		stream("EncryptedPackage", string(binary.LittleEndian.AppendUint64(nil, uint64(len(plain))))+seal(plain)))
}

// rc4Workbook encrypts the records behind the one that tells of it.
func rc4Workbook(password string) string {
	salt := "0123456789abcdef"
	h := md5.Sum(utf16leOf(password))
	h = md5.Sum(bytes.Repeat(append(bytes.Clone(h[:5]), salt...), 16))
	first := md5.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:5]), 0))
	digest := md5.Sum([]byte("verifierverifier"))
	sealed := legacyDecrypt(append([]byte("verifierverifier"), digest[:]...), first[:])
	clear := biff(biffBOF, biffOfSheet) + biff(biffFilePass, shorts(1, 1, 1), salt, string(sealed))
	var body strings.Builder
	for i := range 200 {
		body.WriteString(biff(biffNumber, shorts(i, 0, 0), double(4111)))
	}
	whole := []byte(clear + body.String() + biff(biffEOF))
	stream := []byte(nil)
	for block := uint32(0); len(stream) < len(whole); block++ {
		k := md5.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:5]), block))
		stream = append(stream, legacyDecrypt(make([]byte, 1024), k[:])...)
	}
	for at := len(clear); at < len(whole); {
		size := int(binary.LittleEndian.Uint16(whole[at+2:]))
		for i := at + 4; i < at+4+size; i++ {
			whole[i] ^= stream[i]
		}
		at += 4 + size
	}
	return xls(string(whole))
}

func TestEncryptedDocuments(t *testing.T) {
	plain := wordDocument(t, paragraph(strings.Repeat("Ann 4111 ", 2000)), nil)
	for _, c := range []struct {
		name, content string
		status        Status
		extension     string
	}{
		{"agile, the default password", agilePackage(plain, "VelvetSweatshop", 1000), Complete, "docx"},
		{"agile, no password", agilePackage(plain, "", 10), Complete, "docx"},
		{"agile, a secret", agilePackage(plain, "secret", 10), Protected, ""},
		{"agile, too much work", strings.Replace(agilePackage(plain, "VelvetSweatshop", 1000), `spinCount="1000"`, `spinCount="99000000"`, 1), Protected, ""},
		{"standard, the default password", standardPackage(plain, "VelvetSweatshop"), Complete, "docx"},
		{"standard, a secret", standardPackage(plain, "secret"), Protected, ""},
		{"RC4, the default password", rc4Workbook("VelvetSweatshop"), Complete, "xls"},
		{"RC4, a secret", rc4Workbook("secret"), Protected, "xls"},
		{"rights management", compoundFile(stream("EncryptedPackage", "x"), storage("\x06DataSpaces", storage("TransformInfo", storage("DRMEncryptedTransform", stream("\x06Primary", "x"))))), Protected, ""},
		{"a protected message", "\x76\xe8\x04\x60\xc4\x11\xe3\x86\x00\x10\x00\x00", Protected, ""},
		{"an encrypted Word document", compoundFile(stream("WordDocument", "\xec\xa5\xc1\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x34"+strings.Repeat("\x00", 1000)), stream("0Table", "\x01\x00\x01\x00"+strings.Repeat("x", 60))), Protected, "doc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{Name: "a.docx"})
			checkDocument(t, d, DefaultLimits)
			if d.Status != c.status || d.Encryption == "" || c.extension != "" && d.Extension != c.extension {
				t.Errorf("%s %s %s, encryption %q", d.Extension, d.Status, d.Detail, d.Encryption)
			}
			if found := strings.Contains(d.Text, "4111"); found != (c.status == Complete) {
				t.Errorf("text %q", d.Text[:min(len(d.Text), 100)])
			}
			if c.extension == "xls" && c.status == Complete && strings.Count(d.Text, "4111\n") != 200 {
				t.Errorf("%d rows", strings.Count(d.Text, "4111\n"))
			}
			if c.status == Complete && d.Size != int64(len(c.content)) {
				t.Errorf("%d octets", d.Size)
			}
		})
	}
}

func FuzzEncryptedDocument(f *testing.F) {
	whole := agilePackage([]byte("PK"), "", 3)
	r := NewBudget(DefaultLimits).reader(f.Context(), []byte(whole), Hint{}, catalog)
	root := openCFB(r).root
	f.Add(string(root.stream("EncryptionInfo")), string(root.stream("EncryptedPackage")))
	f.Fuzz(func(t *testing.T, info, data string) {
		if strings.Contains(info, "spinCount") && !strings.Contains(info, `spinCount="3"`) {
			return // slow on purpose
		}
		lim := Limits{Characters: 5000, Inflated: 1 << 20, Members: 20}
		checkDocument(t, extractWithin(compoundFile(stream("EncryptionInfo", info), stream("EncryptedPackage", data)), lim), lim)
	})
}

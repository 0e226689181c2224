package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"strings"
)

// lock is how a file is encrypted by the standard security handler (ISO 32000-2,
// section 7.6).
type lock struct {
	key     []byte // nil while it is not known
	version int
	filters map[name]method
	// of streams, strings and files within
	ofStreams, ofStrings, ofFiles method
	metadata                      bool // is encrypted too
	what                          string
	handler                       name
}

// method is how octets are encrypted.
type method int

const (
	identity method = iota
	rc4Method
	aes128
	aes256
	unknownMethod
)

// Encryption says how the file is encrypted, or nothing when it is not.
func (f *File) Encryption() string {
	if f.lock == nil {
		return ""
	}
	return f.lock.what
}

// padding stands behind passwords (algorithm 2).
var padding = []byte("\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a")

// unlock tries the empty password, which programs try before they ask.
func (f *File) unlock() error {
	f.lock = nil
	v := f.trailer["Encrypt"]
	if v == nil {
		return nil
	}
	e := f.dict(v)
	if e == nil {
		if !f.rebuilt {
			f.rebuild()
			return f.unlock()
		}
		f.lock = &lock{what: "a PDF document whose encryption is not described"}
		return ErrProtected
	}
	clear(f.cache) // what was read so far was not decrypted
	f.cached = 0
	l := f.newLock(e)
	f.lock = l
	if l.handler != "Standard" {
		return ErrProtected
	}
	id := ""
	if a := f.array(f.trailer["ID"]); len(a) > 0 {
		id = f.string(a[0])
	}
	l.key = f.emptyKey(e, l, id)
	if r, ok := v.(ref); ok {
		f.cache[r.num] = e // is not encrypted itself
	}
	if l.key == nil && (l.ofStreams != identity || l.ofStrings != identity) {
		return ErrProtected
	}
	return nil
}

// newLock reads the methods of a dictionary of encryption.
func (f *File) newLock(e dict) *lock {
	l := &lock{version: f.number(e["V"]), filters: map[name]method{}, handler: f.name(e["Filter"]), metadata: true}
	switch {
	case l.handler == "Adobe.PubSec" || f.name(e["SubFilter"]) != "" && l.handler != "Standard" && strings.HasPrefix(string(f.name(e["SubFilter"])), "adbe.pkcs7"):
		l.what = "encrypted for the holders of certificates"
	case l.handler != "Standard":
		l.what = "encrypted by the handler " + string(l.handler)
	}
	if l.what != "" {
		l.ofStreams, l.ofStrings, l.ofFiles = unknownMethod, unknownMethod, unknownMethod
		return l
	}
	if v, ok := f.get(e["EncryptMetadata"]).(bool); ok {
		l.metadata = v
	}
	bits := f.number(e["Length"])
	switch l.version {
	case 1, 2, 3:
		l.ofStreams, l.ofStrings, l.ofFiles = rc4Method, rc4Method, rc4Method
		if l.version == 1 || bits == 0 {
			bits = 40
		}
		if bits < 40 {
			bits *= 8 // was given in octets
		}
		l.what = fmt.Sprintf("RC4 with %d bits", bits)
		return l
	case 4, 5:
	default:
		l.ofStreams, l.ofStrings, l.ofFiles = unknownMethod, unknownMethod, unknownMethod
		l.what = "encrypted in a way that is not known"
		return l
	}
	for k, v := range f.dict(e["CF"]) {
		m := unknownMethod
		switch d := f.dict(v); f.name(d["CFM"]) {
		case "V2":
			m = rc4Method
		case "AESV2":
			m = aes128
		case "AESV3":
			m = aes256
		case "None", "":
			m = identity
		}
		l.filters[k] = m
	}
	l.ofStreams = l.filters[f.name(e["StmF"])]
	l.ofStrings = l.filters[f.name(e["StrF"])]
	l.ofFiles = l.ofStreams
	if n := f.name(e["EFF"]); n != "" {
		l.ofFiles = l.filters[n]
	}
	what := map[method]string{rc4Method: "RC4 with 128 bits", aes128: "AES with 128 bits", aes256: "AES with 256 bits", unknownMethod: "encrypted in a way that is not known"}
	l.what = what[max(l.ofStreams, l.ofStrings)]
	if l.what == "" && l.ofFiles != identity {
		l.what = "the files within: " + what[l.ofFiles]
	}
	if l.what == "" {
		l.what = "encrypted by name only"
	}
	return l
}

// emptyKey gives the key of the file if the empty user password or the empty
// owner password opens it.
func (f *File) emptyKey(e dict, l *lock, id string) []byte {
	o, u := f.string(e["O"]), f.string(e["U"])
	revision := f.number(e["R"])
	if l.version == 5 {
		return key256(revision, o, u, f.string(e["OE"]), f.string(e["UE"]))
	}
	if len(o) < 32 || len(u) < 16 {
		return nil
	}
	o = o[:32]
	bits := f.number(e["Length"])
	if bits > 0 && bits < 40 {
		bits *= 8
	}
	permissions := binary.LittleEndian.AppendUint32(nil, uint32(int64(f.float(e["P"]))))
	for _, n := range []int{bits / 8, 16, 5} {
		if n < 5 || n > 16 {
			continue
		}
		for _, password := range [][]byte{nil, ownerless(o, revision, n)} {
			key := key128(password, o, permissions, id, revision, n, l.metadata)
			if opens(key, u, id, revision) {
				return key
			}
		}
	}
	return nil
}

// key128 makes a key of a password (algorithm 2).
func key128(password []byte, o string, permissions []byte, id string, revision, n int, metadata bool) []byte {
	h := md5.New()
	h.Write(append(password[:min(len(password), 32):min(len(password), 32)], padding...)[:32])
	h.Write([]byte(o))
	h.Write(permissions)
	h.Write([]byte(id))
	if revision >= 4 && !metadata {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)[:n]
	if revision >= 3 {
		for range 50 {
			sum := md5.Sum(key)
			key = sum[:n]
		}
	}
	return key
}

// ownerless gives the user password that the empty owner password hides
// (algorithm 7).
func ownerless(o string, revision, n int) []byte {
	sum := md5.Sum(padding)
	rounds := 1
	if revision >= 3 {
		for range 50 {
			sum = md5.Sum(sum[:n])
		}
		rounds = 20
	}
	password := []byte(o)
	for i := rounds - 1; i >= 0; i-- {
		rc4With(sum[:n], i, password)
	}
	return password
}

// rc4With encrypts octets by a key, each octet of which is changed by i.
func rc4With(key []byte, i int, data []byte) {
	changed := make([]byte, len(key))
	for j, c := range key {
		changed[j] = c ^ byte(i)
	}
	if c, err := rc4.NewCipher(changed); err == nil {
		c.XORKeyStream(data, data)
	}
}

// opens checks a key (algorithms 4 to 6).
func opens(key []byte, u, id string, revision int) bool {
	if revision < 3 {
		check := bytes.Clone(padding)
		rc4With(key, 0, check)
		return string(check[:min(len(u), 32)]) == u[:min(len(u), 32)]
	}
	sum := md5.Sum(append(bytes.Clone(padding), id...))
	check := sum[:]
	for i := range 20 {
		rc4With(key, i, check)
	}
	return string(check) == u[:16]
}

// key256 gives the key of a file of version 5 for the empty password (algorithm
// 2.A).
func key256(revision int, o, u, oe, ue string) []byte {
	if len(o) < 48 || len(u) < 48 || len(oe) < 32 || len(ue) < 32 {
		return nil
	}
	u = u[:48]
	var secret []byte
	packed := ue
	switch {
	case string(hash256(revision, u[32:40], "")) == u[:32]:
		secret = hash256(revision, u[40:48], "")
	case string(hash256(revision, o[32:40], u)) == o[:32]:
		secret, packed = hash256(revision, o[40:48], u), oe
	default:
		return nil
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil
	}
	key := []byte(packed[:32])
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, key)
	return key
}

// hash256 hashes the empty password with a salt (algorithm 2.B, and its
// forerunner of revision 5).
func hash256(revision int, salt, u string) []byte {
	sum := sha256.Sum256([]byte(salt + u))
	if revision < 6 {
		return sum[:]
	}
	key := sum[:]
	for round := 0; ; round++ {
		data := bytes.Repeat(append(bytes.Clone(key), u...), 64)
		block, err := aes.NewCipher(key[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, key[16:32]).CryptBlocks(data, data)
		rest := 0
		for _, c := range data[:16] {
			rest += int(c)
		}
		last := data[len(data)-1]
		switch rest % 3 {
		case 0:
			s := sha256.Sum256(data)
			key = s[:]
		case 1:
			s := sha512.Sum384(data)
			key = s[:]
		default:
			s := sha512.Sum512(data)
			key = s[:]
		}
		if round >= 63 && int(last) <= round-31 {
			return key[:32]
		}
	}
}

// strings decrypts the strings of an object.
func (l *lock) strings(v any, r ref) any {
	switch x := v.(type) {
	case string:
		s, _ := l.decrypt(l.ofStrings, []byte(x), r)
		return string(s)
	case array:
		for i := range x {
			x[i] = l.strings(x[i], r)
		}
	case dict:
		for k := range x {
			switch x[k].(type) {
			case string, array, dict:
				x[k] = l.strings(x[k], r)
			}
		}
	case *stream:
		l.strings(x.dict, r)
	}
	return v
}

// stream decrypts the octets of a stream. It is not told when the key is needed
// and not known.
func (l *lock) stream(f *File, s *stream, names []name, parms []dict) ([]byte, bool) {
	m := l.ofStreams
	switch kind := f.name(s.dict["Type"]); {
	case kind == "XRef":
		return s.raw, true
	case kind == "Metadata" && !l.metadata:
		m = identity
	case kind == "EmbeddedFile":
		m = l.ofFiles
	}
	for i, n := range names {
		if n == "Crypt" {
			m = l.filters[f.name(parms[i]["Name"])]
		}
	}
	return l.decrypt(m, s.raw, s.ref)
}

// decrypt gives the octets of an object as they were (algorithm 1 and 1.A).
func (l *lock) decrypt(m method, data []byte, r ref) ([]byte, bool) {
	switch {
	case m == identity:
		return data, true
	case m == unknownMethod || l.key == nil:
		return nil, false
	}
	key := l.key
	if m != aes256 {
		mixed := append(bytes.Clone(key), byte(r.num), byte(r.num>>8), byte(r.num>>16), byte(r.gen), byte(r.gen>>8))
		if m == aes128 {
			mixed = append(mixed, "sAlT"...)
		}
		sum := md5.Sum(mixed)
		key = sum[:min(len(l.key)+5, 16)]
	}
	if m == rc4Method {
		c, err := rc4.NewCipher(key)
		if err != nil {
			return nil, false
		}
		out := make([]byte, len(data))
		c.XORKeyStream(out, data)
		return out, true
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	if len(data) < 2*aes.BlockSize {
		return nil, true
	}
	iv, data := data[:aes.BlockSize], data[aes.BlockSize:]
	out := make([]byte, len(data)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data[:len(out)])
	if n := int(out[len(out)-1]); n >= 1 && n <= aes.BlockSize {
		out = out[:len(out)-n]
	}
	return out, true
}

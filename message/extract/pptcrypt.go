package extract

import "bytes"

// unlock opens an encrypted presentation when it needs no secret ([MS-PPT]
// section 2.3.7): every object is encrypted on its own.
func (p *presentation) unlock() bool {
	rec, _ := recordAt(p.b, p.persist[p.session])
	how := "an unknown encryption"
	if rec.kind == pptCryptSession {
		var key legacyKey
		var ok bool
		if key, how, ok = openLegacy(rec.data); ok {
			p.r.doc.Encryption = how
			return p.decrypt(key)
		}
	}
	p.r.doc.Encryption = how
	p.r.fail(Protected, "an encrypted presentation")
	return false
}

// decrypt decrypts every object but the one that tells of the encryption.
func (p *presentation) decrypt(key legacyKey) bool {
	if p.r.left.inflated -= int64(len(p.b)); p.r.left.inflated < 0 {
		p.r.fail(Truncated, limitInflated)
		return false
	}
	plain := bytes.Clone(p.b)
	left := int64(2 * len(plain)) // objects that overlap are not decrypted for ever
	for id, at := range p.persist {
		if id == p.session || at+8 > len(plain) || p.r.expired() {
			continue
		}
		head := legacyDecrypt(p.b[at:at+8], key(id))
		size := 8 + int64(le32(head, 4))
		sealed := within(p.b, int64(at), size)
		if left -= int64(len(sealed)); left < 0 {
			break
		}
		copy(plain[at:], legacyDecrypt(sealed, key(id)))
	}
	p.b = plain
	return true
}

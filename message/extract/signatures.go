package extract

import (
	"bytes"
	"encoding/binary"
)

// signature tells content by octets at a place; a negative place counts from the
// end.
type signature struct {
	at         int
	magic      string
	mediaType  string
	extension  string
	encryption string // of what needs a secret; empty otherwise
}

// signatures are those of formats that no extractor knows and that would
// otherwise be taken for something else, or for nothing.
var signatures = []signature{
	{2, "-lh", "application/x-lzh-compressed", "lzh", ""},
	{2, "-lz", "application/x-lzh-compressed", "lzh", ""},
	{0, "\x60\xea", "application/x-arj", "arj", ""},
	{7, "**ACE**", "application/x-ace-compressed", "ace", ""},
	{0, "StuffIt ", "application/x-stuffit", "sit", ""},
	{0, "SIT!", "application/x-stuffit", "sit", ""},
	{20, "\xdc\xa7\xc4\xfd", "application/x-zoo", "zoo", ""},
	{0, "MSWIM\x00\x00\x00", "application/x-ms-wim", "wim", ""},
	{0, "ALZ\x01", "application/x-alz-compressed", "alz", ""},
	{0, "EGGA", "application/x-egg", "egg", ""},
	{0, "\x89LZO\x00\r\n\x1a\n", "application/x-lzop", "lzo", ""},
	{0, "hsqs", "application/x-squashfs", "sqsh", ""},
	{0, "xar!", "application/x-xar", "xar", ""},
	{0, "conectix", "application/x-vhd", "vhd", ""},
	{-512, "conectix", "application/x-vhd", "vhd", ""},
	{0, "vhdxfile", "application/x-vhdx", "vhdx", ""},
	{0, "KDMV", "application/x-vmdk", "vmdk", ""},
	{0, "QFI\xfb", "application/x-qemu-disk", "qcow2", ""},
	{-512, "koly", "application/x-apple-diskimage", "dmg", ""},
	{0x8001, "BEA01", "application/x-iso9660-image", "iso", ""}, // UDF without ISO 9660
	{0, "ITSF\x03\x00\x00\x00", "application/vnd.ms-htmlhelp", "chm", ""},
	{0, "?_\x03\x00", "application/winhlp", "hlp", ""},
	{0, "ID3\x02", "audio/mpeg", "mp3", ""},
	{0, "ID3\x03", "audio/mpeg", "mp3", ""},
	{0, "ID3\x04", "audio/mpeg", "mp3", ""},
	{0, "\xfe\xed\xfe\xed", "application/x-java-keystore", "jks", ""},
	{0, "\xce\xce\xce\xce", "application/x-java-jce-keystore", "jceks", ""},
	{0, "AC10", "image/vnd.dwg", "dwg", ""},
	{0, "AC1.", "image/vnd.dwg", "dwg", ""},
	{0, "\x00\x01\x00\x00Standard Jet DB", "application/x-msaccess", "mdb", ""},
	{0, "\x00\x01\x00\x00Standard ACE DB", "application/x-msaccess", "accdb", ""},
	{0, "encrcdsa", "application/x-apple-diskimage", "dmg", "an encrypted disk image"},
	{0, "cdsaencr", "application/x-apple-diskimage", "dmg", "an encrypted disk image"},
	{0, "\x03\xd9\xa2\x9a", "application/x-keepass2", "kdbx", "a KeePass database"},
	{0, "LUKS\xba\xbe", "application/x-luks-volume", "luks", "an encrypted volume (LUKS)"},
	{3, "-FVE-FS-", "application/x-bitlocker-volume", "img", "an encrypted volume (BitLocker)"},
	{0, "Salted__", "application/x-openssl-encrypted", "enc", "encrypted with OpenSSL"},
	{0, "AES\x00", "application/x-aes-encrypted", "aes", "encrypted with AES Crypt"},
	{0, "AES\x01", "application/x-aes-encrypted", "aes", "encrypted with AES Crypt"},
	{0, "AES\x02", "application/x-aes-encrypted", "aes", "encrypted with AES Crypt"},
	{0, "AES\x03", "application/x-aes-encrypted", "aes", "encrypted with AES Crypt"},
	{0, "\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21", "application/x-axcrypt", "axx", "encrypted with AxCrypt"},
	{0, "age-encryption.org/v1\n", "application/x-age-encryption", "age", "encrypted with age"},
	{0, "-----BEGIN AGE ENCRYPTED FILE-----", "application/x-age-encryption", "age", "encrypted with age"},
	{0, "$ANSIBLE_VAULT;", "application/x-ansible-vault", "vault", "encrypted with Ansible Vault"},
}

// isSigned describes content that is known by a signature. What needs a secret is
// protected, other formats are unsupported.
func isSigned(r *reader) bool {
	for _, s := range signatures {
		if !s.of(r.content) {
			continue
		}
		r.doc.MediaType, r.doc.Extension = s.mediaType, s.extension
		if s.encryption != "" {
			r.doc.Encryption = s.encryption
			r.fail(Protected, s.encryption)
			if r.looksLikeText() {
				readText(r)
			}
		}
		r.fail(Unsupported, "no extractor knows the format")
		return true
	}
	return isKeyMaterial(r)
}

func (s signature) of(content []byte) bool {
	at := s.at
	if at < 0 {
		at += len(content)
	}
	if at < 0 || at >= len(content) || !bytes.HasPrefix(content[at:], []byte(s.magic)) {
		return false
	}
	switch s.extension {
	case "lzh": // -lh5-, -lzs-
		return len(content) > 22 && content[6] == '-'
	case "arj":
		n := 0
		if len(content) > 10 {
			n = int(binary.LittleEndian.Uint16(content[2:]))
		}
		return n >= 30 && n <= 2600 && len(content) > n
	case "dwg":
		return len(content) > 6 && (content[6] == 0 || content[4] >= '0' && content[4] <= '9') && bytes.IndexByte(content[:min(len(content), 64)], 0) >= 0
	case "vault", "enc":
		return true
	case "aes":
		return len(content) > 100 && !looksLikeText(content)
	}
	return true
}

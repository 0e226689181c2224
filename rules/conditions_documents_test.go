package rules_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/postern-mail/postern/rules"
)

// attach writes a body part that holds a file in base64.
func attach(name string, content []byte) string {
	return "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"" + name +
		"\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(content)
}

// zipped makes a zip archive of names and contents. A name that begins with "!"
// is that of an encrypted file.
func zipped(files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name, secret := strings.CutPrefix(files[i], "!")
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		create := z.CreateHeader
		if secret {
			h.Flags, h.Method = 1, zip.Store
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(files[i+1])), uint64(len(files[i+1]))
			create = z.CreateRaw
		}
		w, err := create(h)
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// docx makes a Word document with custom properties, as names and values, and
// more files in it.
func docx(text string, properties []string, more ...string) []byte {
	const (
		rels  = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
		props = `http://schemas.openxmlformats.org/officeDocument/2006/custom-properties`
		vt    = `http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes`
		core  = `http://schemas.openxmlformats.org/package/2006/metadata/core-properties`
	)
	custom := `<Properties xmlns="` + props + `" xmlns:vt="` + vt + `">`
	for i := 0; i < len(properties); i += 2 {
		custom += `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="` + string(rune('2'+i)) + `" name="` + properties[i] + `"><vt:lpwstr>` + properties[i+1] + `</vt:lpwstr></property>`
	}
	files := []string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rels + `/officeDocument" Target="word/document.xml"/><Relationship Id="r2" Type="` + rels + `/custom-properties" Target="docProps/custom.xml"/><Relationship Id="r3" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
		"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + text + `</w:t></w:r></w:p></w:body></w:document>`,
		"docProps/core.xml", `<cp:coreProperties xmlns:cp="` + core + `" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Anna Smith</dc:creator><cp:lastModifiedBy>Bob Jones</cp:lastModifiedBy></cp:coreProperties>`,
		"docProps/custom.xml", custom + `</Properties>`,
	}
	return zipped(append(files, more...)...)
}

const labelID = "87867195-f2b8-4ac2-b0b6-6bb73cb33afc"

// labelOf gives the properties that keep a label.
func labelOf(enabled string) []string {
	return []string{"MSIP_Label_" + labelID + "_Enabled", enabled, "MSIP_Label_" + labelID + "_Name", "Restricted"}
}

const (
	program  = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
	odd      = "\x00\x01\x02\x03\xfe\xff\x80\x81"
	labelled = "msip_labels: MSIP_Label_" + labelID + "_Enabled=True;\r\n MSIP_Label_" + labelID + "_Name=Restricted;\r\n"
	taken    = "msip_labels: MSIP_Label_" + labelID + "_Enabled=False\r\n"
)

func parts(p ...string) mail { return mail{parts: p} }

func text(charset string) string {
	return "Content-Type: text/plain; charset=" + charset + "\r\n\r\ntext"
}

// peProgram begins like a program of Windows.
var peProgram = append(append([]byte(program), make([]byte, 44)...), append([]byte{64, 0, 0, 0}, "PE\x00\x00\x64\x86"+strings.Repeat("\x00", 300)...)...)

// documentCases say of the conditions on attachments when they are true.
var documentCases = []conditionCase{
	{"a program", "attachmentHasExecutableContent: true", parts(attach("notes.txt", peProgram)), rules.True},
	{"a program in an archive", "attachmentHasExecutableContent: true", parts(attach("a.zip", zipped("b.txt", string(peProgram)))), rules.True},
	{"a text named like a program", "attachmentHasExecutableContent: true", parts(file("a.csv", "a,b\r\nc,d\r\n")), rules.False},

	{"an attachment without a label", "attachmentIsNotLabeled: true", parts(attach("a.docx", docx("x", nil))), rules.True},
	{"an attachment with a label", "attachmentIsNotLabeled: true", parts(attach("a.docx", docx("x", labelOf("true")))), rules.False},
	{"one of two attachments with a label", "attachmentIsNotLabeled: true", parts(attach("a.docx", docx("x", labelOf("true"))), file("b.txt", "x")), rules.True},
	{"an attachment whose label was taken away", "attachmentIsNotLabeled: true", parts(attach("a.docx", docx("x", labelOf("false")))), rules.True},
	{"an archive of a document with a label", "attachmentIsNotLabeled: true", parts(attach("a.zip", zipped("a.docx", string(docx("x", labelOf("true")))))), rules.False},
	{"no attachment", "attachmentIsNotLabeled: true", mail{}, rules.False},
	{"an attachment that may have a label", "attachmentIsNotLabeled: true", parts(attach("a.zip", zipped("!a.docx", "secret octets"))), rules.False},
	{"an embedded message with a label", "attachmentIsNotLabeled: true", parts("Content-Type: message/rfc822\r\n\r\n" + labelled + "\r\ntext"), rules.False},

	{"a character set", "contentCharacterSetContainsWords: [gb2312, big5]", parts(text("Big5")), rules.True},
	{"a character set by another name", "contentCharacterSetContainsWords: [iso-8859-1]", parts(text("latin1")), rules.True},
	{"a character set by a name of Japanese programs", "contentCharacterSetContainsWords: [shift_jis]", parts(text("cp932")), rules.True},
	{"a character set by a name of older programs", "contentCharacterSetContainsWords: [shift_jis]", parts(text("x-sjis")), rules.True},
	{"a character set by its code page", "contentCharacterSetContainsWords: [windows-1251]", parts(text("cp1251")), rules.True},
	{"a character set by what Exchange takes it for", "contentCharacterSetContainsWords: [gb2312]", parts(text("GBK")), rules.True},
	{"a character set without its hyphen", "contentCharacterSetContainsWords: [UTF-8]", parts(text("utf8")), rules.True},
	{"a character set that says the direction", "contentCharacterSetContainsWords: [iso-8859-8]", parts(text("iso-8859-8-i")), rules.True},
	{"another character set", "contentCharacterSetContainsWords: [iso-8859-1]", parts(text("windows-1252")), rules.False},

	{"a family", "contentFileTypeMatches: [wordProcessing]", parts(attach("a.bin", docx("x", nil))), rules.True},
	{"a family in an archive", "contentFileTypeMatches: [WordProcessing]", parts(attach("a.zip", zipped("a.bin", string(docx("x", nil))))), rules.True},
	{"a media type", "contentFileTypeMatches: [application/zip]", parts(attach("a.txt", zipped("a.txt", "x"))), rules.True},
	{"a kind of media types", "contentFileTypeMatches: [image/*]", parts(attach("a.txt", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))), rules.True},
	{"an extension by content", "contentFileTypeMatches: [.docx]", parts(attach("a.zip", docx("x", nil))), rules.True},
	{"a name that says another type", "contentFileTypeMatches: [wordProcessing, docx]", parts(file("a.docx", "plain text")), rules.False},

	{"nothing has a label", "contentIsNotLabeled: true", parts(file("a.txt", "x")), rules.True},
	{"a message without attachments and label", "contentIsNotLabeled: true", mail{}, rules.True},
	{"the message has a label", "contentIsNotLabeled: true", mail{header: labelled, parts: []string{file("a.txt", "x")}}, rules.False},
	{"the message has a label that was taken away", "contentIsNotLabeled: true", mail{header: taken}, rules.True},
	{"an attachment has a label", "contentIsNotLabeled: true", parts(file("a.txt", "x"), attach("a.docx", docx("x", labelOf("true")))), rules.False},

	{"a custom property", "contentPropertyContainsWords: ['Department:Sales,Finance']", parts(attach("a.docx", docx("x", []string{"Department", "Finance (group)"}))), rules.True},
	{"a custom property in an archive", "contentPropertyContainsWords: {department: [finance]}", parts(attach("a.zip", zipped("a.docx", string(docx("x", []string{"Department", "Finance"}))))), rules.True},
	{"a property with another value", "contentPropertyContainsWords: ['Department:Sales,Finance']", parts(attach("a.docx", docx("x", []string{"Department", "Salesmen"}))), rules.False},
	{"another property with the value", "contentPropertyContainsWords: ['Department:Sales']", parts(attach("a.docx", docx("Sales", []string{"Group", "Sales"}))), rules.False},
	{"the author", "contentPropertyContainsWords: ['Author:Anna Smith']", parts(attach("a.docx", docx("x", nil))), rules.True},
	{"who saved it last", "contentPropertyContainsWords: {Last Modified By: [Bob Jones]}", parts(attach("a.docx", docx("x", nil))), rules.True},
	{"a label by its property", "contentPropertyContainsWords: ['MSIP_Label_" + labelID + "_Enabled:True']", parts(attach("a.docx", docx("x", labelOf("true")))), rules.True},

	{"words in the text of an attachment", "documentContainsWords: [top secret]", parts(file("a.txt", "This is Top Secret.")), rules.True},
	{"words in a document in an archive", "documentContainsWords: [secret]", parts(attach("a.zip", zipped("b.docx", string(docx("secret", nil))))), rules.True},
	{"words in the body", "documentContainsWords: [secret]", mail{body: "secret", subject: "secret"}, rules.False},
	{"a part of a word in an attachment", "documentContainsWords: [secret]", parts(file("a.txt", "secretly")), rules.False},

	{"an encrypted archive", "documentIsPasswordProtected: true", parts(attach("a.zip", zipped("!b.txt", "secret octets"))), rules.True},
	{"an encrypted archive in an archive", "documentIsPasswordProtected: true", parts(attach("a.zip", zipped("b.zip", string(zipped("!c.txt", "secret octets"))))), rules.True},
	{"a PGP message in a file", "documentIsPasswordProtected: true", parts(file("a.asc", "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n")), rules.True},
	{"a document that opens", "documentIsPasswordProtected: true", parts(attach("a.docx", docx("x", nil))), rules.False},

	{"a pattern in the text of an attachment", "documentMatchesPatterns: ['sec.et']", parts(file("a.txt", "a SECRET")), rules.True},
	{"a pattern in a document in an archive", "documentMatchesPatterns: ['^sec']", parts(attach("a.zip", zipped("b.docx", string(docx("secret", nil))))), rules.True},
	{"a pattern in the body only", "documentMatchesPatterns: ['sec.et']", mail{body: "secret", parts: []string{file("a.txt", "x")}}, rules.False},

	{"a name in an archive", "documentNameMatchesWords: [payroll]", parts(attach("a.zip", zipped("may/payroll.txt", "x"))), rules.True},
	{"the beginning of a name in an archive", "documentNameMatchesPatterns: ['^pay']", parts(attach("a.zip", zipped("may/payroll.txt", "x"))), rules.True},
	{"an extension in an archive", "contentExtensionMatchesWords: [js]", parts(attach("a.zip", zipped("may/run.js", "x"))), rules.True},
	{"a large file in an archive", "documentSizeOver: 10KB", parts(attach("a.zip", zipped("a.txt", strings.Repeat("x", 10<<10)))), rules.True},
	{"a small file in an archive", "documentSizeOver: 10KB", parts(attach("a.zip", zipped("a.txt", "x"))), rules.False},
	{"an unknown file in an archive", "documentIsUnsupported: true", parts(attach("a.zip", zipped("a.bin", odd))), rules.True},

	{"two encodings", "messageIsAmbiguous: true", parts("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\ndGV4dA=="), rules.True},
	{"a clear message", "messageIsAmbiguous: true", parts(file("a.txt", "x")), rules.False},

	{"a message with a label", "messageIsNotLabeled: true", mail{header: labelled}, rules.False},
	{"a message without a label", "messageIsNotLabeled: true", parts(attach("a.docx", docx("x", labelOf("true")))), rules.True},

	{"archives nested too deep", "processingLimitExceeded: true", parts(attach("a.zip", deep(30))), rules.True},
	{"archives nested a little", "processingLimitExceeded: true", parts(attach("a.zip", deep(5))), rules.False},

	{"an unread file by its name", "unscannableDocumentExtensionIs: [dat]", parts(attach("a.DAT", []byte(odd))), rules.True},
	{"an unread file by its content", "unscannableDocumentExtensionIs: [ps]", parts(attach("a.dat", []byte("%!PS-Adobe-3.0"))), rules.True},
	{"an unread file in an archive", "unscannableDocumentExtensionIs: [dat]", parts(attach("a.zip", zipped("b.dat", odd))), rules.True},
	{"a damaged file by its name", "unscannableDocumentExtensionIs: [docx]", parts(file("a.docx", "PK\x03\x04 cut off")), rules.True},
	{"an unread file with another extension", "unscannableDocumentExtensionIs: [dat]", parts(attach("a.bin", []byte(odd))), rules.False},
	{"a read file with the extension", "unscannableDocumentExtensionIs: [txt]", parts(file("a.txt", "text"), attach("a.bin", []byte(odd))), rules.False},

	{"a card number in a file name", sensitive("{type: Credit card number}"), parts(file("visa 4111111111111111.txt", "x")), rules.True},
	{"a card number between underscores in a file name", sensitive("{type: Credit card number}"), parts(file("visa_4111111111111111_scan.txt", "x")), rules.True},
	{"a card number in a name in an archive", sensitive("{type: Credit card number}"), parts(attach("a.zip", zipped("visa 4111111111111111.txt", "x"))), rules.True},
	{"a card number in an archive in an archive", sensitive("{type: Credit card number}"), parts(attach("a.zip", zipped("b.zip", string(zipped("c.docx", string(docx(card1, nil))))))), rules.True},
}

// deep makes archives within archives.
func deep(n int) []byte {
	b := []byte("the end")
	for range n {
		b = zipped("in.zip", string(b))
	}
	return b
}

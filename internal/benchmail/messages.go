package benchmail

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Kinds is how many different messages a load is made of. The first of them
// matches a policy, so one in fifty does.
const Kinds = 50

// Card is Luhn-valid and not issued.
const card = "credit card 4111 1111 1111 1111, expiration date 04/29"

// Messages gives messages of about size octets: a text, an attached .docx and an
// attached .csv, all to be read, and a text in HTML.
func Messages(size int) [][]byte {
	var all [][]byte
	for k := range Kinds {
		r := rand.New(rand.NewPCG(uint64(size), uint64(k)))
		var b bytes.Buffer
		fmt.Fprintf(&b, "From: Anna Smith <anna@example.com>\r\nTo: Bob <bob@customer.example>\r\nSubject: Report %d\r\n"+
			"Message-ID: <bench-%d-%d@example.com>\r\nDate: Mon, 02 Nov 2026 09:30:00 +0000\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/mixed; boundary=part\r\n\r\n", k, size, k)
		body := prose(r, size*4/10)
		if k == 0 {
			body += card + "\r\n"
		}
		fmt.Fprintf(&b, "--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", body)
		fmt.Fprintf(&b, "--part\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\r\n%s\r\n", numbers(r, size*2/10))
		encoded := base64.StdEncoding.EncodeToString(docx(prose(r, size*4/10)))
		fmt.Fprintf(&b, "--part\r\nContent-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\r\n"+
			"Content-Disposition: attachment; filename=report.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		for len(encoded) > 76 {
			b.WriteString(encoded[:76] + "\r\n")
			encoded = encoded[76:]
		}
		b.WriteString(encoded + "\r\n--part")
		// What is compressed takes less room; a last part makes up for it.
		if rest := size - b.Len() - 100; rest > 0 {
			fmt.Fprintf(&b, "\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>%s</p>\r\n--part", prose(r, rest))
		}
		b.WriteString("--\r\n")
		all = append(all, b.Bytes())
	}
	return all
}

var words = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at are this have from
 or had an they which one you were all her she there would their we him been has when who will no more if out so said
 what up its about than into them can only other time new some could these two may first then do any like my now over
 such our man me even most made after also did many before must through years where much your way down should because
 long each just state those people too mister little good world make year still see own work men day get here old
 between both life being under three never know same last another while us off might great go come since against
 meeting report delivery invoice schedule customer contract drawing department project budget quarter results`)

// Prose gives n octets of English-like lines.
func prose(r *rand.Rand, n int) string {
	var b strings.Builder
	line := 0
	for b.Len() < n {
		w := words[r.IntN(len(words))]
		b.WriteString(w)
		if line += len(w) + 1; line > 70 {
			b.WriteString(".\r\n")
			line = 0
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()[:n]
}

// Numbers gives n octets of lines of comma-separated numbers and dates.
func numbers(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%d,2026-%02d-%02d,%s,%d.%02d,EUR\r\n", 100000+r.IntN(900000), 1+r.IntN(12), 1+r.IntN(28), words[r.IntN(len(words))], r.IntN(10000), r.IntN(100))
	}
	return b.String()[:n]
}

func docx(text string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` +
			strings.ReplaceAll(text, "\r\n", `</w:t></w:r></w:p><w:p><w:r><w:t>`) + `</w:t></w:r></w:p></w:body></w:document>`},
	} {
		// Writing to memory does not fail.
		w, _ := z.Create(f[0])
		_, _ = w.Write([]byte(f[1]))
	}
	_ = z.Close()
	return b.Bytes()
}

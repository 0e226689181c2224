package message

import (
	"encoding/base64"
	"strings"
	"testing"
)

const prose = "The quick brown fox jumps over the lazy dog, and then it rests a while.\r\n"

func benchmarkMessage(body string, fields ...Field) (Header, []byte) {
	h := Header{
		{"Received", " from a.example (a.example [192.0.2.1])\n\tby b.example with ESMTPS id 4X\n\tfor <b@b.example>; Mon, 3 Jun 2024 10:00:00 +0000"},
		{"From", " Ann Example <ann@a.example>"}, {"To", " Bob Example <bob@b.example>, carol@c.example"},
		{"Subject", " =?utf-8?Q?Gr=C3=BC=C3=9Fe?= and more"}, {"Date", " Mon, 3 Jun 2024 10:00:00 +0000"},
		{"Message-ID", " <1@a.example>"}, {"MIME-Version", " 1.0"},
	}
	return append(h, fields...), []byte(body)
}

func withAttachment(n int) (Header, []byte) {
	encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00\x01binary", n/8)))
	var b strings.Builder
	b.WriteString("--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.Repeat(prose, 20) +
		"--b1\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Disposition: attachment; filename=\"a.bin\"\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n")
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	b.WriteString(encoded + "\r\n--b1--\r\n")
	return benchmarkMessage(b.String(), Field{"Content-Type", " multipart/mixed; boundary=\"b1\""})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name string
		make func() (Header, []byte)
	}{
		{"plain10KB", func() (Header, []byte) { return benchmarkMessage(strings.Repeat(prose, 140)) }},
		{"attachment100KB", func() (Header, []byte) { return withAttachment(72 << 10) }},
		{"attachment10MB", func() (Header, []byte) { return withAttachment(7400 << 10) }},
	} {
		h, body := c.make()
		run := func(name string, decode bool) {
			b.Run(c.name+name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				budget := NewBudget(256<<20, "")
				for b.Loop() {
					buf := budget.NewBuffer()
					for rest := body; len(rest) > 0; {
						n := min(len(rest), 65535)
						buf.Write(rest[:n])
						rest = rest[n:]
					}
					m, err := Parse(Envelope{}, h, buf, budget, DefaultLimits)
					if err != nil {
						b.Fatal(err)
					}
					if decode {
						for p := range m.Leaves() {
							p.Content()
						}
					}
					m.Close()
				}
			})
		}
		run("", false)
		run("+contents", true)
	}
}

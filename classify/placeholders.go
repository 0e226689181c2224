package classify

import (
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// dummyChoice says what is done with values that are made up: documented test
// numbers and mock secrets.
type dummyChoice uint8

const (
	dummyDefault dummyChoice = iota // test numbers are kept, mock secrets dropped
	dummyKeep
	dummyDrop
)

// Placeholders says what a catalogue does with values that are made up. A type's
// own `placeholders` goes before.
type Placeholders struct {
	// DropTestNumbers drops numbers that schemes and standards publish for tests, as
	// 4111 1111 1111 1111. They are found unless this is set.
	DropTestNumbers bool
	// KeepMockSecrets finds secrets that are mock-ups, as "changeme" or runs of the
	// alphabet, which are dropped otherwise.
	KeepMockSecrets bool
}

func readDummies(r *strictyaml.Reader, e strictyaml.Entry) dummyChoice {
	switch s, _ := r.OneOf(e.Value, e.Field, "keep", "drop"); s {
	case "keep":
		return dummyKeep
	case "drop":
		return dummyDrop
	}
	return dummyDefault
}

// testNumbers are numbers published for tests and in examples, without
// delimiters: those of the payment schemes and their processors, of the IBAN
// registry, and of tax and social security authorities.
var testNumbers = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`
4111111111111111 4012888888881881 4222222222222 4242424242424242 4000056655665556 4000000000000002 4917610000000000
5555555555554444 5105105105105100 5200828282828210 2223003122003222 5431111111111111 2221000000000009
378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 6011000000000004
30569309025904 38520000023237 36227206271667 3530111333300000 3566002020360505 6200000000000005 6304000000000000
5019717010103742 6759649826438453 4000000000000077 4000002500003155 5610591081018250 76009244561
GB82WEST12345698765432 GB29NWBK60161331926819 DE89370400440532013000 FR1420041010050500013M02606 ES9121000418450200051332
IT60X0542811101000000123456 NL91ABNA0417164300 BE68539007547034 CH9300762011623852957 AT611904300234573201
FI2112345600000785 SE4550000000058398257466 NO9386011117947 DK5000400440116243 PL61109010140000071219812874 IE29AIBK93115212345678
078051120 219099999 123456789 111111111 987654320 9434765870 9434765919 QQ123456C 121000358 046454286`) {
		m[n] = true
	}
	return m
}()

// isTestNumber tells whether a normalised value is a number published for tests.
func isTestNumber(normal []byte) bool { return testNumbers[string(normal)] }

// mockWords are what stands in mock-ups where a secret would.
var mockWords = []string{
	"example", "changeme", "change_me", "change-me", "placeholder", "yourpassword", "your_", "your-", "mypassword", "replace", "insert",
	"redacted", "removed", "dummy", "sample", "mock", "secret_key_here", "keyhere", "key_here", "todo", "xxxx", "****", "....", "????", "____",
	"fixme", "notreal", "not_real", "fake", "password123", "p@ssw0rd", "lorem",
}

// isMockSecret tells whether a secret is a mock-up: a template such as <…>, {{…}}
// or $VAR, a word that stands in for one, one character repeated, or for the
// greater part runs of the alphabet or of digits.
func isMockSecret(value string) bool {
	v := strings.ToLower(strings.Trim(value, "\"'`;, "))
	if len(v) == 0 {
		return true
	}
	switch {
	case strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">"), strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}"),
		strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]"), strings.HasPrefix(v, "$"), strings.HasPrefix(v, "%") && strings.HasSuffix(v, "%"),
		strings.Contains(v, "{{"), strings.Contains(v, "${"), strings.Contains(v, "<your"):
		return true
	}
	for _, w := range mockWords {
		if strings.Contains(v, w) {
			return true
		}
	}
	if strings.Contains(v, "passw") && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz_-") == "" {
		return true // the name of a password, as some_password
	}
	switch v {
	case "password", "passwd", "secret", "none", "null", "nil", "true", "false", "undefined", "string", "foo", "bar", "foobar", "test", "testing", "hunter2":
		return true
	}
	return sequential(v)
}

// sequential tells whether more than half of a value is runs of four and more
// neighbours, such as abcdef, 12345 or aaaa.
func sequential(v string) bool {
	const least = 4
	covered, run, step := 0, 1, 0
	close := func() {
		if run >= least {
			covered += run
		}
	}
	for i := 1; i < len(v); i++ {
		d := int(v[i]) - int(v[i-1])
		if (d == 0 || d == 1 || d == -1) && (run == 1 || d == step) && isAlnum(v[i]) && isAlnum(v[i-1]) {
			step = d
			run++
			continue
		}
		close()
		run = 1
	}
	close()
	return covered*2 > len(v)
}

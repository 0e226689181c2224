package dsn

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNotify(t *testing.T) {
	for _, tc := range []struct {
		value          string
		want           string
		failure, delay bool
	}{
		{"NEVER", "NEVER", false, false},
		{"never", "NEVER", false, false},
		{"SUCCESS", "SUCCESS", false, false},
		{"SUCCESS,FAILURE", "SUCCESS,FAILURE", true, false},
		{"failure,Delay", "FAILURE,DELAY", true, true},
		{"FAILURE,FAILURE", "FAILURE", true, false},
		{"DELAY", "DELAY", false, true},
	} {
		n, err := ParseNotify(tc.value)
		if err != nil || n.String() != tc.want || n.Failure() != tc.failure || n.Delay() != tc.delay {
			t.Errorf("NOTIFY=%s: %q failure %v delay %v, %v", tc.value, n, n.Failure(), n.Delay(), err)
		}
	}
	for _, bad := range []string{"", "NEVER,FAILURE", "FAILURE,", "FAILURE, DELAY", "ALWAYS", "FAILURE;DELAY"} {
		if n, err := ParseNotify(bad); err == nil {
			t.Errorf("NOTIFY=%s is read as %q", bad, n)
		}
	}
	if none := Notify(0); !none.Failure() || none.String() != "" {
		t.Error("without NOTIFY a sender is told of failures")
	}
}

func TestParseORCPT(t *testing.T) {
	for _, tc := range []struct {
		value string
		want  Typed
	}{
		{"rfc822;user@example.com", Typed{"rfc822", "user@example.com"}},
		{"RFC822;a+2Bb@example.com", Typed{"rfc822", "a+b@example.com"}},
		{"rfc822;a+3db@example.com", Typed{"rfc822", "a=b@example.com"}},
		{`rfc822;"two+20words"@example.com`, Typed{"rfc822", `"two words"@example.com`}},
		{`utf-8;j\x{F6}rg@b\x{fc}cher.example`, Typed{"utf-8", "jörg@bücher.example"}},
		{"utf-8;jörg@bücher.example", Typed{"utf-8", "jörg@bücher.example"}},
		{`utf-8;\x{1F4E7}@example.com`, Typed{"utf-8", "📧@example.com"}},
		{"utf-8;a+2Bb@example.com", Typed{"utf-8", "a+b@example.com"}},
		{"x-local;someone", Typed{"x-local", "someone"}},
	} {
		got, err := ParseORCPT(tc.value)
		if err != nil || got != tc.want {
			t.Errorf("ORCPT=%s: %+v, %v", tc.value, got, err)
			continue
		}
		if again, err := ParseORCPT(FormatORCPT(got)); err != nil || again != got {
			t.Errorf("ORCPT=%s written as %s is %+v, %v", tc.value, FormatORCPT(got), again, err)
		}
	}
	for _, bad := range []string{
		"", "rfc822", "rfc822;", ";user@example.com", "rf c;user@example.com", "rfc822;a b@example.com",
		"rfc822;a+2@example.com", "rfc822;a+0D+0AX-Injected:+20yes@example.com", "rfc822;a+00@example.com", "rfc822;jörg@example.com",
		`utf-8;a\x{D800}@example.com`, `utf-8;a\x{0D}@example.com`, `utf-8;a\x{110000}@b`, `utf-8;a\x{41`, `utf-8;a\q`, "utf-8;a\xff@b",
	} {
		if got, err := ParseORCPT(bad); err == nil {
			t.Errorf("ORCPT=%s is read as %+v", bad, got)
		}
	}
}

func TestParseEnvelopeID(t *testing.T) {
	if id, err := ParseEnvelopeID("QQ314159+2Bx"); err != nil || id != "QQ314159+x" {
		t.Errorf("%q, %v", id, err)
	}
	for _, bad := range []string{"", "a b", "a+0A", "a=b", string(make([]byte, 101))} {
		if id, err := ParseEnvelopeID(bad); err == nil {
			t.Errorf("ENVID=%q is read as %q", bad, id)
		}
	}
}

func TestReadArguments(t *testing.T) {
	mail, err := ReadMailArgs([]string{"SIZE=100", "ret=hdrs", "ENVID=ab+2Bc", "SMTPUTF8", "BODY=8BITMIME"})
	if want := (MailArgs{Return: ReturnHeaders, EnvelopeID: "ab+c", UTF8: true}); err != nil || mail != want {
		t.Errorf("%+v, %v", mail, err)
	}
	mail, err = ReadMailArgs([]string{"RET=SOME", "ENVID=good"})
	if want := (MailArgs{EnvelopeID: "good"}); err == nil || mail != want {
		t.Errorf("a bad RET: %+v, %v", mail, err)
	}
	rcpt, err := ReadRcptArgs([]string{"NOTIFY=FAILURE", "orcpt=rfc822;a@example.com"})
	if want := (RcptArgs{Notify: NotifyFailure, Original: Typed{"rfc822", "a@example.com"}}); err != nil || rcpt != want {
		t.Errorf("%+v, %v", rcpt, err)
	}
	rcpt, err = ReadRcptArgs([]string{"NOTIFY=SOMETIMES"})
	if err == nil || !rcpt.Notify.Failure() {
		t.Errorf("a bad NOTIFY must not silence a report: %+v, %v", rcpt, err)
	}
}

func TestXtextKeepsEveryOctet(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	encoded := EncodeXtext(string(all))
	for i := 0; i < len(encoded); i++ {
		if encoded[i] <= ' ' || encoded[i] >= 0x7f {
			t.Fatalf("octet %#x in xtext", encoded[i])
		}
	}
	decoded, err := DecodeXtext(encoded)
	if diff := cmp.Diff(string(all), decoded); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func FuzzArguments(f *testing.F) {
	for _, s := range []string{"NEVER", "SUCCESS,FAILURE", "rfc822;a+2Bb@example.com", `utf-8;j\x{F6}rg@example.com`, "QQ+2B1", "+", `utf-8;\x{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseNotify(s); err == nil {
			if again, err := ParseNotify(n.String()); err != nil || again != n {
				t.Errorf("NOTIFY=%s: %v, then %v, %v", s, n, again, err)
			}
		}
		if o, err := ParseORCPT(s); err == nil {
			if again, err := ParseORCPT(FormatORCPT(o)); err != nil || again != o {
				t.Errorf("ORCPT=%s: %+v, then %+v, %v", s, o, again, err)
			}
		}
		if id, err := ParseEnvelopeID(s); err == nil && !isPrintable(id) {
			t.Errorf("ENVID=%s: %q", s, id)
		}
		if text, err := DecodeXtext(s); err == nil {
			if again, err := DecodeXtext(EncodeXtext(text)); err != nil || again != text {
				t.Errorf("xtext %q: %q, then %q, %v", s, text, again, err)
			}
		}
	})
}

func TestReplyStatus(t *testing.T) {
	for reply, want := range map[string]string{
		"550 5.1.1 no such user":          "5.1.1",
		"550-5.7.1 first\n550 5.7.1 next": "5.7.1",
		"451 4.4.1":                       "4.4.1",
		"550 no such user":                "5.0.0",
		"421":                             "4.0.0",
		"550 4.1.1 classes differ":        "5.0.0",
		"550\r\n":                         "5.0.0",
		"250 2.0.0 ok":                    "",
		"connection refused":              "",
		"5.7.1 no code":                   "",
		"5501":                            "",
		"":                                "",
	} {
		if got := ReplyStatus(reply); got != want {
			t.Errorf("%q: %q, want %q", reply, got, want)
		}
	}
}

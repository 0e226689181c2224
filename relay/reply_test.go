package relay

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

func TestQueueID(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"Postfix", "2.0.0 Ok: queued as 3F2B41A0C2", "3F2B41A0C2"},
		{"Postfix, long names", "2.0.0 Ok: queued as 4ZQh1c2J3Kz9vBd", "4ZQh1c2J3Kz9vBd"},
		{"Postfix behind a proxy", "2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 0A1B2C", "0A1B2C"},
		{"without an enhanced code", "Ok: queued as 3F2B41A0C2", "3F2B41A0C2"},
		{"Sendmail", "2.0.0 5AM7B2xk012345 Message accepted for delivery", "5AM7B2xk012345"},
		{"OpenSMTPD", "2.0.0 8f3a2b1c Message accepted for delivery", "8f3a2b1c"},
		{"Exim", "OK id=1tEabc-0000000Abc-1dEf", "1tEabc-0000000Abc-1dEf"},
		{"a full stop", "queued as ABC.", "ABC"},
		{"several lines", "2.0.0 thanks\n2.0.0 Ok: queued as ABC", "ABC"},
		{"none", "2.0.0 Ok", ""},
		{"nothing", "", ""},
		{"cut short", "Ok: queued as", ""},
		{"not a name", "Ok: queued as <script>", ""},
		{"too long", "Ok: queued as " + strings.Repeat("A", 65), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := QueueID(tt.text); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatAReplyMeans(t *testing.T) {
	for _, tt := range []struct {
		code int
		want Status
	}{
		{250, Delivered}, {251, Delivered}, {354, Retry}, {421, Retry}, {450, Retry}, {452, Retry},
		{530, Retry}, {535, Retry}, {538, Retry}, {550, Failed}, {554, Failed}, {0, Retry}, {600, Retry},
	} {
		if got := (Reply{Code: tt.code}).Status(); got != tt.want {
			t.Errorf("%d: %s, want %s", tt.code, got, tt.want)
		}
	}
}

func TestReplyAsText(t *testing.T) {
	for _, tt := range []struct {
		reply Reply
		want  string
	}{
		{Reply{Code: 550, Enhanced: "5.1.1", Text: "User\nunknown"}, "550 5.1.1 User unknown"},
		{Reply{Code: 451}, "451"},
		{accepted("2.0.0 a\n2.0.0 b"), "250 2.0.0 a b"},
		{accepted("2.0 a"), "250 2.0 a"},
	} {
		if got := tt.reply.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// A reply goes into records, logs and notices: it is bounded and holds nothing
// that ends a line unasked.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"2.0.0 Ok: queued as ABC", "2.0.0 \r\n2.0.0 a", "\x00\x1b[31m\u0085\xff", "5.1.1 ", "id=", "queued as \n", "1.2.3 Message accepted"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id := QueueID(s); id != "" && (len(id) > maxQueueID || !strings.Contains(s, id) || strings.ContainsAny(id, "\r\n <>\x00")) {
			t.Errorf("queue id %q", id)
		}
		r, ok := replyOf(&smtp.SMTPError{Code: 450, Message: s})
		if !ok {
			t.Fatal("no reply")
		}
		for _, r := range []Reply{r, accepted(s), local(450, "4.0.0", s)} {
			if len(r.Text) > 3*maxReply || !utf8.ValidString(r.Text) || strings.ContainsAny(r.Text, "\r\x00\x1b\u0085") || strings.Contains(r.String(), "\n") {
				t.Errorf("%+v", r)
			}
		}
	})
}

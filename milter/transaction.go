package milter

import (
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
)

// Bounds of what is held in memory of one message beside its body, in octets.
// They leave room for tens of thousands of recipients and for any header section
// that people or programs write.
const (
	maxRecipients    = 4 << 20
	maxHeaderSection = 2 << 20
	perItem          = 64 // what one recipient or field costs beside its text
)

// transaction is what lasts from MAIL to the end of one message.
type transaction struct {
	env       message.Envelope
	begun     time.Time
	header    message.Header
	body      *message.Buffer
	simulated bool

	recipients int   // octets held of recipients
	section    int   // octets held of the header section
	size       int64 // octets of the message, CRLF line ends
	limit      int64
	tooLarge   bool
	fault      error // why it cannot be judged
}

func newTransaction(cfg *Config) *transaction {
	return &transaction{begun: time.Now(), limit: cfg.MessageSize, body: cfg.Budget.NewBuffer()}
}

// addRecipient takes a recipient. The answer is false when there are too many.
func (t *transaction) addRecipient(raw, canonical string, args []string) bool {
	t.recipients += perItem + len(raw) + len(canonical)
	for _, a := range args {
		t.recipients += perItem + len(a)
	}
	if t.recipients > maxRecipients {
		return false
	}
	r := message.Recipient{Raw: raw, Args: args}
	var err error
	if r.Path, err = message.ParsePath(canonical); canonical == "" || err != nil {
		if r.Path, err = message.ParsePath(raw); err != nil {
			t.fault = err
		}
	}
	t.env.Recipients = append(t.env.Recipients, r)
	return true
}

// addField takes a header field.
func (t *transaction) addField(name, value string) {
	t.size += int64(len(name) + len(":") + len(value) + bareLineFeeds(value) + len("\r\n"))
	t.section += perItem + len(name) + len(value)
	if t.full() {
		return
	}
	t.header = append(t.header, message.Field{Name: name, Value: value})
}

// addBody takes octets of the body; they are copied.
func (t *transaction) addBody(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	t.size += int64(len(chunk))
	if t.full() || t.fault != nil {
		return
	}
	if _, err := t.body.Write(chunk); err != nil {
		t.fault = err
	}
}

// full tells whether the message is larger than is taken; what was held of it is
// let go then, and the rest is only counted.
func (t *transaction) full() bool {
	if !t.tooLarge && (t.size > t.limit || t.section > maxHeaderSection) {
		t.tooLarge = true
		t.header = nil
		t.body.Close()
	}
	return t.tooLarge
}

// close lets go of what is held.
func (t *transaction) close() { t.body.Close() }

// bareLineFeeds counts the line ends of folds that come as LF and count as CRLF.
func bareLineFeeds(value string) int {
	return strings.Count(value, "\n") - strings.Count(value, "\r\n")
}

package relay

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/postern-mail/postern/internal/fault"
)

// Send makes one transaction. It returns when the server has answered for every
// recipient, or the session failed; it never takes longer than the time-outs allow,
// and ends at once with ctx, which may leave the outcome unknown.
func (c *Client) Send(ctx context.Context, m *Mail) Report {
	t := &transaction{mail: m, results: make([]Result, len(m.Recipients))}
	for i, r := range m.Recipients {
		t.results[i] = Result{Recipient: r.Index, Address: r.Address}
	}
	t.run(ctx, c)
	return Report{Results: t.results, QueueID: t.queueID, Unknown: t.unknown, Err: t.err}
}

// transaction is one MAIL … DATA with what came of it so far.
type transaction struct {
	mail    *Mail
	front   []byte // the fields put in front
	from    string
	options *smtp.MailOptions
	measure measure

	results []Result
	open    []int // recipients that have no result yet
	queueID string
	unknown bool
	err     error
}

// settle gives all open recipients one reply.
func (t *transaction) settle(r Reply) {
	for _, i := range t.open {
		t.results[i].Status, t.results[i].Reply = r.Status(), r
	}
	t.open = nil
}

// fail gives up for now: the session failed, no recipient was refused.
func (t *transaction) fail(err error) {
	t.err = err
	r, ok := replyOf(err)
	if !ok {
		r = local(451, "4.4.2", err.Error())
	}
	for _, i := range t.open {
		t.results[i].Status, t.results[i].Reply = Retry, r
	}
	t.open = nil
}

// answer takes the error of a command: a reply settles all open recipients,
// anything else is a failure of the session. It tells whether to go on.
func (t *transaction) answer(err error) bool {
	if err == nil {
		return true
	}
	if r, ok := replyOf(err); ok && r.Code/100 >= 4 && r.Code != 421 {
		t.settle(r)
		return false
	}
	t.fail(err)
	return false
}

func (t *transaction) run(ctx context.Context, c *Client) {
	if !t.prepare(ctx) {
		return
	}
	fault.Point("relay.connect")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := c.open(ctx)
	if err != nil {
		t.fail(err)
		return
	}
	defer conn.Close()
	if !t.fit(conn) || !t.answer(conn.Mail(t.from, t.options)) {
		return
	}
	fault.Point("relay.mail")
	t.recipients(conn)
	if len(t.open) == 0 {
		if t.err == nil {
			conn.quit()
		}
		return
	}
	if t.content(ctx, c, conn) {
		conn.quit()
	}
}

// prepare reads the envelope and measures the content.
func (t *transaction) prepare(ctx context.Context) bool {
	for i, r := range t.mail.Recipients {
		if a, err := bare(r.Address); err != nil || a == "" {
			t.results[i].Status, t.results[i].Reply = Failed, local(553, "5.1.3", errAddress.Error())
			continue
		}
		t.open = append(t.open, i)
	}
	var err error
	if t.from, err = bare(t.mail.From); err != nil {
		t.settle(local(553, "5.1.7", errAddress.Error()))
	}
	if len(t.open) == 0 {
		return false
	}
	t.options = mailOptions(t.mail.MailArgs)
	t.front = front(t.mail)
	w := &wireWriter{w: &t.measure}
	if err := t.pass(ctx, w); err != nil {
		t.err = fmt.Errorf("content: %w", err)
		t.settle(local(451, "4.3.0", "the message could not be read"))
		return false
	}
	t.options.Size = t.measure.size
	return true
}

// pass writes the message once.
func (t *transaction) pass(ctx context.Context, w *wireWriter) error {
	if _, err := w.Write(t.front); err != nil {
		return err
	}
	r, err := t.mail.Content(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	// Only the reader's Read is used: it is what tells of damage.
	if _, err := io.CopyBuffer(w, struct{ io.Reader }{r}, make([]byte, 32<<10)); err != nil {
		return err
	}
	return w.end()
}

// fit sets the message against what the server announced. What cannot be sent to
// this server is refused, as sending it some other way would change it.
func (t *transaction) fit(conn *connection) bool {
	if t.options.RequireTLS && !conn.offers("REQUIRETLS") {
		t.settle(local(550, "5.7.30", "REQUIRETLS is not offered by the next server")) // RFC 8689, section 4.2
	}
	if t.measure.eightBit && !conn.offers("8BITMIME") {
		// RFC 6152, section 3. That is no fault of the message, and can be mended.
		t.err = errEightBit
		t.settle(local(451, "4.6.3", errEightBit.Error()))
		return false
	}
	asked := t.options.UTF8
	t.options.UTF8 = asked || !isASCII(t.from)
	if !conn.offers("SMTPUTF8") {
		// RFC 6531, section 3.5.
		switch {
		case !isASCII(t.from):
			t.settle(local(550, "5.6.7", "SMTPUTF8 is not offered by the next server, and the sender's address needs it"))
		case asked && t.measure.utf8Header:
			t.settle(local(550, "5.6.9", "SMTPUTF8 is not offered by the next server, and the header section needs it"))
		}
		t.options.UTF8 = false
	}
	var open []int
	for _, i := range t.open {
		r := t.mail.Recipients[i]
		switch needs := !isASCII(r.Address); {
		case needs && !conn.offers("SMTPUTF8"):
			t.results[i].Status, t.results[i].Reply = Failed,
				local(553, "5.6.7", "SMTPUTF8 is not offered by the next server, and the recipient's address needs it")
			continue
		case needs || conn.offers("SMTPUTF8") && !isASCII(rcptOptions(r.Args).OriginalRecipient):
			t.options.UTF8 = true
		}
		open = append(open, i)
	}
	t.open = open
	return len(t.open) > 0
}

// recipients gives the forward-paths; those taken stay open.
func (t *transaction) recipients(conn *connection) {
	var taken []int
	for n, i := range t.open {
		r := t.mail.Recipients[i]
		address, _ := bare(r.Address) // seen to be good by prepare
		err := conn.Rcpt(address, rcptOptions(r.Args))
		if err == nil {
			taken = append(taken, i)
			continue
		}
		reply, ok := replyOf(err)
		if !ok || reply.Code == 421 {
			// The session is over, also for those taken before.
			t.open = append(taken, t.open[n:]...)
			t.fail(err)
			return
		}
		t.results[i].Status, t.results[i].Reply = reply.Status(), reply
	}
	t.open = taken
}

// content sends the message and takes the reply that decides. It tells whether the
// session is in order.
func (t *transaction) content(ctx context.Context, c *Client, conn *connection) bool {
	data, err := conn.Data()
	if err != nil {
		return t.answer(err)
	}
	// From here on nothing may be said but the rest of the message: any further
	// command would end it with a dot. An error closes the connection instead.
	conn.guard.limit(c.opt.Timeouts.Block)
	if err := t.pass(ctx, &wireWriter{w: data}); err != nil {
		t.fail(fmt.Errorf("content: %w", err))
		return false
	}
	fault.Point("relay.dot")
	conn.guard.limit(c.opt.Timeouts.Dot)
	conn.guard.afterWrite(func() { fault.Point("relay.sent") })
	done, err := data.CloseWithResponse()
	if err == nil {
		r := accepted(done.StatusText)
		t.queueID = QueueID(done.StatusText)
		t.settle(r)
		return true
	}
	if r, ok := replyOf(err); ok {
		t.settle(r)
		if r.Code == 421 {
			t.err = err
		}
		return r.Code != 421
	}
	t.unknown = true
	t.fail(fmt.Errorf("%w: %w", errUnknown, err))
	return false
}

var (
	errEightBit = errors.New("8BITMIME is not offered by the next server, and the message needs it")
	errUnknown  = errors.New("the connection was lost between the final dot and its reply")
)

package worker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/postern-mail/postern/message/extract"
)

// Asked tells whether this process was started as a worker. It is asked before
// anything else, and [Serve] is all that a worker does.
func Asked() bool { return os.Args[0] == programName }

// Serve reads documents until nobody asks any more, and gives the exit status.
func Serve() int {
	return serve(os.Args[1:], extract.Read)
}

// deepest bounds the stack of a reader, in octets: what nests deeper than its
// limits allow overruns it and ends the process.
const deepest = 64 << 20

// collector is how much the heap grows, in percent, before it is collected: more
// than usual, since a document leaves nothing behind and the memory of a worker is
// bounded in another way.
const collector = 400

func serve(args []string, read func(context.Context, []byte, extract.Hint, *extract.Budget) extract.Document) int {
	memory, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return 2
	}
	debug.SetMaxStack(deepest)
	debug.SetGCPercent(collector)
	// A service manager sends these to all processes of a service; documents in
	// hand are read to their end, and the pool ends its workers.
	signal.Ignore(unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	spent := make(chan os.Signal, 1)
	signal.Notify(spent, unix.SIGXCPU)
	go func() {
		<-spent // more CPU time than the pool gave
		os.Exit(6)
	}()
	isolation, err := confine(memory)
	if err != nil {
		return 3
	}
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	s := &server{in: bufio.NewReaderSize(os.Stdin, 64<<10), out: out}
	if err := s.say(kindHello, hello{isolation}, nil); err != nil {
		return 4
	}
	for {
		if err := s.one(memory, read); err != nil {
			if errors.Is(err, io.EOF) {
				return 0
			}
			return 5
		}
	}
}

// server is the worker's side of the pipes.
type server struct {
	in  *bufio.Reader
	out *bufio.Writer
}

func (s *server) say(kind byte, head any, body []byte) error {
	if err := writeFrame(s.out, kind, head, body); err != nil {
		return err
	}
	return s.out.Flush()
}

// one reads one document.
func (s *server) one(memory int64, read func(context.Context, []byte, extract.Hint, *extract.Budget) extract.Document) error {
	f, err := readFrame(s.in, mostHead, memory)
	if err != nil {
		return err
	}
	var j job
	if err := f.into(kindJob, &j); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.Time)
	defer cancel()
	b := extract.NewBudget(j.Limits)
	b.Spend(j.Spent)
	var broken error
	if j.Fallback {
		b.Fallback = func(_ context.Context, content []byte, mediaType string) (string, error) {
			text, err := s.ask(content, mediaType)
			if errors.Is(err, errPipe) {
				broken = err
			}
			return text, err
		}
	}
	d := read(ctx, f.body, j.Hint, b)
	if broken != nil {
		return broken
	}
	after := b.Spent()
	spent := extract.Spent{Inflated: after.Inflated - j.Spent.Inflated, Members: after.Members - j.Spent.Members, Characters: after.Characters - j.Spent.Characters}
	if err := s.say(kindAnswer, answer{d, spent}, nil); err != nil {
		return err
	}
	if spent.Inflated+int64(len(f.body)) > much {
		debug.FreeOSMemory() // the next document may be small
	}
	return nil
}

// errPipe says that the pool cannot be talked to.
var errPipe = errors.New("the pool does not answer")

// ask asks the pool for the text of a document.
func (s *server) ask(content []byte, mediaType string) (string, error) {
	if len(content) > mostFallback {
		return "", errors.New("too large to be sent on")
	}
	if err := s.say(kindFallback, question{mediaType}, content); err != nil {
		return "", errPipe
	}
	f, err := readFrame(s.in, mostReply, 0)
	if err != nil {
		return "", errPipe
	}
	var r reply
	switch err := f.into(kindText, &r); {
	case err != nil:
		return "", errPipe
	case r.Error != "":
		return "", errors.New(r.Error)
	}
	return r.Text, nil
}

// mostReply bounds a text that was asked for, in octets.
const mostReply = 256 << 20

// much is how many octets, decompressed, make memory be given back after a
// document.
const much = 32 << 20

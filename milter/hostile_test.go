package milter_test

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/milter/miltertest"
)

// offer is a valid first frame.
var offer = []byte{0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff}

// alive insists that a message can still be judged.
func alive(t *testing.T, s *server) {
	t.Helper()
	c := s.session(t)
	envelope(t, c)
	if r := content(t, c, "Body\r\n"); r.Verdict.Command != 'c' {
		t.Errorf("outcome %+v", r)
	}
	must(t, c.Quit())
}

func TestBadLengths(t *testing.T) {
	s := start(t, milter.Config{})
	for _, length := range []uint32{0, 1<<20 + 1, 1<<31 - 1, 1<<32 - 1} {
		for _, first := range [][]byte{nil, offer} {
			conn := s.dial(t)
			conn.Write(append(append([]byte{}, first...), binary.BigEndian.AppendUint32(nil, length)...))
			closed(t, conn)
		}
	}
	alive(t, s)
}

func TestRandomBytes(t *testing.T) {
	s := start(t, milter.Config{FrameTime: 100 * time.Millisecond})
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range 1000 {
		conn := s.dial(t)
		var b []byte
		if n%2 == 0 {
			b = append(b, offer...)
		}
		for range rnd.IntN(20) { // frames of random content with a believable length
			if n%4 < 2 {
				b = append(b, byte(rnd.Uint32()))
				continue
			}
			size := 1 + rnd.IntN(40)
			b = binary.BigEndian.AppendUint32(b, uint32(size))
			b = append(b, "ODCHMRTLNBEAUQK"[rnd.IntN(15)])
			for range size - 1 {
				b = append(b, byte(rnd.Uint32()&rnd.Uint32()))
			}
		}
		conn.Write(b)
		conn.Close()
	}
	alive(t, s)
}

// A frame that announces much and holds little costs little; one that never ends
// ends the connection.
func TestManySlowClientsCostNoMemory(t *testing.T) {
	const clients = 1000
	s := start(t, milter.Config{Connections: clients, FrameTime: 500 * time.Millisecond})
	before := heap()
	var conns []net.Conn
	for n := range clients {
		conn, err := net.Dial(s.network, s.addr)
		must(t, err)
		defer conn.Close()
		conns = append(conns, conn)
		switch n % 3 {
		case 0: // announces 1 MiB and sends an octet
			conn.Write(append(append([]byte{}, offer...), 0, 0x10, 0, 0, 'B'))
		case 1: // half a length
			conn.Write([]byte{0, 0})
		case 2: // says nothing at all
		}
	}
	peak := heap()
	if grown := int64(peak) - int64(before); grown > 64<<20 {
		t.Errorf("%d slow clients cost %d MB", clients, grown>>20)
	}
	var all sync.WaitGroup
	for _, conn := range conns {
		all.Go(func() { closed(t, conn) })
	}
	all.Wait()
	alive(t, s)
	if grown := int64(heap()) - int64(before); grown > 32<<20 {
		t.Errorf("%d MB are held when all are gone", grown>>20)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// An octet now and then does not stretch the time for a frame.
func TestAFrameInDropsIsCutOff(t *testing.T) {
	s := start(t, milter.Config{FrameTime: 200 * time.Millisecond})
	c := s.client(t)
	stop := time.NewTicker(20 * time.Millisecond)
	defer stop.Stop()
	frame := append([]byte{0, 0, 1, 0}, make([]byte, 200)...)
	for i := range frame {
		<-stop.C
		if _, err := c.Conn.Write(frame[i : i+1]); err != nil {
			return // closed, as it should be
		}
	}
	t.Error("the connection is still open")
}

// An SMTP client may think for minutes: no deadline runs between frames.
func TestIdleSessionsStayOpen(t *testing.T) {
	s := start(t, milter.Config{FrameTime: 30 * time.Millisecond})
	c := s.session(t)
	envelope(t, c)
	idle := time.NewTimer(200 * time.Millisecond)
	<-idle.C
	if r := content(t, c, "Body\r\n"); r.Verdict.Command != 'c' {
		t.Errorf("outcome %+v", r)
	}
}

func TestConnectionsBeyondTheCap(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	s := start(t, milter.Config{Connections: 2, Log: zap.New(core)})
	first, second := s.session(t), s.session(t)
	for range 20 {
		closed(t, s.dial(t))
	}
	if n := logs.FilterMessage("too many connections").Len(); n != 1 {
		t.Errorf("%d log lines for 20 refusals", n)
	}
	must(t, first.Quit())
	// The place is free as soon as the server noticed.
	for {
		c := miltertest.New(s.dial(t))
		if err := c.Negotiate(6, 0x1ff, 0x1fffff); err == nil {
			break
		}
	}
	envelope(t, second)
	content(t, second, "")
}

// A frame in many pieces is the same frame.
func TestFramesInPieces(t *testing.T) {
	filter := deliver()
	s := start(t, milter.Config{Filter: filter})
	client, relay := net.Pipe()
	go func() { // passes octets on one by one
		defer relay.Close()
		up := s.dial(t)
		defer up.Close()
		go io.Copy(relay, up)
		var b [1]byte
		for {
			if _, err := relay.Read(b[:]); err != nil {
				return
			}
			if _, err := up.Write(b[:]); err != nil {
				return
			}
		}
	}()
	c := miltertest.New(client)
	must(t, c.Negotiate(6, 0x1ff, 0x1fffff))
	accepted(t)(c.Command('C', []byte("a\x00U")))
	envelope(t, c)
	if r := content(t, c, string(make([]byte, 70_000))); r.Verdict.Command != 'c' {
		t.Errorf("outcome %+v", r)
	}
	must(t, c.Quit())
}

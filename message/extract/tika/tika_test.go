package tika

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve gives a server on this machine and a client of it.
func serve(t *testing.T, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o.URL = s.URL
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestTheTextIsAskedForByPut(t *testing.T) {
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Accept"), r.Header.Get("Content-Type"), body)
	})
	text, err := c.Text(t.Context(), []byte("octets"), "application/x-odd", 100)
	if want := "PUT /tika text/plain application/x-odd octets"; err != nil || text != want {
		t.Errorf("%q, %v; want %q", text, err, want)
	}
}

func TestAnswersWithoutText(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"no content":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "the Tika server finds no text"},
		"blanks":         {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, " \n\n") }, "the Tika server finds no text"},
		"unsupported":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnsupportedMediaType) }, "the Tika server answers with status 415"},
		"cannot process": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) }, "the Tika server answers with status 422"},
		"an error":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "the Tika server answers with status 500"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/tika" {
				t.Error("the redirect is followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "the Tika server answers with status 307"},
		"closes": {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "the Tika server cannot be reached"},
		"closes in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, "the Tika server cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, Options{}, test.answer)
			text, err := c.Text(t.Context(), []byte("x"), "application/octet-stream", 100)
			if err == nil || err.Error() != test.want || text != "" {
				t.Errorf("%q, %v; want %q", text, err, test.want)
			}
		})
	}
}

func TestSizesAreBounded(t *testing.T) {
	c := serve(t, Options{Size: 10}, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			io.WriteString(w, strings.Repeat("x", 1000))
		}
	})
	if _, err := c.Text(t.Context(), make([]byte, 11), "a/b", 100); err == nil || err.Error() != "too large for the Tika server" {
		t.Errorf("a large document: %v", err)
	}
	text, err := c.Text(t.Context(), make([]byte, 10), "a/b", 100)
	if err != nil || len(text) <= 100 || len(text) > 500 {
		t.Errorf("%d octets, %v; want a little more than the 100 characters that are taken", len(text), err)
	}
}

func TestTimeIsBounded(t *testing.T) {
	end := make(chan struct{})
	c := serve(t, Options{Time: 50 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-end
	})
	defer close(end)
	if _, err := c.Text(t.Context(), []byte("x"), "a/b", 100); err == nil || err.Error() != "the Tika server takes too long" {
		t.Errorf("a slow server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Text(ctx, []byte("x"), "a/b", 100); err == nil {
		t.Error("asked when the time is over")
	}
}

func TestFewDocumentsAreSentAtOnce(t *testing.T) {
	var now, most atomic.Int32
	c := serve(t, Options{AtOnce: 2}, func(w http.ResponseWriter, _ *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		io.WriteString(w, "text")
	})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Text(t.Context(), []byte("x"), "a/b", 100); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d documents at once", most.Load())
	}
}

func TestOnlyNamedMachinesAreAsked(t *testing.T) {
	for _, test := range []struct {
		url     string
		allowed []netip.Prefix
		good    bool
	}{
		{"http://127.0.0.1:9998", nil, true},
		{"http://[::1]:9998", nil, true},
		{"http://localhost:9998/", nil, true},
		{"https://127.1.2.3:9998/rest/tika", nil, true},
		{"http://10.0.0.5:9998", nil, false},
		{"http://10.0.0.5:9998", []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}, true},
		{"http://10.0.0.6:9998", []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}, false},
		{"http://[::ffff:10.0.0.5]:9998", nil, false},
		{"http://169.254.169.254", nil, false},
		{"ftp://127.0.0.1", nil, false},
		{"127.0.0.1:9998", nil, false},
		{"http://", nil, false},
		{"http://user:secret@127.0.0.1:9998", nil, false},
		{"http://127.0.0.1:9998/?x=y", nil, false},
	} {
		if _, err := New(Options{URL: test.url, Allowed: test.allowed}); (err == nil) != test.good {
			t.Errorf("%s with %v: %v", test.url, test.allowed, err)
		}
	}
}

// A name that stands for another machine is refused when it is asked.
func TestNamesAreJudgedByTheirAddresses(t *testing.T) {
	c := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "text") })
	c.url = "http://192.0.2.1:9/tika"
	if _, err := c.Text(t.Context(), []byte("x"), "a/b", 100); err == nil || err.Error() != "the address of the Tika server is not allowed" {
		t.Errorf("got %v", err)
	}
}

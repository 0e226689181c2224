package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/message/extract"
)

// What no format knows is asked of the server that postern.yaml names, and judged.
func TestTikaReadsWhatNoFormatKnows(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPut || r.URL.Path != "/tika" || !bytes.HasPrefix(body, []byte("%!PS")) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		fmt.Fprintln(w, "credit card, visa, expires 12/30: 4111 1111 1111 1111")
	}))
	defer server.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "postern.yaml")
	write(t, config, servedConfig+"extract: {tika: \""+server.URL+"\", workers: 1, workerMemory: 256MB}\n")
	write(t, filepath.Join(dir, "policies", "a.yaml"), "policy: P\nmode: enable\nrules:\n  - rule: R\n    conditions: {contentContainsSensitiveInformation: [{type: Credit card number}]}\n    actions: {blockAccess: all}\n")
	for name, test := range map[string]struct{ content, verdict, signal string }{
		"read":   {"%!PS-Adobe-3.0", "block", ""},
		"unread": {"\x00\x01\x02\x03\xfe\xff", "deliver", "no extractor knows the format; the Tika server answers with status 422"},
	} {
		t.Run(name, func(t *testing.T) {
			mail := filepath.Join(dir, name+".eml")
			write(t, mail, "From: a@example.com\nTo: b@partner.example\nContent-Type: application/octet-stream; name=a.bin\n\n"+test.content)
			var out, errs bytes.Buffer
			if status := run([]string{"explain", "--json", "--config", config, mail}, nil, &out, &errs); status != statusGood {
				t.Fatalf("exit status %d: %s", status, &errs)
			}
			var e explanationJSON
			if err := json.Unmarshal(out.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if e.Forks[0].Verdict != test.verdict {
				t.Errorf("the verdict is %s, want %s", e.Forks[0].Verdict, test.verdict)
			}
			if test.signal != "" && (len(e.Signals) != 1 || e.Signals[0].Detail != test.signal) {
				t.Errorf("signals %v, want %q", e.Signals, test.signal)
			}
		})
	}
}

func TestServeSaysWhatKeepsDocumentsApart(t *testing.T) {
	d, err := newDocuments(defaults("").process.readers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var log journal
	if err := d.begin(context.Background(), newLogger(process{logFormat: "json", logLevel: zapcore.InfoLevel}, &log)); err != nil {
		t.Fatal(err)
	}
	if line := log.String(); !strings.Contains(line, "documents are read in workers") || !strings.Contains(line, `"isolation":["limits of memory, CPU time and files"`) {
		t.Errorf("the log says %s", line)
	}
}

// Files of the collection are read alike in a worker and in the process, and none
// takes a worker down.
func TestWorkersReadTheCollection(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "testdata-external", "documents", "files", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the collection of documents is not beside the repository")
	}
	if testing.Short() {
		files = files[:min(len(files), 40)]
	}
	d, err := newDocuments(readers{workers: 2}, func(reason string) { t.Error(reason) })
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	// A machine with much other work changes no outcome.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		hint := extract.Hint{Name: filepath.Base(file)}
		there, err := d.read(ctx, content, hint, extract.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		here := extract.Extract(t.Context(), content, hint, extract.DefaultLimits)
		if a, b := statuses(&here), statuses(&there); !slices.Equal(a, b) {
			t.Errorf("%s: %v in the process, %v in a worker", filepath.Base(file), a, b)
		}
	}
}

// statuses gives path, status and number of characters of a document and those
// within it.
func statuses(d *extract.Document) []string {
	var list []string
	for at, m := range d.All() {
		list = append(list, fmt.Sprintf("%s: %s, %d", at, m.Status, m.Characters))
	}
	return list
}

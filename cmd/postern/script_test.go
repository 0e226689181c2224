package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-mail/postern/message/extract/worker"
	"github.com/postern-mail/postern/milter/miltertest"
)

func TestMain(m *testing.M) {
	if worker.Asked() {
		os.Exit(worker.Serve())
	}
	testscript.Main(m, map[string]func(){"postern": main})
}

// TestScripts runs the commands as people do. Beside the commands of testscript
// the scripts have:
//
//	serve ARGS…            starts `postern serve ARGS…` with its log in the file log,
//	                       and waits until it serves
//	hangup                 sends it SIGHUP
//	terminate              sends it SIGTERM and waits for exit status 0
//	waitlog [-N] PATTERN   waits until at least N lines of the log match
//	waitfile FILE PATTERN  waits until the file is there and matches
//	mail SOCKET FILE TO…   hands a message over as an MTA does; prints verdict,
//	                       reply and edits
//	held NAME              puts the identifier of the first held item into a variable
//	alert NAME FLAGS…      puts that of the first alert listed with flags into one
//	ref NAME               puts the reference of the first message in the log there
//	tidy FILE              makes JSON readable, and hides what differs from run to run
//	status N COMMAND…      runs a command that must end with exit status N
func TestScripts(t *testing.T) {
	commands := commandDir(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "", // writes what is printed into the scripts
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": scriptServe,
			"hangup": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(served(ts).Process.Signal(syscall.SIGHUP))
			},
			"terminate": scriptTerminate,
			"waitlog":   scriptWaitLog,
			"waitfile":  scriptWaitFile,
			"mail":      scriptMail,
			"tidy":      scriptTidy,
			"held":      scriptHeld,
			"alert":     scriptAlert,
			"ref":       scriptRef,
			"status":    scriptStatus,
		},
		Setup: func(env *testscript.Env) error {
			env.Values[daemonKey] = &daemon{}
			env.Setenv("PATH", commands+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("PROGRAM", filepath.Join(commands, "postern"))
			return nil
		},
	})
}

// commandDir gives the folder of the program that scripts run. With the race detector
// it is built without: there are hundreds of commands, and each would take seconds to
// start. The tests with a real Postfix serve with it.
func commandDir(t *testing.T) string {
	t.Helper()
	if !raceDetector {
		path, err := exec.LookPath("postern")
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "postern"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// patience bounds every wait of a test; none is expected to come near it.
const patience = 30 * time.Second

type key string

const daemonKey key = "daemon"

// daemon is the running server of a script.
type daemon struct {
	cmd  *exec.Cmd
	done chan error
}

func served(ts *testscript.TestScript) *exec.Cmd {
	p := ts.Value(daemonKey).(*daemon)
	if p.cmd == nil {
		ts.Fatalf("nothing is served")
	}
	return p.cmd
}

func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.Getenv("PROGRAM")
	logFile := ts.MkAbs("log")
	f, err := os.Create(logFile)
	ts.Check(err)
	defer f.Close()
	cmd := exec.Command(path, append([]string{"serve"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	cmd.Dir, cmd.Stderr, cmd.Stdout = ts.MkAbs("."), f, f
	ts.Check(cmd.Start())
	p := &daemon{cmd: cmd, done: make(chan error, 1)}
	*ts.Value(daemonKey).(*daemon) = *p
	go func() { p.done <- cmd.Wait() }()
	ts.Defer(func() { cmd.Process.Kill() })
	for deadline := time.Now().Add(patience); ; {
		select {
		case err := <-p.done:
			if !neg {
				ts.Fatalf("serve ended: %v\n%s", err, ts.ReadFile("log"))
			}
			fmt.Fprint(ts.Stderr(), ts.ReadFile("log"))
			return
		case <-time.After(10 * time.Millisecond):
		}
		if strings.Contains(ts.ReadFile("log"), `"event":"serving"`) {
			if neg {
				ts.Fatalf("it serves")
			}
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("serve does not come up:\n%s", ts.ReadFile("log"))
		}
	}
}

func scriptTerminate(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(daemonKey).(*daemon)
	ts.Check(served(ts).Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		ts.Check(err)
	case <-time.After(patience):
		ts.Fatalf("the process does not end:\n%s", ts.ReadFile("log"))
	}
}

func scriptWaitLog(ts *testscript.TestScript, _ bool, args []string) {
	least := 1
	if n, ok := strings.CutPrefix(args[0], "-"); ok {
		var err error
		least, err = strconv.Atoi(n)
		ts.Check(err)
		args = args[1:]
	}
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found := 0
		for line := range strings.Lines(ts.ReadFile("log")) {
			if re.MatchString(strings.TrimSuffix(line, "\n")) {
				found++
			}
		}
		if found >= least {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%d lines of the log match %q, %d are due:\n%s", found, args[0], least, ts.ReadFile("log"))
		}
	}
}

func scriptWaitFile(ts *testscript.TestScript, _ bool, args []string) {
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && re.Match(data) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not match %q: %v\n%s", args[0], args[1], err, data)
		}
	}
}

func scriptMail(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: mail SOCKET FILE TO…")
	}
	conn, err := net.Dial("unix", ts.MkAbs(args[0]))
	ts.Check(err)
	c := miltertest.New(conn)
	defer c.Quit()
	ts.Check(c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol))
	ts.Check(connect(c))
	r, err := transact(c, []byte(ts.ReadFile(args[1])), args[2:])
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "verdict %c\n", r.Verdict.Command)
	if r.Verdict.Command == 'y' {
		for _, line := range miltertest.ReplyText(r.Verdict) {
			fmt.Fprintf(ts.Stdout(), "reply %s\n", line)
		}
	}
	for _, e := range r.Edits {
		offset := 0
		if e.Command == 'm' || e.Command == 'i' {
			offset = 4
		}
		fmt.Fprintf(ts.Stdout(), "edit %c %s\n", e.Command, strings.Join(e.Strings(offset), " "))
	}
}

// connect begins an SMTP session.
func connect(c *miltertest.Client) error {
	macros := c.Macros('C', "j", "mx.example.com", "{daemon_name}", "MX")
	_, connected := c.Connect("client.example.org", netip.MustParseAddrPort("192.0.2.7:4711"))
	_, greeted := c.Helo("client.example.org")
	return errors.Join(macros, connected, greeted)
}

// transact hands over one message as an MTA does.
func transact(c *miltertest.Client, data []byte, to []string) (miltertest.Result, error) {
	errs := []error{c.Macros('M', "i", "4ABCdef1")}
	do := func(_ miltertest.Frame, err error) { errs = append(errs, err) }
	do(c.Mail("<someone@example.org>"))
	for _, rcpt := range to {
		do(c.Rcpt("<" + rcpt + ">"))
	}
	do(c.Data())
	head, body, _ := bytes.Cut(data, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
		do(c.Header(name, value))
	}
	do(c.EndOfHeader())
	do(c.Body(bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))))
	if err := errors.Join(errs...); err != nil {
		return miltertest.Result{}, err
	}
	return c.EndOfMessage()
}

var (
	policyVersions = regexp.MustCompile(`\b[0-9a-f]{12}\b`)
	identifiers    = regexp.MustCompile(`\b0[0-9A-HJKMNP-TV-Z]{25}\b`)
	alertNames     = regexp.MustCompile(`\bA-[0-9A-HJKMNP-TV-Z]{8}\b`)
	moments        = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	references     = regexp.MustCompile(`\bP-[0-9A-HJKMNP-TV-Z]{6}\b`)
)

func scriptTidy(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if !strings.HasPrefix(line, "{") {
			out.WriteString(line)
			continue
		}
		ts.Check(json.Indent(&out, []byte(line), "", "  "))
	}
	text := policyVersions.ReplaceAllString(out.String(), "VERSION")
	text = references.ReplaceAllString(text, "P-REFERE")
	text = alertNames.ReplaceAllString(text, "A-ALERTNAM")
	text = identifiers.ReplaceAllString(text, "IDENTIFIER")
	text = moments.ReplaceAllString(text, "TIME")
	text = strings.ReplaceAll(text, ts.Getenv("WORK"), "WORK")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// scriptHeld asks for what is held.
func scriptHeld(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("postern", "quarantine", "list", "--json", "--state", "held", "--config", "postern.yaml"))
	var i itemJSON
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	ts.Check(json.Unmarshal([]byte(line), &i))
	ts.Setenv(args[0], i.ID)
}

// scriptAlert asks for alerts.
func scriptAlert(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("postern", append([]string{"alerts", "list", "--json", "--config", "postern.yaml"}, args[1:]...)...))
	var a alertJSON
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	ts.Check(json.Unmarshal([]byte(line), &a))
	ts.Setenv(args[0], a.ID)
}

func scriptRef(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile("log")) {
		if strings.Contains(line, `"event":"message"`) {
			ts.Setenv(args[0], references.FindString(line))
			return
		}
	}
	// The log of an earlier start is gone: the record is not.
	ts.Check(ts.Exec("postern", "quarantine", "list", "--all", "--json", "--config", "postern.yaml"))
	ts.Setenv(args[0], references.FindString(ts.ReadFile("stdout")))
}

func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// TestExamplesAreClean holds the examples of the repository to what check asks.
func TestExamplesAreClean(t *testing.T) {
	file := filepath.Join("..", "..", "examples", "postern.yaml")
	var out, errs bytes.Buffer
	if status := run([]string{"check", "--config", file}, nil, &out, &errs); status != statusGood {
		t.Errorf("check --config %s: exit status %d\n%s%s", file, status, &out, &errs)
	}
	if strings.Contains(out.String(), "hint:") {
		t.Errorf("check --config %s gives hints:\n%s", file, &out)
	}
}

// TestExamplesHold runs the policy tests beside the policies of the examples, which
// make every rule match.
func TestExamplesHold(t *testing.T) {
	file := filepath.Join("..", "..", "examples", "postern.yaml")
	var out, errs bytes.Buffer
	if status := run([]string{"test", "--config", file}, nil, &out, &errs); status != statusGood {
		t.Errorf("test --config %s: exit status %d\n%s%s", file, status, &out, &errs)
	}
	if strings.Contains(out.String(), "no test matches") {
		t.Errorf("test --config %s:\n%s", file, &out)
	}
}

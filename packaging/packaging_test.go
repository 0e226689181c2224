package packaging

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var root = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func exists(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(root, name))
	return err == nil
}

// settings gives the lines of a configuration that are no comments, with folded
// lines joined and blanks evened out.
func settings(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		even := strings.Join(strings.Fields(line), " ")
		switch {
		case even == "" || even[0] == '#':
		case (line[0] == ' ' || line[0] == '\t') && len(out) > 0:
			out[len(out)-1] += " " + even
		default:
			out = append(out, even)
		}
	}
	return out
}

// codeBlock gives the block of code behind a line of a Markdown file that begins
// with the text given.
func codeBlock(t *testing.T, file, behind string) string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, file), "\n"+behind)
	if ok {
		_, rest, ok = strings.Cut(rest, "\n```")
	}
	if ok {
		_, rest, ok = strings.Cut(rest, "\n")
	}
	block, _, end := strings.Cut(rest, "\n```")
	if !ok || !end {
		t.Fatalf("%s: no block of code behind %q", file, behind)
	}
	return block
}

// instruction is one line of a Dockerfile.
type instruction struct{ name, args string }

func dockerfile(t *testing.T, name string) []instruction {
	t.Helper()
	var out []instruction
	text := strings.ReplaceAll(read(t, name), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		word, args, _ := strings.Cut(line, " ")
		out = append(out, instruction{word, strings.TrimSpace(args)})
	}
	if len(out) == 0 || out[0].name != "FROM" {
		t.Fatalf("%s does not begin with FROM", name)
	}
	return out
}

var dockerfiles = []struct{ name, context string }{
	{"Dockerfile", "."},
	{"packaging/docker/postfix/Dockerfile", "packaging/docker/postfix"},
}

func TestDockerfilesCopyWhatExists(t *testing.T) {
	known := []string{"FROM", "WORKDIR", "COPY", "RUN", "ARG", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
	for _, d := range dockerfiles {
		var stages []string
		for _, in := range dockerfile(t, d.name) {
			if !slices.Contains(known, in.name) {
				t.Errorf("%s: unknown instruction %q", d.name, in.name)
			}
			words := strings.Fields(in.args)
			if in.name == "FROM" && len(words) == 3 {
				stages = append(stages, words[2])
			}
			if in.name != "COPY" {
				continue
			}
			if from, ok := strings.CutPrefix(words[0], "--from="); ok {
				if !slices.Contains(stages, from) {
					t.Errorf("%s: COPY from the stage %q, which is not there", d.name, from)
				}
				continue
			}
			for _, src := range words[:len(words)-1] {
				if !exists(t, path.Join(d.context, src)) {
					t.Errorf("%s: COPY %s, which does not exist in %s", d.name, src, d.context)
				}
			}
		}
	}
}

func TestImageOfPostern(t *testing.T) {
	m := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	if m == nil {
		t.Fatal("go.mod names no version of Go")
	}
	var images, user, health []string
	for _, in := range dockerfile(t, "Dockerfile") {
		switch in.name {
		case "FROM":
			images = append(images, strings.Fields(in.args)[0])
		case "USER":
			user = append(user, in.args)
		case "HEALTHCHECK":
			health = append(health, in.args)
		}
	}
	if diff := cmp.Diff([]string{"golang:" + m[1] + "-bookworm", "debian:bookworm-slim"}, images); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"postern"}, user); diff != "" {
		t.Errorf("the user is root or changes (-want +got):\n%s", diff)
	}
	if len(health) != 1 {
		t.Errorf("there are %d health checks", len(health))
	}
}

// service is what the tests read of a service of docker-compose.yml.
type service struct {
	Build   string
	Volumes []string
}

func compose(t *testing.T) (services map[string]service, volumes map[string]any) {
	t.Helper()
	var file struct {
		Services map[string]yaml.Node
		Volumes  map[string]any
	}
	dec := yaml.NewDecoder(strings.NewReader(read(t, "docker-compose.yml")))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	services = map[string]service{}
	for name, n := range file.Services {
		var s service
		if err := n.Decode(&s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		services[name] = s
	}
	return services, file.Volumes
}

// mounts gives, for a service, where it sees each source.
func (s service) mounts() map[string]string {
	m := map[string]string{}
	for _, v := range s.Volumes {
		parts := strings.Split(v, ":")
		m[parts[0]] = parts[1]
	}
	return m
}

func TestComposeRefersToWhatExists(t *testing.T) {
	services, volumes := compose(t)
	if len(services) != 2 {
		t.Errorf("there are %d services, want postfix and postern", len(services))
	}
	used := map[string]bool{}
	for name, s := range services {
		if !exists(t, path.Join(s.Build, "Dockerfile")) {
			t.Errorf("%s is built from %s, which holds no Dockerfile", name, s.Build)
		}
		for source := range s.mounts() {
			if strings.HasPrefix(source, ".") {
				if !exists(t, source) {
					t.Errorf("%s mounts %s, which does not exist", name, source)
				}
			} else if _, ok := volumes[source]; !ok {
				t.Errorf("%s mounts the volume %s, which is not declared", name, source)
			}
			used[source] = true
		}
	}
	for v := range volumes {
		if !used[v] {
			t.Errorf("the volume %s is used by nobody", v)
		}
	}
}

// The socket is one file under three names: Postern's configuration, Postfix's
// main.cf below the queue directory, and the directory both containers mount.
func TestSocketIsTheSameForBoth(t *testing.T) {
	var conf struct {
		Listen struct{ Milter, Group string }
		Store  struct{ Path string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "examples/postern.yaml")), &conf); err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimPrefix(conf.Listen.Milter, "unix:")
	m := regexp.MustCompile(`(?m)^smtpd_milters = \{ unix:([^,/][^,]*),`).FindStringSubmatch(read(t, "packaging/docker/postfix/main.cf"))
	if m == nil {
		t.Fatal("main.cf names no socket relative to the queue directory")
	}
	if want := path.Join("/var/spool/postfix", m[1]); socket != want {
		t.Errorf("Postern listens on %s, Postfix connects to %s", socket, want)
	}
	services, _ := compose(t)
	for name, s := range services {
		if got := s.mounts()["socket"]; got != path.Dir(socket) {
			t.Errorf("%s mounts the socket's directory at %q, want %s", name, got, path.Dir(socket))
		}
	}
	if got := services["postern"].mounts()["state"]; got != conf.Store.Path {
		t.Errorf("the state is mounted at %q, Postern writes to %s", got, conf.Store.Path)
	}
	if got := services["postern"].mounts()["./examples"]; got != "/etc/postern" {
		t.Errorf("the examples are mounted at %q, want /etc/postern", got)
	}
	for _, d := range dockerfiles {
		text := read(t, d.name)
		for _, want := range []string{"--gid 890 " + conf.Listen.Group, path.Dir(socket)} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not hold %q", d.name, want)
			}
		}
	}
	if unit := read(t, "packaging/systemd/postern.service"); !strings.Contains(unit, "ReadWritePaths=-"+path.Dir(socket)+"\n") {
		t.Error("the systemd unit cannot write to the socket's directory")
	}
}

// The port in the documentation is the one that Prometheus is told of, and the unit
// makes the directory of the socket.
func TestMonitoringIsWiredAsDocumented(t *testing.T) {
	page, job := read(t, "docs/monitoring.md"), read(t, "packaging/prometheus/prometheus.yml")
	const address = "127.0.0.1:9890"
	for name, text := range map[string]string{"docs/monitoring.md": page, "prometheus.yml": job, "docs/install.md": read(t, "docs/install.md")} {
		if !strings.Contains(text, address) {
			t.Errorf("%s does not name %s", name, address)
		}
	}
	for _, name := range []string{"packaging/prometheus/prometheus.yml", "packaging/prometheus/postern-rules.yml", "packaging/grafana/postern.json"} {
		if !strings.Contains(page, "`"+name+"`") || !exists(t, name) {
			t.Errorf("%s is not there, or not documented", name)
		}
	}
	var config map[string]any
	if err := yaml.Unmarshal([]byte(job), &config); err != nil {
		t.Error(err)
	}
	if !strings.Contains(page, "unix:/run/postern/") || !strings.Contains(read(t, "packaging/systemd/postern.service"), "\nRuntimeDirectory=postern\n") {
		t.Error("the systemd unit does not make the directory of the documented socket")
	}
}

func TestSnippetsAreThoseOfTheDocumentation(t *testing.T) {
	for snippet, behind := range map[string]string{
		"packaging/postfix/main.cf":   "`main.cf`:",
		"packaging/postfix/master.cf": "`master.cf`",
	} {
		want := settings(codeBlock(t, "docs/install.md", behind))
		got := settings(read(t, snippet))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and docs/install.md differ (-docs +snippet):\n%s", snippet, diff)
		}
	}
}

// What comes by a listener in trust.listeners is taken for mail of our people, so
// nobody else may hand mail to it.
func TestTheSubmissionListenerAsksForALogin(t *testing.T) {
	for _, entry := range settings(read(t, "packaging/postfix/master.cf")) {
		if strings.Contains(entry, "milter_macro_daemon_name=SUBMISSION") && !strings.Contains(entry, "smtpd_relay_restrictions=permit_sasl_authenticated,reject") {
			t.Errorf("packaging/postfix/master.cf takes mail without a login by %q", entry)
		}
	}
}

func TestContainerUsesTheSnippet(t *testing.T) {
	got := settings(read(t, "packaging/docker/postfix/main.cf"))
	for _, line := range settings(read(t, "packaging/postfix/main.cf")) {
		if !slices.Contains(got, line) {
			t.Errorf("packaging/docker/postfix/main.cf does not hold %q", line)
		}
	}
	master := strings.Join(settings(read(t, "packaging/docker/postfix/master.cf")), "\n")
	for _, entry := range settings(read(t, "packaging/postfix/master.cf")) {
		name := regexp.MustCompile(`-o milter_macro_daemon_name=\S+`).FindString(entry)
		if !strings.Contains(master, name) {
			t.Errorf("packaging/docker/postfix/master.cf has no listener with %q", name)
		}
	}
}

// Postfix itself says whether it knows every parameter.
func TestPostfixReadsItsFiles(t *testing.T) {
	postconf := "postconf"
	if postfixRoot := os.Getenv("POSTERN_POSTFIX_ROOT"); postfixRoot != "" {
		postconf = filepath.Join(postfixRoot, "usr", "sbin", "postconf")
		t.Setenv("LD_LIBRARY_PATH", filepath.Join(postfixRoot, "usr", "lib", "postfix"))
	}
	if _, err := exec.LookPath(postconf); err != nil {
		t.Skip("no Postfix here: postconf is not in PATH and POSTERN_POSTFIX_ROOT names none")
	}
	for _, dir := range []string{"packaging/docker/postfix", "packaging/postfix"} {
		conf := t.TempDir()
		for _, name := range []string{"main.cf", "master.cf"} {
			if err := os.WriteFile(filepath.Join(conf, name), []byte(read(t, path.Join(dir, name))), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, arg := range []string{"-n", "-M", "-P"} {
			var said strings.Builder
			cmd := exec.Command(postconf, "-c", conf, arg)
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil || said.Len() > 0 || len(out) == 0 {
				t.Errorf("%s: postconf %s: %v, %d octets, said %q", dir, arg, err, len(out), said.String())
			}
		}
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// TestBadConfig checks each file of testdata/bad-config: the problems are
// exactly those of the file of the same name with the ending .want.
func TestBadConfig(t *testing.T) {
	t.Chdir(filepath.Join("testdata", "bad-config"))
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if status := run([]string{"check", "--config", file}, nil, &out, &errs); status != statusNo {
				t.Errorf("exit status %d, want %d", status, statusNo)
			}
			if diff := cmp.Diff(string(want), out.String()+errs.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

const fullConfig = `
listen:
  milter: ["unix:run/milter.sock", "127.0.0.1:8899"]
  group: mail
  metrics: "unix:run/metrics.sock"
trust: {authenticated: false, listeners: [SUBMISSION], networks: [192.0.2.1, 2001:db8::/32]}
organization:
  name: Example Ltd
  acceptedDomains: [Example.COM, {name: "*.example.net", kind: externalRelay}]
  partnerDomains: [Partner.example, "*.example.org"]
  notices: {from: "Policy <policy@example.com>", language: de, learnMore: "https://intranet.example.com/dlp", contact: "the help desk, help@example.com", texts: texts}
directory: {file: people.yaml}
recipients: {resolve: [groups], postfix: [alias_maps], postfixConfig: postfix}
conditions: {senderAddressLocation: envelope, senderFields: fromSenderReplyTo, fromScope: address, subdomains: include, sizes: over, sclField: X-SCL, listAttribute: Post Office Box}
userRisk: {attribute: Custom Attribute 1, fromMatches: {elevated: 5, minor: 1, within: 7d}}
policies: [policies/*.yaml, /etc/postern/more.yaml]
store: {path: data, quota: {senderItems: 1, senderBytes: 2KB, items: 3, bytes: 4MB, reserve: 0}}
relay:
  reinject: "tcp:mail.example.com:587"
  tls: {authorities: ca.pem, certificate: cert.pem, key: key.pem}
  auth: {user: postern, passwordFile: secret}
  noticeRate: 7
quarantine: {reviewers: [anna@example.com], keep: 10d, digest: "06:45"}
incidentReport: {when: decision, siteAdmin: [compliance@example.com], attachOriginal: true, originalSize: 1MB}
simulation: {reports: true}
onError: accept
blockText: Refused.
limits: {messageSize: 10MB, memory: 0, decisionTime: 20s, extractedCharacters: 5, extractTime: 3s, nesting: 7, members: 8, connections: 9, policies: none}
log: {format: console, level: warn}
watch: true
`

func TestEveryKeyIsTaken(t *testing.T) {
	c, problems := readConfig("/etc/postern/postern.yaml", []byte(fullConfig))
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	p := c.process
	for _, tc := range []struct {
		what      string
		got, want any
	}{
		{"listen", []string{p.listen[0].String(), p.listen[1].String()}, []string{"unix:/etc/postern/run/milter.sock", "127.0.0.1:8899"}},
		{"group", p.group, "mail"},
		{"metrics", p.metrics.String(), "unix:/etc/postern/run/metrics.sock"},
		{"noticeRate", p.relay.noticeRate, 7},
		{"trust.authenticated", c.trust.Authenticated, false},
		{"trust.listeners", c.trust.Listeners, []string{"SUBMISSION"}},
		{"trust.networks", []string{c.trust.Networks[0].String(), c.trust.Networks[1].String()}, []string{"192.0.2.1/32", "2001:db8::/32"}},
		{"name", c.name, "Example Ltd"},
		{"domains", c.domains, []directory.AcceptedDomain{{Name: "example.com", Kind: directory.Authoritative}, {Name: "*.example.net", Kind: directory.ExternalRelay}}},
		{"learnMore", c.learnMore, "https://intranet.example.com/dlp"},
		{"directory", c.people.path, "/etc/postern/people.yaml"},
		{"resolve", c.groups, true},
		{"postfix", c.postfix, []string{"alias_maps"}},
		{"postfixConfig", c.postfixAt.path, "/etc/postern/postfix"},
		{"policies", []string{c.policies[0].path, c.policies[1].path}, []string{"/etc/postern/policies/*.yaml", "/etc/postern/more.yaml"}},
		{"store", p.store, "/etc/postern/data"},
		{"quota", p.quota, quarantine.Quota{SenderItems: 1, SenderBytes: 2 << 10, Items: 3, Bytes: 4 << 20}},
		{"relay", []string{p.relay.address, p.relay.authorities, p.relay.certificate, p.relay.key, p.relay.username, p.relay.passwordFile},
			[]string{"tcp:mail.example.com:587", "/etc/postern/ca.pem", "/etc/postern/cert.pem", "/etc/postern/key.pem", "postern", "/etc/postern/secret"}},
		{"from", c.notices.Name + " " + c.notices.Path.String(), "Policy policy@example.com"},
		{"language", c.words.language.path, "de"},
		{"contact", c.words.contact, "the help desk, help@example.com"},
		{"texts", filepath.Base(c.words.texts.path), "texts"},
		{"reviewers", texts(c.reviewers), []string{"anna@example.com"}},
		{"keep", c.keep, 240 * time.Hour},
		{"digest", c.digest, 6*60 + 45},
		{"incidentReport", []any{c.incidents.When, texts(c.incidentSettings().SiteAdmins), c.incidents.AttachOriginal, c.incidents.OriginalSize},
			[]any{actions.ReportAtDecision, []string{"compliance@example.com"}, true, int64(1 << 20)}},
		{"simulation", c.incidents.Simulated, true},
		{"onError", p.onError, actions.OnErrorAccept},
		{"blockText", c.blockText, "Refused."},
		{"messageSize", p.messageSize, int64(10 << 20)},
		{"memory", p.memory, int64(0)},
		{"decisionTime", p.decision, 20 * time.Second},
		{"extractedCharacters", c.extract.Characters, 5},
		{"extractTime", c.extractIn, 3 * time.Second},
		{"nesting", []int{p.limits.Nesting, c.extract.Nesting}, []int{7, 7}},
		{"members", []int{p.limits.Members, c.extract.Members}, []int{8, 8}},
		{"connections", p.connections, 9},
		{"limits.policies", c.noLimits, true},
		{"conditions", c.conditions, rules.Settings{
			SenderAddressLocation: rules.InEnvelope, SenderAndReplyTo: true, ScopeByAddress: true, Subdomains: true, SizesOver: true,
			SCLField: "X-SCL", ListAttribute: "POBox", Partners: []string{"partner.example", "*.example.org"},
			Risk: &rules.Risk{Attribute: "CustomAttribute1", Within: 7 * 24 * time.Hour, FromMatches: map[rules.RiskLevel]int{rules.Elevated: 5, rules.Minor: 1}},
		}},
		{"log", []any{p.logFormat, p.logLevel}, []any{"console", zapcore.WarnLevel}},
		{"watch", p.watch, true},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.what, diff)
		}
	}
}

func TestNothingWrittenMeansTheDefaults(t *testing.T) {
	c, problems := readConfig("/etc/postern/postern.yaml", []byte("listen: {milter: \"127.0.0.1:0\"}\norganization: {acceptedDomains: [example.com]}\npolicies: [a.yaml]\n"))
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	p := c.process
	got := []any{c.trust.Authenticated, p.store, p.onError, p.messageSize, p.memory, p.decision, p.connections, p.logFormat, p.watch, c.extract.Characters, c.extractIn}
	want := []any{true, "/var/lib/postern", actions.OnErrorTempfail, int64(150 << 20), int64(512 << 20), time.Minute, 1000, "json", false, 2_000_000, 30 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestRestartNamesWhatIsReadAtStart(t *testing.T) {
	base, _ := readConfig("/etc/postern/postern.yaml", []byte(fullConfig))
	for _, tc := range []struct{ from, to, want string }{
		{"run/milter.sock", "run/other.sock", "listen"},
		{"group: mail", "group: postfix", "listen"},
		{"memory: 0", "memory: 1MB", "limits"},
		{"connections: 9", "connections: 10", "limits"},
		{"onError: accept", "onError: tempfail", "onError"},
		{"path: data", "path: elsewhere", "store"},
		{"level: warn", "level: info", "log"},
		{"watch: true", "watch: false", "watch"},
		{"Example Ltd", "Example Inc", ""},
		{"extractTime: 3s", "extractTime: 4s", ""},
	} {
		next, problems := readConfig("/etc/postern/postern.yaml", []byte(strings.Replace(fullConfig, tc.from, tc.to, 1)))
		if len(problems) > 0 {
			t.Fatalf("%s: %v", tc.to, problems)
		}
		if got := strings.Join(base.process.restart(next.process), " "); got != tc.want {
			t.Errorf("%s: a restart is needed for %q, want %q", tc.to, got, tc.want)
		}
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(fullConfig))
	f.Add([]byte(servedConfig + "limits: none\n"))
	files, err := filepath.Glob(filepath.Join("testdata", "bad-config", "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := readConfig("postern.yaml", data)
		if c == nil {
			t.Fatal("no configuration")
		}
		for _, p := range problems {
			if p.What == "" || p.File != "postern.yaml" || p.Line < 1 || p.Column < 1 || strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("a problem that says nothing, or not where: %+v", p)
			}
		}
		if strictyaml.Errors(problems) {
			return
		}
		if len(c.process.listen) == 0 || len(c.domains) == 0 || len(c.policies) == 0 {
			t.Errorf("taken without what is required: %+v", c)
		}
	})
}

// The limits of Purview hold for policies until they are lifted.
func TestLimitsOfPoliciesAreLifted(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "postern.yaml")
	write(t, filepath.Join(dir, "policies", "a.yaml"), "policy: "+strings.Repeat("n", 65)+"\nmode: enable\nrules:\n  - rule: R\n    conditions: {documentIsUnsupported: true}\n")
	for text, want := range map[string]string{
		"":                            "the text has 65 characters; write at most 64",
		"limits: {policies: purview}": "the text has 65 characters; write at most 64",
		"limits: {policies: none}":    "hint: policy: beyond the limits of Purview: the text has 65 characters",
		"limits: none":                "hint: policy: beyond the limits of Purview: the text has 65 characters",
		"limits: any":                 "write `none`",
	} {
		write(t, config, servedConfig+text+"\n")
		var out bytes.Buffer
		status := run([]string{"check", "--config", config}, nil, &out, &out)
		if good := strings.Contains(want, "hint"); (status == statusGood) != good || !strings.Contains(out.String(), want) {
			t.Errorf("%q: exit status %d, %s; want %q", text, status, &out, want)
		}
	}
}

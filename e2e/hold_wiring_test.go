//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mta"
)

// What serve says of the Postfix that is wired to it: it does not start where mail
// would be lost, and warns where mail would pass unseen or be seen by others.
func TestServeReadsPostfix(t *testing.T) {
	if _, err := exec.LookPath("postconf"); err != nil {
		t.Skip(err) // Postfix was only unpacked
	}
	h := startHolding(t, holdingOptions{policy: outcomePolicy})
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(h.ConfigDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write := func(name, text string) {
		t.Helper()
		if err := mta.WriteConfig(filepath.Join(h.ConfigDir(), name), text); err != nil {
			t.Fatal(err)
		}
	}
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	mainCF, masterCF := read("main.cf"), read("master.cf")
	socket := "unix:postern/milter.sock"
	cleanup := "cleanup   unix  n       -       y       -       0       cleanup\n"
	warnings := []string{"enable_original_recipient", "recipient_bcc_maps", "always_bcc", "milter_default_action", "non_smtpd_milters"}
	for _, tt := range []struct {
		name     string
		main     string // further lines of main.cf
		cleanup  string // further lines of the entry of cleanup in master.cf
		refused  bool
		mentions string // the one of the warnings that is given; empty for none
	}{
		{name: "as it is wired"},
		{name: "recipients that are taken out are lost", main: "enable_original_recipient = no", refused: true, mentions: "enable_original_recipient"},
		{name: "by a name", main: "away = no\nenable_original_recipient = $away", refused: true, mentions: "enable_original_recipient"},
		{name: "in one service", cleanup: "    -o enable_original_recipient=no\n", refused: true, mentions: "enable_original_recipient"},
		{name: "copies by recipient", main: "recipient_bcc_maps = inline:{ { a@example.com = b@example.com } }", mentions: "recipient_bcc_maps"},
		{name: "copies of all", main: "always_bcc = archive@example.com", mentions: "always_bcc"},
		{name: "mail passes while nobody answers", main: "milter_default_action = accept", mentions: "milter_default_action"},
		{name: "the same of this milter alone", main: "smtpd_milters = { " + socket + ", default_action=accept }", mentions: "milter_default_action"},
		{name: "sendmail(1) goes past", main: "non_smtpd_milters =", mentions: "non_smtpd_milters"},
		{name: "sendmail(1) goes to another", main: "non_smtpd_milters = unix:opendkim/sign.sock", mentions: "non_smtpd_milters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write("main.cf", mainCF+tt.main+"\n")
			write("master.cf", strings.Replace(masterCF, cleanup, cleanup+tt.cleanup, 1))
			if err := os.Remove(h.log()); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			started := h.serve(t, bin, nil)
			h.end()
			text, err := os.ReadFile(h.log())
			if err != nil {
				t.Fatal(err)
			}
			if started == tt.refused {
				t.Errorf("serve started: %t", started)
			}
			for _, w := range warnings {
				if got := strings.Contains(string(text), w); got != (w == tt.mentions) {
					t.Errorf("%s is mentioned: %t\n%s", w, got, text)
				}
			}
			if tt.mentions != "" && !tt.refused && !strings.Contains(string(text), `"alarm":true`) {
				t.Errorf("no alarm:\n%s", text)
			}
		})
	}
}

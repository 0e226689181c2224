//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writeNotices gives a folder with every kind of mail that Postern writes.
func writeNotices(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := exec.Command("go", "test", "-count=1", "-run", "^TestSamples$", "../notice")
	write.Env = append(os.Environ(), "NOTICE_SAMPLES="+dir)
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// readsMail is a program for Python: what its parser of mail finds wrong with files.
// Text and HTML have to say the same words, and a report has to be one.
const readsMail = `
import email, email.policy, html.parser, re, sys
class Shown(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.text = ""; self.hidden = 0
    def handle_starttag(self, tag, attrs):
        if tag in ("style", "title"): self.hidden += 1
        if tag not in ("a", "b"): self.text += " "
    def handle_endtag(self, tag):
        if tag in ("style", "title"): self.hidden -= 1
        if tag not in ("a", "b"): self.text += " "
    def handle_data(self, data):
        if not self.hidden: self.text += data
words = lambda s: re.findall(r"[^\W_]+", s)
for name in sys.argv[1:]:
    def wrong(what): print(name.rsplit("/", 1)[-1] + ": " + str(what))
    data = open(name, "rb").read()
    m = email.message_from_bytes(data, policy=email.policy.SMTP)
    for p in m.walk():
        for d in p.defects: wrong("%s: %r" % (p.get_content_type(), d))
        for f, v in p.items():
            for d in v.defects: wrong("%s: %r" % (f, d))
    if m["Auto-Submitted"] not in ("auto-replied", "auto-generated"): wrong("Auto-Submitted: %s" % m["Auto-Submitted"])
    if len(m["From"].addresses) != 1 or not m["To"].addresses or not m["Subject"]: wrong("no From, To or Subject")
    text, rich = m.get_body(("plain",)), m.get_body(("html",))
    if text is None or rich is None:
        # A report is no body to Python: its first part is.
        first = next(m.iter_parts())
        text, rich = first.get_body(("plain",)), first.get_body(("html",))
    shown = Shown(); shown.feed(rich.get_content())
    said = re.sub(r"<https?://[^>]*>", "", text.get_content()) if "own-text" in name else text.get_content()
    if words(said) != words(shown.text): wrong("text and HTML differ")
    if m.get_content_type() == "multipart/report":
        parts = list(m.iter_parts())
        status = [p for p in parts if p.get_content_type() == "message/delivery-status"]
        if m.get_param("report-type") != "delivery-status" or len(status) != 1 or parts[0].get_content_type() != "multipart/alternative": wrong([p.get_content_type() for p in parts])
        groups = status[0].get_payload()
        if len(groups) < 2 or any(g["Action"] not in ("failed", "delayed") or not g["Final-Recipient"] or not g["Status"] for g in groups[1:]): wrong("no report")
print(len(sys.argv) - 1, "read")
`

// Every kind of mail that Postern writes is read by Python's parser without a
// defect, as by ours.
func TestPythonReadsNotices(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no Python 3")
	}
	files, err := filepath.Glob(filepath.Join(writeNotices(t), "*.eml"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	out, err := exec.Command(python, append([]string{"-c", readsMail}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); len(lines) != 1 {
		t.Errorf("%s", out)
	}
}

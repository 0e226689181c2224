package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v3"
)

// metricTable is that of docs/monitoring.md.
func metricTable() string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it says |\n| --- | --- | --- | --- |\n")
	for _, x := range measures {
		labels := "–"
		if len(x.labels) > 0 {
			labels = "`" + strings.Join(x.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", x.name, x.kind, labels, x.help)
	}
	return b.String()
}

func TestMonitoringReference(t *testing.T) {
	checkTables(t, "../../docs/monitoring.md", map[string]string{"metrics": metricTable()})
}

var (
	metricName = regexp.MustCompile(`\b(?:postern|go|process|promhttp)_[a-z0-9_]+`)
	selector   = regexp.MustCompile(`\b((?:postern|go|process)_[a-z0-9_]+)\{([^}]*)\}`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// asksFor fails where an expression asks for what is not exported: a metric, a label of
// one, or the parts of a histogram.
func asksFor(t *testing.T, where, expr string, all map[string]*dto.MetricFamily) (asked []string) {
	t.Helper()
	labels := []string{"job", "instance", "le"}
	family := func(name string) *dto.MetricFamily {
		if f := all[name]; f != nil {
			if f.GetType() == dto.MetricType_HISTOGRAM {
				t.Errorf("%s: %s is a histogram: ask for its buckets, sum or count", where, name)
			}
			return f
		}
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if f := all[strings.TrimSuffix(name, suffix)]; f != nil && strings.HasSuffix(name, suffix) && f.GetType() == dto.MetricType_HISTOGRAM {
				return f
			}
		}
		return nil
	}
	for _, name := range metricName.FindAllString(expr, -1) {
		f := family(name)
		if f == nil {
			t.Errorf("%s asks for %s, which is not exported", where, name)
			continue
		}
		asked = append(asked, f.GetName())
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		if counts := f.GetType() == dto.MetricType_COUNTER; counts && !strings.Contains(expr, "rate(") && !strings.Contains(expr, "increase(") {
			t.Errorf("%s: %s is a counter, and %q shows its height", where, name, expr)
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		for _, pair := range strings.Split(m[2], ",") {
			label := strings.TrimSpace(pair[:strings.IndexAny(pair, "=!~")])
			f := family(m[1])
			own := label == "job" || label == "instance"
			if f != nil {
				own = own || slices.ContainsFunc(f.GetMetric()[0].GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == label })
			}
			if !own {
				t.Errorf("%s: %s has no label %s", where, m[1], label)
			}
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(m[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(label)) {
				t.Errorf("%s groups by %s, which nothing in %q has", where, label, expr)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: the brackets of %q do not match", where, expr)
	}
	return asked
}

// The dashboard asks for what is exported, and shows all of it.
func TestTheDashboardShowsWhatIsExported(t *testing.T) {
	data, err := os.ReadFile("../../packaging/grafana/postern.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Query json.RawMessage }
		}
		Annotations struct {
			List []struct{ Name, Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	all := everything(t)
	shown, ids := map[string]bool{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.W < 1 || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q has no place or nothing to show", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			for _, name := range asksFor(t, "panel "+p.Title, target.Expr, all) {
				shown[name] = true
			}
		}
	}
	for _, v := range board.Templating.List {
		for _, name := range metricName.FindAllString(string(v.Query), -1) {
			if all[name] == nil {
				t.Errorf("a variable asks for %s", name)
			}
		}
	}
	for _, a := range board.Annotations.List {
		asksFor(t, "annotation "+a.Name, a.Expr, all)
	}
	for _, x := range measures {
		if !shown[x.name] {
			t.Errorf("no panel shows %s", x.name)
		}
	}
}

// The alert rules ask for what is exported, and say what to do.
func TestTheAlertRulesAskForWhatIsExported(t *testing.T) {
	data, err := os.ReadFile("../../packaging/prometheus/postern-rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	all := everything(t)
	names := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if names[r.Alert] || !strings.HasPrefix(r.Alert, "Postern") {
				t.Errorf("the alert %q is there twice, or says not whose it is", r.Alert)
			}
			names[r.Alert] = true
			if n := len(asksFor(t, r.Alert, r.Expr, all)); n == 0 && !strings.HasPrefix(r.Expr, "up{") {
				t.Errorf("%s asks for nothing of Postern", r.Alert)
			}
			if s := r.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("%s has severity %q", r.Alert, s)
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s does not say what is wrong and what to do", r.Alert)
			}
		}
	}
	if len(names) < 15 {
		t.Errorf("only %d alerts", len(names))
	}
}

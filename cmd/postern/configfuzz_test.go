package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/strictyaml"
)

// Whatever postern.yaml holds, it is read without a panic, and each mistake has a
// place and says what is wrong.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(fullConfig))
	f.Add([]byte(servedConfig + "limits: none\n"))
	for _, pattern := range []string{"testdata/bad-config/*.yaml", "../../examples/*.yaml"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := readConfig("/etc/postern/postern.yaml", data)
		if c == nil {
			t.Fatal("there is no configuration")
		}
		for _, p := range problems {
			if p.What == "" || p.File != "/etc/postern/postern.yaml" || p.Line < 1 || p.Column < 1 || strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("problem %+v", p)
			}
		}
		if strictyaml.Errors(problems) {
			return
		}
		if len(c.process.listen) == 0 || len(c.domains) == 0 || len(c.policies) == 0 {
			t.Errorf("%q is taken with %d places to listen, %d domains and %d policies", data, len(c.process.listen), len(c.domains), len(c.policies))
		}
	})
}

package classify

import (
	"os"
	"strings"
	"testing"
)

// The example of an own type in the documentation loads, and its samples are as
// they say.
func TestTheDocumentedExampleLoads(t *testing.T) {
	page, err := os.ReadFile("../docs/classification.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		c, problems := With([]File{{"classification.md", []byte(text)}}, os.ReadFile)
		if c == nil {
			t.Fatal(problems)
		}
		for _, typ := range c.Types() {
			if typ.Describe().Custom {
				found++
				for _, f := range c.Test(typ) {
					t.Error(f)
				}
			}
		}
	}
	if found != 1 {
		t.Errorf("%d types are in the documentation", found)
	}
}

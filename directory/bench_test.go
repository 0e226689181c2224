package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/directory"
)

// BenchmarkMember asks about one of 20,000 people in 200 groups, nested in groups
// of groups.
func BenchmarkMember(b *testing.B) {
	var s strings.Builder
	s.WriteString("people:\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "  - {address: p%d@example.com}\n", i)
	}
	s.WriteString("groups:\n")
	for i := range 200 {
		fmt.Fprintf(&s, "  - address: g%d@example.com\n    members: [", i)
		for j := range 100 {
			fmt.Fprintf(&s, "p%d@example.com, ", i*100+j)
		}
		s.WriteString("]\n")
	}
	for i := range 20 {
		fmt.Fprintf(&s, "  - address: gg%d@example.com\n    members: [", i)
		for j := range 10 {
			fmt.Fprintf(&s, "g%d@example.com, ", i*10+j)
		}
		s.WriteString("]\n")
	}
	f := load(b, s.String())
	for name, group := range map[string]string{"direct": "g50@example.com", "nested": "gg5@example.com", "none": "gg6@example.com"} {
		b.Run(name, func(b *testing.B) {
			who, of := path(b, "p5050@example.com"), directory.AddressRef(path(b, group))
			want := name != "none"
			b.ReportAllocs()
			for b.Loop() {
				if got, err := f.Member(b.Context(), who, of); err != nil || got != want {
					b.Fatal(got, err)
				}
			}
		})
	}
}

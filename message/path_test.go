package message

import "testing"

func TestParsePath(t *testing.T) {
	for _, c := range []struct {
		name, in             string
		local, domain, again string
		null                 bool
	}{
		{name: "brackets", in: "<Ann.B@Example.COM>", local: "Ann.B", domain: "example.com", again: "Ann.B@example.com"},
		{name: "no brackets", in: "a@b.example", local: "a", domain: "b.example", again: "a@b.example"},
		{name: "null path", in: "<>", null: true},
		{name: "null path of sendmail", in: "", null: true},
		{name: "source route", in: "<@a.example,@b.example:u@d.example>", local: "u", domain: "d.example", again: "u@d.example"},
		{name: "no domain", in: "<postmaster>", local: "postmaster", again: "postmaster"},
		{name: "trailing dot", in: "<a@d.example.>", local: "a", domain: "d.example", again: "a@d.example"},
		{name: "needless quotes", in: `<"a.b"@d.example>`, local: "a.b", domain: "d.example", again: "a.b@d.example"},
		{name: "quoted blank and @", in: `<"a b@c"@d.example>`, local: "a b@c", domain: "d.example", again: `"a b@c"@d.example`},
		{name: "quoted pair", in: `<"a\"b"@d.example>`, local: `a"b`, domain: "d.example", again: `"a\"b"@d.example`},
		{name: "empty local-part", in: `<""@d.example>`, local: "", domain: "d.example", again: `""@d.example`},
		{name: "address literal", in: "<a@[192.0.2.1]>", local: "a", domain: "[192.0.2.1]", again: "a@[192.0.2.1]"},
		{name: "SMTPUTF8", in: "<jürgen@Müller.example>", local: "jürgen", domain: "müller.example", again: "jürgen@müller.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParsePath(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if p.Local() != c.local || p.Domain() != c.domain || p.String() != c.again || p.IsNull() != c.null {
				t.Errorf("%q is %q at %q, written %q, null %v", c.in, p.Local(), p.Domain(), p.String(), p.IsNull())
			}
		})
	}
}

func TestParsePathRefuses(t *testing.T) {
	long := make([]byte, maxPath+1)
	for i := range long {
		long[i] = 'a'
	}
	for _, in := range []string{"<@d.example>", "<a@>", "<a\nb@d.example>", "<a\x00@d.example>", string(long)} {
		if p, err := ParsePath(in); err == nil {
			t.Errorf("%.20q is taken for %q", in, p)
		}
	}
}

func TestKeyIsOfTheMailbox(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"<Ann@EXAMPLE.com>", "ann@example.com"},
		{"<a@müller.example>", "<a@xn--mller-kva.example>"},
		{`<"a.b"@d.example>`, "<a.b@d.example>"},
		{"<a@d.example.>", "<A@D.example>"},
	} {
		a, _ := ParsePath(c.a)
		b, _ := ParsePath(c.b)
		if a.Key() != b.Key() {
			t.Errorf("%s and %s have the keys %q and %q", c.a, c.b, a.Key(), b.Key())
		}
	}
	a, _ := ParsePath("a@d.example")
	b, _ := ParsePath("a@e.example")
	if a.Key() == b.Key() {
		t.Error("two domains have one key")
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"<a@b>", "<>", `<"a b"@c.example>`, "<@a:b@c>", "a@müller.example", "<a@[::1]>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath("<" + p.String() + ">")
		if err != nil || again.Local() != p.Local() || again.Domain() != p.Domain() {
			t.Errorf("%q is written %q and read again as %q at %q: %v", s, p.String(), again.Local(), again.Domain(), err)
		}
		p.Key()
	})
}

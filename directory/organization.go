package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/message"
)

// DomainKind is the kind of an accepted domain (Exchange).
type DomainKind string

// The kinds.
const (
	Authoritative DomainKind = "authoritative"
	InternalRelay DomainKind = "internalRelay"
	ExternalRelay DomainKind = "externalRelay" // outside the organisation
)

// Organization says which addresses are inside.
type Organization struct {
	Name    string
	Domains []AcceptedDomain
	People  Directory // nil without a directory
}

// AcceptedDomain is a domain the organisation accepts mail for, in lower case. A
// name that begins with "." stands for all subdomains, one with "*." likewise.
type AcceptedDomain struct {
	Name string
	Kind DomainKind
}

// Inside tells whether an address is of the organisation: in an authoritative
// or internal-relay domain, or a person of the directory; never a guest.
//
// The answer hangs on the directory even in an accepted domain, since a guest
// may have an address there; so a look-up that fails is an error, which wraps
// ErrUnavailable. The null path is not inside.
func (o *Organization) Inside(ctx context.Context, addr message.Path) (bool, error) {
	if addr.IsNull() {
		return false, nil
	}
	accepted := insideDomain(o.Domains, addr)
	if o.People == nil {
		return accepted, nil
	}
	p, err := o.People.Person(ctx, addr)
	switch {
	case err == nil:
		return !p.Guest, nil
	case errors.Is(err, ErrNotFound):
		return accepted, nil
	case errors.Is(err, ErrUnavailable):
		return false, fmt.Errorf("inside or outside: %w", err)
	}
	return false, fmt.Errorf("inside or outside: %w: %w", ErrUnavailable, err)
}

// Authoritative tells whether an address is in an authoritative domain.
func (o *Organization) Authoritative(addr message.Path) bool {
	return domainKind(o.Domains, addr) == Authoritative
}

// insideDomain tells whether the domain of an address is authoritative or an
// internal relay.
func insideDomain(domains []AcceptedDomain, addr message.Path) bool {
	kind := domainKind(domains, addr)
	return kind == Authoritative || kind == InternalRelay
}

// domainKind gives the kind of the domain of an address; that of none is
// ExternalRelay. The most specific name decides: the domain itself, then the
// longest name that stands for subdomains.
func domainKind(domains []AcceptedDomain, addr message.Path) DomainKind {
	domain := asciiDomain(addr.Domain())
	if domain == "" {
		return ExternalRelay
	}
	kind, best := ExternalRelay, 0
	for _, d := range domains {
		name := asciiDomain(strings.TrimPrefix(d.Name, "*"))
		length := 0
		switch {
		case name == domain:
			length = len(name) + 1
		case strings.HasPrefix(name, ".") && strings.HasSuffix(domain, name) && len(domain) > len(name):
			length = len(name)
		}
		if length > best {
			kind, best = d.Kind, length
		}
	}
	return kind
}

// asciiDomain gives a domain in the form of Path.Key, so that an
// internationalised one is found however it is written.
func asciiDomain(domain string) string {
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			rest, dot := strings.CutPrefix(domain, ".")
			p, err := message.ParsePath("x@" + rest)
			if err != nil {
				return domain
			}
			key := p.Key()
			key = key[strings.LastIndexByte(key, '@')+1:]
			if dot {
				return "." + key
			}
			return key
		}
	}
	return domain
}

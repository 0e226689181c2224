package ldap

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
)

// Options say which servers are asked, and how their entries are read. They are
// plain data: two that are equal ask the same.
type Options struct {
	// URLs are those of the servers: ldaps://HOST[:PORT], ldap://HOST[:PORT] or
	// ldapi:///PATH. One is asked until it fails, then the next.
	URLs []string
	TLS  TLS
	Bind Bind
	// Base is the entry below which people and groups are.
	Base string
	// Timeout bounds connecting, and each request; 0 is 5 seconds.
	Timeout time.Duration
	// Connections bounds those open at a time; 0 is 4.
	Connections int
	// PageSize is how many entries are asked for at once; 0 is 500.
	PageSize int
	// TTL is how long an answer holds; 0 is 5 minutes.
	TTL time.Duration
	// Negative is how long it holds that an entry is not there; 0 is one minute.
	Negative time.Duration
	// Stale is how old an answer may be that is given while no server answers; 0
	// is 24 hours.
	Stale time.Duration
	// Entries bounds the answers kept of each kind; 0 is 20,000.
	Entries int

	Schema Schema
	Guests Guests
	Units  Units
	// Dynamic are groups that the servers know nothing of.
	Dynamic []Dynamic
}

// TLS says how connections are protected. At least TLS 1.2 is spoken, and
// certificates are always verified.
type TLS struct {
	// Start asks servers of ldap:// URLs for TLS before anything else.
	Start bool
	// Authorities is a file of certificates in PEM; empty takes the system's.
	Authorities string
	// Certificate and Key are files in PEM by which servers know this client.
	Certificate, Key string
}

// Bind says who asks. Without a DN a client with a certificate, or on a UNIX
// socket, binds as the server knows it (SASL EXTERNAL, RFC 4422) where External
// is set, and any other is anonymous.
type Bind struct {
	DN string
	// PasswordFile holds the password and nothing else; it is read for every
	// connection.
	PasswordFile string
	// PasswordVariable is the environment variable that holds it.
	PasswordVariable string
	External         bool
}

// Guests are people who are no members of the organisation. Either of the two
// makes a guest.
type Guests struct {
	// Attribute and Values: whose attribute has one of the values, case not
	// counting.
	Attribute string
	Values    []string
	// Filter: whose entry it matches (RFC 4515).
	Filter string
}

// Units say to which administrative units a person belongs.
type Units struct {
	// Attribute of the person names them; empty asks none.
	Attribute string
	// Bases are entries below which a unit's people are, by the name of the unit.
	Bases map[string]string
}

// Dynamic is a group of those a filter matches.
type Dynamic struct {
	Address message.Path // null without one
	Name    string
	Base    string // empty is that of people
	Filter  string // RFC 4515
	Plain   bool   // may be replaced by its members
}

// attributeName is that of an attribute description (RFC 4512, section 2.5).
var attributeName = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)(;[A-Za-z0-9-]+)*$`)

// ValidAttribute tells whether a text is the name of an attribute of LDAP.
func ValidAttribute(name string) bool { return attributeName.MatchString(name) }

// ValidFilter tells why a text is no filter (RFC 4515); nil when it is one.
func ValidFilter(filter string) error {
	_, err := ldap.CompileFilter(filter)
	return plain(err)
}

// ValidDN tells why a text is no distinguished name (RFC 4514); nil when it is
// one.
func ValidDN(dn string) error {
	parsed, err := ldap.ParseDN(dn)
	if err == nil && len(parsed.RDNs) == 0 {
		return errors.New("it is empty")
	}
	return plain(err)
}

// plain takes the code off an error of the library.
func plain(err error) error {
	var le *ldap.Error
	if errors.As(err, &le) && le.Err != nil {
		return le.Err
	}
	return err
}

// ValidURL tells why a text is no URL of a server; nil when it is one.
func ValidURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("it is no URL")
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("only scheme, host and port are read")
	case u.Scheme == "ldapi":
		if u.Host != "" || len(u.Path) < 2 {
			return errors.New("ldapi names a socket, as in ldapi:///run/slapd/ldapi")
		}
	case u.Scheme != "ldap" && u.Scheme != "ldaps":
		return errors.New("the scheme is ldaps, ldap or ldapi")
	case u.Hostname() == "" || strings.Trim(u.Path, "/") != "":
		return errors.New("it names a host, and a port where it is not 636 or 389")
	}
	return nil
}

// check refuses what no server could be asked with.
func (o *Options) check() error {
	if len(o.URLs) == 0 {
		return errors.New("no server is named")
	}
	for _, u := range o.URLs {
		if err := ValidURL(u); err != nil {
			return fmt.Errorf("%q: %w", u, err)
		}
	}
	for _, dn := range slices.Concat([]string{o.Base}, []string{o.Schema.PeopleBase, o.Schema.GroupBase}) {
		if dn != "" {
			if err := ValidDN(dn); err != nil {
				return fmt.Errorf("%q is no distinguished name: %w", dn, err)
			}
		}
	}
	filters := []string{o.Schema.PeopleFilter, o.Schema.GroupFilter}
	for _, f := range []string{o.Guests.Filter, o.Schema.PlainFilter} {
		if f != "" {
			filters = append(filters, f)
		}
	}
	for _, d := range o.Dynamic {
		filters = append(filters, d.Filter)
	}
	for _, f := range filters {
		if err := ValidFilter(f); err != nil {
			return fmt.Errorf("%q is no filter: %w", f, err)
		}
	}
	for _, name := range o.Schema.names() {
		if !ValidAttribute(name) {
			return fmt.Errorf("%q is no attribute", name)
		}
	}
	return nil
}

// filled gives the options with what was left out.
func (o Options) filled() Options {
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Connections = cmp.Or(o.Connections, 4)
	o.PageSize = cmp.Or(o.PageSize, 500)
	o.TTL = cmp.Or(o.TTL, 5*time.Minute)
	o.Negative = cmp.Or(o.Negative, time.Minute)
	o.Stale = cmp.Or(o.Stale, 24*time.Hour)
	o.Entries = cmp.Or(o.Entries, 20_000)
	o.Schema.PeopleBase = cmp.Or(o.Schema.PeopleBase, o.Base)
	o.Schema.GroupBase = cmp.Or(o.Schema.GroupBase, o.Base)
	return o
}

// unitsOf names the units of an entry.
func (u Units) unitsOf(e *entry) []string {
	var units []string
	if u.Attribute != "" {
		units = append(units, e.values(u.Attribute)...)
	}
	for name, base := range u.Bases {
		if directory.DNBelow(e.folded, directory.FoldDN(base)) {
			units = append(units, name)
		}
	}
	slices.Sort(units)
	return units
}

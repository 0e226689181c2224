package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
)

// PostmapOptions says which maps of Postfix are asked, and how.
type PostmapOptions struct {
	// Parameters are names of main.cf: canonical_maps, recipient_canonical_maps,
	// virtual_alias_maps and alias_maps.
	Parameters []string
	// ConfigDir is the directory of main.cf; empty is Postfix's own.
	ConfigDir string
	// BinDir is the directory of postconf and postmap; empty looks in PATH.
	BinDir string
	// Timeout bounds one run of a program; 0 is 5 seconds.
	Timeout time.Duration
	// TTL is how long an answer is kept; 0 is 5 minutes.
	TTL time.Duration
	// Entries bounds the answers kept; 0 is 10,000.
	Entries int
	// Now is the clock for TTL; nil is time.Now.
	Now func() time.Time
}

// Postmap resolves addresses by the maps of Postfix, which postmap(1) is asked
// for, with the keys and in the order that Postfix itself uses (canonical(5),
// virtual(5), aliases(5)). An address extension counts for finding an entry
// and is not put on what the entry leads to.
//
// Files, commands and `:include:` lists in alias maps are deliveries by
// Postfix's local(8): the address that has them stays. What users write in
// .forward files is not known. A table behind `proxy:` is opened directly.
type Postmap struct {
	programs  programs
	tables    []tables
	local     []domainPattern // mydestination
	origin    string          // myorigin
	delimiter string          // recipient_delimiter
	cache     cache
}

// tables are the maps behind one parameter.
type tables struct {
	parameter string
	all       []string
	// fixed are those that are asked for parts of an address too: Postfix shows
	// tables of patterns the whole address only.
	fixed []string
}

// postmapOrder is the order in which Postfix applies its parameters.
var postmapOrder = []string{"recipient_canonical_maps", "canonical_maps", "virtual_alias_maps", "alias_maps"}

// NewPostmap asks postconf(1) once for the maps and for what Postfix takes for
// local. The tables behind the maps are not opened yet.
func NewPostmap(ctx context.Context, o PostmapOptions) (*Postmap, error) {
	for _, name := range o.Parameters {
		if !slices.Contains(postmapOrder, name) {
			return nil, fmt.Errorf("%s is not a parameter with maps for recipients; there are %s", name, strings.Join(postmapOrder, ", "))
		}
	}
	m := &Postmap{programs: newPrograms(o), cache: newCache(o)}
	for _, name := range postmapOrder {
		if !slices.Contains(o.Parameters, name) {
			continue
		}
		value, err := m.programs.postconf(ctx, name)
		if err != nil {
			return nil, err
		}
		t := tables{parameter: name, all: splitMaps(value)}
		for i, table := range t.all {
			t.all[i] = strings.TrimPrefix(table, "proxy:")
			if strings.HasPrefix(t.all[i], "-") {
				return nil, fmt.Errorf("%s: %q is not a map", name, table)
			}
			if !ofPatterns(t.all[i]) {
				t.fixed = append(t.fixed, t.all[i])
			}
		}
		if len(t.all) > 0 {
			m.tables = append(m.tables, t)
		}
	}
	origin, err := m.programs.postconf(ctx, "myorigin")
	if err != nil {
		return nil, err
	}
	if m.origin, err = originName(origin); err != nil {
		return nil, err
	}
	destinations, err := m.programs.postconf(ctx, "mydestination")
	if err != nil {
		return nil, err
	}
	if m.local, err = domainPatterns(splitMaps(destinations)); err != nil {
		return nil, err
	}
	m.delimiter, err = m.programs.postconf(ctx, "recipient_delimiter")
	return m, err
}

// Resolve gives the addresses that Postfix delivers mail to addr to, as far as
// its maps tell. An error wraps ErrUnavailable.
func (m *Postmap) Resolve(ctx context.Context, addr message.Path) ([]message.Path, error) {
	return resolve{m.step}.Resolve(ctx, addr)
}

// step gives what one address is replaced by, once.
func (m *Postmap) step(ctx context.Context, addr message.Path) ([]message.Path, error) {
	if addr.IsNull() || len(m.tables) == 0 {
		return []message.Path{addr}, nil
	}
	key := addr.Key()
	if answer, ok := m.cache.get(key); ok {
		return answer, nil
	}
	answer, err := m.ask(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%w: maps of Postfix: %w", ErrUnavailable, err)
	}
	m.cache.put(key, answer)
	return answer, nil
}

// ask asks the maps in Postfix's order. The first parameter that replaces the
// address ends the search, unless the address is among what replaces it.
func (m *Postmap) ask(ctx context.Context, addr message.Path) ([]message.Path, error) {
	full := addr
	if full.Domain() == "" {
		p, err := message.ParsePath(full.String() + "@" + m.origin)
		if err != nil {
			return nil, err
		}
		full = p
	}
	local, err := m.isLocal(ctx, full.Domain())
	if err != nil {
		return nil, err
	}
	var targets []message.Path
	for _, t := range m.tables {
		aliases := t.parameter == "alias_maps"
		if aliases && !local {
			continue
		}
		keys := m.keys(full, local)
		if aliases {
			keys = m.aliasKeys(full)
		}
		value, found, err := m.find(ctx, t, keys, aliases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.parameter, err)
		}
		if !found {
			continue
		}
		answer, stays, err := m.readValue(value, full, aliases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.parameter, err)
		}
		targets = append(targets, answer...)
		if !stays {
			return targets, nil
		}
	}
	return append(targets, addr), nil
}

// find asks the tables of one parameter for the keys, the most specific first.
func (m *Postmap) find(ctx context.Context, t tables, keys []string, aliases bool) (value string, found bool, err error) {
	if aliases || len(t.fixed) == len(t.all) {
		return m.programs.postmap(ctx, keys, t.all)
	}
	value, found, err = m.programs.postmap(ctx, keys[:1], t.all)
	if found || err != nil || len(t.fixed) == 0 {
		return value, found, err
	}
	return m.programs.postmap(ctx, keys[1:], t.fixed)
}

// isLocal tells whether Postfix delivers mail for a domain itself, to accounts
// and aliases: whether it matches mydestination.
func (m *Postmap) isLocal(ctx context.Context, domain string) (bool, error) {
	for _, p := range m.local {
		matches := p.name == domain
		if p.table != "" {
			var err error
			if _, matches, err = m.programs.postmap(ctx, []string{domain}, []string{p.table}); err != nil {
				return false, fmt.Errorf("mydestination: %w", err)
			}
		}
		if matches {
			return !p.not, nil
		}
	}
	return false, nil
}

// keys gives what Postfix asks canonical and virtual alias maps for.
func (m *Postmap) keys(addr message.Path, local bool) []string {
	user, at := addr.String(), "@"+addr.Domain()
	user = strings.TrimSuffix(user, at)
	base := m.base(user)
	keys := []string{user + at}
	if base != "" {
		keys = append(keys, base+at)
	}
	if local || addr.Domain() == m.origin {
		keys = append(keys, user)
		if base != "" {
			keys = append(keys, base)
		}
	}
	return append(keys, at)
}

// aliasKeys gives what Postfix asks alias maps for.
func (m *Postmap) aliasKeys(addr message.Path) []string {
	keys := []string{addr.Local()}
	if base := m.base(addr.Local()); base != "" {
		keys = append(keys, base)
	}
	return keys
}

// base gives a local-part without its extension, empty when it has none.
func (m *Postmap) base(user string) string {
	at := strings.IndexAny(user, m.delimiter)
	if at <= 0 || strings.HasPrefix(user, `"`) {
		return ""
	}
	folded := strings.ToLower(user)
	switch folded {
	case "postmaster", "mailer-daemon", "double-bounce":
		return ""
	}
	if user[at] == '-' && (strings.HasPrefix(folded, "owner-") || strings.HasSuffix(folded, "-request")) {
		return ""
	}
	return user[:at]
}

var _ Resolver = (*Postmap)(nil)

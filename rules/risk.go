package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// RiskLevel is how risky what a person does is taken to be.
type RiskLevel string

// The levels, with the GUIDs by which Purview knows them.
const (
	Elevated RiskLevel = "elevated" // FCB9FA93-6269-4ACF-A756-832E79B36A2A
	Moderate RiskLevel = "moderate" // 797C4446-5C73-484F-8E58-0CCA08D6DF6C
	Minor    RiskLevel = "minor"    // 75A4318B-94A2-4323-BA42-2CA6DB29AAFE
)

// riskLevels are the levels, the highest first.
var riskLevels = []RiskLevel{Elevated, Moderate, Minor}

var riskGUIDs = map[string]RiskLevel{
	"fcb9fa93-6269-4acf-a756-832e79b36a2a": Elevated,
	"797c4446-5c73-484f-8e58-0cca08d6df6c": Moderate,
	"75a4318b-94a2-4323-ba42-2ca6db29aafe": Minor,
}

// riskLevel reads a level by its name or its GUID.
func riskLevel(text string) (RiskLevel, bool) {
	key := strings.ToLower(strings.Trim(strings.TrimSpace(text), "{}"))
	if level, ok := riskGUIDs[key]; ok {
		return level, true
	}
	level := RiskLevel(key)
	return level, slices.Contains(riskLevels, level)
}

// Risk says how the risk of a person is known. The higher of two answers counts.
type Risk struct {
	// Attribute is the attribute of people that holds their level, by its name or by
	// its GUID; empty when none does.
	Attribute string
	// FromMatches are the least numbers of recent matches of high severity for each
	// level; nil when they are not counted.
	FromMatches map[RiskLevel]int
	// Within is how far back matches are recent.
	Within time.Duration
}

// DefaultRiskTime is how far back matches are recent where nothing else is said.
const DefaultRiskTime = 30 * 24 * time.Hour

// ReadRisk reads the mapping `userRisk` of postern.yaml. Mistakes are recorded in r.
func ReadRisk(r *strictyaml.Reader, n *strictyaml.Node, field string) *Risk {
	risk := &Risk{Within: DefaultRiskTime}
	m := r.Mapping(n, field, "attribute", "fromMatches")
	if e, ok := m.Get("attribute"); ok {
		risk.Attribute = readAttribute(r, e)
	}
	if e, ok := m.Get("fromMatches"); ok {
		risk.readMatches(r, e)
	}
	if m != nil && len(m.Entries()) == 0 && len(n.Content) == 0 {
		r.Errorf(n, field, "write `attribute: CustomAttribute1`, or `fromMatches: {elevated: 5}`", "nothing says where a risk is known from")
	}
	return risk
}

func (risk *Risk) readMatches(r *strictyaml.Reader, e strictyaml.Entry) {
	m := r.Mapping(e.Value, e.Field, "elevated", "minor", "moderate", "within")
	risk.FromMatches = make(map[RiskLevel]int)
	for _, e := range m.Entries() {
		if e.Key == "within" {
			if d, ok := r.Duration(e.Value, e.Field, time.Minute); ok {
				risk.Within = d
			}
			continue
		}
		if n, ok := r.Int(e.Value, e.Field, 1, 1_000_000); ok {
			risk.FromMatches[RiskLevel(e.Key)] = n
		}
	}
	last := 0
	for _, level := range slices.Backward(riskLevels) {
		n, set := risk.FromMatches[level]
		if set && n <= last {
			r.Errorf(e.Value, e.Field, "write more matches for a higher level", "%s is reached before a lower level", level)
		}
		last = max(last, n)
	}
	if m != nil && len(risk.FromMatches) == 0 && !r.Failed() {
		r.Errorf(e.Value, e.Field, "write how many matches make a level, as in `{moderate: 3, elevated: 10}`", "no level is named")
	}
}

// riskOf gives the level of the person an address belongs to; empty without one.
func (s *Scan) riskOf(ctx context.Context, risk *Risk, addr message.Path) (RiskLevel, Truth, string) {
	p, truth, reason := s.personOf(ctx, addr)
	if truth == Unknown {
		return "", Unknown, reason
	}
	found, why := len(riskLevels), "has no risk level"
	take := func(level RiskLevel, because string) {
		if i := slices.Index(riskLevels, level); i < found {
			found, why = i, "has the risk level "+string(level)+because
		}
	}
	if p != nil && risk.Attribute != "" {
		for _, value := range p.Attributes[risk.Attribute] {
			if level, ok := riskLevel(value); ok {
				take(level, " in the directory")
			}
		}
	}
	if len(risk.FromMatches) > 0 && s.World.Matches != nil && found > 0 {
		n, err := s.World.Matches(ctx, namesOf(p, addr))
		if err != nil {
			return "", Unknown, "has matches that could not be counted"
		}
		for _, level := range riskLevels {
			if least, set := risk.FromMatches[level]; set && n >= least {
				take(level, fmt.Sprintf(" by %d recent matches", n))
			}
		}
	}
	if found == len(riskLevels) {
		if len(risk.FromMatches) > 0 && s.World.Matches == nil {
			why += ", and recent matches are not counted here"
		}
		return "", False, why
	}
	return riskLevels[found], True, why
}

// namesOf gives all names of a person, or those of an address that is nobody's.
func namesOf(p *directory.Person, addr message.Path) []string {
	names := []string{addr.Key()}
	if p == nil {
		return names
	}
	names[0] = p.Address.Key()
	for _, a := range p.Proxies {
		names = append(names, a.Key())
	}
	for _, login := range p.Logins {
		if login = strings.ToLower(login); !slices.Contains(names, login) {
			names = append(names, login)
		}
	}
	return names
}

func parseRisk(r *reader, n *strictyaml.Node, field string) (check, bool) {
	list, nodes, ok := r.Texts(n, field)
	var asked []RiskLevel
	for i, text := range list {
		level, known := riskLevel(text)
		if !known {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write `elevated`, `moderate` or `minor`", "%q is no level of risk", text)
			ok = false
		}
		asked = append(asked, level)
	}
	risk := r.vocabulary.Settings.Risk
	if risk == nil {
		r.Errorf(n, field, "add `userRisk: {attribute: CustomAttribute1}` to postern.yaml", "nothing says what risk a person is")
		return check{}, false
	}
	if len(risk.FromMatches) == 0 {
		r.needDirectory(n, field)
	}
	return ofSenders(view{}, func(ctx context.Context, s *Scan, addr message.Path) (Truth, string) {
		level, truth, reason := s.riskOf(ctx, risk, addr)
		if truth == True {
			truth = truthOf(slices.Contains(asked, level))
		}
		return truth, reason
	}), ok
}

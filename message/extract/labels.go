package extract

import (
	"slices"
	"strings"
)

// labelsOfProperties makes labels of the properties that Office and other
// programs keep them in: MSIP_Label_<GUID>_Enabled, _Name, _SiteId and others
// (Microsoft Purview Information Protection, label metadata). One without an
// Enabled property is taken for enabled. Labels that are known stay.
func (r *reader) labelsOfProperties() {
	const prefix = "msip_label_"
	found := map[string]*Label{}
	for name, value := range r.doc.Properties {
		if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
			continue
		}
		id, field, ok := strings.Cut(name[len(prefix):], "_")
		id = guid(id)
		if !ok || id == "" {
			continue
		}
		l := found[id]
		if l == nil {
			l = &Label{ID: id, Enabled: true}
			found[id] = l
		}
		switch strings.ToLower(field) {
		case "name":
			l.Name = value
		case "siteid":
			l.SiteID = guid(value)
		case "enabled":
			l.Enabled = !strings.EqualFold(value, "false") && value != "0"
		}
	}
	for _, l := range found {
		if !slices.ContainsFunc(r.doc.Labels, func(have Label) bool { return have.ID == l.ID }) {
			r.doc.Labels = append(r.doc.Labels, *l)
		}
	}
	slices.SortFunc(r.doc.Labels, func(a, b Label) int { return strings.Compare(a.ID, b.ID) })
}

// guid gives a GUID in lower case without braces; empty for what is none.
func guid(s string) string {
	s = strings.ToLower(strings.Trim(s, "{} "))
	if len(s) != 36 {
		return ""
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return ""
			}
		default:
			if !strings.Contains("0123456789abcdef", s[i:i+1]) {
				return ""
			}
		}
	}
	return s
}

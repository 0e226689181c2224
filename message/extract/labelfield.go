package extract

import "strings"

// LabelsOfField gives the labels that a header field msip_labels names: the
// properties that documents keep them in, written "name=value" and parted by
// semicolons.
func LabelsOfField(value string) []Label {
	r := &reader{}
	for pair := range strings.SplitSeq(value, ";") {
		if name, v, ok := strings.Cut(pair, "="); ok {
			r.property(name, v)
		}
	}
	r.labelsOfProperties()
	return r.doc.Labels
}

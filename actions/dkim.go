package actions

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/message"
)

// maxSignatures bounds how many DKIM signatures of a message are looked at.
const maxSignatures = 20

// brokenSignatures gives the domains of DKIM signatures (RFC 6376) of the author's
// own domain that do not hold for a copy, whatever they did for the message: what
// they cover is another there. Nothing is looked up, and none is said to be valid.
func brokenSignatures(m *message.Message, c *edited) []string {
	if !c.altered && len(c.mods) == 0 {
		return nil
	}
	var authors, broken []string
	var before, after map[string][]string
	for n, f := range m.Header.All("DKIM-Signature") {
		if n == maxSignatures {
			break
		}
		tags := signatureTags(f.Value)
		domain := strings.ToLower(tags["d"])
		if authors == nil {
			authors = authorDomains(m.Header)
		}
		if domain == "" || slices.Contains(broken, domain) || !slices.Contains(authors, organizational(domain)) {
			continue
		}
		if before == nil {
			before, after = valuesOf(m.Header), valuesOf(c.fields)
		}
		if signedFieldsChange(tags["h"], before, after) || c.altered && signedBodyChanges(tags, m.Body(), c.body) {
			broken = append(broken, domain)
		}
	}
	return broken
}

// signatureTags reads a list of tags (RFC 6376, section 3.2) without the white space
// in it.
func signatureTags(value string) map[string]string {
	tags := make(map[string]string)
	for tag := range strings.SplitSeq(value, ";") {
		name, v, _ := strings.Cut(tag, "=")
		tags[strings.ToLower(strings.TrimSpace(name))] = strings.Join(strings.Fields(v), "")
	}
	return tags
}

// authorDomains gives the organisational domains of the header From.
func authorDomains(h message.Header) []string {
	list := []string{}
	for _, a := range h.Addresses("From") {
		list = append(list, organizational(strings.ToLower(a.Domain())))
	}
	return list
}

// organizational gives the domain that somebody registered (RFC 7489, section 3.2);
// the name itself where there is none above it.
func organizational(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// signedFieldsChange compares the fields that a signature covers: of each name in its
// list the last that is left, and nothing where there is none, so that one more field
// breaks a signature that names it once too often (RFC 6376, section 5.4.2).
func signedFieldsChange(names string, before, after map[string][]string) bool {
	taken := make(map[string]int)
	for name := range strings.SplitSeq(strings.ToLower(names), ":") {
		if name != "" && nthLast(before[name], taken[name]) != nthLast(after[name], taken[name]) {
			return true
		}
		taken[name]++
	}
	return false
}

// valuesOf gives the values of fields by name, without the white space that relaxed
// canonicalisation passes over.
func valuesOf(h message.Header) map[string][]string {
	values := make(map[string][]string)
	for _, f := range h {
		name := strings.ToLower(f.Name)
		values[name] = append(values[name], strings.Join(strings.Fields(f.Value), " "))
	}
	return values
}

// nthLast gives the value with so many behind it; "-" stands for none.
func nthLast(values []string, n int) string {
	if n >= len(values) {
		return "-"
	}
	return ":" + values[len(values)-1-n]
}

// signedBodyChanges compares the bodies as far as a signature covers them. Where the
// length it covers is counted in another way than in octets of the body, it must cover
// all of the body, and that must stand at the beginning of the new one.
func signedBodyChanges(tags map[string]string, before, after []byte) bool {
	if bytes.Equal(before, after) {
		return false
	}
	length, err := strconv.ParseInt(tags["l"], 10, 64)
	if err != nil || length < 0 {
		return true
	}
	_, canonical, _ := strings.Cut(tags["c"], "/")
	if strings.EqualFold(canonical, "relaxed") || length > int64(len(before)) {
		length = int64(len(before))
	}
	return length > int64(len(after)) || !bytes.Equal(before[:length], after[:length])
}

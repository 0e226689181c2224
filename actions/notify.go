package actions

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/strictyaml"
)

// Role is what somebody who is told is to a message.
type Role string

// The roles.
const (
	RoleSender    Role = "sender" // in mail the owner and the last modifier too
	RoleManager   Role = "manager"
	RoleAdmin     Role = "siteAdmin"
	RoleNamed     Role = "named"
	RoleRecipient Role = "recipient" // of generateNotification
	RoleReviewer  Role = "reviewer"
)

// addressee is one value of notifyUser.
type addressee struct {
	role Role
	path message.Path // of a named one
}

// telling is what a rule tells people other than by a refusal.
type telling struct {
	to    []addressee // notifyUser
	toAt  *strictyaml.Node
	kind  string // notifyUserType; empty is both
	email email
	// translations are the policy tip by language, and languages their tags in the
	// order of the file.
	translations map[language.Tag]string
	languages    []language.Tag
	url          string // notifyPolicyTipUrl
	generate     string // generateNotification

	kindAt, translationsAt, urlAt, generateAt *strictyaml.Node
}

// email is how a rule wants the mail of notifyUser.
type email struct {
	subject, text, name string
	attach              bool

	firstAt *strictyaml.Node // of the keys that say so
	first   string
}

// The values of notifyUserType.
const (
	tellBoth  = "both"
	tellEmail = "email"
	tellTip   = "policyTip"
	tellUnset = "notSet"
	// tellBothPurview is how Purview writes both.
	tellBothPurview = "Email,PolicyTip"
)

// notifyNameLength is how many characters the name of a sender may have.
const notifyNameLength = 128

// tells gives what a rule tells people, to be filled in.
func (s *spec) tells() *telling {
	if s.telling == nil {
		s.telling = &telling{}
	}
	return s.telling
}

// mails tells whether the rule sends the mail of notifyUser.
func (t *telling) mails() bool { return t != nil && len(t.to) > 0 && t.kind != tellTip }

// addresses tells whether the rule mails somebody of a role.
func (t *telling) addresses(r Role) bool {
	return t.mails() && slices.ContainsFunc(t.to, func(a addressee) bool { return a.role == r })
}

// learnMore is the rule's own URL for people who want to know more; empty for
// none.
func (t *telling) learnMore() string {
	if t == nil {
		return ""
	}
	return t.url
}

// readNotifyUser reads whom the rule tells. Purview's owner and lastModifier of a
// message are its sender.
func readNotifyUser(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	t := s.tells()
	t.toAt, s.notify = n, true
	texts, nodes, _ := r.Texts(n, field)
	for i, text := range texts {
		for word := range strings.SplitSeq(text, ",") {
			a, ok := readAddressee(r, nodes[i], entryField(n, field, i), strings.TrimSpace(word))
			if ok && !slices.ContainsFunc(t.to, func(o addressee) bool { return o.role == a.role && o.path.Key() == a.path.Key() }) {
				t.to = append(t.to, a)
			}
			if ok && a.role == RoleNamed {
				s.targets = append(s.targets, target{path: a.path, at: nodes[i], field: entryField(n, field, i)})
			}
		}
	}
}

// entryField gives the path of an entry of a list, or of the value that stands for
// a list of one.
func entryField(n *strictyaml.Node, field string, i int) string {
	if len(n.Content) == 0 {
		return field
	}
	return strictyaml.Index(field, i)
}

func readAddressee(r *strictyaml.Reader, n *strictyaml.Node, field, word string) (addressee, bool) {
	switch strings.ToLower(word) {
	case "sender", "owner", "lastmodifier":
		return addressee{role: RoleSender}, true
	case "manager":
		return addressee{role: RoleManager}, true
	case "siteadmin":
		return addressee{role: RoleAdmin}, true
	}
	p, err := message.ParsePath(word)
	if err != nil || p.IsNull() || p.Domain() == "" {
		r.Errorf(n, field, "write `sender`, `owner`, `lastModifier`, `manager`, `siteAdmin` or an address, as in `dlp@example.com`",
			"%q is nobody who can be told", word)
		return addressee{}, false
	}
	return addressee{role: RoleNamed, path: p}, true
}

// readNotifyUserType reads how people are told; Purview writes both ways as
// `Email,PolicyTip`.
func readNotifyUserType(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	t := s.tells()
	t.kindAt = n
	t.kind, _ = r.OneOf(n, field, tellUnset, tellEmail, tellTip, tellBoth, tellBothPurview)
	if t.kind == tellBothPurview {
		t.kind = tellBoth
	}
	if t.kind == tellUnset {
		t.kind = ""
	}
}

// mailed notes the first key that says how the mail is.
func (s *spec) mailed(n *strictyaml.Node, field string) *email {
	e := &s.tells().email
	if e.firstAt == nil {
		e.firstAt, e.first = n, field
	}
	return e
}

func readNotifySubject(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	e := s.mailed(n, field)
	if t, ok := readLine(r, n, field, notice.MaxSubject); ok && checked(r, n, field, notice.CheckSubject(t)) {
		e.subject = t
	}
}

func readNotifyText(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	e := s.mailed(n, field)
	if t, ok := readHTML(r, n, field, notice.MaxNotificationText); ok && checked(r, n, field, notice.CheckNotificationText(t)) {
		e.text = t
	}
}

func readNotifyName(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.mailed(n, field).name, _ = readLine(r, n, field, notifyNameLength)
}

func readNotifyAttachment(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.mailed(n, field).attach, _ = r.Bool(n, field)
}

func readGenerateNotification(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	t := s.tells()
	t.generateAt = n
	if text, ok := readHTML(r, n, field, notice.MaxRecipientText); ok && checked(r, n, field, notice.CheckRecipientText(text)) {
		t.generate = text
	}
}

// checked tells of a text that notices cannot carry as it is written: a token that
// there is none of, or markup that would be left out.
func checked(r *strictyaml.Reader, n *strictyaml.Node, field string, err error) bool {
	if err != nil {
		r.Errorf(n, field, "take it out or write it otherwise", "%v", err)
	}
	return err == nil
}

// readHTML reads a text that may hold HTML and several lines.
func readHTML(r *strictyaml.Reader, n *strictyaml.Node, field string, limit int) (string, bool) {
	t, ok := r.Text(n, field)
	if !ok {
		return "", false
	}
	count := utf8.RuneCountInString(t)
	switch {
	case strings.TrimSpace(t) == "":
		r.Errorf(n, field, "write a text", "the text is empty")
	case strings.ContainsFunc(t, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f }):
		r.Errorf(n, field, "take it away", "the text holds a control character")
	case count > limit:
		r.Errorf(n, field, fmt.Sprintf("write at most %d characters, tags counted", limit), "the text has %d characters", count)
	default:
		return t, true
	}
	return "", false
}

// readTranslations reads the policy tip in other languages: `{de: text}`, or
// Purview's list of `de:text`.
func readTranslations(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	t := s.tells()
	t.translationsAt = n
	if r.Probing() || n.Tag == "!!map" {
		for _, e := range r.Mapping(n, field).Entries() {
			if text, ok := readLine(r, e.Value, e.Field, tipLength); ok {
				t.translate(r, e.At, e.Field, e.Key, text)
			}
		}
	}
	if n.Tag == "!!map" {
		return
	}
	texts, nodes, _ := r.Texts(n, field)
	for i, text := range texts {
		at := entryField(n, field, i)
		culture, tip, ok := strings.Cut(text, ":")
		if !ok {
			r.Errorf(nodes[i], at, "write `{de: \"…\"}`", "%q has no language in front", clipped(text))
			continue
		}
		if tip = strings.TrimSpace(tip); lineOK(r, nodes[i], at, tip, tipLength) {
			t.translate(r, nodes[i], at, strings.TrimSpace(culture), tip)
		}
	}
}

func (t *telling) translate(r *strictyaml.Reader, n *strictyaml.Node, field, culture, text string) {
	tag, err := language.Parse(culture)
	switch {
	case err != nil || tag == language.Und:
		r.Errorf(n, field, "write a language as `de` or `ja-JP`", "%q is no language", clipped(culture))
	case t.translations[tag] != "":
		r.Errorf(n, field, "write it once", "the language %s is written twice", tag)
	default:
		if t.translations == nil {
			t.translations = make(map[language.Tag]string)
		}
		t.translations[tag] = text
		t.languages = append(t.languages, tag)
	}
}

// clipped bounds what a problem says of a text.
func clipped(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

func readTipURL(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	t := s.tells()
	t.urlAt = n
	text, ok := r.Text(n, field)
	if !ok {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(text) > 400 ||
		strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		r.Errorf(n, field, "write an address as `https://intranet.example.com/dlp`", "%q is no http or https URL", clipped(text))
		return
	}
	t.url = text
}

// checkTelling tells of keys that would say nothing beside the others of the rule.
func (s *spec) checkTelling(r *strictyaml.Reader, field string) {
	t := s.telling
	if t == nil || r.Probing() {
		return
	}
	bad := func(n *strictyaml.Node, key, write, what string) {
		r.Errorf(n, strictyaml.Join(field, key), write, "%s", what)
	}
	others := slices.ContainsFunc(t.to, func(a addressee) bool { return a.role != RoleSender })
	deletes := s.halt != nil && s.halt.verdict == Delete
	switch {
	case deletes && t.toAt != nil:
		bad(t.toAt, "notifyUser", "take one of them away", "of a message that `deleteMessage` deletes nobody is told")
	case deletes && t.generateAt != nil:
		bad(t.generateAt, "generateNotification", "take one of them away", "of a message that `deleteMessage` deletes nobody is told")
	}
	if e := t.email; e.firstAt != nil && t.toAt == nil {
		r.Errorf(e.firstAt, e.first, "write `notifyUser: [sender]` beside it", "the key says something only of the mail of `notifyUser`")
	}
	switch t.kind {
	case tellTip:
		if others {
			bad(t.toAt, "notifyUser", "write `notifyUser: [sender]`, or `notifyUserType: both`", "a policy tip is shown to the sender alone")
		}
		if e := t.email; e.firstAt != nil && t.toAt != nil {
			r.Errorf(e.firstAt, e.first, "take it away, or write `notifyUserType: both`", "with `notifyUserType: policyTip` no mail is sent")
		}
	case tellEmail:
		if s.tip != "" {
			bad(t.kindAt, "notifyUserType", "write `both`, or take `notifyPolicyTipCustomText` away", "with `notifyUserType: email` no policy tip is shown")
		}
	}
	if t.kindAt != nil && t.toAt == nil {
		bad(t.kindAt, "notifyUserType", "write `notifyUser: [sender]` beside it", "the key says something only beside `notifyUser`")
	}
	if t.translationsAt != nil && s.tip == "" {
		bad(t.translationsAt, "notifyPolicyTipCustomTextTranslations", "write `notifyPolicyTipCustomText` beside it, for all other languages",
			"there is no policy tip that is translated")
	}
	if blocks := s.halt != nil && s.halt.verdict == Block; t.urlAt != nil && !blocks && t.toAt == nil {
		bad(t.urlAt, "notifyPolicyTipUrl", "write `notifyUser` or `blockAccess` beside it", "nobody is told anything that the URL could stand in")
	}
}

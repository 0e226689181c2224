package actions

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// deferredDigest is the digest of a whole message that is put off. No fork has it.
func deferredDigest(m *message.Message) string {
	return OutcomeDeferred + ":" + Digest(&m.Envelope, m.Header, m.Body())
}

// toldDigest is the digest of a whole message of which people are told, whatever ways
// its forks go.
func toldDigest(m *message.Message) string {
	return outcomeTold + ":" + Digest(&m.Envelope, m.Header, m.Body())
}

// Digest is a hash over a whole message that is the same for each attempt of a client
// to send it.
func Digest(env *message.Envelope, h message.Header, body []byte) string {
	all := make([]int, len(env.Recipients))
	for i := range all {
		all[i] = i
	}
	return digest(env, h, body, all)
}

// digest is a hash over what a retry repeats: the envelope of the fork, the
// client's own header fields and the body.
func digest(env *message.Envelope, header message.Header, body []byte, recipients []int) string {
	h := sha256.New()
	part(h, env.ReversePath.Key())
	var to []string
	for _, i := range recipients {
		to = append(to, env.Recipients[i].Path.Key())
	}
	slices.Sort(to)
	part(h, slices.Compact(to)...)
	generated := map[string]bool{"message-id": clientField(env, header, "Message-ID") == ""}
	generated["date"] = generated["message-id"] || clientField(env, header, "Date") == ""
	for _, field := range header {
		if name := strings.ToLower(field.Name); !passing(field) && !generated[name] {
			part(h, name, strings.TrimSpace(strings.ReplaceAll(field.Value, "\r", "")))
		}
	}
	part(h, "")
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// part adds texts so that no two lists of texts give the same octets.
func part(h hash.Hash, texts ...string) {
	var n [8]byte
	put := func(v int) {
		for i := range n {
			n[i] = byte(v >> (8 * i))
		}
		h.Write(n[:])
	}
	put(len(texts))
	for _, t := range texts {
		put(len(t))
		h.Write([]byte(t))
	}
}

// passing tells the fields that change from one attempt to the next: trace fields
// and marks of filters before us, and our own.
func passing(f message.Field) bool {
	n := strings.ToLower(f.Name)
	switch n {
	case "received", "return-path", "authentication-results":
		return true
	}
	return strings.HasPrefix(n, "x-spam") || rules.Reserved(f.Name, true)
}

// clientField gives a Message-ID or Date that the client itself wrote; empty when it
// wrote none.
func clientField(env *message.Envelope, h message.Header, name string) string {
	f, ok := h.Get(name)
	if !ok || name == "Message-ID" && generatedID(env, f) || name == "Date" && generatedDate(h) {
		return ""
	}
	return f.Text()
}

// generatedID tells a Message-ID made by Postfix for a client that gave none: its
// domain is the MTA's name, and its local part is the queue identifier, behind the
// time where queue identifiers are short.
func generatedID(env *message.Envelope, f message.Field) bool {
	if env.QueueID == "" {
		return false
	}
	local, domain, ok := strings.Cut(strings.Trim(f.Text(), "<>"), "@")
	return ok && (local == env.QueueID || strings.HasSuffix(local, "."+env.QueueID)) && strings.EqualFold(domain, env.Hostname)
}

// postfixDate is a Date as Postfix writes it for a client that gave none.
const postfixDate = "Mon, _2 Jan 2006 15:04:05 -0700 (MST)"

// generatedDate tells a Date made by Postfix: it stands behind everything of the
// client's, before nothing but a From made the same way, and names the time zone.
// One of a client that looks so is left out of every attempt alike.
func generatedDate(h message.Header) bool {
	i := len(h) - 1
	for i > 0 && (passing(h[i]) || strings.EqualFold(h[i].Name, "From")) {
		i--
	}
	if i < 0 || !strings.EqualFold(h[i].Name, "Date") {
		return false
	}
	_, err := time.Parse(postfixDate, h[i].Text())
	return err == nil
}

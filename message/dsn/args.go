package dsn

import (
	"errors"
	"fmt"
	"strings"
)

// Notify is when a client wants to hear of a recipient (RFC 3461, section 4.1).
// The zero Notify is that of a RCPT command without the argument.
type Notify uint8

// The conditions. NotifyNever stands alone.
const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)

// Failure tells whether the sender is to be told that delivery failed: always,
// unless a list was given that does not say so.
func (n Notify) Failure() bool { return n == 0 || n&NotifyFailure != 0 }

// Delay tells whether the sender is to be told that delivery is late. Without the
// argument that is for the MTA to choose (RFC 3461, section 4.1); it is yes here.
func (n Notify) Delay() bool { return n == 0 || n&NotifyDelay != 0 }

// String gives the value of the NOTIFY argument; empty for the zero Notify.
func (n Notify) String() string {
	if n&NotifyNever != 0 {
		return "NEVER"
	}
	var words []string
	for _, k := range notifyWords {
		if n&k.bit != 0 {
			words = append(words, k.word)
		}
	}
	return strings.Join(words, ",")
}

var notifyWords = []struct {
	word string
	bit  Notify
}{{"SUCCESS", NotifySuccess}, {"FAILURE", NotifyFailure}, {"DELAY", NotifyDelay}}

var (
	errNotify = errors.New("NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY")
	errReturn = errors.New("RET is FULL or HDRS")
	errEnvID  = errors.New("ENVID is up to 100 characters of xtext for printable ASCII")
	errORCPT  = errors.New("ORCPT is a type, a semicolon and up to 500 characters of xtext")
)

// ParseNotify reads the value of a NOTIFY argument.
func ParseNotify(value string) (Notify, error) {
	if strings.EqualFold(value, "NEVER") {
		return NotifyNever, nil
	}
	var n Notify
	if len(value) > 64 {
		return 0, errNotify
	}
words:
	for word := range strings.SplitSeq(value, ",") {
		for _, k := range notifyWords {
			if strings.EqualFold(word, k.word) {
				n |= k.bit
				continue words
			}
		}
		return 0, errNotify
	}
	return n, nil
}

// Return is how much of a message a client wants back with a report (RFC 3461,
// section 4.3). The zero Return is that of a MAIL command without the argument.
type Return string

// The choices.
const (
	ReturnFull    Return = "FULL"
	ReturnHeaders Return = "HDRS"
)

// ParseReturn reads the value of a RET argument.
func ParseReturn(value string) (Return, error) {
	switch r := Return(strings.ToUpper(value)); r {
	case ReturnFull, ReturnHeaders:
		return r, nil
	}
	return "", errReturn
}

// ParseEnvelopeID reads the value of an ENVID argument and decodes it (RFC 3461,
// section 4.4).
func ParseEnvelopeID(value string) (string, error) {
	if value == "" || len(value) > 100 {
		return "", errEnvID
	}
	id, err := DecodeXtext(value)
	if err != nil || !isPrintable(id) {
		return "", errEnvID
	}
	return id, nil
}

// ParseORCPT reads the value of an ORCPT argument and decodes its address (RFC
// 3461, section 4.2; RFC 6533, section 3, for the type utf-8).
func ParseORCPT(value string) (Typed, error) {
	// RFC 6533, section 3, allows more than the 500 characters of RFC 3461.
	if len(value) > 3000 {
		return Typed{}, errORCPT
	}
	kind, text, ok := strings.Cut(value, ";")
	if !ok || !isAtom(kind) || text == "" {
		return Typed{}, errORCPT
	}
	kind = strings.ToLower(kind)
	var err error
	if kind == "utf-8" {
		text, err = decodeUTF8Address(text)
	} else if text, err = DecodeXtext(text); err == nil && !isPrintable(text) {
		err = errORCPT
	}
	if err != nil {
		return Typed{}, fmt.Errorf("%w: %w", errORCPT, err)
	}
	return Typed{Type: kind, Text: text}, nil
}

// FormatORCPT gives the value of an ORCPT argument.
func FormatORCPT(t Typed) string {
	if t.Type == "utf-8" {
		return t.Type + ";" + encodeUTF8Address(t.Text)
	}
	return t.Type + ";" + EncodeXtext(t.Text)
}

// MailArgs are the arguments of a MAIL command that concern reports.
type MailArgs struct {
	Return     Return
	EnvelopeID string // decoded
	UTF8       bool   // SMTPUTF8 was given
}

// ReadMailArgs reads the ESMTP arguments of a MAIL command, as RET=HDRS. Others
// are passed over. What cannot be read counts as not given and is told in the
// error; the arguments are good all the same.
func ReadMailArgs(args []string) (MailArgs, error) {
	var a MailArgs
	var errs []error
	for _, arg := range args {
		var err error
		switch key, value, _ := strings.Cut(arg, "="); strings.ToUpper(key) {
		case "RET":
			a.Return, err = ParseReturn(value)
		case "ENVID":
			a.EnvelopeID, err = ParseEnvelopeID(value)
		case "SMTPUTF8":
			a.UTF8 = true
		}
		errs = append(errs, err)
	}
	return a, errors.Join(errs...)
}

// RcptArgs are the arguments of a RCPT command that concern reports.
type RcptArgs struct {
	Notify   Notify
	Original Typed // absent without ORCPT
}

// ReadRcptArgs reads the ESMTP arguments of a RCPT command, as NOTIFY=NEVER.
// Others are passed over. What cannot be read counts as not given and is told in
// the error; the arguments are good all the same.
func ReadRcptArgs(args []string) (RcptArgs, error) {
	var a RcptArgs
	var errs []error
	for _, arg := range args {
		var err error
		switch key, value, _ := strings.Cut(arg, "="); strings.ToUpper(key) {
		case "NOTIFY":
			a.Notify, err = ParseNotify(value)
		case "ORCPT":
			a.Original, err = ParseORCPT(value)
		}
		errs = append(errs, err)
	}
	return a, errors.Join(errs...)
}

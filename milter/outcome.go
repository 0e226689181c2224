package milter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-milter"

	"github.com/postern-mail/postern/actions"
)

var (
	errAction = errors.New("the MTA does not let us make this change")
	errBody   = errors.New("the MTA does not let us replace the body")
)

// write gives the response for an outcome. The changes of a delivery are
// gathered in the guard and leave together with the response; after an error
// nothing of them may be sent.
func (s *session) write(out actions.Outcome, simulated bool, m *milter.Modifier) (milter.Response, error) {
	switch out.Verdict {
	case actions.Block, actions.Defer:
		return s.reply(refusal(out), simulated), nil
	case actions.Deliver:
		for i, mod := range out.Modifications {
			if err := s.modify(mod, m); err != nil {
				return nil, fmt.Errorf("modification %d: %w", i, err)
			}
		}
		return milter.RespContinue, nil
	case actions.Discard:
		return milter.RespDiscard, nil
	}
	return nil, fmt.Errorf("unknown verdict %q", out.Verdict)
}

// modify renders one change.
func (s *session) modify(mod actions.Modification, m *milter.Modifier) error {
	switch mod.Kind {
	case actions.ChangeHeader, actions.DeleteHeader, actions.AddHeader, actions.InsertHeader:
		if !fieldName(mod.Name) {
			return fmt.Errorf("field name %q", mod.Name)
		}
		if mod.Index < 0 || int64(mod.Index) > 1<<31-1 {
			return fmt.Errorf("field index %d", mod.Index)
		}
	case actions.AddRecipient, actions.DeleteRecipient:
		if !addressText(mod.Address) {
			return fmt.Errorf("address %q", mod.Address)
		}
	}
	switch mod.Kind {
	case actions.ChangeHeader:
		if !s.may(milter.OptChangeHeader) {
			return errAction
		}
		value := s.fieldValue(mod.Value)
		if value == "" { // which would delete the field
			value = " "
		}
		return m.ChangeHeader(max(mod.Index, 1), mod.Name, value)
	case actions.DeleteHeader:
		if !s.may(milter.OptChangeHeader) {
			return errAction
		}
		return m.ChangeHeader(max(mod.Index, 1), mod.Name, "")
	case actions.AddHeader:
		if !s.may(milter.OptAddHeader) {
			return errAction
		}
		return m.AddHeader(mod.Name, s.fieldValue(mod.Value))
	case actions.InsertHeader:
		if !s.may(milter.OptAddHeader) {
			return errAction
		}
		return m.InsertHeader(mod.Index, mod.Name, s.fieldValue(mod.Value))
	case actions.AddRecipient:
		return s.addRecipient(mod, m)
	case actions.DeleteRecipient:
		if !s.may(milter.OptRemoveRcpt) {
			return errAction
		}
		return m.DeleteRecipient(bare(mod.Address))
	case actions.ReplaceBody:
		if !s.may(milter.OptChangeBody) {
			return errBody
		}
		return s.replaceBody(mod.Body)
	}
	return fmt.Errorf("unknown modification %d", mod.Kind)
}

// addRecipient adds a recipient, with its arguments where the MTA takes them.
func (s *session) addRecipient(mod actions.Modification, m *milter.Modifier) error {
	switch {
	case len(mod.Args) > 0 && s.may(milter.OptAddRcptWithArgs):
		for _, a := range mod.Args {
			if !addressText(a) || strings.ContainsRune(a, ' ') {
				return fmt.Errorf("ESMTP argument %q", a)
			}
		}
		payload := fmt.Sprintf("%c<%s>\x00%s\x00", respAddRcpt, bare(mod.Address), strings.Join(mod.Args, " "))
		_, err := s.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...))
		return err
	case s.may(milter.OptAddRcpt):
		return m.AddRecipient(bare(mod.Address))
	}
	return errAction
}

// fieldValue gives a header value as the wire wants it. A line end that is not
// a fold is taken out, so that no value makes a field of its own.
func (s *session) fieldValue(value string) string {
	var b strings.Builder
	b.Grow(1 + len(value))
	if s.leadingSpace() {
		b.WriteByte(' ')
	}
	value = strings.ReplaceAll(value, "\r\n", "\n")
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\r' || c == 0:
		case c == '\n' && (i+1 == len(value) || value[i+1] != ' ' && value[i+1] != '\t'):
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fieldName tells whether s is a field name (RFC 5322, section 3.6.8).
func fieldName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' }) < 0
}

// addressText tells whether s can stand in a command: no control characters.
func addressText(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) < 0
}

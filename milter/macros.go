package milter

import (
	"bytes"
	"errors"
	"iter"
	"strings"
)

// stages are the commands that macros are sent for, in the order of a session.
const stages = "CHMRTLNBE"

// macros are the values that the MTA sent, by the stage for which it sent them: a
// new packet takes the place of that stage's last one and of no other. Packets
// are kept as they came, since Postfix repeats one for each header field and few
// values are ever asked for.
type macros struct {
	stage [len(stages)][]byte
}

var errMacros = errors.New("malformed macro frame")

// set takes the payload of a macro frame.
func (m *macros) set(payload []byte) error {
	if len(payload) == 0 {
		return errMacros
	}
	i := strings.IndexByte(stages, payload[0])
	list := payload[1:]
	if i < 0 || len(list) > 0 && (list[len(list)-1] != 0 || bytes.Count(list, []byte{0})%2 != 0) {
		return errMacros
	}
	if !bytes.Equal(m.stage[i], list) {
		m.stage[i] = append(m.stage[i][:0], list...)
	}
	return nil
}

// get gives the value of a macro from the latest of the stages that has it. The
// name is without braces; an MTA may write {i} or i.
func (m *macros) get(name string, from string) string {
	for s := len(from) - 1; s >= 0; s-- {
		for key, value := range m.of(from[s]) {
			if string(key) == name {
				return string(value)
			}
		}
	}
	return ""
}

// of gives the names, without braces, and values of one stage.
func (m *macros) of(stage byte) iter.Seq2[[]byte, []byte] {
	list := m.stage[strings.IndexByte(stages, stage)]
	return func(yield func([]byte, []byte) bool) {
		for len(list) > 0 {
			var key, value []byte
			key, list, _ = bytes.Cut(list, []byte{0})
			value, list, _ = bytes.Cut(list, []byte{0})
			if len(key) > 1 && key[0] == '{' && key[len(key)-1] == '}' {
				key = key[1 : len(key)-1]
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

// Bounds of the macros that are kept with a message.
const (
	maxMacros     = 64
	maxMacroValue = 1024 // octets of a name or a value
)

// all gives what the MTA sent by name, that of the latest stage for each. Those of
// RCPT, which are of one recipient, are left out, and so is what goes beyond the
// bounds. It is nil without any.
func (m *macros) all() map[string]string {
	var kept map[string]string
	for s := len(stages) - 1; s >= 0; s-- {
		if stages[s] == 'R' {
			continue
		}
		for key, value := range m.of(stages[s]) {
			if _, later := kept[string(key)]; later || len(kept) == maxMacros || len(key) > maxMacroValue || len(value) > maxMacroValue {
				continue
			}
			if kept == nil {
				kept = make(map[string]string, 8)
			}
			kept[string(key)] = string(value)
		}
	}
	return kept
}

// forget drops the values of some stages.
func (m *macros) forget(of string) {
	for s := range len(of) {
		i := strings.IndexByte(stages, of[s])
		m.stage[i] = m.stage[i][:0]
	}
}

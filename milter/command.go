package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// Commands of an MTA.
const (
	cmdNegotiate   = 'O'
	cmdMacros      = 'D'
	cmdConnect     = 'C'
	cmdHelo        = 'H'
	cmdMail        = 'M'
	cmdRcpt        = 'R'
	cmdData        = 'T'
	cmdHeader      = 'L'
	cmdEndOfHeader = 'N'
	cmdBody        = 'B'
	cmdEndOfBody   = 'E'
	cmdAbort       = 'A'
	cmdUnknown     = 'U'
	cmdQuit        = 'Q'
	cmdQuitNew     = 'K' // the connection goes on with another SMTP session
)

// Responses of ours that are written past the library.
const (
	respContinue  = 'c'
	respReplyCode = 'y'
	respProgress  = 'p'
	respAddRcpt   = '2' // with ESMTP arguments
	respBody      = 'b' // a piece of the new body
)

// maxArguments bounds the ESMTP arguments of one command.
const maxArguments = 100

var (
	errConnectFrame = errors.New("malformed connect frame")
	errPathFrame    = errors.New("malformed MAIL or RCPT frame")
	errHeaderFrame  = errors.New("malformed header frame")
)

// peer is the SMTP client as the connect frame names it.
type peer struct {
	name string
	addr netip.Addr // not valid for a client without an IP address
	port uint16
}

func parsePeer(payload []byte) (peer, error) {
	name, rest, ok := bytes.Cut(payload, []byte{0})
	if !ok || len(rest) == 0 {
		return peer{}, errConnectFrame
	}
	p := peer{name: string(name)}
	family, rest := rest[0], rest[1:]
	switch family {
	case '4', '6', 'L':
		if len(rest) < 3 || rest[len(rest)-1] != 0 {
			return peer{}, errConnectFrame
		}
		if family != 'L' {
			p.port = binary.BigEndian.Uint16(rest)
			p.addr = parseAddr(string(rest[2 : len(rest)-1]))
		}
	case 'U':
	default:
		return peer{}, errConnectFrame
	}
	return p, nil
}

// parseAddr reads an address as an MTA writes it; IPv6 may stand behind a tag
// (RFC 5321, section 4.1.3).
func parseAddr(s string) netip.Addr {
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		s = s[5:]
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// parsePath takes the address, as given, and the ESMTP arguments from the
// payload of a MAIL or RCPT frame.
func parsePath(payload []byte) (address string, args []string, err error) {
	n := len(payload)
	if n == 0 || payload[n-1] != 0 || bytes.Count(payload, []byte{0}) > 1+maxArguments {
		return "", nil, errPathFrame
	}
	all := strings.Split(string(payload[:n-1]), "\x00")
	return all[0], all[1:len(all):len(all)], nil
}

// parseHeader takes name and value from the payload of a header frame.
func parseHeader(payload []byte) (name, value string, err error) {
	n := len(payload)
	i := bytes.IndexByte(payload, 0)
	if i <= 0 || i == n-1 || payload[n-1] != 0 || bytes.IndexByte(payload[i+1:n-1], 0) >= 0 {
		return "", "", errHeaderFrame
	}
	both := string(payload[:n-1])
	return both[:i], both[i+1:], nil
}

// bare gives an address without its brackets.
func bare(address string) string {
	if inner, ok := strings.CutPrefix(address, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return address
}

package milter

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/emersion/go-milter"
)

// ourVersion is the newest version of the milter protocol that is spoken,
// oldestVersion that of the oldest libmilter in use.
const (
	ourVersion    = 6
	oldestVersion = 2
)

// wantedActions are the changes that outcomes are made of. An MTA that offers
// fewer gets what it offered; an outcome that needs more is a failure then.
const wantedActions = milter.OptAddHeader | milter.OptChangeHeader | milter.OptChangeBody |
	milter.OptAddRcpt | milter.OptAddRcptWithArgs | milter.OptRemoveRcpt | milter.OptSetSymList

// wantedProtocol leaves MAIL and RCPT to be answered: there a message can be
// put off cheaply. Recipients that the MTA refuses are not asked for
// (SMFIP_RCPT_REJ), so every RCPT seen is an accepted one.
const wantedProtocol = milter.OptNoConnReply | milter.OptNoHeloReply | milter.OptNoDataReply |
	milter.OptNoHeaderReply | milter.OptNoEOHReply | milter.OptNoBodyReply |
	milter.OptNoUnknown | milter.OptNoUnknownReply | milter.OptHeaderLeadingSpace

// wantedMacros are asked for with SETSYMLIST; each list takes the place of the
// MTA's own for that stage.
var wantedMacros = []struct {
	stage milter.Stage
	names string
}{
	{milter.StageConnect, "j {daemon_name} {client_addr}"},
	{milter.StageHelo, "{tls_version}"},
	{milter.StageMailFrom, "i j {daemon_name} {client_addr} {tls_version} {auth_authen} {mail_addr}"},
	{milter.StageRcptTo, "i {rcpt_addr}"},
	{milter.StageData, "i"},
	{milter.StageEOM, "i"},
}

// agreement is what an MTA and we may do on a connection.
type agreement struct {
	version  uint32
	actions  milter.OptAction
	protocol milter.OptProtocol
}

// agree intersects an offer (the payload of an SMFIC_OPTNEG frame) with what we
// want.
func agree(offer []byte) (agreement, error) {
	if len(offer) < 12 {
		return agreement{}, fmt.Errorf("offer of %d octets", len(offer))
	}
	a := agreement{
		version:  min(ourVersion, binary.BigEndian.Uint32(offer)),
		actions:  wantedActions & milter.OptAction(binary.BigEndian.Uint32(offer[4:])),
		protocol: wantedProtocol & milter.OptProtocol(binary.BigEndian.Uint32(offer[8:])),
	}
	if a.version < oldestVersion {
		return agreement{}, fmt.Errorf("milter protocol version %d", a.version)
	}
	return a, nil
}

// frame is the answer to the offer.
func (a agreement) frame() []byte {
	b := append(make([]byte, 4, 256), cmdNegotiate)
	b = binary.BigEndian.AppendUint32(b, a.version)
	b = binary.BigEndian.AppendUint32(b, uint32(a.actions))
	b = binary.BigEndian.AppendUint32(b, uint32(a.protocol))
	if a.may(milter.OptSetSymList) {
		for _, m := range wantedMacros {
			b = binary.BigEndian.AppendUint32(b, uint32(m.stage))
			b = append(append(b, m.names...), 0)
		}
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// may tells whether the MTA lets us make a change.
func (a agreement) may(action milter.OptAction) bool { return a.actions&action != 0 }

// silent tells whether a command gets no answer.
func (a agreement) silent(command byte) bool {
	var flag milter.OptProtocol
	switch command {
	case cmdConnect:
		flag = milter.OptNoConnReply
	case cmdHelo:
		flag = milter.OptNoHeloReply
	case cmdData:
		flag = milter.OptNoDataReply
	case cmdHeader:
		flag = milter.OptNoHeaderReply
	case cmdEndOfHeader:
		flag = milter.OptNoEOHReply
	case cmdBody:
		flag = milter.OptNoBodyReply
	case cmdUnknown:
		flag = milter.OptNoUnknownReply
	}
	return a.protocol&flag != 0
}

// leadingSpace tells whether header values travel with the blank behind the
// colon, in both directions.
func (a agreement) leadingSpace() bool { return a.protocol&milter.OptHeaderLeadingSpace != 0 }

// received gives a header value as it stood in the message. An MTA that does not
// keep the blank behind the colon has taken it away.
func (a agreement) received(value string) string {
	if a.leadingSpace() || value == "" || strings.HasPrefix(value, "\n") {
		return value
	}
	return " " + value
}

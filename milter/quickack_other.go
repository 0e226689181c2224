//go:build !linux

package milter

import "net"

// quickAck does nothing where the option is unknown.
func quickAck(net.Conn) func() { return nil }

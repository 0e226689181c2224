package message

// Body gives the octets behind the header section as received. They are valid
// until Close.
func (m *Message) Body() []byte { return m.Root.raw }

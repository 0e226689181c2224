package classify

// Mask gives a text with the instances of every type in it masked as a [Value]
// prints: names of files and other short texts can be shown so to people who may
// not read the message. Where something is masked, octets that are not UTF-8
// become U+FFFD.
func (c *Catalog) Mask(text string) string {
	found := c.Scan(text, nil)
	if len(found) == 0 {
		return text
	}
	masked := []rune(text)
	for _, d := range found {
		for _, m := range d.Matches {
			shown := min(4, m.Length/4)
			for i := m.Offset; i < m.Offset+m.Length-shown; i++ {
				masked[i] = '*'
			}
		}
	}
	return string(masked)
}

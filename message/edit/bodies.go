package edit

import "strings"

// bodies gives the leaves that mail readers show as the body of a message: each
// text of a multipart/alternative, the root of a multipart/related, and of every
// other multipart the text that comes first.
func (n *node) bodies(around *node) []*node {
	if !n.isMultipart() {
		if n.isBodyText(around) {
			return []*node{n}
		}
		return nil
	}
	children := n.children()
	switch n.mediaType {
	case "multipart/alternative":
		var list []*node
		for _, c := range children {
			list = append(list, c.bodies(n)...)
		}
		return list
	case "multipart/related":
		if c := n.relatedRoot(); c != nil {
			return c.bodies(n)
		}
		return nil
	}
	for _, c := range children {
		if list := c.bodies(n); len(list) > 0 {
			return list
		}
	}
	return nil
}

// relatedRoot is the part of a multipart/related that the others belong to (RFC
// 2387, section 3.2).
func (n *node) relatedRoot() *node {
	children := n.children()
	if len(children) == 0 {
		return nil
	}
	if want := strings.Trim(n.start, "<> "); want != "" {
		for _, c := range children {
			if strings.Trim(splitHead(c.head).get("Content-ID"), "<> ") == want {
				return c
			}
		}
	}
	return children[0]
}

// isBodyText tells whether a leaf is text that is shown as a body. A file name
// makes an attachment of it, unless it is all there is or its place says
// otherwise.
func (n *node) isBodyText(around *node) bool {
	if n.now == nil || n.mediaType != "" || n.now.Disposition == "attachment" {
		return false
	}
	if n.now.MediaType != "text/plain" && n.now.MediaType != "text/html" {
		return false
	}
	return len(n.now.Names) == 0 || around == nil || around.mediaType == "multipart/alternative" || around.mediaType == "multipart/related"
}

package main

import "github.com/postern-mail/postern/message"

// siteAdmins are whom siteAdmin stands for in policies: those that the file names, or
// the reviewers.
func (c *config) siteAdmins() []message.Path {
	if len(c.admins) > 0 {
		return c.admins
	}
	return c.reviewers
}

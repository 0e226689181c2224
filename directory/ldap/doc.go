// Package ldap is a directory kept by an LDAP server (RFC 4511): OpenLDAP, Active
// Directory, or another with names of its own. It asks for what a message needs,
// keeps the answers for a while, and lives on them while the server is silent.
//
// A look-up that fails is unavailable and never "not found". Nothing a message
// holds reaches a filter or a distinguished name unescaped (RFC 4515, RFC 4514),
// and referrals are not followed.
package ldap

// Package directory knows the people of the organisation: their addresses,
// attributes, managers and groups, and the domains the organisation accepts mail
// for. It reads mail paths only; no message, policy or decision enters.
//
// A [File] is a directory kept in a YAML file. An [Organization] says which
// addresses are inside. A [Resolver] says where mail to an address really goes:
// to the members of a group, or where Postfix's maps send it.
package directory

// Package mta makes and runs private instances of Postfix for tests, the
// demonstration and the bench: each with its own configuration, queue and data
// directories below one folder, loopback ports only, its services chrooted as
// Debian ships them, no name server, and everything deliverable handed to one
// SMTP server. No system service and no file of the system's Postfix is touched.
//
// Root is needed, as Postfix changes users.
package mta

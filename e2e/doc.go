// Package e2e holds the tests with a real Postfix: the dialogs of
// testdata/dialogs and the running of the whole program under load. They need
// root and are built with the tag e2e.
package e2e

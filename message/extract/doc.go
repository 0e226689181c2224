// Package extract makes text of document formats, chosen by content and not by
// name. It sees octets and gives text, properties and nested files, within
// limits; it knows no mail and decides nothing.
package extract

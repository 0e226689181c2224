// Package pdf reads the Portable Document Format (ISO 32000-1 and ISO 32000-2)
// for what a person could learn from a document: the text of its pages in reading
// order, forms, annotations, outlines, properties and the files within.
//
// It is made for documents of strangers. Nothing that a document claims about
// sizes, counts or places is believed; what is damaged is read as far as it goes,
// by going through the file when its cross-reference table is of no use; and all
// work is bounded by the size of the file and the limits of the caller. Programs
// that a document carries are noticed and never run, and nothing is fetched.
package pdf

package extract

// otherZipKind tells the other documents that are zip archives.
func otherZipKind(r *reader, list []member, names map[string]*member) *zipKind {
	return r.unnamedOpenDocument(names)
}

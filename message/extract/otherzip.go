package extract

func openDocumentKind(mimetype []byte) *zipKind { return nil }

func otherZipKind(r *reader, list []member, names map[string]*member) *zipKind { return nil }

package extract

import "context"

// Budget is what is left of the limits of one message for the documents in it
// that are not read yet. It is for one goroutine at a time.
type Budget struct {
	// Outside, where it is set, reads the documents that are more than plain text
	// in the place of this process.
	Outside func(ctx context.Context, content []byte, hint Hint, b *Budget) Document
	// Fallback, where it is set, is asked for the text of documents that no format
	// knows, with their media type by content. An error says in plain words why it
	// has none.
	Fallback func(ctx context.Context, content []byte, mediaType string) (string, error)

	lim      Limits
	inflated int64
	members  int
	text     int // in characters, of all documents together
}

// textFactor is how many times the text of a single document all documents of a
// message may have together.
const textFactor = 10

// NewBudget gives the whole of the limits.
func NewBudget(lim Limits) *Budget {
	lim = lim.orDefault()
	return &Budget{lim: lim, inflated: lim.Inflated, members: lim.Members, text: textFactor * lim.Characters}
}

// Limits are those that the budget was made of.
func (b *Budget) Limits() Limits { return b.lim }

// Spent is what the reading of documents took of a budget.
type Spent struct {
	Inflated   int64 // octets
	Members    int
	Characters int
}

// Spent gives what was taken until now. It may be more than the limits by what
// was read when a limit was met.
func (b *Budget) Spent() Spent {
	return Spent{b.lim.Inflated - b.inflated, b.lim.Members - b.members, textFactor*b.lim.Characters - b.text}
}

// Spend takes something from the budget.
func (b *Budget) Spend(s Spent) {
	b.inflated -= max(s.Inflated, 0)
	b.members -= max(s.Members, 0)
	b.text -= max(s.Characters, 0)
}

// Extract reads a document that is alone in its message. See [Read].
func Extract(ctx context.Context, content []byte, hint Hint, lim Limits) Document {
	return Read(ctx, content, hint, NewBudget(lim))
}

// Read reads a document of a message within what is left of its budget, and
// takes from it. It never panics and ends soon after ctx does, then with status
// Truncated. Empty content is complete and has no text.
func Read(ctx context.Context, content []byte, hint Hint, b *Budget) Document {
	return b.reader(ctx, content, hint, catalog).within()
}

// Plain tells, in little time, whether a document is plain text of some form: it
// is read without decompressing or decoding anything, and can be read in the
// process that decides on mail.
func Plain(content []byte, hint Hint) bool {
	return NewBudget(DefaultLimits).reader(context.Background(), content, hint, catalog).plain()
}

func (b *Budget) reader(ctx context.Context, content []byte, hint Hint, formats []Format) *reader {
	lim := b.lim
	lim.Characters = max(1, min(lim.Characters, b.text))
	return &reader{ctx: ctx, content: content, hint: hint, lim: lim, formats: formats, left: b, depth: hint.Depth}
}

// within reads the document here or outside, and counts its text.
func (r *reader) within() Document {
	if r.left.text <= 0 && len(r.content) > 0 {
		r.describe()
		r.doc.Size = int64(len(r.content))
		r.doc.Status, r.doc.Detail = Truncated, limitCharacters
		return r.doc
	}
	if r.left.Outside != nil && !r.plain() {
		return r.left.Outside(r.ctx, r.content, r.hint, r.left)
	}
	d := r.whole()
	r.left.text -= d.Characters
	return d
}

func (r *reader) plain() (plain bool) {
	defer func() {
		if recover() != nil {
			plain = false
		}
	}()
	if len(r.content) == 0 {
		return true
	}
	if !r.looksLikeText() {
		return false
	}
	// What a sniffer notes of the document is not kept.
	at := &reader{ctx: r.ctx, content: r.content, hint: r.hint, lim: r.lim, formats: r.formats, left: NewBudget(r.lim), depth: r.depth}
	at.texty = r.texty
	f := identify(at)
	if f == nil || !f.plain {
		return false
	}
	r.format = f
	return true
}

// askFallback asks for the text of a document that no format knows.
func (r *reader) askFallback() {
	if r.doc.Status != Unsupported || r.left.Fallback == nil || r.out.String() != "" || r.ctx.Err() != nil {
		return
	}
	text, err := r.left.Fallback(r.ctx, r.content, r.doc.MediaType)
	if err != nil {
		r.doc.Detail += "; " + err.Error()
		return
	}
	r.doc.Status, r.doc.Detail = Complete, ""
	r.write(text)
}

// Characters counts the Unicode characters of a text.
func Characters(s string) int { return characters(s) }

package rules

// Truth is an answer of three values.
type Truth int8

// The answers. Unknown is for look-ups that failed, never for content.
const (
	False Truth = iota
	Unknown
	True
)

func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t] }

// not, and (the lesser) and or (the greater) are those of Kleene's logic.
func (t Truth) not() Truth { return True - t }

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// answer is what a condition, or a tree of them, came to: one truth for all
// targets, or one for each.
type answer struct {
	one  Truth
	each []Truth // nil when one holds for all
}

func (a answer) at(i int) Truth {
	if a.each == nil {
		return a.one
	}
	return a.each[i]
}

func (a answer) not() answer {
	if a.each == nil {
		return answer{one: a.one.not()}
	}
	each := make([]Truth, len(a.each))
	for i, t := range a.each {
		each[i] = t.not()
	}
	return answer{each: each}
}

// combine joins two answers target by target.
func combine(a, b answer, join func(x, y Truth) Truth) answer {
	if a.each == nil && b.each == nil {
		return answer{one: join(a.one, b.one)}
	}
	each := make([]Truth, max(len(a.each), len(b.each)))
	for i := range each {
		each[i] = join(a.at(i), b.at(i))
	}
	return answer{each: each}
}

func and(x, y Truth) Truth { return min(x, y) }
func or(x, y Truth) Truth  { return max(x, y) }

package classify

import "fmt"

// Words is a list of words and phrases compiled to be looked for together:
// compared without case, delimited by the ends of the text, white space or
// punctuation (Exchange "Words"). A blank in a phrase stands for any run of white
// space. In scripts that set no blanks between words, a word is found anywhere.
// It is safe for concurrent use.
type Words struct {
	auto    *automaton
	written []string // by term of the automaton
}

// NewWords compiles words. It fails on an empty word, and on lists of more than
// some hundred thousand characters.
func NewWords(words []string) (*Words, error) {
	w := &Words{}
	var terms []string
	seen := make(map[string]bool, len(words))
	for i, word := range words {
		t := foldTerm(word)
		if t == "" {
			return nil, fmt.Errorf("word %d of the list is empty", i+1)
		}
		if !seen[t] {
			seen[t] = true
			terms = append(terms, t)
			w.written = append(w.written, word)
		}
	}
	auto, err := newAutomaton(terms)
	if err != nil {
		return nil, err
	}
	w.auto = auto
	return w, nil
}

// Characters gives the length of all words together, in octets as they are compared.
func (w *Words) Characters() int {
	n := 0
	for _, t := range w.auto.terms {
		n += len(t)
	}
	return n
}

// isWord tells whether the term that ends at an octet stands there as a word of its
// own.
func (a *automaton) isWord(text string, term, end int) bool {
	if !edge(text, end) {
		return false
	}
	start, _ := a.begin(text, end, term)
	return edge(text, start)
}

// Find gives the first word found in the text, as it was written in the list:
// the one that ends first, and of those that end together the longest.
func (w *Words) Find(text string) (word string, found bool) {
	term := -1
	w.auto.run(text, 0, len(text), func(id, end int) bool {
		if !w.auto.isWord(text, id, end) {
			return true
		}
		term = id
		return false
	})
	if term < 0 {
		return "", false
	}
	return w.written[term], true
}

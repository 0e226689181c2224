package rules

import (
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/classify"
)

// unwrapped gives a reading of a text in which words of scripts that set no
// blanks go on over the ends of lines, as programs for mail break such text
// anywhere. There is none for most texts.
func unwrapped(text string) (reading string, wrapped bool) {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		end := i + n
		i = end + 1
		if end > 0 && text[end-1] == '\r' {
			end--
		}
		if end == 0 || i == len(text) || text[end-1] < utf8.RuneSelf || text[i] < utf8.RuneSelf {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:end])
		behind, _ := utf8.DecodeRuneInString(text[i:])
		if classify.Unspaced(before) && classify.Unspaced(behind) {
			b.WriteString(text[done:end])
			done = i
		}
	}
	if done == 0 {
		return text, false
	}
	b.WriteString(text[done:])
	return b.String(), true
}

// overLines makes a matcher look at words that go on over the ends of lines too.
func overLines(m matcher) matcher {
	return func(text string) (string, bool) {
		what, found := m(text)
		if !found {
			if reading, wrapped := unwrapped(text); wrapped {
				return m(reading)
			}
		}
		return what, found
	}
}

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Columns of the table and their widths in characters.
var columns = []struct {
	name  string
	width int
}{
	{"MESSAGE", 22}, {"RULE", 26}, {"VERDICT", 10}, {"THE CLIENT GOT", 36}, {"THE SINK GOT", 38}, {"GOOD", 4},
}

// Table prints the rows, and below it what is not as expected, and gives the
// number of such rows.
func table(w io.Writer, rows []*row) (bad int) {
	var head []string
	for _, c := range columns {
		head = append(head, c.name)
	}
	line(w, head)
	for _, r := range rows {
		fmt.Fprintln(w)
		line(w, r.cells())
	}
	for _, r := range rows {
		if diff := r.differences(); len(diff) > 0 {
			bad++
			fmt.Fprintf(w, "\n%s (%s): %s\n", r.Message, r.Says, strings.Join(diff, "; "))
		}
	}
	return bad
}

// Line prints the cells of a row, each wrapped to the width of its column.
func line(w io.Writer, cells []string) {
	wrapped := make([][]string, len(cells))
	height := 0
	for i, c := range cells {
		wrapped[i] = wrap(c, columns[i].width)
		height = max(height, len(wrapped[i]))
	}
	for h := range height {
		var b strings.Builder
		for i, c := range wrapped {
			text := ""
			if h < len(c) {
				text = c[h]
			}
			fmt.Fprintf(&b, "%-*s  ", columns[i].width, text)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// Wrap breaks text at blanks into lines of at most width characters; a longer
// word is cut.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			c := []rune(word)
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, string(c[:width])), string(c[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

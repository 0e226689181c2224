package pdf

import "strings"

// The widths of the standard fonts from the blank to the tilde, in thousandths of
// the size. They tell where words end when a font does not say how wide it is.
var (
	helvetica = [95]uint16{
		278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
	}
	times = [95]uint16{
		250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
		921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
		333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
	}
)

// usualWidth gives the width of a character in a font that does not say it.
func usualWidth(base name, text string) float64 {
	low := strings.ToLower(string(base))
	if strings.Contains(low, "courier") || strings.Contains(low, "mono") {
		return 600
	}
	list := &helvetica
	if strings.Contains(low, "times") || strings.Contains(low, "serif") && !strings.Contains(low, "sans") || strings.Contains(low, "roman") {
		list = &times
	}
	if text == "" {
		return 0
	}
	c := text[0]
	if c < ' ' || c > '~' {
		return 556
	}
	w := float64(list[c-' '])
	if strings.Contains(low, "bold") && c > ' ' {
		w *= 1.06
	}
	return w
}

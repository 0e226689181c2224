package classify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// checkUse is a check that a primary element names, or one made of numbers in its
// file.
type checkUse struct {
	key string // equal for equal checks
	checkRow
}

// checkList is all a value must keep.
type checkList []checkUse

func (l checkList) key() string {
	var b strings.Builder
	for _, c := range l {
		b.WriteString(c.key + ";")
	}
	return b.String()
}

// marked tells whether only addresses of networks keep the checks, which have two
// colons or three points at least.
func (l checkList) marked() bool {
	return slices.ContainsFunc(l, func(c checkUse) bool { return c.raw && strings.HasPrefix(c.name, "ipv") })
}

// functions give the checks of a normalised value and of the text as written; nil
// for none. Sure tells that all values have the shape the checks are made for.
func (l checkList) functions(sure bool) (normal, raw checkFunc) {
	join := func(want bool) checkFunc {
		var list []checkFunc
		for _, c := range l {
			switch {
			case c.raw != want:
			case sure:
				list = append(list, c.check)
			default:
				list = append(list, c.keeps)
			}
		}
		switch len(list) {
		case 0:
			return nil
		case 1:
			return list[0]
		}
		return func(v []byte) bool {
			for _, check := range list {
				if !check(v) {
					return false
				}
			}
			return true
		}
	}
	return join(false), join(true)
}

// keeps runs the check on values it is made for; others fail it.
func (c checkRow) keeps(v []byte) bool {
	if c.raw {
		return c.check(v)
	}
	if len(v) < c.min || len(v) > c.max {
		return false
	}
	if !c.letters {
		for _, b := range v {
			if !isDigit(b) {
				return false
			}
		}
	}
	return c.check(v)
}

// fits tells what is wrong with using the checks for values of a length.
func (l checkList) fits(total int, digits bool) error {
	for _, c := range l {
		if c.raw || total >= c.min && total <= c.max && (c.letters || digits) {
			continue
		}
		kind := "digits"
		if c.letters {
			kind = "letters or digits"
		}
		length := strconv.Itoa(c.min)
		if c.max > c.min {
			length += " to " + strconv.Itoa(c.max)
		}
		return fmt.Errorf("the check %s is for %s %s", c.name, length, kind)
	}
	return nil
}

// checks reads `check`, `checksum` and `date`.
func (r *typeReader) checks(m *strictyaml.Mapping) (list checkList) {
	if e, ok := m.Get("check"); ok {
		names, nodes, _ := r.Texts(e.Value, e.Field)
		for i, name := range names {
			if other, ok := functionNames[strings.ToLower(name)]; ok {
				name = other
			}
			at := slices.IndexFunc(checks, func(c checkRow) bool { return c.name == name })
			if at < 0 {
				r.Errorf(nodes[i], e.Field, nearCheck(name), "there is no check %q", name)
				continue
			}
			list = append(list, checkUse{name, checks[at]})
		}
	}
	if e, ok := m.Get("checksum"); ok {
		list = append(list, r.checksum(e)...)
	}
	if e, ok := m.Get("date"); ok {
		list = append(list, r.simpleDate(e)...)
	}
	return list
}

func nearCheck(name string) string {
	names := make([]string, len(checks))
	for i := range checks {
		names[i] = checks[i].name
	}
	if near := strictyaml.Closest(name, names); near != "" {
		return "did you mean `" + near + "`?"
	}
	return "write one of " + strings.Join(names, ", ")
}

// functionNames are Purview's names of the functions that can be used as a check,
// in lower case.
var functionNames = map[string]string{
	"func_credit_card": "creditCard", "func_ssn": "usSSN", "func_unformatted_ssn": "usSSN",
	"func_randomized_formatted_ssn": "usSSNRandomized", "func_randomized_unformatted_ssn": "usSSNRandomized",
	"func_aba_routing": "abaRouting", "func_iban": "iban", "func_uk_nhs_number": "ukNHS", "func_canadian_sin": "canadaSIN",
	"func_formatted_itin": "usITIN", "func_unformatted_itin": "usITIN",
}

// checksum reads a weighted sum: the digits times their weights, modulo a number,
// must equal the check digit.
func (r *typeReader) checksum(e strictyaml.Entry) checkList {
	m := r.Mapping(e.Value, e.Field, "weights", "mod", "checkDigit", "letters")
	var weights []int
	if w, ok := m.Require("weights", "write a weight for each character, as in `[3, 7, 1]`; 0 for the check digit when it is outside the sum"); ok {
		for i, n := range r.List(w.Value, w.Field) {
			x, _ := r.Int(n, strictyaml.Index(w.Field, i), -1000, 1000)
			weights = append(weights, x)
		}
		if len(weights) > maxWord {
			r.Errorf(w.Value, w.Field, "", "more than %d weights are written", maxWord)
			return nil
		}
	}
	mod, digit, letters := 10, len(weights), false
	if x, ok := m.Require("mod", "write the modulus, as in `10`"); ok {
		mod, _ = r.Int(x.Value, x.Field, 2, 1000)
	}
	if x, ok := m.Require("checkDigit", "write the place of the check digit, counted from 1"); ok {
		digit, _ = r.Int(x.Value, x.Field, 1, max(1, len(weights)))
	}
	if x, ok := m.Get("letters"); ok {
		letters, _ = r.Bool(x.Value, x.Field)
	}
	if len(weights) == 0 || mod < 2 || digit < 1 {
		return nil
	}
	n := len(weights)
	return checkList{{fmt.Sprint("checksum", weights, mod, digit, letters), checkRow{name: "checksum", min: n, max: n, letters: letters, check: func(v []byte) bool {
		sum := 0
		for i, c := range v {
			sum += weights[i] * valueOf(c)
		}
		return ((sum%mod)+mod)%mod == valueOf(v[digit-1])
	}}}}
}

// valueOf gives 0 to 9 for a digit and 10 to 35 for a capital letter.
func valueOf(c byte) int {
	if isDigit(c) {
		return int(c - '0')
	}
	return int(c-'A') + 10
}

// simpleDate reads where in a value a date stands and in which order.
func (r *typeReader) simpleDate(e strictyaml.Entry) checkList {
	order, at := "", 1
	orders := []string{"DDMMYYYY", "MMDDYYYY", "YYYYDDMM", "YYYYMMDD", "DDMMYY", "MMDDYY", "YYDDMM", "YYMMDD"}
	if isMapping(e.Value) {
		m := r.Mapping(e.Value, e.Field, "format", "at")
		if f, ok := m.Require("format", "write the order, as in `YYMMDD`"); ok {
			order, _ = r.OneOf(f.Value, f.Field, orders...)
		}
		if f, ok := m.Get("at"); ok {
			at, _ = r.Int(f.Value, f.Field, 1, maxWord)
		}
	} else {
		order, _ = r.OneOf(e.Value, e.Field, orders...)
	}
	if order == "" || at < 1 {
		return nil
	}
	part := func(v []byte, letter string) int {
		i := strings.Index(order, letter)
		return number(v[at-1+i : at-1+i+strings.Count(order, letter)])
	}
	end := at - 1 + len(order)
	return checkList{{fmt.Sprint("date", order, at), checkRow{name: "date", min: end, max: maxWord, letters: true, check: func(v []byte) bool {
		for _, c := range v[at-1 : end] {
			if !isDigit(c) {
				return false
			}
		}
		year, month, day := part(v, "Y"), part(v, "M"), part(v, "D")
		return month >= 1 && month <= 12 && day >= 1 && day <= monthDays(year, month)
	}}}}
}

// monthDays gives the days of a month; a year of two digits stands for any
// century, so that its 29th of February is taken when it divides by four.
func monthDays(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year < 100 || year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

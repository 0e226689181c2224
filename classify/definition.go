package classify

// definition is a type as its file says it.
type definition struct {
	info      Type
	proximity int
	primaries map[string]primaryDef
	evidence  map[string]evidenceDef
	patterns  []patternDef
	members   []string // of a bundle, by name
	filters   []filterDef
	dummies   dummyChoice
	custom    bool // of an administrator
	match     []matchSample
	noMatch   []noMatchSample
}

// primaryDef is what a pattern looks for. Exactly one of formats, token, regex and
// words (or dictionary) is set.
type primaryDef struct {
	formats    []string
	delimiters string
	free       bool
	loose      bool
	upper      bool // letters must be capitals
	token      *tokenDef
	regex      *expression
	words      []wordDef
	dictionary *Dictionary
	checks     checkList
	secret     bool // mock-ups are told apart
}

// wordDef is a keyword with how it is compared.
type wordDef struct {
	text     string
	exact    bool // case counts
	anywhere bool // also inside a longer word
}

// evidenceDef is one of a list of words, the name of a function, a dictionary,
// and anything else a pattern could look for.
type evidenceDef struct {
	words    []wordDef
	function string
	hidden   *primaryDef
}

type patternDef struct {
	confidence int
	primary    string
	proximity  int // 0: that of the type
	all        []clauseDef
	any        []clauseDef // groups
	filters    []filterDef
}

// clauseDef is a wish for evidence: one element, or a group of them.
type clauseDef struct {
	ref       string
	proximity int // 0: that of the pattern
	minCount  int
	unique    bool
	group     bool
	min, max  int
	of        []clauseDef
}

// matchSample is a text with as many instances of the confidence as said.
type matchSample struct {
	text              string
	confidence, count int
}

// noMatchSample is a text without an instance of the confidence or more.
type noMatchSample struct {
	text       string
	confidence int
}

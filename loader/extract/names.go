package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// token is a word of a view: letters, digits and what stands inside words (' . - &).
type token struct {
	view
	fold string // folded: no accents, lower case, no punctuation
}

var tokenPattern = regexp.MustCompile(`[\pL\pN&][\pL\pN\pM.'’&/_\-]*`)

func tokens(v view) []token {
	var out []token
	for _, m := range tokenPattern.FindAllStringIndex(v.s, -1) {
		t := v.cut(m[0], m[1])
		f := strings.ReplaceAll(graph.Fold(t.s), " ", "")
		if t.s == "&" {
			f = "&"
		}
		out = append(out, token{t, f})
	}
	return out
}

func (t token) upper() bool { // begins with a capital
	r, _ := utf8.DecodeRuneInString(t.s)
	return unicode.IsUpper(r)
}

func (t token) caps() bool { // all capitals, two letters or more
	n := 0
	for _, r := range t.s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			n++
		}
	}
	return n >= 2
}

func (t token) initial() bool { // "J", "J.", "J.M.", "JM"
	s := strings.ReplaceAll(t.s, ".", "")
	if len(s) == 2 && t.caps() && !strings.ContainsAny(s, "AEIOU") {
		return true
	}
	return t.upper() && utf8.RuneCountInString(s) <= 2 && (len(s) == 1 || strings.Contains(t.s, ".")) || t.upper() && utf8.RuneCountInString(s) == 1
}

// office: a head of a position. "Secretaría" is a body, "secretaria" its head.
func (t token) office() bool {
	return rules.position[t.fold] && !strings.HasSuffix(strings.ToLower(t.s), "ía") || t.former()
}

// former: a head of a position with ex- before it ("expresidenta").
func (t token) former() bool {
	rest, ok := strings.CutPrefix(t.fold, "ex")
	return ok && rules.position[rest]
}

func (t token) digits() bool {
	for _, r := range t.s {
		if unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// kindOf says what a run of words is the name of, by its words alone: Person, Institution or Position; "" when
// nothing tells. A line of a signature, an address or a cc list is such a run.
func kindOf(v view) vocab.Class {
	ts := tokens(v)
	if len(ts) == 0 || len(ts) > 24 {
		return ""
	}
	org, pos, prof, lower := 0, 0, 0, 0
	for _, t := range ts {
		switch {
		case t.office():
			pos++
		case rules.profession[t.fold]:
			prof++
		}
		if rules.organisation[t.fold] {
			org++
		}
		if !t.upper() && !t.digits() && !rules.connector[t.fold] && !rules.particle[t.fold] {
			lower++
		}
	}
	headed := ts[0].office() || rules.profession[ts[0].fold] || leadsPosition(ts)
	switch {
	case headed && (pos > 0 || prof > 0):
		return vocab.Position
	case org > 0 && lower <= 1:
		return vocab.Institution
	case isPerson(v, false):
		return vocab.Person
	case pos > 0 || prof > 0:
		return vocab.Position
	case org > 0:
		return vocab.Institution
	case len(ts) == 1 && ts[0].caps() && utf8.RuneCountInString(ts[0].s) >= 3:
		return vocab.Institution
	}
	return ""
}

// leadsPosition: modifiers up to a head noun of a position ("Deputy Executive Director for ...").
func leadsPosition(ts []token) bool {
	for i, t := range ts {
		if t.office() || rules.profession[t.fold] {
			return true
		}
		if !(rules.modifier[t.fold] || i == 0 && rules.honorific[t.fold]) || i > 4 {
			return false
		}
	}
	return false
}

// isPerson tells whether v reads as the name of a person: two to six capitalised words, none of them a word of a body
// or an office, with a given name, an initial or a known surname in it; lax asks for the shape only.
func isPerson(v view, lax bool) bool {
	ts := tokens(v)
	noble := false // "Baroness Holt of Fenwick"
	for len(ts) > 0 && isHonorific(ts, 0) {
		noble = noble || rules.peer[ts[0].fold]
		ts = ts[1:]
		lax = true
	}
	if noble && len(ts) == 3 && ts[1].fold == "of" && ts[0].upper() && ts[2].upper() || noble && len(ts) == 1 && ts[0].upper() {
		return true
	}
	for len(ts) > 1 && rules.suffix[ts[len(ts)-1].fold] {
		ts = ts[:len(ts)-1]
	}
	if len(ts) < 2 || len(ts) > 8 || rules.particle[ts[0].fold] && !ts[0].upper() || rules.placeLead[ts[0].fold] || rules.article[ts[0].fold] {
		return false
	}
	names, known, initials := 0, 0, 0
	for i, t := range ts {
		switch {
		case t.digits() || strings.ContainsAny(t.s, "/&"):
			return false
		case rules.particle[t.fold] && i > 0:
			if i == len(ts)-1 {
				return false
			}
		case !t.upper():
			return false
		case t.initial():
			initials++
		case rules.organisation[t.fold] && !rules.given[t.fold], rules.stop[t.fold] && !rules.given[t.fold], rules.position[t.fold] && !rules.surname[t.fold]:
			return false
		default:
			names++
			for _, part := range strings.FieldsFunc(t.s, func(r rune) bool { return r == '-' || r == '\'' || r == '’' }) {
				f := graph.Fold(part)
				if i < len(ts)-1 && rules.given[f] || i > 0 && rules.surname[f] {
					known++
					break
				}
			}
		}
	}
	if names == 0 || names > 5 || names == 1 && initials == 0 {
		return false
	}
	if lax {
		return true
	}
	return known > 0 || initials > 0
}

var (
	mailPattern     = regexp.MustCompile(`\s*[<\[(]?(?:mailto:\s*)?[\w.+\-']+\s?[@©]\s?[\w.\-]+\.\w{2,}\s?[>\])]?|\s*<[^<>]*>|\s*\[ma[il1t]{1,3}to\b[^\]]*\]?|\s*\[[^\]@]*\]\s*$`)
	mailOnly        = regexp.MustCompile(`([\w.+\-]+)\s?@\s?[\w.\-]+\.\w{2,}`)
	parenEnd        = regexp.MustCompile(`\s*\(([^()]*)\)?\s*$`)
	phonePattern    = regexp.MustCompile(`(?i),?\s*(?:\b(?:x|ext\.?|tel[.:]?|phone:?|cell:?)\s*)?[(+]?\d[\d\-() .]{4,}\d.*$|,?\s+x-?\d.*$`)
	ocrInitial      = regexp.MustCompile(`^(.*[\pL.])\s+([0-9\]]|\.[1l]|1\.)$`)
	invertedName    = regexp.MustCompile(`^(\pL[\pL.'’\- ]{0,40}?(?:\s(?:Jr|Sr|II|III|IV)\.?)?)\s*,\s*(\pL[\pL.'’\-" ]{0,40}?(?: (?:[0-9\]]|\.[1l]|1\.))?\.?)$`)
	hyphenCaps      = regexp.MustCompile(`(?:^|-)\p{Lu}{3,}(?:-|$)|\d`)
	onBehalf        = regexp.MustCompile(`(?i)\s+(?:sent by:?|on behalf of|en nombre de|por encargo de)\s`)
	camelCase       = regexp.MustCompile(`^\p{Lu}\p{Ll}{2,}\p{Lu}\p{Ll}+`)
	looseUnderscore = regexp.MustCompile(`_+(?:\s|$)|(?:^|\s)_+`)
	underscoreName  = regexp.MustCompile(`^\p{Lu}\p{Ll}+(?:[_.\s\]\[]+\p{Lu}?\p{Ll}*\.?)*[_.\s]+\p{Lu}\p{Ll}+$`)
	nickname        = regexp.MustCompile(`\s*["“'‘][^"”'’]+["”'’]\s*|\s*\([^()]*\)\s*`)
)

// bareMailbox is a mailbox without its address and what stands in brackets behind it.
func bareMailbox(s string) string {
	return strings.TrimSpace(parenEnd.ReplaceAllString(mailPattern.ReplaceAllString(s, ""), ""))
}

// ocrLetters are the capitals that OCR reads as digits.
var ocrLetters = map[string]string{"0": "O", "5": "S", "8": "B", "6": "G", "2": "Z"}

// party is one actor named in a header, an address, a signature or a list.
type party struct {
	class vocab.Class // Person or Institution
	name  view        // as it stands in the text
	forms []string    // forms of the name, the one to show first
	title view        // a position held, or empty
	more  view        // a second one
	body  view        // the institution of that position, or empty
	mail  string      // the address beside the name, or empty
	whole view        // everything that says so: the evidence
}

// person makes the party of a person's name: "Last, First M" is turned round, honorifics and office titles before the
// name are taken off (a title becomes the position), a last initial that OCR read as 3 or ] becomes J.
func person(v view) (party, bool) {
	v = v.trimAny(" \t,;:.|-–—'\"“”*†(")
	p := party{class: vocab.Person, name: v, whole: v}
	ts := tokens(v)
	if len(ts) == 0 {
		return p, false
	}
	// Titles and honorifics in front.
	i, lastTitle, firstTitle := 0, -1, -1
	for i < len(ts)-1 && (isHonorific(ts, i) || rules.title[ts[i].fold] || rules.modifier[ts[i].fold] && leadsPosition(ts[i:])) && !strings.HasPrefix(v.s[tokenAt(v, ts[i])+len(ts[i].s):], ",") {
		if rules.title[ts[i].fold] && !rules.honorific[ts[i].fold] || rules.modifier[ts[i].fold] {
			if firstTitle < 0 {
				firstTitle = i
			}
			lastTitle = i
		}
		i++
	}
	if lastTitle >= 0 && lastTitle < len(ts)-1 && (rules.title[ts[lastTitle].fold]) {
		p.title = v.cut(tokenAt(v, ts[firstTitle]), tokenAt(v, ts[lastTitle])+len(ts[lastTitle].s))
	}
	if i > 0 {
		full := v.s
		p.name = v.cut(tokenAt(v, ts[i]), len(v.s))
		p.forms = append(p.forms, p.name.s)
		if len(tokens(p.name)) == 1 { // "President Ruiz": the title helps to find the name again
			p.forms = append(p.forms, full)
		}
	}
	for nts := tokens(p.name); len(nts) > 2 && postNominal(nts[len(nts)-1]); nts = tokens(p.name) { // "Ana Ruiz MP"
		p.forms = append(p.forms, p.name.s)
		p.name = p.name.cut(0, tokenAt(p.name, nts[len(nts)-1])).trimAny(" ,")
	}
	name := p.name.s
	if m := ocrInitial.FindStringSubmatch(name); m != nil {
		letter := ocrLetters[m[2]]
		if letter == "" {
			letter = "J"
		}
		p.forms = append(p.forms, m[1]+" "+letter, name)
		name = m[1] + " " + letter
	}
	name = strings.NewReplacer("_", " ", "]. ", "J. ", "].", "J.", " , ", ", ").Replace(name)
	name = strings.Join(strings.Fields(name), " ")
	bare := strings.TrimSpace(nickname.ReplaceAllString(name, " "))
	if bare == "" {
		return p, false
	}
	if m := invertedName.FindStringSubmatch(bare); m != nil && rules.suffix[graph.Fold(m[2])] {
		p.forms = append([]string{titleCase(m[1]) + " " + m[2]}, append(p.forms, name, m[1])...)
	} else if m != nil {
		last := m[1]
		suffix := ""
		if f := strings.Fields(last); len(f) > 1 && rules.suffix[graph.Fold(f[len(f)-1])] {
			suffix, last = " "+f[len(f)-1], strings.Join(f[:len(f)-1], " ")
		}
		p.forms = append([]string{titleCase(m[2] + " " + last + suffix)}, append(p.forms, name)...)
	} else {
		p.forms = append([]string{titleCase(bare)}, append(p.forms, name)...)
	}
	p.forms = append(p.forms, p.name.s)
	for _, r := range p.forms[0] {
		if unicode.IsLetter(r) {
			return p, true
		}
	}
	return p, false
}

// isHonorific: the i-th word is dropped before a name. A single letter ("C. Ana Ruiz") is one only where a given name
// follows: else it is an initial.
func isHonorific(ts []token, i int) bool {
	if !rules.honorific[ts[i].fold] {
		return false
	}
	return len(ts[i].fold) > 1 && !(len(ts[i].fold) == 2 && ts[i].caps() && !strings.Contains(ts[i].s, ".") && i == 0 && len(ts) == 2) || i+2 < len(ts) && rules.given[ts[i+1].fold]
}

// postNominal: letters behind a name ("MP", "QC", "PhD"), no part of it.
func postNominal(t token) bool {
	return rules.suffix[t.fold] && t.fold != "jr" && t.fold != "sr" && t.fold != "ii" && t.fold != "iii" && t.fold != "iv" && t.upper()
}

// tokenAt is the byte at which t begins in v, of which it was cut. (Views cut from one another share their offsets, so
// the room left behind them tells where each begins.) 0 when t is empty or was not cut from v.
func tokenAt(v view, t token) int {
	if i := cap(v.off) - cap(t.off); len(t.off) > 0 && i > 0 && i <= len(v.off)-len(t.off) && &v.off[i] == &t.off[0] {
		return i
	}
	return 0
}

// titleCase brings a name in capitals into the usual form; a mixed one is left alone.
func titleCase(s string) string {
	if strings.ToUpper(s) != s || len(s) < 4 {
		return s
	}
	words := strings.Fields(s)
	for n, w := range words {
		switch f := graph.Fold(w); {
		case n > 0 && n < len(words)-1 && rules.particle[f]:
			words[n] = strings.ToLower(w)
		case utf8.RuneCountInString(w) > 2 || strings.ContainsAny(f, "aeiou") && len(f) == 2:
			prev := ' '
			words[n] = strings.Map(func(r rune) rune {
				out := r
				if unicode.IsLetter(prev) {
					out = unicode.ToLower(r)
				}
				prev = r
				return out
			}, w)
		}
	}
	return strings.Join(words, " ")
}

// maxWords is how many words the name of a body has at most: more is a list that lost its commas, or a sentence.
const maxWords = 24

// institution makes the party of a body's name. An acronym in brackets is a form of its own.
func institution(v view) (party, bool) {
	v = v.trimAny(" \t,;:|-–—\"“”*'•")
	if len(v.s) < 2 || len(tokens(v)) > maxWords || !strings.ContainsFunc(v.s, unicode.IsLetter) || v.s[0] == '\\' {
		return party{}, false
	}
	if i := strings.LastIndexByte(v.s, '('); i > 2 && !strings.Contains(v.s[i:], ")") {
		v = v.cut(0, i).trim()
	}
	p := party{class: vocab.Institution, name: v, whole: v}
	if m := parenEnd.FindStringSubmatchIndex(v.s); m != nil && m[0] > 2 {
		inner, outer := strings.TrimSpace(v.s[m[2]:m[3]]), strings.TrimSpace(v.s[:m[0]])
		if isAcronym(inner) {
			p.forms = append(p.forms, outer, v.s, inner)
			return p, true
		}
	}
	p.forms = append(p.forms, v.s)
	if rest, ok := strings.CutPrefix(v.s, "The "); ok {
		p.forms = append([]string{rest}, p.forms...)
	}
	return p, true
}

func isAcronym(s string) bool {
	up, n := 0, 0
	for _, r := range s {
		n++
		if unicode.IsUpper(r) || unicode.IsDigit(r) {
			up++
		}
	}
	return n >= 2 && n <= 14 && up >= 2 && up*2 >= n && !strings.ContainsAny(s, " ,;")
}

// mailbox reads one entry of a From, To or Cc line. ok is false when it names nobody (a redaction, a bare address).
func mailbox(v view) (party, bool) {
	whole := v.trimAny(" \t;,")
	v = trimBox(v.without(looseUnderscore).without(rules.redaction).without(mailPattern))
	for {
		m := parenEnd.FindStringSubmatchIndex(v.s)
		if m == nil || m[0] == 0 || isAcronym(v.s[m[2]:m[3]]) && len(tokens(v.cut(0, m[0]))) > 2 && kindOf(v.cut(0, m[0])) == vocab.Institution {
			break
		}
		v = v.cut(0, m[0]).trim()
	}
	if m := onBehalf.FindStringIndex(v.s); m != nil && m[0] > 0 { // who wrote it for whom: the one named first sends
		v = v.cut(0, m[0])
	}
	if i := strings.Index(v.s, " - "); i > 0 && (strings.Contains(v.s[:i], ",") || isPerson(v.cut(0, i), false)) { // "Last, First - OFFICE"
		v = v.cut(0, i)
	}
	v = trimBox(v)
	if v.empty() || v.s[0] == '(' || rules.nobody.ok(v.s) {
		return party{}, false
	}
	if strings.Count(v.s, ")") > strings.Count(v.s, "(") {
		v = v.trimAny(" )")
	}
	if ts := tokens(v); len(ts) == 1 && !ts[0].upper() && !strings.ContainsAny(v.s, "-_") { // the name of an account, not of a person
		return party{}, false
	}
	if v.empty() || !strings.ContainsFunc(v.s, unicode.IsLetter) {
		return party{}, false
	}
	p, ok := actor(v)
	p.whole, p.mail = whole, strings.ToLower(strings.ReplaceAll(mailOnly.FindString(whole.s), " ", ""))
	return p, ok
}

// trimBox takes off what stands around a name in a header; a last "]" after a blank is an initial that OCR read so.
func trimBox(v view) view {
	v = v.trimAny(" \t;,")
	if strings.HasSuffix(v.s, " ]") {
		return v.trimAny(" \t;,:'\"<>[|*")
	}
	return v.trimAny(" \t;,:'\"<>[]|*")
}

// actor decides between person and body for a name that stands where an actor stands.
func actor(v view) (party, bool) {
	ts := tokens(v)
	if len(ts) == 0 {
		return party{}, false
	}
	caps, known, org := 0, 0, 0
	for _, t := range ts {
		if t.caps() && !t.initial() {
			caps++
		}
		if rules.given[t.fold] {
			known++
		}
		if rules.organisation[t.fold] {
			org++
		}
	}
	if m := invertedName.FindStringSubmatchIndex(v.s); m != nil {
		second := tokens(v.cut(m[4], m[5]))
		first := tokens(v.cut(m[2], m[3]))
		office := org > 0 || len(second) > 0 && second[0].caps() && utf8.RuneCountInString(second[0].s) >= 4 && !rules.given[second[0].fold]
		if !office && len(second) <= 4 && len(first) <= 4 {
			return person(v)
		}
		return institution(v)
	}
	if strings.ContainsAny(v.s, "_]") && underscoreName.MatchString(v.s) && org == 0 {
		return person(v)
	}
	if strings.ContainsAny(v.s, "_/") || len(ts) == 1 && hyphenCaps.MatchString(v.s) {
		return institution(v)
	}
	if rules.article[ts[0].fold] && len(ts) > 1 {
		return institution(v)
	}
	if isPerson(v, false) || startsWithTitle(ts) && len(ts) <= 6 && org == 0 {
		return person(v)
	}
	if org > 0 || caps == len(ts) && known == 0 && len(ts) != 2 || ts[0].digits() {
		return institution(v)
	}
	if len(ts) > 1 && caps > 0 && caps < len(ts) && ts[0].caps() && !ts[0].initial() && utf8.RuneCountInString(ts[0].s) >= 4 && !rules.given[ts[0].fold] { // "RELAY Desk"
		return institution(v)
	}
	if isPerson(v, true) {
		return person(v)
	}
	if len(ts) == 1 && ts[0].upper() && !(camelCase.MatchString(ts[0].s) && !strings.HasPrefix(ts[0].s, "Mac")) { // "NewsTicker" is a mailbox
		return person(v)
	}
	return institution(v)
}

// startsWithTitle: the words begin with an honorific or a title of office, and a name follows.
func startsWithTitle(ts []token) bool {
	for i, t := range ts { // "Fiscal General del Estado": an office, not "Fiscal Ruiz"
		if !rules.honorific[t.fold] && !rules.title[t.fold] && !rules.modifier[t.fold] && !rules.profession[t.fold] {
			if i > 0 && !t.upper() {
				return false
			}
			break
		}
	}
	if len(ts) < 2 || !(rules.honorific[ts[0].fold] || rules.title[ts[0].fold]) {
		return false
	}
	last := ts[len(ts)-1]
	return last.upper() && !rules.position[last.fold] && !rules.modifier[last.fold] && !rules.profession[last.fold] && !rules.organisation[last.fold] && !rules.connector[ts[1].fold] && !rules.title[last.fold] && !rules.honorific[last.fold]
}

package extract

import (
	"regexp"
	"slices"
	"strings"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

var (
	segmentBreak = regexp.MustCompile(`\s*[;,]\s+|\s+/\s+|\s+[|–—]\s*|\s+-\s+|\s{3,}|\s*\|\s*`)
	columnGap    = regexp.MustCompile(`\S(\s{3,})\S`)
	namesTail    = regexp.MustCompile(`(?i)^(?:inc|ltd|llc|l\.?l\.?p|s\.? ?a\.?(?: de c\.? ?v\.?)?|a\.? ?c\.?|jr|sr|i{2,3}|iv|ph\.?d|esq|m\.?d|m\.?p|m\.?s\.?p|m\.?e\.?p|q\.?c|k\.?c|a\.?o|o\.?b\.?e|ret|usn|usa|usaf|usmc)\.?$`)
	placeLine    = regexp.MustCompile(`\b[A-Z]{2}\s+\d{5}(?:-?\d{4})?\b|\bD\.?C\.?\b|\bC\.?P\.?\s*\d{4,5}|\b\d{4,6}\b|^\d{1,5}\s+\p{Lu}|(?i:^(?:palacio|edificio|torre|palace|tower)\b)|(?i:\b(?:building|boulevard|blvd|calzada|street|avenue|road|suite|floor|p\.?\s?o\.? box|calle|avenida|av\.|colonia|col\.|piso)\b)`)
	bodyBy       = regexp.MustCompile(`\s+(?i:of the|for the|to the|at the|de la|de los|de las|ante el|ante la|at|from|with|para|en|of|for|del|de)\s+`)
)

// actors reads a block of lines that names actors with their offices and bodies: a signature, an address, a copy list,
// a list of signatories. Groups are parted by blank lines (an empty view). Each party carries the lines it was read
// from as evidence. bodies: a body named without a person is a party of its own.
func actors(lines []view, bodies bool) []party {
	var out []party
	for _, g := range groups(unfold(lines)) {
		out = append(out, actorsOf(g, bodies, view{})...)
	}
	return out
}

// entries reads a list of signatories, one a line or a group of lines. What is neither clearly a person nor clearly a
// body is taken for what most entries are; a country after a body's name is dropped.
func entries(lines []view) []party {
	lines = slices.Clone(lines)
	for i, l := range lines { // "1. Some Body"
		if m := numbered.FindStringIndex(l.s); m != nil {
			lines[i] = l.cut(m[1], len(l.s))
		}
	}
	gs := groups(unfold(lines))
	several, long := 0, 0
	for _, g := range gs {
		several += btoi(len(g) > 1 && len(g) <= 6)
		long += btoi(len(g) > 6)
	}
	if several*2 >= len(gs) && len(gs) >= 3 {
		return section(gs)
	}
	if long == 0 || len(gs) > 12 { // one entry a group: the list is one section
		return section(groups(oneEach(unfold(lines))))
	}
	var out []party
	for _, g := range gs {
		out = append(out, section(groups(oneEach(g)))...)
	}
	return out
}

// section reads the entries of one section of a list.
func section(gs [][]view) []party {
	kinds := make([]vocab.Class, len(gs))
	people, bodies, headings := 0, 0, 0
	for i, g := range gs {
		if len(g) > 1 && kindOf(firstSegment(g[0])) == vocab.Institution && isPerson(firstSegment(g[1]), true) {
			headings++
		}
		first := firstSegment(g[0])
		ts := tokens(first)
		switch {
		case kindOf(first) == vocab.Institution:
			kinds[i] = vocab.Institution
			bodies++
		case isPerson(first, false) && kindOf(first) == vocab.Person || startsWithTitle(ts) && len(ts) <= 6 && !hasOrganisation(ts):
			kinds[i] = vocab.Person
			people++
		}
	}
	var out []party
	for i, g := range gs {
		if headings >= 3 && headings*2 >= len(gs) && len(g) > 1 && len(segments(g[0])) == 1 && kindOf(firstSegment(g[0])) != vocab.Institution && isPerson(firstSegment(g[1]), true) {
			// Bodies head their people in this list: so does this one, whatever its name looks like.
			if head, ok := institution(g[0]); ok {
				head.whole = g[0]
				out = append(out, head)
				for _, p := range actorsOf(g[1:], true, head.name) {
					if p.class == vocab.Person && p.body.empty() {
						p.body = head.name
					}
					out = append(out, p)
				}
				continue
			}
		}
		if kinds[i] == "" {
			kinds[i] = vocab.Institution
			if people > bodies && isPerson(firstSegment(g[0]), true) {
				kinds[i] = vocab.Person
			}
		}
		if len(g) == 1 && people <= bodies && kinds[i] == vocab.Person && len(segments(g[0])) == 1 && bodies >= 3 && !rules.given[tokens(g[0])[0].fold] {
			kinds[i] = vocab.Institution // "Casa Ana" among bodies
		}
		if len(g) > 1 && !slices.ContainsFunc(g, func(v view) bool { k := kindOf(firstSegment(v)); return k == vocab.Person || k == vocab.Position }) {
			g = []view{joined(g...)} // a body's name over several lines
		}
		if len(g) > 1 || kinds[i] == vocab.Person {
			ps := actorsOf(g, true, view{})
			if len(ps) == 0 && kinds[i] == vocab.Person {
				if p, ok := person(firstSegment(g[0])); ok {
					p.whole = g[0]
					ps = append(ps, p)
				}
			}
			out = append(out, ps...)
			continue
		}
		v := g[0].trim()
		segs := segments(v)
		if n := len(segs); n > 1 && isCountry(segs[n-1].s) {
			v = v.cut(0, tokenAt(v, token{view: segs[n-1]})).trimAny(" ,;|-–—")
		}
		if !nameLike(v) || prose(v) {
			continue
		}
		if p, ok := institution(v); ok {
			p.whole = g[0]
			out = append(out, p)
		}
	}
	return out
}

// groups parts lines at empty ones.
func groups(lines []view) [][]view {
	var out [][]view
	var cur []view
	for _, l := range append(lines, view{}) {
		if l.trim().empty() {
			if cur != nil {
				out = append(out, cur)
			}
			cur = nil
			continue
		}
		cur = append(cur, l)
	}
	return out
}

// unfold puts columns under each other: where two lines or more of a run have a wide gap at about the same column,
// all of them are read column by column.
func unfold(lines []view) []view {
	col, n := 0, 0
	at := map[int]int{}
	for _, l := range lines {
		if l.trim().empty() {
			continue
		}
		if m := columnGap.FindStringSubmatchIndex(l.s); m != nil {
			at[m[3]/6]++
		}
	}
	for b, c := range at {
		if c+at[b+1] > n || c+at[b+1] == n && b < col {
			col, n = b, c+at[b+1]
		}
	}
	if n < 2 {
		return lines
	}
	var left, right []view
	for _, l := range lines {
		cut := -1
		for _, m := range columnGap.FindAllStringSubmatchIndex(l.s, -1) {
			if d := m[3]/6 - col; d >= -1 && d <= 2 {
				cut = m[3]
				break
			}
		}
		switch indent := len(l.s) - len(strings.TrimLeft(l.s, " ")); {
		case cut >= 0:
			left, right = append(left, l.cut(0, cut).trim()), append(right, l.cut(cut, len(l.s)).trim())
		case indent/6 >= col-1 && indent > 12:
			left, right = append(left, view{}), append(right, l.trim())
		default:
			left, right = append(left, l.trim()), append(right, view{})
		}
	}
	return append(append(left, view{}), right...)
}

// maxName is the length of the longest run of text, in bytes, that is read as names and offices.
const maxName = 2000

// actorsOf reads one group of lines. head is the body that the group is known to be of, or empty.
func actorsOf(lines []view, bodies bool, head view) []party {
	var out []party
	bare := -1                  // the line that is an office without a name
	sameLine := false           // the person's title stands on the line of the name
	cur, at, last := -1, -1, "" // the person that titles and bodies belong to, its line, what was attached last
	var loneTitle view
	loneBody := head
	if bodies { // a body's name on the first lines, its people below
		lines = headed(lines)
	}
	attach := func(p *party, title, body view) {
		if !title.empty() && p.title.empty() {
			p.title, last = title, "title"
		}
		if !body.empty() && p.body.empty() {
			p.body, last = body, "body"
		}
	}
	begin := func(p party, l view) {
		p.whole = l
		out = append(out, p)
		cur, last, sameLine = len(out)-1, "", false
		if !loneTitle.empty() || !loneBody.empty() {
			attach(&out[cur], loneTitle, loneBody)
			loneTitle, loneBody = view{}, view{}
		}
	}
	for li := 0; li < len(lines); li++ {
		l := lines[li].without(rules.redaction).trim()
		if l.empty() {
			continue
		}
		open := false // the line before asks to go on
		if li > 0 {
			prev := strings.TrimRight(lines[li-1].s, " ")
			open = strings.HasSuffix(prev, ",") || strings.HasSuffix(prev, "&") || endsInConnector(prev)
		}
		if m := forAnother.FindStringIndex(l.s); m != nil { // "for Ana Ruiz, Director": what follows is hers
			if rest := l.cut(m[1], len(l.s)); kindOf(firstSegment(rest)) != vocab.Institution {
				break
			}
		}
		if invertedName.MatchString(l.s) && !open && !placeLine.MatchString(l.s) {
			m := invertedName.FindStringSubmatchIndex(l.s)
			if first := tokens(l.cut(m[4], m[5])); len(first) > 0 && rules.given[first[0].fold] && kindOf(l.cut(m[2], m[3])) == "" { // "Ruiz, Ana"
				if p, ok := person(l); ok {
					begin(p, l)
					at = li
				}
				continue
			}
		}
		segs := segments(l)
		for si, seg := range segs {
			if ts := tokens(seg); len(ts) > 1 && rules.article[ts[0].fold] && leadsPosition(ts[1:]) { // "EL DIRECTOR GENERAL"
				seg = seg.cut(tokenAt(seg, ts[1]), len(seg.s))
			}
			ts := tokens(seg)
			if len(seg.s) > maxName || len(ts) == 0 || rules.stop[ts[0].fold] && ts[0].fold != "the" && !strings.Contains(ts[0].s, ".") && !(cur >= 0 && si == 0 && li > at && rules.connector[ts[0].fold]) {
				continue
			}
			if ts[0].former() || rules.formerly[ts[0].fold] { // no office of today, nor what goes with it
				break
			}
			if seg.empty() || mailOnly.MatchString(seg.s) || strings.Contains(seg.s, "://") {
				continue
			}
			k := kindOf(seg)
			if k == vocab.Position || k == "" || k == vocab.Institution {
				if run := splitRun(seg); run != nil {
					for _, p := range run {
						begin(p, p.whole)
					}
					at = li
					continue
				}
			}
			if ts := tokens(seg); k != vocab.Person && startsWithTitle(ts) && len(ts) <= 6 && !hasOrganisation(ts) && (si == 0) {
				k = vocab.Person
			}
			continuation := open && si == 0 && cur >= 0
			if cur >= 0 && last == "title" && si == 0 && li > at && rules.connector[ts[0].fold] && k != vocab.Person && out[cur].body.empty() { // "…\nDEL ESTADO DE X"
				out[cur].title = joined(out[cur].title, seg)
				out[cur].whole = extend(out[cur].whole, l)
				continue
			}
			if cur >= 0 && last == "body" && si == 0 && li > at && k != vocab.Person && len(ts) <= 4 && !placeLine.MatchString(seg.s) &&
				(continuation && endsInConnector(strings.TrimRight(lines[li-1].s, " ")) || rules.connector[ts[0].fold] || k == "" && len(ts) <= 2 && !rules.placeLead[ts[0].fold] && len(segs) == 1 && len(lines) > 2 && endsLower(lines[li-1]) && widest(lines, li-1)) {
				out[cur].body = joined(out[cur].body, seg)
				out[cur].whole = extend(out[cur].whole, l)
				continue
			}
			if continuation && k != vocab.Person && !out[cur].title.empty() && (k != vocab.Institution || !out[cur].body.empty() || endsInConnector(strings.TrimRight(lines[li-1].s, " "))) {
				out[cur].title = joined(out[cur].title, seg)
				out[cur].whole = extend(out[cur].whole, l)
				continue
			}
			switch {
			case placeLine.MatchString(seg.s) && (k != vocab.Person || street.MatchString(seg.s)):
			case k == vocab.Person && !continuation || k == "" && si == 0 && cur < 0 && isPerson(seg, true):
				if p, ok := person(seg); ok {
					begin(p, l)
					at = li
				}
			case k == vocab.Position:
				if cur >= 0 && si > 0 && li == at {
					sameLine = true
				}
				title, body := splitBody(seg)
				switch {
				case cur < 0:
					loneTitle, loneBody, bare = title, body, li
				case !out[cur].title.empty() && si == 0 && li > at && !continuation && sameLine:
					cur, last, bare = -1, "", li // an office without a name, after an entry that has its own
				case !out[cur].title.empty() && out[cur].more.empty() && si == 0 && li > 0 && !continuation && li < 3:
					if len(segs) == 1 && body.empty() {
						out[cur].more = title
					}
				case continuation && !out[cur].title.empty() && out[cur].body.empty():
					out[cur].title = joined(out[cur].title, seg)
				default:
					attach(&out[cur], title, body)
				}
				if cur >= 0 && li > 0 {
					out[cur].whole = extend(out[cur].whole, l)
				}
			case k == vocab.Institution || k == "" && si == 0 && cur < 0 && bodies && nameLike(seg):
				p, ok := institution(seg)
				switch {
				case !ok:
				case cur >= 0 && out[cur].class == vocab.Person && !(si == 0 && !out[cur].body.empty()):
					if out[cur].body.empty() {
						out[cur].body, last = p.name, "body"
					} else if open && si == 0 {
						out[cur].body = joined(out[cur].body, p.name)
					}
					if li > 0 {
						out[cur].whole = extend(out[cur].whole, l)
					}
				case bodies && bare != li:
					p.whole = l
					out = append(out, p)
					if len(lines) > 1 && li == 0 && len(segs) == 1 { // the body heads its people
						loneBody = p.name
					} else if head.empty() { // several bodies: none of them is said to be theirs
						loneBody = view{}
					}
				default:
					loneBody = p.name
				}
			case k == "" && cur >= 0 && out[cur].class == vocab.Person:
				if (continuation || si > 0) && !out[cur].title.empty() && out[cur].body.empty() && nameLike(seg) && li > 0 && continuation {
					out[cur].title = joined(out[cur].title, seg)
				} else if si > 0 && li == at && out[cur].body.empty() && nameLike(seg) && !isCountry(seg.s) && si == len(segs)-1 && len(tokens(seg)) >= 2 && !lowerish(seg) {
					out[cur].body = seg
				}
			}
		}
	}
	return out
}

// headed joins the first lines of a group, when they are the name of a body that goes on over a line end and people
// of it follow.
func headed(lines []view) []view {
	n := 0
	for n < len(lines) && n < 3 {
		seg := firstSegment(lines[n])
		if k := kindOf(seg); k == vocab.Person || k == vocab.Position || startsWithTitle(tokens(seg)) {
			break
		}
		n++
	}
	if n < 2 || n == len(lines) || kindOf(firstSegment(lines[n])) != vocab.Person || kindOf(joined(lines[:n]...)) != vocab.Institution {
		return lines
	}
	return append([]view{joined(lines[:n]...)}, lines[n:]...)
}

// street: words of an address that stand beside words that look like a name.
var street = regexp.MustCompile(`(?i)\b(?:street|avenue|road|boulevard|blvd|calle|avenida|colonia|calzada|paseo|plaza|carretera)\b`)

// forAnother: the line names who was signed for.
var forAnother = regexp.MustCompile(`^(?i:for(?: and on behalf of)?|on behalf of|p\.?\s?p\.?|p\.?\s?o\.?|p\.?\s?a\.?|por|en nombre de|en representaci[oó]n de|en ausencia de[l]?|por ausencia de[l]?)\s+`)

// widest: no line of the group is longer than this one by more than a word, so that it may have gone over its end.
func widest(lines []view, i int) bool {
	n := len(strings.TrimSpace(lines[i].s))
	for _, l := range lines {
		if len(strings.TrimSpace(l.s)) > n+3 {
			return false
		}
	}
	return n >= 24
}

// endsLower: the line ends in a word that is not in capitals, without a full stop.
func endsLower(v view) bool {
	ts := tokens(v)
	return len(ts) > 0 && !ts[len(ts)-1].caps() && !strings.HasSuffix(strings.TrimRight(v.s, " "), ".") && !strings.HasSuffix(strings.TrimRight(v.s, " "), ",")
}

// lowerish: a word of it that is no connector begins with a small letter.
func lowerish(v view) bool { return lowerWords(v) > 0 }

func lowerWords(v view) int {
	n := 0
	for _, t := range tokens(v) {
		n += btoi(!t.upper() && !rules.connector[t.fold] && !rules.particle[t.fold] && !t.digits())
	}
	return n
}

func hasOrganisation(ts []token) bool {
	for _, t := range ts {
		if rules.organisation[t.fold] {
			return true
		}
	}
	return false
}

func isCountry(s string) bool {
	_, ok := rules.countries[graph.Fold(s)]
	return ok || isAcronym(s) && len(s) <= 3
}

// nameLike: short, begins with a capital, no sentence.
func nameLike(v view) bool {
	ts := tokens(v)
	if len(ts) == 0 || len(ts) > 12 || len(v.s) > 110 || !ts[0].upper() && !ts[0].digits() {
		return false
	}
	last := v.s[len(v.s)-1]
	return last != ':' && last != '?' && !(last == '.' && len(ts) > 6)
}

func endsInConnector(s string) bool {
	f := strings.Fields(s)
	return len(f) > 1 && rules.connector[f[len(f)-1]]
}

// extend makes the evidence reach over the next line.
func extend(v, l view) view {
	if l.off[0] >= v.off[len(v.off)-1] {
		return joined(v, l)
	}
	return v
}

// segments parts a line at commas and gaps; "Inc." and the like stay with the name before them.
func segments(l view) []view {
	var out []view
	for _, s := range l.split(segmentBreak) {
		s = s.trimAny(" \t.,;|")
		if s.empty() {
			continue
		}
		if len(out) > 0 && namesTail.MatchString(s.s) {
			prev := out[len(out)-1]
			i := tokenAt(l, token{view: prev})
			j := tokenAt(l, token{view: s}) + len(s.s)
			out[len(out)-1] = l.cut(i, j)
			continue
		}
		out = append(out, s)
	}
	return out
}

// splitBody parts a position from the body it is in: "Executive Director of X", "CEO X". Without a recognisable body
// the whole is the title.
func splitBody(v view) (title, body view) {
	for _, m := range bodyBy.FindAllStringIndex(v.s, -1) {
		head, rest := v.cut(0, m[0]).trim(), v.cut(m[1], len(v.s)).trim()
		if head.empty() || rest.empty() || kindOf(head) != vocab.Position {
			continue
		}
		ts := tokens(rest)
		if len(ts) > 0 && !(len(ts) == 1 && rules.organisation[ts[0].fold]) && (hasOrganisation(ts) && !rules.position[ts[0].fold] && ts[0].upper() || len(ts) == 1 && ts[0].caps() && strings.ToUpper(v.s) != v.s) && !lowerish(rest) {
			if strings.HasPrefix(rest.s, "the ") {
				rest = rest.cut(4, len(rest.s))
			}
			return head, rest
		}
	}
	ts := tokens(v)
	end := -1
	for i, t := range ts {
		if t.office() || rules.profession[t.fold] {
			end = i
		} else if !rules.modifier[t.fold] && t.fold != "&" && t.fold != "and" && t.fold != "y" {
			break
		}
	}
	if end >= 0 && end < len(ts)-1 {
		at := tokenAt(v, ts[end+1])
		rest := v.cut(at, len(v.s))
		rts := ts[end+1:]
		if !slices.ContainsFunc(rts, token.office) && !rules.connector[rts[0].fold] && rts[0].upper() && !(len(rts) == 1 && rules.organisation[rts[0].fold]) && (hasOrganisation(rts) || len(rts) == 1 && rts[0].caps() && strings.ToUpper(v.s) != v.s) && !lowerish(rest) {
			return v.cut(0, at).trim(), rest.trim()
		}
	}
	return v, view{}
}

// splitRun reads people with their offices and bodies that stand on one line without anything between them, as a
// pasted page gives: "Ana Ruiz Policy Director Some Institute Luis Paz Chair Other Body". nil when v is no such run.
func splitRun(v view) []party {
	ts := tokens(v)
	if len(ts) < 3 {
		return nil
	}
	for n := 1; n < len(ts); n++ { // "United States Senator": an office of a country or a state, nobody's name
		if f := strings.Join(foldAll(ts[:n]), " "); isCountry(f) && len(f) > 3 || rules.stateLead[ts[0].fold] {
			return nil
		}
	}
	var out []party
	for i := 0; i < len(ts); {
		n := personPrefix(ts[i:], v)
		if n == 0 {
			return nil
		}
		next := len(ts)
		for k := i + n + 1; k+1 < len(ts); k++ {
			if rules.given[ts[k].fold] && !rules.connector[ts[k-1].fold] && !rules.organisation[ts[k].fold] && !rules.modifier[ts[k].fold] && personPrefix(ts[k:], v) > 0 {
				next = k
				break
			}
		}
		next = min(next, afterBody(ts, i+n))
		from, mid := tokenAt(v, ts[i]), tokenAt(v, ts[i+n])
		to := len(v.s)
		if next < len(ts) {
			to = tokenAt(v, ts[next])
		}
		p, ok := person(v.cut(from, mid))
		if !ok {
			return nil
		}
		p.title, p.body = splitBody(v.cut(mid, to).trimAny(" ,;"))
		p.whole = v.cut(from, to).trim()
		if kindOf(p.title) != vocab.Position {
			return nil
		}
		out = append(out, p)
		i = next
	}
	return out
}

// afterBody: where no given name tells, the next person begins after the last word of a body that stands before the
// next office. It gives len(ts) when there is no next one.
func afterBody(ts []token, i int) int {
	for i < len(ts) && (rules.position[ts[i].fold] || rules.modifier[ts[i].fold]) {
		i++
	}
	last := -1
	for k := i; k < len(ts); k++ {
		switch {
		case rules.organisation[ts[k].fold]:
			last = k
		case rules.position[ts[k].fold] || rules.modifier[ts[k].fold] && leadsPosition(ts[k:]):
			if n := k - last - 1; last >= 0 && n >= 2 && n <= 4 {
				return last + 1
			}
			return len(ts)
		}
	}
	return len(ts)
}

// personPrefix is how many of the first words are a person's name that an office follows, or 0.
func personPrefix(ts []token, v view) int {
	for n := min(5, len(ts)-1); n >= 2; n-- {
		next := ts[n]
		if !(rules.position[next.fold] || rules.modifier[next.fold] && leadsPosition(ts[n:])) {
			continue
		}
		first := tokenAt(v, ts[0])
		last := tokenAt(v, ts[n-1])
		if isPerson(v.cut(first, last+len(ts[n-1].s)), true) && !rules.position[ts[n-1].fold] && !rules.modifier[ts[n-1].fold] && !rules.modifier[ts[0].fold] {
			return n
		}
	}
	return 0
}

func foldAll(ts []token) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.fold)
	}
	return out
}

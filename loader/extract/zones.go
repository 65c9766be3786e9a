package extract

import (
	"regexp"
	"slices"
	"strings"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// read finds what the zones of one part say.
func (x *reader) read(p *part) {
	if p.parent != nil {
		x.claim(end{part: p}, vocab.PartOf, end{part: p.parent}, p.lead, "part")
	}
	switch {
	case p.block != nil:
		x.header(p)
		if p.kind != "email" { // in an e-mail it is that of a paper pasted in, which is no part of its own here
			x.clearance(p)
		}
		x.letterEnd(p)
		if p.kind == "cable" {
			x.lastLine(p)
		}
	case p.kind == "newsPost" || p.kind == "page":
		if p.parent == nil {
			x.front(p)
		}
	default:
		x.letter(p)
		x.clearance(p)
	}
	if p.parent == nil && (p.kind == "page" || p.kind == "newsPost") {
		x.rights(p)
	}
	if p.kind == "pressRelease" || p.kind == "newsPost" && p.parent == nil {
		x.publisher(p)
	}
	if p.parent == nil && p.block == nil && p.kind != "letter" {
		x.listedDocuments(p)
	}
	x.ownNumber(p)
	x.late = append(x.late, func() { x.numbers(p) }) // when the own number of every part is known
}

// numbers finds the documents that running text cites by their numbers.
func (x *reader) numbers(p *part) {
	own := map[string]bool{graph.Fold(p.reference): true}
	for q := p.parent; q != nil; q = q.parent {
		own[graph.Fold(q.reference)] = true
	}
	for _, n := range p.names {
		own[graph.Fold(n)] = true
	}
	for _, i := range x.own(p) {
		l := x.lines[i]
		if l.blank || rules.reference.ok(l.trim().s) {
			continue
		}
		for _, k := range rules.cited {
			for _, m := range k.re.FindAllStringSubmatchIndex(l.s, -1) {
				v := group(l.view, m, k.re, "ref")
				ref := strings.Join(strings.Fields(v.s), " ")
				if _, isDate := rules.dates.first(ref); !isDate && !own[graph.Fold(ref)] {
					c := x.cite(citation{reference: ref, kind: k.kind, names: []string{ref}})
					x.claim(end{part: p}, vocab.References, end{cite: c}, v, "number")
				}
			}
		}
	}
}

// role claims what a party does in a document, and the offices that stand with its name.
func (x *reader) role(pt party, role vocab.Predicate, doc end, by string) *entity {
	var e *entity
	if pt.class == vocab.Person {
		e = x.reg.person(pt.forms)
		if pt.mail != "" && !slices.Contains(e.mail, pt.mail) {
			e.mail = append(e.mail, pt.mail)
		}
	} else {
		e = x.named(pt.forms)
	}
	if role != "" {
		x.claim(end{entity: e}, role, doc, pt.whole, by)
	}
	x.office(e, pt, by)
	return e
}

// named gives the institution of these forms; an acronym that the text spells out has its full name as a form.
func (x *reader) named(forms []string) *entity {
	for _, f := range forms {
		if full := x.acronyms[f]; full != "" {
			forms = append([]string{full}, forms...)
			break
		}
	}
	return x.reg.named(vocab.Institution, forms)
}

// office claims position, institution and membership of a person.
func (x *reader) office(e *entity, pt party, by string) {
	if e.class != vocab.Person {
		return
	}
	var body *entity
	if !pt.body.empty() {
		if b, ok := institution(pt.body); ok {
			body = x.named(b.forms)
		}
	}
	title := pt.title
	if by == "salutation" && e.hasTitle(title.s) { // "Dear Minister": the address block says which
		title = view{}
	}
	if !title.empty() && !isProfession(title) {
		if body == nil {
			body = x.led(title)
		}
		pos := x.reg.position(strings.Join(strings.Fields(title.s), " "), body)
		x.claim(end{entity: e}, vocab.HoldsPosition, end{entity: pos}, pt.whole, by+".position")
		if body != nil {
			x.claim(end{entity: pos}, vocab.PositionIn, end{entity: body}, pt.whole, by+".position")
		}
	}
	if !pt.more.empty() && !isProfession(pt.more) {
		pos := x.reg.position(strings.Join(strings.Fields(pt.more.s), " "), body)
		x.claim(end{entity: e}, vocab.HoldsPosition, end{entity: pos}, pt.whole, by+".position")
	}
	if body != nil {
		x.claim(end{entity: e}, vocab.MemberOf, end{entity: body}, pt.whole, by+".member")
	}
}

// hasTitle tells whether the person has a position already whose title holds this one.
func (e *entity) hasTitle(title string) bool {
	return slices.ContainsFunc(e.titles, func(t string) bool {
		return strings.Contains(" "+graph.Fold(t)+" ", " "+graph.Fold(title)+" ")
	})
}

// isProfession: a calling, not an office ("lawyer", "Professor of Law").
func isProfession(v view) bool {
	office := false
	for _, t := range tokens(v) {
		if rules.position[t.fold] {
			office = true
		}
	}
	return !office
}

// led finds the body that a position leads by its title, when the text names it: "Minister of Interior" and
// "Ministry of Interior" or "Interior Ministry".
func (x *reader) led(title view) *entity {
	ts := tokens(title)
	for i, t := range ts {
		for _, body := range rules.leads[t.fold] {
			for _, of := range [][]token{ts[i+1:], ts[:i]} {
				if v, ok := x.bodyNames()[bodyKey(body, of)]; ok {
					return x.reg.named(vocab.Institution, []string{v.s})
				}
			}
		}
	}
	return nil
}

var wideGap = regexp.MustCompile(`\s{3,}`)

// bodyKey is what "Ministry of the Interior" and "Interior Ministry" have in common; "" for a bare "Ministry".
func bodyKey(body string, of []token) string {
	key := ""
	for _, t := range of {
		if t.fold != "of" && t.fold != "the" && t.fold != "for" && t.fold != "de" && t.fold != "del" && t.fold != "la" {
			key += " " + t.fold
		}
	}
	if key == "" {
		return ""
	}
	return body + key
}

var bodyName = regexp.MustCompile(`(?:\p{Lu}[\pL\-]+\s+){1,3}(?:Ministry|Department|Secretariat|Embassy)\b|(?:Ministry|Department|Secretariat|Embassy|Ministerio|Secretaría|Subsecretaría|Embajada)\s+(?:of|for|de|del)\s+(?:the\s+|la\s+|el\s+)?\p{Lu}[\pL\-]+(?:\s+(?:(?:and|of|y|de|e)\s+(?:the\s+|la\s+)?)?\p{Lu}[\pL\-]+){0,3}`)

// bodyNames are the ministries and the like that the text names, by bodyKey; the first form of each.
func (x *reader) bodyNames() map[string]view {
	if x.bodies != nil {
		return x.bodies
	}
	x.bodies = map[string]view{}
	for _, l := range x.paragraphs() {
		for _, m := range bodyName.FindAllStringIndex(l.s, -1) {
			v := l.cut(m[0], m[1])
			ts := tokens(v)
			if len(ts) > 1 && rules.stop[ts[0].fold] {
				v, ts = v.cut(tokenAt(v, ts[1]), len(v.s)), ts[1:]
			}
			for i, t := range ts {
				if i == 0 || i == len(ts)-1 {
					if k := bodyKey(t.fold, append(slices.Clone(ts[:i]), ts[i+1:]...)); k != "" && x.bodies[k].empty() {
						x.bodies[k] = v
					}
				}
			}
		}
	}
	return x.bodies
}

// paragraphs are the runs of lines without a blank one between, each as one view; long ones are cut.
func (x *reader) paragraphs() []view {
	var out, cur []view
	flush := func() {
		if cur != nil {
			out = append(out, joined(cur...))
		}
		cur = nil
	}
	for _, l := range x.lines {
		switch {
		case l.stamp:
		case l.blank || len(cur) == 100:
			flush()
		case columnGap.MatchString(l.s): // columns: no line goes on in the next
			flush()
			for _, c := range l.split(wideGap) {
				out = append(out, c.trim())
			}
		default:
			cur = append(cur, l.trim())
		}
	}
	flush()
	return out
}

// ownNumber finds the document's own number, and the number of the one that it answers.
func (x *reader) ownNumber(p *part) {
	if p.kind == "email" || p.kind == "page" {
		return
	}
	n := 0
	for _, i := range x.own(p) {
		l := x.lines[i]
		if l.blank {
			continue
		}
		if n++; n > 30 {
			break
		}
		cell := l.trim()
		if m := columnGap.FindStringSubmatchIndex(cell.s); m != nil {
			cell = cell.cut(0, m[2]).trim()
			if p.reference == "" && rules.reference.ok(l.trim().s) {
				cell = l.trim()
			}
		}
		if m, re := rules.yourReference.match(cell.s); m != nil {
			ref := group(cell, m, re, "ref")
			c := x.cite(citation{reference: ref.s, names: []string{ref.s}})
			x.claim(end{part: p}, vocab.References, end{cite: c}, l.view, "your-reference")
			x.claim(end{part: p}, vocab.RepliesTo, end{cite: c}, l.view, "your-reference")
			continue
		}
		if m, re := rules.reference.match(cell.s); m != nil && p.reference == "" {
			ref := group(cell, m, re, "ref")
			p.reference = ref.s
		}
	}
}

var acronymPattern = regexp.MustCompile(`((?:[\p{Lu}][\pL'’.\-]*\s+(?:(?:of|for|the|on|and|to|in|de|del|la|las|los|el|y|e|para|por|contra|against)\s+){0,3}){1,9})\(([\p{Lu}][\p{Lu}\p{Ll}\d&\-]{1,12})\)`)

// defineAcronyms finds "Full Name (FN)".
func (x *reader) defineAcronyms() {
	x.acronyms = map[string]string{}
	for _, l := range x.paragraphs() {
		for _, m := range acronymPattern.FindAllStringSubmatch(l.s, -1) {
			full, short := strings.TrimSpace(m[1]), m[2]
			if !isAcronym(short) {
				continue
			}
			words := strings.Fields(full)
			// The name begins at the word whose initial is the acronym's first letter.
			for i, w := range words {
				if graph.Fold(w) != "" && graph.Fold(w)[0] == graph.Fold(short)[0] && len(words)-i >= 2 && !rules.connector[graph.Fold(w)] {
					if x.acronyms[short] == "" {
						x.acronyms[short] = strings.Join(words[i:], " ")
					}
					break
				}
			}
		}
	}
}

// language counts the function words of English and Spanish in the part.
func (x *reader) language(p *part) string {
	if x.words == nil { // running sums over the lines
		for _, lang := range languages {
			sum := make([]int, len(x.lines)+1)
			for i, l := range x.lines {
				sum[i+1] = sum[i]
				if l.stamp {
					continue
				}
				for _, t := range tokens(l.view) {
					sum[i+1] += btoi(rules.languages[lang][t.fold])
				}
			}
			x.words = append(x.words, sum)
		}
	}
	best, most := "", 0
	for n, lang := range languages {
		if c := x.words[n][p.last] - x.words[n][p.first]; c > most {
			best, most = lang, c
		}
	}
	return best
}

// languages are the ones that are told apart, the first wins a draw.
var languages = []string{"en", "es"}

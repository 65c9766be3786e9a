package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
		x.clearance(p)
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
	if p.kind == "pressRelease" || p.kind == "newsPost" && p.parent == nil {
		x.publisher(p)
	}
	if p.parent == nil && p.block == nil && p.kind != "letter" {
		x.listedDocuments(p)
	}
	x.ownNumber(p)
}

// role claims what a party does in a document, and the offices that stand with its name.
func (x *reader) role(pt party, role vocab.Predicate, doc end, by string) *entity {
	var e *entity
	if pt.class == vocab.Person {
		e = x.reg.person(pt.forms)
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
	if by == "salutation" && x.hasTitle(e, title.s) { // "Dear Minister": the address block says which
		title = view{}
	}
	if !title.empty() && !x.isProfession(title) {
		if body == nil {
			body = x.led(title)
		}
		pos := x.reg.position(strings.Join(strings.Fields(title.s), " "), body)
		x.claim(end{entity: e}, vocab.HoldsPosition, end{entity: pos}, pt.whole, by+".position")
		if body != nil {
			x.claim(end{entity: pos}, vocab.PositionIn, end{entity: body}, pt.whole, by+".position")
		}
	}
	if !pt.more.empty() && !x.isProfession(pt.more) {
		pos := x.reg.position(strings.Join(strings.Fields(pt.more.s), " "), body)
		x.claim(end{entity: e}, vocab.HoldsPosition, end{entity: pos}, pt.whole, by+".position")
	}
	if body != nil {
		x.claim(end{entity: e}, vocab.MemberOf, end{entity: body}, pt.whole, by+".member")
	}
}

// hasTitle tells whether the person has a position already whose title holds this one.
func (x *reader) hasTitle(e *entity, title string) bool {
	for _, c := range x.claims {
		if c.s.entity == e && c.p == vocab.HoldsPosition && strings.Contains(" "+graph.Fold(c.o.entity.forms[0])+" ", " "+graph.Fold(title)+" ") {
			return true
		}
	}
	return false
}

// isProfession: a calling, not an office ("lawyer", "Professor of Law").
func (x *reader) isProfession(v view) bool {
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
		bodies := rules.leads[t.fold]
		if bodies == nil {
			continue
		}
		var of []string
		for _, u := range ts[i+1:] {
			if u.fold != "of" && u.fold != "the" && u.fold != "for" {
				of = append(of, u.fold)
			}
		}
		before := foldAll(ts[:i])
		for _, b := range bodies {
			for _, e := range x.bodyNames() {
				words := strings.Fields(graph.Fold(e.s))
				rest := words[:0:0]
				seen := false
				for _, w := range words {
					if w == b {
						seen = true
					} else if w != "of" && w != "the" && w != "for" {
						rest = append(rest, w)
					}
				}
				if seen && len(rest) > 0 && (equal(rest, of) || len(of) == 0 && equal(rest, before)) {
					return x.reg.named(vocab.Institution, []string{e.s})
				}
			}
		}
	}
	return nil
}

func equal(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }

func foldAll(ts []token) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.fold)
	}
	return out
}

var bodyName = regexp.MustCompile(`(?:\p{Lu}[\pL\-]+\s+){1,3}(?:Ministry|Department|Secretariat|Embassy)\b|(?:Ministry|Department|Secretariat|Embassy|Ministerio|Secretaría|Subsecretaría|Embajada)\s+(?:of|for|de|del)\s+(?:the\s+|la\s+|el\s+)?\p{Lu}[\pL\-]+(?:\s+(?:(?:and|of|y|de|e)\s+(?:the\s+|la\s+)?)?\p{Lu}[\pL\-]+){0,3}`)

// bodyNames are the ministries and the like that the text names.
func (x *reader) bodyNames() []view {
	if x.bodies == nil {
		x.bodies = []view{}
		for _, l := range x.paragraphs() {
			for _, m := range bodyName.FindAllStringIndex(l.s, -1) {
				v := l.cut(m[0], m[1])
				if ts := tokens(v); len(ts) > 1 && rules.stop[ts[0].fold] {
					v = v.cut(tokenAt(v, ts[1]), len(v.s))
				}
				x.bodies = append(x.bodies, v)
			}
		}
	}
	return x.bodies
}

// paragraphs are the runs of lines without a blank one between, each as one view.
func (x *reader) paragraphs() []view {
	var out []view
	for _, l := range x.lines {
		switch {
		case l.stamp:
		case l.blank || len(out) == 0:
			out = append(out, l.trim())
		default:
			out[len(out)-1] = joined(out[len(out)-1], l.trim())
		}
	}
	return out
}

// header reads the fields of a message, a memorandum or a cable.
func (x *reader) header(p *part) {
	doc := end{part: p}
	for _, f := range p.block.fields {
		switch {
		case f.Role != "":
			by := "header"
			if p.kind == "cable" {
				by = "cable-header"
			}
			for _, pt := range x.mailboxes(p, f, p.kind == "cable") {
				x.role(pt, roleOf(f.field), doc, by+"."+f.Name)
			}
		case f.Name == "subject" && !f.empty() && p.title == "":
			p.title, p.subject, p.titleAt = f.s, f.s, f.view
		case (f.Name == "date" || f.Name == "dtg") && p.date == "":
			if d, ok := rules.dates.first(f.s); ok {
				p.date = d.iso
			}
		case f.Name == "reference" && !f.empty():
			p.reference, p.referenceAt = strings.Join(strings.Fields(parenEnd.ReplaceAllString(f.s, "")), " "), f.view
		case f.Name == "tags":
			for _, t := range f.split(listBreak) {
				p.tags = append(p.tags, strings.TrimSpace(t.s))
			}
		case f.Name == "refs":
			x.references(p, f)
		case f.Name == "classification" && p.class == "":
			p.class = f.s
		case f.Name == "attachments":
			x.attachments(p, f)
		}
	}
	for i := p.first; i < p.body && p.kind == "cable" && p.reference == ""; i++ {
		if m := rules.cableNumber.FindStringSubmatchIndex(x.lines[i].s); m != nil {
			ref := group(x.lines[i].view, m, rules.cableNumber, "ref")
			p.reference, p.referenceAt = strings.Join(strings.Fields(ref.s), " "), ref
			if y := year(p.date); y != "" { // cables are cited with the year before the post
				p.names = append(p.names, p.reference)
				p.reference = y + " " + p.reference
			}
		}
	}
	if p.class == "" {
		p.class = x.classification(p)
	}
	// What the message does with the one inside it.
	for _, c := range p.inner {
		s, ok := p.block.get("subject")
		if !ok || c.block == nil {
			continue
		}
		switch {
		case rules.forward.MatchString(s.s):
			x.claim(end{part: p}, vocab.Forwards, end{part: c}, s.whole, "header.subject")
		case rules.reply.MatchString(s.s) && c.kind != "cable":
			x.claim(end{part: p}, vocab.RepliesTo, end{part: c}, s.whole, "header.subject")
		}
	}
	if p.kind == "cable" && p.parent != nil && p.parent.kind == "email" { // a mail system's wrapper between the two
		if g := p.parent; g.parent != nil && g.block.has("to") == 0 {
			if s, ok := g.parent.block.get("subject"); ok && rules.forward.MatchString(s.s) {
				x.claim(end{part: g.parent}, vocab.Forwards, end{part: p}, s.whole, "header.subject")
				x.claim(end{part: p}, vocab.PartOf, end{part: g.parent}, p.lead, "part")
			}
		}
	}
}

// codes: offices by their codes, parted by commas ("EUR/E, MDSX, CIC/EUR").
var codes = regexp.MustCompile(`^[A-Z0-9][A-Z0-9/\-]*(?:\s*\([\w/]+\))?(?:\s*,\s*[A-Z0-9][A-Z0-9/\-]*(?:\s*\([\w/]+\))?)+\s*[,.]?$`)

var (
	listBreak  = regexp.MustCompile(`\s*[;,]\s*`)
	itemBreak  = regexp.MustCompile(`\s*;\s*|\s{5,}`)
	semicolon  = regexp.MustCompile(`\s*;\s*`)
	commaSplit = regexp.MustCompile(`\s*,\s*`)
)

// mailboxes reads the parties of a header field.
func (x *reader) mailboxes(p *part, f value, cable bool) []party {
	var out []party
	items := []view{f.view}
	switch {
	case strings.Contains(f.s, ";"):
		items = listItems(f.lines)
	case cable && codes.MatchString(strings.TrimSpace(f.s)):
		items = f.split(listBreak)
	case len(f.lines) > 1 && cable:
		items = f.lines
	case titled(f.view) != nil:
	case strings.Count(f.s, "@") > 1 || strings.Count(f.s, ",") > 1 && !cable || strings.Count(f.s, ",") == 1 && !invertedName.MatchString(bareMailbox(f.s)) && !cable:
		items = mailItems(f.view)
	}
	for _, it := range items {
		it = it.trimAny(" \t,;")
		whole := it
		if len(items) == 1 {
			whole = f.whole
		}
		if cable {
			it = it.without(rules.precedence)
			if pt, ok := office(it); ok {
				pt.whole = whole
				out = append(out, pt)
				continue
			}
		}
		if ps := titled(it); ps != nil {
			for _, pt := range ps {
				pt.whole = whole
				out = append(out, pt)
			}
			continue
		}
		if pt, ok := mailbox(it); ok {
			pt.whole = whole
			out = append(out, pt)
		} else if a := mailOnly.FindString(it.s); a != "" {
			x.later(p, f, a, whole)
		}
	}
	return out
}

// titled reads "Ana Ruiz, Regional Director, Some Body": a name that an office follows; nil when v is no such thing.
func titled(v view) []party {
	segs := segments(v)
	if len(segs) < 2 || strings.Contains(v.s, "@") || !isPerson(segs[0], true) || kindOf(segs[1]) != vocab.Position {
		return nil
	}
	return actors([]view{v}, false)
}

// listItems parts a list at its semicolons. An item may go on in the next line; where a line ends in a whole name and
// the next begins with one, a semicolon was lost between them.
func listItems(lines []view) []view {
	var out []view
	open := false
	whole := func(v view) bool {
		s := bareMailbox(v.s)
		m := invertedName.FindStringSubmatch(s)
		return m != nil && len(m[2]) > 1 || strings.Contains(s, "_") && underscoreName.MatchString(s) || !strings.Contains(s, ",") && isPerson(v, false)
	}
	for _, l := range lines {
		l = l.trim()
		for i, it := range l.split(itemBreak) {
			if it = it.trim(); it.empty() {
				open = false
				continue
			}
			if i == 0 && open && !(whole(out[len(out)-1]) && (whole(it) || strings.Contains(it.s, ","))) {
				out[len(out)-1] = joined(out[len(out)-1], it)
			} else {
				out = append(out, it)
			}
			open = true
		}
		if strings.HasSuffix(l.s, ";") {
			open = false
		}
	}
	return out
}

// mailItems parts a list of addresses at its commas; a comma inside "Last, First" of a mailbox is none of them.
func mailItems(v view) []view {
	parts := v.split(commaSplit)
	var out []view
	for i := 0; i < len(parts); i++ {
		cur := parts[i]
		if i+1 < len(parts) && !strings.Contains(cur.s, "@") && len(tokens(cur)) <= 2 && len(tokens(cur)) > 0 && !isPerson(cur, false) {
			next := parts[i+1]
			from := tokenAt(v, token{view: cur})
			both := v.cut(from, tokenAt(v, token{view: next})+len(next.s))
			if invertedName.MatchString(bareMailbox(both.s)) {
				cur = both
				i++
			}
		}
		if !cur.trim().empty() {
			out = append(out, cur)
		}
	}
	return out
}

var cablePlace = regexp.MustCompile(`^(.*\S)\s+((?:[A-Z][A-Z.]+\s+){1,2}(?:DC|D\.C\.|A[LKZR]|C[AOT]|DE|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]))$`)
var cityFirst = regexp.MustCompile(`^([A-Z][A-Z .\-]+),\s*([A-Z][A-Z .]+)$`)
var routing = regexp.MustCompile(`^(?:RU[A-Z]{2,8}|R[A-Z]{5,6})\s*/\s*`)

// office reads an addressee of a cable: "AMEMBASSY X", "CITY, AMEMBASSY", "NAME CITY ST". ok is false for a person.
func office(v view) (party, bool) {
	v = v.without(rules.redaction).without(routing).trimAny(" \t,;:.*")
	if v.empty() || strings.ToUpper(v.s) != v.s || !strings.ContainsFunc(v.s, unicode.IsLetter) {
		return party{}, false
	}
	p, ok := institution(v)
	if m := cablePlace.FindStringSubmatch(v.s); m != nil {
		p.forms = []string{m[1], v.s}
	}
	if m := cityFirst.FindStringSubmatch(v.s); m != nil {
		if strings.Contains(m[2], "SECSTATE") {
			p.forms = []string{m[2], v.s, m[2] + " " + m[1]}
		} else {
			p.forms = []string{v.s, m[2] + " " + m[1]}
		}
	}
	return p, ok
}

// later resolves a bare address when every person of the file is known: millsab@ is "Mills, A. B.".
func (x *reader) later(p *part, f value, addr string, whole view) {
	x.late = append(x.late, func() {
		local, _, _ := strings.Cut(addr, "@")
		local = graph.Fold(local)
		var hit *entity
		for _, e := range x.reg.list {
			if e.class != vocab.Person || len(e.given) == 0 || len(e.last) == 0 {
				continue
			}
			initials := ""
			for _, g := range e.given {
				initials += g[:1]
			}
			last := strings.Join(e.last, "")
			for _, k := range []string{last + initials, initials[:1] + last, e.given[0] + " " + last, e.given[0] + last, last + " " + e.given[0]} {
				if k == strings.TrimSpace(local) {
					if hit != nil && hit != e {
						return
					}
					hit = e
				}
			}
		}
		if hit != nil {
			x.claim(end{entity: hit}, roleOf(f.field), end{part: p}, whole, "header.address")
		}
	})
}

var refTail = regexp.MustCompile(`(?i)^(?:none|n/a|ninguna|as stated)\W*$`)

// references reads a reference line: A) 18 CITY 307 B) …
func (x *reader) references(p *part, f value) {
	if refTail.MatchString(strings.TrimSpace(f.s)) {
		return
	}
	found := false
	for _, l := range append([]view{}, f.lines...) {
		for _, m := range rules.cableRef.FindAllStringSubmatchIndex(l.s, -1) {
			v := group(l, m, rules.cableRef, "ref")
			ref := strings.Join(strings.Fields(strings.Trim(v.s, "()")), " ")
			c := x.cite(citation{reference: ref, kind: "cable", names: []string{ref}})
			x.claim(end{part: p}, vocab.References, end{cite: c}, l.cut(m[0], m[1]), "header.reference")
			found = true
		}
	}
	if !found && p.kind != "cable" {
		return
	}
}

// fileTail is what follows the addressee in the name of a file: its subject, numbers, versions.
var fileTail = regexp.MustCompile(`(?i)\s+(?:on|re|about|regarding|sobre|final|draft|v\d+|signed)\b.*$|\s*\(\d+\)|\s+\d[\d .\-_]*$|\s+-.*$`)

// attachments: documents that are part of the message, by the names of their files.
func (x *reader) attachments(p *part, f value) {
	for _, it := range f.split(semicolon) {
		it = it.trim()
		if it.empty() || strings.HasPrefix(it.s, "image") || !strings.Contains(it.s, ".") {
			continue
		}
		stem := it.s[:strings.LastIndex(it.s, ".")]
		if !strings.ContainsAny(stem, " _-") || strings.HasPrefix(stem, "[") {
			continue
		}
		kind := ""
		if strings.Contains(strings.ToLower(stem), "letter") || strings.Contains(strings.ToLower(stem), "carta") {
			kind = "letter"
		}
		c := x.cite(citation{kind: kind, names: []string{it.s, stem}})
		x.claim(end{cite: c}, vocab.PartOf, end{part: p}, it, "header.attachment")
		if m, re := rules.titledTo.match(stem); m != nil {
			who := group(it.cut(0, len(stem)), m, re, "who").without(fileTail)
			ts := tokens(who)
			if len(ts) > 0 && len(ts) <= 4 && (startsWithTitle(ts) || len(ts) == 1 && ts[0].upper() && !rules.title[ts[0].fold] || isPerson(who, false)) {
				if pt, ok := person(who); ok {
					pt.whole = it
					x.role(pt, vocab.AddressedIn, end{cite: c}, "header.attachment")
				}
			}
		}
	}
}

// classification is the first line of p that is nothing but a classification.
func (x *reader) classification(p *part) string {
	for i := p.first; i < p.last && i < p.first+60; i++ {
		if x.lines[i].stamp {
			continue
		}
		if m := rules.classification.FindStringSubmatch(x.lines[i].s); m != nil {
			return m[rules.classification.SubexpIndex("c")]
		}
	}
	return ""
}

// clearance reads signature, drafter, clearers, approver and releaser of a cable.
func (x *reader) clearance(p *part) {
	own := x.own(p)
	for n := 0; n < len(own); n++ {
		l := x.lines[own[n]]
		f, v, ok := asField(l)
		if !ok || f.Header && f.Name != "info" || f.Role == "" || f.Name == "info" && p.kind != "cable" {
			continue
		}
		val := value{f, v, nil, l.view}
		if !v.empty() {
			val.lines = []view{v}
		}
		for n+1 < len(own) {
			next := x.lines[own[n+1]]
			_, _, labelled := asField(next)
			if labelled && next.indent < 8 || next.blank && !val.view.empty() || next.indent < 1 && !strings.HasSuffix(strings.TrimSpace(val.s), ";") && !val.view.empty() {
				break
			}
			n++
			if next.blank {
				continue
			}
			val.view = joined(val.view, next.trim())
			val.lines = append(val.lines, next.view)
			val.whole = joined(val.whole, next.trim())
		}
		if f.Name == "signature" && (p.kind != "cable" || val.view.empty()) {
			if p.kind == "cable" || len(val.s) > 80 {
				continue
			}
		}
		x.cleared(p, val)
	}
}

var (
	okTail  = regexp.MustCompile(`\s{2,}(?i:ok|okay|info|yes|no objection|concur(?:s|red)?|cleared|draft|phone|email|\(?by phone\)?)\s*$|\s+(?i:ok)$`)
	slashed = regexp.MustCompile(`\s*/\s*`)
)

// cleared reads the entries of one field of a clearance block: "OFFICE:Last, First M (Post)".
func (x *reader) cleared(p *part, f value) {
	by := "clearance." + f.Name
	if f.Name == "info" {
		for _, pt := range x.mailboxes(p, f, true) {
			x.role(pt, vocab.CcdOn, end{part: p}, "cable-header.info")
		}
		return
	}
	items := f.lines
	if strings.Contains(f.s, ";") {
		items = f.split(semicolon)
	}
	for _, it := range items {
		if rules.redaction.MatchString(it.s) { // whoever it was is not named
			continue
		}
		it = it.without(okTail).trimAny(" \t,;'\"")
		whole := it
		if len(items) == 1 {
			whole = f.whole
		}
		if i := strings.LastIndex(it.s, ":"); i >= 0 {
			it = it.cut(i+1, len(it.s)).trim()
		}
		it = it.without(phonePattern)
		if m := parenEnd.FindStringSubmatchIndex(it.s); m != nil {
			it = it.cut(0, m[0])
		}
		it = it.trimAny(" \t,;.")
		names := []view{it}
		if strings.Contains(it.s, "/") {
			names = it.split(slashed)
		}
		for _, n := range names {
			ts := tokens(n)
			if len(ts) == 0 || len(ts) > 7 || !ts[0].upper() {
				continue
			}
			caps := 0
			for _, t := range ts {
				if t.caps() {
					caps++
				}
			}
			single := len(ts) == 1
			initials := len(ts) == 2 && utf8.RuneCountInString(ts[0].s) <= 2 && !ts[1].digits() // "AB RUIZ"
			if single && f.Name != "signature" && (ts[0].caps() || len(n.s) < 4) || caps == len(ts) && !single && !initials && !strings.Contains(n.s, ",") && !isPerson(n, false) || hasOrganisation(ts) {
				continue
			}
			if pt, ok := person(n); ok {
				pt.whole = whole
				x.role(pt, roleOf(f.field), end{part: p}, by)
			}
		}
	}
}

// letter reads the zones of a letter or a release: letterhead, date, address, salutation, body, signature, copies.
func (x *reader) letter(p *part) {
	own := x.own(p)
	sal := -1
	var salutation view
	for n, i := range own {
		l := x.lines[i]
		if l.blank {
			continue
		}
		if m, re := rules.salutation.match(l.trim().s); m != nil {
			sal, salutation = n, group(l.trim(), m, re, "who")
			break
		}
		if m, re := rules.inlineSalutation.match(l.trim().s); m != nil && n < 40 {
			sal, salutation = n, group(l.trim(), m, re, "who")
			break
		}
	}
	top := own
	if sal >= 0 {
		top = own[:sal]
	} else {
		top = x.top(own)
	}
	x.titleOf(p, top)
	if sal >= 0 {
		if p.kind == "" {
			p.kind = "letter"
		}
		if len(top) < 60 {
			x.address(p, top)
		}
		x.salute(p, salutation, x.lines[own[sal]].view)
	}
	x.firstLine(p, own)
	if sal < 0 && (p.kind == "" || p.kind == "other") && x.hasEnd(own) {
		x.datedHead(p, top)
	}
	x.titledTo(p)
	x.titledFromTo(p)
	if p.kind == "" && p.matterKind != "" && !x.ends(p) {
		p.kind = p.matterKind
	}
	x.headline(p, own)
	x.front(p)
	x.letterEnd(p)
	if p.kind == "" && (p.sender != nil || x.ends(p)) {
		p.kind = "letter"
	}
	x.lastLine(p)
}

// firstLine: the line that says what the text is ("Cablegram 428 CITY, 7 September 1939"), or a release's dateline.
func (x *reader) firstLine(p *part, own []int) {
	n := 0
	for _, i := range own {
		l := x.lines[i]
		if l.blank {
			continue
		}
		if n++; n > 12 {
			return
		}
		if m, re := rules.telegram.match(l.s); m != nil && p.kind == "" && len(l.s) < 120 {
			p.kind = "other"
			if what := strings.ToLower(group(l.view, m, re, "what").s); strings.HasPrefix(what, "cable") || strings.HasPrefix(what, "telegram") || strings.HasPrefix(what, "saving") {
				p.kind = "cable"
			} else if what == "letter" {
				p.kind = "letter"
			}
			if no := group(l.view, m, re, "ref"); !no.empty() && p.reference == "" {
				p.reference, p.referenceAt = no.s, l.view
			}
			if d, ok := rules.dates.first(l.s); ok && p.date == "" {
				p.date = d.iso
			}
			return
		}
		if rules.release.ok(l.s) && (p.kind == "" || p.kind == "letter") && len(l.s) < 100 && !x.salutes(own) {
			p.kind = "pressRelease"
			continue
		}
		if m := rules.byline.FindStringSubmatchIndex(l.s); m != nil && (p.kind == "" || p.kind == "newsPost") && p.parent == nil {
			p.kind = "newsPost"
			p.author = append(p.author, group(l.view, m, rules.byline, "who"))
			continue
		}
		if m := rules.dateline.FindStringSubmatchIndex(l.s); m != nil && p.kind == "" && len(tokens(l.view)) > 14 {
			if p.kind = "pressRelease"; p.matterKind != "" {
				p.kind = p.matterKind
			}
			place := group(l.view, m, rules.dateline, "place")
			if ts := tokens(place); len(ts) == 0 || articles[ts[0].fold] {
				return
			}
			x.reg.named(vocab.Place, []string{place.s})
			return
		}
	}
}

// hasEnd: somebody signs or is copied, as in a letter without a salutation or a memorandum.
func (x *reader) hasEnd(own []int) bool {
	for _, i := range own {
		if v := x.lines[i].trim(); rules.cc.ok(v.s) && len(v.s) < 200 || rules.closing.ok(v.s) {
			return true
		}
		if f, _, ok := asField(x.lines[i]); ok && f.Name == "signature" {
			return true
		}
	}
	return false
}

// datedHead reads the letterhead that stands over the date line.
func (x *reader) datedHead(p *part, top []int) {
	var head []view
	for n, i := range top {
		l := x.lines[i]
		if n > 24 {
			return
		}
		if d, ok := rules.dates.first(l.s); ok && len(d.iso) == 10 && len(l.s) < 60 {
			x.letterhead(p, head)
			return
		}
		head = append(head, l.view)
	}
}

// salutes tells whether one of the lines is a salutation.
func (x *reader) salutes(own []int) bool {
	for _, i := range own {
		if rules.salutation.ok(x.lines[i].trim().s) {
			return true
		}
	}
	return false
}

// headline: a release or a post without a heading is titled by the first line in its head that reads as one.
func (x *reader) headline(p *part, own []int) {
	if p.title != "" || p.kind != "pressRelease" && p.kind != "newsPost" {
		return
	}
	for n, i := range own {
		l := x.lines[i]
		if l.blank {
			continue
		}
		ts := tokens(l.view)
		if n > 40 || len(ts) > 30 {
			return
		}
		_, isDate := rules.dates.first(l.s)
		if len(ts) < 5 || isDate || strings.ContainsAny(l.s[:1], "([") || strings.HasSuffix(l.s, ".") || rules.release.ok(l.s) || kindOf(l.view) == vocab.Institution || x.acronyms[strings.SplitN(l.s, ":", 2)[0]] != "" {
			continue
		}
		p.title, p.titleAt = l.s, l.view
		return
	}
}

// titledTo: "Open letter to Ana Ruiz, Minister of X".
func (x *reader) titledTo(p *part) {
	m, re := rules.titledTo.match(p.title)
	if m == nil || len(p.title) != len(p.titleAt.s) {
		return
	}
	for _, pt := range actors([]view{group(p.titleAt, m, re, "who")}, false) {
		if pt.class == vocab.Person {
			x.role(pt, vocab.AddressedIn, end{part: p}, "title")
		}
	}
}

// titledFromTo: "Ruiz to Paz", or "Mr A. Ruiz, Consul in X, to Mr B. Paz, Minister", over a telegram or a minute.
func (x *reader) titledFromTo(p *part) {
	m, re := rules.titledFromTo.match(p.title)
	if m == nil || len(p.title) != len(p.titleAt.s) || p.kind != "cable" && p.kind != "letter" && p.kind != "other" {
		return
	}
	for _, side := range []struct {
		group string
		role  vocab.Predicate
	}{{"from", vocab.Sent}, {"to", vocab.AddressedIn}} {
		v := group(p.titleAt, m, re, side.group).without(parenEnd)
		if len(tokens(v)) > 14 || slices.ContainsFunc(rules.titleKinds, func(k kindRule) bool { return k.re.MatchString(v.s) }) {
			return
		}
		var ps []party
		if len(tokens(v)) > 1 {
			ps = actors([]view{v}, true)
		}
		if len(ps) == 0 {
			if pt, ok := actor(v); ok && len(tokens(v)) <= 4 && !lowerish(v) {
				ps = append(ps, pt)
			}
		}
		for _, pt := range ps {
			pt.whole = p.titleAt
			x.role(pt, side.role, end{part: p}, "title")
		}
	}
}

// ends tells whether the part has a closing formula or a copy list, as letters have.
func (x *reader) ends(p *part) bool {
	for _, i := range x.own(p) {
		if v := x.lines[i].trim(); rules.closing.ok(v.s) || rules.inlineClosing.ok(v.s) {
			return true
		}
	}
	return false
}

// top is the head of a text without a salutation: up to the first line that reads as running text.
func (x *reader) top(own []int) []int {
	for n, i := range own {
		if l := x.lines[i]; !l.blank && l.heading == 0 && len(tokens(l.view)) > 16 || n > 30 {
			return own[:n]
		}
	}
	return own
}

// titleOf finds title, date and reference in the head of a document.
func (x *reader) titleOf(p *part, top []int) {
	var short view // "OPEN LETTER"
	for _, i := range top {
		l := x.lines[i]
		if l.blank {
			continue
		}
		if p.date == "" && len(l.s) < 140 {
			if d, ok := rules.dates.first(l.s); ok && (len(l.s) < 60 || d.end > len(l.s)-12 || strings.Contains(l.s[:d.start], "|")) {
				p.date = d.iso
				x.dateline(p, l, d)
			}
		}
		if p.title != "" || len(l.s) > 200 {
			continue
		}
		caps := strings.ToUpper(l.s) == l.s && len(tokens(l.view)) >= 3
		named := false
		for _, k := range rules.titleKinds {
			named = named || k.re.MatchString(l.s)
		}
		if (l.heading > 0 || caps || named) && len(tokens(l.view)) >= 2 && !placeLine.MatchString(l.s) && (l.heading > 0 || named || kindOf(l.view) == "") && rules.classification.FindString(l.s) == "" {
			if named && len(tokens(l.view)) < 3 && p.kind == "" { // "OPEN LETTER" alone tells the kind, the title follows
				for _, k := range rules.titleKinds {
					if k.re.MatchString(l.s) {
						p.kind, short = k.kind, l.view
						break
					}
				}
				continue
			}
			p.title, p.titleAt = l.s, l.view
		}
	}
	if p.title == "" && !short.empty() {
		p.title, p.titleAt = short.s, short
	}
	for _, k := range rules.titleKinds {
		if p.kind == "" && k.re.MatchString(p.title) {
			p.kind = k.kind
		}
	}
}

// dateline: the place before the date.
func (x *reader) dateline(p *part, l line, d found) {
	v := l.cut(0, d.start).trimAny(" ,.–—-(")
	if strings.HasSuffix(v.s, " a") {
		v = v.cut(0, len(v.s)-2).trimAny(" ,")
	}
	ts := tokens(v)
	if v.empty() || len(ts) > 6 || !ts[0].upper() || lowerish(v) || hasOrganisation(ts) || rules.stop[ts[0].fold] || strings.Contains(v.s, ":") {
		return
	}
	names := []string{v.s}
	for _, s := range v.split(commaSplit) {
		if !s.empty() && len(s.s) > 2 && s.s != v.s {
			x.reg.named(vocab.Place, []string{s.s})
		}
	}
	if !strings.Contains(v.s, ",") {
		x.reg.named(vocab.Place, names)
	}
}

// address reads the addressees that stand above the salutation, and the letterhead above the date.
func (x *reader) address(p *part, top []int) {
	dated := -1
	for n, i := range top {
		if d, ok := rules.dates.first(x.lines[i].s); ok && len(d.iso) == 10 && len(x.lines[i].s) < 90 {
			dated = n
		}
	}
	var head, addr []view
	for n, i := range top {
		l := x.lines[i]
		v := l.view
		if l.blank {
			v = view{}
		}
		skip := n == dated || !v.empty() && (v.s == p.title || rules.reference.ok(v.s) || rules.yourReference.ok(v.s))
		if f, fv, ok := asField(l); ok && !l.blank {
			switch f.Name {
			case "to":
				v = fv
			case "cc":
				for _, it := range fv.split(semicolon) {
					for _, pt := range actors([]view{it}, true) {
						x.role(pt, vocab.CcdOn, end{part: p}, "cc-list")
					}
				}
				skip = true
			case "date":
				dated, skip = n, true
			case "subject":
				if p.subject == "" {
					p.subject = fv.s
					if p.title == "" {
						p.title, p.titleAt = fv.s, fv
					}
				}
				skip = true
			default:
				skip = true
			}
		}
		if skip {
			continue
		}
		if n < dated {
			head = append(head, v)
		} else {
			addr = append(addr, v)
		}
	}
	if dated < 0 {
		head = nil
	}
	x.letterhead(p, head)
	var out []party
	for _, pt := range actors(addr, true) {
		out = append(out, pt)
	}
	people := false
	for _, pt := range out {
		people = people || pt.class == vocab.Person
	}
	keep := out[:0]
	for _, pt := range out {
		if pt.class == vocab.Person || !people {
			keep = append(keep, pt)
		}
	}
	for _, pt := range keep {
		x.role(pt, vocab.AddressedIn, end{part: p}, "address")
	}
}

// letterhead: a body named at the top sends the letter.
func (x *reader) letterhead(p *part, head []view) {
	for _, v := range head {
		v = v.trim()
		if v.empty() || placeLine.MatchString(v.s) || strings.Contains(v.s, "@") || strings.Contains(v.s, "://") {
			continue
		}
		if kindOf(v) == vocab.Institution && len(tokens(v)) <= 12 && len(tokens(v)) >= 2 && nameLike(v) {
			if pt, ok := institution(v); ok {
				p.sender = x.role(pt, vocab.Sent, end{part: p}, "letterhead")
			}
			return
		}
	}
}

var andWho = regexp.MustCompile(`\s+(?:and|y|e|&)\s+|\s*/\s*|,\s*`)

// salute reads "Dear President Ruiz and Ms. Paz".
func (x *reader) salute(p *part, who, whole view) {
	parts := who.split(andWho)
	for _, w := range parts {
		w = w.trimAny(" ,.:;")
		ts := tokens(w)
		if len(ts) == 0 {
			continue
		}
		last := ts[len(ts)-1]
		if !last.upper() || rules.position[last.fold] || rules.title[last.fold] || rules.honorific[last.fold] || hasOrganisation(ts) || rules.profession[last.fold] || rules.stop[last.fold] {
			// "Dear Madam Secretary": the person of the address block, if there is one.
			continue
		}
		known := len(ts) == 1 || startsWithTitle(ts) || isPerson(w, false)
		if !known || len(ts) > 7 {
			continue
		}
		if pt, ok := person(w); ok {
			pt.whole = whole
			x.role(pt, vocab.AddressedIn, end{part: p}, "salutation")
		}
	}
}

// letterEnd reads signature block, list of signatories and copy list of a letter or of a message's own text.
func (x *reader) letterEnd(p *part) {
	own := x.own(p)
	signed, mode := false, ""
	var block []view
	flush := func() {
		if mode != "" {
			signed = x.endBlock(p, mode, block) || signed
		}
		block, mode = nil, ""
	}
	blanks := 0
	for n := 0; n < len(own); n++ {
		l := x.lines[own[n]]
		v := l.trim()
		if l.blank {
			blanks++
			if mode == "cc" && len(block) > 0 && blanks > 2 {
				flush()
			}
			if mode != "" && len(block) > 0 {
				block = append(block, view{})
			}
			continue
		}
		if m, re := rules.cc.match(v.s); m != nil && n > 0 && len(v.s) < 300 && p.kind != "email" {
			flush()
			mode, blanks = "cc", 0
			if rest := group(v, m, re, "rest"); !rest.empty() {
				block = append(block, rest)
			}
			continue
		}
		if rules.signatories.ok(v.s) && p.kind != "cable" {
			flush()
			mode, blanks = "list", 0
			continue
		}
		if rules.closing.ok(v.s) && mode != "cc" {
			flush()
			mode, blanks = "signature", 0
			continue
		}
		if m, re := rules.inlineClosing.match(v.s); m != nil && mode == "" && !signed {
			if who := group(v, m, re, "who"); nameLike(who) || kindOf(who) != "" || hasOrganisation(tokens(who)) {
				x.endBlock(p, "inline", []view{who})
				signed = true
				continue
			}
		}
		if mode == "" {
			continue
		}
		f, _, isField := asField(l)
		if mode == "list" && len(block) == 0 && prose(v) { // a sentence that leads the list in
			continue
		}
		if rules.blockEnd.ok(v.s) || isField && f.Name != "signature" || len(tokens(v)) > 30 || mode != "list" && blanks > 8 {
			flush()
			continue
		}
		if prose(v) && mode != "cc" {
			flush()
			continue
		}
		if rules.motto.ok(v.s) || strings.HasPrefix(v.s, "[") || strings.HasPrefix(v.s, "(") && mode == "signature" {
			continue
		}
		blanks = 0
		raw := l.view
		if l.indent > 0 && mode != "cc" { // keep columns where they stand
			raw = indented(l)
		}
		block = append(block, raw)
	}
	flush()
	if p.kind != "cable" {
		x.trailingList(p, own)
	}
	if p.block != nil && p.kind == "email" && !signed {
		x.senderSignature(p, own)
	}
}

// indented gives the line with its indent, so that columns can be told.
func indented(l line) view {
	off := make([]int, l.indent, l.indent+len(l.off))
	for i := range off {
		off[i] = l.off[0]
	}
	return view{strings.Repeat(" ", l.indent) + l.s, append(off, l.off...)}
}

// prose: a sentence, not a name or an office.
func prose(v view) bool {
	ts := tokens(v)
	if len(ts) < 9 {
		return false
	}
	low := 0
	for _, t := range ts {
		if !t.upper() && !t.digits() {
			low++
		}
	}
	return low*10 >= len(ts)*7
}

// endBlock reads the lines of one block at the end of a letter. It tells whether somebody signed there.
func (x *reader) endBlock(p *part, mode string, lines []view) bool {
	doc := end{part: p}
	if mode == "list" {
		if c := x.told(p); c != nil {
			doc = end{cite: c}
		}
	}
	switch mode {
	case "cc":
		lines = slices.DeleteFunc(lines, func(v view) bool { return rules.noCopy.MatchString(strings.TrimSpace(v.s)) })
		for _, pt := range actors(oneEach(lines), true) {
			x.role(pt, vocab.CcdOn, doc, "cc-list")
		}
		return false
	case "list":
		if semi := strings.Count(joined(lines...).s, ";"); semi >= 3 {
			lines = spread(joined(lines...).split(semicolon))
		}
		n := 0
		for _, pt := range entries(lines) {
			e := x.role(pt, vocab.Signed, doc, "signatories")
			if whole := x.madeUp(p); whole != nil && e.class == vocab.Institution {
				x.claim(end{entity: e}, vocab.MemberOf, end{entity: whole}, pt.whole, "signatories.member")
			}
			n++
		}
		return n > 0
	case "inline":
		for _, v := range lines[0].split(andWho) {
			v = v.trimAny(" \t.,;:\"“”")
			if pt, ok := actor(v); ok && (nameLike(v) || hasOrganisation(tokens(v))) {
				pt.whole = lines[0]
				x.role(pt, vocab.Signed, doc, "signature")
			}
		}
		return true
	}
	var signers []party
	var after []view // an addressee that stands below the signature: a group that begins with an honorific
	signed := 0
	for n := range lines {
		v := lines[n].trim()
		if v.empty() {
			continue
		}
		ts := tokens(v)
		if signed > 0 && lines[max(n-1, 0)].trim().empty() && len(ts) > 1 && addressed[ts[0].fold] {
			lines, after = lines[:n], lines[n:]
			break
		}
		signed++
	}
	for _, pt := range actors(after, false) {
		if pt.class == vocab.Person {
			x.role(pt, vocab.AddressedIn, doc, "address")
		}
	}
	many := 0
	for _, v := range lines {
		if !v.trim().empty() {
			many++
		}
	}
	for _, pt := range actors(lines, many > 6) {
		signers = append(signers, pt)
	}
	if len(signers) == 0 {
		x.bareSigner(p, lines, &signers)
	}
	bodies := map[*entity]party{}
	for _, pt := range signers {
		x.role(pt, vocab.Signed, doc, "signature")
		if !pt.body.empty() && !pt.title.empty() && !x.isProfession(pt.title) {
			if b, ok := institution(pt.body); ok {
				bodies[x.named(b.forms)] = pt
			}
		}
	}
	// Whoever signs for one body: the letter is that body's.
	if len(bodies) == 1 && p.sender == nil && len(signers) <= 3 && p.kind != "email" {
		for e, pt := range bodies {
			x.claim(end{entity: e}, vocab.Sent, doc, pt.whole, "signature.sender")
			p.sender = e
		}
	}
	return len(signers) > 0
}

// madeUp is the coalition that the text says is made up of those it lists.
func (x *reader) madeUp(p *part) *entity {
	for _, i := range x.own(p) {
		if m, re := rules.madeUp.match(x.lines[i].s); m != nil {
			return x.reg.named(vocab.Institution, []string{group(x.lines[i].view, m, re, "who").s})
		}
	}
	return nil
}

// listedDocuments: the documents that a page lists at its end, as "Representation to the Ministry of X dated 4 May 2020".
func (x *reader) listedDocuments(p *part) {
	for _, i := range x.own(p) {
		l := x.lines[i]
		if !l.bullet && !numbered.MatchString(l.s) || len(tokens(l.view)) > 40 || len(tokens(l.view)) < 4 {
			continue
		}
		m := rules.listedDocument.FindStringSubmatchIndex(l.trim().s)
		if m == nil {
			continue
		}
		v := l.trim()
		name, by, to := group(v, m, rules.listedDocument, "name"), group(v, m, rules.listedDocument, "by"), group(v, m, rules.listedDocument, "to")
		if by.empty() && to.empty() {
			if _, ok := rules.dates.first(v.s); !ok {
				continue
			}
		}
		c := citation{names: []string{name.s}}
		if d, ok := rules.dates.first(name.s); ok {
			c.date = d.iso
			if cut := strings.LastIndex(strings.ToLower(name.s[:d.start]), " dated"); cut > 0 {
				c.names = append(c.names, name.s[:cut])
			}
		}
		if w := strings.ToLower(name.s); strings.Contains(w, "letter") || strings.Contains(w, "representation") || strings.Contains(w, "carta") {
			c.kind = "letter"
		}
		cited := x.cite(c)
		x.claim(end{part: p}, vocab.References, end{cite: cited}, v, "listed-document")
		for _, r := range []struct {
			who  view
			role vocab.Predicate
		}{{by, vocab.Sent}, {to, vocab.AddressedIn}} {
			for _, w := range r.who.split(bodiesAnd) {
				if w = w.trim(); w.empty() {
					continue
				}
				if pt, ok := actor(w); ok {
					pt.whole = v
					x.role(pt, r.role, end{cite: cited}, "listed-document")
				}
			}
		}
	}
}

var (
	numbered  = regexp.MustCompile(`^\s*\d{1,2}[.)]\s`)
	bodiesAnd = regexp.MustCompile(`\s+and the\s+|\s+y (?:la|el)\s+`)
)

// spread puts a blank line between the views.
func spread(vs []view) []view {
	var out []view
	for _, v := range vs {
		out = append(out, v.trimAny(" .,"), view{})
	}
	return out
}

// told is the document that a post or a release tells of, when the signatories that it lists are not its own.
func (x *reader) told(p *part) *citation {
	if p.kind != "newsPost" && p.kind != "pressRelease" && p.matterKind == "" {
		return nil
	}
	for _, i := range x.own(p) {
		if rules.undersigned.ok(x.lines[i].s) { // "we, the undersigned": it is its own
			return nil
		}
	}
	for _, i := range x.own(p) {
		l := x.lines[i]
		if l.s == p.title || len(tokens(l.view)) < 5 {
			continue
		}
		if m, re := rules.tells.match(l.s); m != nil {
			who := group(l.view, m, re, "who")
			c := citation{names: []string{who.s}}
			if w := strings.ToLower(who.s); strings.Contains(w, "letter") || strings.Contains(w, "carta") || strings.Contains(w, "representation") {
				c.kind = "letter"
			}
			cited := x.cite(c)
			x.claim(end{part: p}, vocab.References, end{cite: cited}, who, "told")
			return cited
		}
	}
	return nil
}

// addressed are the honorifics that one gives to others, not to oneself.
var addressed = map[string]bool{"mr": true, "mrs": true, "ms": true, "the": true, "sr": true, "sra": true, "hon": true, "his": true, "her": true, "excmo": true, "excma": true, "senor": true, "senora": true}

// bareSigner: the first line under a closing that is a name by its shape only.
func (x *reader) bareSigner(p *part, lines []view, out *[]party) {
	for _, v := range lines {
		v = v.trimAny(" .,;*\"")
		if v.empty() {
			continue
		}
		ts := tokens(v)
		if len(ts) > 6 || !ts[0].upper() || placeLine.MatchString(v.s) || lowerish(v) || len(ts) == 1 && p.kind == "email" {
			return
		}
		if pt, ok := actor(v); ok {
			pt.whole = v
			*out = append(*out, pt)
		}
		return
	}
}

// oneEach makes every entry of a list a group of its own: a line that begins further left than the ones after it
// starts an entry, lines that only continue stay with it.
func oneEach(lines []view) []view {
	var out []view
	for i, v := range lines {
		if v.trim().empty() {
			out = append(out, view{})
			continue
		}
		if i > 0 && !v.empty() {
			k := kindOf(firstSegment(v))
			prev := strings.TrimRight(lines[i-1].s, " ")
			open := strings.HasSuffix(prev, ",") || endsInConnector(prev)
			if (k == vocab.Person || k == vocab.Institution || k == "") && !open && !(k == vocab.Institution && len(out) > 0 && !out[len(out)-1].empty() && kindOf(firstSegment(lines[i-1])) == vocab.Position) {
				out = append(out, view{})
			}
		}
		for _, s := range v.split(semicolon) {
			if !s.trim().empty() {
				out = append(out, s, view{})
			}
		}
		if len(out) > 0 && out[len(out)-1].empty() {
			out = out[:len(out)-1]
		}
	}
	return out
}

func firstSegment(v view) view {
	if s := segments(v); len(s) > 0 {
		return s[0]
	}
	return v
}

// trailingList: the text says that those listed sign, and the last lines are the list.
func (x *reader) trailingList(p *part, own []int) {
	said, cue := false, 0
	for n, i := range own {
		if l := x.lines[i]; rules.undersigned.ok(l.s) || rules.listed.ok(l.s) {
			said = true
			if len(tokens(l.view)) <= 14 && !x.fewAfter(own[n+1:]) {
				cue = n + 1
			}
		}
	}
	if !said || p.kind == "newsPost" {
		return
	}
	n := len(own)
	first := n
	for n--; n >= 0; n-- {
		l := x.lines[own[n]]
		if l.blank {
			continue
		}
		if n := len(tokens(l.view)); n > 14 && !columnGap.MatchString(l.s) || n > 28 || prose(l.view) || strings.HasSuffix(strings.TrimSpace(l.s), ":") {
			break
		}
		first = n
	}
	first = max(first, cue)
	var lines []view
	for _, i := range own[first:] {
		l := x.lines[i]
		if l.blank {
			lines = append(lines, view{})
		} else if !rules.blockEnd.ok(l.s) {
			lines = append(lines, indented(l))
		}
	}
	if len(lines) >= 3 {
		x.endBlock(p, "list", lines)
	}
}

// fewAfter: hardly anything follows.
func (x *reader) fewAfter(own []int) bool {
	n := 0
	for _, i := range own {
		if !x.lines[i].blank {
			n++
		}
	}
	return n < 3
}

// lastLine: a cable or minute that ends in a name in capitals, alone on its line, is signed by it. Notes may follow.
func (x *reader) lastLine(p *part) {
	if p.kind != "cable" && p.kind != "letter" && p.kind != "other" || x.isSigned(p) {
		return
	}
	own := x.own(p)
	for n := len(own) - 1; n > 3; n-- {
		v := x.lines[own[n]].trimAny(" .,_")
		ts := tokens(v)
		if x.lines[own[n]].blank || len(ts) > 4 || !x.lines[own[n-1]].blank || n+1 < len(own) && !x.lines[own[n+1]].blank && kindOf(x.lines[own[n+1]].view) != vocab.Position {
			continue
		}
		caps := len(ts) > 0 && rules.classification.FindString(v.s) == "" && !hasOrganisation(ts)
		for _, t := range ts {
			caps = caps && (t.caps() || t.initial()) && !t.digits() && !rules.stop[t.fold]
		}
		if !caps || len(v.s) < 4 {
			continue
		}
		if pt, ok := person(v); ok {
			pt.whole = v
			x.role(pt, vocab.Signed, end{part: p}, "last-line")
		}
		return
	}
}

// isSigned tells whether somebody signed the part already.
func (x *reader) isSigned(p *part) bool {
	for _, c := range x.claims {
		if c.p == vocab.Signed && c.o.part == p {
			return true
		}
	}
	return false
}

// senderSignature: a line of a message that is its sender's full name starts the signature.
func (x *reader) senderSignature(p *part, own []int) {
	from, ok := p.block.get("from")
	if !ok {
		return
	}
	pt, ok := mailbox(from.view)
	if !ok || pt.class != vocab.Person {
		return
	}
	g, last := splitName(pt.forms[0])
	for n, i := range own {
		v := x.lines[i].trimAny(" ,.-–—")
		if x.lines[i].blank || len(tokens(v)) > 5 || len(tokens(v)) < 2 || !isPerson(v, true) {
			continue
		}
		g2, l2 := splitName(strings.Join(strings.Fields(v.s), " "))
		if len(g2) == 0 || len(g) == 0 || !agree(g, last, g2, l2) {
			continue
		}
		var lines []view
		for _, j := range own[n:min(len(own), n+8)] {
			if x.lines[j].blank && len(lines) > 1 || mailOnly.MatchString(x.lines[j].s) {
				break
			}
			lines = append(lines, x.lines[j].view)
		}
		x.endBlock(p, "signature", lines)
		return
	}
}

// front claims what front matter says of the author.
func (x *reader) front(p *part) {
	for _, a := range p.author {
		ts := tokens(a)
		if len(ts) == 0 || rules.noByline[ts[0].fold] || utf8.RuneCountInString(a.s) < 3 {
			continue
		}
		pt, ok := actor(a)
		if len(ts) == 1 { // a person signs with two names: this is an agency or a paper
			pt, ok = institution(a)
		}
		if !ok {
			continue
		}
		pt.whole = a
		switch {
		case p.kind == "letter":
			x.role(pt, vocab.Sent, end{part: p}, "byline")
		default:
			x.role(pt, vocab.Published, end{part: p}, "byline")
		}
	}
}

// publisher: the body at the top of a release.
func (x *reader) publisher(p *part) {
	n := 0
	for _, i := range x.own(p) {
		l := x.lines[i]
		if l.blank || l.stamp || rules.release.ok(l.s) {
			continue
		}
		if prose(l.view) {
			x.leadSubject(p, l)
			return
		}
		if n++; n > 8 {
			return
		}
		v := l.trim()
		if head, _, ok := strings.Cut(v.s, ":"); ok && isAcronym(head) {
			v = v.cut(0, len(head))
		}
		ts := tokens(v)
		if n == 1 && p.kind == "newsPost" && len(ts) >= 2 && len(ts) <= 5 && articles[ts[0].fold] && nameLike(v) && v.s != p.title {
			if pt, ok := institution(v); ok {
				x.role(pt, vocab.Published, end{part: p}, "masthead")
				return
			}
		}
		if full := x.acronyms[v.s]; full != "" {
			x.claim(end{entity: x.reg.named(vocab.Institution, []string{full, v.s})}, vocab.Published, end{part: p}, l.view, "masthead")
			return
		}
		if kindOf(v) == vocab.Institution && nameLike(v) && len(tokens(v)) <= 10 && v.s != p.title && hasOrganisation(tokens(v)) && (!rules.stop[tokens(v)[0].fold] || articles[tokens(v)[0].fold]) {
			if pt, ok := institution(v); ok {
				x.role(pt, vocab.Published, end{part: p}, "masthead")
				return
			}
		}
	}
}

// leadSubject: a release without a masthead is the body's whose name its first sentence begins with.
func (x *reader) leadSubject(p *part, l line) {
	v := l.view
	if m := rules.dateline.FindStringIndex(v.s); m != nil {
		v = v.cut(m[1]-1, len(v.s))
	}
	ts := tokens(v)
	n := 0
	for n < len(ts) && n < 9 && (ts[n].upper() || n > 0 && rules.connector[ts[n].fold]) {
		n++
	}
	for n > 0 && rules.connector[ts[n-1].fold] {
		n--
	}
	if n == 0 || n == len(ts) {
		return
	}
	name := v.cut(tokenAt(v, ts[0]), tokenAt(v, ts[n-1])+len(ts[n-1].s))
	if strings.HasPrefix(name.s, "The ") {
		name = name.cut(4, len(name.s))
	}
	if n >= 2 && hasOrganisation(ts[:n]) && kindOf(name) == vocab.Institution && !rules.position[ts[0].fold] || x.acronyms[name.s] != "" {
		if pt, ok := institution(name); ok {
			x.role(pt, vocab.Published, end{part: p}, "lead")
		}
	}
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
			p.reference, p.referenceAt = ref.s, l.view
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
	best, most := "", 0
	count := map[string]int{}
	for i := p.first; i < p.last; i++ {
		if x.lines[i].stamp {
			continue
		}
		for _, t := range tokens(x.lines[i].view) {
			for lang, words := range rules.languages {
				if words[t.fold] {
					count[lang]++
				}
			}
		}
	}
	for _, lang := range []string{"en", "es"} {
		if count[lang] > most {
			best, most = lang, count[lang]
		}
	}
	return best
}

var (
	matterFence = regexp.MustCompile(`^(?:---|\+\+\+)\s*$`)
	matterLine  = regexp.MustCompile(`^\s*(title|date|doc_date|author|authors|category|categories|layout|lang|publisher|source)\s*[:=]\s*(.*)$`)
)

// frontMatter reads the block of fields between fences that site generators put at the top of a page. It gives the
// first line after it.
func (x *reader) frontMatter(p *part) int {
	if len(x.lines) < 3 || !matterFence.MatchString(x.lines[0].raw) {
		return 0
	}
	fence := strings.TrimSpace(x.lines[0].raw)
	last := -1
	for i := 1; i < len(x.lines) && i < 200; i++ {
		if strings.TrimSpace(x.lines[i].raw) == fence {
			last = i
			break
		}
	}
	if last < 0 {
		return 0
	}
	category := ""
	for i := 1; i < last; i++ {
		l := x.lines[i]
		m := matterLine.FindStringSubmatchIndex(l.s)
		if m == nil {
			if l.bullet && category == "?" {
				category = l.s
			}
			continue
		}
		v := l.cut(m[4], m[5]).trimAny(" '\"[]\u200b")
		switch l.s[m[2]:m[3]] {
		case "title":
			p.title, p.titleAt = v.s, v
		case "date", "doc_date":
			if d, ok := rules.dates.first(v.s); ok && p.date == "" {
				p.date = d.iso
			} else if len(v.s) >= 10 && p.date == "" {
				if d, ok := rules.dates.first(v.s[:10]); ok {
					p.date = d.iso
				}
			}
		case "author", "publisher":
			if !v.empty() {
				p.author = append(p.author, v)
			}
		case "category", "categories":
			if category = v.s; category == "" {
				category = "?"
			}
		}
	}
	for _, k := range rules.titleKinds {
		if p.kind == "" && k.re.MatchString(p.title) {
			p.kind = k.kind
		}
	}
	if p.title != "" {
		p.matterKind = "newsPost"
	}
	for _, k := range rules.categoryKinds {
		if k.re.MatchString(category) {
			p.matterKind = k.kind
			break
		}
	}
	return last + 1
}

package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

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
			p.reference = strings.Join(strings.Fields(parenEnd.ReplaceAllString(f.s, "")), " ")
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
			p.reference = strings.Join(strings.Fields(ref.s), " ")
			if before, _, _ := strings.Cut(x.lines[i].s, ref.s); p.class == "" {
				p.class = strings.ReplaceAll(strings.TrimSpace(before), " ", "")
			}
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
		for _, it := range listItems(f.lines) {
			if strings.Count(it.s, "@") > 1 { // commas between addresses within
				items = append(items, mailItems(it)...)
			} else {
				items = append(items, it)
			}
		}
		items = items[1:]
	case cable && codes.MatchString(strings.TrimSpace(f.s)):
		items = f.split(listBreak)
	case len(f.lines) > 1 && cable:
		items = f.lines
	case titled(f.view) != nil:
	case len(f.lines) > 1 && !strings.ContainsAny(f.s, ",@"):
		items = f.lines
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
		if k := kindOf(it.without(mailPattern).trim()); k == vocab.Position && !startsWithTitle(tokens(it)) { // "The Director": nobody by name
			continue
		}
		if m := parenEnd.FindStringSubmatchIndex(it.without(mailPattern).s); m != nil && m[0] > 0 {
			x.placeIn(it.without(mailPattern).cut(m[2], m[3]))
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

// splitUnquoted parts v at the commas that do not stand between quotation marks.
func splitUnquoted(v view) []view {
	var out []view
	at, quoted := 0, false
	for i := range len(v.s) {
		switch v.s[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				out, at = append(out, v.cut(at, i).trim()), i+1
			}
		}
	}
	return append(out, v.cut(at, len(v.s)).trim())
}

// mailItems parts a list of addresses at its commas; a comma inside "Last, First" of a mailbox is none of them.
func mailItems(v view) []view {
	parts := splitUnquoted(v)
	var out []view
	for i := 0; i < len(parts); i++ {
		cur := parts[i]
		if i+1 < len(parts) && !strings.Contains(cur.s, "@") && len(tokens(cur)) <= 2 && len(tokens(cur)) > 0 && !isPerson(cur, false) {
			next := parts[i+1]
			if next.empty() {
				continue
			}
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

var number = regexp.MustCompile(`\s+\d{1,5}$`)
var routing = regexp.MustCompile(`^(?:RU[A-Z]{2,8}|R[A-Z]{5,6})\s*/\s*`)

// office reads an addressee of a cable: "AMEMBASSY X", "CITY, AMEMBASSY", "NAME CITY ST". ok is false for a person.
func office(v view) (party, bool) {
	v = v.without(rules.redaction).without(routing).without(number).trimAny(" \t,;:.*")
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

// later resolves a bare address when every person of the file is known: the one beside whose name the same address
// stands, or whose name the address spells, under the domain of another address of theirs.
func (x *reader) later(p *part, f value, addr string, whole view) {
	addr = strings.ToLower(strings.ReplaceAll(addr, " ", ""))
	x.late = append(x.late, func() {
		local, domain, _ := strings.Cut(addr, "@")
		var hit *entity
		for _, e := range x.reg.list {
			if e.class != vocab.Person || !slices.ContainsFunc(e.mail, func(m string) bool { return strings.HasSuffix(m, "@"+domain) }) {
				continue
			}
			if !slices.Contains(e.mail, addr) && !spells(e, graph.Fold(local)) {
				continue
			}
			if hit != nil {
				return
			}
			hit = e
		}
		if hit != nil {
			x.claim(end{entity: hit}, roleOf(f.field), end{part: p}, whole, "header.address")
		}
	})
}

// spells tells whether the local part of an address spells a person's name: ruizab, aruiz, ana ruiz.
func spells(e *entity, local string) bool {
	if len(e.given) == 0 || len(e.last) == 0 {
		return false
	}
	initials := ""
	for _, g := range e.given {
		initials += g[:1]
	}
	last := strings.Join(e.last, "")
	return slices.Contains([]string{last + initials, initials[:1] + last, e.given[0] + " " + last, e.given[0] + last, last + " " + e.given[0]}, strings.TrimSpace(local))
}

var refTail = regexp.MustCompile(`(?i)^(?:none|n/a|ninguna|as stated)\W*$`)

// references reads a reference line: A) 18 CITY 307 B) …
func (x *reader) references(p *part, f value) {
	if refTail.MatchString(strings.TrimSpace(f.s)) {
		return
	}
	for _, l := range f.lines {
		for _, re := range rules.cableRef {
			ms := re.FindAllStringSubmatchIndex(l.s, -1)
			for _, m := range ms {
				v := group(l, m, re, "ref")
				ref := strings.Join(strings.Fields(strings.Trim(v.s, "()")), " ")
				c := x.cite(citation{reference: ref, kind: "cable", names: []string{ref}})
				x.claim(end{part: p}, vocab.References, end{cite: c}, l.cut(m[0], m[1]), "header.reference")
			}
			if ms != nil { // a line is of one style
				break
			}
		}
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
	first := p.first
	if p.kind == "cable" && p.parent != nil { // the marking stands between the message's header and the cable's
		first = p.parent.body
	}
	for i := first; i < p.last && i < p.first+60; i++ {
		if x.lines[i].stamp {
			continue
		}
		if m := rules.classification.FindStringSubmatch(x.lines[i].s); m != nil {
			return m[rules.classification.SubexpIndex("c")]
		}
	}
	return ""
}

package extract

import (
	"regexp"
	"slices"
	"strings"

	"casegraph/graph/vocab"
)

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
				p.reference = no.s
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
		if p.kind == "pressRelease" && p.date == "" && rules.dateline.MatchString(l.s) {
			if d, ok := rules.dates.first(l.s); ok && d.start < 60 {
				p.date = d.iso
			}
		}
		if m := rules.dateline.FindStringSubmatchIndex(l.s); m != nil && p.kind == "" && len(tokens(l.view)) > 14 {
			if p.kind = "pressRelease"; p.matterKind != "" {
				p.kind = p.matterKind
			}
			if d, ok := rules.dates.first(l.s); ok && d.start < 60 && p.date == "" {
				p.date = d.iso
			}
			place := group(l.view, m, rules.dateline, "place")
			if ts := tokens(place); len(ts) == 0 || rules.article[ts[0].fold] {
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
			x.placesOf(head)
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
		if len(ts) < 5 || isDate || strings.ContainsAny(l.s[:1], "([") || strings.HasSuffix(l.s, ".") || rules.release.ok(l.s) || kindOf(l.view) == vocab.Institution && !lowerish(l.view) || x.acronyms[strings.SplitN(l.s, ":", 2)[0]] != "" {
			continue
		}
		p.title, p.titleAt = l.s, l.view
		x.wrapped(p, i, false)
		return
	}
}

// wrapped adds the second line of a title that went over the line's end.
func (x *reader) wrapped(p *part, i int, caps bool) {
	if i+1 >= p.last || len(p.title) < 50 {
		return
	}
	next := x.lines[i+1]
	if next.blank || next.stamp || len(next.s) > 90 || strings.HasSuffix(next.s, ".") || caps && strings.ToUpper(next.s) != next.s || kindOf(next.view) == vocab.Person {
		return
	}
	if _, ok := rules.dates.first(next.s); ok {
		return
	}
	p.titleAt = joined(p.titleAt, next.trim())
	p.title = p.titleAt.s
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
		} else if pt, ok := person(v); ok { // such titles name people by their surnames
			ps = append(ps, pt)
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
		ts := tokens(l.view)
		caps := strings.ToUpper(l.s) == l.s && len(ts) >= 5 && !spaced(ts) && !rules.connector[ts[0].fold] && !rules.stop[ts[0].fold]
		if rules.release.ok(l.s) {
			continue
		}
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
			x.wrapped(p, i, caps)
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

// spaced: a word whose letters stand apart ("P R E S E N T E").
func spaced(ts []token) bool {
	for _, t := range ts {
		if len(t.fold) > 1 {
			return false
		}
	}
	return true
}

// dateline: the place before the date.
func (x *reader) dateline(p *part, l line, d found) {
	if strings.ContainsAny(l.s[:d.start], "|/") {
		return
	}
	v := l.cut(0, d.start).trimAny(" ,.–—-(")
	if strings.HasSuffix(v.s, " a") {
		v = v.cut(0, len(v.s)-2).trimAny(" ,")
	}
	ts := tokens(v)
	if len(ts) == 0 || len(ts) > 6 || !ts[0].upper() || lowerish(v) || hasOrganisation(ts) || rules.stop[ts[0].fold] || strings.Contains(v.s, ":") {
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
		skip := n == dated || prose(v) || strings.HasSuffix(v.s, ":") || !v.empty() && (v.s == p.title || rules.reference.ok(v.s) || rules.yourReference.ok(v.s))
		if f, fv, ok := asField(l); ok && !l.blank {
			switch f.Name {
			case "to", "attention": // the addressee, also over the date
				addr, skip = append(addr, fv), true
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
	x.placesOf(head)
	x.placesOf(addr)
	out := actors(addr, true)
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

// placesOf finds the places of a postal address: "Town, State" or a country on a line of its own, below another line.
func (x *reader) placesOf(lines []view) {
	for _, g := range groups(lines) {
		for _, l := range g[min(1, len(g)):] {
			l = l.without(postCode).trim()
			segs := segments(l)
			good := len(segs) >= 2 && len(segs) <= 3 || len(segs) == 1 && isCountry(segs[0].s) && len(segs[0].s) > 3
			for _, s := range segs {
				ts := tokens(s)
				good = good && len(ts) > 0 && len(ts) <= 4 && ts[0].upper() && !strings.ContainsAny(s.s, "0123456789") && !lowerish(s) && !hasOrganisation(ts) && kindOf(s) == ""
			}
			if !good {
				continue
			}
			for _, s := range segs {
				x.reg.named(vocab.Place, []string{s.s})
			}
		}
	}
}

// placeIn notes the place that stands in brackets behind a name: "(Mexico City)", not an office code.
func (x *reader) placeIn(v view) {
	v = v.trim()
	ts := tokens(v)
	if len(ts) == 0 || len(ts) > 3 || !ts[0].upper() || lowerish(v) || strings.ToUpper(v.s) == v.s || rules.redaction.MatchString(v.s) || rules.nicknames[ts[0].fold] != nil || rules.given[ts[0].fold] || hasOrganisation(ts) {
		return
	}
	x.reg.named(vocab.Place, []string{v.s})
}

var postCode = regexp.MustCompile(`\s+[A-Z]{0,2}\d[A-Z\d\- ]*$`)

// letterhead: a body named at the top sends the letter.
func (x *reader) letterhead(p *part, head []view) {
	for _, v := range head {
		v = v.trim()
		if v.empty() || rules.release.ok(v.s) || columnGap.MatchString(v.s) || placeLine.MatchString(v.s) || strings.Contains(v.s, "@") || strings.Contains(v.s, "://") {
			continue
		}
		if kindOf(v) == vocab.Institution && len(tokens(v)) <= 12 && len(tokens(v)) >= 2 && nameLike(v) && !lowerish(v) {
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
		if strings.Contains(w.s, "'s ") || strings.Contains(w.s, "’s ") {
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

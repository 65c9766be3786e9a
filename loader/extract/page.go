package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"casegraph/graph/vocab"
)

// listedDocuments: the documents that a page lists at its end, as "Representation to the Ministry of X dated 4 May 2020".
func (x *reader) listedDocuments(p *part) {
	for _, i := range x.own(p) {
		l := x.lines[i]
		if !l.bullet && !numbered.MatchString(l.s) || len(tokens(l.view)) > 40 || len(tokens(l.view)) < 4 {
			continue
		}
		v := l.without(linkWord).trim()
		m := rules.listedDocument.FindStringSubmatchIndex(v.s)
		if m == nil {
			continue
		}
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
	linkWord  = regexp.MustCompile(`\s*\((?i:link|enlace|here|aquí|pdf)\)`)
	bodiesAnd = regexp.MustCompile(`\s+and the\s+|\s+y (?:la|el)\s+`)
)

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
		if prose(l.view) || rules.dateline.MatchString(l.s) && len(tokens(l.view)) > 8 {
			if x.announced(p) { // else the first one named is whom the news is about
				x.leadSubject(p, l)
			}
			return
		}
		if n++; n > 8 || rules.signatories.ok(l.s) || rules.closing.ok(l.s) || strings.Contains(l.s, ";") {
			return
		}
		v := l.trim()
		if head, _, ok := strings.Cut(v.s, ":"); ok && isAcronym(head) {
			v = v.cut(0, len(head))
		}
		ts := tokens(v)
		if n == 1 && p.kind == "newsPost" && len(ts) >= 2 && len(ts) <= 5 && rules.article[ts[0].fold] && nameLike(v) && !lowerish(v) && v.s != p.title {
			if pt, ok := institution(v); ok {
				x.role(pt, vocab.Published, end{part: p}, "masthead")
				return
			}
		}
		if full := x.acronyms[v.s]; full != "" {
			x.claim(end{entity: x.reg.named(vocab.Institution, []string{full, v.s})}, vocab.Published, end{part: p}, l.view, "masthead")
			return
		}
		nav := 0
		for _, t := range ts {
			nav += btoi(rules.navigation[t.fold])
		}
		if nav*2 >= len(ts) {
			continue
		}
		if kindOf(v) == vocab.Institution && nameLike(v) && !lowerish(v) && len(tokens(v)) <= 10 && v.s != p.title && !isPerson(firstSegment(v), false) && hasOrganisation(tokens(v)) && (!rules.stop[tokens(v)[0].fold] || rules.article[tokens(v)[0].fold]) {
			if pt, ok := institution(v); ok {
				x.role(pt, vocab.Published, end{part: p}, "masthead")
				return
			}
		}
	}
}

// rights: the body that a page's copyright mark names publishes it.
func (x *reader) rights(p *part) {
	for _, i := range x.own(p) {
		l := x.lines[i]
		if m := rules.copyright.FindStringSubmatchIndex(l.s); m != nil && len(l.s) < 200 {
			who := group(l.view, m, rules.copyright, "who")
			if ts := tokens(who); len(ts) == 0 || len(ts) > 6 || lowerish(who) {
				continue
			}
			if pt, ok := institution(who); ok {
				pt.whole = l.view
				x.role(pt, vocab.Published, end{part: p}, "copyright")
			}
			return
		}
	}
}

// announced: the part calls itself a release.
func (x *reader) announced(p *part) bool {
	if p.kind != "pressRelease" {
		return false
	}
	return p.matterKind == p.kind || slices.ContainsFunc(x.own(p), func(i int) bool { return rules.release.ok(x.lines[i].s) })
}

// leadSubject: a release without a masthead is the body's whose name its first sentence begins with.
func (x *reader) leadSubject(p *part, l line) {
	v := l.view
	if m := rules.dateline.FindStringIndex(v.s); m != nil {
		v = v.cut(m[1]-1, len(v.s))
	}
	ts := tokens(v)
	n := 0
	for n < len(ts) && n < 9 && !(ts[n].upper() && n > 0 && rules.stop[ts[n].fold]) && (ts[n].upper() || n > 0 && rules.connector[ts[n].fold]) {
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

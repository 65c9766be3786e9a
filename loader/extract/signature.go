package extract

import (
	"regexp"
	"slices"
	"strings"

	"casegraph/graph/vocab"
)

// letterEnd reads signature block, list of signatories and copy list of a letter or of a message's own text.
func (x *reader) letterEnd(p *part) {
	own := x.own(p)
	signed, mode := false, ""
	used := map[int]bool{} // lines read as part of a block
	var block []view
	flush := func() {
		if mode != "" {
			signed = x.endBlock(p, mode, block) || signed
		}
		block, mode = nil, ""
	}
	depth := 0 // of quote marks, of the part's own text
	for _, i := range own {
		if !x.lines[i].blank {
			depth = x.lines[i].quote
			break
		}
	}
	blanks, names := 0, 0 // blank lines in a row; lines of the block that are not blank
	for n := 0; n < len(own); n++ {
		l := x.lines[own[n]]
		v := l.trim()
		if l.blank {
			blanks++
			if mode == "cc" && len(block) > 0 && blanks > 2 {
				flush()
			}
			if mode == "signature" && names > 0 && (p.kind == "email" || blanks > 2) { // what stands further down is something else
				flush()
			}
			if mode != "" && len(block) > 0 {
				block = append(block, view{})
			}
			continue
		}
		if m, re := rules.cc.match(v.s); m != nil && n > 0 && len(v.s) < 300 && p.kind != "email" {
			flush()
			mode, blanks, used[own[n]] = "cc", 0, true
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
		if l.quote > depth { // what the part quotes, it does not say itself
			continue
		}
		if rules.salutation.ok(v.s) && (mode != "" || signed) {
			flush()
			if signed { // another letter begins: whoever signs that one did not sign this
				break
			}
			continue
		}
		if rules.closing.ok(v.s) {
			flush()
			mode, blanks, names = "signature", 0, 0
			continue
		}
		if m, re := rules.inlineClosing.match(v.s); m != nil && mode == "" && !signed {
			if who := group(v, m, re, "who"); !rules.redaction.MatchString(who.s) && nameLike(who) || kindOf(who) != "" || hasOrganisation(tokens(who)) {
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
		if mode == "list" && strings.HasSuffix(v.s, ":") && !rules.contacts.ok(v.s) { // a heading within the list
			block = append(block, view{})
			continue
		}
		if rules.blockEnd.ok(strings.TrimLeft(v.s, "_*[( ")) || isField && f.Name != "signature" || len(tokens(v)) > 30 || mode != "list" && blanks > 8 {
			flush()
			continue
		}
		if prose(v) && mode != "cc" {
			flush()
			continue
		}
		if d, ok := rules.dates.first(v.s); ok && mode == "cc" && len(d.iso) == 10 && len(v.s) < 80 && !strings.Contains(v.s[:d.start], ":") { // a date line below
			flush()
			continue
		}
		if rules.motto.ok(v.s) || strings.HasPrefix(v.s, "[") || strings.HasPrefix(v.s, "(") && mode == "signature" {
			continue
		}
		blanks, used[own[n]] = 0, true
		names++
		raw := l.view
		if l.indent > 0 && mode != "cc" { // keep columns where they stand
			raw = indented(l)
		}
		block = append(block, raw)
	}
	flush()
	if p.kind != "cable" {
		x.trailingList(p, own, used, signed)
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
		lines = withoutAddresses(lines)
		for i, v := range lines {
			v = v.without(copyWay)
			lines[i] = v
			if m := rules.copyNote.FindStringIndex(v.s); m != nil && m[0] > 0 {
				lines[i] = v.cut(0, m[0])
			}
		}
		for _, pt := range actors(oneEach(lines), true) {
			x.role(pt, vocab.CcdOn, doc, "cc-list")
		}
		return false
	case "list":
		lines = inlineEntries(lines)
		if semi := strings.Count(joined(lines...).s, ";"); semi >= 3 {
			lines = spread(joined(lines...).split(semicolon))
		}
		n, whole := 0, x.madeUp(p)
		for _, pt := range entries(lines) {
			e := x.role(pt, vocab.Signed, doc, "signatories")
			if whole != nil && e.class == vocab.Institution {
				x.claim(end{entity: e}, vocab.MemberOf, end{entity: whole}, pt.whole, "signatories.member")
			}
			n++
		}
		return n > 0
	case "inline":
		for _, v := range lines[0].split(andWho) {
			v = v.trimAny(" \t.,;:\"“”")
			if pt, ok := actor(v); ok && (nameLike(v) && lowerWords(v) <= 1 || hasOrganisation(tokens(v))) {
				pt.whole = lines[0]
				x.role(pt, vocab.Signed, doc, "signature")
			}
		}
		return true
	}
	var after []view // an addressee that stands below the signature: a group that begins with an honorific
	signed := 0
	for n := range lines {
		v := lines[n].trim()
		if v.empty() {
			continue
		}
		ts := tokens(v)
		if signed > 0 && lines[max(n-1, 0)].trim().empty() && len(ts) > 1 && rules.politeness[ts[0].fold] {
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
	if many > 8 { // no two or three signers: a list
		return x.endBlock(p, "list", lines)
	}
	signers := actors(lines, many > 6)
	if len(signers) == 0 {
		x.bareSigner(p, lines, &signers)
	}
	bodies := map[*entity]party{}
	for _, pt := range signers {
		if pt.class == vocab.Institution && lowerish(pt.name) && !hasOrganisation(tokens(pt.name)) {
			continue // words, not a name
		}
		x.role(pt, vocab.Signed, doc, "signature")
		if !pt.body.empty() && !pt.title.empty() && !isProfession(pt.title) {
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
	if !p.askedWhole {
		p.askedWhole, p.whole = true, x.findMadeUp(p)
	}
	return p.whole
}

func (x *reader) findMadeUp(p *part) *entity {
	for _, i := range x.own(p) {
		if m, re := rules.madeUp.match(x.lines[i].s); m != nil {
			return x.reg.named(vocab.Institution, []string{group(x.lines[i].view, m, re, "who").s})
		}
	}
	return nil
}

// spread puts a blank line between the views.
func spread(vs []view) []view {
	var out []view
	for _, v := range vs {
		out = append(out, v.trimAny(" .,"), view{})
	}
	return out
}

// copyWay is how a copy is sent, in brackets behind a name.
var copyWay = regexp.MustCompile(`\s*\((?i:w/o?|(?:by|via|with|without|por|vía|sin|con|encl)\b)[^)]*\)`)

// withoutAddresses drops the lines of a postal address below an entry: from a line with a number of street or post code
// to the next blank line, or to one that names an office.
func withoutAddresses(lines []view) []view {
	var out []view
	in := false
	for _, v := range lines {
		switch {
		case v.trim().empty() || len(segments(v)) > 1 && !placeLine.MatchString(v.s):
			in = false
		case placeLine.MatchString(v.s):
			in = true
		}
		if !in {
			out = append(out, v)
		}
	}
	return out
}

// inlineEntries parts a short list whose entries stand on one line, parted by commas: four names or more, no office.
func inlineEntries(lines []view) []view {
	var out []view
	for _, v := range lines {
		parts := v.split(commaSplit)
		names := 0
		for _, p := range parts {
			if k := kindOf(p.trim()); k == vocab.Person || k == vocab.Institution || k == "" && nameLike(p.trim()) {
				names++
			}
		}
		if len(parts) >= 4 && names == len(parts) {
			out = append(out, spread(parts)...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// told is the document that a post or a release tells of, when the signatories that it lists are not its own.
func (x *reader) told(p *part) *citation {
	if !p.asked {
		p.asked, p.told = true, x.findTold(p)
	}
	return p.told
}

func (x *reader) findTold(p *part) *citation {
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

// bareSigner: the first line under a closing that is a name by its shape only.
func (x *reader) bareSigner(p *part, lines []view, out *[]party) {
	for _, v := range lines {
		v = v.trimAny(" .,;*\"†")
		if v.empty() {
			continue
		}
		ts := tokens(v)
		if k := kindOf(v); len(ts) == 0 || k == vocab.Position || rules.redaction.MatchString(v.s) || rules.stop[ts[0].fold] {
			return
		}
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
			ts := tokens(v)
			open := strings.HasSuffix(prev, ",") || endsInConnector(prev) || len(ts) > 0 && rules.connector[ts[0].fold] && !ts[0].upper()
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
func (x *reader) trailingList(p *part, own []int, used map[int]bool, signed bool) {
	said, cue := false, 0
	for n, i := range own {
		if l := x.lines[i]; !signed && rules.undersigned.ok(l.s) || rules.listed.ok(l.s) {
			said = true
			if cue == 0 && len(tokens(l.view)) <= 14 && !x.fewAfter(own[n+1:]) {
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
		if used[own[n]] && !signed || strings.HasSuffix(l.s, ".") && len(tokens(l.view)) >= 4 && lowerish(l.view) && !l.bullet && !columnGap.MatchString(l.s) {
			break
		}
		if n := len(tokens(l.view)); n > 14 && !columnGap.MatchString(l.s) || n > 28 || prose(l.view) || strings.HasSuffix(strings.TrimSpace(l.s), ":") {
			break
		}
		first = n
	}
	first = max(first, cue)
	var lines []view
	entries, named := 0, 0
	for _, i := range own[first:] {
		l := x.lines[i]
		_, dated := rules.dates.first(l.s)
		if l.blank {
			lines = append(lines, view{})
		} else if !rules.blockEnd.ok(l.s) && !used[i] && !dated {
			entries++
			named += btoi(kindOf(firstSegment(l.view)) != "" && !lowerish(firstSegment(l.view)) || isPerson(firstSegment(l.view), true))
			lines = append(lines, indented(l))
		}
	}
	if entries >= 3 && named*2 >= entries { // most lines are names
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
	if p.kind != "cable" && p.kind != "letter" && p.kind != "other" || p.signed {
		return
	}
	own := x.own(p)
	found := false // the last line that is not blank was passed
	for n := len(own) - 1; n > 3; n-- {
		v := x.lines[own[n]].trimAny(" .,_")
		ts := tokens(v)
		if x.lines[own[n]].blank || len(ts) > 4 || !x.lines[own[n-1]].blank && !(p.kind == "cable" && !found) || n+1 < len(own) && !x.lines[own[n+1]].blank && kindOf(x.lines[own[n+1]].view) != vocab.Position {
			found = found || !x.lines[own[n]].blank
			continue
		}
		found = true
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
			if rules.motto.ok(x.lines[j].s) || rules.blockEnd.ok(x.lines[j].s) || x.lines[j].blank && len(lines) > 1 || mailOnly.MatchString(x.lines[j].s) {
				break
			}
			lines = append(lines, x.lines[j].view)
		}
		x.endBlock(p, "signature", lines)
		return
	}
}

package extract

import (
	"regexp"
	"strings"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// part is a document of the file: the file itself, a message in a thread, a letter in a message, an entry of a page.
type part struct {
	parent      *part
	first, last int // lines [first, last)
	body        int // the first line after the header block
	inner       []*part
	block       *block
	kind        string
	title       string
	titleAt     view
	date        string
	reference   string
	class       string
	subject     string
	tags        []string
	names       []string
	author      []view
	lead        view      // what shows that the part begins here: its first line
	signed      bool      // somebody signed it
	told        *citation // the document that it tells of and whose signatories it lists
	whole       *entity   // the body that those it lists make up
	askedWhole  bool      // whole was looked for
	asked       bool      // told was looked for
	sender      *entity   // the body whose letter it is
	matterKind  string    // kind by the front matter, when nothing else tells
}

// block is a run of header fields.
type block struct {
	first, last int // lines [first, last)
	fields      []value
	cable       bool
}

type value struct {
	*field
	view         // what follows the label, lines joined
	lines []view // the same, line by line
	whole view   // label and value
}

func (b *block) get(name string) (value, bool) {
	if b != nil {
		for _, f := range b.fields {
			if f.Name == name && !f.empty() {
				return f, true
			}
		}
	}
	return value{}, false
}

func (b *block) has(names ...string) int {
	n := 0
	for _, name := range names {
		for _, f := range b.fields {
			if f.Name == name {
				n++
				break
			}
		}
	}
	return n
}

// asField reads a line as a labelled field.
func asField(l line) (*field, view, bool) {
	if l.blank && !strings.HasSuffix(strings.TrimSpace(l.s), ":") || l.stamp {
		return nil, view{}, false
	}
	if m := rules.fieldLine.FindStringSubmatchIndex(l.s); m != nil {
		return rules.labels[foldLabel(l.s[m[2]:m[3]])], l.cut(m[4], m[5]).trim(), true
	}
	if m := rules.spacedLine.FindStringSubmatchIndex(l.s); m != nil {
		return rules.labels[foldLabel(l.s[m[2]:m[3]])], l.cut(m[4], m[5]).trim(), true
	}
	return nil, view{}, false
}

var (
	dtgLine  = regexp.MustCompile(`^\s*(?:[ROPZD]\s+)+\d{6}Z\s+[A-Z]{3}\s+\d\d\b`)
	oldField = regexp.MustCompile(`^\s*(FM|TO|INFO)\s+([A-Z][A-Z0-9 /.,\-]+)$`)
	manyGaps = regexp.MustCompile(`\s{2,}`)
)

// blocks finds the header blocks between lines first and last.
func blocks(lines []line, first, last int) []*block {
	var out []*block
	for i := first; i < last; i++ {
		b, next := blockAt(lines, i, last)
		if b == nil {
			i = max(i, next-1)
			continue
		}
		if n := len(out); n > 0 && b.cable && out[n-1].cable && b.has("from", "to", "reference", "dtg") == 0 && b.first-out[n-1].last <= 8 {
			out[n-1].fields, out[n-1].last = append(out[n-1].fields, b.fields...), b.last
		} else {
			out = append(out, b)
		}
		i = b.last - 1
	}
	return out
}

// blockAt reads the header block that begins at line i; nil when none does. next is the line after the fields read.
func blockAt(lines []line, i, last int) (b *block, next int) {
	old := dtgLine.MatchString(lines[i].s)
	read := func(l line) (*field, view, bool) {
		if old {
			if m := oldField.FindStringSubmatchIndex(l.s); m != nil {
				name := map[string]string{"FM": "from", "TO": "to", "INFO": "info"}[l.s[m[2]:m[3]]]
				return rules.fields[name], l.cut(m[4], m[5]).trim(), true
			}
		}
		return asField(l)
	}
	if !old {
		if lines[i].blank || lines[i].stamp {
			return nil, i
		}
		for _, re := range rules.quoted {
			if m := re.FindStringSubmatchIndex(lines[i].s); m != nil {
				from, date := group(lines[i].view, m, re, "from"), group(lines[i].view, m, re, "date")
				return &block{first: i, last: i + 1, fields: []value{
					{rules.fields["from"], from, []view{from}, lines[i].view}, {rules.fields["date"], date, []view{date}, lines[i].view}}}, i + 1
			}
		}
		if f, _, ok := read(lines[i]); !ok || !f.Header {
			return nil, i
		}
	}
	b = &block{first: i, last: i}
	seenFrom := false
	for j := i; j < last && j < i+400; j++ {
		l := lines[j]
		if l.stamp {
			continue
		}
		if j == i && old {
			b.fields = append(b.fields, value{rules.fields["dtg"], l.view, []view{l.view}, l.view})
			b.last = j + 1
			continue
		}
		f, v, ok := read(l)
		if ok && !f.Header && len(b.fields) > 0 {
			break
		}
		if ok && f.Name == "from" {
			if seenFrom && b.has("to", "subject", "date", "action") > 0 {
				break
			}
			seenFrom = true
		}
		if ok {
			b.fields = append(b.fields, value{f, v, []view{v}, l.view})
			b.last = j + 1
			continue
		}
		if n := len(b.fields); l.blank && n > 0 && b.fields[n-1].List && strings.HasSuffix(strings.TrimSpace(b.fields[n-1].s), ";") && j < b.last+5 {
			continue // a page break in the middle of a list
		}
		if l.blank {
			k := j + 1
			for k < last && k < j+3 && (lines[k].blank || lines[k].stamp) {
				k++
			}
			if k < last && len(b.fields) > 0 {
				if g, _, ok := read(lines[k]); ok && g.Header && g.Name != "from" && b.has(g.Name) == 0 && !(b.has("subject") > 0 && !b.isCable()) {
					j = k - 1
					continue
				}
			}
			break
		}
		if len(b.fields) == 0 {
			break
		}
		prev := &b.fields[len(b.fields)-1]
		if old && (spaced(tokens(l.view)[:1]) || rules.cableNumber.MatchString(l.s) || rules.caption.MatchString(l.s) || rules.classification.MatchString(l.s)) {
			continue // a marking between the addressees and the rest of the header
		}
		if !goesOn(lines, j, last, *prev, read) && !(old && prev.List && (l.indent >= 3 || strings.ToUpper(l.s) == l.s && len(tokens(l.view)) <= 6)) {
			break
		}
		prev.view = joined(prev.view, l.trim())
		prev.lines = append(prev.lines, l.view)
		prev.whole = joined(prev.whole, l.trim())
		b.last = j + 1
	}
	b.cable = b.isCable()
	core := b.has("from", "to", "cc", "date", "subject")
	if b.cable && len(b.fields) >= 2 || b.has("from") > 0 && core >= 2 || b.has("to") > 0 && b.has("subject") > 0 && core >= 3 {
		return b, b.last
	}
	return nil, b.last
}

func (b *block) isCable() bool {
	return b.has("reference", "dtg", "action", "order", "tags") >= 2 || b.has("dtg") > 0 || b.has("tags") > 0 && b.has("subject") > 0 || b.has("action", "info") == 2
}

// refItem is a further entry of a reference line: "B) 19 City 3428".
var refItem = regexp.MustCompile(`^\(?[A-Z][).]\s*\S`)

// goesOn tells whether line j, which has no label, belongs to the field before it.
func goesOn(lines []line, j, last int, prev value, read func(line) (*field, view, bool)) bool {
	end := strings.TrimSpace(prev.s)
	if prev.Name == "refs" && refItem.MatchString(lines[j].s) {
		return true
	}
	if strings.HasSuffix(end, ";") || prev.List && strings.Contains(lines[j].s, ";") && lines[j].quote == lines[max(j-1, 0)].quote || prev.List && (strings.HasSuffix(end, ",") || strings.HasSuffix(end, "-")) {
		return true
	}
	if lines[j].indent >= 6 && !prev.empty() && prev.Name != "date" {
		return lines[j].indent >= 12 || prev.List
	}
	for k := j; k < last && k < j+12; k++ { // a field of the block follows before a blank line
		if lines[k].blank {
			return false
		}
		if f, _, ok := read(lines[k]); ok && k > j {
			return f.Header && f.Name != "from"
		}
		if !prev.List && k > j+1 {
			return false
		}
	}
	return false
}

// Limits on the parts of one file: messages in messages, entries of a page.
const (
	maxNested  = 200
	maxEntries = 20000
)

// segment finds the documents of the file.
func (x *reader) segment() {
	root := &part{first: 0, last: len(x.lines)}
	x.parts = []*part{root}
	root.body = x.frontMatter(root)
	bs := blocks(x.lines, root.body, len(x.lines))
	if len(bs) == 0 {
		if b := x.scattered(root); b != nil {
			bs = append(bs, b)
		}
	}
	if len(bs) > 0 && !x.weighty(root.body, bs[0].first) {
		x.head(root, bs[0])
		bs = bs[1:]
	} else if len(bs) == 0 {
		x.entries(root)
		if root.matterKind != "" && root.kind != "page" {
			x.quoted(root)
		}
	}
	cur := root
	for n, b := range bs {
		if n >= maxNested { // what is deeper stays with the last one
			break
		}
		p := &part{parent: cur, first: b.first, last: cur.last, lead: x.lines[b.first].view}
		x.head(p, b)
		cur.inner = append(cur.inner, p)
		x.parts = append(x.parts, p)
		cur = p
	}
	for _, p := range x.parts[:len(x.parts):len(x.parts)] {
		if p.block != nil {
			x.enclosed(p)
			if len(p.inner) == 0 {
				x.digest(p)
			}
		}
	}
}

var (
	sourceEnd   = regexp.MustCompile(`\(\s*[\pL][^()]{1,50}\)\s*\.?\s*$`)
	digestTitle = regexp.MustCompile(`^\p{Lu}[\p{Lu} /().,'’&\-]{2,70}$`)
)

// digest cuts a press review: entries under titles in capitals, most of which end in their source in brackets.
func (x *reader) digest(p *part) {
	var heads []int
	for i := p.body; i+1 < p.last; i++ {
		l, next := x.lines[i], x.lines[i+1]
		if !l.blank && !l.stamp && digestTitle.MatchString(l.trim().s) && !next.blank && len(tokens(next.view)) >= 8 && !digestTitle.MatchString(next.trim().s) {
			heads = append(heads, i)
		}
	}
	if len(heads) < 4 {
		return
	}
	sourced := 0
	var es []*part
	for n, first := range heads {
		last := p.last
		if n+1 < len(heads) {
			last = heads[n+1]
		}
		end := first + 1
		for end < last && (!x.lines[end].blank || x.lines[end].stamp) {
			end++
		}
		for k := end; k < last && k < end+3; k++ { // the source may stand on a line of its own
			if !x.lines[k].blank && sourceEnd.MatchString(x.lines[k].s) && len(x.lines[k].s) < 60 {
				end = k + 1
			}
		}
		if sourceEnd.MatchString(x.lines[end-1].s) {
			sourced++
		}
		t := x.lines[first].trim()
		es = append(es, &part{parent: p, first: first, last: end, body: first + 1, kind: "newsPost", title: t.s, titleAt: t, lead: t})
	}
	if sourced*10 < len(heads)*6 {
		return
	}
	if p.kind == "email" { // the review is a document of its own in the message that brings it
		first := p.body
		for x.lines[first].blank || x.lines[first].stamp {
			first++
		}
		if first < heads[0] {
			x.enclose(p, first, p.last, "page")
			p = p.inner[0]
			for _, e := range es {
				e.parent = p
			}
		}
	}
	p.inner = es
	x.parts = append(x.parts, es...)
}

// inlineField is a cable's label within a line, after another field ("ACTION: X INFO: Y").
var inlineField = regexp.MustCompile(`\s(INFO|ACTION|TO|FOR):\s`)

// scattered reads the header of a cable whose fields OCR left apart, with a blank line after each: four or more labels
// within the first lines, one of them a cable's own.
func (x *reader) scattered(p *part) *block {
	b := &block{first: p.body, last: p.body}
	for i, n := p.body, 0; i < p.last && n < 60; i++ {
		l := x.lines[i]
		if l.blank || l.stamp {
			continue
		}
		n++
		f, v, ok := asField(l)
		if m := citeLine.FindStringSubmatchIndex(l.s); m != nil && !ok {
			f, v, ok = rules.fields["reference"], l.cut(m[2], m[3]), true
		}
		if !ok || !f.Header {
			continue
		}
		rest := view{}
		if m := inlineField.FindStringSubmatchIndex(v.s); m != nil {
			rest = v.cut(m[2], len(v.s))
			v = v.cut(0, m[0]).trim()
		}
		b.fields = append(b.fields, value{f, v, []view{v}, l.view})
		b.last = i + 1
		if !rest.empty() {
			if g, w, ok := asField(line{view: rest}); ok {
				for k := i + 1; k < p.last && k < i+3 && strings.HasSuffix(w.s, ","); k++ { // the list goes on below
					if c := x.lines[k]; !c.blank && !c.stamp {
						w = joined(w, c.trim())
					}
				}
				b.fields = append(b.fields, value{g, w, []view{w}, rest})
			}
		}
	}
	if b.has("action", "info", "reference", "order", "tags", "refs") >= 2 && b.has("subject") > 0 && len(b.fields) >= 4 {
		b.cable = true
		return b
	}
	return nil
}

var citeLine = regexp.MustCompile(`^\s*CITE\s+([A-Z][A-Z .]+ \d{3,6})\b`)

func (x *reader) head(p *part, b *block) {
	p.block, p.body, p.kind = b, b.last, "email"
	if b.cable {
		p.kind = "cable"
	}
	if p.kind == "email" && p.parent == nil {
		for i := p.first; i < b.first; i++ {
			if rules.memorandum.MatchString(x.lines[i].s) {
				p.kind = "other"
			}
		}
	}
}

// weighty tells whether running text stands between the lines: then what follows is not the head of the whole.
func (x *reader) weighty(first, last int) bool {
	n := 0
	for i := first; i < last; i++ {
		if l := x.lines[i]; !l.blank && !l.stamp {
			n += len(tokens(l.view))
		}
	}
	return n > 40
}

// enclosed finds a letter or a release within the body of a message.
func (x *reader) enclosed(p *part) {
	end := p.last
	if len(p.inner) > 0 {
		end = p.inner[0].first
	}
	seen := 0 // words of the message before
	for i := p.body; i < end; i++ {
		l := x.lines[i]
		if l.blank || l.stamp {
			continue
		}
		if m, _ := rules.release.match(l.s); m != nil && len(l.s) < 80 {
			first := x.blockStart(p, i)
			x.enclose(p, first, end, "pressRelease")
			return
		}
		if rules.salutation.ok(l.s) {
			first := x.letterStart(p, i)
			if seen >= 2 || p.kind == "cable" && seen > 0 {
				x.enclose(p, first, x.textEnd(p, i, end), "letter")
				return
			}
		}
		seen++
	}
}

func (x *reader) enclose(p *part, first, last int, kind string) {
	c := &part{parent: p, first: first, last: last, body: first, kind: kind, lead: x.lines[first].view}
	p.inner = append([]*part{c}, p.inner...)
	x.parts = append(x.parts, c)
}

// textEnd is where a text enclosed at line i ends: at an "end text", or at the clearance block of a cable.
func (x *reader) textEnd(p *part, i, end int) int {
	for ; i < end; i++ {
		l := x.lines[i]
		if rules.endText.MatchString(l.s) {
			return i
		}
		if f, _, ok := asField(l); ok && !f.Header && p.kind == "cable" {
			return i
		}
	}
	return end
}

// quoted finds a document that a post gives in full: the letter that it tells of, with its signatories.
func (x *reader) quoted(p *part) {
	cue := -1 // the last cue of a list of signatories
	for i := p.body; i < p.last; i++ {
		if rules.signatories.ok(x.lines[i].trim().s) {
			cue = i
		}
	}
	for i := p.body; i < p.last; i++ {
		l := x.lines[i]
		if l.blank || l.stamp || len(l.s) > 300 {
			continue
		}
		m, re := rules.quotes.match(l.s)
		if m == nil {
			continue
		}
		if cue <= i {
			return
		}
		first := i + 1
		for x.lines[first].blank {
			first++
		}
		kind := strings.ToLower(group(l.view, m, re, "kind").s)
		if kind = map[string]string{"letter": "letter", "carta": "letter"}[kind]; kind == "" {
			kind = "other"
		}
		x.enclose(p, first, p.last, kind)
		p.kind = p.matterKind
		return
	}
}

// afterSignature: a closing formula stands before line i.
func (x *reader) afterSignature(first, i int) bool {
	for ; first < i; first++ {
		if rules.closing.ok(x.lines[first].trim().s) {
			return true
		}
	}
	return false
}

// blockStart goes up from line i over the short lines of a letterhead.
func (x *reader) blockStart(p *part, i int) int {
	first, gap := i, 0
	for j := i - 1; j >= p.body && i-j < 14; j-- {
		l := x.lines[j]
		switch {
		case l.stamp:
		case l.blank:
			if gap++; gap > 2 {
				return first
			}
		case gap > 0 && !(strings.ToUpper(l.s) == l.s || kindOf(l.view) == vocab.Institution || l.heading > 0):
			return first
		case len(l.s) > 90 || strings.HasSuffix(l.s, ".") && len(l.s) > 30 || strings.HasSuffix(l.s, ":"):
			return first
		default:
			first, gap = j, 0
		}
	}
	return first
}

// letterStart goes up from a salutation over the address block to the date line.
func (x *reader) letterStart(p *part, i int) int {
	first, gap := i, 0
	signed := x.afterSignature(p.body, i) // the lines above may be a signature: only a date line takes us over them
	for j := i - 1; j >= p.body && i-j < 20; j-- {
		l := x.lines[j]
		switch {
		case l.stamp:
		case l.blank:
			if gap++; gap > 3 {
				return first
			}
		case rules.beginText.MatchString(l.s) || strings.HasSuffix(strings.TrimSpace(l.s), ":") || len(l.s) > 90 || strings.HasSuffix(l.s, ".") && len(tokens(l.view)) > 7:
			return first
		default:
			if gap > 2 && first < i {
				if _, ok := rules.dates.first(l.s); !ok {
					return first
				}
			}
			if f, ok := rules.dates.first(l.s); ok && len(f.iso) == 10 && len(l.s) < 60 {
				return j
			}
			if !signed {
				first = j
			}
			gap = 0
		}
	}
	return first
}

// entries cuts a page at the lines that are nothing but a date: three or more make it a page of dated entries.
func (x *reader) entries(p *part) {
	type mark struct {
		line int
		iso  string
	}
	var marks []mark
	for i := p.body; i < p.last; i++ {
		l := x.lines[i]
		if l.blank || l.stamp || l.cells {
			continue
		}
		if iso, ok := rules.dates.only(l.s); ok && len(marks) < maxEntries {
			marks = append(marks, mark{i, iso})
		}
	}
	if len(marks) < 3 {
		return
	}
	// Where most dates stand right under a title, the entry begins with the title.
	titled := 0
	for _, m := range marks {
		if x.titleAbove(p, m.line) >= 0 {
			titled++
		}
	}
	above := titled*10 >= len(marks)*7
	for k, m := range marks {
		e := &part{parent: p, first: m.line, last: p.last, kind: "newsPost", date: m.iso}
		if t := x.titleAbove(p, m.line); above && t >= 0 {
			e.first = t
			e.title, e.titleAt = x.lines[t].s, x.lines[t].view
		}
		e.body = m.line + 1
		if k > 0 {
			p.inner[k-1].last = e.first
		}
		e.lead = x.lines[m.line].view
		p.inner = append(p.inner, e)
	}
	x.parts = append(x.parts, p.inner...)
	p.kind = "page"
}

// titleAbove is the line of the title that stands right above line i, or -1.
func (x *reader) titleAbove(p *part, i int) int {
	for j := i - 1; j >= p.body && j >= i-2; j-- {
		l := x.lines[j]
		if l.blank || l.stamp {
			continue
		}
		if _, ok := rules.dates.only(l.s); ok {
			return -1
		}
		if l.heading > 0 || len(l.s) < 160 && len(tokens(l.view)) >= 3 && !strings.HasSuffix(l.s, ".") && !strings.HasSuffix(l.s, "”") {
			return j
		}
		return -1
	}
	return -1
}

// own lists the lines of p that are in none of its inner parts, without the stamps of pages. It needs settle.
func (x *reader) own(p *part) []int {
	var out []int
	for i := p.body; i < p.last; i++ {
		switch q := x.owner[i]; {
		case q == p:
			if !x.lines[i].stamp {
				out = append(out, i)
			}
		case q.first >= p.first && q.last <= p.last && q.last > i+1:
			i = q.last - 1
		}
	}
	return out
}

func foldLabel(s string) string { return graph.Fold(manyGaps.ReplaceAllString(s, " ")) }

func roleOf(f *field) vocab.Predicate { return vocab.Predicate(f.Role) }

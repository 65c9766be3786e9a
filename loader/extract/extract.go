// Package extract reads a document into claims: rules over its layout, all of them data.
//
// The text is cut into lines whose markup is gone (lines.go), the lines into parts (parts.go: messages of a thread,
// a letter in a message, entries of a page), and of each part the zones are read (zones.go: header block, letterhead,
// address, salutation, signature, copy list, clearance block). What stands in a zone becomes a party (names.go,
// actors.go), parties of one name become an entity (registry.go), and each relation a claim at its exact span.
// What is known of the world (words, labels, formulas, names) is data: rules/*.yaml and gazetteers/*. The code holds
// shapes of text: an inverted name, a column, a mailbox, a date.
package extract

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
)

// Extract gives everything that the document says, as one batch whose File is "doc:" and the document's hash. It never
// fails: a text in which nothing is recognised is still a document. The same document always gives the same batch.
// Spans of claims are offsets in the innermost part that holds them, as graph.Claim asks.
func Extract(d document.Document) graph.Batch {
	x := &reader{doc: d, file: graph.ID("doc:" + d.Hash), text: []rune(d.Text), lines: splitLines(d.Text), reg: newRegistry(), citations: map[string]*citation{}}
	x.segment()
	x.settle()
	x.defineAcronyms()
	for _, p := range x.parts {
		x.read(p)
	}
	return x.batch()
}

// reader is the state of one extraction.
type reader struct {
	doc       document.Document
	file      graph.ID
	text      []rune
	lines     []line
	parts     []*part
	owner     []*part // of each line: the innermost part that it is in
	reg       *registry
	claims    []claim
	cited     []*citation
	citations map[string]*citation // by folded number, or by name
	words     [][]int              // function words of each language up to each line
	bodies    map[string]view      // names of ministries and the like; nil before they are looked for
	acronyms  map[string]string    // acronym -> full name, as the text defines it
	late      []func()             // what needs every entity of the file
}

// end is one end of a claim: an entity, a part or a cited document.
type end struct {
	entity *entity
	part   *part
	cite   *citation
}

// claim is a relation between two ends, with its evidence in offsets of the whole text.
type claim struct {
	s, o end
	p    vocab.Predicate
	at   graph.Span
	by   string
}

// citation is a document that is only referred to.
type citation struct {
	reference, kind, date string
	names                 []string
	id                    graph.ID
}

func (x *reader) claim(s end, p vocab.Predicate, o end, at view, by string) {
	at = x.unbroken(at.trim())
	if at.empty() || s == (end{}) || o == (end{}) || s == o {
		return
	}
	x.claims = append(x.claims, claim{s, o, p, x.withMarkup(at.span()), by})
	switch {
	case p == vocab.Signed && o.part != nil:
		o.part.signed = true
	case p == vocab.HoldsPosition:
		s.entity.titles = append(s.entity.titles, o.entity.forms[0])
	}
}

// unbroken cuts a view where other words of the text stand between two of its own: the lines of one column have those
// of the other between them, and a quote is one stretch of text. The first stretch holds the name.
func (x *reader) unbroken(v view) view {
	for i := 1; i < len(v.off); i++ {
		if v.off[i]-v.off[i-1] < 2 {
			continue
		}
		between := strings.TrimSpace(string(x.text[v.off[i-1]+1 : v.off[i]]))
		if between != "" && !strings.ContainsRune("<&[(", rune(between[0])) && strings.ContainsFunc(between, unicode.IsLetter) && !rules.stamps.ok(between) && !rules.redaction.MatchString(between) {
			return v.cut(0, i).trim()
		}
	}
	return v
}

// withMarkup widens a span over the emphasis marks right beside it, so that a quote is not cut through "**To:**".
func (x *reader) withMarkup(s graph.Span) graph.Span {
	mark := func(i int) bool { return i >= 0 && i < len(x.text) && (x.text[i] == '*' || x.text[i] == '_') }
	for mark(s.Start - 1) {
		s.Start--
	}
	for mark(s.End) {
		s.End++
	}
	return s
}

// cite gives the citation of a reference number, one for each in the file.
func (x *reader) cite(c citation) *citation {
	key := "\x00" + c.names[0]
	if c.reference != "" {
		key = graph.Fold(c.reference)
	}
	if old := x.citations[key]; old != nil {
		return old
	}
	x.cited, x.citations[key] = append(x.cited, &c), &c
	return &c
}

// span of a part in the text.
func (x *reader) span(p *part) graph.Span {
	if p.parent == nil {
		return graph.Span{Start: 0, End: len(x.text)}
	}
	return graph.Span{Start: x.lines[p.first].start, End: x.lines[p.last-1].end}
}

// batch puts the findings into the terms of package graph.
func (x *reader) batch() graph.Batch {
	for _, f := range x.late {
		f()
	}
	b := graph.Batch{File: x.file, Text: x.doc.Text}
	ids := map[*part]graph.ID{}
	for i, p := range x.parts {
		id := x.file
		if i > 0 {
			id = graph.ID(fmt.Sprintf("%s/%d", x.file, i))
		}
		ids[p] = id
		names := slices.DeleteFunc(unique(p.names), func(s string) bool { return s == p.title || s == p.reference })
		d := graph.Document{ID: id, Loaded: true, Span: x.span(p), Kind: p.kind, Title: clip(p.title), Date: p.date, Reference: p.reference,
			Language: x.language(p), Classification: p.class, Subject: clip(p.subject), Tags: unique(p.tags), Names: names}
		if i == 0 {
			d.Rules = Version()
		}
		b.Documents = append(b.Documents, d)
	}
	known := map[graph.ID]bool{}
	for _, c := range x.cited {
		name, scope := c.reference, graph.ID("")
		if name == "" {
			name, scope = c.names[0], x.file
		}
		if c.id = graph.CiteID(name, scope); c.id == "" || known[c.id] {
			continue
		}
		known[c.id] = true
		b.Documents = append(b.Documents, graph.Document{ID: c.id, Kind: c.kind, Date: c.date, Reference: c.reference, Names: unique(c.names)})
	}
	b.Entities = x.reg.finish(x.file)
	x.mentions()
	resolve := func(e end) graph.ID {
		switch {
		case e.entity != nil:
			return e.entity.id
		case e.part != nil:
			return ids[e.part]
		}
		return e.cite.id
	}
	for _, c := range x.claims {
		s, o := resolve(c.s), resolve(c.o)
		if s == "" || o == "" || s == o {
			continue
		}
		in := x.innermost(c.at)
		at := x.span(in)
		b.Claims = append(b.Claims, graph.Claim{Subject: s, Predicate: c.p, Object: o, Document: ids[in],
			Span: graph.Span{Start: c.at.Start - at.Start, End: c.at.End - at.Start}, Extractor: c.by, Confidence: rules.confidence(c.by)})
	}
	slices.SortFunc(b.Claims, func(a, c graph.Claim) int {
		return cmp.Or(cmp.Compare(a.Document, c.Document), cmp.Compare(a.Span.Start, c.Span.Start), cmp.Compare(a.Span.End, c.Span.End),
			cmp.Compare(a.Subject, c.Subject), cmp.Compare(a.Predicate, c.Predicate), cmp.Compare(a.Object, c.Object), cmp.Compare(a.Extractor, c.Extractor))
	})
	b.Claims = slices.Compact(b.Claims)
	return b
}

// settle orders the parts, outer before inner, and notes for every line the innermost part that it is in.
func (x *reader) settle() {
	slices.SortStableFunc(x.parts[1:], func(a, b *part) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last)) })
	x.owner = make([]*part, len(x.lines))
	for _, p := range x.parts {
		for i := p.first; i < p.last; i++ {
			x.owner[i] = p
		}
	}
}

// innermost is the smallest part that holds the span.
func (x *reader) innermost(s graph.Span) *part {
	p := x.owner[x.lineAt(s.Start)]
	for p.parent != nil && x.span(p).End < s.End {
		p = p.parent
	}
	return p
}

// lineAt is the line that holds an offset of the text, or the last one before it.
func (x *reader) lineAt(off int) int {
	return max(0, sort.Search(len(x.lines), func(i int) bool { return x.lines[i].start > off })-1)
}

// mentions finds every place where a form of an entity's name stands, and claims that the innermost part there
// mentions it.
func (x *reader) mentions() {
	byForm := map[string]*entity{}
	lengths := map[string][]int{} // first word of a form -> lengths of the forms that begin with it, longest first
	for _, e := range x.reg.list {
		if e.class == vocab.Position || e.id == "" {
			continue
		}
		for _, f := range e.forms {
			if first := firstWord(f); first != "" && strings.HasPrefix(f, first) && utf8.RuneCountInString(f) >= 3 && byForm[f] == nil {
				byForm[f] = e
				lengths[first] = append(lengths[first], len(f))
			}
		}
	}
	for w, l := range lengths {
		slices.SortFunc(l, func(a, b int) int { return b - a })
		lengths[w] = slices.Compact(l)
	}
	for i, l := range x.lines {
		if l.stamp || l.blank {
			continue
		}
		at := 0
		for _, m := range tokenPattern.FindAllStringIndex(l.s, -1) {
			if m[0] < at {
				continue
			}
			for _, n := range lengths[l.s[m[0]:m[1]]] {
				to := m[0] + n
				if to > len(l.s) || to < len(l.s) && wordByte(l.s[to:]) {
					continue
				}
				if e := byForm[l.s[m[0]:to]]; e != nil {
					at = to
					x.claim(end{part: x.owner[i]}, vocab.Mentions, end{entity: e}, l.cut(m[0], to), "mention")
					break
				}
			}
		}
	}
}

func wordByte(s string) bool {
	m := tokenPattern.FindStringIndex(s)
	return m != nil && m[0] == 0
}

func firstWord(s string) string { return tokenPattern.FindString(s) }

func unique(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// clip keeps a title to a length that can be shown.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) > 300 {
		return string(r[:300])
	}
	return s
}

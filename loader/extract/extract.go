// Package extract reads a document into claims: rules over its layout, all of them data.
//
// The text is cut into lines whose markup is gone (lines.go), the lines into parts (parts.go: messages of a thread,
// a letter in a message, entries of a page), and of each part the zones are read (zones.go: header block, letterhead,
// address, salutation, signature, copy list, clearance block). What stands in a zone becomes a party (names.go,
// actors.go), parties of one name become an entity (registry.go), and each relation a claim at its exact span.
// The rules about the world are rules/*.yaml and gazetteers/*; the code holds rules about computing only.
package extract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
)

// Extract gives everything that the document says, as one batch whose File is "doc:" and the document's hash. It never
// fails: a text in which nothing is recognised is still a document. The same document always gives the same batch.
// Spans of claims are offsets in the innermost part that holds them, as graph.Claim asks.
func Extract(d document.Document) graph.Batch {
	x := &reader{doc: d, file: graph.ID("doc:" + d.Hash), text: []rune(d.Text), lines: splitLines(d.Text), reg: newRegistry()}
	x.segment()
	x.defineAcronyms()
	for _, p := range x.parts {
		x.read(p)
	}
	return x.batch()
}

// reader is the state of one extraction.
type reader struct {
	doc      document.Document
	file     graph.ID
	text     []rune
	lines    []line
	parts    []*part
	reg      *registry
	claims   []claim
	cited    []*citation
	bodies   []view            // names of ministries and the like; nil before they are looked for
	acronyms map[string]string // acronym -> full name, as the text defines it
	late     []func()          // what needs every entity of the file
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
	at = at.trim()
	if at.empty() || s == (end{}) || o == (end{}) || s == o {
		return
	}
	x.claims = append(x.claims, claim{s, o, p, x.withMarkup(at.span()), by})
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
	for _, old := range x.cited {
		if c.reference != "" && graph.Fold(old.reference) == graph.Fold(c.reference) || c.reference == "" && old.reference == "" && len(c.names) > 0 && old.names[0] == c.names[0] {
			return old
		}
	}
	x.cited = append(x.cited, &c)
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
	slices.SortStableFunc(x.parts[1:], func(a, b *part) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last)) })
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
	for _, c := range x.cited {
		name, scope := c.reference, graph.ID("")
		if name == "" {
			name, scope = c.names[0], x.file
		}
		if c.id = graph.CiteID(name, scope); c.id == "" || slices.ContainsFunc(b.Documents, func(d graph.Document) bool { return d.ID == c.id }) {
			continue
		}
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

// innermost is the smallest part that holds the span.
func (x *reader) innermost(s graph.Span) *part {
	best := x.parts[0]
	for _, p := range x.parts[1:] {
		if at := x.span(p); at.Start <= s.Start && s.End <= at.End && at.End-at.Start <= x.span(best).End-x.span(best).Start {
			best = p
		}
	}
	return best
}

// mentions finds every place where a form of an entity's name stands, and claims that the innermost part there
// mentions it.
func (x *reader) mentions() {
	type form struct {
		text string
		e    *entity
	}
	byFirst := map[string][]form{}
	for _, e := range x.reg.list {
		if e.class == vocab.Position || e.id == "" {
			continue
		}
		for _, f := range e.forms {
			if ts := strings.Fields(f); len(ts) > 0 && utf8.RuneCountInString(f) >= 3 {
				byFirst[firstWord(f)] = append(byFirst[firstWord(f)], form{f, e})
			}
		}
	}
	for _, fs := range byFirst {
		slices.SortStableFunc(fs, func(a, b form) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	for _, l := range x.lines {
		if l.stamp || l.blank {
			continue
		}
		at := 0
		for _, m := range tokenPattern.FindAllStringIndex(l.s, -1) {
			if m[0] < at {
				continue
			}
			for _, f := range byFirst[firstWord(l.s[m[0]:])] {
				n := len(f.text)
				if !strings.HasPrefix(l.s[m[0]:], f.text) || m[0]+n < len(l.s) && wordByte(l.s[m[0]+n:]) {
					continue
				}
				at = m[0] + n
				v := l.cut(m[0], at)
				x.claim(end{part: x.innermost(v.span())}, vocab.Mentions, end{entity: f.e}, v, "mention")
				break
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

package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"casegraph/graph/vocab"
)

// Relation is one edge with everything that supports it.
type Relation struct {
	ID        ID
	Subject   ID
	Predicate vocab.Predicate
	Object    ID
	Claims    []Claim // at least one; sorted by document, span, extractor; their Confidence is not read yet (see Evidence)
}

// Other is the end of the relation that is not id.
func (r Relation) Other(id ID) ID {
	if r.Subject == id {
		return r.Object
	}
	return r.Subject
}

// RelationID names the edge: rel:<subject>|<predicate>|<object>.
func RelationID(subject ID, predicate vocab.Predicate, object ID) ID {
	return ID("rel:" + string(subject) + "|" + string(predicate) + "|" + string(object))
}

// ParseRelationID takes the ID of a relation apart; ok is false for any other text.
func ParseRelationID(id ID) (subject ID, predicate vocab.Predicate, object ID, ok bool) {
	rest, isRel := strings.CutPrefix(string(id), "rel:")
	parts := strings.Split(rest, "|")
	if !isRel || len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return "", "", "", false
	}
	if _, known := vocab.Lookup(vocab.Predicate(parts[1])); !known {
		return "", "", "", false
	}
	return ID(parts[0]), vocab.Predicate(parts[1]), ID(parts[2]), true
}

// Relations returns the relations that p selects, sorted by ID. Without predicates all count but sameAs, which is how
// the graph is read rather than what it says; Literals do not count. More than limit matching statements are
// ErrTooMany; 0 is no limit.
func (g *Graph) Relations(ctx context.Context, p Pattern, limit int) ([]Relation, error) {
	rels, _, err := g.relations(ctx, p, limit)
	return rels, err
}

// relations is Relations that also tells the sameness of the nodes asked for.
func (g *Graph) relations(ctx context.Context, p Pattern, limit int) ([]Relation, sameness, error) {
	asked, err := g.same(ctx, append(slices.Clone(p.Subjects), p.Objects...))
	if err != nil {
		return nil, asked, err
	}
	p.Subjects, p.Objects, p.Literals = asked.all(p.Subjects), asked.all(p.Objects), nil
	p.Predicates = orRelations(p.Predicates)
	found, err := g.findAtMost(ctx, p, limit)
	if err != nil {
		return nil, asked, err
	}
	cited := []ID{}
	for _, s := range found {
		for _, id := range []ID{s.Subject, s.Object} {
			if isCited(id) {
				cited = append(cited, id)
			}
		}
	}
	ends, err := g.same(ctx, cited)
	if err != nil {
		return nil, asked, err
	}
	byID := map[ID]*Relation{}
	for _, s := range found {
		if s.Object == "" {
			continue // a property of the same name
		}
		doc, by, span, err := s.Label.Parse()
		if err != nil {
			return nil, asked, fmt.Errorf("relation %s %s %s: %w", s.Subject, s.Predicate, s.Object, err)
		}
		subject, object := s.Subject, s.Object
		if s.Predicate != vocab.SameAs {
			subject, object = ends.of(subject), ends.of(object)
		}
		id := RelationID(subject, s.Predicate, object)
		r := byID[id]
		if r == nil {
			r = &Relation{ID: id, Subject: subject, Predicate: s.Predicate, Object: object}
			byID[id] = r
		}
		r.Claims = append(r.Claims, Claim{Subject: s.Subject, Predicate: s.Predicate, Object: s.Object, Document: doc, Span: span, Extractor: by})
	}
	rels := make([]Relation, 0, len(byID))
	for _, r := range byID {
		slices.SortFunc(r.Claims, compareClaims)
		rels = append(rels, *r)
	}
	slices.SortFunc(rels, func(a, b Relation) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return rels, asked, nil
}

// orRelations is predicates, and for nil every relation but sameAs.
func orRelations(predicates []vocab.Predicate) []vocab.Predicate {
	if predicates == nil {
		for _, r := range vocab.Relations() {
			if r.Name != vocab.SameAs {
				predicates = append(predicates, r.Name)
			}
		}
	}
	return predicates
}

func compareClaims(a, b Claim) int {
	return cmp.Or(
		strings.Compare(string(a.Document), string(b.Document)),
		a.Span.Start-b.Span.Start, a.Span.End-b.Span.End,
		strings.Compare(a.Extractor, b.Extractor),
		strings.Compare(string(a.Subject), string(b.Subject)),
		strings.Compare(string(a.Object), string(b.Object)))
}

// Direction says at which end of an edge a question stands.
type Direction int

// Out follows edges from their subject, In from their object, Both from either end.
const (
	Out Direction = iota
	In
	Both
)

// Related returns the relations of each of ids by the ID asked for, sorted by ID; an id without any is absent.
// Predicates and limit are as in Relations. Symmetric relations are found from either end with Both only.
func (g *Graph) Related(ctx context.Context, ids []ID, predicates []vocab.Predicate, dir Direction, limit int) (map[ID][]Relation, error) {
	if ids == nil {
		ids = []ID{}
	}
	out := map[ID][]Relation{}
	ask := func(p Pattern, end func(Relation) ID) error {
		rels, same, err := g.relations(ctx, p, limit)
		if err != nil {
			return err
		}
		at := map[ID][]Relation{}
		for _, r := range rels {
			at[end(r)] = append(at[end(r)], r)
		}
		for _, id := range unique(ids) {
			if rels := at[same.of(id)]; len(rels) > 0 {
				out[id] = append(out[id], rels...)
			}
		}
		return nil
	}
	if dir != In {
		if err := ask(Pattern{Subjects: ids, Predicates: predicates}, func(r Relation) ID { return r.Subject }); err != nil {
			return nil, err
		}
	}
	if dir != Out {
		if err := ask(Pattern{Objects: ids, Predicates: predicates}, func(r Relation) ID { return r.Object }); err != nil {
			return nil, err
		}
	}
	if dir == Both {
		for id, rels := range out {
			slices.SortFunc(rels, func(a, b Relation) int { return strings.Compare(string(a.ID), string(b.ID)) })
			out[id] = slices.CompactFunc(rels, func(a, b Relation) bool { return a.ID == b.ID })
		}
	}
	return out, nil
}

// Evidence is a claim with the words that it rests on.
type Evidence struct {
	Claim
	Quote   string // the text of Claim.Document at Claim.Span
	Context string // the sentence or line around the quote, with the quote in it
}

// Evidence reads what the claims rest on, in their order, in two calls. A claim whose document or span is not in the
// store is an error: evidence is never made up.
func (g *Graph) Evidence(ctx context.Context, claims []Claim) ([]Evidence, error) {
	docs, labels := make([]ID, len(claims)), make([]ID, len(claims))
	for i, c := range claims {
		docs[i], labels[i] = c.Document, ID(c.Label())
	}
	texts, err := g.texts(ctx, docs)
	if err != nil {
		return nil, err
	}
	found, err := g.find(ctx, Pattern{Subjects: unique(labels), Predicates: []vocab.Predicate{confidenceOf}})
	if err != nil {
		return nil, err
	}
	confidence := map[ID]float64{}
	for _, s := range found {
		v, err := strconv.ParseFloat(s.Literal, 64)
		if err != nil {
			return nil, fmt.Errorf("confidence of claim %s: %w", s.Subject, err)
		}
		// Two rules of one name at one place may differ: the more careful figure holds.
		if old, ok := confidence[s.Subject]; !ok || v < old {
			confidence[s.Subject] = v
		}
	}
	out := make([]Evidence, len(claims))
	for i, c := range claims {
		t, ok := texts[c.Document]
		if !ok {
			return nil, fmt.Errorf("claim %s: its document has no text in the store", c.Label())
		}
		from, to, ok := t.at(c.Span)
		if !ok {
			return nil, fmt.Errorf("claim %s: the span is not in the text of its document", c.Label())
		}
		c.Confidence = confidence[labels[i]]
		out[i] = Evidence{Claim: c, Quote: t.text[from:to], Context: around(t.text, from, to)}
	}
	return out, nil
}

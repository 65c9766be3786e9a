package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"casegraph/graph/vocab"
)

// What can be wrong with a question itself. Any other error is a fault of the store or of what it holds, or the
// context's own.
var (
	ErrInvalid = errors.New("invalid question")
	ErrTooMany = errors.New("too much to answer at once")
)

// Graph answers questions about what a Reader holds. Every question is asked frontier by frontier: it takes sets, and
// the number of Find calls that it makes does not depend on their size. What is not in the store is absent from the
// answer, without an error; a failed read and an ended context are errors, never a shorter answer.
//
// A loaded document that alone is sameAs a cited one stands for it everywhere: questions may be asked with either ID,
// and answer with the loaded one and with the edges of both. A citation that several loaded documents claim to be stays
// a node of its own.
type Graph struct{ Reader }

// New returns the questions over r.
func New(r Reader) *Graph { return &Graph{Reader: r} }

// Ping asks the store for one statement: nil when it answers, also with none.
func (g *Graph) Ping(ctx context.Context) error {
	for _, err := range g.Find(ctx, Pattern{Predicates: []vocab.Predicate{vocab.ClassOf}, Literals: []string{string(vocab.Document)}}) {
		if err != nil {
			return fmt.Errorf("reading the store: %w", err)
		}
		break
	}
	return nil
}

// Node is what an ID names: an entity or a document, exactly one of the two is set.
type Node struct {
	Entity   *Entity
	Document *Document
}

// ID is the node's own ID.
func (n Node) ID() ID {
	if n.Document != nil {
		return n.Document.ID
	}
	return n.Entity.ID
}

// Class is what the node is.
func (n Node) Class() vocab.Class {
	if n.Document != nil {
		return vocab.Document
	}
	return n.Entity.Class
}

// Key is the node's place in every list: entities by name, without regard to case and accents; documents by date, the
// undated last, then by title or reference.
func (n Node) Key() Key {
	if d := n.Document; d != nil {
		return Key{clip(cmp.Or(d.Date, "undated") + " " + Fold(cmp.Or(d.Title, d.Reference))), d.ID}
	}
	return Key{clip(Fold(n.Entity.Name)), n.Entity.ID}
}

// clip keeps a key short, since it travels in every cursor: what is longer sorts by ID after as many bytes.
func clip(s string) string { return s[:min(len(s), 120)] }

// Key is a place in a sorted list: Sort first, equal ones by ID, both bytewise.
type Key struct {
	Sort string
	ID   ID
}

// Compare is negative when k comes before o.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Sort, o.Sort), strings.Compare(string(k.ID), string(o.ID)))
}

// described are the properties that make up a Node: all but the text, which may be long.
var described = []vocab.Predicate{vocab.ClassOf, vocab.Name, vocab.Alias, vocab.Acronym, vocab.Kind, vocab.Title, vocab.Date,
	vocab.Reference, vocab.Language, vocab.Classification, vocab.Subject, vocab.Tag, vocab.Span, vocab.Source, vocab.Rules}

// Nodes returns the nodes that ids name, by the ID asked for. A cited document that a loaded one stands for gives the
// loaded one. An ID that names nothing is absent.
func (g *Graph) Nodes(ctx context.Context, ids []ID) (map[ID]Node, error) {
	same, err := g.same(ctx, ids)
	if err != nil {
		return nil, err
	}
	found, err := g.find(ctx, Pattern{Subjects: same.all(ids), Predicates: described})
	if err != nil {
		return nil, err
	}
	values := map[ID]properties{}
	for _, s := range found {
		values[s.Subject] = values[s.Subject].count(s.Predicate, s.Literal)
	}
	made, out := map[ID]Node{}, map[ID]Node{}
	for _, id := range ids {
		own := same.of(id)
		n, ok := made[own]
		if !ok {
			if n, ok, err = node(own, values, same.cites[own]); err != nil {
				return nil, err
			}
			if !ok && same.shared[own] { // nobody cites it, but documents say that they are it
				n, ok = Node{Document: &Document{ID: own}}, true
			}
			if !ok {
				continue
			}
			made[own] = n
		}
		out[id] = n
	}
	return out, nil
}

// OfClass returns every node of a class in the order of their keys. Documents that only others cite are in it, unless a
// loaded one stands for them.
func (g *Graph) OfClass(ctx context.Context, class vocab.Class) ([]Node, error) {
	found, err := g.find(ctx, Pattern{Predicates: []vocab.Predicate{vocab.ClassOf}, Literals: []string{string(class)}})
	if err != nil {
		return nil, err
	}
	ids := make([]ID, len(found))
	for i, s := range found {
		ids[i] = s.Subject
	}
	return g.sorted(ctx, ids)
}

// ByReference returns the documents with this reference number, compared without regard to case, accents and
// punctuation: loaded ones first, each group in the order of their keys.
func (g *Graph) ByReference(ctx context.Context, reference string) ([]Node, error) {
	folded := Fold(reference)
	if folded == "" {
		return nil, nil
	}
	found, err := g.find(ctx, Pattern{Predicates: []vocab.Predicate{vocab.Reference}})
	if err != nil {
		return nil, err
	}
	ids := []ID{CiteID(reference, "")}
	for _, s := range found {
		if Fold(s.Literal) == folded {
			ids = append(ids, s.Subject)
		}
	}
	nodes, err := g.sorted(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(nodes, func(a, b Node) int {
		switch {
		case a.Document.Loaded == b.Document.Loaded:
			return 0
		case a.Document.Loaded:
			return -1
		}
		return 1
	})
	return nodes, nil
}

// sorted returns the nodes of ids, each once, in the order of their keys.
func (g *Graph) sorted(ctx context.Context, ids []ID) ([]Node, error) {
	byID, err := g.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	nodes := slices.Collect(maps.Values(byID))
	slices.SortFunc(nodes, func(a, b Node) int { return a.Key().Compare(b.Key()) })
	return slices.CompactFunc(nodes, func(a, b Node) bool { return a.ID() == b.ID() }), nil
}

// find collects the statements that match p. An empty set asks nothing of the store.
func (g *Graph) find(ctx context.Context, p Pattern) ([]Statement, error) {
	return g.findAtMost(ctx, p, 0)
}

// findAtMost is find that gives ErrTooMany beyond limit statements; 0 is no limit.
func (g *Graph) findAtMost(ctx context.Context, p Pattern, limit int) ([]Statement, error) {
	if p.Subjects != nil && len(p.Subjects) == 0 || p.Predicates != nil && len(p.Predicates) == 0 || p.Documents != nil && len(p.Documents) == 0 ||
		(p.Objects != nil || p.Literals != nil) && len(p.Objects)+len(p.Literals) == 0 {
		return nil, nil
	}
	var out []Statement
	for s, err := range g.Find(ctx, p) {
		if err != nil {
			return nil, fmt.Errorf("reading the store: %w", err)
		}
		if limit > 0 && len(out) == limit {
			return nil, fmt.Errorf("%w: more than %d statements", ErrTooMany, limit)
		}
		out = append(out, s)
	}
	return out, nil
}

// sameness tells which cited documents a loaded one stands for.
type sameness struct {
	loaded map[ID]ID   // cited: the only loaded document that is sameAs it
	cites  map[ID][]ID // loaded: the citations it stands for, sorted
	shared map[ID]bool // cited: several loaded documents are sameAs it
}

// same finds the sameness of ids, in at most two calls, none when no document is among them.
func (g *Graph) same(ctx context.Context, ids []ID) (sameness, error) {
	s := sameness{map[ID]ID{}, map[ID][]ID{}, map[ID]bool{}}
	var docs, cites []ID
	for _, id := range ids {
		switch {
		case isCited(id):
			cites = append(cites, id)
		case id.IsDocument():
			docs = append(docs, id)
		}
	}
	if len(docs) > 0 {
		found, err := g.find(ctx, Pattern{Subjects: unique(docs), Predicates: []vocab.Predicate{vocab.SameAs}})
		if err != nil {
			return s, err
		}
		for _, st := range found {
			cites = append(cites, st.Object)
		}
	}
	if len(cites) == 0 {
		return s, nil
	}
	found, err := g.find(ctx, Pattern{Objects: unique(cites), Predicates: []vocab.Predicate{vocab.SameAs}})
	if err != nil {
		return s, err
	}
	claimants := map[ID]map[ID]bool{}
	for _, st := range found {
		if isCited(st.Object) && !isCited(st.Subject) {
			if claimants[st.Object] == nil {
				claimants[st.Object] = map[ID]bool{}
			}
			claimants[st.Object][st.Subject] = true
		}
	}
	for cite, by := range claimants {
		if len(by) > 1 {
			s.shared[cite] = true
			continue
		}
		for doc := range by {
			s.loaded[cite] = doc
			s.cites[doc] = append(s.cites[doc], cite)
		}
	}
	for _, c := range s.cites {
		slices.Sort(c)
	}
	return s, nil
}

// of is the ID that stands for id: itself, or a loaded document for a cited one.
func (s sameness) of(id ID) ID {
	if doc, ok := s.loaded[id]; ok {
		return doc
	}
	return id
}

// all is ids with everything that is the same as one of them, each once and sorted. A nil set stays nil.
func (s sameness) all(ids []ID) []ID {
	if ids == nil {
		return nil
	}
	out := make([]ID, 0, len(ids))
	for _, id := range ids {
		own := s.of(id)
		out = append(append(out, own), s.cites[own]...)
	}
	return unique(out)
}

func isCited(id ID) bool { return strings.HasPrefix(string(id), "cite:") }

// unique is ids, each once and sorted.
func unique(ids []ID) []ID {
	out := slices.Clone(ids)
	slices.Sort(out)
	return slices.Compact(out)
}

// properties counts how many statements give a node each value.
type properties map[vocab.Predicate]map[string]int

func (p properties) count(name vocab.Predicate, value string) properties {
	if p == nil {
		p = properties{}
	}
	if p[name] == nil {
		p[name] = map[string]int{}
	}
	p[name][value]++
	return p
}

// best is the value to show: the most frequent, of these the longest, of these the first bytewise; or empty.
func (p properties) best(name vocab.Predicate) string {
	values := p.sorted(name)
	slices.SortStableFunc(values, func(a, b string) int {
		return cmp.Or(p[name][b]-p[name][a], len(b)-len(a))
	})
	return append(values, "")[0]
}

// sorted are all values of the named properties but those in except, each once, bytewise; nil when there is none.
func (p properties) sorted(name vocab.Predicate, more ...vocab.Predicate) []string {
	var out []string
	for _, n := range append(more, name) {
		out = slices.AppendSeq(out, maps.Keys(p[n]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// node makes the node id of its values; the values of the citations that it stands for are further names of it.
func node(id ID, values map[ID]properties, cites []ID) (Node, bool, error) {
	p := values[id]
	if p == nil {
		return Node{}, false, nil
	}
	class := vocab.Class(p.best(vocab.ClassOf))
	if !id.IsDocument() {
		e := &Entity{ID: id, Class: class, Name: p.best(vocab.Name), Acronym: p.best(vocab.Acronym)}
		if class == "" || e.Name == "" {
			return Node{}, false, fmt.Errorf("the store holds no class or no name of %s", id)
		}
		e.Aliases = without(p.sorted(vocab.Name, vocab.Alias, vocab.Acronym), e.Name, e.Acronym)
		return Node{Entity: e}, true, nil
	}
	d := &Document{
		ID: id, Kind: p.best(vocab.Kind), Title: p.best(vocab.Title), Date: p.best(vocab.Date), Reference: p.best(vocab.Reference),
		Language: p.best(vocab.Language), Classification: p.best(vocab.Classification), Subject: p.best(vocab.Subject),
		Tags: p.sorted(vocab.Tag), Sources: p.sorted(vocab.Source), Rules: p.best(vocab.Rules),
	}
	names := p.sorted(vocab.Alias, vocab.Title, vocab.Reference)
	for _, c := range cites {
		names = append(names, values[c].sorted(vocab.Alias, vocab.Title, vocab.Reference)...)
	}
	slices.Sort(names)
	d.Names = without(slices.Compact(names), d.Title, d.Reference)
	if span := p.best(vocab.Span); span != "" {
		var err error
		if d.Span, err = parseSpan(span); err != nil {
			return Node{}, false, fmt.Errorf("document %s: %w", id, err)
		}
		d.Loaded = true
	}
	return Node{Document: d}, true, nil
}

func without(values []string, shown ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return slices.Contains(shown, v) })
}

// parseSpan reads "start,end".
func parseSpan(s string) (Span, error) {
	a, b, _ := strings.Cut(s, ",")
	start, e1 := strconv.Atoi(a)
	end, e2 := strconv.Atoi(b)
	if e1 != nil || e2 != nil || start < 0 || end < start {
		return Span{}, fmt.Errorf("%q is not a span", s)
	}
	return Span{start, end}, nil
}

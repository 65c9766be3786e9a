package gql

import (
	"context"
	"fmt"
	"slices"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// maxHits is how many finds of a search can be paged through; its totalCount tells of all.
const maxHits = 10_000

// root is the whole of what gqlgen needs to be told: everything but the fields of Query is bound to methods.
type root struct{ query *Query }

var _ ResolverRoot = root{}

func (r root) Query() QueryResolver { return r.query }

// Query answers the fields of the schema's type of this name.
type Query struct{ graph *graph.Graph }

func (q *Query) Node(ctx context.Context, id graph.ID) (Node, error) {
	nodes, err := q.Nodes(ctx, []graph.ID{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

func (q *Query) Nodes(ctx context.Context, ids []graph.ID) ([]Node, error) {
	if len(ids) > maxPage {
		return nil, fmt.Errorf("%w: at most %d ids", graph.ErrInvalid, maxPage)
	}
	rels, err := q.relationsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	among := newRelations(q.graph, nil)
	for _, rel := range rels {
		among.rels = append(among.rels, rel)
	}
	nodes, err := nodesOf(ctx, &memo{}, "", q.graph, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Node, len(ids))
	for i, id := range ids {
		if rel, ok := rels[id]; ok {
			out[i] = &Relation{rel, among}
		} else if n, ok := nodes[id]; ok {
			out[i] = n
		}
	}
	return out, spend(ctx, nodeBytes*len(out))
}

// relationsByID reads the relations among ids, by ID.
func (q *Query) relationsByID(ctx context.Context, ids []graph.ID) (map[graph.ID]graph.Relation, error) {
	p := graph.Pattern{Subjects: []graph.ID{}, Predicates: []vocab.Predicate{}, Objects: []graph.ID{}}
	for _, id := range ids {
		if s, verb, o, ok := graph.ParseRelationID(id); ok {
			p.Subjects, p.Predicates, p.Objects = append(p.Subjects, s), append(p.Predicates, verb), append(p.Objects, o)
		}
	}
	out := map[graph.ID]graph.Relation{}
	if len(p.Subjects) == 0 {
		return out, nil
	}
	slices.Sort(p.Predicates)
	p.Predicates = slices.Compact(p.Predicates)
	found, err := q.graph.Relations(ctx, p, maxRead)
	if err != nil {
		return nil, err
	}
	for _, rel := range found {
		if slices.Contains(ids, rel.ID) {
			out[rel.ID] = rel
		}
	}
	return out, nil
}

func (q *Query) Document(ctx context.Context, reference *string, id *graph.ID) (*Document, error) {
	if (reference == nil) == (id == nil) {
		return nil, fmt.Errorf("%w: give either reference or id", graph.ErrInvalid)
	}
	var found []graph.Node
	if id != nil {
		nodes, err := q.graph.Nodes(ctx, []graph.ID{*id})
		if err != nil {
			return nil, err
		}
		if n, ok := nodes[*id]; ok {
			found = append(found, n)
		}
	} else {
		var err error
		if found, err = q.graph.ByReference(ctx, *reference); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 || found[0].Document == nil {
		return nil, nil
	}
	return as[*Document](newLevel(q.graph, found[0]), found[0])
}

func (q *Query) Documents(ctx context.Context, kind []DocumentKind, first *int, after *string, last *int, before *string) (*DocumentConnection, error) {
	keep := func(n graph.Node) bool { return kind == nil || slices.Contains(kind, DocumentKind(n.Document.Kind)) }
	return list[*Document](ctx, q.graph, vocab.Document, keep, first, after, last, before)
}

func (q *Query) Persons(ctx context.Context, first *int, after *string, last *int, before *string) (*PersonConnection, error) {
	return list[*Person](ctx, q.graph, vocab.Person, nil, first, after, last, before)
}

func (q *Query) Institutions(ctx context.Context, first *int, after *string, last *int, before *string) (*InstitutionConnection, error) {
	return list[*Institution](ctx, q.graph, vocab.Institution, nil, first, after, last, before)
}

func (q *Query) Positions(ctx context.Context, first *int, after *string, last *int, before *string) (*PositionConnection, error) {
	return list[*Position](ctx, q.graph, vocab.Position, nil, first, after, last, before)
}

func (q *Query) Cases(ctx context.Context, first *int, after *string, last *int, before *string) (*CaseConnection, error) {
	return list[*Case](ctx, q.graph, vocab.Case, nil, first, after, last, before)
}

func (q *Query) Places(ctx context.Context, first *int, after *string, last *int, before *string) (*PlaceConnection, error) {
	return list[*Place](ctx, q.graph, vocab.Place, nil, first, after, last, before)
}

// list is the page of the nodes of a class that keep holds for, all when it is nil.
func list[N Node](ctx context.Context, g *graph.Graph, class vocab.Class, keep func(graph.Node) bool, first *int, after *string, last *int, before *string) (*Connection[N], error) {
	p, err := newPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	nodes, err := g.OfClass(ctx, class)
	if err != nil {
		return nil, err
	}
	if keep != nil {
		nodes = slices.DeleteFunc(nodes, func(n graph.Node) bool { return !keep(n) })
	}
	key := func(i int) graph.Key { return nodes[i].Key() }
	from, to := p.cut(len(nodes), key)
	if err := spend(ctx, nodeBytes*(to-from)); err != nil {
		return nil, err
	}
	c := &Connection[N]{TotalCount: len(nodes), PageInfo: info(len(nodes), from, to, key)}
	l := newLevel(g, nodes[from:to]...)
	for i := from; i < to; i++ {
		n, err := as[N](l, nodes[i])
		if err != nil {
			return nil, err
		}
		c.Edges = append(c.Edges, &Edge[N]{cursor(key(i)), n})
	}
	return c, nil
}

func (q *Query) Relations(ctx context.Context, where *RelationWhere, first *int, after *string, last *int, before *string) (*RelationConnection, error) {
	p, err := newPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	if where == nil {
		where = &RelationWhere{}
	}
	pattern := graph.Pattern{Subjects: where.Subject, Predicates: where.Predicate, Objects: where.Object}
	if where.Document != nil {
		pattern.Documents = []graph.ID{}
		for _, d := range where.Document {
			pattern.Documents = append(pattern.Documents, d.File())
		}
	}
	rels, err := q.graph.Relations(ctx, pattern, maxRead)
	if err != nil {
		return nil, err
	}
	if where.Document != nil {
		rels = slices.DeleteFunc(rels, func(rel graph.Relation) bool { return !claimedIn(rel, where.Document) })
	}
	pages, err := relationPages(ctx, q.graph, []string{""}, map[string][]graph.Relation{"": rels}, p)
	if err != nil {
		return nil, err
	}
	if where.Document != nil {
		// These were read with the claims of some documents only: a relation is shown with all of its claims.
		var ids []graph.ID
		for _, n := range pages[""].Nodes() {
			ids = append(ids, n.ID)
		}
		whole, err := q.relationsByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		among := newRelations(q.graph, nil)
		for _, n := range pages[""].Nodes() {
			n.Relation, n.among = whole[n.ID], among
			among.rels = append(among.rels, n.Relation)
		}
	}
	return pages[""], nil
}

// claimedIn tells whether a claim of rel stands in one of docs: a part of a file, or a file with all its parts.
func claimedIn(rel graph.Relation, docs []graph.ID) bool {
	return slices.ContainsFunc(rel.Claims, func(c graph.Claim) bool {
		return slices.Contains(docs, c.Document) || slices.Contains(docs, c.Document.File())
	})
}

func (q *Query) Search(ctx context.Context, text string, kinds []vocab.Class, first *int, after *string, last *int, before *string) (*SearchConnection, error) {
	p, err := newPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	hits, total, err := q.graph.Search(ctx, text, kinds, maxHits)
	if err != nil {
		return nil, err
	}
	key := func(i int) graph.Key { return hits[i].Key() }
	from, to := p.cut(len(hits), key)
	if err := spend(ctx, nodeBytes*(to-from)); err != nil {
		return nil, err
	}
	c := &SearchConnection{TotalCount: total, PageInfo: info(len(hits), from, to, key)}
	var nodes []graph.Node
	texts := &places{graph: q.graph}
	for _, h := range hits[from:to] {
		nodes = append(nodes, h.Node)
		if h.Passage != nil {
			texts.ids = append(texts.ids, h.Passage.Document)
		}
	}
	l := newLevel(q.graph, nodes...)
	for i := from; i < to; i++ {
		n, err := l.node(hits[i].Node)
		if err != nil {
			return nil, err
		}
		e := &SearchEdge{Cursor: cursor(key(i)), Node: n, Score: hits[i].Score, Matched: some(hits[i].Matched)}
		if hits[i].Passage != nil {
			e.Passage = &Passage{*hits[i].Passage, texts}
		}
		c.Edges = append(c.Edges, e)
	}
	return c, nil
}

package gql

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

const (
	maxRead  = 200_000 // statements that one question may read
	maxTexts = 100     // documents whose whole text one level may read

	budgetBytes = 64 << 20 // what one answer may hold, about
	nodeBytes   = 1 << 10  // what an edge or a claim counts
)

// budget is what is left of the size of an answer.
type budget struct{ left atomic.Int64 }

type budgetKey struct{}

func withBudget(ctx context.Context) context.Context {
	b := &budget{}
	b.left.Store(budgetBytes)
	return context.WithValue(ctx, budgetKey{}, b)
}

// spend takes n bytes from the budget of the request, and is ErrTooMany when they are not there.
func spend(ctx context.Context, n int) error {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if ok && b.left.Add(-int64(n)) < 0 {
		return fmt.Errorf("%w: the answer would hold more than about %d edges and claims; ask for smaller pages", graph.ErrTooMany, budgetBytes/nodeBytes)
	}
	return nil
}

// memo keeps the answer of each question, which the first who asks works out for all.
type memo struct {
	mu    sync.Mutex
	calls map[string]func() (any, error)
}

// once returns what f gives for key, calling it once. Whoever asks meanwhile waits.
func once[T any](m *memo, key string, f func() (T, error)) (T, error) {
	m.mu.Lock()
	if m.calls == nil {
		m.calls = map[string]func() (any, error){}
	}
	call, ok := m.calls[key]
	if !ok {
		call = sync.OnceValues(func() (any, error) { return f() })
		m.calls[key] = call
	}
	m.mu.Unlock()
	v, err := call()
	if err != nil {
		var none T
		return none, err
	}
	return v.(T), nil
}

// level is the nodes that a request reached by the same way. What one of them is asked, all of its class are.
type level struct {
	memo
	graph *graph.Graph
	ids   map[vocab.Class][]graph.ID
}

// newLevel makes a level; the nodes of it are made by its method node.
func newLevel(g *graph.Graph, nodes ...graph.Node) *level {
	l := &level{graph: g, ids: map[vocab.Class][]graph.ID{}}
	for _, n := range nodes {
		l.ids[n.Class()] = append(l.ids[n.Class()], n.ID())
	}
	for c, ids := range l.ids {
		slices.Sort(ids)
		l.ids[c] = slices.Compact(ids)
	}
	return l
}

// node is the schema's object of n.
func (l *level) node(n graph.Node) (Node, error) {
	base := node{l, n}
	if n.Document != nil {
		return &Document{base}, nil
	}
	e := entity{base, n.Entity}
	switch n.Class() {
	case vocab.Person:
		return &Person{actor{e}}, nil
	case vocab.Institution:
		return &Institution{actor{e}}, nil
	case vocab.Position:
		return &Position{e}, nil
	case vocab.Case:
		return &Case{e}, nil
	case vocab.Place:
		return &Place{e}, nil
	}
	return nil, fmt.Errorf("%s has the unknown class %q", n.ID(), n.Class())
}

// as is the schema's object of n, which must be of type N.
func as[N Node](l *level, n graph.Node) (N, error) {
	made, err := l.node(n)
	if err != nil {
		var none N
		return none, err
	}
	typed, ok := made.(N)
	if !ok {
		return typed, fmt.Errorf("%s is a %s, which does not belong here", n.ID(), n.Class())
	}
	return typed, nil
}

// way is a verb followed from one end to the other.
type way struct {
	verb vocab.Predicate
	dir  graph.Direction
}

func out(verb vocab.Predicate) way  { return way{verb, graph.Out} }
func in(verb vocab.Predicate) way   { return way{verb, graph.In} }
func both(verb vocab.Predicate) way { return way{verb, graph.Both} }

// link is a relation with the node that it leads to.
type link struct {
	relation graph.Relation
	node     graph.Node
}

// links reads, for all nodes of a class on the level, what w leads to, sorted by key.
func (l *level) links(ctx context.Context, class vocab.Class, w way) (map[graph.ID][]link, error) {
	return once(&l.memo, fmt.Sprint("links ", class, w), func() (map[graph.ID][]link, error) {
		rels, err := l.graph.Related(ctx, l.ids[class], []vocab.Predicate{w.verb}, w.dir, maxRead)
		if err != nil {
			return nil, err
		}
		ends := []graph.ID{}
		for id, of := range rels {
			for _, r := range of {
				ends = append(ends, r.Other(id))
			}
		}
		nodes, err := l.graph.Nodes(ctx, ends)
		if err != nil {
			return nil, err
		}
		out := map[graph.ID][]link{}
		for id, of := range rels {
			for _, r := range of {
				n, ok := nodes[r.Other(id)]
				if !ok {
					return nil, fmt.Errorf("relation %s: an end of it is not described", r.ID)
				}
				out[id] = append(out[id], link{r, n})
			}
			slices.SortFunc(out[id], func(a, b link) int { return a.node.Key().Compare(b.node.Key()) })
		}
		return out, nil
	})
}

// related is the page of what w leads to from n.
func related[N Node](ctx context.Context, n *node, w way, first *int, after *string, last *int, before *string) (*RelatedConnection[N], error) {
	p, err := newPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	l, class := n.level, n.data.Class()
	pages, err := once(&l.memo, fmt.Sprint("related ", class, w, p.text), func() (map[graph.ID]*RelatedConnection[N], error) {
		all, err := l.links(ctx, class, w)
		if err != nil {
			return nil, err
		}
		type part struct {
			id       graph.ID
			from, to int
			key      func(int) graph.Key
		}
		var parts []part
		var nodes []graph.Node
		var rels []graph.Relation
		for _, id := range l.ids[class] {
			links := all[id]
			key := func(i int) graph.Key { return links[i].node.Key() }
			from, to := p.cut(len(links), key)
			parts = append(parts, part{id, from, to, key})
			for _, k := range links[from:to] {
				nodes, rels = append(nodes, k.node), append(rels, k.relation)
			}
		}
		if err := spend(ctx, nodeBytes*len(nodes)); err != nil {
			return nil, err
		}
		next, edges := newLevel(l.graph, nodes...), newRelations(l.graph, rels)
		out := map[graph.ID]*RelatedConnection[N]{}
		for _, part := range parts {
			links := all[part.id]
			c := &RelatedConnection[N]{TotalCount: len(links), PageInfo: info(len(links), part.from, part.to, part.key)}
			for i := part.from; i < part.to; i++ {
				child, err := as[N](next, links[i].node)
				if err != nil {
					return nil, err
				}
				c.Edges = append(c.Edges, &RelatedEdge[N]{cursor(part.key(i)), child, &Relation{links[i].relation, edges}})
			}
			out[part.id] = c
		}
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	return pages[n.data.ID()], nil
}

// relationsOf is the page of all relations of n.
func relationsOf(ctx context.Context, n *node, first *int, after *string, last *int, before *string) (*RelationConnection, error) {
	p, err := newPage(first, after, last, before)
	if err != nil {
		return nil, err
	}
	l, class := n.level, n.data.Class()
	all, err := once(&l.memo, fmt.Sprint("relations ", class), func() (map[graph.ID][]graph.Relation, error) {
		return l.graph.Related(ctx, l.ids[class], nil, graph.Both, maxRead)
	})
	if err != nil {
		return nil, err
	}
	pages, err := once(&l.memo, fmt.Sprint("relations ", class, p.text), func() (map[graph.ID]*RelationConnection, error) {
		return relationPages(ctx, l.graph, l.ids[class], all, p)
	})
	if err != nil {
		return nil, err
	}
	return pages[n.data.ID()], nil
}

// relationPages makes page p of each list of relations, which are sorted by ID.
func relationPages[K comparable](ctx context.Context, g *graph.Graph, owners []K, all map[K][]graph.Relation, p page) (map[K]*RelationConnection, error) {
	var shown []graph.Relation
	out := map[K]*RelationConnection{}
	for _, owner := range owners {
		rels := all[owner]
		key := func(i int) graph.Key { return graph.Key{ID: rels[i].ID} }
		from, to := p.cut(len(rels), key)
		c := &RelationConnection{TotalCount: len(rels), PageInfo: info(len(rels), from, to, key)}
		for i := from; i < to; i++ {
			c.Edges = append(c.Edges, &RelationEdge{cursor(key(i)), &Relation{rels[i], nil}})
		}
		shown = append(shown, rels[from:to]...)
		out[owner] = c
	}
	if err := spend(ctx, nodeBytes*len(shown)); err != nil {
		return nil, err
	}
	edges := newRelations(g, shown)
	for _, c := range out {
		for _, e := range c.Edges {
			e.Node.among = edges
		}
	}
	return out, nil
}

// relations is a set of relations that a request reached by the same way: what one is asked, all are.
type relations struct {
	memo
	graph *graph.Graph
	rels  []graph.Relation // each once
}

func newRelations(g *graph.Graph, rels []graph.Relation) *relations {
	seen := map[graph.ID]bool{}
	r := &relations{graph: g}
	for _, rel := range rels {
		if !seen[rel.ID] {
			seen[rel.ID] = true
			r.rels = append(r.rels, rel)
		}
	}
	return r
}

// end is the node at an end of one of the relations.
func (r *relations) end(ctx context.Context, id graph.ID) (Node, error) {
	var ids []graph.ID
	for _, rel := range r.rels {
		ids = append(ids, rel.Subject, rel.Object)
	}
	nodes, err := nodesOf(ctx, &r.memo, "ends", r.graph, ids)
	if err != nil {
		return nil, err
	}
	n, ok := nodes[id]
	if !ok {
		return nil, fmt.Errorf("%s has a relation but is not described", id)
	}
	return n, nil
}

// claims are the first n claims of each of the relations, by the relation's ID.
func (r *relations) claims(ctx context.Context, n int) (map[graph.ID][]*Claim, error) {
	return once(&r.memo, fmt.Sprint("claims ", n), func() (map[graph.ID][]*Claim, error) {
		var all []graph.Claim
		for _, rel := range r.rels {
			all = append(all, rel.Claims[:min(n, len(rel.Claims))]...)
		}
		if err := spend(ctx, nodeBytes*len(all)); err != nil {
			return nil, err
		}
		evidence, err := r.graph.Evidence(ctx, all)
		if err != nil {
			return nil, err
		}
		docs := newPlaces(r.graph, all)
		out := map[graph.ID][]*Claim{}
		for _, rel := range r.rels {
			for range min(n, len(rel.Claims)) {
				out[rel.ID] = append(out[rel.ID], &Claim{evidence[0], docs})
				evidence = evidence[1:]
			}
		}
		return out, nil
	})
}

// places are the documents that claims or passages stand in.
type places struct {
	memo
	graph *graph.Graph
	ids   []graph.ID
}

func newPlaces(g *graph.Graph, claims []graph.Claim) *places {
	p := &places{graph: g}
	for _, c := range claims {
		p.ids = append(p.ids, c.Document)
	}
	return p
}

func (p *places) document(ctx context.Context, id graph.ID) (*Document, error) {
	nodes, err := nodesOf(ctx, &p.memo, "documents", p.graph, p.ids)
	if err != nil {
		return nil, err
	}
	d, ok := nodes[id].(*Document)
	if !ok {
		return nil, fmt.Errorf("document %s is not described", id)
	}
	return d, nil
}

// nodesOf reads the nodes of ids as one level, by the ID asked for.
func nodesOf(ctx context.Context, m *memo, key string, g *graph.Graph, ids []graph.ID) (map[graph.ID]Node, error) {
	return once(m, key, func() (map[graph.ID]Node, error) {
		found, err := g.Nodes(ctx, ids)
		if err != nil {
			return nil, err
		}
		all := make([]graph.Node, 0, len(found))
		for _, n := range found {
			all = append(all, n)
		}
		l := newLevel(g, all...)
		out := map[graph.ID]Node{}
		for id, n := range found {
			if out[id], err = l.node(n); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

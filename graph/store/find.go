package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/kv"
	"github.com/cayleygraph/quad"

	"casegraph/graph"
)

const (
	batchMin = 32      // the first batch of an answer is small: many callers stop early
	batchMax = 1024    // quads read under one lock, and looked up together
	raceStep = 64      // quads that one index gives before the next one has its turn
	raceEnd  = 1 << 16 // quads after which it no longer matters which index is the smallest
	pairsMax = 4       // predicates up to which asking for each is cheaper than walking all quads of a node
)

// Find implements graph.Finder. The whole answer is of one state of the store, the one at its first read; a Put in the
// loop does not change it. An answer that a Put or a Close overtakes is kept in memory, else it is read in batches.
func (s *store) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	return func(yield func(graph.Statement, error) bool) {
		a, err := s.answer(ctx, p)
		if err != nil {
			yield(graph.Statement{}, fmt.Errorf("find: %w", err))
			return
		}
		defer a.close()
		for size := batchMin; ; size = min(2*size, batchMax) {
			batch, err := a.next(size)
			for _, st := range batch {
				if !yield(st, nil) {
					return
				}
			}
			if err != nil {
				yield(graph.Statement{}, fmt.Errorf("find: %w", err))
				return
			}
			if len(batch) == 0 {
				return
			}
		}
	}
}

// answer is what a Find has still to give. Its fields belong to the goroutine of the Find while that holds mu shared,
// and to a writer while that holds mu alone.
type answer struct {
	s    *store
	r    *reader
	walk *walk
	keep func(cgraph.Ref) bool // whether the quad matches
	docs documents

	whole   bool // everything is read, into rest and err
	rest    []graph.Statement
	restErr error
}

// answer begins to answer p.
func (s *store) answer(ctx context.Context, p graph.Pattern) (*answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	a := &answer{s: s, r: r, docs: documentsOf(p.Documents)}
	if a.walk, a.keep, err = r.plan(p); err != nil {
		return nil, err
	}
	s.open.Lock()
	defer s.open.Unlock()
	s.open.answers[a] = struct{}{}
	return a, nil
}

// next gives up to about size statements more; none, without an error, at the end.
func (a *answer) next(size int) ([]graph.Statement, error) {
	a.s.mu.RLock()
	defer a.s.mu.RUnlock()
	if err := a.r.ctx.Err(); err != nil {
		return nil, err
	}
	if !a.whole {
		return a.read(size)
	}
	if len(a.rest) == 0 {
		return nil, a.restErr
	}
	batch := a.rest[:min(size, len(a.rest))]
	a.rest = a.rest[len(batch):]
	return batch, nil
}

// read reads up to size statements; none, without an error, at the end.
func (a *answer) read(size int) ([]graph.Statement, error) {
	for {
		quads, err := a.walk.take(size)
		if err != nil || len(quads) == 0 {
			return nil, err
		}
		quads = slices.DeleteFunc(quads, func(q cgraph.Ref) bool { return !a.keep(q) })
		batch, err := a.r.statements(quads, a.docs)
		if err != nil || len(batch) > 0 {
			return batch, err
		}
	}
}

// settle reads what is left into memory.
func (a *answer) settle() {
	for !a.whole {
		batch, err := a.read(batchMax)
		a.rest = append(a.rest, batch...)
		a.whole, a.restErr = err != nil || len(batch) == 0, err
	}
	a.walk.close()
}

func (a *answer) close() {
	a.s.mu.RLock()
	defer a.s.mu.RUnlock()
	a.s.open.Lock()
	defer a.s.open.Unlock()
	a.walk.close()
	delete(a.s.open.answers, a)
}

// documents are those that a label may belong to, by their file. Nil allows any label.
type documents map[graph.ID][]graph.ID

func documentsOf(ids []graph.ID) documents {
	if ids == nil {
		return nil
	}
	d := documents{}
	for _, id := range ids {
		d[fileOf(string(id))] = append(d[fileOf(string(id))], id)
	}
	return d
}

func (d documents) allow(l graph.Label) bool {
	return d == nil || slices.ContainsFunc(d[fileOf(string(l))], l.Of)
}

// reader reads for one caller. Cayley's calls do not look at the context, and some tell a failed read only by an absent
// answer: the methods here do look, and tell.
type reader struct {
	backend
	ctx   context.Context
	qs    cgraph.QuadStore
	own   any // key of ownLabel, nil when no quad has it
	names map[any]quad.Value
}

// reader is a reader of the state that the store has now. The caller holds mu.
func (s *store) reader(ctx context.Context) (*reader, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	r := &reader{backend: s.backend, ctx: ctx, qs: s.qs, names: map[any]quad.Value{}}
	refs, err := r.refs([]quad.Value{ownLabel})
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		r.own = ref.Key()
	}
	return r, nil
}

// refs gives Cayley's references to those of the values that the store has, each once.
func (r *reader) refs(values []quad.Value) ([]cgraph.Ref, error) {
	seen := map[quad.Value]bool{}
	values = slices.DeleteFunc(slices.Clone(values), func(v quad.Value) bool {
		was := seen[v]
		seen[v] = true
		return was
	})
	var out []cgraph.Ref
	for part := range slices.Chunk(values, batchMax) {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		refs := make([]cgraph.Ref, len(part))
		if b, ok := r.qs.(cgraph.BatchQuadStore); ok {
			var err error
			if refs, err = b.RefsOf(r.ctx, part); err != nil {
				return nil, err
			}
		} else {
			for i, v := range part {
				refs[i] = r.qs.ValueOf(v)
			}
		}
		for i, ref := range refs {
			if ref != nil && ref != kv.Int64Value(0) { // the key-value store says 0 for an absent value
				out = append(out, ref)
				r.remember(ref.Key(), part[i])
			}
		}
	}
	return out, r.ctx.Err()
}

// remember keeps the value of a node that may be asked for again; a text is too long, and asked for once.
func (r *reader) remember(key any, v quad.Value) {
	if _, ok := v.(quad.IRI); ok {
		if len(r.names) > 4*batchMax {
			clear(r.names)
		}
		r.names[key] = v
	}
}

// values gives the values of nodes. A node without one is an error: a quad names it, so the read went wrong.
func (r *reader) values(nodes []cgraph.Ref) (map[any]quad.Value, error) {
	out := make(map[any]quad.Value, len(nodes))
	var ask []cgraph.Ref
	for _, n := range nodes {
		if n == nil {
			return nil, errors.New("the store is damaged: a quad lacks a node")
		}
		key := n.Key()
		if _, ok := out[key]; ok {
			continue
		}
		out[key] = r.names[key]
		if out[key] == nil {
			ask = append(ask, n)
		}
	}
	if err := r.ctx.Err(); err != nil || len(ask) == 0 {
		return out, err
	}
	values, err := cgraph.ValuesOf(r.ctx, r.qs, ask)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if v == nil {
			return nil, fmt.Errorf("the store is damaged, or a read failed: node %v has no value", ask[i])
		}
		key := ask[i].Key()
		out[key] = v
		r.remember(key, v)
	}
	return out, r.ctx.Err()
}

// nodes lists the nodes of quads in one direction.
func (r *reader) nodes(quads []cgraph.Ref, d quad.Direction) []cgraph.Ref {
	out := make([]cgraph.Ref, len(quads))
	for i, q := range quads {
		out[i] = r.qs.QuadDirection(q, d)
	}
	return out
}

// statements gives the statements of quads, without the store's own, and with docs without those of other documents.
func (r *reader) statements(quads []cgraph.Ref, docs documents) ([]graph.Statement, error) {
	quads = slices.DeleteFunc(quads, func(q cgraph.Ref) bool {
		label := r.qs.QuadDirection(q, quad.Label)
		return label != nil && label.Key() == r.own
	})
	if docs != nil {
		labels, err := r.values(r.nodes(quads, quad.Label))
		if err != nil {
			return nil, err
		}
		quads = slices.DeleteFunc(quads, func(q cgraph.Ref) bool {
			iri, _ := labels[r.qs.QuadDirection(q, quad.Label).Key()].(quad.IRI)
			return !docs.allow(graph.Label(iri))
		})
	}
	var nodes []cgraph.Ref
	for _, d := range quad.Directions {
		nodes = append(nodes, r.nodes(quads, d)...)
	}
	values, err := r.values(nodes)
	if err != nil {
		return nil, err
	}
	out := make([]graph.Statement, len(quads))
	for i := range quads {
		var q quad.Quad
		for j, d := range quad.Directions {
			q.Set(d, values[nodes[j*len(quads)+i].Key()])
		}
		if out[i], err = fromQuad(q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// labels gives the quad that lists the labels of file, and these labels; a zero quad and none when there is no list.
func (r *reader) labels(file graph.ID) (quad.Quad, []cgraph.Ref, error) {
	subject, err := r.refs([]quad.Value{listSubject(file)})
	if err != nil || len(subject) == 0 {
		return quad.Quad{}, nil, err
	}
	w := r.walk(quad.Subject, subject, nil)
	defer w.close()
	for {
		quads, err := w.take(batchMin)
		if err != nil || len(quads) == 0 {
			return quad.Quad{}, nil, err
		}
		for _, q := range quads {
			if label := r.qs.QuadDirection(q, quad.Label); label == nil || label.Key() != r.own {
				continue // a statement about a node of the same name
			}
			text := r.qs.QuadDirection(q, quad.Object)
			values, err := r.values([]cgraph.Ref{text})
			if err != nil {
				return quad.Quad{}, nil, err
			}
			list := quad.Quad{Subject: listSubject(file), Predicate: labelsOf, Object: values[text.Key()], Label: ownLabel}
			labels, err := labelsIn(file, list)
			if err != nil {
				return quad.Quad{}, nil, err
			}
			iris := make([]quad.Value, len(labels))
			for i, l := range labels {
				iris[i] = quad.IRI(l)
			}
			refs, err := r.refs(iris)
			if err == nil && len(refs) != len(labels) {
				err = fmt.Errorf("the store is damaged: %d of the %d labels of %s are absent", len(labels)-len(refs), len(labels), file)
			}
			return list, refs, err
		}
	}
}

// plan chooses the quads to walk for p, and gives what tells those among them that match all sets but Documents.
func (r *reader) plan(p graph.Pattern) (*walk, func(cgraph.Ref) bool, error) {
	keep := func(cgraph.Ref) bool { return true }
	// only restricts the answer to quads with one of the values in direction d.
	only := func(d quad.Direction, values []quad.Value) ([]cgraph.Ref, error) {
		refs, err := r.refs(values)
		if err != nil {
			return nil, err
		}
		set, before := make(map[any]bool, len(refs)), keep
		for _, ref := range refs {
			set[ref.Key()] = true
		}
		keep = func(q cgraph.Ref) bool {
			node := r.qs.QuadDirection(q, d)
			return node != nil && set[node.Key()] && before(q)
		}
		return refs, nil
	}
	var predicates []cgraph.Ref
	if p.Predicates != nil {
		var err error
		if predicates, err = only(quad.Predicate, iris(p.Predicates)); err != nil || len(predicates) == 0 {
			return &walk{}, keep, err
		}
	}
	var walks []*walk
	if p.Subjects != nil {
		refs, err := only(quad.Subject, iris(p.Subjects))
		if err != nil || len(refs) == 0 {
			return &walk{}, keep, err
		}
		walks = append(walks, r.walk(quad.Subject, refs, predicates))
	}
	if p.Documents != nil {
		walks = append(walks, r.walkFiles(documentsOf(p.Documents)))
	}
	if p.Objects != nil || p.Literals != nil {
		values := iris(p.Objects)
		for _, l := range p.Literals {
			values = append(values, quad.String(l))
		}
		refs, err := only(quad.Object, values)
		if err != nil || len(refs) == 0 {
			return &walk{}, keep, err
		}
		walks = append(walks, r.walk(quad.Object, refs, predicates))
	}
	switch {
	case len(walks) > 0:
		w, err := smallest(walks)
		return w, keep, err
	case predicates != nil:
		return r.walk(quad.Predicate, predicates, nil), keep, nil
	}
	return r.walkAll(), keep, nil
}

func iris[T ~string](names []T) []quad.Value {
	out := make([]quad.Value, len(names))
	for i, n := range names {
		out[i] = quad.IRI(n)
	}
	return out
}

// smallest gives the walk that ends first, found by going them all step by step: Cayley's own sizes are guesses. It
// costs as many quads as the smallest walk has, for each of the others. The others are closed.
func smallest(walks []*walk) (*walk, error) {
	best := walks[0]
	defer func() {
		for _, w := range walks {
			if w != best {
				w.close()
			}
		}
	}()
	for len(walks) > 1 && len(best.seen) < raceEnd {
		for _, w := range walks {
			more, err := w.ahead(raceStep)
			if err != nil {
				best = nil
				return nil, err
			}
			if !more {
				best = w
				return w, nil
			}
		}
	}
	return best, nil
}

// walk goes over quads, iterator by iterator. The zero walk is at its end.
type walk struct {
	ctx  context.Context
	its  func() (cgraph.Iterator, error) // the next iterator; nil at the end
	it   cgraph.Iterator
	seen []cgraph.Ref // gone over, and not yet taken
}

// walk goes over the quads that have one of nodes in direction d. When predicates are few and there is an index for
// it, it leaves out the quads with others.
func (r *reader) walk(d quad.Direction, nodes, predicates []cgraph.Ref) *walk {
	if r.pair == nil || len(predicates) == 0 || len(predicates) > pairsMax {
		return r.walkEach(len(nodes), func(i int) cgraph.Iterator { return r.qs.QuadIterator(d, nodes[i]) })
	}
	n := len(predicates)
	return r.walkEach(len(nodes)*n, func(i int) cgraph.Iterator {
		return r.pair(r.qs, d, nodes[i/n], predicates[i%n])
	})
}

func (r *reader) walkEach(n int, it func(int) cgraph.Iterator) *walk {
	i := -1
	return &walk{ctx: r.ctx, its: func() (cgraph.Iterator, error) {
		if i++; i >= n {
			return nil, nil
		}
		return it(i), nil
	}}
}

// walkFiles goes over the quads under labels of the files that the documents belong to, a file at a time.
func (r *reader) walkFiles(docs documents) *walk {
	files := slices.Sorted(maps.Keys(docs))
	var labels []cgraph.Ref
	return &walk{ctx: r.ctx, its: func() (cgraph.Iterator, error) {
		for len(labels) == 0 {
			if len(files) == 0 {
				return nil, nil
			}
			var err error
			if _, labels, err = r.labels(files[0]); err != nil {
				return nil, err
			}
			files = files[1:]
		}
		it := r.qs.QuadIterator(quad.Label, labels[0])
		labels = labels[1:]
		return it, nil
	}}
}

// allWalks guards the making of walks over all quads: memstore notes in a field that it made one.
var allWalks sync.Mutex

func (r *reader) walkAll() *walk {
	return r.walkEach(1, func(int) cgraph.Iterator {
		allWalks.Lock()
		defer allWalks.Unlock()
		return r.all(r.qs)
	})
}

// take gives up to n quads; none, without an error, at the end.
func (w *walk) take(n int) ([]cgraph.Ref, error) {
	if len(w.seen) == 0 {
		if _, err := w.ahead(n); err != nil {
			return nil, err
		}
	}
	out := w.seen[:min(n, len(w.seen))]
	w.seen = w.seen[len(out):]
	return out, nil
}

// ahead goes over n quads more into seen. It is false when it came to the end.
func (w *walk) ahead(n int) (more bool, err error) {
	for range n {
		q, err := w.next()
		if err != nil {
			w.close()
			return false, err
		}
		if q == nil {
			return false, nil
		}
		w.seen = append(w.seen, q)
	}
	return true, nil
}

func (w *walk) next() (cgraph.Ref, error) {
	for w.its != nil {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		if w.it == nil {
			var err error
			if w.it, err = w.its(); err != nil {
				return nil, err
			}
			if w.it == nil {
				break
			}
		}
		if w.it.Next(w.ctx) {
			return w.it.Result(), nil
		}
		if err := w.it.Err(); err != nil { // asked before Close, which forgets it
			return nil, err
		}
		w.it.Close()
		w.it = nil
	}
	w.its = nil
	return nil, nil
}

// close ends the walk; what it has gone over can still be taken.
func (w *walk) close() {
	if w.it != nil {
		w.it.Close()
	}
	w.it, w.its = nil, nil
}

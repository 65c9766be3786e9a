package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/cayleygraph/quad"

	"casegraph/graph"
	"casegraph/graph/store/pebble"
	"casegraph/graph/vocab"
)

const (
	batchMin = 32   // the first batch of an answer is small: many callers stop early
	batchMax = 1024 // quads whose nodes are looked up together
)

// Find implements graph.Finder. The whole answer is of one state of the store, the one when it is asked for; whatever
// is put meanwhile, also in the loop, does not change it.
func (s *Store) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	return func(yield func(graph.Statement, error) bool) {
		v, err := s.View(ctx)
		if err != nil {
			yield(graph.Statement{}, err)
			return
		}
		defer v.Close()
		v.Find(ctx, p)(yield)
	}
}

// View implements graph.Reader.
func (s *Store) View(ctx context.Context) (graph.View, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("find: %w", err)
	}
	v, err := s.db.View()
	if err != nil {
		return nil, fmt.Errorf("find: %w", told(err))
	}
	return &view{View: v, predicates: map[vocab.Predicate]pebble.Ref{}}, nil
}

// view is one state of the store. A handle is a Ref: its ID, then where its passage starts and how long it is.
type view struct {
	*pebble.View
	mu         sync.Mutex
	predicates map[vocab.Predicate]pebble.Ref
}

func handle(r pebble.Ref) graph.Handle {
	return graph.Handle{A: r.ID, B: uint64(r.Start)<<32 | uint64(r.Len)}
}

func ref(h graph.Handle) pebble.Ref {
	return pebble.Ref{ID: h.A, Start: uint32(h.B >> 32), Len: uint32(h.B)}
}

// Find implements graph.Finder.
func (v *view) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	return func(yield func(graph.Statement, error) bool) {
		if err := v.find(ctx, p, func(st graph.Statement) bool { return yield(st, nil) }); err != nil {
			yield(graph.Statement{}, fmt.Errorf("find: %w", told(err)))
		}
	}
}

// errStopped tells that the caller wants no more.
var errStopped = errors.New("stopped")

func (v *view) find(ctx context.Context, p graph.Pattern, f func(graph.Statement) bool) error {
	pattern, err := v.pattern(ctx, p)
	if err != nil {
		return err
	}
	size := batchMin
	batch := make([]pebble.Quad, 0, size)
	flush := func() error {
		if err := v.statements(ctx, batch, f); err != nil {
			return err
		}
		size, batch = min(2*size, batchMax), batch[:0]
		return nil
	}
	var failed error
	err = v.Scan(ctx, pattern, func(q pebble.Quad) bool {
		if batch = append(batch, q); len(batch) == size {
			failed = flush()
		}
		return failed == nil
	})
	if failed == nil && err == nil {
		failed = flush()
	}
	if failed == errStopped {
		return nil
	}
	return errors.Join(failed, err)
}

// pattern is p by the nodes of this view.
func (v *view) pattern(ctx context.Context, p graph.Pattern) (out pebble.Pattern, err error) {
	if p.Subjects != nil {
		if out.Subjects, err = v.Refs(ctx, iris(p.Subjects)); err != nil {
			return out, err
		}
	}
	if p.Predicates != nil {
		if out.Predicates, err = v.Refs(ctx, iris(p.Predicates)); err != nil {
			return out, err
		}
	}
	if p.Objects != nil || p.Literals != nil {
		values := iris(p.Objects)
		for _, l := range p.Literals {
			values = append(values, quad.String(l))
		}
		if out.Objects, err = v.Refs(ctx, values); err != nil {
			return out, err
		}
	}
	if p.Documents != nil {
		var begin []string
		for _, d := range p.Documents {
			if !strings.Contains(string(d), "#") { // which is no document
				begin = append(begin, labelsOf(d)...)
			}
		}
		labels, err := v.Labels(ctx, begin...)
		if err != nil {
			return out, err
		}
		out.Labels = &labels
	}
	return out, ctx.Err()
}

func iris[T ~string](names []T) []quad.Value {
	out := make([]quad.Value, len(names))
	for i, n := range names {
		out[i] = quad.IRI(n)
	}
	return out
}

// statements calls f for the statements of quads, until it returns false, which is errStopped.
func (v *view) statements(ctx context.Context, quads []pebble.Quad, f func(graph.Statement) bool) error {
	refs := make([]pebble.Ref, 0, 4*len(quads))
	for _, q := range quads {
		refs = append(refs, q.Subject, q.Predicate, q.Object, q.Label)
	}
	values, err := v.Values(ctx, refs)
	if err != nil {
		return err
	}
	for w := range slices.Chunk(values, 4) {
		st, err := fromQuad(w[0], w[1], w[2], w[3])
		if err != nil {
			return err
		}
		if !f(st) {
			return errStopped
		}
	}
	return nil
}

// Handles implements graph.View.
func (v *view) Handles(ctx context.Context, ids []graph.ID) ([]graph.Handle, error) {
	refs, err := v.Refs(ctx, iris(ids))
	if err != nil {
		return nil, told(err)
	}
	out := make([]graph.Handle, len(refs))
	for i, r := range refs {
		out[i] = handle(r)
	}
	return out, nil
}

// IDs implements graph.View.
func (v *view) IDs(ctx context.Context, handles []graph.Handle) ([]graph.ID, error) {
	refs := make([]pebble.Ref, len(handles))
	for i, h := range handles {
		refs[i] = ref(h)
	}
	values, err := v.Values(ctx, refs)
	if err != nil {
		return nil, told(err)
	}
	out := make([]graph.ID, len(values))
	for i, value := range values {
		iri, ok := value.(quad.IRI)
		if !ok {
			return nil, fmt.Errorf("handle %v is no node of this view", handles[i])
		}
		out[i] = graph.ID(iri)
	}
	return out, nil
}

// directions are those of package graph in the words of the library.
var directions = [...]pebble.Direction{graph.Out: pebble.Out, graph.In: pebble.In, graph.Both: pebble.Both}

// Expand implements graph.View.
func (v *view) Expand(ctx context.Context, frontier []graph.Handle, predicates []vocab.Predicate, dir graph.Direction) iter.Seq2[graph.Edge, error] {
	return func(yield func(graph.Edge, error) bool) {
		wanted, err := v.predicateRefs(ctx, predicates)
		if err == nil {
			refs := make([]pebble.Ref, len(frontier))
			for i, h := range frontier {
				refs[i] = ref(h)
			}
			err = v.View.Expand(ctx, refs, wanted, directions[dir], func(from, to pebble.Ref, p int, out bool) bool {
				return yield(graph.Edge{From: handle(from), To: handle(to), Predicate: p, Out: out}, nil)
			})
		}
		if err != nil {
			yield(graph.Edge{}, told(err))
		}
	}
}

// predicateRefs looks up what it does not know yet.
func (v *view) predicateRefs(ctx context.Context, predicates []vocab.Predicate) ([]pebble.Ref, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]pebble.Ref, len(predicates))
	for i, p := range predicates {
		r, ok := v.predicates[p]
		if !ok {
			found, err := v.Refs(ctx, []quad.Value{quad.IRI(p)})
			if err != nil {
				return nil, err
			}
			r = found[0]
			v.predicates[p] = r
		}
		out[i] = r
	}
	return out, nil
}

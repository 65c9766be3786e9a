package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"casegraph/graph/vocab"
)

// Memory is a Reader over a list of statements, which reads all of them at every call: for tests and small answers
// that need no store. The statements must differ from each other.
type Memory []Statement

// Find answers as Finder says, in the order of the list.
func (m Memory) Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error] {
	subjects, predicates, objects := set(p.Subjects), set(p.Predicates), set(p.Objects)
	literals, documents := set(p.Literals), set(p.Documents)
	return func(yield func(Statement, error) bool) {
		for _, s := range m {
			if err := ctx.Err(); err != nil {
				yield(Statement{}, err)
				return
			}
			file, _, _ := strings.Cut(string(s.Label), "?")
			object := p.Objects == nil && p.Literals == nil || s.Object != "" && objects[s.Object] || s.Object == "" && literals[s.Literal]
			if object && (p.Subjects == nil || subjects[s.Subject]) && (p.Predicates == nil || predicates[s.Predicate]) &&
				(p.Documents == nil || documents[ID(file).File()]) && !yield(s, nil) {
				return
			}
		}
	}
}

// View implements Reader over a copy of the list as it is now. It holds the subjects and objects of the statements.
func (m Memory) View(ctx context.Context) (View, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v := &memoryView{statements: slices.Clone(m), handles: map[ID]Handle{}}
	for _, s := range m {
		for _, id := range []ID{s.Subject, s.Object} {
			if _, ok := v.handles[id]; !ok && id != "" {
				v.ids = append(v.ids, id)
				v.handles[id] = Handle{A: uint64(len(v.ids))}
			}
		}
	}
	return v, nil
}

type memoryView struct {
	statements Memory
	handles    map[ID]Handle
	ids        []ID // by the handle's A, from 1
	closed     atomic.Bool
}

var errClosedView = errors.New("the view is closed")

func (v *memoryView) usable(ctx context.Context) error {
	if v.closed.Load() {
		return errClosedView
	}
	return ctx.Err()
}

func (v *memoryView) Close() error {
	v.closed.Store(true)
	return nil
}

func (v *memoryView) Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error] {
	if v.closed.Load() {
		return func(yield func(Statement, error) bool) { yield(Statement{}, errClosedView) }
	}
	return v.statements.Find(ctx, p)
}

func (v *memoryView) Handles(ctx context.Context, ids []ID) ([]Handle, error) {
	if err := v.usable(ctx); err != nil {
		return nil, err
	}
	out := make([]Handle, len(ids))
	for i, id := range ids {
		out[i] = v.handles[id]
	}
	return out, nil
}

func (v *memoryView) IDs(ctx context.Context, handles []Handle) ([]ID, error) {
	if err := v.usable(ctx); err != nil {
		return nil, err
	}
	out := make([]ID, len(handles))
	for i, h := range handles {
		if h.A == 0 || h.A > uint64(len(v.ids)) || h.B != 0 {
			return nil, fmt.Errorf("%v is no handle of this view", h)
		}
		out[i] = v.ids[h.A-1]
	}
	return out, nil
}

// Expand answers as View says, in the order of the list: an edge stands where its first claim does.
func (v *memoryView) Expand(ctx context.Context, frontier []Handle, predicates []vocab.Predicate, dir Direction) iter.Seq2[Edge, error] {
	return func(yield func(Edge, error) bool) {
		if err := v.usable(ctx); err != nil {
			yield(Edge{}, err)
			return
		}
		at, place := set(frontier), map[vocab.Predicate]int{}
		for i, p := range slices.Backward(predicates) {
			place[p] = i
		}
		claims := map[Edge]int{}
		var edges []Edge
		add := func(e Edge) {
			if claims[e] == 0 {
				edges = append(edges, e)
			}
			claims[e]++
		}
		for _, s := range v.statements {
			p, ok := place[s.Predicate]
			if !ok || s.Object == "" {
				continue
			}
			subject, object := v.handles[s.Subject], v.handles[s.Object]
			if dir != In && at[subject] {
				add(Edge{subject, object, p, true})
			}
			if dir != Out && at[object] {
				add(Edge{object, subject, p, false})
			}
		}
		for _, e := range edges {
			for range claims[e] {
				if err := v.usable(ctx); err != nil {
					yield(Edge{}, err)
					return
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func set[T comparable](values []T) map[T]bool {
	out := map[T]bool{}
	for _, v := range values {
		out[v] = true
	}
	return out
}

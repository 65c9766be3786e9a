package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"

	"casegraph/graph"
)

// store is a Cayley store seen as a graph.Store.
//
// Cayley's stores promise little to a reader while another goroutine writes: memstore has no lock, and the key-value
// store can remember a node that a write has just removed. So every read takes mu shared, for one batch of an answer
// and never while the caller looks at it, and a write takes it alone. Answers that are half given when a write comes
// are first read to their end (see settle): each Find sees one state of the store.
type store struct {
	backend
	writer chan struct{} // holds one token while someone writes or closes

	mu     sync.RWMutex
	qs     cgraph.QuadStore // nil when closed
	broken error            // why qs could not be had again after a failed write

	open struct { // the answers that are half given
		sync.Mutex
		answers map[*answer]struct{}
	}
}

var _ graph.Store = (*store)(nil)

// newStore is a store over b. When it fails, b is closed.
func newStore(b backend) (*store, error) {
	qs, err := b.open()
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	s := &store{backend: b, writer: make(chan struct{}, 1), qs: qs}
	s.open.answers = map[*answer]struct{}{}
	return s, nil
}

// usable tells whether qs may be asked. The caller holds mu.
func (s *store) usable() error {
	if s.qs == nil {
		return ErrClosed
	}
	return s.broken
}

// Put implements graph.Putter. Puts run one after the other; one that waits for its turn ends with its context. The
// context is looked at until the transaction begins; from there on the Put happens whole or, with an error, not at all.
func (s *store) Put(ctx context.Context, file graph.ID, statements []graph.Statement) (graph.Change, error) {
	change, err := s.put(ctx, file, statements)
	if err != nil {
		return graph.Change{}, fmt.Errorf("put %s: %w", file, err)
	}
	return change, nil
}

func (s *store) put(ctx context.Context, file graph.ID, statements []graph.Statement) (graph.Change, error) {
	wanted, err := check(file, statements)
	if err != nil {
		return graph.Change{}, err
	}
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return graph.Change{}, ctx.Err()
	}
	list, held, err := s.held(ctx, file)
	if err != nil {
		return graph.Change{}, err
	}
	deltas, change, err := changes(file, wanted, held, list)
	if err != nil {
		return graph.Change{}, err
	}
	if err := s.apply(ctx, deltas); err != nil {
		return graph.Change{}, err
	}
	return change, nil
}

// held gives the quad that lists the labels of file, zero when there is none, and the statements under these labels.
func (s *store) held(ctx context.Context, file graph.ID) (quad.Quad, []graph.Statement, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.reader(ctx)
	if err != nil {
		return quad.Quad{}, nil, err
	}
	list, refs, err := r.labels(file)
	if err != nil {
		return quad.Quad{}, nil, err
	}
	w := r.walk(quad.Label, refs, nil)
	defer w.close()
	var held []graph.Statement
	for {
		quads, err := w.take(batchMax)
		if err != nil {
			return quad.Quad{}, nil, err
		}
		if len(quads) == 0 {
			graph.SortStatements(held)
			return list, held, nil
		}
		batch, err := r.statements(quads, nil)
		if err != nil {
			return quad.Quad{}, nil, err
		}
		held = append(held, batch...)
	}
}

// changes says what leads from the statements held to those wanted, both sorted and each once, and from the old list
// of labels to the new one. No quad is named twice: for a quad that is added twice or is there already, Cayley counts
// its nodes wrong and keeps them when the last quad goes. Adds come before deletes, so that no node goes and comes back.
func changes(file graph.ID, wanted, held []graph.Statement, oldList quad.Quad) ([]cgraph.Delta, graph.Change, error) {
	var adds, deletes []cgraph.Delta
	var change graph.Change
	add := func(q quad.Quad) { adds = append(adds, cgraph.Delta{Quad: q, Action: cgraph.Add}) }
	remove := func(q quad.Quad) { deletes = append(deletes, cgraph.Delta{Quad: q, Action: cgraph.Delete}) }

	var labels []graph.Label
	for _, s := range wanted {
		labels = append(labels, s.Label)
		if _, ok := slices.BinarySearchFunc(held, s, graph.CompareStatements); !ok {
			add(toQuad(s))
			change.Added++
		}
	}
	for _, s := range held {
		if _, ok := slices.BinarySearchFunc(wanted, s, graph.CompareStatements); !ok {
			remove(toQuad(s))
			change.Removed++
		}
	}
	var newList quad.Quad
	if len(labels) > 0 {
		slices.Sort(labels)
		var err error
		if newList, err = listOf(file, slices.Compact(labels)); err != nil {
			return nil, change, err
		}
	}
	if newList != oldList {
		if oldList.IsValid() {
			remove(oldList)
		}
		if newList.IsValid() {
			add(newList)
		}
	}
	return append(adds, deletes...), change, nil
}

// apply makes the changes in one transaction. After a failed one it takes a new view of the data, since the old one
// remembers quads and nodes that were never written; when that fails too, the store answers nothing but that error.
func (s *store) apply(ctx context.Context, deltas []cgraph.Delta) error {
	if len(deltas) == 0 {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	s.settle()
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.backend.apply(s.qs, deltas)
	if err == nil {
		return nil
	}
	qs, again := s.backend.open()
	if again != nil {
		s.broken = fmt.Errorf("the store must be opened again after a failed write: %w", errors.Join(err, again))
		return s.broken
	}
	s.qs = qs
	return err
}

// settle reads every answer that is half given to its end. The caller holds mu alone.
func (s *store) settle() {
	s.open.Lock()
	defer s.open.Unlock()
	for a := range s.open.answers {
		a.settle()
		delete(s.open.answers, a)
	}
}

// Close waits for what is under way: a Put is done first, and a Find whose answer is half given can be read to its end
// afterwards. Closing twice is no error.
func (s *store) Close() error {
	s.writer <- struct{}{}
	defer func() { <-s.writer }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.qs == nil {
		return nil
	}
	s.settle()
	s.qs = nil
	return s.backend.close()
}

package store

import (
	"context"
	"fmt"

	"github.com/cayleygraph/quad"

	"casegraph/graph"
)

// Put implements graph.Putter. It returns when the statements are on disk. Puts take turns, but those that wait for the
// disk wait together; one that waits for its turn ends with its context. From the moment its transaction is written it
// happens whole. A disk that fails in that moment leaves the fate of the Put open: every use of the store is then an
// error until it is opened again.
func (s *Store) Put(ctx context.Context, file graph.ID, statements []graph.Statement) (graph.Change, error) {
	change, err := s.put(ctx, file, statements)
	if err != nil {
		return graph.Change{}, fmt.Errorf("put %s: %w", file, told(err))
	}
	return change, nil
}

func (s *Store) put(ctx context.Context, file graph.ID, statements []graph.Statement) (graph.Change, error) {
	if err := check(file, statements); err != nil {
		return graph.Change{}, err
	}
	quads := make([]quad.Quad, len(statements))
	for i, st := range statements {
		quads[i] = toQuad(st)
	}
	added, removed, err := s.db.Replace(ctx, labelsOf(file), quads)
	return graph.Change{Added: added, Removed: removed}, err
}

package graph

import (
	"context"
	"iter"
	"strings"
)

// Memory is a Finder over a list of statements, which reads all of them at every call: for tests and small answers
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

func set[T comparable](values []T) map[T]bool {
	out := map[T]bool{}
	for _, v := range values {
		out[v] = true
	}
	return out
}

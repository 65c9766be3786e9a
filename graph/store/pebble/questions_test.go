package pebble

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/cayleygraph/quad"
)

// asker asks the questions of the benchmarks, on the graphs of the two generators.
type asker struct {
	edges, steps []Ref // the relations, and those that a shortest path may use
	signed, name Ref
}

// The relations of the generated graphs.
var (
	edgeNames = []string{"signed", "addressedTo", "cc", "mentions", "holdsPositionAt", "memberOf", "partOfCase", "references", "locatedIn"}
	stepNames = []string{"signed", "addressedTo", "cc", "holdsPositionAt", "memberOf"}
)

// newAsker looks up the relations, whose IRIs begin with base.
func newAsker(t testing.TB, s *Store, base string) asker {
	t.Helper()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	look := func(names ...string) []Ref {
		var values []quad.Value
		for _, n := range names {
			values = append(values, quad.IRI(base+n))
		}
		refs, err := v.Refs(context.Background(), values)
		if err != nil {
			t.Fatal(err)
		}
		return refs
	}
	return asker{edges: look(edgeNames...), steps: look(stepNames...), signed: look("signed")[0], name: look("name")[0]}
}

func (a asker) node(ctx context.Context, v *View, iri string) (Ref, error) {
	refs, err := v.Refs(ctx, []quad.Value{quad.IRI(iri)})
	if err != nil {
		return Ref{}, err
	}
	return refs[0], nil
}

// neighbours gives every edge of a node, both ways, with its label and the other end's name.
func (a asker) neighbours(ctx context.Context, v *View, iri string) (string, error) {
	node, err := a.node(ctx, v, iri)
	if err != nil {
		return "", err
	}
	var others, labels []Ref
	err = v.Scan(ctx, Pattern{Subjects: []Ref{node}}, func(q Quad) bool {
		if slices.Contains(a.edges, q.Predicate) {
			others, labels = append(others, q.Object), append(labels, q.Label)
		}
		return true
	})
	if err != nil {
		return "", err
	}
	err = v.Scan(ctx, Pattern{Objects: []Ref{node}}, func(q Quad) bool {
		if slices.Contains(a.edges, q.Predicate) {
			others, labels = append(others, q.Subject), append(labels, q.Label)
		}
		return true
	})
	if err != nil {
		return "", err
	}
	shown, err := v.Values(ctx, labels)
	if err != nil || len(shown) != len(labels) {
		return "", err
	}
	names := make(map[Ref]Ref, len(others))
	err = v.Scan(ctx, Pattern{Subjects: others, Predicates: []Ref{a.name}}, func(q Quad) bool {
		names[q.Subject] = q.Object
		return true
	})
	if err != nil {
		return "", err
	}
	for i, o := range others {
		others[i] = names[o]
	}
	values, err := v.Values(ctx, others)
	if err != nil {
		return "", err
	}
	chars := 0
	for _, value := range values {
		chars += utf8.RuneCountInString(string(value.(quad.String)))
	}
	return fmt.Sprintf("%d:%d", len(others), chars), nil
}

// cosign counts the persons that signed a document which this one signed.
func (a asker) cosign(ctx context.Context, v *View, iri string) (string, error) {
	me, err := a.node(ctx, v, iri)
	if err != nil {
		return "", err
	}
	var documents []Ref
	seen := map[Ref]struct{}{me: {}}
	err = v.Expand(ctx, []Ref{me}, []Ref{a.signed}, Out, func(_, to Ref, _ int, _ bool) bool {
		documents = append(documents, to)
		return true
	})
	if err == nil {
		err = v.Expand(ctx, documents, []Ref{a.signed}, In, func(_, to Ref, _ int, _ bool) bool {
			seen[to] = struct{}{}
			return true
		})
	}
	return strconv.Itoa(len(seen) - 1), err
}

// hop3 counts the nodes within three steps, itself included, up to a thousand.
func (a asker) hop3(ctx context.Context, v *View, iri string) (string, error) {
	const most, chunk = 1000, 64
	start, err := a.node(ctx, v, iri)
	if err != nil {
		return "", err
	}
	seen := make(map[Ref]struct{}, most)
	seen[start] = struct{}{}
	frontier := []Ref{start}
	for range 3 {
		var next []Ref
		for part := range slices.Chunk(frontier, chunk) {
			err := v.Expand(ctx, part, a.edges, Both, func(_, to Ref, _ int, _ bool) bool {
				if _, ok := seen[to]; !ok {
					seen[to] = struct{}{}
					next = append(next, to)
				}
				return len(seen) < most
			})
			if err != nil || len(seen) >= most {
				return strconv.Itoa(len(seen)), err
			}
		}
		frontier = next
	}
	return strconv.Itoa(len(seen)), nil
}

// path is the length of the shortest path between two persons, -1 when there is none of at most six steps.
func (a asker) path(ctx context.Context, v *View, from, to string) (string, error) {
	start, err := a.node(ctx, v, from)
	if err != nil {
		return "", err
	}
	end, err := a.node(ctx, v, to)
	if err != nil {
		return "", err
	}
	here, there := map[Ref]struct{}{start: {}}, map[Ref]struct{}{end: {}}
	near, far := []Ref{start}, []Ref{end}
	for steps := 1; steps <= 6; steps++ {
		if len(far) < len(near) {
			here, there, near, far = there, here, far, near
		}
		var next []Ref
		met := false
		err := v.Expand(ctx, near, a.steps, Both, func(_, to Ref, _ int, _ bool) bool {
			if _, met = there[to]; met {
				return false
			}
			if _, ok := here[to]; !ok {
				here[to] = struct{}{}
				next = append(next, to)
			}
			return true
		})
		if err != nil {
			return "", err
		}
		if met {
			return strconv.Itoa(steps), nil
		}
		if near = next; len(near) == 0 {
			break
		}
	}
	return "-1", nil
}

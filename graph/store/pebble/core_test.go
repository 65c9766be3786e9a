package pebble

import (
	"context"
	"testing"

	"github.com/cayleygraph/quad"
	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestCore(t *testing.T) {
	s, err := Open("x", Options{FS: vfs.NewMem(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	q := quad.Quad{Subject: quad.IRI("person:a"), Predicate: quad.IRI("signed"), Object: quad.IRI("doc:x"), Label: quad.IRI("doc:x?by=r#char=1,20")}
	a, r, err := s.Replace(ctx, []string{"doc:x?"}, []quad.Quad{q, q})
	t.Log(a, r, err)
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	refs, err := v.Refs(ctx, []quad.Value{q.Subject, q.Label, quad.IRI("none")})
	t.Log(refs, err)
	err = v.Scan(ctx, Pattern{Subjects: refs[:1]}, func(x Quad) bool {
		vals, err := v.Values(ctx, []Ref{x.Subject, x.Predicate, x.Object, x.Label})
		t.Log(vals, err)
		return true
	})
	t.Log(err)
	v.Close()
	a, r, err = s.Replace(ctx, []string{"doc:x?"}, nil)
	t.Log(a, r, err)
	it, _ := s.db.NewIter(nil)
	for it.First(); it.Valid(); it.Next() {
		t.Logf("%q %q", it.Key(), it.Value())
	}
	it.Close()
}

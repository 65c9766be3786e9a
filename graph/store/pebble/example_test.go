package pebble_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/path"
	"github.com/cayleygraph/quad"

	"casegraph/graph/store/pebble"
)

// A store is made once, opened by its name, and asked by Cayley's paths.
func Example() {
	tmp, err := os.MkdirTemp("", "pebble")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "graph")
	if err := cgraph.InitQuadStore(pebble.Name, dir, nil); err != nil {
		log.Fatal(err)
	}
	qs, err := cgraph.NewQuadStore(pebble.Name, dir, cgraph.Options{"cache_size_mb": 64})
	if err != nil {
		log.Fatal(err)
	}
	defer qs.Close()

	w, err := qs.NewQuadWriter()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := w.WriteQuads([]quad.Quad{
		quad.MakeIRI("person:ann", "signed", "letter:1", "letter:1#char=90,96"),
		quad.MakeIRI("person:bob", "signed", "letter:1", "letter:1#char=98,104"),
	}); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	signed := quad.IRI("signed")
	with, err := path.StartPath(qs, quad.IRI("person:ann")).Out(signed).In(signed).Iterate(context.Background()).AllValues(qs)
	fmt.Println(with, err)
	// Output: [<person:ann> <person:bob>] <nil>
}

// A view answers a query from one state of the store, whatever is written meanwhile.
func ExampleView_QuadStore() {
	tmp, err := os.MkdirTemp("", "pebble")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	s, err := pebble.Open(filepath.Join(tmp, "graph"), pebble.Options{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	v, err := s.View()
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	if err := s.ApplyDeltas([]cgraph.Delta{{Quad: quad.MakeIRI("person:ann", "signed", "letter:1", ""), Action: cgraph.Add}}, cgraph.IgnoreOpts{}); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, qs := range []cgraph.QuadStore{s, v.QuadStore()} {
		found, err := path.StartPath(qs, quad.IRI("person:ann")).Out(quad.IRI("signed")).Iterate(ctx).AllValues(qs)
		fmt.Println(found, err)
	}
	fmt.Println(v.Err(), ctx.Err()) // what Cayley may not have told
	// Output:
	// [<letter:1>] <nil>
	// [] <nil>
	// <nil> <nil>
}

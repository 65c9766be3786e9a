package pebble

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/cayley/graph/path"
	"github.com/cayleygraph/cayley/graph/shape"
	"github.com/cayleygraph/cayley/writer"
	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"
)

// letters is a graph of persons who sign letters, which mention persons: n quads, each with a passage for its label.
// Few of the persons sign and are mentioned often.
func letters(n int) []quad.Quad {
	r := rand.New(rand.NewPCG(1, 2))
	person := func() quad.Value {
		return quad.IRI(fmt.Sprintf("person:%d", int(float64(n)/20*r.Float64()*r.Float64()*r.Float64())))
	}
	out := make([]quad.Quad, 0, n)
	for i := 0; len(out) < n; i++ {
		doc := fmt.Sprintf("doc:%d", i)
		for j := range 10 {
			q := quad.Quad{Subject: quad.IRI(doc), Predicate: quad.IRI("mentions"), Object: person(),
				Label: quad.IRI(fmt.Sprintf("%s?by=test#char=%d,%d", doc, 10*j, 10*j+7))}
			if j < 3 {
				q.Subject, q.Predicate, q.Object = q.Object, quad.IRI("signed"), q.Subject
			}
			if out = append(out, q); len(out) == n {
				break
			}
		}
	}
	return out
}

func fill(t testing.TB, s *Store, quads []quad.Quad) {
	t.Helper()
	w, err := s.NewQuadWriter()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.WriteQuads(quads); err != nil || n != len(quads) {
		t.Fatal(n, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRegistered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "graph")
	if _, err := cgraph.NewQuadStore(Name, dir, nil); err != cgraph.ErrNotInitialized {
		t.Errorf("absent: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("looking for a store made something: %v", err)
	}
	if err := cgraph.InitQuadStore(Name, dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := cgraph.InitQuadStore(Name, dir, nil); err != cgraph.ErrDatabaseExists {
		t.Errorf("there is one: %v", err)
	}
	for _, o := range []cgraph.Options{{"cache_size_mb": "many"}, {"cache_size_mb": -1}, {"nosync": 1}, {"read_only": "yes"}} {
		if qs, err := cgraph.NewQuadStore(Name, dir, o); err == nil {
			qs.Close()
			t.Errorf("%v was taken", o)
		}
	}
	qs, err := cgraph.NewQuadStore(Name, dir, cgraph.Options{"cache_size_mb": 8, "nosync": true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cgraph.NewQuadStore(Name, dir, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("open twice: %v", err)
	}
	q := quad.MakeIRI("a", "p", "b", "")
	if err := qs.ApplyDeltas([]cgraph.Delta{{Quad: q, Action: cgraph.Add}}, cgraph.IgnoreOpts{}); err != nil {
		t.Error(err)
	}
	if err := qs.Close(); err != nil {
		t.Error(err)
	}
	qs, err = cgraph.NewQuadStore(Name, dir, cgraph.Options{"read_only": true})
	if err != nil {
		t.Fatal(err)
	}
	defer qs.Close()
	if qs.ValueOf(q.Object) == nil {
		t.Error("the quad is gone")
	}
	if err := qs.ApplyDeltas([]cgraph.Delta{{Quad: q, Action: cgraph.Delete}}, cgraph.IgnoreOpts{}); err == nil {
		t.Error("a store was written that is open for reading")
	}
}

// TestForeign asks with references that are none of the store's.
func TestForeign(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	fill(t, s, []quad.Quad{quad.MakeIRI("a", "p", "doc:1#char=1,2", "")})
	if v := s.ValueOf(quad.IRI("none")); v != nil {
		t.Errorf("%#v", v)
	}
	for _, v := range []quad.Value{nil, quad.IRI("doc:1"), quad.IRI("doc:1#char=1,3"), quad.IRI("doc:1#char=01,2")} {
		if ref := s.ValueOf(v); ref != nil {
			t.Errorf("%v is %v", v, ref)
		}
	}
	ctx := t.Context()
	for _, ref := range []cgraph.Ref{nil, Ref{}, Quad{}, iterator.Int64Node(20), cgraph.PreFetched(quad.Int(1)), cgraph.ValueHash{1}, Ref{ID: 1 << 40}, Ref{ID: isBase | 1, Start: 9}} {
		for _, d := range quad.Directions {
			it := s.QuadIterator(d, ref)
			if it.Next(ctx) || it.Err() != nil {
				t.Errorf("%v as %v: %v", ref, d, it.Err())
			}
			it.Close()
			if size, err := s.QuadIteratorSize(ctx, d, ref); err != nil || size.Size != 0 {
				t.Errorf("%v as %v: %v %v", ref, d, size, err)
			}
			if got := s.QuadDirection(ref, d); got != nil {
				t.Errorf("%v of %v is %v", d, ref, got)
			}
		}
		for _, it := range []cgraph.Iterator{s.NodesAllIterator(), s.QuadIterator(quad.Subject, s.ValueOf(quad.IRI("a"))),
			path.StartPath(s, quad.IRI("a")).Out().BuildIteratorOn(s)} {
			if it.Contains(ctx, ref) || it.Err() != nil {
				t.Errorf("%v contains %v: %v", it, ref, it.Err())
			}
			it.Close()
		}
		if q := s.Quad(ref); q != (quad.Quad{}) {
			t.Errorf("%v is %v", ref, q)
		}
		var want quad.Value
		if p, ok := ref.(cgraph.PreFetchedValue); ok {
			want = p.NameOf()
		}
		if r, ok := ref.(Ref); ok && r.passage() {
			want = quad.IRI("doc:1#char=9,9") // no quad has it, but it reads as what it is
		}
		got, err := s.ValuesOf(ctx, []cgraph.Ref{ref, s.ValueOf(quad.IRI("a"))})
		if err != nil || got[0] != want || got[1] != quad.IRI("a") || s.NameOf(ref) != want {
			t.Errorf("%v is %v, %v; %v", ref, s.NameOf(ref), got, err)
		}
	}
	if refs, err := s.RefsOf(ctx, []quad.Value{quad.IRI("a"), quad.IRI("doc:1#char=1,2")}); err != nil || s.NameOf(refs[1]) != quad.IRI("doc:1#char=1,2") {
		t.Error(refs, err)
	}
	if _, err := s.RefsOf(ctx, []quad.Value{quad.IRI("a"), quad.IRI("doc:1")}); !errors.Is(err, cgraph.ErrNodeNotExists) {
		t.Error(err)
	}
	if it := s.QuadIterator(quad.Any, s.ValueOf(quad.IRI("a"))); it.Next(ctx) || it.Err() == nil {
		t.Error("a quad has something in any direction")
	}
	if err := s.missed(0); err != nil {
		t.Error(err)
	}
}

// TestSizes asks for the sizes of nodes with more quads than are counted.
func TestSizes(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	var quads []quad.Quad
	for i := range 5000 {
		quads = append(quads, quad.Quad{Subject: quad.IRI("hub"), Predicate: quad.IRI("p"), Object: quad.Int(i), Label: quad.IRI("l")})
	}
	quads = append(quads, quad.MakeIRI("small", "p", "x", ""))
	fill(t, s, quads)
	ctx := t.Context()
	check := func() {
		t.Helper()
		p, err := s.QuadIteratorSize(ctx, quad.Predicate, s.ValueOf(quad.IRI("p")))
		if err != nil || p != (cgraph.Size{Size: 5001, Exact: true}) {
			t.Error(p, err)
		}
		small, err := s.QuadIteratorSize(ctx, quad.Subject, s.ValueOf(quad.IRI("small")))
		if err != nil || small != (cgraph.Size{Size: 1, Exact: true}) {
			t.Error(small, err)
		}
		for d, v := range map[quad.Direction]quad.Value{quad.Subject: quad.IRI("hub"), quad.Label: quad.IRI("l")} {
			hub, err := s.QuadIteratorSize(ctx, d, s.ValueOf(v))
			if err != nil || hub.Exact || hub.Size < countFew || hub.Size > 5001 {
				t.Error(d, hub, err)
			}
		}
		cheap, err := s.Stats(ctx, false)
		if err != nil || cheap.Nodes.Exact || cheap.Nodes.Size < 5005 || cheap.Quads != (cgraph.Size{Size: 5001, Exact: true}) {
			t.Error(cheap, err)
		}
		exact, err := s.Stats(ctx, true)
		if want := (cgraph.Stats{Nodes: cgraph.Size{Size: 5005, Exact: true}, Quads: cgraph.Size{Size: 5001, Exact: true}}); err != nil || exact != want {
			t.Error(exact, err)
		}
	}
	check()
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	check()
	// A count goes through the nodes: of an intersection Cayley would else take the smaller size for the answer.
	n, err := path.StartPath(s).Has(quad.IRI("p"), quad.Int(1)).Has(quad.IRI("p"), quad.Int(2)).Count().Iterate(ctx).FirstValue(s)
	if err != nil || n != quad.Int(1) {
		t.Error(n, err)
	}
	n, err = path.StartPath(s, quad.IRI("small"), quad.IRI("hub")).Has(quad.IRI("p"), quad.Int(1)).Order().Count().Iterate(ctx).FirstValue(s)
	if err != nil || n != quad.Int(1) {
		t.Error(n, err)
	}
	n, err = path.StartPath(s).Has(quad.IRI("p"), quad.Int(1)).Has(quad.IRI("p"), quad.IRI("x")).Count().Iterate(ctx).FirstValue(s)
	if err != nil || n != quad.Int(0) {
		t.Error(n, err)
	}
}

// TestNoScan asks what the store must answer from the edges of a few nodes, and counts the keys that are read for it.
func TestNoScan(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	quads := letters(20000)
	fill(t, s, quads)
	signed, mentions := quad.IRI("signed"), quad.IRI("mentions")
	person, doc := quad.IRI("person:150"), quad.IRI("doc:7")
	of := map[quad.Value][]quad.Quad{} // by node and predicate
	for _, q := range quads {
		for _, v := range []quad.Value{q.Subject, q.Object} {
			of[quad.IRI(v.String()+string(q.Predicate.(quad.IRI)))] = append(of[quad.IRI(v.String()+string(q.Predicate.(quad.IRI)))], q)
		}
	}
	edges := func(v quad.Value, p quad.IRI) []quad.Quad { return of[quad.IRI(v.String()+string(p))] }
	coSigners, others := 0, 0
	for _, q := range edges(person, signed) {
		coSigners += len(edges(q.Object, signed))
	}
	for _, q := range edges(person, mentions) {
		others += len(edges(q.Subject, mentions))
	}
	context3 := shape.Shape(shape.NodesFrom{Dir: quad.Object, Quads: shape.Quads{
		{Dir: quad.Subject, Values: shape.Lookup{person, quad.IRI("person:151")}}, {Dir: quad.Predicate, Values: shape.Lookup{signed, mentions}}}})
	for _, c := range []struct {
		name    string
		shape   shape.Shape
		results int // -1: does not matter
		most    int
	}{
		{"out", path.StartPath(s, person).Out(signed).Shape(), len(edges(person, signed)), len(edges(person, signed))},
		{"out in", path.StartPath(s, person).Out(signed).In(signed).Shape(), coSigners, coSigners},
		{"in out", path.StartPath(s, person).In(mentions).Out(mentions).Shape(), others, others},
		{"has", path.StartPath(s).Has(signed, doc).Shape(), len(edges(doc, signed)), len(edges(doc, signed))},
		{"has has", path.StartPath(s).Has(signed, doc).HasReverse(mentions, quad.IRI("doc:8")).Shape(), -1, 40},
		{"save", path.StartPath(s, person).Save(signed, "x").Shape(), -1, len(edges(person, signed)) + 2},
		{"by tagged predicate", path.StartPath(s, person).OutWithTags([]string{"p"}, signed, mentions).In(signed).Shape(), -1, 2 * coSigners},
		{"by two predicates", context3, -1, 3 * (len(edges(person, signed)) + len(edges(quad.IRI("person:151"), signed)))},
		{"count", path.StartPath(s, person).Out(signed).In(signed).Count().Shape(), 1, coSigners},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.steps.Load()
			it := shape.BuildIterator(s, c.shape)
			n, err := cgraph.Iterate(t.Context(), it).All()
			if err != nil || c.results >= 0 && len(n) != c.results {
				t.Errorf("%d results, %v; want %d", len(n), err, c.results)
			}
			// To plan the store counts the edges of the nodes that are given, up to countFew.
			if steps := s.steps.Load() - before; steps > int64(3*c.most+50) {
				t.Errorf("%d results took %d keys; that are more than %d edges", len(n), steps, c.most)
			} else {
				t.Logf("%d results, %d keys", len(n), steps)
			}
		})
	}
}

// TestFold tells what OptimizeShape must not change, and that an iterator with nothing to optimize stays itself.
func TestFold(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	fill(t, s, []quad.Quad{quad.MakeIRI("a", "p", "b", "l"), quad.MakeIRI("a", "p", "c", ""), quad.MakeIRI("a", "q", "d", "m")})
	for _, it := range []cgraph.Iterator{s.NodesAllIterator(), s.QuadsAllIterator(), s.QuadIterator(quad.Subject, s.ValueOf(quad.IRI("a"))),
		path.StartPath(s, quad.IRI("a")).Out(quad.IRI("p")).In(quad.IRI("p")).BuildIteratorOn(s)} {
		if got, ok := it.Optimize(); ok || got != it {
			t.Errorf("%v became %v", it, got)
		}
	}
	// A tag on the label is one on the quads that have one.
	ctx := t.Context()
	labels := shape.NodesFrom{Dir: quad.Object, Quads: shape.Quads{
		{Dir: quad.Subject, Values: shape.Lookup{quad.IRI("a")}},
		{Dir: quad.Label, Values: shape.Save{From: shape.AllNodes{}, Tags: []string{"in"}}},
	}}
	var got []string
	err := shape.Iterate(ctx, s, labels).TagValues(s, func(m map[string]quad.Value) { got = append(got, fmt.Sprint(m)) })
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"map[in:<l>]", "map[in:<m>]"}) {
		t.Error(got, err)
	}
	if vals, err := path.StartPath(s, quad.IRI("c")).Labels().Iterate(ctx).All(); err != nil || len(vals) != 0 {
		t.Errorf("no label is a node: %v %v", vals, err)
	}
	for _, c := range []struct {
		shape shape.Shape
		want  int
	}{
		{shape.Quads{}, 3},
		{shape.Quads{{Dir: quad.Label, Values: shape.AllNodes{}}}, 2},
		{shape.Quads{{Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("p")}}, {Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("q")}}}, 0},
		{shape.Quads{{Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("p"), quad.IRI("q")}}, {Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("q")}}}, 1},
		{shape.Quads{{Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("q")}}, {Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("p"), quad.IRI("q")}}}, 1},
		{shape.Quads{{Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("none")}}}, 0},
		{shape.Quads{{Dir: quad.Label, Values: shape.Lookup{quad.IRI("l")}}, {Dir: quad.Predicate, Values: shape.Lookup{quad.IRI("p")}}}, 1},
		{shape.Union{shape.Lookup{quad.IRI("none")}, shape.Lookup{quad.IRI("none")}}, 0},
	} {
		for _, again := range []bool{false, true} {
			sh := c.shape
			if again {
				sh, _ = shape.Optimize(sh, s)
			}
			shape.Walk(sh, func(shape.Shape) bool { return true })
			refs, err := shape.Iterate(ctx, s, sh).All()
			if err != nil || len(refs) != c.want {
				t.Errorf("%v gives %d, %v; want %d", c.shape, len(refs), err, c.want)
			}
		}
	}
}

func TestWriter(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	count := func(want int64) {
		t.Helper()
		if st, err := s.Stats(t.Context(), false); err != nil || st.Quads.Size != want {
			t.Errorf("%v, %v; want %d quads", st, err, want)
		}
	}
	qw, err := s.NewQuadWriter()
	if err != nil {
		t.Fatal(err)
	}
	w := qw.(*quadWriter)
	for i := range batchQuads + 1 {
		if err := w.WriteQuad(quad.Make(quad.IRI("a"), quad.IRI("p"), quad.Int(i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	count(batchQuads)
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	count(batchQuads + 1)
	many := make([]quad.Quad, batchQuads+10)
	for i := range many {
		many[i] = quad.Make(quad.IRI("b"), quad.IRI("p"), quad.Int(i/2), nil) // each twice
	}
	if n, err := w.WriteQuads(many); n != len(many) || err != nil {
		t.Error(n, err)
	}
	count(batchQuads + 1 + batchQuads/2 + 5)
	// What cannot be written is told, and what was written is: the first batch.
	for i := range many {
		many[i].Subject = quad.IRI("c")
	}
	many[batchQuads+3].Object = nil
	if n, err := w.WriteQuads(many); n != batchQuads || err == nil {
		t.Error(n, err)
	}
	count(batchQuads + 1 + batchQuads/2 + 5 + batchQuads/2)
	if err := w.WriteQuad(quad.MakeIRI("d", "p", "e", "")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(w.Close(), w.Close(), w.Flush()); err != nil {
		t.Error(err)
	}
	count(batchQuads + 1 + batchQuads/2 + 5 + batchQuads/2 + 1)
	if err := w.WriteQuad(quad.MakeIRI("d", "p", "f", "")); err == nil {
		t.Error("a closed writer took a quad")
	}
	big := quad.String(strings.Repeat("x", batchBytes/2))
	w2 := &quadWriter{s: s}
	for i := range 3 {
		if err := w2.WriteQuad(quad.Quad{Subject: quad.IRI("e"), Predicate: quad.IRI(fmt.Sprint("p", i)), Object: big}); err != nil {
			t.Fatal(err)
		}
	}
	count(batchQuads + 1 + batchQuads/2 + 5 + batchQuads/2 + 3)
	if err := w2.Close(); err != nil {
		t.Error(err)
	}
	invalid := cgraph.Delta{Quad: quad.MakeIRI("x", "p", "y", "")}
	err = s.ApplyDeltas([]cgraph.Delta{{Quad: invalid.Quad, Action: cgraph.Add}, invalid}, cgraph.IgnoreOpts{})
	if de := (*cgraph.DeltaError)(nil); !errors.As(err, &de) || !cgraph.IsInvalidAction(err) || de.Delta != invalid || s.ValueOf(quad.IRI("x")) != nil {
		t.Error(err)
	}
	// Cayley's own writers and readers go over the store.
	sw, err := writer.NewSingle(s, cgraph.IgnoreOpts{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sw.RemoveNode(quad.IRI("a")); err != nil {
		t.Error(err)
	}
	if err := sw.RemoveNode(quad.IRI("a")); err != cgraph.ErrNodeNotExists {
		t.Error(err)
	}
	r := cgraph.NewQuadStoreReader(s)
	quads, err := quad.ReadAll(r)
	if st, _ := s.Stats(t.Context(), false); err != nil || st.Quads.Size != int64(len(quads)) {
		t.Error(len(quads), st, err)
	}
	r.Close()
}

func TestViewIsReadOnly(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	qs := v.QuadStore()
	if err := qs.ApplyDeltas([]cgraph.Delta{{Quad: quad.MakeIRI("a", "p", "b", ""), Action: cgraph.Add}}, cgraph.IgnoreOpts{}); err == nil {
		t.Error("a view was written")
	}
	if _, err := qs.NewQuadWriter(); err == nil {
		t.Error("a view has a writer")
	}
	if err := errors.Join(qs.Close(), v.Close()); err != nil {
		t.Error(err)
	}
	if _, err := qs.Stats(t.Context(), true); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if it := path.StartPath(qs, quad.IRI("a")).BuildIteratorOn(qs); it.Next(t.Context()) || !errors.Is(it.Err(), ErrClosed) {
		t.Error(it.Err())
	}
}

// TestLeftOpen leaves iterators in every state, and closes the store and views under them.
func TestLeftOpen(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	fill(t, s, letters(5000))
	ctx := context.Background()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	var left, looked []cgraph.Iterator
	leave := func(qs cgraph.QuadStore) (n int) {
		for _, it := range []cgraph.Iterator{qs.QuadsAllIterator(), qs.NodesAllIterator(),
			qs.QuadIterator(quad.Predicate, qs.ValueOf(quad.IRI("signed"))),
			path.StartPath(qs, quad.IRI("person:0"), quad.IRI("person:1")).Out(quad.IRI("signed")).In(quad.IRI("signed")).BuildIteratorOn(qs)} {
			if !it.Next(ctx) {
				t.Fatal(it.Err())
			}
			left = append(left, it)
		}
		it := path.StartPath(qs).Has(quad.IRI("signed"), quad.IRI("doc:1")).BuildIteratorOn(qs)
		it.Contains(ctx, qs.ValueOf(quad.IRI("person:0")))
		looked = append(looked, it)
		left = append(left, qs.QuadsAllIterator())
		all := qs.NodesAllIterator()
		for all.Next(ctx) {
		}
		return len(left)
	}
	leave(s)
	if n := loose(s); n == 0 {
		t.Error("nothing is registered: the test is blind")
	}
	leave(v.QuadStore())
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	// What is exhausted is closed without Close.
	before := loose(s)
	it := s.NodesAllIterator()
	for it.Next(ctx) {
	}
	if it.Err() != nil || loose(s) != before {
		t.Errorf("an iterator at its end is open, %v", it.Err())
	}
	it = path.StartPath(s, quad.IRI("person:0")).Out(quad.IRI("signed")).In(quad.IRI("signed")).BuildIteratorOn(s)
	for it.Next(ctx) {
	}
	if it.Err() != nil || loose(s) != before {
		t.Errorf("a path at its end is open, %v", it.Err())
	}
	if err := s.Close(); err != nil {
		t.Errorf("something was left open: %v", err)
	}
	for _, it := range slices.Concat(left, looked) {
		if slices.Contains(looked, it) {
			it.Contains(ctx, Ref{ID: 1})
		} else {
			for it.Next(ctx) {
			}
		}
		if !errors.Is(it.Err(), ErrClosed) {
			t.Errorf("%v after the store is closed: %v", it, it.Err())
		}
		if err := it.Close(); err != nil {
			t.Errorf("%v: %v", it, err)
		}
	}
	if ref := s.ValueOf(quad.IRI("person:0")); ref == nil {
		t.Error("a closed store says that there is no node")
	} else if it := s.QuadIterator(quad.Subject, ref); it.Next(ctx) || !errors.Is(it.Err(), ErrClosed) {
		t.Error(it.Err())
	}
	if _, err := s.ValuesOf(ctx, []cgraph.Ref{Ref{ID: 1 << 30}}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func loose(s *Store) int {
	s.use.Lock()
	defer s.use.Unlock()
	return len(s.use.loose)
}

// TestAbandoned leaves iterators that nobody can reach: they must not keep old tables for as long as the store is open.
func TestAbandoned(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	fill(t, s, letters(500))
	for range 100 {
		if it := s.QuadsAllIterator(); !it.Next(t.Context()) {
			t.Fatal(it.Err())
		}
		if it := s.NodesAllIterator(); !it.Next(t.Context()) {
			t.Fatal(it.Err())
		}
		it := path.StartPath(s).Has(quad.IRI("signed"), quad.IRI("doc:1")).BuildIteratorOn(s)
		it.Contains(t.Context(), s.ValueOf(quad.IRI("person:0")))
	}
	for deadline := time.Now().Add(10 * time.Second); loose(s) > 0; {
		runtime.GC()
		if time.Sleep(time.Millisecond); time.Now().After(deadline) {
			t.Fatalf("%d iterators are open", loose(s))
		}
	}
}

// TestCloseUnderIteration closes a store, or a view, while several goroutines read it. They end with the whole answer
// or with ErrClosed.
func TestCloseUnderIteration(t *testing.T) {
	quads := letters(2000)
	for round := range 20 {
		s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
		fill(t, s, quads)
		view, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var begun atomic.Int64
		for g := range 6 {
			qs := cgraph.QuadStore(s)
			if g%2 == 0 {
				qs = view.QuadStore()
			}
			wg.Go(func() {
				ctx := context.Background()
				for i := 0; ; i++ {
					begun.Add(1)
					var it cgraph.Iterator
					want := len(quads)
					switch (i + g) % 3 {
					case 0:
						it = qs.QuadsAllIterator()
					case 1:
						it, want = qs.NodesAllIterator(), -1
					case 2:
						it, want = path.StartPath(qs).Has(quad.IRI("signed")).Out(quad.IRI("signed")).In(quad.IRI("signed")).BuildIteratorOn(qs), -1
					}
					n := 0
					for it.Next(ctx) {
						n++
						if n%100 == 0 {
							qs.NameOf(qs.QuadDirection(it.Result(), quad.Label))
						}
					}
					if err := it.Err(); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						it.Close()
						return
					}
					if n == 0 || want >= 0 && n != want {
						t.Errorf("%d results without an error", n)
						return
					}
				}
			})
		}
		for begun.Load() < 12 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(round) * 100 * time.Microsecond)
		if err := view.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

// TestCancelled ends contexts before and in the middle of everything that takes one.
func TestCancelled(t *testing.T) {
	s := openTest(t, "x", Options{FS: vfs.NewMem(), Create: true})
	defer s.Close()
	fill(t, s, letters(5000))
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, qs := range []cgraph.QuadStore{s, v.QuadStore()} {
		signed := qs.ValueOf(quad.IRI("signed"))
		build := map[string]func() cgraph.Iterator{
			"quads":     qs.QuadsAllIterator,
			"nodes":     qs.NodesAllIterator,
			"predicate": func() cgraph.Iterator { return qs.QuadIterator(quad.Predicate, signed) },
			"path": func() cgraph.Iterator {
				return path.StartPath(qs).Has(quad.IRI("signed")).Out(quad.IRI("signed")).In(quad.IRI("signed")).BuildIteratorOn(qs)
			},
		}
		for name, it := range build {
			if it := it(); it.Next(ended) || !errors.Is(it.Err(), context.Canceled) {
				t.Errorf("%s: %v", name, it.Err())
			}
			if it := it(); it.Contains(ended, qs.ValueOf(quad.IRI("person:0"))) || !errors.Is(it.Err(), context.Canceled) {
				t.Errorf("%s contains: %v", name, it.Err())
			}
			ctx, cancel := context.WithCancel(t.Context())
			open := it()
			for range 10 {
				open.Next(ctx)
			}
			cancel()
			// Cayley's loops look at the context first, and then ask the iterator for the error.
			if err := open.Err(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s was left: %v", name, err)
			}
			n := 0
			for ; open.Next(ctx); n++ {
			}
			if n > checkEvery || !errors.Is(open.Err(), context.Canceled) {
				t.Errorf("%s: %d more, %v", name, n, open.Err())
			}
			open.Close()
			if _, err := cgraph.Iterate(ended, it()).All(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: all: %v", name, err)
			}
		}
		_, err1 := qs.Stats(ended, true)
		_, err2 := cgraph.ValuesOf(ended, qs, []cgraph.Ref{signed})
		_, err3 := cgraph.RefsOf(ended, qs, []quad.Value{quad.IRI("signed")})
		_, err4 := qs.QuadIteratorSize(ended, quad.Subject, qs.ValueOf(quad.IRI("person:0")))
		for i, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, context.Canceled) {
				t.Error(i, err)
			}
		}
	}
	if err := errors.Join(s.missed(0), v.Err()); err != nil {
		t.Errorf("a context is no failure of the store: %v", err)
	}
}

// TestReadsFailing lets the nth read of a table fail, and all after it, for every n: each question has its whole answer
// then, or an error.
func TestReadsFailing(t *testing.T) {
	mem := vfs.NewMem()
	s := openTest(t, "x", Options{FS: mem, Create: true})
	fill(t, s, letters(1000))
	if err := errors.Join(s.db.Flush(), s.Close()); err != nil {
		t.Fatal(err)
	}
	questions := map[string]func(ctx context.Context, qs cgraph.QuadStore) (string, error){
		"quads": func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			r := cgraph.NewQuadStoreReader(qs)
			defer r.Close()
			n := 0
			for {
				q, err := r.ReadQuad()
				if err == io.EOF {
					return fmt.Sprint(n), nil
				}
				if err != nil {
					return "", err
				}
				if q.IsValid() { // a quad that could not be named is not: the next read tells why
					n++
				}
			}
		},
		"nodes": func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			v, err := cgraph.Iterate(ctx, qs.NodesAllIterator()).AllValues(qs)
			return fmt.Sprint(len(v)), err
		},
		"stats": func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			st, err := qs.Stats(ctx, true)
			return fmt.Sprint(st), err
		},
		"refs": func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			refs, err := cgraph.RefsOf(ctx, qs, []quad.Value{quad.IRI("person:0"), quad.IRI("doc:5"), quad.IRI("doc:7?by=test#char=10,17")})
			if err != nil {
				return "", err
			}
			v, err := cgraph.ValuesOf(ctx, qs, refs)
			return fmt.Sprint(v), err
		},
		"remove node": func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			if _, ok := qs.(*Store); ok {
				return "", nil
			}
			w, err := writer.NewSingle(qs, cgraph.IgnoreOpts{})
			if err != nil {
				return "", err
			}
			if err = w.RemoveNode(quad.IRI("person:0")); err == cgraph.ErrNodeNotExists {
				return "no such node", nil
			}
			return "", err
		},
	}
	person, signed, mentions := quad.IRI("person:0"), quad.IRI("signed"), quad.IRI("mentions")
	paths := map[string]*path.Path{
		"value":     path.StartMorphism(person),
		"out":       path.StartMorphism(person).Out(signed),
		"out in":    path.StartMorphism(person).Out(signed).In(signed),
		"both":      path.StartMorphism(person).Both(signed, mentions),
		"has":       path.StartMorphism().Has(signed, quad.IRI("doc:3")).HasReverse(mentions, quad.IRI("doc:3")),
		"and":       path.StartMorphism(person).Out(signed).And(path.StartMorphism(quad.IRI("person:1")).In(mentions)),
		"or":        path.StartMorphism(person).Out(signed).Or(path.StartMorphism(quad.IRI("person:1")).In(mentions)),
		"except":    path.StartMorphism(person).Out(signed).Except(path.StartMorphism(quad.IRI("person:1")).In(mentions)),
		"labels":    path.StartMorphism(person).Labels(),
		"save":      path.StartMorphism(person).Save(signed, "x"),
		"filter":    path.StartMorphism(person).Out(signed).Filter(iterator.CompareGT, quad.IRI("doc:1")),
		"count":     path.StartMorphism(person).Out(signed).In(signed).Count(),
		"order":     path.StartMorphism(person).Out(signed).Order(),
		"recursive": path.StartMorphism(person).FollowRecursive(path.StartMorphism().Out(signed).In(signed), 2, nil),
	}
	for name, p := range paths {
		questions["path "+name] = func(ctx context.Context, qs cgraph.QuadStore) (string, error) {
			var lines []string
			err := shape.Iterate(ctx, qs, p.Shape()).TagEach(func(tags map[string]cgraph.Ref) {
				lines = append(lines, fmt.Sprint(qs.NameOf(tags["x"])))
			})
			if err == nil {
				var vals []quad.Value
				vals, err = shape.Iterate(ctx, qs, p.Shape()).AllValues(qs)
				lines = append(lines, fmt.Sprint(vals))
			}
			return strings.Join(lines, "\n"), err
		}
	}
	var left, injected atomic.Int64
	left.Store(1 << 40)
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileReadAt && strings.HasSuffix(op.Path, ".sst") && left.Add(-1) < 0 {
			injected.Add(1)
			return errorfs.ErrInjected
		}
		return nil
	}))
	ask := func(question string, view bool, reads int64) (out string, err error, failed bool) {
		left.Store(1 << 40)
		s, err := Open("x", Options{FS: fs, Cache: 1, ReadOnly: true, tune: func(o *pdb.Options) { o.FileCache = nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			left.Store(1 << 40)
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", question, err)
			}
		}()
		qs := cgraph.QuadStore(s)
		if view {
			v, err := s.View()
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			qs = v.QuadStore()
		}
		injected.Store(0)
		left.Store(reads)
		out, err = questions[question](context.Background(), qs)
		if view {
			told := qs.(*viewStore).v.Err()
			if _, again := qs.Stats(context.Background(), false); told != nil && !errors.Is(again, told) {
				t.Errorf("%s: a view forgot %v", question, told)
			}
			err = errors.Join(err, told)
		}
		return out, err, injected.Load() > 0
	}
	part := int64(8)
	if raceEnabled {
		part = 2
	}
	for question := range questions {
		for _, view := range []bool{false, true} {
			want, err, _ := ask(question, view, 1<<40)
			if err != nil && question != "remove node" {
				t.Fatal(question, err)
			}
			failures := 0
			for reads := int64(0); ; reads += 1 + reads/part {
				got, err, failed := ask(question, view, reads)
				if !failed {
					break
				}
				failures++
				if err == nil && got != want && !(question == "path recursive" && !view) {
					t.Errorf("%s, view %v, of which reads from the %dth on failed:\n%.300s\ninstead of\n%.300s", question, view, reads, got, want)
					break
				}
			}
			if failures < 2 && question != "remove node" {
				t.Errorf("%s, view %v: %d reads failed: the test is blind", question, view, failures)
			}
		}
	}
}

// BenchmarkPaths asks for what two steps of a path reach, of persons who signed and were mentioned as often as most,
// and with most edges.
func BenchmarkPaths(b *testing.B) {
	s := openTest(b, b.TempDir(), Options{Create: true, NoSync: true})
	defer s.Close()
	fill(b, s, letters(200_000))
	if err := s.db.Flush(); err != nil {
		b.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	signed, mentions := quad.IRI("signed"), quad.IRI("mentions")
	for _, c := range []struct {
		name string
		path *path.Path
	}{
		{"out-signed-in-signed", path.StartMorphism().Out(signed).In(signed)},
		{"in-mentions-out-mentions", path.StartMorphism().In(mentions).Out(mentions)},
		{"in-mentions-in-signed-has", path.StartMorphism().In(mentions).In(signed).HasReverse(mentions, quad.IRI("doc:7"))},
	} {
		for _, person := range []string{"person:3000", "person:100", "person:0"} {
			for _, qs := range []cgraph.QuadStore{s, v.QuadStore()} {
				b.Run(fmt.Sprintf("%s/%s/%T", c.name, person, qs), func(b *testing.B) {
					n := 0
					for b.Loop() {
						refs, err := path.StartPath(qs, quad.IRI(person)).Follow(c.path).Iterate(b.Context()).Paths(false).All()
						if err != nil {
							b.Fatal(err)
						}
						n = len(refs)
					}
					b.ReportMetric(float64(n), "results")
				})
			}
		}
	}
}

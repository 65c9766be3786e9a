package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

var _ cgraph.BulkLoader = (*Store)(nil)

// sample makes quads as a loader of documents does: a label of its own for each, few predicates, popular persons.
type sample struct {
	doc int
	out []byte
}

// lines are n quads as N-Quads, others in every call.
func (s *sample) lines(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(s.doc)))
	person := rand.NewZipf(r, 1.2, 20, 1<<20)
	s.out = s.out[:0]
	for i := range n {
		if i%20 == 0 {
			s.doc++
		}
		at := r.IntN(50000)
		label := fmt.Sprintf("<http://kg.example/doc/%d#char=%d,%d>", s.doc, at, at+r.IntN(300))
		if i%4 == 0 {
			s.out = fmt.Appendf(s.out, "<http://kg.example/person/%d> <http://kg.example/p/name> \"Person %[1]d\" %s .\n", person.Uint64(), label)
		} else {
			s.out = fmt.Appendf(s.out, "<http://kg.example/person/%d> <http://kg.example/p/%d> <http://kg.example/doc/%d> %s .\n", person.Uint64(), i%4, s.doc, label)
		}
	}
	return s.out
}

// contents are all that a store has, as text.
func contents(t failer, s *Store) string {
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out bytes.Buffer
	if err := v.Dump(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// failer is what tests, and those of rapid, have in common.
type failer interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// bulkSound fails when something is wrong with a store.
func bulkSound(t failer, s *Store) {
	_, err := s.Check(context.Background(), CheckOptions{Report: func(p Problem) { t.Fatal(p) }})
	if err != nil {
		t.Fatal(err)
	}
}

// applyAll adds quads one by one, as far as they are not there.
func applyAll(t failer, s *Store, quads []quad.Quad) {
	for _, q := range quads {
		err := s.ApplyDeltas([]cgraph.Delta{{Quad: q, Action: cgraph.Add}}, cgraph.IgnoreOpts{IgnoreDup: true})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func linesOf(quads []quad.Quad) (b []byte) {
	for _, q := range quads {
		b = appendNQuad(b, q)
	}
	return b
}

// tiny makes Memory of less than a megabyte possible.
func tiny(t testing.TB) {
	least := leastBulk
	leastBulk = 1
	t.Cleanup(func() { leastBulk = least })
}

// noTraces fails when a load left something beside the store.
func noTraces(t failer, s *Store) {
	if names, err := s.opts.FS.List(s.dir); err != nil || slices.Contains(names, bulkDir) {
		t.Fatal(names, err)
	}
}

// A store is the same whether quads are loaded in bulk, one chunk or many, or one by one, in whatever order.
func TestBulkLikeOneByOne(t *testing.T) {
	tiny(t)
	chunks := 0
	rapid.Check(t, func(t *rapid.T) {
		open := func() *Store {
			s, err := Open("x", Options{FS: vfs.NewMem(), Create: true, NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		a, b := open(), open()
		defer a.Close()
		defer b.Close()
		some := rapid.SliceOfN(anyQuad, 1, 20).Draw(t, "some")
		all := map[string]bool{}
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			quads := rapid.SliceOfN(rapid.OneOf(anyQuad, rapid.SampledFrom(some)), rapid.SampledFrom([]int{0, 150}).Draw(t, "least"), 200).Draw(t, "quads")
			quads, err := parse(string(linesOf(quads))) // what N-Quads make of them
			if err != nil {
				t.Fatal(err)
			}
			applyAll(t, b, quads)
			before := len(all)
			for _, q := range quads {
				all[string(linesOf([]quad.Quad{q}))] = true
			}
			o := BulkOptions{Memory: rapid.SampledFrom([]int64{0, 1 << 12, 1 << 13, 1 << 14}).Draw(t, "memory")}
			switch rapid.IntRange(0, 3).Draw(t, "way") {
			case 0:
				applyAll(t, a, quads)
			case 1:
				if err := a.BulkLoad(quad.NewReader(quads)); err != nil {
					t.Fatal(err)
				}
			default:
				st, err := a.BulkNQuads(context.Background(), bytes.NewReader(linesOf(quads)), o)
				if err != nil || st.Read != int64(len(quads)) || st.Added != int64(len(all)-before) {
					t.Fatalf("%+v, %v; %d quads, %d of them new", st, err, len(quads), len(all)-before)
				}
				chunks += st.Chunks - 1
			}
		}
		bulkSound(t, a)
		noTraces(t, a)
		if x, y := contents(t, a), contents(t, b); x != y {
			t.Fatalf("got\n%s\nwant\n%s", x, y)
		}
	})
	if t.Log(chunks, "chunks"); chunks < 10 { // fewer tests are run with -short
		t.Error("too few chunks")
	}
}

// The ranges of an index together are its keys, sorted and distinct, however little room there is to sort in.
func TestRanges(t *testing.T) {
	ids := []uint64{1, 2, 31, 32, 4127, 4128, 528415, 528416, 67637279, 67637280, 8657571871, 8657571872, 1<<62 - 1}
	numbers := []uint32{0, 1, 191, 192, 12479, 12480, 929983, 929984, 1<<32 - 1}
	ref := func(t *rapid.T, most int) Ref {
		n := rapid.IntRange(0, most).Draw(t, "id")
		switch rapid.IntRange(0, 3).Draw(t, "class") {
		case 0:
			return Ref{isText | ids[n], 0, 0}
		case 1:
			return Ref{isBase | ids[n], rapid.SampledFrom(numbers).Draw(t, "start"), rapid.SampledFrom(numbers).Draw(t, "length")}
		}
		return Ref{ids[n], 0, 0}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := &bulk{ctx: context.Background(), workers: 1, pool: make([]worker, 1), segs: segments{size: 300}, sort: 1}
		var a arena
		most := rapid.IntRange(0, len(ids)-1).Draw(t, "most") // wide keys are not in all runs
		var quads []Quad
		for range rapid.IntRange(0, 300).Draw(t, "n") {
			q := Quad{ref(t, most), ref(t, most), ref(t, most), Ref{}}
			if rapid.Bool().Draw(t, "labelled") {
				q.Label = ref(t, most)
			}
			quads = append(quads, q)
			a.add(&b.segs, appendQuad(nil, keySPOL, q)[1:])
		}
		for _, index := range indexes {
			var want, got []string
			for _, q := range quads {
				if index != keyLSPO || q.Label != (Ref{}) {
					want = append(want, string(appendQuad(nil, index, q)))
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			err := b.parallel(b.ranges(&a, index, func(_ *worker, _ int, keys iter.Seq[[]byte]) error {
				for k := range keys {
					got = append(got, string(k))
				}
				return nil
			}))
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%c: %d keys, %v, want %d\n%q\n%q", index, len(got), err, len(want), got, want)
			}
		}
	})
}

func TestRadix(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 255, 257, 1000, 20000} {
		for _, spread := range []uint64{1, 2, 200, 1 << 20, 1 << 63} {
			a := make([][3]uint64, n)
			for i := range a {
				a[i] = [3]uint64{r.Uint64N(spread), r.Uint64N(spread) << 40, r.Uint64N(spread)}
			}
			want := slices.Clone(a)
			slices.SortFunc(want, compare[[3]uint64])
			if radix(a, 0); !slices.Equal(a, want) {
				t.Errorf("%d records of a spread of %d are not sorted", n, spread)
			}
		}
	}
}

// Values are sorted as the keys of their IDs are, also long ones and those with NULs.
func TestSortValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"", "a", "b", "\x00", "\x00\x00\x00", "12345678", strings.Repeat("x", 40), "\xff"})
		values := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) string {
			return "i" + strings.Join(rapid.SliceOfN(part, 0, 5).Draw(t, "parts"), "")
		}), rapid.ID).Draw(t, "values")
		var a arena
		segs := segments{size: 100}
		var order []place
		var want []string
		for i, v := range values {
			e := binary.AppendUvarint(appendID(a.room(&segs, 20+len(v)), uint64(i)), uint64(len(v)))
			at := place{at: uint64(len(a.segs)-1)<<32 | uint64(len(a.segs[len(a.segs)-1]))}
			a.done(append(e, v...))
			order = append(order, at)
			want = append(want, string(appendIDKey(nil, []byte(v))))
		}
		a.sort(order, 0)
		slices.Sort(want)
		for i, p := range order {
			if _, v := a.entry(p); string(appendIDKey(nil, v)) != want[i] {
				t.Fatalf("%q is at %d, where %q belongs", v, i, want[i])
			}
		}
	})
}

// small values of Memory and of lines for what follows; the store has something in it already.
func bulkStore(t *testing.T, fs vfs.FS) (*Store, string) {
	tiny(t)
	s := mustOpen(t, "x", Options{FS: fs, Create: true})
	applyAll(t, s, document(rand.New(rand.NewPCG(1, 1)), "doc:1", 20))
	return s, contents(t, s)
}

// Whatever is wrong with an input is told with its line, and nothing of it is loaded.
func TestBulkErrors(t *testing.T) {
	s, before := bulkStore(t, vfs.NewMem())
	next := s.next
	defer func(n int) { maxLine = n }(maxLine)
	maxLine = 8 << 10
	const line = "<s> <p> <o> <l> .\n"
	refused := errors.New("not that one")
	refuse := func(_, _, object, label Term) error {
		if iri, ok := object.IRI(); ok && string(iri) == "bad" {
			if label != nil {
				return fmt.Errorf("%v has a label", object.Value())
			}
			return refused
		}
		return nil
	}
	for _, c := range []struct {
		name, text, want string
		is               error
	}{
		{"a line", strings.Repeat(line, 999) + "<s>\n" + strings.Repeat(line, 999) + "<\n", "pebble: bulk: line 1000, column 4: a predicate is missing", nil},
		{"a last line", strings.Repeat("#\n", 70) + "<s> <p>", "pebble: bulk: line 71, column 8: an object is missing", nil},
		{"a refused quad", strings.Repeat(line+"\n", 60) + "<s> <p> <bad> .\n", "pebble: bulk: line 121: not that one", refused},
		{"another one", "<s> <p> <bad> <l> .\n", "pebble: bulk: line 1: <bad> has a label", nil},
	} {
		for _, memory := range []int64{1 << 12, 0} {
			st, err := s.BulkNQuads(context.Background(), strings.NewReader(c.text), BulkOptions{Memory: memory, Check: refuse})
			if err == nil || err.Error() != c.want || c.is != nil && !errors.Is(err, c.is) || st != (BulkStats{}) {
				t.Errorf("%s: %+v, %v, want %s", c.name, st, err, c.want)
			}
		}
	}
	long := line + "<" + strings.Repeat("x", 9<<10) + "> <p> <o> .\n"
	if _, err := s.BulkNQuads(context.Background(), strings.NewReader(long), BulkOptions{Memory: 1 << 12}); err == nil || err.Error() != "pebble: bulk: line 2, column 1: a line of more than 8192 bytes" {
		t.Error(err)
	}
	broken := io.MultiReader(strings.NewReader(strings.Repeat(line, 50)+"<"), iotest.ErrReader(errors.New("the line is dead")))
	if _, err := s.BulkNQuads(context.Background(), broken, BulkOptions{}); err == nil || err.Error() != "pebble: bulk: after line 50: the line is dead" && err.Error() != "pebble: bulk: after line 0: the line is dead" {
		t.Error(err)
	}
	if err := s.BulkLoad(quad.NewReader([]quad.Quad{quad.MakeIRI("s", "p", "o", ""), {Subject: quad.IRI("s"), Predicate: quad.IRI("p")}})); err == nil || !strings.Contains(err.Error(), "quad 2: ") {
		t.Error(err)
	}
	if err := s.BulkLoad(quad.NewReader([]quad.Quad{{Subject: quad.IRI("s"), Predicate: quad.IRI("p"), Object: foreign{}}})); err == nil || !strings.Contains(err.Error(), "quad 1: ") {
		t.Error(err)
	}
	noTraces(t, s)
	if contents(t, s) != before {
		t.Error("a load that failed has changed the store")
	}
	if s.next[0] == next[0] {
		t.Error("IDs of a load that failed are given again")
	}
	if _, err := s.BulkNQuads(context.Background(), strings.NewReader(line+"<long> <p> \""+strings.Repeat("x", 8<<10-20)+"\" ."), BulkOptions{Memory: 1 << 12}); err != nil {
		t.Error(err)
	}
	bulkSound(t, s)
}

// foreign is a value that no store can keep.
type foreign struct{ quad.IRI }

// A load that is cancelled, wherever it is, stops, leaves the store as it was and nothing running.
func TestBulkCancelled(t *testing.T) {
	s, before := bulkStore(t, vfs.NewMem())
	leak := goleak.IgnoreCurrent()
	input := new(sample).lines(3000)
	for _, memory := range []int64{1 << 14, 0} {
		steps := 0
		for n := 0; ; n = n*3/2 + 1 { // the number of looks at the context before it ends
			ctx := &endingContext{Context: context.Background(), done: make(chan struct{})}
			ctx.left.Store(int64(n))
			_, err := s.BulkNQuads(ctx, bytes.NewReader(input), BulkOptions{Memory: memory})
			if err == nil {
				break
			}
			if steps++; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			noTraces(t, s)
			if contents(t, s) != before {
				t.Fatal("a load that was cancelled has changed the store")
			}
			if err := goleak.Find(leak); err != nil {
				t.Fatal(err)
			}
		}
		if steps < 5 {
			t.Errorf("cancelled %d times only", steps)
		}
		bulkSound(t, s)
		s, before = bulkStore(t, vfs.NewMem())
		leak = goleak.IgnoreCurrent()
	}
}

// endingContext is over when it was asked often enough.
type endingContext struct {
	context.Context
	left atomic.Int64
	done chan struct{}
	once sync.Once
}

func (c *endingContext) Done() <-chan struct{} { c.Err(); return c.done }

func (c *endingContext) Err() error {
	if c.left.Add(-1) >= 0 {
		return nil
	}
	c.once.Do(func() { close(c.done) })
	return context.Canceled
}

// When a write fails, the load is that error; the store is as it was, or has to be opened again and then is.
func TestBulkFaults(t *testing.T) {
	input := new(sample).lines(100)
	for _, memory := range []int64{1 << 14, 0} {
		again, failed, quiet, after := 0, 0, 0, ""
		for n := int64(1000); ; n = n%1000 + 3 { // without a fault first
			mem := vfs.NewMem()
			var left atomic.Int64
			s, before := bulkStore(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpRemove && op.Kind != errorfs.OpRemoveAll && left.Add(-1) == 0 {
					return errorfs.ErrInjected
				}
				return nil
			})))
			left.Store(n)
			_, err := s.BulkNQuads(context.Background(), bytes.NewReader(input), BulkOptions{Memory: memory})
			if left.Swap(0) > 0 {
				if after != "" {
					break // there are not that many writes
				}
				after = contents(t, s)
				continue
			}
			maybe := before
			if err == nil {
				before, maybe = after, after
				quiet++
			} else if !errors.Is(err, errorfs.ErrInjected) {
				t.Errorf("%d: %v", n, err)
			}
			failed++
			if s.failed() != nil {
				again++
				maybe = after // nobody knows
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				s = mustOpen(t, "x", Options{FS: mem})
			}
			noTraces(t, s)
			if got := contents(t, s); got != before && got != maybe {
				t.Errorf("%d: the store is not as it was told, error: %v", n, err)
			}
			if _, err := s.BulkNQuads(context.Background(), bytes.NewReader(input), BulkOptions{Memory: memory}); err != nil {
				t.Errorf("%d: again: %v", n, err)
			}
			bulkSound(t, s)
		}
		t.Logf("%d writes failed, %d of them without an error of the load; after %d the store had to be opened again", failed, quiet, again)
	}
}

// A crash at any write of a load leaves all of it or nothing.
func TestBulkCrash(t *testing.T) {
	tiny(t)
	input := new(sample).lines(500)
	mem := vfs.NewCrashableMem()
	r := rand.New(rand.NewPCG(5, 6))
	var on atomic.Bool
	var mu sync.Mutex
	var copies []*vfs.MemFS
	s := mustOpen(t, "x", Options{Create: true, FS: errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if mu.Lock(); on.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && r.IntN(4) == 0 {
			copies = append(copies, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * r.IntN(3), RNG: r}))
		}
		mu.Unlock()
		return nil
	}))})
	applyAll(t, s, document(rand.New(rand.NewPCG(1, 1)), "doc:1", 20))
	before := contents(t, s)
	on.Store(true)
	if _, err := s.BulkNQuads(context.Background(), bytes.NewReader(input), BulkOptions{Memory: 1 << 15}); err != nil {
		t.Fatal(err)
	}
	on.Store(false)
	copies = append(copies, mem.CrashClone(vfs.CrashCloneCfg{}))
	after := contents(t, s)
	for i, fs := range copies {
		s, err := Open("x", Options{FS: fs})
		if err != nil {
			t.Fatal(i, err)
		}
		got := contents(t, s)
		if got != after && (got != before || i == len(copies)-1) {
			t.Errorf("copy %d of %d is neither as before nor as after", i, len(copies))
		}
		noTraces(t, s)
		bulkSound(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Log(len(copies), "copies")
}

// Readers see the state before a load until it is done; writers wait for it.
func TestBulkAndOthers(t *testing.T) {
	s, before := bulkStore(t, vfs.NewMem())
	begun, go_ := make(chan struct{}), make(chan struct{})
	var once sync.Once
	wrote := make(chan error, 1)
	go func() {
		<-begun
		if contents(t, s) != before {
			t.Error("a load shows before it is done")
		}
		go func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, _, err := s.Replace(ctx, []string{"x"}, nil); !errors.Is(err, context.Canceled) {
				t.Error("a writer does not wait:", err)
			}
			close(go_)
			_, _, err := s.Replace(context.Background(), []string{"l"}, []quad.Quad{quad.MakeIRI("written", "p", "o", "l")})
			wrote <- err
		}()
	}()
	var read int64
	st, err := s.BulkNQuads(context.Background(), bytes.NewReader(new(sample).lines(2000)), BulkOptions{
		Memory: 1 << 16,
		Progress: func(_, quads int64) {
			once.Do(func() { close(begun); <-go_ })
			read = quads
		},
	})
	if err != nil || st.Read != 2000 || read != 2000 || st.Added != 2000 {
		t.Errorf("%+v, %d, %v", st, read, err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	bulkSound(t, s)
	if !strings.Contains(contents(t, s), "<written>") {
		t.Error("what was written after a load is not there")
	}
}

func BenchmarkBulk(b *testing.B) {
	const quads = 200_000
	input := new(sample).lines(quads)
	for _, m := range []struct {
		name   string
		memory int64
	}{{"memory=all", 0}, {"memory=8MB", 8 << 20}} {
		b.Run(m.name, func(b *testing.B) {
			b.SetBytes(int64(len(input)))
			for b.Loop() {
				s, err := Open(b.TempDir(), Options{Create: true})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.BulkNQuads(context.Background(), bytes.NewReader(input), BulkOptions{Memory: m.memory}); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*quads/b.Elapsed().Seconds(), "quads/s")
		})
	}
}

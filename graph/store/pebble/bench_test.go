package pebble

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cayleygraph/quad"
)

// dataset makes a graph of documents and those who stand in them, the same one each time: a few persons and bodies in
// very many documents, most of them in one or two. Every quad has a label of its own.
type dataset struct {
	r                    *rand.Rand
	out                  io.Writer
	quads, made          int
	persons, bodies      int
	famous, large        *rand.Zipf
	document, at         int
	signers, met         []string // some persons that signed, and some nodes by how often they are met
	buf                  []byte
	firstNames, surnames []string
}

func newDataset(quads int, out io.Writer) *dataset {
	r := rand.New(rand.NewPCG(7, 11))
	d := &dataset{r: r, out: out, quads: quads, persons: max(quads/20, 50), bodies: max(quads/100, 10)}
	d.famous = rand.NewZipf(r, 1.15, 8, uint64(d.persons-1))
	d.large = rand.NewZipf(r, 1.15, 4, uint64(d.bodies-1))
	d.firstNames = []string{"Aino", "Bento", "Célia", "Dragan", "Eluned", "Farid", "Gudrun", "Hana", "Ione", "Jarek"}
	d.surnames = []string{"Abarca", "Brandvold", "Cisneros", "Dlamini", "Echeverri", "Fagerholm", "Gwynne", "Haraldsen"}
	return d
}

func (d *dataset) full() bool { return d.made >= d.quads }

func person(i int) string { return "person:number-" + strconv.Itoa(i) }
func body(i int) string   { return "institution:body-" + strconv.Itoa(i) }

// spread keeps the numbers of the famous apart from each other.
func spread(rank uint64, n int) int { return int(rank * 2654435761 % uint64(n)) }

func (d *dataset) person() string {
	if d.r.IntN(2) == 0 {
		return person(d.r.IntN(d.persons))
	}
	return person(spread(d.famous.Uint64(), d.persons))
}

func (d *dataset) body() string { return body(spread(d.large.Uint64(), d.bodies)) }

func documentID(i int) string { return fmt.Sprintf("doc:%016x%016x", uint64(i)*0x9e3779b97f4a7c15, i) }

// say writes a quad; object is an IRI, or a text in quotes.
func (d *dataset) say(subject, predicate, object string) {
	if d.full() {
		return
	}
	d.made++
	b := append(d.buf[:0], '<')
	b = append(append(b, subject...), "> <"...)
	b = append(append(b, predicate...), "> "...)
	if object[0] == '"' {
		b = append(b, object...)
	} else {
		b = append(append(append(b, '<'), object...), '>')
		if d.r.IntN(32) == 0 {
			d.met = append(d.met, subject, object)
		}
	}
	start := d.at + d.r.IntN(200)
	d.at = start + 20 + d.r.IntN(150)
	b = append(append(b, " <"...), documentID(d.document)...)
	b = fmt.Appendf(b, "?by=rule#char=%d,%d> .\n", start, d.at)
	d.out.Write(b)
	d.buf = b
}

// background says the names of all, and who belongs where.
func (d *dataset) background() {
	for i := 0; i < d.bodies && !d.full(); i++ {
		d.at = 0
		d.document = d.r.IntN(d.quads)
		d.say(body(i), "name", fmt.Sprintf(`"Office No. %d"`, i))
	}
	for i := 0; i < d.persons && !d.full(); i++ {
		d.at = 0
		d.document = d.r.IntN(d.quads)
		d.say(person(i), "name", fmt.Sprintf(`"%s %s %d"`, d.firstNames[d.r.IntN(len(d.firstNames))], d.surnames[d.r.IntN(len(d.surnames))], i))
		for d.r.IntN(100) < 45 {
			d.say(person(i), "holdsPositionAt", d.body())
		}
		for d.r.IntN(100) < 30 {
			d.say(person(i), "memberOf", d.body())
		}
	}
	d.document = d.quads
}

// next says one document.
func (d *dataset) next() {
	d.document++
	d.at = 0
	id := documentID(d.document)
	d.say(id, "name", fmt.Sprintf(`"No. %d"`, d.document))
	d.say(id, "date", fmt.Sprintf(`"%d-%02d-%02d"`, 1980+d.r.IntN(45), 1+d.r.IntN(12), 1+d.r.IntN(28)))
	n := 1
	for d.r.IntN(100) < 45 {
		n++
	}
	if d.r.IntN(200) == 0 { // an open letter
		n = 20 + d.r.IntN(130)
	}
	for range n {
		p := d.person()
		if d.r.IntN(16) == 0 {
			d.signers = append(d.signers, p)
		}
		d.say(p, "signed", id)
	}
	d.say(id, "addressedTo", d.body())
	for d.r.IntN(2) == 0 {
		d.say(id, "cc", d.person())
	}
	for range 2 + d.r.IntN(12) {
		if d.r.IntN(10) < 7 {
			d.say(id, "mentions", d.person())
		} else {
			d.say(id, "mentions", d.body())
		}
	}
	if d.document > d.quads+1 {
		d.say(id, "references", documentID(d.quads+1+d.r.IntN(d.document-d.quads)))
	}
}

func (d *dataset) all() {
	d.background()
	for !d.full() {
		d.next()
	}
}

// benchQuads is the size of the store that the benchmarks ask: CASEGRAPH_BENCH_QUADS, or a million.
func benchQuads() int {
	if n, err := strconv.Atoi(os.Getenv("CASEGRAPH_BENCH_QUADS")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}

// loaded is the store that all benchmarks share.
var loaded struct {
	sync.Mutex
	dir  string
	data *dataset
}

// benchStore opens the shared store, loading it at the first time.
func benchStore(b *testing.B) (*Store, *dataset) {
	b.Helper()
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.dir == "" {
		loaded.dir = filepath.Join(os.TempDir(), fmt.Sprintf("casegraph-bench-%d", os.Getpid()))
		loaded.data, _ = benchLoad(b, loaded.dir, benchQuads())
	}
	s, err := Open(loaded.dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, loaded.data
}

// benchLoad bulk loads a new graph, without counting the making of it.
func benchLoad(b testing.TB, dir string, quads int) (*dataset, time.Duration) {
	f, err := os.CreateTemp("", "casegraph-bench-*.nq")
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	d := newDataset(quads, w)
	d.all()
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		b.Fatal(err)
	}
	s, err := Open(dir, Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	st, err := s.BulkNQuads(context.Background(), f, BulkOptions{})
	took := time.Since(begin)
	if err != nil || st.Added < int64(quads)*9/10 {
		b.Fatal(st, err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return d, took
}

// removeBench removes the shared store; TestMain calls it.
func removeBench() {
	if loaded.dir != "" {
		os.RemoveAll(loaded.dir)
	}
}

// BenchmarkLoad is a bulk load into an empty store.
func BenchmarkLoad(b *testing.B) {
	n := benchQuads()
	var took time.Duration
	for i := 0; b.Loop(); i++ {
		dir := filepath.Join(b.TempDir(), "store")
		_, d := benchLoad(b, dir, n)
		took += d
		b.ReportMetric(float64(size(b, dir))/float64(n), "B/quad")
		os.RemoveAll(dir)
	}
	b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "quads/s")
	b.ReportMetric(float64(peakRSS(b))/1e6, "peak-MB")
}

func size(b testing.TB, dir string) (n int64) {
	err := filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil && !i.IsDir() {
			n += i.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func BenchmarkOpen(b *testing.B) {
	s, _ := benchStore(b)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := Open(loaded.dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAsk asks the questions of an analyst about random starts: nine of ten alike, the tenth by how often it is met.
func BenchmarkAsk(b *testing.B) {
	s, d := benchStore(b)
	a := newAsker(b, s, "")
	r := rand.New(rand.NewPCG(3, 5))
	ask := func(name string, f func(ctx context.Context, v *View) (string, error)) {
		b.Run(name, func(b *testing.B) {
			r = rand.New(rand.NewPCG(3, 5))
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				v, err := s.View()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := f(context.Background(), v); err != nil {
					b.Fatal(err)
				}
				if err := v.Close(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e6, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e6, "p99-ms")
		})
	}
	any := func() string {
		if r.IntN(10) == 0 {
			return d.met[r.IntN(len(d.met))]
		}
		return person(r.IntN(d.persons))
	}
	signer := func() string { return d.signers[r.IntN(len(d.signers))] }
	ask("neighbours", func(ctx context.Context, v *View) (string, error) { return a.neighbours(ctx, v, any()) })
	ask("cosigners", func(ctx context.Context, v *View) (string, error) { return a.cosign(ctx, v, signer()) })
	ask("hop3", func(ctx context.Context, v *View) (string, error) { return a.hop3(ctx, v, any()) })
	ask("path", func(ctx context.Context, v *View) (string, error) { return a.path(ctx, v, signer(), signer()) })
}

// BenchmarkWrite puts durable documents of 50 quads with eight writers into the filled store, while a reader asks for at
// most 50 edges of a node. It tells the longest that such an answer took.
func BenchmarkWrite(b *testing.B) {
	s, d := benchStore(b)
	var number atomic.Int64
	number.Store(int64(time.Now().UnixNano()) >> 8) // documents that no run before has put
	stop := make(chan struct{})
	var worst atomic.Int64
	var reader sync.WaitGroup
	reader.Go(func() {
		a := newAsker(b, s, "")
		r := rand.New(rand.NewPCG(1, 1))
		for {
			select {
			case <-stop:
				return
			default:
			}
			begin := time.Now()
			v, err := s.View()
			if err != nil {
				b.Error(err)
				return
			}
			node, err := a.node(context.Background(), v, person(r.IntN(d.persons)))
			n := 0
			if err == nil {
				err = v.Expand(context.Background(), []Ref{node}, a.edges, Both, func(_, _ Ref, _ int, _ bool) bool { n++; return n < 50 })
			}
			if err := errors.Join(err, v.Close()); err != nil {
				b.Error(err)
			}
			worst.Store(max(worst.Load(), int64(time.Since(begin))))
			time.Sleep(time.Millisecond)
		}
	})
	var quads atomic.Int64
	b.ResetTimer()
	begin := time.Now()
	var writers sync.WaitGroup
	left := int64(b.N)
	for w := range 8 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), uint64(number.Load())))
			for atomic.AddInt64(&left, -1) >= 0 {
				id := documentID(int(number.Add(1)))
				q := benchDocument(r, d, id)
				added, _, err := s.Replace(context.Background(), []string{id + "?"}, q)
				if err != nil {
					b.Error(err)
					return
				}
				quads.Add(int64(added))
			}
		})
	}
	writers.Wait()
	b.ReportMetric(float64(quads.Load())/time.Since(begin).Seconds(), "quads/s")
	close(stop)
	reader.Wait()
	b.ReportMetric(float64(worst.Load())/1e6, "reader-worst-ms")
}

func benchDocument(r *rand.Rand, d *dataset, id string) []quad.Quad {
	var out []quad.Quad
	at := 0
	say := func(subject, predicate string, object quad.Value) {
		at += 30 + r.IntN(100)
		out = append(out, quad.Quad{Subject: quad.IRI(subject), Predicate: quad.IRI(predicate), Object: object,
			Label: quad.IRI(fmt.Sprintf("%s?by=rule#char=%d,%d", id, at, at+20))})
	}
	say(id, "name", quad.String("Document "+id))
	say(id, "date", quad.String("2021-05-06"))
	for i := range 48 {
		p := person(r.IntN(d.persons))
		if i < 10 {
			say(p, "signed", quad.IRI(id))
		} else {
			say(id, "mentions", quad.IRI(p))
		}
	}
	return out
}

func TestMain(m *testing.M) {
	status := m.Run()
	removeBench()
	os.Exit(status)
}

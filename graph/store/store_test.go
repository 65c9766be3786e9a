package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cgraph "github.com/cayleygraph/cayley/graph"
	hkv "github.com/hidal-go/hidalgo/kv"
	"github.com/hidal-go/hidalgo/kv/flat"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"go.uber.org/goleak"

	"casegraph/graph"
	"casegraph/graph/store/storetest"
)

// writeEnv names the store that a child process of TestKilledWriter writes to.
const writeEnv = "CASEGRAPH_STORE_TEST_WRITE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeEnv); dir != "" {
		writeForever(dir)
	}
	// LevelDB's pool of buffers outlives its database by a second.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

// opened is how the tests open each scheme: a URL of a store that is not there yet.
var opened = map[string]struct {
	url      func(testing.TB) string
	volatile bool
}{
	"memory":  {func(testing.TB) string { return "memory:" }, true},
	"leveldb": {func(t testing.TB) string { return "leveldb:" + filepath.Join(t.TempDir(), "a", "store") }, false},
}

func mustOpen(t testing.TB, url string) graph.Store {
	t.Helper()
	s, err := Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemes runs every scheme that Open knows through the suite, and fails for one that has no entry in opened.
func TestSchemes(t *testing.T) {
	for _, sch := range schemes {
		t.Run(sch.name, func(t *testing.T) {
			o, ok := opened[sch.name]
			if !ok {
				t.Fatalf("scheme %s: is not run through storetest", sch.name)
			}
			urls := map[graph.Store]string{}
			open := func(t testing.TB) graph.Store {
				url := o.url(t)
				s := mustOpen(t, url)
				urls[s] = url
				return s
			}
			reopen := func(t testing.TB, s graph.Store) graph.Store {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				again, err := OpenExisting(context.Background(), urls[s])
				if err != nil {
					t.Fatal(err)
				}
				urls[again] = urls[s]
				return again
			}
			if o.volatile {
				reopen = nil
			}
			storetest.Run(t, open, reopen)
		})
	}
}

func BenchmarkStore(b *testing.B) {
	for _, sch := range schemes {
		b.Run(sch.name, func(b *testing.B) {
			storetest.Bench(b, func(t testing.TB) graph.Store { return mustOpen(t, opened[sch.name].url(t)) })
		})
	}
}

func TestOpenErrors(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("photos/cat.jpg", "meow")
	write("file", "text")
	write("newer/FORMAT", "casegraph pebble 7\n")
	write("other/FORMAT", "A4")
	write("other/x", "y")
	if err := os.Mkdir(path("empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	existing := mustOpen(t, path("open"))
	defer existing.Close()
	for _, c := range []struct {
		url, want string
		open      func(context.Context, string) (graph.Store, error)
	}{
		{"", "a store needs a directory", Open},
		{"leveldb:", "a store needs a directory", Open},
		{"memory:x", "memory: takes no name", Open},
		{"postgres://h/db", "unknown scheme postgres:, known are leveldb:DIR (or DIR alone), memory:", Open},
		{"levelbd:" + path("new"), "unknown scheme levelbd:, known are", Open},
		{path("photos"), "is not a store, and not empty: it holds cat.jpg", Open},
		{"leveldb:" + path("photos"), "is not a store", OpenExisting},
		{path("file"), "not a directory", Open},
		{path("file/below"), "not a directory", Open},
		{path("newer"), `has the format "casegraph pebble 7"`, Open},
		{path("newer"), "a newer one wrote it", OpenExisting},
		{path("other"), "is not a store: its file FORMAT is not ours", Open},
		{path("open"), "the store " + path("open") + " is in use by another process", Open},
		{path("open"), "is in use by another process", OpenExisting},
		{path("absent"), "no store at " + path("absent") + "; load documents first", OpenExisting},
		{path("empty"), "no store at " + path("empty") + "; load documents first", OpenExisting},
		{"memory:", "no store at memory:; load documents first", OpenExisting},
	} {
		before := listing(t, dir)
		s, err := c.open(ctx, c.url)
		if err == nil {
			s.Close()
			t.Errorf("%q opens, want %q", c.url, c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %q, want %q", c.url, err, c.want)
		}
		if after := listing(t, dir); !slices.Equal(before, after) {
			t.Errorf("%q changed the directory from %q to %q", c.url, before, after)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(cancelled, path("new")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func listing(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestOpenUnfinished opens what a process leaves that is killed while it creates a store.
func TestOpenUnfinished(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing":         {},
		"half a format":   {formatTemp: "case"},
		"format":          {formatFile: formatLine},
		"format and both": {formatFile: formatLine, formatTemp: formatLine, "leveldb/LOG": ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for f, text := range files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := mustOpen(t, dir)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err := OpenExisting(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
		})
	}
}

func TestOpenMode(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, filepath.Join(dir, "a", "b"))
	defer s.Close()
	for _, d := range []string{"a", "a/b", "a/b/leveldb"} {
		fi, err := os.Stat(filepath.Join(dir, d))
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v", d, fi.Mode())
		}
	}
}

// said makes statements of a file: version v of them, which shares half with version v+1.
func said(file graph.ID, v int) []graph.Statement {
	var out []graph.Statement
	for i := range 40 {
		out = append(out, graph.Statement{
			Subject: graph.ID(fmt.Sprintf("person:%d", i%5)), Predicate: "signed", Object: graph.ID(fmt.Sprintf("cite:%d", v*20+i)),
			Label: graph.NewLabel(file, "rule", graph.Span{Start: v*20 + i, End: 5000}),
		})
	}
	graph.SortStatements(out)
	return out
}

// writeForever puts version after version of two files, and prints each that is done.
func writeForever(dir string) {
	s, err := Open(context.Background(), dir)
	for v := 0; err == nil; v++ {
		for _, file := range []graph.ID{"doc:a", "doc:b"} {
			if _, err = s.Put(context.Background(), file, said(file, v)); err != nil {
				break
			}
			fmt.Println(file, v)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilledWriter kills a process that writes: every file is then in the state of the last Put that was done, or of
// the one under way, and the store can be written again.
func TestKilledWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), writeEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := map[graph.ID]int{}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var file graph.ID
			var v int
			if _, err := fmt.Sscan(lines.Text(), &file, &v); err != nil {
				t.Fatal(err)
			}
			done[file] = v
			if n == 7+4*round {
				if _, err := Open(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "in use by another process") {
					t.Errorf("while another process writes: %v", err)
				}
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		s := mustOpen(t, dir)
		for file, v := range done {
			got := all(t, s, graph.Pattern{Documents: []graph.ID{file}})
			if !slices.Equal(got, said(file, v)) && !slices.Equal(got, said(file, v+1)) {
				t.Errorf("%s was put up to version %d: the store holds %d statements of neither it nor the next", file, v, len(got))
			}
			if _, err := s.Put(context.Background(), file, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := all(t, s, graph.Pattern{}); len(got) > 0 {
			t.Errorf("%d statements are left", len(got))
		}
		if n := nodes(t, s); n != 0 {
			t.Errorf("%d nodes are left", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func all(t *testing.T, s graph.Store, p graph.Pattern) (out []graph.Statement) {
	t.Helper()
	for st, err := range s.Find(context.Background(), p) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, st)
	}
	graph.SortStatements(out)
	return out
}

// nodes counts the nodes that Cayley holds.
func nodes(t *testing.T, s graph.Store) (n int) {
	t.Helper()
	it := s.(*store).qs.NodesAllIterator()
	defer it.Close()
	for it.Next(context.Background()) {
		n++
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNoGhosts: when the last statement goes, so does every node. Cayley keeps nodes whose quads were counted twice.
func TestNoGhosts(t *testing.T) {
	for _, sch := range schemes {
		t.Run(sch.name, func(t *testing.T) {
			ctx := context.Background()
			s := mustOpen(t, opened[sch.name].url(t))
			defer s.Close()
			for v := range 4 {
				for _, file := range []graph.ID{"doc:a", "doc:b"} {
					twice := append(said(file, v), said(file, v)...)
					if _, err := s.Put(ctx, file, twice); err != nil {
						t.Fatal(err)
					}
				}
			}
			if n := nodes(t, s); n == 0 {
				t.Fatal("no nodes while there are statements")
			}
			for _, file := range []graph.ID{"doc:a", "doc:b"} {
				if _, err := s.Put(ctx, file, nil); err != nil {
					t.Fatal(err)
				}
			}
			if n := nodes(t, s); n != 0 {
				t.Errorf("%d nodes are left", n)
			}
		})
	}
}

// faultyKV fails what it is told to.
type faultyKV struct {
	hkv.KV
	reads, writes, commits error
}

func (f *faultyKV) Tx(rw bool) (hkv.Tx, error) {
	tx, err := f.KV.Tx(rw)
	return &faultyTx{tx, f}, err
}

type faultyTx struct {
	hkv.Tx
	f *faultyKV
}

func (tx *faultyTx) Get(ctx context.Context, k hkv.Key) (hkv.Value, error) {
	if tx.f.reads != nil {
		return nil, tx.f.reads
	}
	return tx.Tx.Get(ctx, k)
}

func (tx *faultyTx) GetBatch(ctx context.Context, k []hkv.Key) ([]hkv.Value, error) {
	if tx.f.reads != nil {
		return nil, tx.f.reads
	}
	return tx.Tx.GetBatch(ctx, k)
}

func (tx *faultyTx) Scan(p hkv.Key) hkv.Iterator {
	it := tx.Tx.Scan(p)
	if tx.f.reads != nil {
		return &faultyIterator{it, tx.f.reads}
	}
	return it
}

func (tx *faultyTx) Del(k hkv.Key) error { return errors.Join(tx.f.writes, tx.Tx.Del(k)) }

func (tx *faultyTx) Commit(ctx context.Context) error {
	if tx.f.commits != nil {
		return tx.f.commits
	}
	return tx.Tx.Commit(ctx)
}

type faultyIterator struct {
	hkv.Iterator
	err error
}

func (*faultyIterator) Next(context.Context) bool { return false }
func (it *faultyIterator) Err() error             { return it.err }
func (it *faultyIterator) Close() error           { return errors.Join(it.err, it.Iterator.Close()) }

func openFaulty(t *testing.T) (*store, *faultyKV) {
	t.Helper()
	db, err := leveldb.Open(storage.NewMemStorage(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &faultyKV{KV: flat.Upgrade(&batchDB{db})}
	b, err := kvBackend(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStore(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, f
}

var errDisk = errors.New("disk on fire")

// TestFailedRead: a read that fails is an error, never an empty or a shorter answer.
func TestFailedRead(t *testing.T) {
	s, f := openFaulty(t)
	ctx := context.Background()
	if _, err := s.Put(ctx, "doc:a", said("doc:a", 0)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []graph.Pattern{
		{}, {Subjects: []graph.ID{"person:1"}}, {Objects: []graph.ID{"cite:1"}}, {Documents: []graph.ID{"doc:a"}},
		{Literals: []string{"x"}}, {Subjects: []graph.ID{"person:1"}, Objects: []graph.ID{"cite:1"}, Documents: []graph.ID{"doc:a"}},
	} {
		f.reads = errDisk
		n, last := 0, error(nil)
		for _, err := range s.Find(ctx, p) {
			n, last = n+1, err
		}
		if n != 1 || !errors.Is(last, errDisk) {
			t.Errorf("find %+v: %d pairs, error %v", p, n, last)
		}
		f.reads = nil
		n, last = 0, nil
		for _, err := range s.Find(ctx, graph.Pattern{}) {
			if n, last = n+1, err; n == 1 {
				f.reads = errDisk // what is left cannot be read
			}
		}
		if n == 40 || !errors.Is(last, errDisk) {
			t.Errorf("find, failing midway: %d pairs, error %v", n, last)
		}
	}
	for _, st := range [][]graph.Statement{nil, said("doc:a", 0), said("doc:a", 1)} {
		if _, err := s.Put(ctx, "doc:a", st); !errors.Is(err, errDisk) {
			t.Errorf("put: %v", err)
		}
	}
	f.reads = nil
	if got := all(t, s, graph.Pattern{}); !slices.Equal(got, said("doc:a", 0)) {
		t.Errorf("the store changed: it holds %d statements", len(got))
	}
}

// TestFailedWrite: a write that fails leaves the store as it was, also for the writes after it. Cayley keeps the
// numbers it gave to nodes and quads in its caches, and gives them again.
func TestFailedWrite(t *testing.T) {
	for name, set := range map[string]func(*faultyKV, error){
		"commit": func(f *faultyKV, err error) { f.commits = err },
		"delete": func(f *faultyKV, err error) { f.writes = err }, // after the adds were applied
	} {
		t.Run(name, func(t *testing.T) {
			s, f := openFaulty(t)
			ctx := context.Background()
			if _, err := s.Put(ctx, "doc:a", said("doc:a", 0)); err != nil {
				t.Fatal(err)
			}
			set(f, errDisk)
			if c, err := s.Put(ctx, "doc:a", said("doc:a", 3)); !errors.Is(err, errDisk) || c != (graph.Change{}) {
				t.Fatalf("%+v, error %v", c, err)
			}
			set(f, nil)
			if got := all(t, s, graph.Pattern{}); !slices.Equal(got, said("doc:a", 0)) {
				t.Errorf("after a failed Put the store holds %d statements", len(got))
			}
			for _, file := range []graph.ID{"doc:b", "doc:a"} {
				if _, err := s.Put(ctx, file, said(file, 2)); err != nil {
					t.Fatal(err)
				}
			}
			want := append(said("doc:a", 2), said("doc:b", 2)...)
			graph.SortStatements(want)
			if got := all(t, s, graph.Pattern{}); !slices.Equal(got, want) {
				t.Errorf("after the next Puts the store holds %d statements, want %d", len(got), len(want))
			}
			for _, file := range []graph.ID{"doc:b", "doc:a"} {
				if _, err := s.Put(ctx, file, nil); err != nil {
					t.Fatal(err)
				}
			}
			if n := nodes(t, s); n != 0 {
				t.Errorf("%d nodes are left", n)
			}
		})
	}
}

// TestBrokenStore: when Cayley's view of the data cannot be had again after a failed write, nothing is answered.
func TestBrokenStore(t *testing.T) {
	s, f := openFaulty(t)
	ctx := context.Background()
	if _, err := s.Put(ctx, "doc:a", said("doc:a", 0)); err != nil {
		t.Fatal(err)
	}
	s.backend.open = func() (cgraph.QuadStore, error) { return nil, errors.New("no view") }
	f.commits = errDisk
	if _, err := s.Put(ctx, "doc:a", nil); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	f.commits = nil
	for _, err := range s.Find(ctx, graph.Pattern{}) {
		if err == nil {
			t.Fatal("a broken store answers")
		}
	}
	if _, err := s.Put(ctx, "doc:a", nil); err == nil {
		t.Fatal("a broken store takes a Put")
	}
}

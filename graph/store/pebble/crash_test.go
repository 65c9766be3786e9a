package pebble

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// step is a write of a history. Doing it again changes nothing.
type step struct {
	name   string // of the document whose quads are replaced, or
	quads  []quad.Quad
	deltas []cgraph.Delta
	bulk   []byte // N-Quads
}

func (st step) do(s *Store) error {
	switch {
	case st.name != "":
		return replace(s, st.name, st.quads)
	case st.bulk != nil:
		return loadBulk(s, st.bulk)
	}
	return s.ApplyDeltas(st.deltas, cgraph.IgnoreOpts{IgnoreDup: true, IgnoreMissing: true})
}

func loadBulk(s *Store, text []byte) error {
	_, err := s.BulkNQuads(context.Background(), bytes.NewReader(text), BulkOptions{Memory: 1 << 20})
	return err
}

// history makes n steps, each of which changes the store.
func history(r *rand.Rand, n int) []step {
	var steps []step
	var held []quad.Quad // some that were added one by one
	for len(steps) < n {
		name := fmt.Sprintf("doc:%d", r.IntN(n/3+1))
		// a mark of each step makes all states differ
		mark := quad.Quad{Subject: iri("step:%d", len(steps)), Predicate: iri("is"), Object: quad.String("done"), Label: iri("%s?by=mark", name)}
		quads := append(document(r, name, r.IntN(30)), mark)
		switch k := r.IntN(10); {
		case k < 6:
			steps = append(steps, step{name: name, quads: quads})
		case k < 9:
			var deltas []cgraph.Delta
			for _, q := range quads {
				q.Label = nil
				held = append(held, q)
				deltas = append(deltas, cgraph.Delta{Quad: q, Action: cgraph.Add})
			}
			r.Shuffle(len(held)-len(quads), func(i, j int) { held[i], held[j] = held[j], held[i] })
			gone := min(len(held)-len(quads), r.IntN(20))
			for _, q := range held[:gone] {
				deltas = append(deltas, cgraph.Delta{Quad: q, Action: cgraph.Delete})
			}
			held = held[gone:]
			steps = append(steps, step{deltas: deltas})
		default:
			var text []byte
			for _, q := range quads {
				text = appendNQuad(text, q)
			}
			steps = append(steps, step{bulk: text})
		}
	}
	return steps
}

// states are the dumps of an undisturbed store before the first step and after each.
func states(t testing.TB, steps []step) []string {
	t.Helper()
	s := mustOpen(t, "x", Options{FS: vfs.NewMem(), Create: true, NoSync: true})
	out := []string{dump(t, s)}
	for i, st := range steps {
		if err := st.do(s); err != nil {
			t.Fatal(err)
		}
		out = append(out, dump(t, s))
		if slices.Contains(out[:i+1], out[i+1]) {
			t.Fatalf("step %d leads to a state that there was", i)
		}
	}
	mustBeSound(t, s)
	return out
}

// times is how many rounds a test has: fewer with -short, more when an environment variable says so.
func times(t testing.TB, env string, short, usual int) int {
	n := usual
	if testing.Short() {
		n = short
	}
	if v := os.Getenv(env); v != "" {
		if _, err := fmt.Sscan(v, &n); err != nil {
			t.Fatalf("%s: %v", env, err)
		}
	}
	return n
}

// TestCrash runs histories on a file system that is copied at random operations as a crash would leave it: without what
// was not synced, or with a part of it. A store that is opened on the copy has all that was acknowledged, and of the step
// under way all or nothing; what is left of the history leads to the same end.
func TestCrash(t *testing.T) {
	rounds := times(t, "CASEGRAPH_SOAK_CRASHES", 1, 3)
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			crash(t, uint64(round), round%3 == 2)
		})
	}
}

// crashed is a copy of the file system with the number of steps that were acknowledged before, and begun after, it was made.
type crashed struct {
	fs                  *vfs.MemFS
	acknowledged, begun int
	how                 string
}

func crash(t *testing.T, seed uint64, noSync bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	steps := history(r, 60)
	want := states(t, steps)
	disk := newFaulty()
	mem := disk.under

	var mu sync.Mutex
	var acknowledged, begun atomic.Int64
	var copies []crashed
	ops, next := 0, 1
	disk.fail(func(op errorfs.Op) error { // it never does
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if ops++; ops < next {
			return nil
		}
		next = ops + 1 + r.IntN(25)
		percent := []int{0, 0, 50, 90}[r.IntN(4)]
		c := crashed{acknowledged: int(acknowledged.Load()), how: fmt.Sprintf("operation %d, kind %d on %s, %d%% of what was not synced", ops, op.Kind, op.Path, percent)}
		c.fs = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
		c.begun = int(begun.Load())
		copies = append(copies, c)
		return nil
	})
	o := Options{FS: disk, Create: true, NoSync: noSync, tune: small}
	for i := 0; i < len(steps); {
		s, err := Open("dir/x", o)
		if err != nil {
			t.Fatal(err)
		}
		for stop := i + 1 + r.IntN(25); i < len(steps) && i < stop; i++ {
			begun.Store(int64(i + 1))
			if err := steps[i].do(s); err != nil {
				t.Fatal(err)
			}
			acknowledged.Store(int64(i + 1))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(copies) < 20 {
		t.Errorf("only %d copies of %d operations", len(copies), ops)
	}
	for n, c := range copies {
		o := Options{FS: c.fs, Create: true, NoSync: true, tune: small}
		s, err := Open("dir/x", o)
		if err != nil {
			t.Errorf("after %s: %v", c.how, err)
			continue
		}
		have := slices.Index(want, dump(t, s))
		switch {
		case have < 0:
			t.Errorf("after %s: the state is none of the history", c.how)
		case !noSync && have < c.acknowledged:
			t.Errorf("after %s: it has %d steps, acknowledged were %d", c.how, have, c.acknowledged)
		case have > c.begun:
			t.Errorf("after %s: it has %d steps, begun were %d", c.how, have, c.begun)
		}
		mustBeSound(t, s)
		if have >= 0 && n%4 == 0 {
			for _, st := range steps[have:] {
				if err := st.do(s); err != nil {
					t.Fatalf("after %s: %v", c.how, err)
				}
			}
			if dump(t, s) != want[len(steps)] {
				t.Errorf("after %s: the rest of the history leads elsewhere", c.how)
			}
			mustBeSound(t, s)
		}
		if err := s.Close(); err != nil {
			t.Errorf("after %s: close: %v", c.how, err)
		}
		if t.Failed() {
			return
		}
	}
}

// TestCrashInBulk crashes during a load that does not fit in its memory: it is there whole or not at all.
func TestCrashInBulk(t *testing.T) {
	disk := newFaulty()
	s := mustOpen(t, "x", Options{FS: disk, Create: true, tune: small})
	if err := replace(s, "doc:1", chained(1)); err != nil {
		t.Fatal(err)
	}
	want := []string{dump(t, s), ""}
	text := bulkText(2500)
	var copies []crashed
	var mu sync.Mutex
	ops := 0
	disk.fail(func(op errorfs.Op) error { // it never does
		mu.Lock()
		defer mu.Unlock()
		if !isWrite(op) {
			return nil
		}
		if ops++; ops%40 == 0 || !strings.Contains(op.Path, bulkDir) {
			how := fmt.Sprintf("operation %d, kind %d on %s", ops, op.Kind, op.Path)
			copies = append(copies, crashed{fs: disk.under.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 30 * (ops % 2), RNG: rand.New(rand.NewPCG(uint64(ops), 0))}), how: how})
		}
		return nil
	})
	stats, err := s.BulkNQuads(context.Background(), bytes.NewReader(text), BulkOptions{Memory: 1 << 20})
	if err != nil || stats.Chunks < 2 {
		t.Fatal(stats, err)
	}
	disk.heal()
	copies = append(copies, crashed{fs: disk.under.CrashClone(vfs.CrashCloneCfg{}), how: "the end", acknowledged: 1})
	want[1] = dump(t, s)
	for i, c := range copies {
		s, err := Open("x", Options{FS: c.fs, tune: small})
		if err != nil {
			t.Errorf("after %s: %v", c.how, err)
			continue
		}
		have := slices.Index(want, dump(t, s))
		if have < c.acknowledged {
			t.Errorf("after %s: state %d", c.how, have)
		}
		mustBeSound(t, s)
		if i%10 == 0 {
			if err := loadBulk(s, text); err != nil || dump(t, s) != want[1] {
				t.Errorf("after %s, and again: not all is there: %v", c.how, err)
			}
			mustBeSound(t, s)
		}
		names, err := c.fs.List("x")
		if err != nil || slices.Contains(names, bulkDir) {
			t.Errorf("after %s: left %q, %v", c.how, names, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d copies of %d operations", len(copies), ops)
}

// The environment of a test that is started as a process of its own.
const (
	childTask = "CASEGRAPH_TEST_CHILD"
	childDir  = "CASEGRAPH_TEST_CHILD_DIR"
	childFrom = "CASEGRAPH_TEST_CHILD_FROM"
)

// TestChild is what the processes run that other tests start.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	open := func(o Options) {
		s, err := Open(dir, o)
		fmt.Println("opened:", err)
		if err == nil {
			fmt.Println("locked:", errors.Is(replace(s, "doc:x", nil), ErrLocked))
			bufio.NewReader(os.Stdin).ReadString('\n') // until it may end
			fmt.Println("closed:", s.Close())
		} else {
			fmt.Println("locked:", errors.Is(err, ErrLocked))
		}
	}
	switch task := os.Getenv(childTask); task {
	case "write":
		writeForever(t, dir)
	case "open":
		open(Options{})
	case "read":
		open(Options{ReadOnly: true})
	default:
		t.Skip("is run by other tests")
	}
}

// writeForever does step by step, from a number on, and says which it begins and has done.
func writeForever(t *testing.T, dir string) {
	i := 0
	if _, err := fmt.Sscan(os.Getenv(childFrom), &i); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{Create: true, tune: small})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for ; ; i++ {
		fmt.Printf("\nbegin %d\n", i)
		if err := numbered(i).do(s); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\ndone %d\n", i)
	}
}

// numbered is a step by its number: documents are replaced in turn, and some get more in bulk.
func numbered(i int) step {
	name := fmt.Sprintf("doc:%d", i%50)
	r := rand.New(rand.NewPCG(uint64(i), 11))
	mark := quad.Quad{Subject: iri("step:%d", i), Predicate: iri("is"), Object: quad.String("done"), Label: iri("%s?by=mark", name)}
	if i%9 != 8 {
		return step{name: name, quads: append(document(r, name, 30), mark)}
	}
	var text []byte
	for _, q := range append(document(r, name, 1000), mark) {
		text = appendNQuad(text, q)
	}
	return step{bulk: text}
}

// child starts a test process; it is killed, by its number, when the test ends.
func child(t *testing.T, env ...string) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, in, bufio.NewReader(out)
}

// TestKill kills a process that writes documents and loads in bulk, at any moment, again and again: what it acknowledged
// is there, the step under way whole or not at all, and nothing else. The next process goes on from there; in the end
// the store has the same quads as one that was never disturbed.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	want := mustOpen(t, "x", Options{FS: vfs.NewMem(), Create: true, NoSync: true})
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	have := 0 // steps that want has
	do := func(s *Store, i int) {
		if err := numbered(i).do(s); err != nil {
			t.Fatal(err)
		}
	}
	for range times(t, "CASEGRAPH_SOAK_KILLS", 2, 10) {
		cmd, _, out := child(t, childTask+"=write", childDir+"="+dir, fmt.Sprintf("%s=%d", childFrom, have))
		delay := time.Duration(r.IntN(150)) * time.Millisecond
		kill := func() {
			time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
		}
		early := r.IntN(4) == 0 // may be before it is open
		if early {
			kill()
		}
		done, begun := have, have
		for {
			line, err := out.ReadString('\n')
			if err != nil {
				break
			}
			var i int
			if n, _ := fmt.Sscanf(line, "begin %d\n", &i); n == 1 {
				begun = i + 1
				if !early {
					early = true
					kill()
				}
			} else if n, _ := fmt.Sscanf(line, "done %d\n", &i); n == 1 {
				done = i + 1
			} else if strings.TrimSpace(line) != "" {
				t.Log(line)
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatal("it was not killed:", err)
		}
		s, err := Open(dir, Options{Create: true, tune: small})
		if err != nil {
			t.Fatal(err)
		}
		for ; have < done; have++ {
			do(want, have)
		}
		there := dump(t, s)
		if there != dump(t, want) && begun > done {
			do(want, have)
			have++
		}
		if there != dump(t, want) {
			t.Fatalf("killed after %d steps, with %d begun: the store has something else", done, begun)
		}
		mustBeSound(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d steps", have)
	s := mustOpen(t, dir, Options{Create: true, tune: small})
	for end := have + 20; have < end; have++ {
		do(s, have)
		do(want, have)
	}
	if dump(t, s) != dump(t, want) {
		t.Error("the end differs from an undisturbed one")
	}
	mustBeSound(t, s)
}

// TestLock opens a store from two processes, and twice from one.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s, err := Open(dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := replace(s, "doc:1", chained(1)); err != nil {
		t.Fatal(err)
	}
	// other opens the store in a process, which tells what came of it, and ends when it is told to.
	other := func(task string) (answer string, end func()) {
		cmd, in, out := child(t, childTask+"="+task, childDir+"="+dir)
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		locked, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line + locked, func() {
			if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
				t.Error(err)
			}
		}
	}
	refused := func(what, answer string) {
		t.Helper()
		if !strings.Contains(answer, "pebble: the store is in use by another process") || !strings.Contains(answer, dir) || !strings.Contains(answer, "locked: true") {
			t.Errorf("%s: %s", what, answer)
		}
	}
	opened := func(what, answer string) {
		t.Helper()
		if !strings.HasPrefix(answer, "opened: <nil>\n") {
			t.Errorf("%s: %s", what, answer)
		}
	}
	link := dir + ".link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, task := range []string{"open", "read", "open"} { // the refused must not have loosened the lock
		answer, end := other(task)
		refused("written here, "+task, answer)
		end()
		for _, path := range []string{dir, link} {
			for _, o := range []Options{{}, {ReadOnly: true}} {
				if _, err := Open(path, o); !errors.Is(err, ErrLocked) {
					t.Errorf("written here, %s again: %v", path, err)
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	answer, end := other("open")
	opened("closed here, open", answer)
	for _, o := range []Options{{}, {ReadOnly: true}} {
		if _, err := Open(dir, o); !errors.Is(err, ErrLocked) {
			t.Errorf("written there: %v", err)
		}
	}
	end()

	s, err = Open(dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answer, end = other("read")
	opened("read here, read", answer)
	defer end()
	second := mustOpen(t, dir, Options{ReadOnly: true})
	if dump(t, second) != dump(t, s) {
		t.Error("two readers read different things")
	}
	answer, end2 := other("open")
	refused("read here, open", answer)
	end2()
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("read here, open here: %v", err)
	}
}

// TestReadOnly opens a store whose last writes are in its log alone: reading gives them, and changes no file.
func TestReadOnly(t *testing.T) {
	mem := vfs.NewMem()
	s, err := Open("x", Options{FS: mem, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(replace(s, "doc:1", chained(1)), s.db.Flush(), replace(s, "doc:2", chained(2)), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("y", Options{FS: mem, ReadOnly: true, Create: true}); !errors.Is(err, ErrAbsent) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := mem.Stat("y"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("reading made a directory")
	}
	before := mem.String()
	s, err = Open("x", Options{FS: mem, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := mustHaveChain(t, s); n != 2 {
		t.Errorf("%d documents", n)
	}
	ctx := context.Background()
	_, bulk := s.BulkNQuads(ctx, strings.NewReader("<a> <b> <c> .\n"), BulkOptions{})
	for what, err := range map[string]error{
		"replace": replace(s, "doc:1", nil),
		"deltas":  s.ApplyDeltas([]cgraph.Delta{{Quad: quad.Quad{Subject: iri("a"), Predicate: iri("b"), Object: iri("c")}, Action: cgraph.Add}}, cgraph.IgnoreOpts{}),
		"bulk":    bulk,
	} {
		if !errors.Is(err, pdb.ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := mustHaveChain(t, s); n != 2 {
		t.Errorf("%d documents after refused writes", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := mem.String(); after != before {
		t.Errorf("reading changed files:\n%s\n%s", before, after)
	}
}

// TestNewerVersion opens a store of a version that this program does not know.
func TestNewerVersion(t *testing.T) {
	mem := vfs.NewMem()
	s, err := Open("x", Options{FS: mem, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(replace(s, "doc:1", chained(1)), s.db.Set([]byte{keyFormat}, []byte{255}, pdb.Sync), s.Close()); err != nil {
		t.Fatal(err)
	}
	keys := func() (out string) {
		db, err := pdb.Open("x", &pdb.Options{FS: mem, ReadOnly: true, Logger: quiet{}, Filters: s.opts.Filters})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		it, err := db.NewIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer it.Close()
		for it.First(); it.Valid(); it.Next() {
			out += fmt.Sprintf("%q %q\n", it.Key(), it.Value())
		}
		return out
	}
	before := keys()
	for _, o := range []Options{{}, {Create: true}, {ReadOnly: true}} {
		o.FS = mem
		_, err := Open("x", o)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "it has version 255, this program reads version 1: x") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if after := keys(); after != before {
		t.Error("the store was changed")
	}
	for _, format := range [][]byte{{}, {1, 2}} {
		db, err := pdb.Open("x", &pdb.Options{FS: mem, Logger: quiet{}, Filters: s.opts.Filters})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Set([]byte{keyFormat}, format, pdb.Sync), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := Open("x", Options{FS: mem}); !errors.Is(err, ErrFormat) {
			t.Errorf("%d: %v", format, err)
		}
	}
	// another database in the directory is none of ours
	db, err := pdb.Open("y", &pdb.Options{FS: mem, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set([]byte("key"), nil, pdb.Sync), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("y", Options{FS: mem, Create: true}); !errors.Is(err, ErrFormat) {
		t.Errorf("another database: %v", err)
	}
}

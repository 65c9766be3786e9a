package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// mustOpen opens a store that the end of the test closes.
func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// problems are what Check finds.
func problems(t testing.TB, s *Store) []string {
	t.Helper()
	var out []string
	stats, err := s.Check(context.Background(), CheckOptions{Report: func(p Problem) { out = append(out, p.String()) }})
	if err != nil {
		t.Fatal("check:", err)
	}
	if (stats.Problems > 0) != (len(out) > 0) {
		t.Errorf("%d problems, reported %q", stats.Problems, out)
	}
	return out
}

func mustBeSound(t testing.TB, s *Store) {
	t.Helper()
	if found := problems(t, s); len(found) > 0 {
		t.Errorf("%d problems:\n%s", len(found), strings.Join(found, "\n"))
	}
}

func iri(format string, args ...any) quad.IRI { return quad.IRI(fmt.Sprintf(format, args...)) }

// document makes the quads of a document as a loader does, of all kinds of values.
func document(r *rand.Rand, name string, n int) []quad.Quad {
	quads := make([]quad.Quad, n)
	for i := range quads {
		at := r.IntN(5000)
		q := quad.Quad{
			Subject:   iri("person:%d", r.IntN(40)),
			Predicate: iri("p:%d", r.IntN(6)),
			Object:    iri("person:%d", r.IntN(40)),
			Label:     iri("%s?by=reader#char=%d,%d", name, at, at+r.IntN(50)),
		}
		switch r.IntN(10) {
		case 0:
			q.Object = quad.String(fmt.Sprintf("text %d", r.IntN(30)))
		case 1:
			q.Object = quad.String(strings.Repeat(fmt.Sprint(r.IntN(9)), 200)) // a long one
		case 2:
			q.Object = quad.LangString{Value: quad.String(fmt.Sprint(r.IntN(20))), Lang: "de"}
		case 3:
			q.Object = quad.Int(r.IntN(20))
		case 4:
			q.Object = quad.Time(time.Unix(int64(r.IntN(20)), 7).UTC())
		case 5:
			q.Subject = quad.BNode(fmt.Sprint(r.IntN(10)))
		case 6:
			q.Object = iri("%s#char=%d,%d", name, at, at+5)
		case 7:
			q.Label = iri("%s?by=%d", name, r.IntN(3))
		case 8:
			q.Object = quad.TypedString{Value: "1", Type: iri("type:%d", r.IntN(3))}
		}
		quads[i] = q
	}
	return quads
}

func replace(s *Store, name string, quads []quad.Quad) error {
	_, _, err := s.Replace(context.Background(), []string{name + "?"}, quads)
	return err
}

// filled is a store in memory with some documents, and a quad without a label.
func filled(t testing.TB) *Store {
	t.Helper()
	s := mustOpen(t, "x", Options{FS: vfs.NewMem(), Create: true, NoSync: true})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		name := fmt.Sprintf("doc:%d", i)
		if err := replace(s, name, document(r, name, 30)); err != nil {
			t.Fatal(err)
		}
	}
	err := s.update(context.Background(), func(x *tx) error {
		q, err := x.quad(quad.Quad{Subject: iri("person:lone"), Predicate: iri("p:lone"), Object: quad.Bool(true)}, true)
		x.add(q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find is the quad of a test by its values.
func find(t testing.TB, s *Store, q quad.Quad) Quad {
	t.Helper()
	src := source{s.db, s}
	var refs [4]Ref
	for i, v := range []quad.Value{q.Subject, q.Predicate, q.Object, q.Label} {
		if v == nil {
			continue
		}
		r, err := src.ref(v)
		if err != nil || r == (Ref{}) {
			t.Fatal(v, err)
		}
		refs[i] = r
	}
	return Quad{refs[0], refs[1], refs[2], refs[3]}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	known := quad.Quad{Subject: iri("person:a"), Predicate: iri("p:knows"), Object: iri("person:b"), Label: iri("doc:x?by=reader#char=3,9")}
	put := func(s *Store, key, value []byte) error { return s.db.Set(key, value, nil) }
	for name, test := range map[string]struct {
		harm func(s *Store, q Quad) error
		want []string // each in a message of its own
	}{
		"nothing": {func(*Store, Quad) error { return nil }, nil},
		"no key in POSL": {func(s *Store, q Quad) error { return s.db.Delete(appendQuad(nil, keyPOSL, q), nil) },
			[]string{`index POSL: lacks <person:a> <p:knows> <person:b> <doc:x?by=reader#char=3,9>, which is in SPOL`, `counts: no quad has the predicate <p:knows>, counted are 1`}},
		"no key in OSPL": {func(s *Store, q Quad) error { return s.db.Delete(appendQuad(nil, keyOSPL, q), nil) },
			[]string{`index OSPL: lacks <person:a> <p:knows> <person:b> <doc:x?by=reader#char=3,9>`}},
		"no key in LSPO": {func(s *Store, q Quad) error { return s.db.Delete(appendQuad(nil, keyLSPO, q), nil) },
			[]string{`index LSPO: lacks <person:a> <p:knows> <person:b> <doc:x?by=reader#char=3,9>`}},
		"no key in SPOL": {func(s *Store, q Quad) error { return s.db.Delete(appendQuad(nil, keySPOL, q), nil) },
			[]string{`index SPOL: lacks <person:a> <p:knows> <person:b> <doc:x?by=reader#char=3,9>, which is in POSL`, `which is in OSPL`, `which is in LSPO`,
				`no quad has node`}},
		"another quad in OSPL": {func(s *Store, q Quad) error { q.Subject = q.Object; return put(s, appendQuad(nil, keyOSPL, q), nil) },
			[]string{`index SPOL: lacks <person:b> <p:knows> <person:b> <doc:x?by=reader#char=3,9>, which is in OSPL`}},
		"one key for another": {func(s *Store, q Quad) error {
			err := s.db.Delete(appendQuad(nil, keyOSPL, q), nil)
			q.Subject = q.Object
			return errors.Join(err, put(s, appendQuad(nil, keyOSPL, q), nil))
		}, []string{`index SPOL: lacks <person:b> <p:knows> <person:b>`, `index OSPL: lacks <person:a> <p:knows> <person:b>`}},
		"no label": {func(s *Store, q Quad) error { q.Label = Ref{}; return put(s, appendQuad(nil, keyLSPO, q), nil) },
			[]string{`index LSPO: no key of a quad: the label is missing`}},
		"a value": {func(s *Store, q Quad) error { return put(s, appendQuad(nil, keySPOL, q), []byte{1}) },
			[]string{`index SPOL: a key with a value: <person:a> <p:knows> <person:b> <doc:x?by=reader#char=3,9> has "\x01"`}},
		"a key too long": {func(s *Store, q Quad) error { return put(s, append(appendQuad(nil, keySPOL, q), 0), nil) },
			[]string{`index SPOL: no key of a quad: "S`}},
		"a number too long": {func(s *Store, q Quad) error {
			return put(s, append([]byte{keyOSPL, 0x3e, 0, 0, 0, 0, 0, 0, 0, 1}, appendQuad(nil, keyOSPL, q)[1+len(appendID(nil, q.Object.ID)):]...), nil)
		}, []string{`index OSPL: no key of a quad: a number in it is not written in its short form`}},
		"node 0": {func(s *Store, q Quad) error { q.Subject = Ref{}; return put(s, appendQuad(nil, keySPOL, q), nil) },
			[]string{`index SPOL: no key of a quad: a node has an ID or a range that is never given`}},
		"a range beyond": {func(s *Store, q Quad) error { q.Label.Len = 1<<32 - 1; return put(s, appendQuad(nil, keySPOL, q), nil) },
			[]string{`a node has an ID or a range that is never given`}},
		"no value": {func(s *Store, q Quad) error { return s.db.Delete(appendID([]byte{keyValue}, q.Subject.ID), nil) },
			[]string{`dictionary, ID to value: lacks node %d, which quads have`, `dictionary, ID to value: lacks node %[1]d, found for "iperson:a"`}},
		"no ID": {func(s *Store, q Quad) error { return s.db.Delete(appendIDKey(nil, []byte("iperson:a")), nil) },
			[]string{`dictionary, value to ID: lacks the value of node %d: <person:a>`}},
		"another ID": {func(s *Store, q Quad) error {
			return put(s, appendIDKey(nil, []byte("iperson:a")), appendID(nil, q.Object.ID))
		}, []string{`dictionary, value to ID: another ID: <person:a> is node %d, and found as node`, `dictionary, value to ID: another value: node`}},
		"no ID at all": {func(s *Store, q Quad) error { return put(s, appendIDKey(nil, []byte("iperson:a")), []byte{0xff}) },
			[]string{`dictionary, value to ID: no ID but "\xff" for "iperson:a"`, `another ID: <person:a> is node %d`}},
		"another value": {func(s *Store, q Quad) error {
			return put(s, appendID([]byte{keyValue}, q.Subject.ID), []byte("iperson:c"))
		},
			[]string{`value to ID: lacks the value of node %d: <person:c>`, `another value: node %[1]d, found for "iperson:a", is <person:c>`}},
		"a ghost": {func(s *Store, q Quad) error {
			return errors.Join(put(s, appendID([]byte{keyValue}, 500), []byte("ighost")), put(s, appendIDKey(nil, []byte("ighost")), appendID(nil, 500)),
				put(s, []byte{keyNext}, numbersOf(1000, 1000, 1000)))
		}, []string{`dictionary, ID to value: no quad has node 500: <ghost>`}},
		"another class": {func(s *Store, q Quad) error {
			return put(s, appendID([]byte{keyValue}, q.Subject.ID), []byte("sperson:a"))
		},
			[]string{`a wrong value of node %d: it is of another class than the ID: "sperson:a"`, `lacks`, `another value`}},
		"a passage as a node": {func(s *Store, q Quad) error {
			return put(s, appendID([]byte{keyValue}, q.Subject.ID), []byte("idoc:x#char=1,2"))
		}, []string{`a wrong value of node %d: it is a passage, which has no entry of its own`, `lacks`, `another value`}},
		"no value but bytes": {func(s *Store, q Quad) error { return put(s, appendID([]byte{keyValue}, q.Subject.ID), []byte("?")) },
			[]string{`a wrong value of node %d: it is none: "?"`, `lacks`, `another value`}},
		"a count": {func(s *Store, q Quad) error { return put(s, appendRef([]byte{keyCount}, q.Predicate), numbersOf(7)) },
			[]string{`counts: a count is wrong: predicate <p:knows> has 1 quads, counted are 7`}},
		"no count": {func(s *Store, q Quad) error { return s.db.Delete(appendRef([]byte{keyCount}, q.Predicate), nil) },
			[]string{`counts: a count is missing: predicate <p:knows> has 1 quads`}},
		"a count too much": {func(s *Store, q Quad) error { return put(s, appendRef([]byte{keyCount}, q.Subject), numbersOf(2)) },
			[]string{`counts: no quad has the predicate <person:a>, counted are 2`}},
		"a count of nothing": {func(s *Store, q Quad) error { return put(s, []byte{keyCount, 0xff}, nil) },
			[]string{`counts: unknown key "N\xff"`}},
		"low numbers": {func(s *Store, q Quad) error { return put(s, []byte{keyNext}, numbersOf(2, 1000, 1000)) },
			[]string{`next numbers: too low: the next resource is number 2, but there is number`}},
		"no numbers": {func(s *Store, q Quad) error { return s.db.Delete([]byte{keyNext}, nil) },
			[]string{`the next resource is number 1`, `the next text is number 1`, `the next base is number 1`}},
		"half of the numbers": {func(s *Store, q Quad) error { return put(s, []byte{keyNext}, numbersOf(1000)) },
			[]string{`next numbers: no numbers but "\x00`, `resource`, `text`, `base`}},
		"unknown keys": {func(s *Store, q Quad) error {
			return errors.Join(put(s, []byte("Zebra"), nil), put(s, []byte{0}, nil), put(s, []byte("\xff\xff"), nil), put(s, []byte("My"), nil))
		}, []string{`store: unknown key "Zebra"`, `store: unknown key "\x00"`, `store: unknown key "\xff\xff"`, `next numbers: unknown key "My"`}},
		"version": {func(s *Store, q Quad) error { return put(s, []byte{keyFormat}, []byte{7}) },
			[]string{`format: unknown version [7]`}},
		"no version": {func(s *Store, q Quad) error { return s.db.Delete([]byte{keyFormat}, nil) },
			[]string{`format: is missing`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := filled(t)
			if err := replace(s, "doc:x", []quad.Quad{known}); err != nil {
				t.Fatal(err)
			}
			q := find(t, s, known)
			if err := test.harm(s, q); err != nil {
				t.Fatal(err)
			}
			found := problems(t, s)
			for _, want := range test.want {
				if strings.Contains(want, "%") {
					want = fmt.Sprintf(want, q.Subject.ID)
				}
				i := slices.IndexFunc(found, func(s string) bool { return strings.Contains(s, want) })
				if i < 0 {
					t.Errorf("not told: %s", want)
				} else {
					found = slices.Delete(found, i, i+1)
				}
			}
			if test.want == nil || !strings.Contains(name, "SPOL") { // there a node more may become one that no quad has
				for _, p := range found {
					t.Errorf("told besides: %s", p)
				}
			}
		})
	}
}

func numbersOf(n ...uint64) (b []byte) {
	for _, n := range n {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

// TestCheckFindsAnyChange changes one key or value at a time.
func TestCheckFindsAnyChange(t *testing.T) {
	s := filled(t)
	mustBeSound(t, s)
	r := rand.New(rand.NewPCG(3, 4))
	type entry struct{ key, value []byte }
	var all []entry
	it, err := s.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for it.First(); it.Valid(); it.Next() {
		all = append(all, entry{slices.Clone(it.Key()), slices.Clone(it.Value())})
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	tries := 300
	if testing.Short() {
		tries = 50
	}
	for range tries {
		e := all[r.IntN(len(all))]
		key, value := slices.Clone(e.key), slices.Clone(e.value)
		what := "deleted"
		switch n := r.IntN(3); {
		case n == 0 && len(value) > 0 && key[0] != keyNext:
			value[r.IntN(len(value))] ^= 1 << r.IntN(8)
			what = fmt.Sprintf("set to %q", value)
			err = s.db.Set(key, value, nil)
		case n == 1:
			key[r.IntN(len(key))] ^= 1 << r.IntN(8)
			what = fmt.Sprintf("moved to %q", key)
			err = errors.Join(s.db.Delete(e.key, nil), s.db.Set(key, value, nil))
		default:
			err = s.db.Delete(key, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(problems(t, s)) == 0 {
			t.Errorf("%q = %q, %s: not found", e.key, e.value, what)
		}
		was, had := value, false
		for _, o := range all {
			if string(o.key) == string(key) {
				was, had = o.value, true
			}
		}
		if err = s.db.Delete(key, nil); had {
			err = s.db.Set(key, was, nil)
		}
		if err := errors.Join(err, s.db.Set(e.key, e.value, nil)); err != nil {
			t.Fatal(err)
		}
	}
	mustBeSound(t, s)
}

// TestCheckSaysThatThereAreMore loses a whole index.
func TestCheckSaysThatThereAreMore(t *testing.T) {
	s := filled(t)
	if err := s.db.DeleteRange([]byte{keyOSPL}, []byte{keyOSPL + 1}, nil); err != nil {
		t.Fatal(err)
	}
	found := problems(t, s)
	if n := len(found); n != 21 || !strings.HasPrefix(found[0], "index OSPL: lacks <") || found[20] != "index OSPL: lacks: there are more" {
		t.Errorf("%d: %s", n, strings.Join(found, "\n"))
	}
}

// TestCheckTables damages one byte of a table at a time.
func TestCheckTables(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("x", Options{FS: fs, Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 30 {
		name := fmt.Sprintf("doc:%d", i)
		if err := replace(s, name, document(r, name, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.db.Flush(), s.Close()); err != nil {
		t.Fatal(err)
	}
	names, err := fs.List("x")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".sst") })
	if len(names) == 0 {
		t.Fatal("no tables")
	}
	read := func(name string) []byte {
		f, err := fs.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(name string, b []byte) {
		f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(slices.Clone(b)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		name := names[r.IntN(len(names))]
		path := fs.PathJoin("x", name)
		whole := read(path)
		b := slices.Clone(whole)
		b[len(b)*i/30] ^= 0x40
		write(path, b)
		s, err := Open("x", Options{FS: fs, ReadOnly: true})
		if err != nil {
			if !strings.Contains(err.Error(), "checksum") && !pdb.IsCorruptionError(err) {
				t.Errorf("byte %d of %d: %v", len(b)*i/30, len(b), err)
			}
		} else {
			found := problems(t, s)
			if !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, "table "+name+": cannot be read") }) {
				t.Errorf("byte %d of %d: %q", len(b)*i/30, len(b), found)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		write(path, whole)
	}
	mustBeSound(t, mustOpen(t, "x", Options{FS: fs}))
}

func TestCheckEndsWithItsContext(t *testing.T) {
	s := filled(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Check(ctx, CheckOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCheckWhileWriting checks while the store changes: each check sees one state.
func TestCheckWhileWriting(t *testing.T) {
	s := mustOpen(t, "x", Options{FS: vfs.NewMem(), Create: true, NoSync: true, tune: small})
	done := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		r := rand.New(rand.NewPCG(7, 8))
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			name := fmt.Sprintf("doc:%d", r.IntN(20))
			if err := replace(s, name, document(r, name, r.IntN(50))); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 20 {
		mustBeSound(t, s)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// small makes tables of a database few and small quads are enough for.
func small(o *pdb.Options) {
	o.MemTableSize = 64 << 10
	o.LBaseMaxBytes = 128 << 10
	o.CacheSize = 16 << 20
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = 32 << 10
	}
}

// TestCheckSpeed compares a check with reading all keys: CASEGRAPH_CHECK_QUADS says of how many quads.
func TestCheckSpeed(t *testing.T) {
	n := 0
	if _, err := fmt.Sscan(os.Getenv("CASEGRAPH_CHECK_QUADS"), &n); err != nil {
		t.Skip("CASEGRAPH_CHECK_QUADS is not set")
	}
	s := mustOpen(t, t.TempDir(), Options{Create: true, NoSync: true})
	r := rand.New(rand.NewPCG(9, 9))
	for i := 0; i < n; i += 1000 {
		quads := make([]quad.Quad, 1000)
		for j := range quads {
			quads[j] = quad.Quad{
				Subject: iri("http://kg.example/person/%d", r.IntN(n/5)), Predicate: iri("p:%d", r.IntN(20)), Object: iri("http://kg.example/person/%d", r.IntN(n/5)),
				Label: iri("http://kg.example/doc/%d?by=r#char=%d,%d", i, j*50, j*50+40),
			}
		}
		if err := replace(s, fmt.Sprintf("http://kg.example/doc/%d", i), quads); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Compact(context.Background(), []byte{0}, []byte{0xff}, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		start := time.Now()
		it, err := s.db.NewIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		keys := 0
		for it.First(); it.Valid(); it.Next() {
			keys++
		}
		if err := it.Close(); err != nil {
			t.Fatal(err)
		}
		plain := time.Since(start)
		start = time.Now()
		stats, err := s.Check(context.Background(), CheckOptions{})
		if err != nil || stats.Problems > 0 {
			t.Fatal(stats, err)
		}
		t.Logf("%d keys: read in %v, checked in %v: %+v", keys, plain, time.Since(start), stats)
	}
}

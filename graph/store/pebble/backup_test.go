package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cayleygraph/quad"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// dump is all quads of a store, sorted.
func dump(t testing.TB, s *Store) string {
	t.Helper()
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var b bytes.Buffer
	if err := v.Dump(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// chained is a document that names the one before it.
func chained(i int) []quad.Quad {
	quads := document(rand.New(rand.NewPCG(uint64(i), 0)), fmt.Sprintf("doc:%d", i), 20)
	return append(quads, quad.Quad{Subject: iri("doc:%d", i), Predicate: iri("after"), Object: iri("doc:%d", i-1), Label: iri("doc:%d?by=chain", i)})
}

// mustHaveChain tells how many documents of a chain a store has, each whole and without a gap.
func mustHaveChain(t testing.TB, s *Store) int {
	t.Helper()
	have := dump(t, s)
	n := 0
	for strings.Contains(have, fmt.Sprintf("<doc:%d> <after> ", n+1)) {
		n++
	}
	want := mustOpen(t, "x", Options{FS: vfs.NewMem(), Create: true, NoSync: true})
	for i := 1; i <= n; i++ {
		if err := replace(want, fmt.Sprintf("doc:%d", i), chained(i)); err != nil {
			t.Fatal(err)
		}
	}
	if dump(t, want) != have {
		t.Errorf("the store does not have the first %d documents alone", n)
	}
	mustBeSound(t, s)
	return n
}

// TestBackupWhileWriting makes copies, each of which must have what was acknowledged before it began.
func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, filepath.Join(dir, "store"), Options{Create: true, NoSync: true, tune: small})
	var acknowledged atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := replace(s, fmt.Sprintf("doc:%d", i), chained(i)); err != nil {
				done <- err
				return
			}
			acknowledged.Store(int64(i))
			time.Sleep(time.Millisecond)
		}
	}()
	for i := range 5 {
		to := filepath.Join(dir, "copies", fmt.Sprint(i))
		if i == 1 {
			if err := os.MkdirAll(to, 0o700); err != nil { // an empty one is taken
				t.Fatal(err)
			}
		}
		if i == 2 {
			if err := os.MkdirAll(to+".partial/x", 0o700); err != nil { // what a killed one left
				t.Fatal(err)
			}
		}
		before := int(acknowledged.Load())
		if err := s.Backup(context.Background(), to); err != nil {
			t.Fatal(err)
		}
		after := int(acknowledged.Load()) + 1
		if err := s.Backup(context.Background(), to); err == nil || !strings.Contains(err.Error(), "is not empty") {
			t.Errorf("a second time: %v", err)
		}
		back := filepath.Join(dir, "back", fmt.Sprint(i))
		if err := os.MkdirAll(filepath.Dir(back), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := Restore(context.Background(), to, back, RestoreOptions{Check: &CheckOptions{Report: func(p Problem) { t.Error(p) }}}); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{to, back} {
			b := mustOpen(t, dir, Options{})
			if n := mustHaveChain(t, b); n < before || n > after {
				t.Errorf("%s has %d documents: there were %d before it and %d after it", dir, n, before, after)
			}
			if err := replace(b, "doc:own", []quad.Quad{{Subject: iri("a"), Predicate: iri("b"), Object: iri("c"), Label: iri("doc:own?")}}); err != nil {
				t.Error("a copy cannot be written:", err)
			}
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.partial"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
	mustBeSound(t, s)
}

// TestBackupStandsAlone removes the store after it was copied: on one file system their tables are the same files.
func TestBackupStandsAlone(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s, err := Open(at("store"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 10; i++ {
		if err := replace(s, fmt.Sprintf("doc:%d", i), chained(i)); err != nil {
			t.Fatal(err)
		}
		if i == 5 {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, to := range []string{"store", "store/copy"} {
		if err := s.Backup(context.Background(), at(to)); err == nil || !strings.Contains(err.Error(), "is in the store") {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if err := errors.Join(s.Backup(context.Background(), at("copy")), s.Close()); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(at("store/*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, name := range tables {
		a, err1 := os.Stat(name)
		b, err2 := os.Stat(filepath.Join(at("copy"), filepath.Base(name)))
		if err := errors.Join(err1, err2); err != nil || !os.SameFile(a, b) {
			t.Errorf("%s is no link: %v", name, err)
		}
	}
	if err := os.RemoveAll(at("store")); err != nil {
		t.Fatal(err)
	}

	reader := mustOpen(t, at("copy"), Options{ReadOnly: true})
	if err := reader.Backup(context.Background(), at("copy2")); err != nil {
		t.Fatal("of a store that is only read:", err)
	}
	if err := Restore(context.Background(), at("copy"), at("store"), RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"store", "copy2"} {
		if n := mustHaveChain(t, mustOpen(t, at(name), Options{})); n != 10 {
			t.Errorf("%s has %d documents", name, n)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s := mustOpen(t, at("store"), Options{Create: true})
	for i := 1; i <= 3; i++ {
		if err := replace(s, fmt.Sprintf("doc:%d", i), chained(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, name := range []string{"copy", "damaged", "short"} {
		if err := s.Backup(ctx, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	damage := func(name string, harm func([]byte) []byte) {
		tables, err := filepath.Glob(at(name + "/*.sst"))
		if err != nil || len(tables) == 0 {
			t.Fatal(tables, err)
		}
		b, err := os.ReadFile(tables[0])
		if err == nil {
			err = os.Remove(tables[0]) // the store has the same file
		}
		if err == nil {
			err = os.WriteFile(tables[0], harm(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	damage("damaged", func(b []byte) []byte { b[2*len(b)/3] ^= 1; return b })
	damage("short", func(b []byte) []byte { return b[:len(b)-1] })
	if err := os.MkdirAll(at("full/x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(at("empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for _, test := range []struct {
		from, to string
		ctx      context.Context
		want     string
		is       error
	}{
		{"store", "new", ctx, "is in use by another process", ErrLocked},
		{"nowhere", "new", ctx, "there is no store", ErrAbsent},
		{"empty", "new", ctx, "there is no store", ErrAbsent},
		{"copy", "full", ctx, "is not empty: it has x", nil},
		{"copy", "copy/new", ctx, "is in the copy", nil},
		{"copy", "new", gone, "context canceled", context.Canceled},
		{"damaged", "new", ctx, "the copy is damaged", nil},
		{"short", "new", ctx, "size mismatch", nil},
	} {
		err := Restore(test.ctx, at(test.from), at(test.to), RestoreOptions{Check: &CheckOptions{}})
		if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
		left, err := filepath.Glob(at("new*"))
		if err != nil || len(left) > 0 {
			t.Errorf("%s to %s: left %q, %v", test.from, test.to, left, err)
		}
	}
	if err := s.Backup(gone, at("new")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	mustBeSound(t, s)
}

// TestBackupFails lets the n-th operation on the files of the copy fail, for every n: there is an error, nothing is left,
// and the store goes on.
func TestBackupFails(t *testing.T) {
	mem := vfs.NewMem()
	var left atomic.Int64
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasPrefix(op.Path, "copy") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpRemoveAll && left.Add(-1) == 0 {
			return errorfs.ErrInjected
		}
		return nil
	})
	left.Store(-1)
	s := mustOpen(t, "store", Options{FS: errorfs.Wrap(mem, inject), Create: true})
	for i := 1; i <= 3; i++ {
		if err := errors.Join(replace(s, fmt.Sprintf("doc:%d", i), chained(i)), s.db.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	failures := 0
	for n := int64(1); ; n++ {
		if n > 1000 {
			t.Fatal("no end")
		}
		left.Store(n)
		err := s.Backup(context.Background(), "copy")
		if left.Swap(-1) > 0 {
			if err != nil {
				t.Error(err)
			}
			break
		}
		names, _ := mem.List("")
		if err == nil { // an error that does not matter, as of the removal of a file that is not needed
			b, err := Open("copy", Options{FS: mem, ReadOnly: true})
			if err != nil {
				t.Fatal(n, err)
			}
			if mustHaveChain(t, b) != 3 {
				t.Errorf("operation %d: not all is there", n)
			}
			if err := errors.Join(b.Close(), mem.RemoveAll("copy")); err != nil {
				t.Fatal(err)
			}
			continue
		}
		failures++
		if !errors.Is(err, errorfs.ErrInjected) {
			t.Errorf("operation %d: %v", n, err)
		}
		if slices.Contains(names, "copy") || slices.Contains(names, "copy.partial") {
			t.Errorf("operation %d: left %q", n, names)
		}
		if err := s.failed(); err != nil {
			t.Fatalf("operation %d: the store failed: %v", n, err)
		}
	}
	if failures < 10 {
		t.Errorf("%d failures", failures)
	}
	if _, err := mem.Stat("copy"); errors.Is(err, fs.ErrNotExist) {
		t.Error("no copy in the end")
	}
	mustHaveChain(t, s)
}

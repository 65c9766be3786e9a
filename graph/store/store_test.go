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
	goleak.VerifyTestMain(m)
}

// opened is how the tests open each scheme: a URL of a store that is not there yet.
var opened = map[string]struct {
	url      func(testing.TB) string
	volatile bool
}{
	"memory": {func(testing.TB) string { return "memory:" }, true},
	"pebble": {func(t testing.TB) string { return "pebble:" + filepath.Join(t.TempDir(), "a", "store") }, false},
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
		open      func(context.Context, string) (*Store, error)
	}{
		{"", "a store needs a directory", Open},
		{"pebble:", "a store needs a directory", Open},
		{"memory:x", "memory: takes no name", Open},
		{"postgres://h/db", "unknown scheme postgres:, known are pebble:DIR (or DIR alone), memory:", Open},
		{"peble:" + path("new"), "unknown scheme peble:, known are", Open},
		{path("photos"), "is not a store, and not empty: it holds cat.jpg", Open},
		{"pebble:" + path("photos"), "is not a store", OpenExisting},
		{path("file"), "not a directory", Open},
		{path("file/below"), "not a directory", Open},
		{path("newer"), `has the format "casegraph pebble 7"`, Open},
		{path("newer"), "another version wrote it", OpenExisting},
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
		"format and both": {formatFile: formatLine, formatTemp: formatLine, "pebble/LOG": ""},
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
	for _, d := range []string{"a", "a/b", "a/b/pebble"} {
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

package loader_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"casegraph/graph"
	"casegraph/graph/store"
	"casegraph/graph/vocab"
	"casegraph/loader"
	"casegraph/loader/document"
)

// tb is what a test and a property have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func memory(t tb) graph.Store {
	t.Helper()
	s, err := store.Open(context.Background(), "memory:")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all is everything that a store holds, sorted.
func all(t tb, f graph.Finder) []graph.Statement {
	t.Helper()
	var out []graph.Statement
	for s, err := range f.Find(context.Background(), graph.Pattern{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	graph.SortStatements(out)
	return out
}

// load loads paths with l, wants Load to succeed, and gives the results.
func load(t tb, l loader.Loader, paths ...string) []loader.Result {
	t.Helper()
	var out []loader.Result
	if _, err := l.Load(context.Background(), paths, func(r loader.Result) { out = append(out, r) }); err != nil {
		t.Fatal(err)
	}
	return out
}

// folder makes a folder with files: name, content, name, content ...
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		write(t, filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

func write(t tb, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// letter is a document of which a few people are parties.
func letter(number int, from, to, cc string) string {
	return fmt.Sprintf(`CENTRE FOR LETTERS

3 May 2021
Reference: CL %d/2021

Dear %s,

We write about the case of the bridge and ask for an answer.

Yours sincerely,

%s
Director
Centre for Letters

cc: %s
`, number, to, from, cc)
}

// summary is results in few words.
func summary(results []loader.Result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s %s", r.Outcome, r.Source)
		if r.Err != nil {
			fmt.Fprintf(&b, ": %s", strings.TrimPrefix(r.Err.Error(), r.Path+": "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func wantSummary(t *testing.T, results []loader.Result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n")+"\n", summary(results)); diff != "" {
		t.Error(diff)
	}
}

func TestFolder(t *testing.T) {
	dir := folder(t,
		"b.txt", letter(1, "Ana Ruiz", "Mr Olmo", "Bea Sol"),
		"a/z.MD", letter(2, "Ana Ruiz", "Mr Olmo", "Bea Sol"),
		"a/page.html", "<html><body><p>A page</p></body></html>",
		"a/scan.pdf", "%PDF-",
		"a/empty.txt", " \n",
		"a/.hidden.txt", "hidden",
		".git/x.txt", "hidden",
	)
	outside := folder(t, "secret.txt", "secret")
	for from, to := range map[string]string{"link.txt": outside + "/secret.txt", "links": outside} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.txt"), 0o644); err != nil {
		t.Skip(err)
	}
	l := loader.Loader{Store: memory(t)}
	const link = "a symbolic link; load what it leads to by its own name"
	rest := []string{
		"failed a/empty.txt: the file has no text; leave it out",
		"ADDED a/page.html",
		"skipped a/scan.pdf: its name ends in none of .txt .md .markdown .html .htm .eml; name the file itself to load it",
		"ADDED a/z.MD",
		"ADDED b.txt",
		"skipped link.txt: " + link,
		"skipped links: " + link,
		"skipped pipe.txt: a device, pipe or socket, not a file",
	}
	for _, outcome := range []string{"added", "unchanged"} {
		want := slices.Clone(rest)
		for i := range want {
			want[i] = strings.Replace(want[i], "ADDED", outcome, 1)
		}
		wantSummary(t, load(t, l, dir), want...)
	}
	for _, s := range all(t, l.Store) {
		if strings.Contains(s.Literal, "secret") {
			t.Errorf("read outside of the folder: %v", s)
		}
	}
}

// A file that is named is tried whatever it is; what cannot be a document fails with its name, at once.
func TestNamedFiles(t *testing.T) {
	dir := folder(t, "notes", "some notes", ".hidden", "hidden notes", "empty/.x", "")
	big, err := os.Create(filepath.Join(dir, "big.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(big.Truncate(50<<20), big.Close()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink("notes", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	l := loader.Loader{Store: memory(t)}
	wantSummary(t, load(t, l, at("gone.txt"), at("pipe"), "/dev/zero", at("big.txt"), at("empty"), at("notes"), at(".hidden"), at("link"), at("notes/x"), ""),
		"failed gone.txt: no such file or directory",
		"failed pipe: a device, pipe or socket, not a file",
		"failed zero: a device, pipe or socket, not a file",
		"failed big.txt: the file is too large: 52428800 bytes, at most 33554432; split it",
		"skipped : no documents in this folder (.txt .md .markdown .html .htm .eml)",
		"added notes",
		"added .hidden",
		"updated link",
		"failed x: not a directory",
		`failed .: "": no such file or directory`,
	)
	if os.Getuid() != 0 {
		write(t, at("locked.txt"), "locked")
		os.Chmod(at("locked.txt"), 0)
		wantSummary(t, load(t, l, at("locked.txt")), "failed locked.txt: permission denied")
	}
}

// The same content from several files is one document with all its sources, and removing a source takes only it.
func TestSources(t *testing.T) {
	ctx := context.Background()
	one, two := letter(1, "Ana Ruiz", "Mr Olmo", "Bea Sol"), letter(2, "Ana Ruiz", "Mr Olmo", "Cai Paz")
	dir := folder(t, "a.txt", one, "b/copy.txt", one, "two.txt", two)
	l := loader.Loader{Store: memory(t)}
	wantSummary(t, load(t, l, dir), "added a.txt", "updated b/copy.txt", "added two.txt")
	wantSummary(t, load(t, l, filepath.Join(dir, "b/copy.txt")), "updated copy.txt")

	docs, err := loader.List(ctx, l.Store)
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 2 || !slices.Equal(docs[0].Sources, []string{"a.txt", "b/copy.txt", "copy.txt"}) || docs[1].Sources[0] != "two.txt" {
		t.Fatalf("listed %+v", docs)
	}

	r, err := loader.Remove(ctx, l.Store, "b/copy.txt")
	if err != nil || r.ID != docs[0].ID || !slices.Equal(r.Kept, []string{"a.txt", "copy.txt"}) || r.Change != (graph.Change{Removed: 1}) {
		t.Errorf("removed one of three sources: %+v, %v", r, err)
	}
	r, err = loader.Remove(ctx, l.Store, string(docs[0].ID))
	if err != nil || len(r.Kept) > 0 {
		t.Errorf("removed by ID: %+v, %v", r, err)
	}
	only := memory(t)
	load(t, loader.Loader{Store: only}, filepath.Join(dir, "two.txt"))
	if diff := cmp.Diff(all(t, only), all(t, l.Store)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"a.txt", string(docs[0].ID), "", "person:ana-ruiz"} {
		if _, err := loader.Remove(ctx, l.Store, name); !errors.Is(err, loader.ErrNotLoaded) {
			t.Errorf("removed %q: %v", name, err)
		}
	}
}

// A file that changed is another document; its source then names two, and Remove does not choose.
func TestRemoveAmbiguous(t *testing.T) {
	dir := folder(t, "a.txt", "first version")
	l := loader.Loader{Store: memory(t)}
	first := load(t, l, dir)[0].ID
	write(t, filepath.Join(dir, "a.txt"), "second version")
	second := load(t, l, dir)[0].ID
	before := all(t, l.Store)
	_, err := loader.Remove(context.Background(), l.Store, "a.txt")
	if !errors.Is(err, loader.ErrAmbiguous) || !strings.Contains(err.Error(), string(first)) || !strings.Contains(err.Error(), string(second)) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, all(t, l.Store)); diff != "" {
		t.Error(diff)
	}
}

// signedBy is an extractor whose documents are signed by one person, with a rule of this name.
func signedBy(rule string) func(document.Document) graph.Batch {
	return func(d document.Document) graph.Batch {
		if strings.Contains(d.Text, "hostile") {
			panic("index out of range")
		}
		file, end := graph.ID("doc:"+d.Hash), utf8.RuneCountInString(d.Text)
		b := graph.Batch{File: file, Text: d.Text,
			Documents: []graph.Document{{ID: file, Loaded: true, Span: graph.Span{End: end}}},
			Entities:  []graph.Entity{{ID: "person:ana", Class: vocab.Person, Name: "Ana"}},
			Claims: []graph.Claim{{Subject: "person:ana", Predicate: vocab.Signed, Object: file, Document: file,
				Span: graph.Span{End: 1}, Extractor: rule, Confidence: 1}},
		}
		if strings.Contains(d.Text, "absurd") {
			b.Claims[0].Predicate = vocab.VictimIn
		}
		return b
	}
}

// A stored document is read again when the rules are others, and then only what changed is written.
func TestRules(t *testing.T) {
	dir := folder(t, "a.txt", "one", "b.txt", "two")
	s := memory(t)
	v1, v2 := loader.Loader{s, signedBy("one"), "1"}, loader.Loader{s, signedBy("two"), "2"}
	wantSummary(t, load(t, v1, dir), "added a.txt", "added b.txt")
	got := load(t, v2, dir)
	wantSummary(t, got, "updated a.txt", "updated b.txt")
	if want := (graph.Change{Added: 3, Removed: 3}); got[0].Change != want { // the claim, its confidence, the version
		t.Errorf("changed %+v, want %+v", got[0].Change, want)
	}
	wantSummary(t, load(t, v2, dir), "unchanged a.txt", "unchanged b.txt")
	other := memory(t)
	load(t, loader.Loader{other, signedBy("two"), "2"}, dir)
	if diff := cmp.Diff(all(t, other), all(t, s)); diff != "" {
		t.Error(diff)
	}
}

// A file on which the rules panic, or of which they say what cannot be, fails by itself.
func TestHostileFile(t *testing.T) {
	dir := folder(t, "a.txt", "one", "b.txt", "hostile", "c.txt", "absurd", "d.txt", "two")
	l := loader.Loader{memory(t), signedBy("one"), "1"}
	got := load(t, l, dir)
	if s := summary(got); !strings.HasPrefix(s, "added a.txt\nfailed b.txt: casegraph stumbles over this file, please report it: index out of range\n"+
		"failed c.txt: the rules read something that the graph cannot say, please report it: ") || !strings.HasSuffix(s, "\nadded d.txt\n") {
		t.Error(s)
	}
	for _, s := range all(t, l.Store) {
		if s.Label.Of(got[1].ID) || s.Label.Of(got[2].ID) {
			t.Errorf("half stored: %v", s)
		}
	}
}

// When the context ends, the document in flight is stored, no other is, and the next load goes on from there.
func TestCancel(t *testing.T) {
	var files []string
	for i := range 40 {
		files = append(files, fmt.Sprintf("%02d.txt", i), letter(i, "Ana Ruiz", "Mr Olmo", "Bea Sol"))
	}
	dir := folder(t, files...)
	l := loader.Loader{Store: memory(t)}
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	totals, err := l.Load(ctx, []string{dir}, func(r loader.Result) {
		if seen++; seen == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || totals.Added != 3 || totals.Failed != 0 || seen != 3 {
		t.Errorf("after 3: %+v, seen %d, %v", totals, seen, err)
	}
	docs, err := loader.List(context.Background(), l.Store)
	if err != nil || len(docs) != 3 {
		t.Errorf("%d documents are stored, %v", len(docs), err)
	}
	load(t, l, dir)
	whole := memory(t)
	load(t, loader.Loader{Store: whole}, dir)
	if diff := cmp.Diff(all(t, whole), all(t, l.Store)); diff != "" {
		t.Error(diff)
	}
}

// A file that the rules take very long over does not keep a load from ending.
func TestCancelDoesNotWait(t *testing.T) {
	dir := folder(t, "a.txt", "one", "b.txt", "two", "c.txt", "three")
	ctx, cancel := context.WithCancel(context.Background())
	free := make(chan bool)
	defer close(free)
	slow := func(d document.Document) graph.Batch {
		if d.Text == "two" {
			cancel()
			<-free
		}
		return signedBy("one")(d)
	}
	totals, err := loader.Loader{memory(t), slow, "1"}.Load(ctx, []string{dir}, func(loader.Result) {})
	if !errors.Is(err, context.Canceled) || totals.Added > 1 || totals.Failed > 0 {
		t.Errorf("%+v, %v", totals, err)
	}
}

// broken is a store whose puts or finds fail.
type broken struct {
	graph.Store
	put, find error
}

func (b broken) Put(ctx context.Context, file graph.ID, s []graph.Statement) (graph.Change, error) {
	if b.put != nil {
		return graph.Change{}, b.put
	}
	return b.Store.Put(ctx, file, s)
}

func (b broken) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	if b.find != nil {
		return func(yield func(graph.Statement, error) bool) { yield(graph.Statement{}, b.find) }
	}
	return b.Store.Find(ctx, p)
}

// A store that is full or gone is not asked for every file of a large folder.
func TestBrokenStore(t *testing.T) {
	var files []string
	for i := range 20 {
		files = append(files, fmt.Sprintf("%02d.txt", i), fmt.Sprint("letter ", i))
	}
	dir := folder(t, files...)
	full := errors.New("no space left on device")
	for name, s := range map[string]broken{"put": {memory(t), full, nil}, "find": {memory(t), nil, full}} {
		seen := 0
		totals, err := loader.Loader{Store: s}.Load(context.Background(), []string{dir}, func(r loader.Result) {
			seen++
			if r.Outcome != loader.Failed || !errors.Is(r.Err, full) || !strings.HasPrefix(r.Err.Error(), r.Path+": ") {
				t.Errorf("%s: %+v", name, r)
			}
		})
		if !errors.Is(err, loader.ErrStore) || !errors.Is(err, full) || totals.Failed != 3 || seen != 3 {
			t.Errorf("%s: %+v, seen %d, %v", name, totals, seen, err)
		}
	}
}

// corpus draws files: names, and contents of which some are the same.
func corpus(t *rapid.T, min int) map[string]string {
	people := []string{"Ana Ruiz", "Bea Sol", "Cai Paz", "Dr. Eva Luna"}
	one := func(what string) string { return rapid.SampledFrom(people).Draw(t, what) }
	return rapid.MapOfN(rapid.StringMatching(`[a-d]{1,2}\.(txt|md)`), rapid.Custom(func(t *rapid.T) string {
		return letter(rapid.IntRange(1, 3).Draw(t, "number"), one("from"), one("to"), one("cc"))
	}), min, 6).Draw(t, "files")
}

func scratch(t *rapid.T, files map[string]string) (dir string, paths []string) {
	dir, err := os.MkdirTemp("", "loader")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, content := range files {
		path := filepath.Join(dir, name)
		write(t, path, content)
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return dir, paths
}

// However the files come, one by one, in any order, several times, the store ends the same.
func TestLoadOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, paths := scratch(t, corpus(t, 1))
		once := memory(t)
		load(t, loader.Loader{Store: once}, dir)

		l := loader.Loader{Store: memory(t)}
		for _, p := range rapid.SliceOf(rapid.SampledFrom(paths)).Draw(t, "first") {
			load(t, l, p)
		}
		load(t, l, rapid.Permutation(paths).Draw(t, "order")...)
		if rapid.Bool().Draw(t, "again") {
			load(t, l, dir)
		}
		if diff := cmp.Diff(all(t, once), all(t, l.Store)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// After files are removed, the store is as if they had never been loaded.
func TestRemoveIsNeverLoaded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, paths := scratch(t, corpus(t, 2))
		l := loader.Loader{Store: memory(t)}
		load(t, l, paths...)
		order := rapid.Permutation(paths).Draw(t, "order")
		n := rapid.IntRange(0, len(order)).Draw(t, "removed")
		for _, p := range order[:n] {
			if _, err := loader.Remove(context.Background(), l.Store, filepath.Base(p)); err != nil {
				t.Fatal(err)
			}
		}
		never := memory(t)
		load(t, loader.Loader{Store: never}, order[n:]...)
		if diff := cmp.Diff(all(t, never), all(t, l.Store)); diff != "" {
			t.Fatal(diff)
		}
	})
}

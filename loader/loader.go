// Package loader brings documents into a graph: it walks files and folders, reads each file into what it says, and
// hands that to the store as one document in one transaction.
//
// Loading is idempotent and does not depend on order: load(A) then load(B) leaves the same statements as load(B) then
// load(A), and loading twice the same as loading once. A load that is killed and run again ends where an undisturbed
// one ends, because a document is stored whole or not at all.
package loader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
	"casegraph/loader/extract"
)

// Outcome is what became of a file.
type Outcome string

// The outcomes.
const (
	Added     Outcome = "added"     // the document is new in the store
	Updated   Outcome = "updated"   // it was there, and says more or other now: newer rules, or one more source
	Unchanged Outcome = "unchanged" // it was there and is as it was
	Skipped   Outcome = "skipped"   // not tried; Err says why
	Failed    Outcome = "failed"    // tried, nothing of it was stored; Err says why
)

// Result tells what became of one file.
type Result struct {
	Path    string   // the file, as one finds it from the working directory
	Source  string   // its path inside the folder that was loaded, or its name: what the graph keeps
	ID      graph.ID // of the document, when it could be read
	Outcome Outcome
	Claims  int          // relations with their evidence that it says, when it was added or updated
	Change  graph.Change // statements added and removed
	Err     error        // begins with Path
}

// Totals adds up results.
type Totals struct {
	Added, Updated, Unchanged, Skipped, Failed int
	Claims                                     int
	Change                                     graph.Change
}

func (t *Totals) add(r Result) {
	switch r.Outcome {
	case Added:
		t.Added++
	case Updated:
		t.Updated++
	case Unchanged:
		t.Unchanged++
	case Skipped:
		t.Skipped++
	case Failed:
		t.Failed++
	}
	t.Claims += r.Claims
	t.Change.Added += r.Change.Added
	t.Change.Removed += r.Change.Removed
}

// Loader loads documents into Store.
type Loader struct {
	// Store takes the documents. Finding and putting at the same time must be safe.
	Store graph.Writer
	// Extract reads a document. Nil means extract.Extract, and its version in place of Rules.
	Extract func(document.Document) graph.Batch
	// Rules is the version of Extract. A stored document that the same version read is not read again.
	Rules string
}

// ErrStore says that the store fails whatever document it is given, so that loading stopped.
var ErrStore = errors.New("the store fails, loading stopped")

// errUnsayable is a fault of the rules, not of the file.
var errUnsayable = errors.New("the rules read something that the graph cannot say, please report it")

// storeTries is how many documents in a row may fail in the store before Load takes the store for broken.
const storeTries = 3

// Load loads files and folders, in the order given, a folder's files sorted by name, and reports each file in that
// order. Files are read and understood on all cores, a few ahead of the one that is being stored.
//
// A folder is walked with its subfolders. In it the endings .txt .md .markdown .html .htm .eml are loaded, others and
// everything that is no regular file (symbolic links too) are reported as Skipped, names that begin with a dot are
// passed over in silence. A file named itself is always tried.
//
// A file that cannot be loaded is Failed and the others are loaded. When ctx ends, a document that is being stored is
// stored to its end, files that are still being read are let go (their goroutines end when they have read them), and
// Load returns its error. Otherwise it returns an error only when the store is broken (ErrStore).
func (l Loader) Load(ctx context.Context, paths []string, report func(Result)) (Totals, error) {
	if l.Extract == nil {
		l.Extract, l.Rules = extract.Extract, extract.Version()
	}
	feed, stop := context.WithCancel(ctx)
	defer stop()
	ahead := make(chan chan reading, runtime.GOMAXPROCS(0)) // its capacity bounds the files in memory
	go func() {
		defer close(ahead)
		for f := range walk(paths) {
			slot := make(chan reading, 1)
			select {
			case ahead <- slot:
				go func() { slot <- l.read(feed, f) }()
			case <-feed.Done():
				f.close()
				return
			}
		}
	}()

	var totals Totals
	tries := 0
	for slot := range ahead {
		var r reading
		select {
		case r = <-slot:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		result, storeErr := l.put(context.WithoutCancel(ctx), r)
		totals.add(result)
		report(result)
		if storeErr == nil {
			tries = 0
		} else if tries++; tries == storeTries {
			return totals, fmt.Errorf("%w: %w", ErrStore, storeErr)
		}
	}
	return totals, ctx.Err()
}

// reading is a file on its way: what is known of it so far, and what it says when it has to be put.
type reading struct {
	Result
	batch    graph.Batch
	storeErr error // the part of Err that the store is to blame for
}

// read reads a file and what it says. It looks the document up first: one that the same rules read before, from the
// same source, is Unchanged.
func (l Loader) read(ctx context.Context, f file) (r reading) {
	r.Result = Result{Path: f.path, Source: f.source, Outcome: Failed, Err: f.err}
	defer f.close()
	defer recovered(f.path, func(err error) { r.Outcome, r.Err = Failed, err })
	if f.skip {
		r.Outcome = Skipped
	}
	if r.Err != nil {
		return r
	}
	var doc document.Document
	if _, doc, r.Err = readDocument(f.path, f.file); r.Err != nil {
		return r
	}
	r.ID = graph.ID("doc:" + doc.Hash)
	was, err := look(ctx, l.Store, r.ID)
	if err != nil {
		r.storeErr, r.Err = err, fmt.Errorf("%s: looking it up in the store: %w", f.path, err)
		return r
	}
	if was.found && was.rules == l.Rules && slices.Contains(was.sources, r.Source) {
		r.Outcome = Unchanged
		return r
	}
	r.batch = l.Extract(doc)
	r.Outcome = Added
	return r
}

// put stores what read gave. The sources of a document are all those ever loaded, so it looks them up again here,
// where no other document is being stored.
func (l Loader) put(ctx context.Context, r reading) (result Result, storeErr error) {
	result = r.Result
	if result.Outcome != Added {
		return result, r.storeErr
	}
	defer recovered(result.Path, func(err error) { result.Outcome, result.Err = Failed, err })
	fail := func(format string, err error) {
		result.Outcome, result.Err = Failed, fmt.Errorf("%s: "+format, result.Path, err)
	}
	was, err := look(ctx, l.Store, result.ID)
	if err != nil {
		fail("looking it up in the store: %w", err)
		return result, err
	}
	for i := range r.batch.Documents {
		if d := &r.batch.Documents[i]; d.ID == r.batch.File {
			d.Sources = append(was.sources, result.Source)
			slices.Sort(d.Sources)
			d.Sources = slices.Compact(d.Sources)
			d.Rules = l.Rules
		}
	}
	statements, err := r.batch.Statements()
	if err != nil {
		fail("%w", fmt.Errorf("%w: %w", errUnsayable, err))
		return result, nil
	}
	if result.Change, err = l.Store.Put(ctx, result.ID, statements); err != nil {
		fail("storing it: %w", err)
		return result, err
	}
	switch {
	case result.Change == graph.Change{}:
		result.Outcome = Unchanged
		return result, nil
	case was.found:
		result.Outcome = Updated
	}
	for _, s := range statements {
		if isClaim(s) {
			result.Claims++
		}
	}
	return result, nil
}

// recovered hands a panic over as the error of the file that set it off. It is to be deferred.
func recovered(path string, fail func(error)) {
	if p := recover(); p != nil {
		fail(fmt.Errorf("%s: casegraph stumbles over this file, please report it: %v", path, p))
	}
}

// isClaim tells whether s is the relation of a claim. What a loaded document is the same as follows from its number,
// and counts as a property.
func isClaim(s graph.Statement) bool {
	_, ok := vocab.Lookup(s.Predicate)
	return ok && s.Predicate != vocab.SameAs
}

// File is what one file holds.
type File struct {
	Content  []byte
	Document document.Document
	Batch    graph.Batch
}

// ReadFile reads a file and what it says as Load would, and stores nothing. What Load would refuse is an error; it
// begins with the path.
func ReadFile(path string) (out File, err error) {
	defer recovered(path, func(e error) { err = e })
	f, err := open(path, os.OpenFile)
	if err != nil {
		return File{}, because(path, err)
	}
	defer f.Close()
	if out.Content, out.Document, err = readDocument(path, f); err != nil {
		return File{}, err
	}
	out.Batch = extract.Extract(out.Document)
	if _, err := out.Batch.Statements(); err != nil {
		return File{}, fmt.Errorf("%s: %w: %w", path, errUnsayable, err)
	}
	return out, nil
}

// readDocument reads an open file. The document has no name: the same content says the same, whatever its file is
// called.
func readDocument(path string, f *os.File) (content []byte, doc document.Document, err error) {
	if content, err = readAll(f); err != nil {
		return nil, doc, because(path, err)
	}
	if doc, err = document.Read(path, content); err != nil {
		return nil, doc, err
	}
	doc.Name = ""
	return content, doc, nil
}

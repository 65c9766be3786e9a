package loader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// stored is what a store knows of a file's loading.
type stored struct {
	found   bool
	rules   string
	sources []string
}

// look finds out whether and how a file is stored.
func look(ctx context.Context, f graph.Finder, file graph.ID) (was stored, err error) {
	p := graph.Pattern{
		Subjects:   []graph.ID{file},
		Predicates: []vocab.Predicate{vocab.Rules, vocab.Source},
		Documents:  []graph.ID{file},
	}
	for s, err := range f.Find(ctx, p) {
		if err != nil {
			return stored{}, err
		}
		was.found = true
		if s.Predicate == vocab.Rules {
			was.rules = s.Literal
		} else {
			was.sources = append(was.sources, s.Literal)
		}
	}
	return was, nil
}

// Listed is a loaded file as List shows it.
type Listed struct {
	ID        graph.ID `json:"id"`
	Date      string   `json:"date,omitempty"`
	Kind      string   `json:"kind,omitempty"`
	Title     string   `json:"title,omitempty"`
	Reference string   `json:"reference,omitempty"`
	Sources   []string `json:"sources"`
	Rules     string   `json:"rules,omitempty"`
	Claims    int      `json:"claims"` // of the file and its parts
}

// List gives the loaded files, sorted by their first source, then by ID.
func List(ctx context.Context, f graph.Finder) ([]Listed, error) {
	files := map[graph.ID]*Listed{}
	var ids []graph.ID
	for s, err := range f.Find(ctx, graph.Pattern{Predicates: []vocab.Predicate{vocab.Source}}) {
		if err != nil {
			return nil, err
		}
		if files[s.Subject] == nil {
			files[s.Subject] = &Listed{ID: s.Subject}
			ids = append(ids, s.Subject)
		}
		files[s.Subject].Sources = append(files[s.Subject].Sources, s.Literal)
	}
	p := graph.Pattern{Subjects: ids, Documents: ids, Predicates: []vocab.Predicate{
		vocab.Date, vocab.Kind, vocab.Title, vocab.Reference, vocab.Rules}}
	for s, err := range f.Find(ctx, p) {
		if err != nil {
			return nil, err
		}
		doc, _, _, err := s.Label.Parse()
		if err != nil {
			return nil, err
		}
		if doc.File() != s.Subject {
			continue // what another file says of this one
		}
		l := files[s.Subject]
		switch s.Predicate {
		case vocab.Date:
			l.Date = s.Literal
		case vocab.Kind:
			l.Kind = s.Literal
		case vocab.Title:
			l.Title = s.Literal
		case vocab.Reference:
			l.Reference = s.Literal
		case vocab.Rules:
			l.Rules = s.Literal
		}
	}
	relations := graph.Pattern{}
	for _, r := range vocab.Relations() {
		relations.Predicates = append(relations.Predicates, r.Name)
	}
	for s, err := range f.Find(ctx, relations) {
		if err != nil {
			return nil, err
		}
		doc, _, _, err := s.Label.Parse()
		if err != nil {
			return nil, err
		}
		if l := files[doc.File()]; l != nil && isClaim(s) {
			l.Claims++
		}
	}
	out := make([]Listed, 0, len(ids))
	for _, l := range files {
		slices.Sort(l.Sources)
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Listed) int {
		return cmp.Or(strings.Compare(a.Sources[0], b.Sources[0]), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out, nil
}

// Errors of Remove.
var (
	ErrNotLoaded = errors.New("no such document is loaded")
	ErrAmbiguous = errors.New("several documents were loaded from it")
)

// Removed tells what Remove did.
type Removed struct {
	ID     graph.ID
	Kept   []string // the sources for which the document stays; none when it is gone
	Change graph.Change
}

// Remove takes a loaded file out of the store, with all that only it said. It is named by its ID or by a source.
//
// By its ID it goes whole. By a source the store is afterwards as if that source had never been loaded: a document
// that was loaded from other places too stays, for them. A source that several documents have (a file that changed,
// files of the same name) is ErrAmbiguous, and nothing is removed.
func Remove(ctx context.Context, store graph.Writer, idOrSource string) (Removed, error) {
	file, source := graph.ID(idOrSource), ""
	was, err := look(ctx, store, file)
	if err != nil {
		return Removed{}, err
	}
	if !was.found {
		source = sourceName(idOrSource)
		var files []graph.ID
		p := graph.Pattern{Predicates: []vocab.Predicate{vocab.Source}, Literals: []string{source}}
		for s, err := range store.Find(ctx, p) {
			if err != nil {
				return Removed{}, err
			}
			files = append(files, s.Subject)
		}
		slices.Sort(files)
		switch len(files) {
		case 0:
			return Removed{}, fmt.Errorf("%s: %w", idOrSource, ErrNotLoaded)
		case 1:
			file = files[0]
		default:
			return Removed{}, fmt.Errorf("%s: %w, say which by ID: %s", idOrSource, ErrAmbiguous, join(files))
		}
	}
	var rest []graph.Statement
	out := Removed{ID: file}
	if source != "" {
		for s, err := range store.Find(ctx, graph.Pattern{Documents: []graph.ID{file}}) {
			if err != nil {
				return Removed{}, err
			}
			if s.Subject == file && s.Predicate == vocab.Source {
				if s.Literal == source {
					continue
				}
				out.Kept = append(out.Kept, s.Literal)
			}
			rest = append(rest, s)
		}
		if len(out.Kept) == 0 {
			rest = nil
		}
		slices.Sort(out.Kept)
	}
	out.Change, err = store.Put(ctx, file, rest)
	return out, err
}

func join(ids []graph.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}

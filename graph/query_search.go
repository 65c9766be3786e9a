package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"casegraph/graph/vocab"
)

// Hit is one node that a search found.
type Hit struct {
	Node    Node
	Score   float64  // higher is better: 4 the whole name, 3 all its words, 2 beginnings of words, 1 the text
	Matched string   // the name, title or number that matched, or empty when only the text did
	Passage *Passage // of a loaded document: where its text matched, or nil
}

// Passage is a place in the text of a document.
type Passage struct {
	Document ID
	Span     Span
	Quote    string
	Context  string
}

const longestSearch = 500

// Search finds nodes by name, alias, acronym, title, reference and subject, and loaded documents by their text, without
// regard to case and accents. Every word of the question must begin a word of one and the same name, or of a passage no
// longer than a context; the passage is the shortest such place, in the innermost part of the document. Best first:
// by score, then key. classes keeps to these, nil is all. It returns the best limit hits (0: all) and how many there
// are. Words without a letter or digit find nothing; more than 500 code points are ErrInvalid.
//
// It reads every name and text at each call, so that its time grows with the store: right up to some thousand
// documents, and the place where an index takes over.
func (g *Graph) Search(ctx context.Context, text string, classes []vocab.Class, limit int) (hits []Hit, total int, err error) {
	if utf8.RuneCountInString(text) > longestSearch {
		return nil, 0, fmt.Errorf("%w: a search has at most %d characters", ErrInvalid, longestSearch)
	}
	folded := Fold(text)
	words := strings.Fields(folded)
	if len(words) == 0 {
		return nil, 0, nil
	}
	best := map[ID]Hit{}
	if err := g.searchNames(ctx, folded, words, best); err != nil {
		return nil, 0, err
	}
	if classes == nil || slices.Contains(classes, vocab.Document) {
		if err := g.searchTexts(ctx, words, best); err != nil {
			return nil, 0, err
		}
	}
	ids := make([]ID, 0, len(best))
	for id := range best {
		ids = append(ids, id)
	}
	nodes, err := g.Nodes(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	merged := map[ID]Hit{} // a citation and the loaded document that stands for it are one hit
	for _, id := range unique(ids) {
		n, ok := nodes[id]
		if !ok || classes != nil && !slices.Contains(classes, n.Class()) {
			continue
		}
		h, old := best[id], merged[n.ID()]
		if old.Score > h.Score {
			h.Score, h.Matched = old.Score, old.Matched
		}
		if h.Passage == nil {
			h.Passage = old.Passage
		}
		h.Node = n
		merged[n.ID()] = h
	}
	for _, h := range merged {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int { return a.Key().Compare(b.Key()) })
	total = len(hits)
	if limit > 0 && total > limit {
		hits = hits[:limit]
	}
	return hits, total, nil
}

// Key is the hit's place in the answer.
func (h Hit) Key() Key {
	k := h.Node.Key()
	return Key{fmt.Sprintf("%03d %s", int(100-10*h.Score), k.Sort), k.ID}
}

func (g *Graph) searchNames(ctx context.Context, folded string, words []string, best map[ID]Hit) error {
	names := []vocab.Predicate{vocab.Name, vocab.Alias, vocab.Acronym, vocab.Title, vocab.Reference, vocab.Subject}
	for s, err := range g.Find(ctx, Pattern{Predicates: names}) {
		if err != nil {
			return fmt.Errorf("searching names: %w", err)
		}
		h := Hit{Score: matches(s.Literal, folded, words), Matched: s.Literal}
		old := best[s.Subject]
		if h.Score > 0 && (h.Score > old.Score || h.Score == old.Score && h.Matched < old.Matched) {
			best[s.Subject] = h
		}
	}
	return nil
}

// matches is the score of a name, 0 when a word begins none of its words.
func matches(name, folded string, words []string) float64 {
	f := Fold(name)
	if f == folded {
		return 4
	}
	have, score := strings.Fields(f), 3.0
	for _, w := range words {
		switch {
		case slices.Contains(have, w):
		case slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) }):
			score = 2
		default:
			return 0
		}
	}
	return score
}

func (g *Graph) searchTexts(ctx context.Context, words []string, best map[ID]Hit) error {
	type part struct {
		id   ID
		span Span
	}
	parts, found := map[ID][]part{}, map[ID]Passage{}
	for s, err := range g.Find(ctx, Pattern{Predicates: []vocab.Predicate{vocab.Text, vocab.Span}}) {
		if err != nil {
			return fmt.Errorf("searching texts: %w", err)
		}
		if s.Predicate == vocab.Span {
			span, err := parseSpan(s.Literal)
			if err != nil {
				return fmt.Errorf("document %s: %w", s.Subject, err)
			}
			parts[s.Subject.File()] = append(parts[s.Subject.File()], part{s.Subject, span})
			continue
		}
		if p, ok := passage(s.Literal, words); ok {
			found[s.Subject] = p
		}
	}
	for file, p := range found {
		in := part{file, Span{0, p.Span.End}}
		slices.SortFunc(parts[file], func(a, b part) int { // innermost last
			return cmp.Or((b.span.End-b.span.Start)-(a.span.End-a.span.Start), strings.Compare(string(a.id), string(b.id)))
		})
		for _, q := range parts[file] {
			if q.span.Start <= p.Span.Start && p.Span.End <= q.span.End {
				in = q
			}
		}
		p.Document, p.Span = in.id, Span{p.Span.Start - in.span.Start, p.Span.End - in.span.Start}
		h := best[in.id]
		h.Score, h.Passage = max(h.Score, 1), &p
		best[in.id] = h
	}
	return nil
}

// passage finds the shortest place, of these the first, where each word begins a word of the text, if it is no longer
// than a context.
func passage(text string, words []string) (Passage, bool) {
	type place struct{ from, to, start, end int } // bytes, code points
	last := make([]place, len(words))             // where each word stood last; end 0 is nowhere yet
	var best place
	take := func(w string, at place) {
		hit := false
		for i, q := range words {
			if strings.HasPrefix(w, q) {
				last[i], hit = at, true
			}
		}
		if !hit {
			return
		}
		all := last[0]
		for _, l := range last {
			if l.end == 0 {
				return
			}
			all = place{min(all.from, l.from), max(all.to, l.to), min(all.start, l.start), max(all.end, l.end)}
		}
		if n := all.end - all.start; n <= contextLength && (best.end == 0 || n < best.end-best.start) {
			best = all
		}
	}
	from, start, n := -1, 0, 0
	for i, r := range text {
		inWord := unicode.IsLetter(r) || unicode.IsDigit(r) || from >= 0 && (r == '\'' || r == '’' || unicode.Is(unicode.Mn, r))
		switch {
		case inWord && from < 0:
			from, start = i, n
		case !inWord && from >= 0:
			take(foldWord(text[from:i]), place{from, i, start, n})
			from = -1
		}
		n++
	}
	if from >= 0 {
		take(foldWord(text[from:]), place{from, len(text), start, n})
	}
	if best.end == 0 {
		return Passage{}, false
	}
	return Passage{Span: Span{best.start, best.end}, Quote: text[best.from:best.to], Context: around(text, best.from, best.to)}, true
}

// foldWord is Fold of one word, quick for plain ASCII.
func foldWord(w string) string {
	for i := range len(w) {
		if c := w[i]; c >= utf8.RuneSelf || c == '\'' {
			return Fold(w)
		}
	}
	return strings.ToLower(w)
}

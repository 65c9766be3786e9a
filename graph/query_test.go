package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"casegraph/graph/vocab"
)

// said is a batch of one file with this text; each claim is "subject predicate object: quote", each of describe
// "id name" with the class of the ID, or "id reference" of a document.
func said(t testing.TB, file ID, text string, describe, claims []string) Memory {
	t.Helper()
	b := Batch{File: file, Text: text}
	whole := Span{0, utf8.RuneCountInString(text)}
	for _, d := range describe {
		id, value, _ := strings.Cut(d, " ")
		prefix, _, _ := strings.Cut(id, ":")
		switch {
		case prefix == "cite":
			b.Documents = append(b.Documents, Document{ID: ID(id), Reference: value})
		case prefix == "doc" && strings.Contains(id, "/"):
			at := strings.Index(text, value)
			start := utf8.RuneCountInString(text[:at])
			b.Documents = append(b.Documents, Document{ID: ID(id), Loaded: true, Title: value, Span: Span{start, start + utf8.RuneCountInString(value)}})
		case prefix == "doc":
			b.Documents = append(b.Documents, Document{ID: ID(id), Loaded: true, Reference: value, Title: "Title of " + id, Span: whole})
		default:
			b.Entities = append(b.Entities, Entity{ID: ID(id), Class: vocab.Class(strings.ToUpper(prefix[:1]) + prefix[1:]), Name: value})
		}
	}
	for _, c := range claims {
		head, quote, _ := strings.Cut(c, ": ")
		f := strings.Fields(head)
		at := strings.Index(text, quote)
		if at < 0 {
			t.Fatalf("%q is not in the text", quote)
		}
		start := utf8.RuneCountInString(text[:at])
		b.Claims = append(b.Claims, Claim{Subject: ID(f[0]), Predicate: vocab.Predicate(f[1]), Object: ID(f[2]), Document: file,
			Span: Span{start, start + utf8.RuneCountInString(quote)}, Extractor: "test", Confidence: 0.75})
	}
	s, err := b.Statements()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// town is three letters about the same people. The second has the number that the first and the third cite.
func town(t testing.TB) Memory {
	return slices.Concat(
		said(t, "doc:a", "Áine Ó'Dálaigh signs. Se lee «Ñandú». We refer to K 7.",
			[]string{"doc:a ", "person:aine-odalaigh Áine Ó'Dálaigh", "cite:k-7 K 7"},
			[]string{"person:aine-odalaigh signed doc:a: Áine Ó'Dálaigh", "doc:a references cite:k-7: K 7"}),
		said(t, "doc:b", "K 7\nA. O'Dalaigh signs.\nYours",
			[]string{"doc:b K 7", "person:aine-odalaigh A. O'Dalaigh"},
			[]string{"person:aine-odalaigh signed doc:b: A. O'Dalaigh"}),
		said(t, "doc:c", "K-7 was signed by Áine Ó'Dálaigh and by Bo. Áine Ó'Dálaigh again.",
			[]string{"doc:c ", "doc:c/1 Áine Ó'Dálaigh again.", "person:aine-odalaigh Áine Ó'Dálaigh", "person:bo Bo", "cite:k-7 K-7"},
			[]string{"person:aine-odalaigh signed cite:k-7: Áine Ó'Dálaigh", "person:bo signed cite:k-7: Bo", "doc:c references cite:k-7: K-7"}),
	)
}

func TestNodes(t *testing.T) {
	g := New(town(t))
	got, err := g.Nodes(t.Context(), []ID{"person:aine-odalaigh", "cite:k-7", "doc:b", "doc:c/1", "person:nobody"})
	if err != nil {
		t.Fatal(err)
	}
	b := Node{Document: &Document{ID: "doc:b", Loaded: true, Span: Span{0, 29}, Title: "Title of doc:b", Reference: "K 7", Names: []string{"K-7"}}}
	want := map[ID]Node{
		// Two of three files say Áine Ó'Dálaigh.
		"person:aine-odalaigh": {Entity: &Entity{ID: "person:aine-odalaigh", Class: vocab.Person, Name: "Áine Ó'Dálaigh", Aliases: []string{"A. O'Dalaigh"}}},
		"cite:k-7":             b,
		"doc:b":                b,
		"doc:c/1":              {Document: &Document{ID: "doc:c/1", Loaded: true, Span: Span{44, 65}, Title: "Áine Ó'Dálaigh again."}},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	for ref, want := range map[string]ID{"k 7": "doc:b", "K-7": "doc:b", "K 8": "", "…": ""} {
		nodes, err := g.ByReference(t.Context(), ref)
		if err != nil || want == "" && len(nodes) > 0 || want != "" && (len(nodes) == 0 || nodes[0].ID() != want) {
			t.Errorf("reference %q: %v, %v", ref, nodes, err)
		}
	}
}

// The name to show is the most frequent, then the longest, then the first.
func TestBestName(t *testing.T) {
	for want, forms := range map[string][]string{"Ann": {"Ann", "Annabel", "Ann"}, "Annabel": {"Ann", "Annabel"}, "Bea": {"Cat", "Bea"}, "": nil} {
		var p properties
		for _, f := range forms {
			p = p.count(vocab.Name, f)
		}
		if got := p.best(vocab.Name); got != want {
			t.Errorf("of %v: %q", forms, got)
		}
	}
}

func TestOfClass(t *testing.T) {
	g := New(town(t))
	for class, want := range map[vocab.Class]string{vocab.Person: "person:aine-odalaigh person:bo", vocab.Document: "doc:c/1 doc:a doc:b doc:c", vocab.Place: ""} {
		nodes, err := g.OfClass(t.Context(), class)
		var ids []string
		for _, n := range nodes {
			ids = append(ids, string(n.ID()))
		}
		if got := strings.Join(ids, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v", class, got, err)
		}
	}
}

// A citation that one loaded document is the same as is answered with that document, from either side and by either
// ID; when two are, it stays what it is.
func TestSameDocument(t *testing.T) {
	one := town(t)
	two := slices.Concat(one, said(t, "doc:d", "K 7 once more", []string{"doc:d k 7"}, nil))
	for _, c := range []struct {
		store Memory
		cited ID
	}{{one, "doc:b"}, {two, "cite:k-7"}} {
		g := New(c.store)
		refs, err := g.Related(t.Context(), []ID{"doc:a"}, []vocab.Predicate{vocab.References}, Out, 0)
		if err != nil || len(refs["doc:a"]) != 1 || refs["doc:a"][0].Object != c.cited || refs["doc:a"][0].ID != RelationID("doc:a", vocab.References, c.cited) {
			t.Errorf("doc:a references %+v, %v", refs, err)
		}
		by, err := g.Related(t.Context(), []ID{"cite:k-7"}, []vocab.Predicate{vocab.References, vocab.Signed}, In, 0)
		var got []ID
		for _, r := range by["cite:k-7"] {
			got = append(got, r.ID)
		}
		want := []ID{RelationID("doc:a", vocab.References, c.cited), RelationID("doc:c", vocab.References, c.cited),
			RelationID("person:aine-odalaigh", vocab.Signed, c.cited), RelationID("person:bo", vocab.Signed, c.cited)}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.cited, err, d)
		}
		rels, err := g.Relations(t.Context(), Pattern{Subjects: []ID{"person:aine-odalaigh"}, Objects: []ID{"doc:b", "cite:k-7"}}, 0)
		claims := 0
		for _, r := range rels {
			claims += len(r.Claims)
		}
		if err != nil || claims != 2 || len(rels) != map[ID]int{"doc:b": 1, "cite:k-7": 2}[c.cited] {
			t.Errorf("%s: %+v, %v", c.cited, rels, err)
		}
	}
	nodes, err := New(two).Nodes(t.Context(), []ID{"cite:k-7"})
	if err != nil || nodes["cite:k-7"].Document.Loaded {
		t.Errorf("a shared citation is %+v, %v", nodes, err)
	}
}

func TestRelations(t *testing.T) {
	g := New(town(t))
	rels, err := g.Relations(t.Context(), Pattern{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rels {
		s, p, o, ok := ParseRelationID(r.ID)
		if r.Predicate == vocab.SameAs || len(r.Claims) == 0 || !ok || s != r.Subject || p != r.Predicate || o != r.Object || i > 0 && rels[i-1].ID >= r.ID {
			t.Errorf("%+v", r)
		}
	}
	if same, err := g.Relations(t.Context(), Pattern{Predicates: []vocab.Predicate{vocab.SameAs}}, 0); err != nil || len(same) != 1 || same[0].Object != "cite:k-7" {
		t.Errorf("sameAs, when asked for: %+v, %v", same, err)
	}
	if _, err := g.Relations(t.Context(), Pattern{}, 2); !errors.Is(err, ErrTooMany) {
		t.Errorf("more than 2: %v", err)
	}
	if none, err := g.Relations(t.Context(), Pattern{Subjects: []ID{}}, 0); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
	for _, id := range []ID{"", "rel:", "rel:a|signed", "rel:a|name|b", "rel:a|signed|b|c", "person:x"} {
		if _, _, _, ok := ParseRelationID(id); ok {
			t.Errorf("%q is no relation", id)
		}
	}
}

// Every claim of every relation has the words that stand at its span, in its document.
func TestEvidence(t *testing.T) {
	g := New(town(t))
	rels, err := g.Relations(t.Context(), Pattern{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var claims []Claim
	for _, r := range rels {
		claims = append(claims, r.Claims...)
	}
	evidence, err := g.Evidence(t.Context(), claims)
	if err != nil || len(evidence) != len(claims) {
		t.Fatal(len(evidence), err)
	}
	for i, e := range evidence {
		texts, err := g.Texts(t.Context(), []ID{e.Document})
		if err != nil {
			t.Fatal(err)
		}
		if words := string([]rune(texts[e.Document])[e.Span.Start:e.Span.End]); e.Quote != words || e.Confidence != 0.75 ||
			!strings.Contains(e.Context, e.Quote) || e.Label() != claims[i].Label() {
			t.Errorf("%+v: the text has %q", e, words)
		}
	}
	for _, c := range []Claim{{Document: "doc:none", Span: Span{0, 1}}, {Document: "doc:b", Span: Span{0, 99}}, {Document: "doc:b", Span: Span{5, 2}}} {
		if e, err := g.Evidence(t.Context(), []Claim{c}); err == nil {
			t.Errorf("%+v has evidence %+v", c, e)
		}
	}
	if e, err := g.Evidence(t.Context(), []Claim{{Document: "doc:c/1", Span: Span{15, 20}}}); err != nil || e[0].Quote != "again" {
		t.Errorf("in a part: %+v, %v", e, err)
	}
}

func TestContext(t *testing.T) {
	for _, c := range []struct{ text, quote, want string }{
		{"First. Two is here. Three.", "is", "Two is here."},
		{"Dear Ms. Roe wrote. Next", "wrote", "Dear Ms. Roe wrote."},
		{"Head\nA line with a\nwrapped rest.\nAnother", "wrapped", "A line with a\nwrapped rest."},
		{"cc:\nAnn Lee\nBob Ray", "Ann Lee", "Ann Lee"},
		{"x", "x", "x"},
		{"  x  ", "x", "x"},
		{"Where? Here! Now", "Here", "Here!"},
	} {
		at := strings.Index(c.text, c.quote)
		if got := around(c.text, at, at+len(c.quote)); got != c.want {
			t.Errorf("%q in %q: %q", c.quote, c.text, got)
		}
	}
}

func TestContextProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "é", "word", ". ", "\n", " ", "Ünï", "!", "x.y", "… ", "日本"})).Draw(t, "text"), "")
		x := index(text)
		start := rapid.IntRange(0, x.runes).Draw(t, "start")
		end := rapid.IntRange(start, x.runes).Draw(t, "end")
		from, to, ok := x.at(Span{start, end})
		if !ok || text[from:to] != string([]rune(text)[start:end]) {
			t.Fatalf("%d to %d of %q: %q, %v", start, end, text, text[from:to], ok)
		}
		got := around(text, from, to)
		if !strings.Contains(got, text[from:to]) || !strings.Contains(text, got) || utf8.RuneCountInString(got) > max(contextLength, end-start) {
			t.Fatalf("around %q in %q: %q", text[from:to], text, got)
		}
	})
}

func TestSearch(t *testing.T) {
	g := New(town(t))
	for _, c := range []struct {
		text    string
		classes []vocab.Class
		want    string
	}{
		{"aine odalaigh", nil, "person:aine-odalaigh 4, doc:c/1 3, doc:a 1 Áine Ó'Dálaigh, doc:c 1 Áine Ó'Dálaigh"},
		{"ODALAIGH", []vocab.Class{vocab.Person}, "person:aine-odalaigh 3"},
		{"odal", []vocab.Class{vocab.Person}, "person:aine-odalaigh 2"},
		{"nandu", nil, "doc:a 1 Ñandú"},
		{"k 7", []vocab.Class{vocab.Document}, "doc:b 4 K 7, doc:a 1 K 7, doc:c 1 K-7"},
		{"zebra", nil, ""}, {"", nil, ""}, {"!?", nil, ""},
	} {
		hits, total, err := g.Search(t.Context(), c.text, c.classes, 0)
		var got []string
		for _, h := range hits {
			s := fmt.Sprintf("%s %v", h.Node.ID(), h.Score)
			if h.Passage != nil {
				texts, err := g.Texts(t.Context(), []ID{h.Passage.Document})
				if err != nil || h.Passage.Quote != string([]rune(texts[h.Passage.Document])[h.Passage.Span.Start:h.Passage.Span.End]) {
					t.Errorf("passage %+v is not in its document, %v", h.Passage, err)
				}
				s += " " + h.Passage.Quote
			}
			got = append(got, s)
		}
		if d := strings.Join(got, ", "); err != nil || total != len(hits) || d != c.want {
			t.Errorf("%q: %s, %v", c.text, d, err)
		}
	}
	if hits, total, err := g.Search(t.Context(), "k", nil, 1); err != nil || len(hits) != 1 || total < 2 {
		t.Errorf("at most 1: %v of %d, %v", hits, total, err)
	}
	if _, _, err := g.Search(t.Context(), strings.Repeat("x", 501), nil, 1); !errors.Is(err, ErrInvalid) {
		t.Errorf("a very long search: %v", err)
	}
}

// Answers do not depend on the order in which a store gives its statements.
func TestOrderDoesNotMatter(t *testing.T) {
	ask := func(m Memory) string {
		g := New(m)
		docs, e1 := g.OfClass(t.Context(), vocab.Document)
		rels, e2 := g.Relations(t.Context(), Pattern{}, 0)
		hits, _, e3 := g.Search(t.Context(), "a", nil, 0)
		if err := errors.Join(e1, e2, e3); err != nil {
			t.Fatal(err)
		}
		s := ""
		for _, d := range docs {
			s += fmt.Sprintf("%+v\n", *d.Document)
		}
		for _, h := range hits {
			s += fmt.Sprintf("%s %v %s\n", h.Node.ID(), h.Score, h.Matched)
		}
		return s + fmt.Sprintf("%+v", rels)
	}
	m := town(t)
	want := ask(m)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] })
		if d := cmp.Diff(want, ask(m)); d != "" {
			t.Fatal(d)
		}
	}
}

// failing gives some statements and then an error.
type failing struct{ Memory }

var errDisk = errors.New("the disk is gone")

func (f failing) Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error] {
	return thenFail(f.Memory.Find(ctx, p))
}

func (f failing) View(ctx context.Context) (View, error) {
	v, err := f.Memory.View(ctx)
	return failingView{v}, err
}

type failingView struct{ View }

func (f failingView) Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error] {
	return thenFail(f.View.Find(ctx, p))
}

func (f failingView) Expand(ctx context.Context, frontier []Handle, predicates []vocab.Predicate, dir Direction) iter.Seq2[Edge, error] {
	return thenFail(f.View.Expand(ctx, frontier, predicates, dir))
}

// thenFail gives the first of all and then an error.
func thenFail[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v := range all {
			if !yield(v, nil) {
				return
			}
			break
		}
		var none T
		yield(none, errDisk)
	}
}

// A read that fails, or a context that ended, is an error of every question, never a shorter answer.
func TestFailures(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		ctx  context.Context
		g    *Graph
		want error
	}{{t.Context(), New(failing{town(t)}), errDisk}, {ended, New(town(t)), context.Canceled}} {
		ids := []ID{"doc:a", "person:bo"}
		_, e1 := c.g.Nodes(c.ctx, ids)
		_, e2 := c.g.OfClass(c.ctx, vocab.Person)
		_, e3 := c.g.ByReference(c.ctx, "K 7")
		_, e4 := c.g.Relations(c.ctx, Pattern{Subjects: ids}, 0)
		_, e5 := c.g.Related(c.ctx, ids, nil, Both, 0)
		_, e6 := c.g.Evidence(c.ctx, []Claim{{Document: "doc:a", Span: Span{0, 1}}})
		_, e7 := c.g.Texts(c.ctx, ids)
		_, _, e8 := c.g.Search(c.ctx, "bo", nil, 0)
		_, e9 := c.g.Degrees(c.ctx, ids, nil)
		_, e10 := c.g.Neighbourhood(c.ctx, ids, Walk{Direction: Both})
		_, e11 := c.g.ShortestPath(c.ctx, ids[0], ids[1], Walk{Direction: Both})
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11} {
			if !errors.Is(err, c.want) {
				t.Errorf("question %d: %v, want %v", i+1, err, c.want)
			}
		}
	}
}

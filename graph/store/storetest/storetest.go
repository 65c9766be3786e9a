// Package storetest is what every store must do, as one suite of tests and one set of benchmarks.
//
// A store runs it in one line from its own tests. Beyond the contracts of package graph it asks for what callers lean
// on: a Find answers for one state of the store however long its reader takes, and its reader may Put.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// Run runs the suite. open gives a new, empty store each time; the suite closes it. reopen closes a store and opens
// again what it held; it is nil for a store that keeps nothing.
func Run(t *testing.T, open func(testing.TB) graph.Store, reopen func(testing.TB, graph.Store) graph.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, graph.Store)
	}{
		{"round trip", testRoundTrip},
		{"put counts", testPutCounts},
		{"remove", testRemove},
		{"same statement twice", testSharedStatement},
		{"shrink", testShrink},
		{"sets", testSets},
		{"model", testModel},
		{"invalid", testInvalid},
		{"expand", testExpand},
		{"view", testView},
		{"early stop", testEarlyStop},
		{"cancel", testCancel},
		{"cancel midway", testCancelMidway},
		{"put while finding", testPutWhileFinding},
		{"readers and a writer", testConcurrent},
		{"writers", testWriters},
		{"closed", testClosed},
		{"close while finding", testCloseWhileFinding},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			c.test(t, s)
		})
	}
	t.Run("load order", func(t *testing.T) { testLoadOrder(t, open) })
	if reopen != nil {
		t.Run("reopen", func(t *testing.T) { testReopen(t, open(t), reopen) })
	}
}

// label is a label of doc.
func label(doc graph.ID, at int) graph.Label {
	return graph.NewLabel(doc, "rule", graph.Span{Start: at, End: at + 1})
}

// put puts, and fails the test on an error.
func put(t testing.TB, s graph.Store, file graph.ID, statements ...graph.Statement) graph.Change {
	t.Helper()
	c, err := s.Put(context.Background(), file, statements)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// find gives the whole answer, sorted. It fails the test on an error, and when a statement comes twice.
func find(t testing.TB, s graph.Finder, p graph.Pattern) []graph.Statement {
	t.Helper()
	var out []graph.Statement
	for st, err := range s.Find(context.Background(), p) {
		if err != nil {
			t.Fatalf("find %+v: %v", p, err)
		}
		out = append(out, st)
	}
	graph.SortStatements(out)
	if once := slices.Compact(slices.Clone(out)); len(once) != len(out) {
		t.Fatalf("find %+v: %d statements, %d different ones", p, len(out), len(once))
	}
	return out
}

// sorted gives statements as find gives them.
func sorted(statements []graph.Statement) []graph.Statement {
	out := slices.Clone(statements)
	graph.SortStatements(out)
	return slices.Compact(out)
}

func want(t testing.TB, got, want []graph.Statement) {
	t.Helper()
	if d := difference(got, want); d != "" {
		t.Fatal(d)
	}
}

// difference tells the first few statements that only one side has.
func difference(got, want []graph.Statement) string {
	got, want = sorted(got), sorted(want)
	if slices.Equal(got, want) {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "got %d statements, want %d", len(got), len(want))
	show := func(side string, a, b2 []graph.Statement) {
		n := 0
		for _, s := range a {
			if _, ok := slices.BinarySearchFunc(b2, s, graph.CompareStatements); !ok && n < 5 {
				fmt.Fprintf(&b, "\n%s %q", side, s)
				n++
			}
		}
	}
	show("only got:", got, want)
	show("only wanted:", want, got)
	return b.String()
}

// odd are texts that quoting, escaping and prefixes get wrong.
var odd = []string{
	"person:ana", "<person:ana>", "a> <b", `"a"`, `\`, `\"`, `\n`, "a\nb\tc\rd", " ", " a ", "/", "a/b", "?", "#char=0,1",
	"É é ñ", "𝄞", "\u2028", "\u0001", "\ufffd", "_:b", `"a"@en`, `"a"^^<b>`, "@en", "%2F", "{}", "null", "0",
	"2014-02", "2014-02-03T04:05:06.000000007Z", "casegraph:", "casegraph:labels", "casegraph:file?doc:a", "rdf:type",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
	strings.Repeat("long ", 20_000),
}

func testRoundTrip(t *testing.T, s graph.Store) {
	var all []graph.Statement
	for i, o := range odd {
		l := label("doc:a", i)
		oddLabel := graph.Label("doc:a/1?by=" + o)
		all = append(all,
			graph.Statement{Subject: graph.ID(o), Predicate: vocab.Name, Literal: "n", Label: l},
			graph.Statement{Subject: "s", Predicate: vocab.Predicate(o), Literal: "n", Label: l},
			graph.Statement{Subject: "s", Predicate: vocab.Name, Literal: o, Label: l},
			graph.Statement{Subject: "s", Predicate: vocab.Name, Object: graph.ID(o), Label: l},
			graph.Statement{Subject: "s", Predicate: vocab.Name, Literal: "n", Label: oddLabel},
			graph.Statement{Subject: graph.ID(o), Predicate: vocab.Predicate(o), Object: graph.ID(o), Label: oddLabel})
	}
	all = sorted(all)
	put(t, s, "doc:a", all...)
	want(t, find(t, s, graph.Pattern{}), all)
	for _, st := range all {
		p := graph.Pattern{
			Subjects:   []graph.ID{st.Subject},
			Predicates: []vocab.Predicate{st.Predicate},
			Documents:  []graph.ID{"doc:a"},
		}
		if st.Object != "" {
			p.Objects = []graph.ID{st.Object}
		} else {
			p.Literals = []string{st.Literal}
		}
		want(t, find(t, s, p), filter(all, p))
	}
	if c := put(t, s, "doc:a"); c != (graph.Change{Removed: len(all)}) {
		t.Fatalf("removing %d statements: %+v", len(all), c)
	}
	want(t, find(t, s, graph.Pattern{}), nil)
}

func testPutCounts(t *testing.T, s graph.Store) {
	a := statements("doc:a", 0, 10)
	for _, c := range []struct {
		put  []graph.Statement
		want graph.Change
	}{
		{nil, graph.Change{}},
		{a[:6], graph.Change{Added: 6}},
		{a[:6], graph.Change{}},
		{append(slices.Clone(a[:6]), a[:6]...), graph.Change{}},
		{append(slices.Clone(a[3:9]), a[3:9]...), graph.Change{Added: 3, Removed: 3}},
		{a, graph.Change{Added: 4}},
		{a[9:], graph.Change{Removed: 9}},
		{nil, graph.Change{Removed: 1}},
		{a, graph.Change{Added: 10}},
	} {
		before := slices.Clone(c.put)
		if got := put(t, s, "doc:a", c.put...); got != c.want {
			t.Fatalf("put %d statements: %+v, want %+v", len(c.put), got, c.want)
		}
		if !slices.Equal(c.put, before) {
			t.Fatal("Put changed its argument")
		}
		want(t, find(t, s, graph.Pattern{}), c.put)
	}
}

// statements makes n statements of a file, from and to nodes that other files share.
func statements(file graph.ID, from, n int) []graph.Statement {
	var out []graph.Statement
	for i := from; len(out) < n; i++ {
		s := graph.Statement{
			Subject:   graph.ID(fmt.Sprintf("person:%d", i%7)),
			Predicate: vocab.Signed,
			Object:    graph.ID(fmt.Sprintf("cite:%d", i)),
			Label:     label(file, i/2),
		}
		if i%3 == 0 {
			s.Predicate, s.Object, s.Literal = vocab.Name, "", fmt.Sprintf("name %d", i)
		}
		out = append(out, s)
	}
	return sorted(out)
}

func testRemove(t *testing.T, s graph.Store) {
	// doc:a is the start of doc:ab: a store that looks for labels by prefix alone removes both.
	files := map[graph.ID][]graph.Statement{}
	for _, f := range []graph.ID{"doc:a", "doc:ab", "doc:b"} {
		files[f] = append(statements(f, 0, 20), statements(f+"/1", 10, 20)...)
		put(t, s, f, files[f]...)
	}
	put(t, s, "doc:a")
	want(t, find(t, s, graph.Pattern{}), append(slices.Clone(files["doc:ab"]), files["doc:b"]...))
	want(t, find(t, s, graph.Pattern{Documents: []graph.ID{"doc:a"}}), nil)
	put(t, s, "doc:b")
	want(t, find(t, s, graph.Pattern{}), files["doc:ab"])
	put(t, s, "doc:unknown")
	put(t, s, "doc:ab")
	want(t, find(t, s, graph.Pattern{}), nil)
}

func testSharedStatement(t *testing.T, s graph.Store) {
	says := func(file graph.ID) graph.Statement {
		return graph.Statement{Subject: "person:ana", Predicate: vocab.Signed, Object: "cite:x", Label: label(file, 0)}
	}
	put(t, s, "doc:a", says("doc:a"))
	put(t, s, "doc:b", says("doc:b"))
	ana := graph.Pattern{Subjects: []graph.ID{"person:ana"}}
	want(t, find(t, s, ana), []graph.Statement{says("doc:a"), says("doc:b")})
	put(t, s, "doc:a")
	want(t, find(t, s, ana), []graph.Statement{says("doc:b")})
	put(t, s, "doc:b")
	want(t, find(t, s, ana), nil)
}

// testShrink replaces many statements about a node by a new one about it. Cayley v0.7.7, given both in one ApplyDeltas,
// writes the new quad without that node, because the node loses more quads than it gains.
func testShrink(t *testing.T, s graph.Store) {
	var old []graph.Statement
	for i := range 5 {
		old = append(old, graph.Statement{Subject: "person:ana", Predicate: vocab.Signed, Object: graph.ID(fmt.Sprintf("cite:%d", i)), Label: label("doc:a", i)})
	}
	put(t, s, "doc:a", old...)
	now := graph.Statement{Subject: "person:ana", Predicate: vocab.Signed, Object: "cite:1", Label: label("doc:a", 7)}
	put(t, s, "doc:a", now)
	want(t, find(t, s, graph.Pattern{}), []graph.Statement{now})
	want(t, find(t, s, graph.Pattern{Subjects: []graph.ID{"person:ana"}}), []graph.Statement{now})
	want(t, find(t, s, graph.Pattern{Objects: []graph.ID{"cite:1"}}), []graph.Statement{now})
}

func testSets(t *testing.T, s graph.Store) {
	a, b := statements("doc:a", 0, 30), statements("doc:b", 0, 30)
	put(t, s, "doc:a", a...)
	put(t, s, "doc:b", b...)
	all := append(slices.Clone(a), b...)
	none, some := []graph.ID{}, []graph.ID{"person:1", "person:1", "person:2", "person:unknown", ""}
	for name, p := range map[string]graph.Pattern{
		"all":                       {},
		"no subject":                {Subjects: none},
		"no predicate":              {Predicates: []vocab.Predicate{}},
		"no object":                 {Objects: none},
		"no literal":                {Literals: []string{}},
		"no object, some literals":  {Objects: none, Literals: []string{"name 0", "name 3"}},
		"some objects, no literal":  {Objects: []graph.ID{"cite:1"}, Literals: []string{}},
		"objects and literals":      {Objects: []graph.ID{"cite:1"}, Literals: []string{"name 0"}},
		"object like a literal":     {Objects: []graph.ID{"name 0"}},
		"literal like an object":    {Literals: []string{"cite:1"}},
		"no document":               {Documents: none},
		"no document, some subject": {Documents: none, Subjects: some},
		"subjects":                  {Subjects: some},
		"unknown subject":           {Subjects: []graph.ID{"person:unknown"}},
		"predicates":                {Predicates: []vocab.Predicate{vocab.Signed, vocab.Signed, "unknown"}},
		"documents":                 {Documents: []graph.ID{"doc:a", "doc:a", "doc:unknown", ""}},
		"start of a document":       {Documents: []graph.ID{"doc:", "doc"}},
		"part of a document":        {Documents: []graph.ID{"doc:a/1"}},
		"subjects of a document":    {Documents: []graph.ID{"doc:a"}, Subjects: some},
		"everything": {
			Subjects: some, Predicates: []vocab.Predicate{vocab.Signed}, Objects: []graph.ID{"cite:1", "cite:2"}, Documents: []graph.ID{"doc:b"},
		},
	} {
		t.Run(name, func(t *testing.T) { want(t, find(t, s, p), filter(all, p)) })
	}
}

// filter is Find, the naive way.
func filter(all []graph.Statement, p graph.Pattern) []graph.Statement {
	var out []graph.Statement
	for _, s := range all {
		object := p.Objects == nil && p.Literals == nil ||
			s.Object != "" && slices.Contains(p.Objects, s.Object) ||
			s.Literal != "" && slices.Contains(p.Literals, s.Literal)
		if object &&
			(p.Subjects == nil || slices.Contains(p.Subjects, s.Subject)) &&
			(p.Predicates == nil || slices.Contains(p.Predicates, s.Predicate)) &&
			(p.Documents == nil || slices.ContainsFunc(p.Documents, s.Label.Of)) {
			out = append(out, s)
		}
	}
	return out
}

// testModel runs random histories of one store beside a map, and asks both random patterns.
func testModel(t *testing.T, s graph.Store) {
	files := []graph.ID{"doc:a", "doc:aa", "doc:b"}
	ids := []graph.ID{"person:ana", "person:bo", "doc:a", "doc:a/1", graph.ID(label("doc:a", 0)), "a> <b", "casegraph:file?doc:a"}
	predicates := []vocab.Predicate{vocab.Name, vocab.Signed, vocab.ClassOf, vocab.Mentions, vocab.SameAs, "casegraph:labels"}
	texts := []string{"person:ana", "a", `"`, "Person"}
	statement := func(file graph.ID) *rapid.Generator[graph.Statement] {
		return rapid.Custom(func(t *rapid.T) graph.Statement {
			s := graph.Statement{
				Subject:   rapid.SampledFrom(ids).Draw(t, "subject"),
				Predicate: rapid.SampledFrom(predicates).Draw(t, "predicate"),
				Label: rapid.SampledFrom([]graph.Label{
					label(file, 0), label(file, 1), label(file+"/1", 0), graph.Label(file + "?by=a> <b/1"),
				}).Draw(t, "label"),
			}
			if rapid.Bool().Draw(t, "node") {
				s.Object = rapid.SampledFrom(ids).Draw(t, "object")
			} else {
				s.Literal = rapid.SampledFrom(texts).Draw(t, "text")
			}
			return s
		})
	}
	pattern := rapid.Custom(func(t *rapid.T) graph.Pattern {
		return graph.Pattern{
			Subjects:   set(ids, "unknown").Draw(t, "subjects"),
			Predicates: set(predicates, "unknown").Draw(t, "predicates"),
			Objects:    set(ids, "unknown").Draw(t, "objects"),
			Literals:   set(texts, "unknown").Draw(t, "texts"),
			Documents:  set(append([]graph.ID{"doc:a/1"}, files...), "doc:").Draw(t, "documents"),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		model := map[graph.ID][]graph.Statement{}
		whole := func() (all []graph.Statement) {
			for _, f := range files {
				all = append(all, model[f]...)
			}
			return sorted(all)
		}
		for _, f := range files {
			if _, err := s.Put(ctx, f, nil); err != nil {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 5).Draw(rt, "puts") {
			f := rapid.SampledFrom(files).Draw(rt, "file")
			now := rapid.SliceOfN(statement(f), 0, 15).Draw(rt, "statements")
			c, err := s.Put(ctx, f, now)
			if err != nil {
				rt.Fatal(err)
			}
			before := len(whole())
			model[f] = sorted(now)
			if after := len(whole()); after-before != c.Added-c.Removed {
				rt.Fatalf("from %d statements to %d: %+v", before, after, c)
			}
			for range 3 {
				p := pattern.Draw(rt, "pattern")
				var got []graph.Statement
				for st, err := range s.Find(ctx, p) {
					if err != nil {
						rt.Fatal(err)
					}
					got = append(got, st)
				}
				want := filter(whole(), p)
				if d := difference(got, want); d != "" || len(got) != len(want) {
					rt.Fatalf("%d statements. %s", len(got), d)
				}
			}
		}
	})
}

// set generates nil, the empty set, or some of the members and an unknown one.
func set[T ~string](members []T, unknown T) *rapid.Generator[[]T] {
	return rapid.OneOf(
		rapid.Just[[]T](nil),
		rapid.Just[[]T](nil),
		rapid.SliceOfN(rapid.SampledFrom(append([]T{unknown}, members...)), 0, 5),
	)
}

func testInvalid(t *testing.T, s graph.Store) {
	good := graph.Statement{Subject: "person:ana", Predicate: vocab.Name, Literal: "Ana", Label: label("doc:a", 0)}
	put(t, s, "doc:a", good)
	with := func(change func(*graph.Statement)) graph.Statement {
		bad := good
		change(&bad)
		return bad
	}
	for name, c := range map[string]struct {
		file graph.ID
		bad  graph.Statement
	}{
		"no subject":            {"doc:a", with(func(s *graph.Statement) { s.Subject = "" })},
		"no predicate":          {"doc:a", with(func(s *graph.Statement) { s.Predicate = "" })},
		"no object":             {"doc:a", with(func(s *graph.Statement) { s.Literal = "" })},
		"object and text":       {"doc:a", with(func(s *graph.Statement) { s.Object = "person:bo" })},
		"no label":              {"doc:a", with(func(s *graph.Statement) { s.Label = "" })},
		"the file is no label":  {"doc:a", with(func(s *graph.Statement) { s.Label = "doc:a" })},
		"label of another file": {"doc:a", with(func(s *graph.Statement) { s.Label = label("doc:b", 0) })},
		"label of a longer ID":  {"doc:a", with(func(s *graph.Statement) { s.Label = label("doc:ab", 0) })},
		"NUL in subject":        {"doc:a", with(func(s *graph.Statement) { s.Subject = "a\x00b" })},
		"NUL in predicate":      {"doc:a", with(func(s *graph.Statement) { s.Predicate = "a\x00b" })},
		"NUL in text":           {"doc:a", with(func(s *graph.Statement) { s.Literal = "a\x00b" })},
		"NUL in object":         {"doc:a", with(func(s *graph.Statement) { s.Literal, s.Object = "", "\x00" })},
		"NUL in label":          {"doc:a", with(func(s *graph.Statement) { s.Label += "\x00" })},
		"bad UTF-8 in subject":  {"doc:a", with(func(s *graph.Statement) { s.Subject = "a\xffb" })},
		"bad UTF-8 in text":     {"doc:a", with(func(s *graph.Statement) { s.Literal = "\xed\xa0\x80" })},
		"bad UTF-8 in label":    {"doc:a", with(func(s *graph.Statement) { s.Label += "\xff" })},
		"no file":               {"", with(func(s *graph.Statement) { s.Label = "?by=x#char=0,1" })},
		"a part":                {"doc:a/1", with(func(s *graph.Statement) { s.Label = label("doc:a/1", 0) })},
		"a label as file":       {"doc:a?by=x", with(func(s *graph.Statement) { s.Label = "doc:a?by=x/1" })},
	} {
		t.Run(name, func(t *testing.T) {
			other := good
			other.Literal = "Other"
			c, err := s.Put(context.Background(), c.file, []graph.Statement{other, c.bad})
			if err == nil || c != (graph.Change{}) {
				t.Errorf("%+v, error %v", c, err)
			}
			want(t, find(t, s, graph.Pattern{}), []graph.Statement{good})
		})
	}
}

// testExpand walks random graphs edge by edge, and compares with what the list of their statements says.
func testExpand(t *testing.T, s graph.Store) {
	ctx := context.Background()
	ids := []graph.ID{"person:ana", "person:bo", "person:cy", "doc:a", "doc:a/1", graph.ID(label("doc:a", 0)), graph.ID(label("doc:a", 1))}
	predicates := []vocab.Predicate{vocab.Signed, vocab.Mentions, vocab.SameAs, vocab.References, vocab.Sent}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(rt, "statements")
		var all []graph.Statement
		for range n {
			st := graph.Statement{
				Subject:   rapid.SampledFrom(ids).Draw(rt, "subject"),
				Predicate: rapid.SampledFrom(predicates).Draw(rt, "predicate"),
				Label:     label("doc:a", rapid.IntRange(0, 5).Draw(rt, "at")),
			}
			if rapid.IntRange(0, 4).Draw(rt, "text") == 0 {
				st.Literal = "text"
			} else {
				st.Object = rapid.SampledFrom(ids).Draw(rt, "object")
			}
			all = append(all, st)
		}
		all = sorted(all)
		if _, err := s.Put(ctx, "doc:a", all); err != nil {
			rt.Fatal(err)
		}
		v, err := s.View(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		defer v.Close()
		frontier := append(rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID).Draw(rt, "frontier"), "unknown", "text")
		asked := rapid.SliceOfDistinct(rapid.SampledFrom(append([]vocab.Predicate{"unknown"}, predicates...)), rapid.ID).Draw(rt, "predicates")
		dir := rapid.SampledFrom([]graph.Direction{graph.Out, graph.In, graph.Both}).Draw(rt, "direction")
		type edge struct {
			from, to  graph.ID
			predicate vocab.Predicate
			out       bool
		}
		want := map[edge]int{}
		for _, st := range all {
			if st.Object == "" || !slices.Contains(asked, st.Predicate) {
				continue
			}
			if dir != graph.In && slices.Contains(frontier, st.Subject) {
				want[edge{st.Subject, st.Object, st.Predicate, true}]++
			}
			if dir != graph.Out && slices.Contains(frontier, st.Object) {
				want[edge{st.Object, st.Subject, st.Predicate, false}]++
			}
		}
		handles, err := v.Handles(ctx, frontier)
		if err != nil {
			rt.Fatal(err)
		}
		got, last := map[edge]int{}, edge{}
		for e, err := range v.Expand(ctx, handles, asked, dir) {
			if err != nil {
				rt.Fatal(err)
			}
			ends, err := v.IDs(ctx, []graph.Handle{e.From, e.To})
			if err != nil {
				rt.Fatal(err)
			}
			now := edge{ends[0], ends[1], asked[e.Predicate], e.Out}
			if got[now] > 0 && now != last {
				rt.Fatalf("the claims of %v do not follow each other", now)
			}
			got[now]++
			last = now
		}
		if !maps.Equal(got, want) {
			rt.Fatalf("expanding %q by %q: got %v, want %v", frontier, asked, got, want)
		}
	})
}

// testView: a view answers for the state that it was made in, whatever is put; names come back; a hub of many edges is
// read to its end, or for as long as it is wanted.
func testView(t *testing.T, s graph.Store) {
	ctx := context.Background()
	var all []graph.Statement
	for i := range many {
		all = append(all, graph.Statement{Subject: graph.ID(fmt.Sprintf("person:%d", i)), Predicate: vocab.Signed, Object: "cite:hub", Label: label("doc:a", i)})
	}
	put(t, s, "doc:a", sorted(all)...)
	v, err := s.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "doc:a", all[0])
	put(t, s, "doc:b", statements("doc:b", 0, 10)...)
	if got := find(t, v, graph.Pattern{}); len(got) != many {
		t.Fatalf("an older view has %d statements of %d", len(got), many)
	}
	ids := []graph.ID{"cite:hub", "unknown", "person:7", "cite:hub"}
	handles, err := v.Handles(ctx, ids)
	if err != nil || (handles[1] != graph.Handle{}) || handles[0] != handles[3] || handles[0] == handles[2] {
		t.Fatalf("handles %v, %v", handles, err)
	}
	names, err := v.IDs(ctx, []graph.Handle{handles[2], handles[0]})
	if err != nil || !slices.Equal(names, []graph.ID{"person:7", "cite:hub"}) {
		t.Fatalf("names %v, %v", names, err)
	}
	if _, err := v.IDs(ctx, []graph.Handle{{}}); err == nil {
		t.Error("no node has a name")
	}
	for _, stop := range []int{1, 2, many} {
		n := 0
		for e, err := range v.Expand(ctx, handles[:1], []vocab.Predicate{vocab.Mentions, vocab.Signed}, graph.Both) {
			if err != nil || e.Out || e.Predicate != 1 || e.From != handles[0] {
				t.Fatal(e, err)
			}
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d edges of %d", n, stop)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, e1 := v.Handles(ended, ids)
	_, e2 := v.IDs(ended, handles[:1])
	var e3 error
	for _, err := range v.Expand(ended, handles[:1], []vocab.Predicate{vocab.Signed}, graph.In) {
		e3 = err
	}
	for _, err := range []error{e1, e2, e3} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after the end of the context: %v", err)
		}
	}
	if err := errors.Join(v.Close(), v.Close()); err != nil {
		t.Error(err)
	}
}

const many = 2500 // statements, more than any store hands out at once

func testEarlyStop(t *testing.T, s graph.Store) {
	all := statements("doc:a", 0, many)
	put(t, s, "doc:a", all...)
	for _, p := range []graph.Pattern{{}, {Documents: []graph.ID{"doc:a"}}, {Subjects: []graph.ID{"person:1"}}, {Predicates: []vocab.Predicate{vocab.Name}}} {
		answer := s.Find(context.Background(), p)
		for n := range 2 { // one answer can be asked for again
			i := 0
			for _, err := range answer {
				if err != nil {
					t.Fatal(err)
				}
				if i++; i > n {
					break
				}
			}
		}
	}
	put(t, s, "doc:a")
	want(t, find(t, s, graph.Pattern{}), nil)
}

func testCancel(t *testing.T, s graph.Store) {
	all := statements("doc:a", 0, 10)
	put(t, s, "doc:a", all...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, p := range []graph.Pattern{
		{}, {Subjects: []graph.ID{"person:1"}}, {Subjects: []graph.ID{"unknown"}}, {Objects: []graph.ID{"cite:1"}},
		{Predicates: []vocab.Predicate{vocab.Signed}}, {Documents: []graph.ID{"doc:a"}},
		{Documents: []graph.ID{"doc:a"}, Subjects: []graph.ID{"person:1"}},
	} {
		var errs []error
		for _, err := range s.Find(ctx, p) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("find %+v: %v, want one pair with the context's error", p, errs)
		}
	}
	for _, st := range [][]graph.Statement{nil, all[:5], all} {
		if c, err := s.Put(ctx, "doc:a", st); !errors.Is(err, context.Canceled) || c != (graph.Change{}) {
			t.Errorf("put: %+v, error %v, want the context's", c, err)
		}
	}
	want(t, find(t, s, graph.Pattern{}), all)
}

func testCancelMidway(t *testing.T, s graph.Store) {
	put(t, s, "doc:a", statements("doc:a", 0, many)...)
	for _, write := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		n, last := 0, error(nil)
		for _, err := range s.Find(ctx, graph.Pattern{}) {
			if last != nil {
				t.Fatal("something follows the error")
			}
			last = err
			if n++; n == 1 {
				cancel()
				if write {
					put(t, s, "doc:b", statements("doc:b", 0, 1)...)
				}
			}
		}
		cancel()
		if !errors.Is(last, context.Canceled) || n > many {
			t.Errorf("after %d of %d: %v, want the context's error", n, many, last)
		}
	}
}

func testPutWhileFinding(t *testing.T, s graph.Store) {
	all := statements("doc:a", 0, many)
	put(t, s, "doc:a", all...)
	for _, p := range []graph.Pattern{{}, {Documents: []graph.ID{"doc:a"}}, {Subjects: []graph.ID{"person:1", "person:2"}}} {
		var got []graph.Statement
		for st, err := range s.Find(context.Background(), p) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, st); len(got)%300 == 1 {
				put(t, s, "doc:a", all[len(got):len(got)+10]...)
				put(t, s, "doc:b", statements("doc:b", len(got), 10)...)
			}
		}
		want(t, got, filter(all, p))
		put(t, s, "doc:b")
		put(t, s, "doc:a", all...)
	}
}

// testConcurrent has one writer that changes a file between two states, and readers that must see one of the two.
func testConcurrent(t *testing.T, s graph.Store) {
	states := [][]graph.Statement{statements("doc:a", 0, 300), statements("doc:a", 150, 280)}
	put(t, s, "doc:a", states[0]...)
	put(t, s, "doc:b", statements("doc:b", 0, 50)...)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i, p := range []graph.Pattern{
		{}, {}, {Documents: []graph.ID{"doc:a"}}, {Subjects: []graph.ID{"person:1", "person:2"}},
		{Predicates: []vocab.Predicate{vocab.Name}}, {Objects: []graph.ID{"cite:1", "cite:200", "cite:400"}, Documents: []graph.ID{"doc:a", "doc:b"}},
	} {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				var got []graph.Statement
				for st, err := range s.Find(context.Background(), p) {
					if err != nil {
						t.Errorf("find %+v: %v", p, err)
						return
					}
					got = append(got, st)
					if len(got)%97 == 96 && i%2 == 1 {
						time.Sleep(time.Millisecond) // a slow reader is overtaken in the middle of an answer
					}
				}
				got = slices.DeleteFunc(got, func(st graph.Statement) bool { return st.Label.Of("doc:b") })
				if d := difference(got, filter(states[0], p)); d != "" && difference(got, filter(states[1], p)) != "" {
					t.Errorf("find %+v saw neither state: %s", p, d)
					return
				}
			}
		})
	}
	for i := range 20 {
		put(t, s, "doc:a", states[(i+1)%2]...)
	}
	close(done)
	wg.Wait()
}

func testWriters(t *testing.T, s graph.Store) {
	var wg sync.WaitGroup
	var all []graph.Statement
	for i := range 4 {
		file := graph.ID(fmt.Sprintf("doc:%d", i))
		all = append(all, statements(file, 7, 20)...)
		wg.Go(func() {
			for n := range 8 {
				if _, err := s.Put(context.Background(), file, statements(file, n, 20)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, find(t, s, graph.Pattern{}), all)
}

func testClosed(t *testing.T, s graph.Store) {
	all := statements("doc:a", 0, 10)
	put(t, s, "doc:a", all...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(context.Background(), "doc:a", all); err == nil {
		t.Error("Put of what is there, after Close: no error")
	}
	if _, err := s.Put(context.Background(), "doc:b", nil); err == nil {
		t.Error("Put of nothing after Close: no error")
	}
	for _, p := range []graph.Pattern{{}, {Subjects: []graph.ID{}}, {Subjects: []graph.ID{"person:1"}}} {
		n, last := 0, error(nil)
		for _, err := range s.Find(context.Background(), p) {
			n, last = n+1, err
		}
		if n != 1 || last == nil {
			t.Errorf("Find %+v after Close: %d pairs, error %v", p, n, last)
		}
	}
}

func testCloseWhileFinding(t *testing.T, s graph.Store) {
	all := statements("doc:a", 0, many)
	put(t, s, "doc:a", all...)
	first, closed := make(chan struct{}), make(chan error)
	go func() {
		<-first
		closed <- s.Close()
	}()
	var got []graph.Statement
	for st, err := range s.Find(context.Background(), graph.Pattern{}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, st); len(got) == 1 {
			close(first)
			time.Sleep(10 * time.Millisecond)
		}
	}
	want(t, got, all)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

func testLoadOrder(t *testing.T, open func(testing.TB) graph.Store) {
	files := []graph.ID{"doc:a", "doc:b", "doc:c"}
	var first []graph.Statement
	for i, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2, 1, 0}} {
		s := open(t)
		for _, f := range order {
			put(t, s, files[f], statements(files[f], f*5, 20)...)
		}
		all := find(t, s, graph.Pattern{})
		if i == 0 {
			first = all
		}
		want(t, all, first)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func testReopen(t *testing.T, s graph.Store, reopen func(testing.TB, graph.Store) graph.Store) {
	defer func() { s.Close() }()
	s = reopen(t, s)
	want(t, find(t, s, graph.Pattern{}), nil)
	a, b := statements("doc:a", 0, 20), statements("doc:b", 5, 20)
	put(t, s, "doc:a", a...)
	put(t, s, "doc:b", b...)
	s = reopen(t, s)
	all := append(slices.Clone(a), b...)
	want(t, find(t, s, graph.Pattern{}), all)
	p := graph.Pattern{Subjects: []graph.ID{"person:1"}, Documents: []graph.ID{"doc:b"}}
	want(t, find(t, s, p), filter(all, p))
	if c := put(t, s, "doc:a", a...); c != (graph.Change{}) {
		t.Fatalf("putting the same again: %+v", c)
	}
	put(t, s, "doc:a")
	s = reopen(t, s)
	want(t, find(t, s, graph.Pattern{}), b)
}

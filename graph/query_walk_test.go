package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"casegraph/graph/vocab"
)

// shared is the town, with a second document of the number that the first and the third cite.
func shared(t testing.TB) Memory {
	return slices.Concat(town(t), said(t, "doc:d", "K 7 once more", []string{"doc:d k 7"}, nil))
}

// show writes an answer as "id hops, … | subject predicate object, … | cut", people and documents without their class.
func show(n Neighbourhood) string {
	var nodes, edges []string
	for _, r := range n.Nodes {
		nodes = append(nodes, fmt.Sprint(r.ID, " ", r.Hops))
	}
	for _, e := range n.Edges {
		edges = append(edges, fmt.Sprint(e.Subject, " ", e.Predicate, " ", e.Object))
	}
	s := strings.Join(nodes, ", ") + " | " + strings.Join(edges, ", ")
	if n.Cut != Whole {
		s += " | " + n.Cut.String()
	}
	return strings.NewReplacer("doc:", "", "person:", "", "aine-odalaigh", "aine").Replace(s)
}

// What an analyst sees of the town around a node. Letter b is the K 7 that the others cite and speak of.
func TestNeighbourhood(t *testing.T) {
	for _, c := range []struct {
		name  string
		store Memory
		start []ID
		walk  Walk
		want  string
	}{
		{"what Áine signed: b, and K 7 which is b", town(t), []ID{"person:aine-odalaigh"}, Walk{},
			"aine 0, a 1, b 1 | aine signed a, aine signed b"},
		{"nobody signs a person", town(t), []ID{"person:aine-odalaigh"}, Walk{Direction: In}, "aine 0 | "},
		{"around the citation, which is b", town(t), []ID{"cite:k-7"}, Walk{Direction: Both},
			"b 0, a 1, c 1, aine 1, bo 1 | a references b, c references b, aine signed b, bo signed b"},
		{"both of its ids are one start", town(t), []ID{"cite:k-7", "doc:b", "cite:k-7"}, Walk{Direction: In, Predicates: []vocab.Predicate{vocab.References}},
			"b 0, a 1, c 1 | a references b, c references b"},
		{"two hops from Bo: what stands between the farthest was not read", town(t), []ID{"person:bo"}, Walk{Direction: Both, Hops: 2},
			"bo 0, b 1, a 2, c 2, aine 2 | bo signed b, a references b, c references b, aine signed b"},
		{"three hops: all of it, and no more with thirty", town(t), []ID{"person:bo"}, Walk{Direction: Both, Hops: 30},
			"bo 0, b 1, a 2, c 2, aine 2 | bo signed b, a references b, c references b, aine signed b, aine signed a"},
		{"from two sides", town(t), []ID{"person:bo", "doc:a"}, Walk{Direction: Out},
			"a 0, bo 0, b 1 | a references b, bo signed b"},
		{"two documents bear the number: neither is it", shared(t), []ID{"person:bo"}, Walk{Direction: Both, Hops: 2},
			"bo 0, cite:k-7 1, a 2, c 2, aine 2 | bo signed cite:k-7, a references cite:k-7, c references cite:k-7, aine signed cite:k-7"},
		{"sameAs, when asked for, leads to those that bear a number", shared(t), []ID{"cite:k-7"}, Walk{Direction: Both, Predicates: []vocab.Predicate{vocab.SameAs}},
			"cite:k-7 0, b 1, d 1 | b sameAs cite:k-7, d sameAs cite:k-7"},
		{"but not from a document to itself", town(t), []ID{"cite:k-7"}, Walk{Direction: Both, Predicates: []vocab.Predicate{vocab.SameAs}}, "b 0 | "},
		{"along nothing", town(t), []ID{"doc:a"}, Walk{Predicates: []vocab.Predicate{}}, "a 0 | "},
		{"along a property", town(t), []ID{"doc:a"}, Walk{Predicates: []vocab.Predicate{vocab.Title}}, "a 0 | "},
		{"from nowhere", town(t), nil, Walk{}, " | "},
		{"from what is not there", town(t), []ID{"person:nobody", "doc:z", "cite:z"}, Walk{Direction: Both}, " | "},
		{"room for as many as there are", town(t), []ID{"person:aine-odalaigh"}, Walk{Nodes: 3},
			"aine 0, a 1, b 1 | aine signed a, aine signed b"},
		{"more starts than room", town(t), []ID{"person:bo", "doc:c", "doc:a"}, Walk{Nodes: 2, Direction: Both},
			"a 0, c 0 |  | cut at the number of nodes"},
		{"nothing may be read", town(t), []ID{"doc:a"}, Walk{Edges: 1}, "a 0 |  | cut at the number of edges read"},
	} {
		got, err := New(c.store).Neighbourhood(t.Context(), c.start, c.walk)
		if err != nil || show(got) != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.name, show(got), err, c.want)
		}
	}
}

// The degree of a node is how many relations it has, not how many claims: Áine signed b, also under its number.
func TestDegrees(t *testing.T) {
	ids := []ID{"person:aine-odalaigh", "person:bo", "doc:a", "doc:b", "cite:k-7", "doc:c/1", "person:nobody", "doc:a"}
	got, err := New(town(t)).Degrees(t.Context(), ids, nil)
	b := []Degree{{vocab.References, 0, 2}, {vocab.Signed, 0, 2}}
	want := map[ID][]Degree{
		"person:aine-odalaigh": {{vocab.Signed, 2, 0}},
		"person:bo":            {{vocab.Signed, 1, 0}},
		"doc:a":                {{vocab.References, 1, 0}, {vocab.Signed, 0, 1}},
		"doc:b":                b,
		"cite:k-7":             b,
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	got, err = New(shared(t)).Degrees(t.Context(), []ID{"doc:b", "cite:k-7"}, []vocab.Predicate{vocab.Signed, vocab.SameAs, vocab.Signed})
	want = map[ID][]Degree{
		"doc:b":    {{vocab.SameAs, 1, 0}, {vocab.Signed, 0, 1}},
		"cite:k-7": {{vocab.SameAs, 0, 2}, {vocab.Signed, 0, 2}},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error("two documents bear the number:", d, err)
	}
	for _, none := range [][]vocab.Predicate{{}, {vocab.Title}} {
		if got, err := New(town(t)).Degrees(t.Context(), ids, none); err != nil || len(got) != 0 {
			t.Errorf("of %v: %v, %v", none, got, err)
		}
	}
}

func TestShortestPath(t *testing.T) {
	for _, c := range []struct {
		name     string
		store    Memory
		from, to ID
		walk     Walk
		want     string
	}{
		{"Bo signed what a refers to", town(t), "person:bo", "doc:a", Walk{Direction: Both}, "bo -signed> b <references- a"},
		{"and back", town(t), "doc:a", "person:bo", Walk{Direction: Both}, "a -references> b <signed- bo"},
		{"three hops", town(t), "person:aine-odalaigh", "doc:c", Walk{Direction: Both}, "aine -signed> b <references- c"},
		{"along signatures only", town(t), "doc:a", "person:bo", Walk{Direction: Both, Predicates: []vocab.Predicate{vocab.Signed}}, "a <signed- aine -signed> b <signed- bo"},
		{"with the arrows", town(t), "doc:a", "cite:k-7", Walk{Direction: Out}, "a -references> b"},
		{"against them", town(t), "cite:k-7", "doc:a", Walk{Direction: In}, "b <references- a"},
		{"not with them", town(t), "cite:k-7", "doc:a", Walk{Direction: Out}, "none"},
		{"too far", town(t), "person:bo", "doc:a", Walk{Direction: Both, Hops: 1}, "none"},
		{"just as far", town(t), "person:bo", "doc:a", Walk{Direction: Both, Hops: 2}, "bo -signed> b <references- a"},
		{"from a node to itself", town(t), "person:bo", "person:bo", Walk{}, "bo"},
		{"by its other id", town(t), "cite:k-7", "doc:b", Walk{}, "b"},
		{"to what nothing leads to", town(t), "person:bo", "doc:c/1", Walk{Direction: Both}, "none"},
		{"from nobody", town(t), "person:nobody", "person:bo", Walk{Direction: Both}, "none"},
		{"to nobody", town(t), "person:bo", "person:nobody", Walk{Direction: Both}, "none"},
		{"from nobody to nobody", town(t), "person:nobody", "person:nobody", Walk{Direction: Both}, "none"},
		{"a shared number is no bridge to its bearers", shared(t), "person:bo", "doc:d", Walk{Direction: Both}, "none"},
		{"unless sameAs is asked for", shared(t), "person:bo", "doc:d", Walk{Direction: Both, Predicates: []vocab.Predicate{vocab.Signed, vocab.SameAs}}, "bo -signed> cite:k-7 <sameAs- d"},
		{"no room", town(t), "person:bo", "doc:a", Walk{Direction: Both, Nodes: 2}, "cut at the number of nodes"},
		{"nor for the ends", town(t), "person:bo", "doc:b", Walk{Direction: Both, Nodes: 1}, "cut at the number of nodes"},
		{"nothing may be read", town(t), "person:bo", "doc:a", Walk{Direction: Both, Edges: 1}, "cut at the number of edges read"},
	} {
		p, err := New(c.store).ShortestPath(t.Context(), c.from, c.to, c.walk)
		got := ""
		switch {
		case p.Found():
			got = string(p.Nodes[0])
			for i, s := range p.Steps {
				if s.Out {
					got += fmt.Sprintf(" -%s> %s", s.Predicate, p.Nodes[i+1])
				} else {
					got += fmt.Sprintf(" <%s- %s", s.Predicate, p.Nodes[i+1])
				}
			}
			got = strings.NewReplacer("doc:", "", "person:", "", "aine-odalaigh", "aine").Replace(got)
		case p.Cut == Whole:
			got = "none"
		default:
			got = p.Cut.String()
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

// merged is the graph as the walks have to see it, made by their words alone: with names, all at once.
type merged struct {
	own   map[ID]ID // what stands for a node; every node of the store is in it
	edges map[Triple]bool
}

func merge(m Memory) merged {
	claimants := map[ID]map[ID]bool{}
	g := merged{map[ID]ID{}, map[Triple]bool{}}
	for _, s := range m {
		g.own[s.Subject] = s.Subject
		if s.Object == "" {
			continue
		}
		g.own[s.Object] = s.Object
		if s.Predicate == vocab.SameAs && strings.HasPrefix(string(s.Object), "cite:") && !strings.HasPrefix(string(s.Subject), "cite:") {
			if claimants[s.Object] == nil {
				claimants[s.Object] = map[ID]bool{}
			}
			claimants[s.Object][s.Subject] = true
		}
	}
	for cited, by := range claimants {
		for doc := range by {
			if len(by) == 1 {
				g.own[cited] = doc
			}
		}
	}
	for _, s := range m {
		if t := (Triple{g.own[s.Subject], s.Predicate, g.own[s.Object]}); s.Object != "" && (s.Predicate != vocab.SameAs || t.Subject != t.Object) {
			g.edges[t] = true
		}
	}
	return g
}

// along keeps the edges of predicates.
func (g merged) along(predicates []vocab.Predicate) []Triple {
	var out []Triple
	for t := range g.edges {
		if predicates == nil && t.Predicate != vocab.SameAs || slices.Contains(predicates, t.Predicate) {
			out = append(out, t)
		}
	}
	return out
}

// around is how far each node is from start: hop by hop, all edges are looked at.
func (g merged) around(start []ID, w Walk) (dist map[ID]int, edges map[Triple]bool) {
	dist, edges = map[ID]int{}, map[Triple]bool{}
	for _, id := range start {
		if own, ok := g.own[id]; ok {
			dist[own] = 0
		}
	}
	all := g.along(w.Predicates)
	for hop := 1; hop <= w.Hops; hop++ {
		before := maps.Clone(dist)
		for _, t := range all {
			for _, way := range []struct {
				from, to ID
				ok       bool
			}{{t.Subject, t.Object, w.Direction != In}, {t.Object, t.Subject, w.Direction != Out}} {
				if _, there := before[way.from]; way.ok && there {
					edges[t] = true
					if _, old := dist[way.to]; !old {
						dist[way.to] = hop
					}
				}
			}
		}
		if len(dist) == len(before) {
			break
		}
	}
	return dist, edges
}

// check holds a whole answer against the merged graph.
func (g merged) check(n Neighbourhood, start []ID, w Walk) error {
	dist, edges := g.around(start, w)
	got, gotEdges := map[ID]int{}, map[Triple]bool{}
	for i, r := range n.Nodes {
		got[r.ID] = r.Hops
		if i > 0 && (n.Nodes[i-1].Hops > r.Hops || n.Nodes[i-1].Hops == r.Hops && n.Nodes[i-1].ID >= r.ID) {
			return fmt.Errorf("%v before %v", n.Nodes[i-1], r)
		}
	}
	for _, e := range n.Edges {
		if s, p, o, ok := ParseRelationID(e.ID()); gotEdges[e] || !ok || e != (Triple{s, p, o}) {
			return fmt.Errorf("%v twice, or no relation", e)
		}
		gotEdges[e] = true
	}
	if d := cmp.Diff(dist, got) + cmp.Diff(edges, gotEdges); d != "" {
		return errors.New(d)
	}
	return nil
}

// checkPath holds a path that was found, or is none, against the merged graph.
func (g merged) checkPath(p Path, from, to ID, w Walk) error {
	dist, _ := g.around([]ID{from}, w)
	want, there := dist[g.own[to]]
	switch {
	case p.Cut != Whole:
		return fmt.Errorf("it says that it is %v", p.Cut)
	case p.Found() != there:
		return fmt.Errorf("found: %v, there is one: %v", p.Found(), there)
	case !there:
		return nil
	case len(p.Steps) != want || len(p.Nodes) != want+1 || p.Nodes[0] != g.own[from] || p.Nodes[want] != g.own[to]:
		return fmt.Errorf("%v is not from %s to %s in %d steps", p, g.own[from], g.own[to], want)
	}
	edges := g.along(w.Predicates)
	for i, s := range p.Steps {
		t := Triple{p.Nodes[i], s.Predicate, p.Nodes[i+1]}
		if !s.Out {
			t.Subject, t.Object = t.Object, t.Subject
		}
		if t != s.Triple || !slices.Contains(edges, t) || s.Out && w.Direction == In || !s.Out && w.Direction == Out {
			return fmt.Errorf("step %d of %v is no relation that may be walked", i, p)
		}
	}
	return nil
}

var nodesOf = map[vocab.Class][]ID{
	vocab.Person:      {"person:a", "person:b", "person:c", "person:d"},
	vocab.Institution: {"institution:a", "institution:b"},
	vocab.Document:    {"doc:a", "doc:b", "doc:b/1", "doc:c", "cite:a", "cite:b", "cite:c"},
}

func anyOf(t *rapid.T, classes []vocab.Class, what string) ID {
	var ids []ID
	for _, c := range classes {
		ids = append(ids, nodesOf[c]...)
	}
	return rapid.SampledFrom(ids).Draw(t, what)
}

// drawStore draws a small graph that keeps to the vocabulary, with several claims of an edge, with shared and with odd
// sameAs.
func drawStore(t *rapid.T) Memory {
	relations := []vocab.Predicate{vocab.Signed, vocab.Signed, vocab.Mentions, vocab.References, vocab.References, vocab.MemberOf, vocab.MetWith, vocab.PartOf, vocab.SameAs}
	seen := map[Statement]bool{}
	var m Memory
	add := func(s Statement) {
		if !seen[s] {
			seen[s] = true
			m = append(m, s)
		}
	}
	for range rapid.IntRange(0, 25).Draw(t, "edges") {
		r, _ := vocab.Lookup(rapid.SampledFrom(relations).Draw(t, "predicate"))
		s := Statement{Predicate: r.Name}
		switch {
		case r.Name == vocab.SameAs && rapid.IntRange(0, 5).Draw(t, "odd") > 0:
			s.Subject = rapid.SampledFrom([]ID{"doc:a", "doc:b", "doc:b/1", "doc:c"}).Draw(t, "loaded")
			s.Object = rapid.SampledFrom([]ID{"cite:a", "cite:b", "cite:c"}).Draw(t, "cited")
		case r.Name == vocab.PartOf:
			class := rapid.SampledFrom([]vocab.Class{vocab.Document, vocab.Institution}).Draw(t, "class")
			s.Subject, s.Object = anyOf(t, []vocab.Class{class}, "subject"), anyOf(t, []vocab.Class{class}, "object")
		default:
			s.Subject, s.Object = anyOf(t, r.Domain, "subject"), anyOf(t, r.Range, "object")
		}
		for i := range rapid.IntRange(1, 3).Draw(t, "claims") {
			s.Label = NewLabel("doc:a", "test", Span{i, i + 1})
			add(s)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "properties") {
		add(Statement{Subject: anyOf(t, []vocab.Class{vocab.Person, vocab.Document}, "node"), Predicate: vocab.Name, Literal: "x", Label: "doc:a?by=x#char=0,1"})
	}
	return m
}

var everyone = slices.Concat(nodesOf[vocab.Person], nodesOf[vocab.Institution], nodesOf[vocab.Document], []ID{"person:nobody", "cite:nothing"})

func drawWalk(t *rapid.T) Walk {
	w := Walk{
		Direction: rapid.SampledFrom([]Direction{Out, In, Both}).Draw(t, "direction"),
		Hops:      rapid.IntRange(1, 5).Draw(t, "hops"),
	}
	if rapid.Bool().Draw(t, "some predicates") {
		w.Predicates = append([]vocab.Predicate{}, rapid.SliceOfN(rapid.SampledFrom([]vocab.Predicate{vocab.Signed, vocab.Mentions, vocab.References, vocab.MemberOf,
			vocab.MetWith, vocab.PartOf, vocab.SameAs, vocab.Name, "unheardOf"}), 0, 5).Draw(t, "predicates")...)
	}
	return w
}

// On any small graph, loaded in any order, the walks say what a graph says that was merged before.
func TestWalksProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, w := drawStore(t), drawWalk(t)
		want := merge(m)
		start := rapid.SliceOfN(rapid.SampledFrom(everyone), 0, 3).Draw(t, "start")
		from, to := rapid.SampledFrom(everyone).Draw(t, "from"), rapid.SampledFrom(everyone).Draw(t, "to")
		var first Neighbourhood
		var degrees map[ID][]Degree
		for i := range 2 {
			s := &spy{Reader: m}
			g := New(s)
			n, err := g.Neighbourhood(t.Context(), start, w)
			if err != nil || n.Cut != Whole {
				t.Fatal(n.Cut, err)
			}
			if err := want.check(n, start, w); err != nil {
				t.Fatal(err)
			}
			p, err := g.ShortestPath(t.Context(), from, to, w)
			if err != nil {
				t.Fatal(err)
			}
			if err := want.checkPath(p, from, to, w); err != nil {
				t.Fatal(err)
			}
			d, err := g.Degrees(t.Context(), everyone, w.Predicates)
			if err != nil {
				t.Fatal(err)
			}
			if s.open != 0 {
				t.Fatalf("%d views are still open", s.open)
			}
			if i == 0 {
				first, degrees = n, d
				m = rapid.Permutation(m).Draw(t, "another order")
			} else if d := cmp.Diff(first, n, cmpopts.EquateEmpty()) + cmp.Diff(degrees, d); d != "" {
				t.Fatal("it depends on the order of loading:", d)
			}
		}
		naive := map[ID][]Degree{}
		for _, id := range everyone {
			count := map[vocab.Predicate]Degree{}
			for _, e := range want.along(w.Predicates) {
				c := count[e.Predicate]
				c.Predicate = e.Predicate
				if e.Subject == want.own[id] {
					c.Out++
				}
				if e.Object == want.own[id] {
					c.In++
				}
				count[e.Predicate] = c
			}
			for _, p := range slices.Sorted(maps.Keys(count)) {
				if c := count[p]; c.Out+c.In > 0 {
					naive[id] = append(naive[id], c)
				}
			}
		}
		if d := cmp.Diff(naive, degrees); d != "" {
			t.Fatal(d)
		}
	})
}

// What a node is said to have is what Related gives of it.
func TestDegreesAreRelated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(drawStore(t))
		degrees, err := g.Degrees(t.Context(), everyone, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range []Direction{Out, In} {
			related, err := g.Related(t.Context(), everyone, nil, dir, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range everyone {
				want, got := map[vocab.Predicate]int{}, map[vocab.Predicate]int{}
				for _, r := range related[id] {
					want[r.Predicate]++
				}
				for _, d := range degrees[id] {
					if n := map[Direction]int{Out: d.Out, In: d.In}[dir]; n > 0 {
						got[d.Predicate] = n
					}
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("%s in direction %d: %s", id, dir, d)
				}
			}
		}
	})
}

// No bound is passed, and an answer that a bound kept something from says so.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, w := drawStore(t), drawWalk(t)
		want := merge(m)
		w.Nodes, w.Edges = rapid.IntRange(1, 8).Draw(t, "nodes"), rapid.IntRange(1, 40).Draw(t, "edges")
		start := rapid.SliceOfN(rapid.SampledFrom(everyone), 0, 3).Draw(t, "start")
		dist, edges := want.around(start, w)
		s := &spy{Reader: m}
		n, err := New(s).Neighbourhood(t.Context(), start, w)
		if err != nil || s.edges > w.Edges+1 || len(n.Nodes) > w.Nodes { // one more tells that there are more
			t.Fatalf("%d of %d edges read, %d of %d nodes, %v", s.edges, w.Edges, len(n.Nodes), w.Nodes, err)
		}
		switch n.Cut {
		case Whole:
			if err := want.check(n, start, w); err != nil {
				t.Fatal("not whole:", err)
			}
		case CutNodes:
			if len(n.Nodes) != w.Nodes || len(dist) <= w.Nodes {
				t.Fatalf("cut at %d of %d nodes, there are %d", len(n.Nodes), w.Nodes, len(dist))
			}
		case CutEdges:
			if s.edges <= w.Edges {
				t.Fatalf("cut at %d of %d edges", s.edges, w.Edges)
			}
		}
		farthest := 0
		got := map[ID]bool{}
		for _, r := range n.Nodes {
			d, ok := dist[r.ID]
			if !ok || d != r.Hops {
				t.Fatalf("%v is in truth %d away, %v", r, d, ok)
			}
			farthest, got[r.ID] = r.Hops, true
		}
		for id, d := range dist {
			if d < farthest && !got[id] {
				t.Fatalf("%s is %d away and not in %v", id, d, n.Nodes)
			}
		}
		for _, e := range n.Edges {
			if !edges[e] || !got[e.Subject] || !got[e.Object] {
				t.Fatalf("%v is no relation of these nodes", e)
			}
		}

		from, to := rapid.SampledFrom(everyone).Draw(t, "from"), rapid.SampledFrom(everyone).Draw(t, "to")
		s = &spy{Reader: m}
		p, err := New(s).ShortestPath(t.Context(), from, to, w)
		if err != nil || s.edges > w.Edges+1 {
			t.Fatalf("%d of %d edges read, %v", s.edges, w.Edges, err)
		}
		if p.Cut == Whole {
			if err := want.checkPath(p, from, to, w); err != nil {
				t.Fatal(err)
			}
		} else if p.Found() || p.Cut == CutEdges && s.edges <= w.Edges || p.Cut == CutNodes && len(want.own) <= w.Nodes {
			t.Fatalf("%v after %d of %d edges", p, s.edges, w.Edges)
		}
	})
}

// crowded is a graph of some thousand nodes, a few of which are hubs, with sameAs or without. Each edge has one claim.
func crowded(seed uint64, same bool) Memory {
	r := rand.New(rand.NewPCG(seed, 1))
	hub := rand.NewZipf(r, 1.3, 4, 1999)
	seen := map[Statement]bool{}
	var m Memory
	add := func(s ID, p vocab.Predicate, o ID) {
		st := Statement{Subject: s, Predicate: p, Object: o, Label: "doc:x?by=test#char=0,1"}
		if !seen[st] {
			seen[st] = true
			m = append(m, st)
		}
	}
	for i := range 1500 {
		doc := ID(fmt.Sprintf("doc:%d", i))
		for range 2 {
			add(ID(fmt.Sprintf("person:%d", hub.Uint64())), vocab.Signed, doc)
		}
		add(doc, vocab.Mentions, ID(fmt.Sprintf("person:%d", r.IntN(2000))))
		add(doc, vocab.References, ID(fmt.Sprintf("cite:%d", hub.Uint64())))
		if same {
			add(doc, vocab.SameAs, ID(fmt.Sprintf("cite:%d", r.IntN(2000))))
		}
	}
	return m
}

// The same on larger graphs: frontiers of many chunks, hubs that a search gives up on, citations by the hundred.
func TestWalksOfCrowds(t *testing.T) {
	for _, same := range []bool{false, true} {
		m := crowded(7, same)
		want, g := merge(m), New(m)
		r := rand.New(rand.NewPCG(3, 4))
		id := func() ID {
			return ID(fmt.Sprintf([]string{"doc:%d", "person:%d", "cite:%d"}[r.IntN(3)], r.IntN(2000)))
		}
		for i := range 12 {
			w := Walk{Direction: Direction(i % 3), Hops: 1 + i%4, Nodes: 1 << 20}
			start := []ID{id(), id(), "person:0"}
			n, err := g.Neighbourhood(t.Context(), start, w)
			if err != nil || n.Cut != Whole {
				t.Fatal(n.Cut, err)
			}
			if err := want.check(n, start, w); err != nil {
				t.Errorf("same %v, %+v: %.2000s", same, w, err)
			}
			w.Nodes = 100
			if n, err := g.Neighbourhood(t.Context(), start, w); err != nil || (n.Cut == CutNodes) != (len(n.Nodes) == 100) && n.Cut != Whole {
				t.Errorf("%d nodes, %v, %v", len(n.Nodes), n.Cut, err)
			}
			w = Walk{Direction: Direction(i % 3), Hops: 6}
			for _, ends := range [][2]ID{{id(), id()}, {"person:0", id()}, {id(), "person:0"}, {"person:0", "person:1"}} {
				p, err := g.ShortestPath(t.Context(), ends[0], ends[1], w)
				if err != nil {
					t.Fatal(err)
				}
				if err := want.checkPath(p, ends[0], ends[1], w); err != nil {
					t.Errorf("same %v, %v, %+v: %v", same, ends, w, err)
				}
			}
		}
	}
}

// star is a person who signed documents from the first up to the last, each of one claim.
func star(person ID, first, last int) Memory {
	var m Memory
	for i := first; i <= last; i++ {
		m = append(m, Statement{Subject: person, Predicate: vocab.Signed, Object: ID(fmt.Sprintf("doc:%d", i)), Label: "doc:x?by=test#char=0,1"})
	}
	return m
}

// A minister signed forty thousand letters, a clerk one of them. The search does not read the minister's, from whichever
// end it is asked; and of two ministers it reads hardly more than one of them has.
func TestPathFromAHub(t *testing.T) {
	const letters = 40000
	m := slices.Concat(star("person:minister", 1, letters), star("person:clerk", letters, letters), star("person:colleague", letters, 2*letters))
	for _, c := range []struct {
		from, to ID
		atMost   int
	}{
		{"person:minister", "person:clerk", 2 * turn}, {"person:clerk", "person:minister", 2 * turn},
		{"person:minister", "person:colleague", 3 * letters},
	} {
		s := &spy{Reader: m}
		p, err := New(s).ShortestPath(t.Context(), c.from, c.to, Walk{Direction: Both})
		if err != nil || len(p.Steps) != 2 || p.Nodes[1] != "doc:40000" || s.edges > c.atMost {
			t.Errorf("%s to %s: %v after %d edges, %v", c.from, c.to, p, s.edges, err)
		}
	}
	// A level that was given up and read again later is whole: the way goes on from a letter that was read at first.
	long := slices.Concat(star("person:minister", 1, 5000), star("person:colleague", 5001, 10000),
		Memory{{Subject: "doc:5", Predicate: vocab.References, Object: "doc:5005", Label: "doc:x?by=test#char=0,1"}})
	for _, ends := range [][2]ID{{"person:minister", "person:colleague"}, {"person:colleague", "person:minister"}} {
		if p, err := New(long).ShortestPath(t.Context(), ends[0], ends[1], Walk{Direction: Both}); err != nil || len(p.Steps) != 3 {
			t.Errorf("%v: %v, %v", ends, p, err)
		}
	}
	// Room for a few nodes does not keep a path from being found from its cheap end.
	if p, err := New(m).ShortestPath(t.Context(), "person:minister", "person:clerk", Walk{Direction: Both, Nodes: 3}); err != nil || len(p.Steps) != 2 {
		t.Error(p, err)
	}
	if p, err := New(m).ShortestPath(t.Context(), "person:minister", "person:colleague", Walk{Direction: Both, Nodes: 100}); err != nil || p.Cut != CutNodes {
		t.Error(p, err)
	}
	// A neighbourhood stops reading at its bound.
	s := &spy{Reader: m}
	if n, err := New(s).Neighbourhood(t.Context(), []ID{"person:minister"}, Walk{Hops: 3, Nodes: 10}); err != nil || n.Cut != CutNodes || len(n.Nodes) != 10 || s.edges > 10 {
		t.Error(len(n.Nodes), n.Cut, s.edges, err)
	}
}

// Letters without a number bear "s/n", all of them: that costs one reading of who bears it, and few names.
func TestManyBearOneNumber(t *testing.T) {
	m := star("person:clerk", 1, 1000)
	for i := range 1000 {
		m = append(m, Statement{Subject: ID(fmt.Sprintf("doc:%d", i+1)), Predicate: vocab.SameAs, Object: "cite:s-n", Label: "doc:x?by=test#char=0,1"})
	}
	for hops, nodes := range map[int]int{1: 2, 2: 1001} {
		s := &spy{Reader: m}
		n, err := New(s).Neighbourhood(t.Context(), []ID{"doc:1"}, Walk{Direction: Both, Hops: hops, Nodes: 2000})
		if err != nil || len(n.Nodes) != nodes || s.named > nodes+2*chunk || s.edges > 2000*hops {
			t.Errorf("%d hops: %d nodes, %d names, %d edges, %v", hops, len(n.Nodes), s.named, s.edges, err)
		}
	}
}

// Without any sameAs nothing is asked but the hops themselves, and once whether there is one.
func TestNoSameAsCostsNothing(t *testing.T) {
	m := slices.DeleteFunc(town(t), func(s Statement) bool { return s.Predicate == vocab.SameAs })
	s := &spy{Reader: m}
	if n, err := New(s).Neighbourhood(t.Context(), []ID{"person:bo"}, Walk{Direction: Both, Hops: 3}); err != nil || len(n.Nodes) != 6 || s.finds != 1 || s.expands != 3 {
		t.Errorf("%v, %d calls of Find, %d of Expand, %v", n, s.finds, s.expands, err)
	}
	s = &spy{Reader: town(t)}
	if _, err := New(s).Neighbourhood(t.Context(), []ID{"person:bo"}, Walk{Predicates: []vocab.Predicate{vocab.MemberOf}}); err != nil || s.finds != 0 || s.expands != 1 {
		t.Errorf("where no document can be: %d calls of Find, %d of Expand, %v", s.finds, s.expands, err)
	}
}

func TestWalkRefused(t *testing.T) {
	g := New(town(t))
	for _, w := range []Walk{{Hops: -1}, {Nodes: -1}, {Edges: -1}, {Direction: -1}, {Direction: 3}} {
		if _, err := g.Neighbourhood(t.Context(), []ID{"doc:a"}, w); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", w, err)
		}
		if _, err := g.ShortestPath(t.Context(), "doc:a", "doc:b", w); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// spy counts what is asked of a Reader's views. At read number failAt, if any, it calls fail and gives that error.
type spy struct {
	Reader
	finds, expands, edges, named, open int

	reads, failAt int
	fail          func() error
}

func (s *spy) read() error {
	if s.reads++; s.reads == s.failAt {
		return s.fail()
	}
	return nil
}

func (s *spy) View(ctx context.Context) (View, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	v, err := s.Reader.View(ctx)
	s.open++
	return spyView{v, s}, err
}

type spyView struct {
	View
	spy *spy
}

func (v spyView) Close() error {
	v.spy.open--
	return errors.Join(v.spy.read(), v.View.Close())
}

func (v spyView) Handles(ctx context.Context, ids []ID) ([]Handle, error) {
	if err := v.spy.read(); err != nil {
		return nil, err
	}
	return v.View.Handles(ctx, ids)
}

func (v spyView) IDs(ctx context.Context, handles []Handle) ([]ID, error) {
	if err := v.spy.read(); err != nil {
		return nil, err
	}
	v.spy.named += len(handles)
	return v.View.IDs(ctx, handles)
}

func (v spyView) Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error] {
	v.spy.finds++
	return spied(v.spy, v.View.Find(ctx, p), nil)
}

func (v spyView) Expand(ctx context.Context, frontier []Handle, predicates []vocab.Predicate, dir Direction) iter.Seq2[Edge, error] {
	v.spy.expands++
	if at := set(frontier); len(at) != len(frontier) || at[Handle{}] {
		panic("a frontier holds a node twice, or none")
	}
	return spied(v.spy, v.View.Expand(ctx, frontier, predicates, dir), &v.spy.edges)
}

func spied[T any](s *spy, all iter.Seq2[T, error], count *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range all {
			if e := s.read(); e != nil {
				var none T
				yield(none, e)
				return
			}
			if count != nil {
				*count++
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Whichever read fails, the walk is an error, and its view is closed; a context that ends in the middle gives its error or,
// when nothing was left to read, the answer as it is.
func TestWalkFailures(t *testing.T) {
	walks := map[string]func(context.Context, *Graph) (any, error){
		"degrees": func(ctx context.Context, g *Graph) (any, error) {
			return g.Degrees(ctx, []ID{"person:aine-odalaigh", "cite:k-7"}, nil)
		},
		"neighbourhood": func(ctx context.Context, g *Graph) (any, error) {
			return g.Neighbourhood(ctx, []ID{"person:bo", "doc:a"}, Walk{Direction: Both, Hops: 3})
		},
		"path": func(ctx context.Context, g *Graph) (any, error) {
			return g.ShortestPath(ctx, "person:bo", "doc:a", Walk{Direction: Both, Predicates: []vocab.Predicate{vocab.Signed}})
		},
		"path to itself": func(ctx context.Context, g *Graph) (any, error) {
			return g.ShortestPath(ctx, "cite:k-7", "doc:b", Walk{})
		},
	}
	for name, walk := range walks {
		want, err := walk(t.Context(), New(town(t)))
		if err != nil {
			t.Fatal(err)
		}
		for at := 1; ; at++ {
			broken := &spy{Reader: town(t), failAt: at, fail: func() error { return errDisk }}
			_, err := walk(t.Context(), New(broken))
			if broken.open != 0 {
				t.Fatalf("%s, read %d: %d views are open", name, at, broken.open)
			}
			if broken.reads < at {
				break
			}
			if !errors.Is(err, errDisk) {
				t.Errorf("%s, read %d: %v", name, at, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := &spy{Reader: town(t), failAt: at, fail: func() error { cancel(); return nil }}
			got, err := walk(ctx, New(ended))
			if d := cmp.Diff(want, got); !errors.Is(err, context.Canceled) && (err != nil || d != "") {
				t.Errorf("%s, ended at read %d: %v\n%s", name, at, err, d)
			}
			cancel()
		}
	}
}

// A view of a Memory is the list as it was, and answers as View says: each edge once for each claim and side.
func TestMemoryView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawStore(t)
		v, err := m.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		was := slices.Clone(m)
		for i := range m {
			m[i] = Statement{Subject: "person:later", Predicate: vocab.Signed, Object: "doc:later"}
		}
		handles, err := v.Handles(t.Context(), everyone)
		if err != nil {
			t.Fatal(err)
		}
		held := merge(was).own
		for i, id := range everyone {
			if _, ok := held[id]; ok != (handles[i] != Handle{}) {
				t.Fatalf("%s: held %v, handle %v", id, ok, handles[i])
			} else if !ok {
				continue
			}
			if ids, err := v.IDs(t.Context(), handles[i:i+1]); err != nil || ids[0] != id {
				t.Fatal(ids, err)
			}
		}
		predicates := []vocab.Predicate{vocab.References, vocab.Signed, vocab.MetWith}
		dir := rapid.SampledFrom([]Direction{Out, In, Both}).Draw(t, "direction")
		frontier := rapid.SliceOfNDistinct(rapid.IntRange(0, len(everyone)-1), 0, 5, rapid.ID).Draw(t, "frontier")
		var at []Handle
		want, got := map[string]int{}, map[string]int{}
		for _, i := range frontier {
			at = append(at, handles[i])
			for _, s := range was {
				if s.Object != "" && slices.Contains(predicates, s.Predicate) {
					if dir != In && s.Subject == everyone[i] {
						want[fmt.Sprint(s.Subject, " ", s.Predicate, " ", s.Object, " out")]++
					}
					if dir != Out && s.Object == everyone[i] {
						want[fmt.Sprint(s.Object, " ", s.Predicate, " ", s.Subject, " in")]++
					}
				}
			}
		}
		var last string
		for e, err := range v.Expand(t.Context(), at, predicates, dir) {
			if err != nil {
				t.Fatal(err)
			}
			ends, err := v.IDs(t.Context(), []Handle{e.From, e.To})
			if err != nil {
				t.Fatal(err)
			}
			s := fmt.Sprint(ends[0], " ", predicates[e.Predicate], " ", ends[1], map[bool]string{true: " out", false: " in"}[e.Out])
			if got[s]++; got[s] > 1 && s != last {
				t.Fatalf("claims of %q are apart", s)
			}
			last = s
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if _, err := v.IDs(t.Context(), []Handle{{}}); err == nil {
			t.Fatal("no node has a name")
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		_, e1 := v.Handles(t.Context(), everyone)
		_, e2 := v.IDs(t.Context(), nil)
		var e3, e4 error
		for _, e3 = range v.Find(t.Context(), Pattern{}) {
		}
		for _, e4 = range v.Expand(t.Context(), at, predicates, Both) {
		}
		if e1 == nil || e2 == nil || e3 == nil || e4 == nil {
			t.Fatal("the view is closed:", e1, e2, e3, e4)
		}
	})
}

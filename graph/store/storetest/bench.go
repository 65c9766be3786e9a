package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// benchFiles are loaded before anything is measured: 50,000 statements.
const benchFiles = 1000

// Bench measures a store on a heavy-tailed graph: files of 50 statements that name a few actors very often and most of
// them once or twice. Beside the time of one call it reports statements per second.
func Bench(b *testing.B, open func(testing.TB) graph.Store) {
	s := open(b)
	defer s.Close()
	g := newGenerator()
	next := 0
	load := func() []graph.Statement {
		file := graph.ID(fmt.Sprintf("doc:%08x", next))
		next++
		st := g.file(file)
		put(b, s, file, st...)
		return st
	}
	for range benchFiles {
		load()
	}
	rate := func(b *testing.B, statements int) {
		b.ReportMetric(float64(statements)/b.Elapsed().Seconds(), "statements/s")
	}
	actors := func(from, n int) []graph.ID {
		ids := make([]graph.ID, n)
		for i := range ids {
			ids[i] = actor(from + i)
		}
		return ids
	}
	mentions := []vocab.Predicate{vocab.Mentions}
	for _, c := range []struct {
		name string
		p    graph.Pattern
	}{
		{"find/subject", graph.Pattern{Subjects: actors(200, 1)}},
		{"find/subject of the hub", graph.Pattern{Subjects: actors(0, 1)}},
		{"find/object", graph.Pattern{Objects: actors(200, 1)}},
		{"find/object and predicate", graph.Pattern{Objects: actors(200, 1), Predicates: mentions}},
		{"find/object the hub", graph.Pattern{Objects: actors(0, 1), Predicates: mentions}},
		{"find/literal of a class, subject", graph.Pattern{Literals: []string{"Person"}, Subjects: actors(200, 1)}},
		{"find/1000 subjects", graph.Pattern{Subjects: actors(0, 1000)}},
		{"find/1000 subjects and a predicate", graph.Pattern{Subjects: actors(0, 1000), Predicates: []vocab.Predicate{vocab.Name}}},
		{"find/1000 objects", graph.Pattern{Objects: actors(0, 1000), Predicates: mentions}},
		{"find/document", graph.Pattern{Documents: []graph.ID{"doc:00000007"}}},
		{"find/document and subjects", graph.Pattern{Documents: []graph.ID{"doc:00000007"}, Subjects: actors(0, 1000)}},
		{"find/all", graph.Pattern{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, err := range s.Find(context.Background(), c.p) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			rate(b, n)
			b.ReportMetric(float64(n)/float64(b.N), "statements/op")
		})
	}
	b.Run("put/new", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n += len(load())
		}
		rate(b, n)
	})
	b.Run("put/same", func(b *testing.B) {
		st := load()
		file, n := st[0].Subject, 0
		for b.Loop() {
			put(b, s, file, st...)
			n += len(st)
		}
		rate(b, n)
	})
	b.Run("put/replace", func(b *testing.B) {
		n := 0
		for b.Loop() {
			put(b, s, "doc:replaced", g.file("doc:replaced")...)
			n += 50
		}
		rate(b, n)
	})
}

// generator makes files that name actors by Zipf's law, the same ones every time.
type generator struct{ zipf *rand.Zipf }

func newGenerator() *generator {
	return &generator{rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.2, 4, 20_000)}
}

func actor(i int) graph.ID { return graph.ID(fmt.Sprintf("person:number-%d", i)) }

// file makes the 50 statements of a file: two of its own, and four for each of twelve different actors, as
// graph.Batch makes them.
func (g *generator) file(id graph.ID) []graph.Statement {
	all := graph.NewLabel(id, "properties", graph.Span{Start: 0, End: 4000})
	out := []graph.Statement{
		{Subject: id, Predicate: vocab.ClassOf, Literal: string(vocab.Document), Label: all},
		{Subject: id, Predicate: vocab.Title, Literal: "Title of " + string(id), Label: all},
	}
	seen := map[graph.ID]bool{}
	for len(seen) < 12 {
		a := actor(int(g.zipf.Uint64()))
		if seen[a] {
			continue
		}
		seen[a] = true
		claim := graph.NewLabel(id, "mention.name", graph.Span{Start: 10 * len(seen), End: 10*len(seen) + 9})
		out = append(out,
			graph.Statement{Subject: a, Predicate: vocab.ClassOf, Literal: string(vocab.Person), Label: all},
			graph.Statement{Subject: a, Predicate: vocab.Name, Literal: "Name of " + string(a), Label: all},
			graph.Statement{Subject: id, Predicate: vocab.Mentions, Object: a, Label: claim},
			graph.Statement{Subject: graph.ID(claim), Predicate: "confidence", Literal: "0.93", Label: claim})
	}
	return out
}

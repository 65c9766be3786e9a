package gql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// crowd is n letters, each signed by three of n people who hold a position and belong to a body, and citing the one
// before it.
func crowd(t testing.TB, n int) graph.Memory {
	t.Helper()
	var all graph.Memory
	text := "Signed by the undersigned. See the earlier letter."
	for i := range n {
		file := graph.ID(fmt.Sprintf("doc:f%04d", i))
		span := graph.Span{Start: 0, End: 6}
		b := graph.Batch{File: file, Text: text, Documents: []graph.Document{
			{ID: file, Loaded: true, Span: graph.Span{End: utf8.RuneCountInString(text)}, Title: fmt.Sprint("Letter ", i), Reference: fmt.Sprintf("L %d", i)},
			{ID: graph.ID(fmt.Sprintf("cite:l-%d", i+1)), Reference: fmt.Sprintf("L %d", i+1)},
		}}
		claim := func(s graph.ID, p vocab.Predicate, o graph.ID) {
			b.Claims = append(b.Claims, graph.Claim{Subject: s, Predicate: p, Object: o, Document: file, Span: span, Extractor: "test", Confidence: 1})
		}
		claim(file, vocab.References, b.Documents[1].ID)
		for k := range 3 {
			person, body, post := fmt.Sprintf("person:p-%d", (i+k)%n), fmt.Sprintf("institution:i-%d", i%7), fmt.Sprintf("position:t-%d", (i+k)%n)
			b.Entities = append(b.Entities, graph.Entity{ID: graph.ID(person), Class: vocab.Person, Name: fmt.Sprintf("Person %d", (i+k)%n)},
				graph.Entity{ID: graph.ID(body), Class: vocab.Institution, Name: fmt.Sprintf("Body %d", i%7)},
				graph.Entity{ID: graph.ID(post), Class: vocab.Position, Name: fmt.Sprintf("Post %d", (i+k)%n)})
			claim(graph.ID(person), vocab.Signed, file)
			claim(graph.ID(person), vocab.MemberOf, graph.ID(body))
			claim(graph.ID(person), vocab.HoldsPosition, graph.ID(post))
			claim(graph.ID(post), vocab.PositionIn, graph.ID(body))
		}
		s, err := b.Statements()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s...)
	}
	return all
}

// TestCallsDoNotGrow asks for lists in lists, with every claim, over a small and a large graph: the store is called as
// often for both.
func TestCallsDoNotGrow(t *testing.T) {
	query := `{
	  documents(first: 40) { nodes {
	    title text
	    signatories(first: 4) { edges {
	      node { name relations(first: 5) { nodes { subject { id } object { id } } }
	        ... on Person { positions { edges { node { title institutions { nodes { name } } } relation { claims { quote document { title signatories(first: 2) { nodes { name } } } } } } } }
	        memberOf { nodes { name members(first: 10) { nodes { name } } } } }
	      relation { claims { quote confidence document { title } } } } }
	    references { nodes { title text referencedBy { nodes { title } } } }
	  } }
	}`
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	calls := map[int]int64{}
	for _, n := range []int{5, 40} {
		c := &counter{Reader: crowd(t, n)}
		answer := post(NewHandler(graph.New(c), Options{}), string(body)).Body.String()
		if strings.Contains(answer, `"errors"`) || strings.Count(answer, `"text":"Signed`) < n {
			t.Fatalf("%d documents: %.600s", n, answer)
		}
		calls[n] = c.calls.Load()
	}
	if calls[5] != calls[40] || calls[40] > 60 {
		t.Errorf("calls of the store by length of the list: %v", calls)
	}
	t.Log("calls:", calls)
}

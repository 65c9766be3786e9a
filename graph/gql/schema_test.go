package gql

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// TestVocabulary holds the enums of the schema to the vocabulary: what the graph can say, the API can name.
func TestVocabulary(t *testing.T) {
	schema := NewExecutableSchema(Config{}).Schema()
	want := map[string][]string{"DocumentKind": vocab.Kinds()}
	for _, c := range vocab.Classes() {
		want["NodeKind"] = append(want["NodeKind"], string(c))
		if schema.Types[string(c)] == nil {
			t.Errorf("no type %s", c)
		}
	}
	for _, r := range vocab.Relations() {
		want["Predicate"] = append(want["Predicate"], string(r.Name))
	}
	for enum, words := range want {
		var got []string
		for _, v := range schema.Types[enum].EnumValues {
			got = append(got, v.Name)
		}
		if !slices.Equal(got, words) {
			t.Errorf("%s has %v, the vocabulary %v", enum, got, words)
		}
	}
}

// TestDescribed wants a description of everything in the schema.
func TestDescribed(t *testing.T) {
	for name, d := range NewExecutableSchema(Config{}).Schema().Types {
		if d.BuiltIn {
			continue
		}
		if d.Description == "" {
			t.Errorf("%s is not described", name)
		}
		for _, f := range d.Fields {
			if f.Description == "" && f.Name[:1] != "_" {
				t.Errorf("%s.%s is not described", name, f.Name)
			}
			for _, a := range f.Arguments {
				if a.Description == "" && f.Name[:1] != "_" {
					t.Errorf("%s.%s(%s) is not described", name, f.Name, a.Name)
				}
			}
		}
		for _, v := range d.EnumValues {
			if v.Description == "" {
				t.Errorf("%s.%s is not described", name, v.Name)
			}
		}
	}
}

// FuzzQuery throws documents at the handler: each is answered with JSON.
func FuzzQuery(f *testing.F) {
	h := NewHandler(graph.New(fixture(f)), Options{})
	for _, q := range []string{"{__typename}", "query($a:Int=1){persons(first:$a,after:\"x\"){nodes{...p}}} fragment p on Person{name signed{edges{cursor}}}",
		"{search(text:\"a\",kinds:[Person]){edges{passage{quote}}}}", "{nodes(ids:[\"doc:a1\",\"rel:a|signed|b\"]){id}}", "{relations(where:{document:[\"doc:b2/1\"]}){nodes{claims{quote}}}}"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		body, err := json.Marshal(map[string]string{"query": q})
		if err != nil || !utf8.ValidString(q) {
			return
		}
		if w := post(h, string(body)); !json.Valid(w.Body.Bytes()) || w.Code != 200 && w.Code != 400 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

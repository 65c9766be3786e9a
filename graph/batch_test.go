package graph

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"casegraph/graph/vocab"
)

const file = ID("doc:0123456789abcdef0123456789abcdef")

func letter() Batch {
	text := "Ana Ruiz signs."
	return Batch{
		File: file, Text: text,
		Documents: []Document{
			{ID: file, Loaded: true, Span: Span{0, 15}, Kind: "letter", Reference: "X 1/2020"},
			{ID: file + "/1", Loaded: true, Span: Span{4, 15}},
		},
		Entities: []Entity{{ID: "person:ana-ruiz", Class: vocab.Person, Name: "Ana Ruiz"}},
		Claims: []Claim{
			{Subject: "person:ana-ruiz", Predicate: vocab.Signed, Object: file, Document: file, Span: Span{0, 8}, Extractor: "signature", Confidence: 0.9},
		},
	}
}

// TestStatements: one quad a claim, whose label tells document, rule and span; each statement once, sorted.
func TestStatements(t *testing.T) {
	b := letter()
	b.Claims = append(b.Claims, b.Claims[0]) // said twice counts once
	got, err := b.Statements()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(got, CompareStatements) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Error("not sorted, or something stands twice")
	}
	want := Statement{Subject: "person:ana-ruiz", Predicate: vocab.Signed, Object: file, Label: Label(file + "?by=signature#char=0,8")}
	if !slices.Contains(got, want) {
		t.Errorf("no %+v", want)
	}
	for _, s := range got {
		if !s.Label.Of(file) {
			t.Errorf("%+v: its label is not of the file", s)
		}
		if (s.Object == "") == (s.Literal == "") {
			t.Errorf("%+v: an object or a literal, not both, not none", s)
		}
	}
	if !slices.ContainsFunc(got, func(s Statement) bool { return s.Predicate == vocab.SameAs && s.Object == "cite:x-1-2020" }) {
		t.Error("who cites the number does not find the document")
	}
}

// TestStatementsRefused: what the graph may not say is an error that names the claim.
func TestStatementsRefused(t *testing.T) {
	for _, x := range []struct {
		name, want string
		change     func(*Batch)
	}{
		{"an end that nobody describes", "not described", func(b *Batch) { b.Claims[0].Subject = "person:luis-paz" }},
		{"a relation the wrong way round", "does not lead from", func(b *Batch) {
			b.Claims[0].Subject, b.Claims[0].Object = b.Claims[0].Object, b.Claims[0].Subject
		}},
		{"evidence in another file", "not in this file", func(b *Batch) { b.Claims[0].Document = "doc:ffff" }},
		{"a span past the end of a part", "span", func(b *Batch) { b.Claims[0].Document, b.Claims[0].Span = file+"/1", Span{5, 12} }},
		{"an empty span", "span", func(b *Batch) { b.Claims[0].Span = Span{3, 3} }},
		{"a confidence over one", "confidence", func(b *Batch) { b.Claims[0].Confidence = 1.5 }},
		{"the file itself is not described", "does not describe the file", func(b *Batch) { b.Documents = b.Documents[1:] }},
		{"a part of another file", "is not of file", func(b *Batch) { b.Documents[1].ID = "doc:ffff/1" }},
	} {
		b := letter()
		x.change(&b)
		if _, err := b.Statements(); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q in it", x.name, err, x.want)
		}
	}
}

// TestLabel: a label tells what it was made of, whatever the rule is called.
func TestLabel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		by := rapid.String().Draw(t, "by")
		start := rapid.IntRange(0, 1<<30).Draw(t, "start")
		span := Span{start, start + rapid.IntRange(0, 1<<20).Draw(t, "length")}
		doc := rapid.SampledFrom([]ID{file, file + "/1", file + "/12"}).Draw(t, "doc")
		l := NewLabel(doc, by, span)
		d, b, s, err := l.Parse()
		if err != nil || d != doc || b != by || s != span {
			t.Fatalf("%q: %q %q %v %v", l, d, b, s, err)
		}
		if !l.Of(file) || l.Of(file+"/2") || l.Of(file[:20]) {
			t.Fatalf("%q: whose is it?", l)
		}
	})
	for _, bad := range []Label{"", "doc:1", "doc:1?by=x", "doc:1?by=x#char=1", "doc:1?by=x#char=2,1", "doc:1?by=x#char=-1,1", "person:a?by=x#char=0,1", "doc:1?by=%zz#char=0,1"} {
		if _, _, _, err := bad.Parse(); err == nil {
			t.Errorf("%q is taken for a label", bad)
		}
	}
}

func TestNewID(t *testing.T) {
	for _, x := range []struct {
		class vocab.Class
		name  string
		scope ID
		want  ID
	}{
		{vocab.Person, "Ana Muñoz-Ríos", "", "person:ana-munoz-rios"},
		{vocab.Person, "  ANA   MUÑOZ RÍOS ", "", "person:ana-munoz-rios"},
		{vocab.Person, "Ruiz", file + "/3", "person:ruiz~01234567"},
		{vocab.Institution, "People's Forum", "", "institution:peoples-forum"},
		{vocab.Person, "…", "", ""},
	} {
		if got := NewID(x.class, x.name, x.scope); got != x.want {
			t.Errorf("NewID(%s, %q, %q) = %q, want %q", x.class, x.name, x.scope, got, x.want)
		}
	}
	if got := CiteID("AB 12/2020", ""); got != "cite:ab-12-2020" {
		t.Errorf("CiteID: %q", got)
	}
}

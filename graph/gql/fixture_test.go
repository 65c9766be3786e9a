package gql

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// fixture reads the documents of testdata/fixture as the loader would have: see the files for the format. Offsets are
// found from the quotes: "doc:b2/1@words" is the last place of the words, in that part.
func fixture(t testing.TB) graph.Memory {
	t.Helper()
	files, err := filepath.Glob("testdata/fixture/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixture", err)
	}
	var all graph.Memory
	for _, name := range files {
		b, err := readBatch(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := b.Statements()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, s...)
	}
	return all
}

func readBatch(name string) (graph.Batch, error) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		return graph.Batch{}, err
	}
	part := map[string]string{}
	for _, f := range a.Files {
		part[f.Name] = string(f.Data)
	}
	b := graph.Batch{Text: part["text"]}
	spans := map[graph.ID]graph.Span{}
	for line := range lines(part["documents"]) {
		id, rest, _ := strings.Cut(line, " ")
		d := graph.Document{ID: graph.ID(id), Loaded: strings.HasPrefix(id, "doc:"), Span: graph.Span{End: utf8.RuneCountInString(b.Text)}}
		if strings.Contains(id, "/") {
			if _, err := fmt.Sscanf(rest, "%d,%d", &d.Span.Start, &d.Span.End); err != nil {
				return b, err
			}
			_, rest, _ = strings.Cut(rest, " ")
		} else if d.Loaded {
			b.File = d.ID
		}
		if kind, ok := strings.CutPrefix(rest, "kind="); ok {
			d.Kind, rest, _ = strings.Cut(kind, " ")
		}
		for _, pair := range strings.Split(rest, "|") {
			k, v, _ := strings.Cut(pair, "=")
			switch vocab.Predicate(k) {
			case vocab.Title:
				d.Title = v
			case vocab.Date:
				d.Date = v
			case vocab.Reference:
				d.Reference = v
			case vocab.Language:
				d.Language = v
			case vocab.Classification:
				d.Classification = v
			case vocab.Tag:
				d.Tags = append(d.Tags, v)
			case vocab.Alias:
				d.Names = append(d.Names, v)
			case vocab.Source:
				d.Sources = append(d.Sources, v)
			default:
				return b, fmt.Errorf("%q is no property", k)
			}
		}
		if d.Loaded {
			spans[d.ID] = d.Span
		}
		b.Documents = append(b.Documents, d)
	}
	for line := range lines(part["entities"]) {
		f := strings.SplitN(line, " ", 3)
		forms := append(strings.Split(f[2], "|"), "", "")
		e := graph.Entity{ID: graph.ID(f[0]), Class: vocab.Class(f[1]), Name: forms[0], Acronym: forms[2]}
		if forms[1] != "" {
			e.Aliases = []string{forms[1]}
		}
		b.Entities = append(b.Entities, e)
	}
	for line := range lines(part["claims"]) {
		f := strings.SplitN(line, " ", 5)
		quote, in, at := f[4], b.File, strings.Index(b.Text, f[4])
		if doc, words, ok := strings.Cut(quote, "@"); ok {
			quote, in, at = words, graph.ID(doc), strings.LastIndex(b.Text, words)
		}
		if at < 0 {
			return b, fmt.Errorf("%q is not in the text", quote)
		}
		start := utf8.RuneCountInString(b.Text[:at]) - spans[in].Start
		b.Claims = append(b.Claims, graph.Claim{Subject: graph.ID(f[0]), Predicate: vocab.Predicate(f[1]), Object: graph.ID(f[2]), Document: in,
			Extractor: f[3], Span: graph.Span{Start: start, End: start + utf8.RuneCountInString(quote)}, Confidence: 0.9})
	}
	return b, nil
}

func lines(s string) iter.Seq[string] { return strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") }

// counter is a Reader that counts its calls.
type counter struct {
	graph.Reader
	calls atomic.Int64
}

func (c *counter) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	c.calls.Add(1)
	return c.Reader.Find(ctx, p)
}

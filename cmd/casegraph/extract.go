package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader"
	"casegraph/loader/document"
)

func newExtract() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "extract [--text] FILE...",
		Short: "Print what a file says, without storing it",
		Long: `Reads files as load does, and prints as JSON Lines what the rules find in them: the documents (the file and its parts,
those that it cites), the entities, and the claims with the words behind them. Nothing is stored.

start and end count the characters (Unicode code points) of the file. Where the words do not stand in the file as they
are read (in a base64 body, say) they count those of the text that --text prints, and the line says "offsets":"text".
quote is exactly what stands there. Several files come one after the other, each after a line of type source.`,
		Example: `  casegraph extract letter.txt
  casegraph extract letter.txt | grep '"predicate":"signed"'
  casegraph extract --text page.html`,
		Args: some("file"),
	}
	asText := cmd.Flags().Bool("text", false, "print the text as the rules see it, instead of what it says")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		var failed error
		for _, path := range paths {
			f, err := readFile(cmd.Context(), path)
			if errors.Is(err, context.Canceled) {
				return err
			} else if err != nil {
				complain(cmd.ErrOrStderr(), err)
				failed = errSaid
				continue
			}
			if *asText {
				err = printText(cmd.OutOrStdout(), f.Document.Text)
			} else {
				err = printFile(cmd.OutOrStdout(), path, f, len(paths) > 1)
			}
			if err != nil {
				return err
			}
		}
		return failed
	}
	return cmd
}

// readFile is loader.ReadFile that is let go when ctx ends: nothing is lost by it.
func readFile(ctx context.Context, path string) (loader.File, error) {
	type result struct {
		file loader.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		f, err := loader.ReadFile(path)
		done <- result{f, err}
	}()
	select {
	case r := <-done:
		return r.file, r.err
	case <-ctx.Done():
		return loader.File{}, fmt.Errorf("%s: stopped: %w", path, ctx.Err())
	}
}

// The lines of casegraph extract.
type (
	sourceLine struct {
		Type string `json:"type"`
		File string `json:"file"`
	}
	place struct {
		Start   *int   `json:"start,omitempty"`
		End     *int   `json:"end,omitempty"`
		Offsets string `json:"offsets,omitempty"` // "text" when they do not count the characters of the file
	}
	documentLine struct {
		Type   string   `json:"type"`
		ID     graph.ID `json:"id"`
		Loaded bool     `json:"loaded"`
		place
		Kind           string   `json:"kind,omitempty"`
		Title          string   `json:"title,omitempty"`
		Date           string   `json:"date,omitempty"`
		Reference      string   `json:"reference,omitempty"`
		Language       string   `json:"language,omitempty"`
		Classification string   `json:"classification,omitempty"`
		Subject        string   `json:"subject,omitempty"`
		Tags           []string `json:"tags,omitempty"`
		Names          []string `json:"names,omitempty"`
	}
	entityLine struct {
		Type  string      `json:"type"`
		ID    graph.ID    `json:"id"`
		Class vocab.Class `json:"class"`
		Names []string    `json:"names"`
	}
	claimLine struct {
		Type      string          `json:"type"`
		Subject   graph.ID        `json:"subject"`
		Predicate vocab.Predicate `json:"predicate"`
		Object    graph.ID        `json:"object"`
		Document  graph.ID        `json:"document"`
		place
		Quote      string  `json:"quote"`
		Extractor  string  `json:"extractor"`
		Confidence float64 `json:"confidence"`
	}
)

// printFile writes what a file says: documents, entities, claims in the order of the text.
func printFile(w io.Writer, path string, f loader.File, named bool) error {
	var lines []any
	if named {
		lines = append(lines, sourceLine{"source", path})
	}
	at := newOffsets(f)
	starts := map[graph.ID]int{}
	for _, d := range f.Batch.Documents {
		line := documentLine{Type: "document", ID: d.ID, Loaded: d.Loaded, Kind: d.Kind, Title: d.Title, Date: d.Date, Reference: d.Reference,
			Language: d.Language, Classification: d.Classification, Subject: d.Subject, Tags: d.Tags, Names: d.Names}
		if d.Loaded {
			starts[d.ID] = d.Span.Start
			line.place, _ = at.place(d.Span.Start, d.Span.End)
			if d.ID == f.Batch.File {
				line.place = at.whole()
			}
		}
		lines = append(lines, line)
	}
	for _, e := range f.Batch.Entities {
		names := append([]string{e.Name}, e.Aliases...)
		if e.Acronym != "" && !slices.Contains(names, e.Acronym) {
			names = append(names, e.Acronym)
		}
		lines = append(lines, entityLine{"entity", e.ID, e.Class, names})
	}
	claims := slices.Clone(f.Batch.Claims)
	start := func(c graph.Claim) int { return starts[c.Document] + c.Span.Start }
	slices.SortStableFunc(claims, func(a, b graph.Claim) int { return cmp.Compare(start(a), start(b)) })
	for _, c := range claims {
		line := claimLine{Type: "claim", Subject: c.Subject, Predicate: c.Predicate, Object: c.Object, Document: c.Document,
			Extractor: c.Extractor, Confidence: c.Confidence}
		line.place, line.Quote = at.place(start(c), start(c)+c.Span.End-c.Span.Start)
		lines = append(lines, line)
	}
	for _, line := range lines {
		if err := printJSON(w, line); err != nil {
			return err
		}
	}
	return nil
}

// offsets leads from a document's text to the file it was read from.
type offsets struct {
	text, file []rune
	source     document.Source
}

func newOffsets(f loader.File) offsets {
	o := offsets{text: []rune(f.Document.Text), file: []rune(string(f.Content)), source: f.Document.Source}
	if f.Document.Format == document.HTML && !utf8.Valid(f.Content) {
		o.source = document.Source{} // a page in another charset: its characters are known only as decoded text
	}
	return o
}

// place says where text[start:end] stands, in the file if it can be, and what stands there.
func (o offsets) place(start, end int) (place, string) {
	if from, to, ok := o.source.Span(start, end); ok && to <= len(o.file) {
		return place{Start: &from, End: &to}, string(o.file[from:to])
	}
	return place{Start: &start, End: &end, Offsets: "text"}, string(o.text[start:end])
}

// whole is the place of all there is: of the file, if any of its text has a place in it.
func (o offsets) whole() place {
	start, end := 0, len(o.file)
	if o.source != nil && len(o.source) == 0 {
		end = len(o.text)
		return place{Start: &start, End: &end, Offsets: "text"}
	}
	return place{Start: &start, End: &end}
}

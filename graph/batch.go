package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"casegraph/graph/vocab"
)

// Entity is a person, institution, position, case or place.
type Entity struct {
	ID      ID
	Class   vocab.Class
	Name    string   // the form to show
	Aliases []string // every other form found, sorted
	Acronym string   // of an institution, or empty
}

// Document is a file that was loaded, a part of one, or a document that others only cite.
type Document struct {
	ID             ID
	Loaded         bool
	Span           Span // where a loaded part stands in the text of its file; the whole text for the file itself
	Kind           string
	Title          string
	Date           string // ISO, as precise as the text says
	Reference      string
	Language       string
	Classification string
	Subject        string
	Tags           []string
	Names          []string // other forms by which it is cited
	Sources        []string // where a file was loaded from
	Rules          string   // version of the rules that read the file
}

// Claim is one relation read at one place of one document.
type Claim struct {
	Subject   ID
	Predicate vocab.Predicate
	Object    ID
	Document  ID   // the loaded document, or the innermost part of it, that says so
	Span      Span // in the text of that document
	Extractor string
	// Confidence is the share of claims of this extractor found right on the scored corpus, 0 to 1. It is stored
	// as a property of the extractor's claims.
	Confidence float64
}

// Label is the claim's IRI.
func (c Claim) Label() Label { return NewLabel(c.Document, c.Extractor, c.Span) }

// Batch is everything that one file says: the unit of loading.
type Batch struct {
	File      ID
	Text      string // the file's whole text
	Documents []Document
	Entities  []Entity
	Claims    []Claim
}

// confidenceOf is the predicate of a statement about a label. It is no term of the vocabulary: it says something of a
// claim, not of the world.
const confidenceOf vocab.Predicate = "confidence"

// propertyReader is the extractor named in the labels of properties (names, dates, titles).
const propertyReader = "properties"

// Statements turns the batch into the quads of the store, sorted, each once. It checks what the graph may say: every
// ID named by a claim is described in the batch, relations keep to their domain and range, spans lie in the text of
// their document and are not empty. An error names the claim.
func (b Batch) Statements() ([]Statement, error) {
	classes := map[ID]vocab.Class{}
	spans := map[ID]Span{}
	base := NewLabel(b.File, propertyReader, Span{0, utf8.RuneCountInString(b.Text)})
	var out []Statement
	property := func(id ID, p vocab.Predicate, values ...string) {
		for _, v := range values {
			if v != "" {
				out = append(out, Statement{Subject: id, Predicate: p, Literal: v, Label: base})
			}
		}
	}
	for _, d := range b.Documents {
		classes[d.ID] = vocab.Document
		if d.Loaded {
			if d.ID.File() != b.File {
				return nil, fmt.Errorf("document %s is not of file %s", d.ID, b.File)
			}
			spans[d.ID] = d.Span
			property(d.ID, vocab.Span, fmt.Sprintf("%d,%d", d.Span.Start, d.Span.End))
		}
		if d.ID == b.File {
			property(d.ID, vocab.Text, b.Text)
			property(d.ID, vocab.Source, d.Sources...)
			property(d.ID, vocab.Rules, d.Rules)
		}
		property(d.ID, vocab.ClassOf, string(vocab.Document))
		property(d.ID, vocab.Kind, d.Kind)
		property(d.ID, vocab.Title, d.Title)
		property(d.ID, vocab.Date, d.Date)
		property(d.ID, vocab.Reference, d.Reference)
		property(d.ID, vocab.Language, d.Language)
		property(d.ID, vocab.Classification, d.Classification)
		property(d.ID, vocab.Subject, d.Subject)
		property(d.ID, vocab.Tag, d.Tags...)
		property(d.ID, vocab.Alias, d.Names...)
		if cite := CiteID(d.Reference, ""); d.Loaded && cite != "" { // whoever cites this number means this document
			out = append(out, Statement{Subject: d.ID, Predicate: vocab.SameAs, Object: cite, Label: base})
		}
	}
	if _, ok := spans[b.File]; !ok {
		return nil, fmt.Errorf("the batch of %s does not describe the file itself", b.File)
	}
	for _, e := range b.Entities {
		classes[e.ID] = e.Class
		property(e.ID, vocab.ClassOf, string(e.Class))
		property(e.ID, vocab.Name, e.Name)
		property(e.ID, vocab.Alias, e.Aliases...)
		property(e.ID, vocab.Acronym, e.Acronym)
	}
	for _, c := range b.Claims {
		s, o := classes[c.Subject], classes[c.Object]
		doc, loaded := spans[c.Document]
		switch {
		case s == "" || o == "":
			return nil, fmt.Errorf("claim %s %s %s: an end of it is not described", c.Subject, c.Predicate, c.Object)
		case !vocab.Allows(c.Predicate, s, o):
			return nil, fmt.Errorf("claim %s %s %s: %s does not lead from %s to %s", c.Subject, c.Predicate, c.Object, c.Predicate, s, o)
		case !loaded:
			return nil, fmt.Errorf("claim %s %s %s: evidence in %s, which is not in this file", c.Subject, c.Predicate, c.Object, c.Document)
		case c.Span.Start < 0 || c.Span.End <= c.Span.Start || c.Span.End > doc.End-doc.Start:
			return nil, fmt.Errorf("claim %s %s %s: span %v is not in %s", c.Subject, c.Predicate, c.Object, c.Span, c.Document)
		case !(c.Confidence >= 0 && c.Confidence <= 1):
			return nil, fmt.Errorf("claim %s %s %s: confidence %v", c.Subject, c.Predicate, c.Object, c.Confidence)
		}
		label := c.Label()
		out = append(out,
			Statement{Subject: c.Subject, Predicate: c.Predicate, Object: c.Object, Label: label},
			Statement{Subject: ID(label), Predicate: confidenceOf, Literal: strconv.FormatFloat(c.Confidence, 'f', -1, 64), Label: label})
	}
	SortStatements(out)
	return slices.Compact(out), nil
}

// SortStatements sorts by subject, predicate, object and label, bytewise: the order of dumps and of comparisons.
func SortStatements(s []Statement) { slices.SortFunc(s, CompareStatements) }

// CompareStatements orders statements by subject, predicate, object and label, bytewise.
func CompareStatements(a, b Statement) int {
	return cmp.Or(
		strings.Compare(string(a.Subject), string(b.Subject)),
		strings.Compare(string(a.Predicate), string(b.Predicate)),
		strings.Compare(string(a.Object), string(b.Object)),
		strings.Compare(a.Literal, b.Literal),
		strings.Compare(string(a.Label), string(b.Label)))
}

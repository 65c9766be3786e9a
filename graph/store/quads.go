package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cayleygraph/quad"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// Quads of the store's own carry this label. It holds neither ? nor /, so no statement can.
const ownLabel = quad.IRI("casegraph:")

// labelsOf is the predicate of the quad that lists the labels of a file.
const labelsOf = quad.IRI("casegraph:labels")

// fileOf is the file that a label, or the ID of a part, belongs to. Every label that is Of an ID has the file of that
// ID, because no file's ID holds / or ? (see check).
func fileOf(s string) graph.ID {
	if i := strings.IndexAny(s, "/?"); i >= 0 {
		s = s[:i]
	}
	return graph.ID(s)
}

// toQuad is the quad of a statement that passed check.
func toQuad(s graph.Statement) quad.Quad {
	q := quad.Quad{Subject: quad.IRI(s.Subject), Predicate: quad.IRI(s.Predicate), Label: quad.IRI(s.Label)}
	if s.Object != "" {
		q.Object = quad.IRI(s.Object)
	} else {
		q.Object = quad.String(s.Literal)
	}
	return q
}

// fromQuad is the statement of a quad. A quad that no statement makes is an error: the store is damaged.
func fromQuad(q quad.Quad) (graph.Statement, error) {
	subject, ok1 := q.Subject.(quad.IRI)
	predicate, ok2 := q.Predicate.(quad.IRI)
	label, ok3 := q.Label.(quad.IRI)
	s := graph.Statement{Subject: graph.ID(subject), Predicate: vocab.Predicate(predicate), Label: graph.Label(label)}
	ok4 := true
	switch o := q.Object.(type) {
	case quad.IRI:
		s.Object = graph.ID(o)
	case quad.String:
		s.Literal = string(o)
	default:
		ok4 = false
	}
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return s, fmt.Errorf("the store is damaged: %#v is no statement", q)
	}
	return s, nil
}

// listOf is the quad that lists the labels of a file: their ends, after the file's ID, as a JSON array in a string.
// Its subject is a node of its own, so that reading the list never walks what the file says about itself.
func listOf(file graph.ID, labels []graph.Label) (quad.Quad, error) {
	ends := make([]string, len(labels))
	for i, l := range labels {
		ends[i] = strings.TrimPrefix(string(l), string(file))
	}
	text, err := json.Marshal(ends)
	return quad.Quad{Subject: listSubject(file), Predicate: labelsOf, Object: quad.String(text), Label: ownLabel}, err
}

func listSubject(file graph.ID) quad.IRI { return "casegraph:file?" + quad.IRI(file) }

// labelsIn takes the labels out of the list of a file.
func labelsIn(file graph.ID, list quad.Quad) ([]graph.Label, error) {
	text, _ := list.Object.(quad.String)
	var ends []string
	if err := json.Unmarshal([]byte(text), &ends); err != nil {
		return nil, fmt.Errorf("the store is damaged: labels of %s: %w", file, err)
	}
	labels := make([]graph.Label, len(ends))
	for i, e := range ends {
		labels[i] = graph.Label(string(file) + e)
	}
	return labels, nil
}

// check gives the statements sorted and each once, or says which of them a store cannot keep under labels of file.
func check(file graph.ID, statements []graph.Statement) ([]graph.Statement, error) {
	if file == "" || strings.ContainsAny(string(file), "/?#") {
		return nil, fmt.Errorf("%q is no ID of a file: it is empty, or has /, ? or # in it", file)
	}
	if err := checkText("file", string(file)); err != nil {
		return nil, err
	}
	for _, s := range statements {
		if err := checkStatement(file, s); err != nil {
			return nil, fmt.Errorf("statement %q %q %q under %q: %w", s.Subject, s.Predicate, s.Object, s.Label, err)
		}
	}
	sorted := slices.Clone(statements)
	graph.SortStatements(sorted)
	return slices.Compact(sorted), nil
}

func checkStatement(file graph.ID, s graph.Statement) error {
	switch {
	case s.Subject == "":
		return fmt.Errorf("no subject")
	case s.Predicate == "":
		return fmt.Errorf("no predicate")
	case s.Object == "" && s.Literal == "":
		return fmt.Errorf("neither an object nor a text")
	case s.Object != "" && s.Literal != "":
		return fmt.Errorf("both an object and a text")
	case !s.Label.Of(file):
		return fmt.Errorf("the label does not belong to %s", file)
	}
	for _, f := range []struct{ name, text string }{
		{"subject", string(s.Subject)},
		{"predicate", string(s.Predicate)},
		{"object", string(s.Object)},
		{"text", s.Literal},
		{"label", string(s.Label)},
	} {
		if err := checkText(f.name, f.text); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what some store could not give back byte for byte. Normal forms are the loader's concern: two texts
// that differ in form alone are two texts here.
func checkText(name, text string) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("the %s is not valid UTF-8", name)
	case strings.ContainsRune(text, 0):
		return fmt.Errorf("the %s has a NUL in it", name)
	}
	return nil
}

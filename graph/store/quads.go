package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cayleygraph/quad"

	"casegraph/graph"
	"casegraph/graph/store/pebble"
	"casegraph/graph/vocab"
)

// told is an error in the words of this package.
func told(err error) error {
	if errors.Is(err, pebble.ErrClosed) {
		return ErrClosed
	}
	return err
}

// labelsOf are the beginnings of the labels that are Of a document.
func labelsOf(doc graph.ID) []string { return []string{string(doc) + "?", string(doc) + "/"} }

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
func fromQuad(subject, predicate, object, label quad.Value) (graph.Statement, error) {
	s, ok1 := subject.(quad.IRI)
	p, ok2 := predicate.(quad.IRI)
	l, ok3 := label.(quad.IRI)
	st := graph.Statement{Subject: graph.ID(s), Predicate: vocab.Predicate(p), Label: graph.Label(l)}
	ok4 := true
	switch o := object.(type) {
	case quad.IRI:
		st.Object = graph.ID(o)
	case quad.String:
		st.Literal = string(o)
	default:
		ok4 = false
	}
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return st, fmt.Errorf("the store is damaged: %v %v %v %v is no statement", subject, predicate, object, label)
	}
	return st, nil
}

// check says which of the statements a store cannot keep under labels of file.
func check(file graph.ID, statements []graph.Statement) error {
	if file == "" || strings.ContainsAny(string(file), "/?#") {
		return fmt.Errorf("%q is no ID of a file: it is empty, or has /, ? or # in it", file)
	}
	if err := checkText("file", string(file)); err != nil {
		return err
	}
	for _, s := range statements {
		if err := checkStatement(file, s); err != nil {
			return fmt.Errorf("statement %q %q %q under %q: %w", s.Subject, s.Predicate, s.Object, s.Label, err)
		}
	}
	return nil
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

// Package vocab is the vocabulary of the graph: its classes, relations and properties.
//
// The terms are data (vocab.yaml); the constants here name those that code speaks of. Load checks the data once at
// start, so that a mistake in it stops the program with the line it stands on, never a wrong graph.
package vocab

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

// Class is what a node is.
type Class string

// The classes.
const (
	Person      Class = "Person"
	Institution Class = "Institution"
	Position    Class = "Position"
	Case        Class = "Case"
	Document    Class = "Document"
	Place       Class = "Place"
)

// Predicate is the verb of a statement: the name of a relation or of a property.
type Predicate string

// The relations.
const (
	Signed        Predicate = "signed"
	Sent          Predicate = "sent"
	AddressedIn   Predicate = "addressedIn"
	CcdOn         Predicate = "ccdOn"
	Drafted       Predicate = "drafted"
	Cleared       Predicate = "cleared"
	Approved      Predicate = "approved"
	Released      Predicate = "released"
	Published     Predicate = "published"
	References    Predicate = "references"
	RepliesTo     Predicate = "repliesTo"
	Forwards      Predicate = "forwards"
	Mentions      Predicate = "mentions"
	Concerns      Predicate = "concerns"
	HoldsPosition Predicate = "holdsPosition"
	PositionIn    Predicate = "positionIn"
	MemberOf      Predicate = "memberOf"
	PartOf        Predicate = "partOf"
	LocatedIn     Predicate = "locatedIn"
	MetWith       Predicate = "metWith"
	CalledOn      Predicate = "calledOn"
	Appointed     Predicate = "appointed"
	AlliedWith    Predicate = "alliedWith"
	VictimIn      Predicate = "victimIn"
	AccusedIn     Predicate = "accusedIn"
	Investigates  Predicate = "investigates"
	ReportedOn    Predicate = "reportedOn"
	SameAs        Predicate = "sameAs"
)

// The properties.
const (
	ClassOf        Predicate = "class"
	Name           Predicate = "name"
	Alias          Predicate = "alias"
	Acronym        Predicate = "acronym"
	Kind           Predicate = "kind"
	Title          Predicate = "title"
	Date           Predicate = "date"
	Reference      Predicate = "reference"
	Language       Predicate = "language"
	Classification Predicate = "classification"
	Subject        Predicate = "subject"
	Tag            Predicate = "tag"
	Text           Predicate = "text"
	Span           Predicate = "span"
	Source         Predicate = "source"
	Rules          Predicate = "rules"
)

// Relation is what the vocabulary says of a relation.
type Relation struct {
	Name       Predicate `yaml:"name"`
	Domain     []Class   `yaml:"domain"`     // classes of the subject
	Range      []Class   `yaml:"range"`      // classes of the object
	Inverse    string    `yaml:"inverse"`    // how the edge reads from its object
	Symmetric  bool      `yaml:"symmetric"`  // written once, holds both ways
	Structural bool      `yaml:"structural"` // layout alone can show it
	Term       string    `yaml:"term"`       // nearest public term, or empty
	Is         string    `yaml:"is"`
}

type classTerm struct {
	Name Class  `yaml:"name"`
	Is   string `yaml:"is"`
	Term string `yaml:"term"`
}

type property struct {
	Name Predicate `yaml:"name"`
	Of   []Class   `yaml:"of"`
	Is   string    `yaml:"is"`
}

//go:embed vocab.yaml
var source []byte

var terms = mustParse(source)

type vocabulary struct {
	Classes    []classTerm `yaml:"classes"`
	Relations  []Relation  `yaml:"relations"`
	Properties []property  `yaml:"properties"`
	Kinds      []string    `yaml:"kinds"`

	relation map[Predicate]Relation
	property map[Predicate]bool
}

func mustParse(b []byte) vocabulary {
	v, err := parse(b)
	if err != nil {
		panic(fmt.Errorf("vocab.yaml is embedded and must be right: %w", err))
	}
	return v
}

// parse reads and checks a vocabulary. Unknown fields, unknown classes and names used twice are errors.
func parse(b []byte) (vocabulary, error) {
	var v vocabulary
	if err := yaml.UnmarshalWithOptions(b, &v, yaml.Strict()); err != nil {
		return v, err
	}
	known := map[Class]bool{}
	for _, c := range v.Classes {
		if known[c.Name] {
			return v, fmt.Errorf("class %q stands twice", c.Name)
		}
		known[c.Name] = true
	}
	check := func(name Predicate, classes ...Class) error {
		if v.property[name] || v.relation[name].Name != "" {
			return fmt.Errorf("%q stands twice", name)
		}
		if len(classes) == 0 {
			return fmt.Errorf("%q belongs to no class", name)
		}
		for _, c := range classes {
			if !known[c] {
				return fmt.Errorf("%q names an unknown class %q", name, c)
			}
		}
		return nil
	}
	v.relation, v.property = map[Predicate]Relation{}, map[Predicate]bool{}
	for _, r := range v.Relations {
		if err := check(r.Name, append(slices.Clone(r.Domain), r.Range...)...); err != nil {
			return v, err
		}
		if r.Inverse == "" || r.Symmetric && r.Inverse != string(r.Name) {
			return v, fmt.Errorf("%q: inverse %q", r.Name, r.Inverse)
		}
		v.relation[r.Name] = r
	}
	for _, p := range v.Properties {
		if err := check(p.Name, p.Of...); err != nil {
			return v, err
		}
		v.property[p.Name] = true
	}
	return v, nil
}

// Classes lists the classes in the order of the vocabulary.
func Classes() []Class {
	out := make([]Class, len(terms.Classes))
	for i, c := range terms.Classes {
		out[i] = c.Name
	}
	return out
}

// Relations lists the relations in the order of the vocabulary.
func Relations() []Relation { return slices.Clone(terms.Relations) }

// Kinds lists the kinds a document can have.
func Kinds() []string { return slices.Clone(terms.Kinds) }

// Lookup tells what a relation is; ok is false for anything that is not one (a property, an unknown word).
func Lookup(p Predicate) (r Relation, ok bool) {
	r, ok = terms.relation[p]
	return r, ok
}

// IsProperty tells whether p is a property, whose value is text.
func IsProperty(p Predicate) bool { return terms.property[p] }

// Allows tells whether p may lead from a subject to an object of these classes. partOf keeps to one class.
func Allows(p Predicate, subject, object Class) bool {
	r, ok := terms.relation[p]
	return ok && slices.Contains(r.Domain, subject) && slices.Contains(r.Range, object) && (p != PartOf || subject == object)
}

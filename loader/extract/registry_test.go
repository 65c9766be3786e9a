package extract

import (
	"slices"
	"strings"
	"testing"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// people puts the names, in their order, into a registry as the zones would, and gives who bears each.
func people(names ...string) []*entity {
	r := newRegistry()
	var out []*entity
	for _, n := range names {
		p, ok := person(viewOf(n))
		if !ok {
			panic("no name: " + n)
		}
		out = append(out, r.person(p.forms))
	}
	return out
}

func TestOnePerson(t *testing.T) {
	for _, c := range []struct{ story, a, b string }{
		{"the same name twice", "Marta Oquendo", "Marta Oquendo"},
		{"turned round", "Marta Oquendo", "Oquendo, Marta"},
		{"in capitals", "Marta Oquendo", "MARTA OQUENDO"},
		{"accents lost", "Julián Bermejo", "Julian Bermejo"},
		{"with an initial", "Marta J. Oquendo", "Marta Oquendo"},
		{"an initial for the given name", "M. Oquendo", "Marta Oquendo"},
		{"two initials", "M. J. Oquendo", "Marta Juana Oquendo"},
		{"OCR of an initial", "Oquendo, Marta 3", "Oquendo, Marta J"},
		{"a nickname", "Bill Oquendo", "William Oquendo"},
		{"a Spanish nickname", "Pepe Oquendo", "José Oquendo"},
		{"a nickname in quotation marks", `William "Bill" Oquendo`, "William Oquendo"},
		{"the beginning of a given name", "Alex Oquendo", "Alexandra Oquendo"},
		{"one of two surnames", "Marta Oquendo Ruiz", "Marta Oquendo"},
		{"two surnames parted by a hyphen", "Ingrid Solheim-Duarte", "Ingrid Solheim Duarte"},
		{"the surname alone", "Marta Oquendo", "Oquendo"},
		{"the surname alone first", "Ms. Oquendo", "Marta Oquendo"},
		{"a title before the surname", "Luis Bravo", "President Bravo"},
		{"a particle", "Noor van Elzen", "van Elzen, Noor"},
		{"a suffix", "Luis Bravo Jr.", "Luis Bravo"},
		{"OCR of rn for m", "Marta Bermejo", "Marta Berrnejo"},
		{"a double given name, cited by the first", "Juan Carlos Ruiz", "Juan Ruiz"},
	} {
		for _, names := range [][]string{{c.a, c.b}, {c.b, c.a}} {
			if e := people(names...); e[0] != e[1] {
				t.Errorf("%s: %q and %q are one person", c.story, names[0], names[1])
			}
		}
	}
}

func TestTwoPersons(t *testing.T) {
	for _, c := range []struct{ story, a, b string }{
		{"second given names that differ", "Juan Carlos Ruiz", "Juan Pablo Ruiz"},
		{"second initials that differ", "Juan C. Ruiz", "Juan P. Ruiz"},
		{"given names that differ", "Marta Oquendo", "Luis Oquendo"},
		{"initials that differ", "M. Oquendo", "L. Oquendo"},
		{"an initial against a name", "L. Oquendo", "Marta Oquendo"},
		{"surnames that differ", "Marta Oquendo", "Marta Quintanar"},
		{"second surnames that differ", "Marta Oquendo Ruiz", "Marta Oquendo Paz"},
		{"short surnames a letter apart", "Marta Paz", "Marta Paza"},
		{"brother and sister", "Mario Oquendo", "Maria Oquendo"},
		{"brother and sister in Spanish", "Julio Bermejo", "Julia Bermejo"},
		{"names that are a letter or two apart", "Carlos Ruiz", "Carlota Ruiz"},
		{"long names two letters apart", "Fernando Ruiz", "Fernanda Ruiz"},
		{"Marina and Mariana", "Marina Ruiz", "Mariana Ruiz"},
		{"one short form of two names", "Edward Oquendo", "Theodore Oquendo"},
		{"two nicknames of two names", "Patrick Oquendo", "Patricia Oquendo"},
		{"a mother's surname against a father's", "Ana Ruiz Paz", "Ana Paz Ruiz"},
		{"father and son", "Luis Bravo Sr.", "Luis Bravo Jr."},
	} {
		for _, names := range [][]string{{c.a, c.b}, {c.b, c.a}} {
			if e := people(names...); e[0] == e[1] {
				t.Errorf("%s: %q and %q are two persons", c.story, names[0], names[1])
			}
		}
	}
}

// A surname that two bear says of neither that it is he.
func TestLoneSurname(t *testing.T) {
	e := people("Marta Oquendo", "Luis Oquendo", "Ms. Oquendo")
	if e[2] == e[0] || e[2] == e[1] {
		t.Error("Oquendo could be either: it is neither")
	}
	e = people("Juan Carlos Ruiz", "Juan Pablo Ruiz", "Juan Ruiz", "J. Ruiz")
	if e[0] == e[1] || e[2] == e[0] || e[2] == e[1] || e[3] == e[0] || e[3] == e[1] {
		t.Error("Juan Ruiz could be either: he is neither")
	}
	// A name that two could bear must not glue the two together.
	e = people("M. Oquendo", "Marta Oquendo", "Mario Oquendo")
	if e[1] == e[2] {
		t.Error("Marta and Mario became one through M.")
	}
	e = people("Ted Oquendo", "Edward Oquendo", "Theodore Oquendo")
	if e[1] == e[2] {
		t.Error("Edward and Theodore became one through Ted")
	}
	e = people("Oquendo", "Marta Oquendo", "Luis Oquendo")
	if e[1] == e[2] {
		t.Error("Marta and Luis became one through their surname")
	}
}

// Whoever comes first, the same are one: the order of the names must not decide who is who among full names.
func TestOrderOfFullNames(t *testing.T) {
	names := []string{"Juan Carlos Ruiz", "Juan Pablo Ruiz", "Marta Oquendo", "Luis Oquendo"}
	var permute func(done, rest []string)
	permute = func(done, rest []string) {
		if len(rest) == 0 {
			seen := map[*entity]bool{}
			for _, e := range people(done...) {
				seen[e] = true
			}
			if len(seen) != len(names) {
				t.Errorf("%q: %d persons, want %d", done, len(seen), len(names))
			}
			return
		}
		for i := range rest {
			left := append(slices.Clone(rest[:i]), rest[i+1:]...)
			permute(append(slices.Clone(done), rest[i]), left)
		}
	}
	permute(nil, names)
}

func TestFinish(t *testing.T) {
	r := newRegistry()
	file := graph.ID("doc:0123456789abcdef")
	for _, n := range []string{"Oquendo, Marta", "Ms. Oquendo", "Bravo", "Salinas Vega"} {
		p, _ := person(viewOf(n))
		r.person(p.forms)
	}
	body := r.named(vocab.Institution, []string{"Red de Familias", "Red de Familias (REFABI)", "REFABI"})
	r.position("Vocera", body)
	r.position("Vocera", nil)
	r.named(vocab.Institution, []string{"refabi"})
	got := map[graph.ID]graph.Entity{}
	list := r.finish(file)
	if !slices.IsSortedFunc(list, func(a, b graph.Entity) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Error("entities are not sorted")
	}
	for _, e := range list {
		if _, twice := got[e.ID]; twice {
			t.Errorf("%s stands twice", e.ID)
		}
		got[e.ID] = e
	}
	for id, name := range map[graph.ID]string{
		"person:marta-oquendo":            "Marta Oquendo",
		"person:bravo~01234567":           "Bravo", // a surname alone proves nothing in another file
		"institution:red-de-familias":     "Red de Familias",
		"position:vocera-red-de-familias": "Vocera, Red de Familias",
		"position:vocera~01234567":        "Vocera", // of which body, only this file knows
		"person:salinas-vega~01234567":    "Salinas Vega",
	} {
		if got[id].Name != name {
			t.Errorf("%s is %q, want %q", id, got[id].Name, name)
		}
	}
	if len(list) != 6 {
		t.Errorf("%d entities, want 6: %v", len(list), list)
	}
	if e := got["institution:red-de-familias"]; e.Acronym != "REFABI" {
		t.Errorf("acronym %q", e.Acronym)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"secret", "segret", 1}, {"kitten", "sitting", 3}, {"marta", "marta", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

package gql

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// What a request document may be. A document is measured before it is validated, since validating is what a hostile one
// makes slow: fragments that spread each other twice expand to 2^n selections, and n nested braces recurse n deep.
const (
	maxTokens     = 4000
	maxDepth      = 20
	maxSelections = 1000 // fields, with every fragment expanded where it is spread
	maxAliases    = 50
	maxDirectives = 50
	maxFragments  = 100
	maxRootFields = 50
)

// checkShape refuses a document that is too large in one of these ways. One that does not parse is not its matter.
func checkShape(query string) *gqlerror.Error {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxTokens)
	if err != nil {
		return nil
	}
	if len(doc.Fragments) > maxFragments {
		return tooLarge("%d fragments, at most %d", len(doc.Fragments), maxFragments)
	}
	m := measurer{doc: doc, fragments: map[string]shape{}, open: map[string]bool{}}
	for _, f := range doc.Fragments { // also those that nothing spreads
		m.fragment(f.Name)
	}
	for _, op := range doc.Operations {
		s := m.set(op.SelectionSet)
		s.directives += len(op.Directives)
		for _, of := range []struct {
			what     string
			n, limit int
		}{
			{"levels", s.depth, maxDepth}, {"selections", s.selections, maxSelections}, {"aliases", s.aliases, maxAliases},
			{"directives", s.directives, maxDirectives}, {"fields of the root", s.top, maxRootFields},
		} {
			if of.n > of.limit {
				return tooLarge("more than %d %s", of.limit, of.what)
			}
		}
	}
	for _, s := range m.fragments {
		if s.depth > maxDepth || s.selections > maxSelections || s.aliases > maxAliases || s.directives > maxDirectives {
			return tooLarge("a fragment that is larger than an operation may be")
		}
	}
	switch {
	case m.cycle:
		return coded(codeValidation, "a fragment spreads itself")
	case m.deferred: // an answer is one piece; gqlgen would leave the deferred one out of it
		return coded(codeValidation, "@defer is not answered here")
	}
	return nil
}

// shape is what is counted of a selection set, each sum cut off at enough to be refused.
type shape struct{ depth, selections, aliases, directives, top int }

const enough = 1 << 20

func (s *shape) add(o shape) {
	s.depth = max(s.depth, o.depth)
	s.selections = min(s.selections+o.selections, enough)
	s.aliases = min(s.aliases+o.aliases, enough)
	s.directives = min(s.directives+o.directives, enough)
	s.top = min(s.top+o.top, enough)
}

// measurer measures each fragment once.
type measurer struct {
	doc       *ast.QueryDocument
	fragments map[string]shape
	open      map[string]bool // fragments being measured
	cycle     bool
	deferred  bool
}

func (m *measurer) set(set ast.SelectionSet) shape {
	var s shape
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			in := m.set(sel.SelectionSet)
			in.depth++
			in.selections++
			in.directives += len(sel.Directives)
			if sel.Alias != sel.Name {
				in.aliases++
			}
			in.top = 1
			s.add(in)
		case *ast.InlineFragment:
			in := m.set(sel.SelectionSet)
			in.directives += len(sel.Directives)
			m.deferred = m.deferred || sel.Directives.ForName("defer") != nil
			s.add(in)
		case *ast.FragmentSpread:
			in := m.fragment(sel.Name)
			in.selections++ // an empty chain of spreads costs too
			in.directives += len(sel.Directives)
			m.deferred = m.deferred || sel.Directives.ForName("defer") != nil
			s.add(in)
		}
	}
	return s
}

func (m *measurer) fragment(name string) shape {
	if s, ok := m.fragments[name]; ok {
		return s
	}
	f := m.doc.Fragments.ForName(name)
	if m.open[name] || f == nil {
		m.cycle = m.cycle || f != nil
		return shape{}
	}
	m.open[name] = true
	s := m.set(f.SelectionSet)
	s.directives += len(f.Directives)
	delete(m.open, name)
	m.fragments[name] = s
	return s
}

// maxCost is the most that the pages of a request may add up to: each field counts once for every place where it can
// stand. Pages without a size count as five, the usual; what an answer really holds is held by its budget.
const (
	maxCost     = 1_000_000
	unsizedPage = 5
)

// checkCost refuses a valid operation whose pages, one in the other, may hold too much.
func checkCost(op *graphql.OperationContext) *gqlerror.Error {
	if cost(op.Operation.SelectionSet, op.Variables) > maxCost {
		return tooLarge("pages that may hold more than %d values; ask for smaller ones", maxCost)
	}
	return nil
}

func cost(set ast.SelectionSet, vars map[string]any) int {
	sum := 0
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			in := 1 + cost(sel.SelectionSet, vars)
			if sel.Definition != nil && sel.Definition.Arguments.ForName("first") != nil {
				in *= pageSize(sel.ArgumentMap(vars))
			}
			sum += in
		case *ast.InlineFragment:
			sum += cost(sel.SelectionSet, vars)
		case *ast.FragmentSpread:
			if sel.Definition != nil {
				sum += cost(sel.Definition.SelectionSet, vars)
			}
		}
		if sum > maxCost {
			return maxCost + 1
		}
	}
	return sum
}

// pageSize is the size that the arguments of a connection ask for; what is no size is refused when it is resolved.
func pageSize(args map[string]any) int {
	size := -1
	for _, name := range []string{"first", "last"} {
		var n int
		if _, err := fmt.Sscan(fmt.Sprint(args[name]), &n); err == nil && n >= 0 && (size < 0 || n < size) {
			size = n
		}
	}
	if size < 0 {
		return unsizedPage
	}
	return max(1, min(size, maxPage))
}

func tooLarge(format string, args ...any) *gqlerror.Error {
	return coded(codeTooLarge, "the request is too large: "+format, args...)
}

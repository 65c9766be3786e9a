package gql

import (
	"encoding/base64"
	"fmt"
	"sort"
	"strings"

	"casegraph/graph"
)

const (
	defaultPage = 50
	maxPage     = 500
)

// PageInfo is the schema's type of this name, as are Connection and Edge of lists of one class, RelatedConnection and
// RelatedEdge of lists that lead from a node to others.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

type (
	Connection[N any] struct {
		Edges      []*Edge[N]
		PageInfo   PageInfo
		TotalCount int
	}
	Edge[N any] struct {
		Cursor string
		Node   N
	}
	RelatedConnection[N any] struct {
		Edges      []*RelatedEdge[N]
		PageInfo   PageInfo
		TotalCount int
	}
	RelatedEdge[N any] struct {
		Cursor   string
		Node     N
		Relation *Relation
	}
)

// Nodes are the nodes of the edges.
func (c *Connection[N]) Nodes() []N {
	nodes := make([]N, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// Nodes are the nodes of the edges.
func (c *RelatedConnection[N]) Nodes() []N {
	nodes := make([]N, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// The schema's names.
type (
	PersonConnection      = Connection[*Person]
	PersonEdge            = Edge[*Person]
	InstitutionConnection = Connection[*Institution]
	InstitutionEdge       = Edge[*Institution]
	PositionConnection    = Connection[*Position]
	PositionEdge          = Edge[*Position]
	CaseConnection        = Connection[*Case]
	CaseEdge              = Edge[*Case]
	DocumentConnection    = Connection[*Document]
	DocumentEdge          = Edge[*Document]
	PlaceConnection       = Connection[*Place]
	PlaceEdge             = Edge[*Place]
	RelationConnection    = Connection[*Relation]
	RelationEdge          = Edge[*Relation]

	RelatedPersonConnection      = RelatedConnection[*Person]
	RelatedPersonEdge            = RelatedEdge[*Person]
	RelatedInstitutionConnection = RelatedConnection[*Institution]
	RelatedInstitutionEdge       = RelatedEdge[*Institution]
	RelatedActorConnection       = RelatedConnection[Actor]
	RelatedActorEdge             = RelatedEdge[Actor]
	RelatedEntityConnection      = RelatedConnection[Entity]
	RelatedEntityEdge            = RelatedEdge[Entity]
	RelatedPositionConnection    = RelatedConnection[*Position]
	RelatedPositionEdge          = RelatedEdge[*Position]
	RelatedCaseConnection        = RelatedConnection[*Case]
	RelatedCaseEdge              = RelatedEdge[*Case]
	RelatedDocumentConnection    = RelatedConnection[*Document]
	RelatedDocumentEdge          = RelatedEdge[*Document]
	RelatedPlaceConnection       = RelatedConnection[*Place]
	RelatedPlaceEdge             = RelatedEdge[*Place]
)

// page is which part of a list is asked for, checked.
type page struct {
	first, last   int // -1 is not given
	after, before *graph.Key
	text          string // the arguments as one text: equal pages have equal texts
}

// newPage checks the arguments of a connection.
func newPage(first *int, after *string, last *int, before *string) (page, error) {
	p := page{first: -1, last: -1}
	size := func(name string, n *int, into *int) error {
		if n == nil {
			return nil
		}
		if *n < 0 || *n > maxPage {
			return fmt.Errorf("%w: %s must be from 0 to %d", graph.ErrInvalid, name, maxPage)
		}
		*into = *n
		return nil
	}
	place := func(name string, cursor *string, into **graph.Key) error {
		if cursor == nil {
			return nil
		}
		k, ok := parseCursor(*cursor)
		if !ok {
			return fmt.Errorf("%w: %s is not a cursor", graph.ErrInvalid, name)
		}
		*into = &k
		return nil
	}
	for _, err := range []error{size("first", first, &p.first), size("last", last, &p.last),
		place("after", after, &p.after), place("before", before, &p.before)} {
		if err != nil {
			return p, err
		}
	}
	if p.first < 0 && p.last < 0 {
		p.first = defaultPage
	}
	p.text = fmt.Sprintf("%d %d %+q %+q", p.first, p.last, p.after, p.before)
	return p, nil
}

// cut finds the page in a list of n places, which key tells in their order: items from to to-1.
func (p page) cut(n int, key func(int) graph.Key) (from, to int) {
	to = n
	if p.after != nil {
		from = sort.Search(n, func(i int) bool { return key(i).Compare(*p.after) > 0 })
	}
	if p.before != nil {
		to = max(from, sort.Search(n, func(i int) bool { return key(i).Compare(*p.before) >= 0 }))
	}
	if p.first >= 0 {
		to = min(to, from+p.first)
	}
	if p.last >= 0 {
		from = max(from, to-p.last)
	}
	return from, to
}

// info describes the page from to to of n places.
func info(n, from, to int, key func(int) graph.Key) PageInfo {
	i := PageInfo{HasNextPage: to < n, HasPreviousPage: from > 0}
	if from < to {
		start, end := cursor(key(from)), cursor(key(to-1))
		i.StartCursor, i.EndCursor = &start, &end
	}
	return i
}

// cursor names a place in a list by its key, so that it keeps when others come and go.
func cursor(k graph.Key) string {
	return base64.RawURLEncoding.EncodeToString([]byte(k.Sort + "\x00" + string(k.ID)))
}

func parseCursor(s string) (graph.Key, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	at, id, ok := strings.Cut(string(b), "\x00")
	return graph.Key{Sort: at, ID: graph.ID(id)}, err == nil && ok && id != ""
}

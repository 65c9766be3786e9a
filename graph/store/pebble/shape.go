package pebble

import (
	"context"
	"slices"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/cayley/graph/shape"
	"github.com/cayleygraph/quad"
)

// predsMost is the number of predicates up to which each is a range of its own; more are looked up quad by quad.
const predsMost = 16

// OptimizeShape implements Cayley's shape.Optimizer. It makes one walk over a range of keys, or one range a node, of
// conditions on quads and of what is taken from these quads. Where a predicate is known, no quad with another one is
// read, and no predicate is scanned to find the edges of a few nodes. Recursive morphisms do not come by here: Cayley
// builds them without optimizing.
func (f *face) OptimizeShape(s shape.Shape) (shape.Shape, bool) {
	switch s := s.(type) {
	case shape.Fixed:
		for _, ref := range s {
			if r, ok := ref.(*unread); ok {
				return broken{r.err}, true
			}
		}
		return wrapped{f, true, s}, true
	case shape.Union:
		// Cayley itself removes only the first of two neighbours that are null, and panics over the other one.
		if slices.ContainsFunc(s, shape.IsNull) {
			return slices.DeleteFunc(slices.Clone(s), shape.IsNull), true
		}
	case shape.Quads:
		l := linksShape{f: f}
		for _, c := range s {
			if c.Dir < quad.Subject || c.Dir > quad.Label {
				return s, false // Cayley has its own words for that
			}
			if out := l.add(c.Dir, c.Values); out != nil {
				return out, true
			}
		}
		return l, true
	case shape.QuadsAction:
		l := linksShape{f: f, want: s.Result}
		for d, tags := range s.Save {
			if out := l.add(d, shape.Save{From: shape.AllNodes{}, Tags: tags}); out != nil {
				return out, true
			}
		}
		for d, ref := range s.Filter {
			if out := l.add(d, shape.Fixed{ref}); out != nil {
				return out, true
			}
		}
		return l.take(s.Result), true
	case shape.Intersect, shape.IntersectOpt, shape.Except, shape.Sort:
		return wrapped{f, false, s}, true
	case shape.NodesFrom:
		if out, ok := nodesFrom(s.Quads, s.Dir); ok && s.Dir != quad.Any {
			return out, true
		}
	}
	return s, false
}

// nodesFrom is the shape of what quads have in a direction, when they are links or a union of them. Cayley gives nil
// for the label of a quad without one, as a node of its own; links do not.
func nodesFrom(quads shape.Shape, d quad.Direction) (shape.Shape, bool) {
	switch s := quads.(type) {
	case linksShape:
		return s.take(d), s.want == quad.Any
	case shape.Union:
		out := make(shape.Union, len(s))
		for i := range s {
			var ok bool
			if out[i], ok = nodesFrom(s[i], d); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// linksShape is the shape of links. Its ends are exported because Cayley walks shapes by reflection.
type linksShape struct {
	f        *face
	given    given
	preds    []Ref
	labelled bool
	tags     []tag
	want     quad.Direction
	From     shape.Quads
}

// add adds a condition. It gives the shape to take instead when that is known: nothing can match, or a value could not
// be looked up.
func (l *linksShape) add(d quad.Direction, values shape.Shape) shape.Shape {
	if shape.IsNull(values) {
		return shape.Null{}
	}
	from := values
	if w, ok := values.(wrapped); ok {
		from = w.From
	}
	switch v := from.(type) {
	case shape.Save:
		for _, name := range v.Tags {
			l.tags = append(l.tags, tag{d, name})
		}
		return l.add(d, v.From)
	case shape.AllNodes:
		// Every quad has a node in every direction but this one. That is also why a tag on it cannot just be read off.
		l.labelled = l.labelled || d == quad.Label
		return nil
	case shape.Fixed:
		var refs []Ref
		for _, ref := range v {
			switch ref := ref.(type) {
			case *unread:
				return broken{ref.err}
			case Ref:
				if ref != (Ref{}) {
					refs = append(refs, ref)
				}
			}
		}
		slices.SortFunc(refs, compareRefs)
		refs = slices.Compact(refs)
		switch {
		case len(refs) == 0:
			return shape.Null{}
		case len(refs) == 1 && len(v) == 1 && d == quad.Predicate && l.preds != nil:
			if !slices.Contains(l.preds, refs[0]) {
				return shape.Null{}
			}
			l.preds = nil
			l.given, _ = l.given.with(d, refs[0])
			return nil
		case len(refs) == 1 && len(v) == 1:
			g, ok := l.given.with(d, refs[0])
			if !ok {
				return shape.Null{}
			}
			l.given = g
			return nil
		case d == quad.Predicate && l.preds == nil && !l.given.has(d) && len(refs) == len(v) && len(refs) <= predsMost:
			l.preds = refs
			return nil
		}
	}
	l.From = append(l.From, shape.QuadFilter{Dir: d, Values: values})
	return nil
}

// take is the shape of what the quads have in a direction.
func (l linksShape) take(d quad.Direction) linksShape {
	l.want = d
	l.labelled = l.labelled || d == quad.Label
	return l
}

// BuildIterator implements Cayley's Shape.
func (l linksShape) BuildIterator(qs cgraph.QuadStore) cgraph.Iterator {
	it := &links{f: l.f, mark: l.f.mark(), given: l.given, preds: l.preds, labelled: l.labelled, tags: l.tags, want: l.want}
	for _, e := range l.From {
		it.from = append(it.from, end{e.Dir, cgraph.AsShape(e.Values.BuildIterator(qs))})
	}
	return cgraph.NewLegacy(it, nil)
}

// Optimize implements Cayley's Shape: it was optimized when it was made.
func (l linksShape) Optimize(shape.Optimizer) (shape.Shape, bool) { return l, false }

// wrapped is a shape of Cayley's whose iterator is watched. What it wraps is exported because Cayley walks shapes by
// reflection.
type wrapped struct {
	f     *face
	exact bool // its size is, when it says so
	From  shape.Shape
}

// BuildIterator implements Cayley's Shape.
func (w wrapped) BuildIterator(qs cgraph.QuadStore) cgraph.Iterator {
	it := w.From.BuildIterator(qs)
	if s, ok := w.From.(shape.Sort); ok {
		it = iterator.NewSort(sortNamer{w.f}, s.From.BuildIterator(qs))
	}
	return cgraph.NewLegacy(&watched{IteratorShape: cgraph.AsShape(it), f: w.f, mark: w.f.mark(), exact: w.exact}, nil)
}

// Optimize implements Cayley's Shape: it was optimized when it was made.
func (w wrapped) Optimize(shape.Optimizer) (shape.Shape, bool) { return w, false }

// sortNamer has a name for every node. Cayley's Sort panics without one, when its read has failed or the node was
// removed meanwhile.
type sortNamer struct{ *face }

func (n sortNamer) NameOf(ref cgraph.Ref) quad.Value {
	if v := n.face.NameOf(ref); v != nil {
		return v
	}
	return quad.String("")
}

// watched is an iterator of Cayley's that tells what Cayley's does not: reads that failed somewhere in a query (HasA
// and others drop them), and how the context ended. Its size is not taken for exact where Cayley wrongly does (the size
// of an intersection is that of its smallest part, which the others then make smaller), and is at least 1 (that of
// Except may be -1, which the optimizer of intersections takes for a divisor, plus 1).
type watched struct {
	cgraph.IteratorShape
	f     *face
	mark  int64
	exact bool
	ctx   context.Context // see nodes
}

func (w *watched) Iterate() cgraph.Scanner {
	return &watchedScan{Scanner: w.IteratorShape.Iterate(), w: w, ctx: w.ctx}
}

func (w *watched) Lookup() cgraph.Index {
	return &watchedIndex{Index: w.IteratorShape.Lookup(), w: w, ctx: w.ctx}
}

func (w *watched) Stats(ctx context.Context) (cgraph.IteratorCosts, error) {
	costs, err := w.IteratorShape.Stats(ctx)
	if !w.exact {
		costs.Size = cgraph.Size{Size: max(1, costs.Size.Size)}
	}
	return costs, err
}

// Optimize optimizes what is watched.
func (w *watched) Optimize(ctx context.Context) (cgraph.IteratorShape, bool) {
	it, ok := w.IteratorShape.Optimize(ctx)
	if ok && iterator.IsNull2(it) {
		return it, true
	}
	w.IteratorShape, w.ctx = it, ctx
	return w, false
}

type watchedScan struct {
	cgraph.Scanner
	w    *watched
	ctx  context.Context
	done bool
}

func (s *watchedScan) Next(ctx context.Context) bool {
	s.ctx = ctx
	if s.w.f.missed(s.w.mark) != nil || ctx.Err() != nil {
		return false
	}
	ok := s.Scanner.Next(ctx)
	s.done = !ok && ctx.Err() == nil // a recursive iterator ends with its context, and says nothing
	return ok
}

func (s *watchedScan) Err() error { return s.w.f.said(s.w.mark, s.Scanner.Err(), s.ctx, s.done) }

type watchedIndex struct {
	cgraph.Index
	w   *watched
	ctx context.Context
}

func (x *watchedIndex) Contains(ctx context.Context, ref cgraph.Ref) bool {
	x.ctx = ctx
	return x.Index.Contains(ctx, ref)
}

func (x *watchedIndex) Err() error { return x.w.f.said(x.w.mark, x.Index.Err(), x.ctx, false) }

// broken is the shape of a query with a value that could not be looked up.
type broken struct{ err error }

func (b broken) BuildIterator(cgraph.QuadStore) cgraph.Iterator { return iterator.NewError(b.err) }

func (b broken) Optimize(shape.Optimizer) (shape.Shape, bool) { return b, false }

package pebble

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/quad"
)

// given are nodes that quads must have in some directions.
type given struct {
	refs [4]Ref
	set  [4]bool
}

// with adds a node; ok is false when another one is given already.
func (g given) with(d quad.Direction, r Ref) (out given, ok bool) {
	if g.set[d-1] {
		return g, g.refs[d-1] == r
	}
	g.refs[d-1], g.set[d-1] = r, true
	return g, true
}

func (g given) has(d quad.Direction) bool { return g.set[d-1] }

func (g given) match(q Quad) bool {
	for _, d := range quad.Directions {
		if g.set[d-1] && g.refs[d-1] != q.Get(d) {
			return false
		}
	}
	return true
}

// leading is the number of nodes with which the keys of an index can begin.
func (g given) leading(index byte) (n int) {
	for _, d := range order(index) {
		if !g.has(d) {
			break
		}
		n++
	}
	return n
}

// best are the indexes in whose keys most of the nodes lead, and how many do.
func (g given) best() (best [4]byte, many, leading int) {
	for _, index := range indexes {
		switch n := g.leading(index); {
		case index == keyLSPO && n == 0: // quads without a label are not in it
		case many == 0 || n > leading:
			best[0], many, leading = index, 1, n
		case n == leading && n > 0:
			best[many] = index
			many++
		}
	}
	return best, many, leading
}

// index is one of the best.
func (g given) index() byte {
	best, _, _ := g.best()
	return best[0]
}

// prefix appends what the keys of an index begin with.
func (g given) prefix(b []byte, index byte) []byte {
	b = append(b, index)
	lead := order(index)
	for _, d := range lead[:g.leading(index)] {
		b = appendRef(b, g.refs[d-1])
	}
	return b
}

// links are the quads that have given nodes in some directions and nodes of other iterators in others; or what these
// quads have in one direction, once a quad. That is every iterator over quads that this package has: Cayley's
// QuadIterator and QuadsAllIterator, and its LinksTo and HasA where shapes are folded.
type links struct {
	f        *face
	mark     int64
	given    given
	preds    []Ref // of which one must be the predicate; none: any. Sorted, unique.
	labelled bool  // only quads with a label
	tags     []tag
	from     []end
	want     quad.Direction // quad.Any: the quads
	plan     *plan
	ctx      context.Context // see nodes
}

// tag is a name for what the quads have in a direction.
type tag struct {
	d    quad.Direction
	name string
}

// end is one end of a quad, which has to be a node of an iterator.
type end struct {
	d  quad.Direction
	it cgraph.IteratorShape
}

// plan is how links are walked.
type plan struct {
	index byte // when all that is given is one range: where it is
	drive int  // the end that is walked, each of its nodes a range; -1: what is given is
	costs cgraph.IteratorCosts
}

// What things cost, in steps of an iterator. A seek is one for a node; fan is how many quads a node is taken to have
// when nothing is known of it.
const (
	seekCost = 4
	fan      = 8
)

// planned makes the plan. What is given bounds the quads, however the walk goes: so the end is walked unless it has
// about as many nodes as there are such quads.
func (l *links) planned(ctx context.Context) (*plan, error) {
	if l.plan != nil {
		return l.plan, nil
	}
	p := &plan{drive: -1}
	var size cgraph.Size
	var err error
	if len(l.preds) == 0 {
		size, p.index, err = l.f.size(ctx, l.given)
	} else {
		size.Exact = true
		for _, r := range l.preds {
			g, _ := l.given.with(quad.Predicate, r)
			n, _, err := l.f.size(ctx, g)
			if err != nil {
				return nil, err
			}
			size.Size += n.Size
			size.Exact = size.Exact && n.Exact
		}
	}
	if err != nil {
		return nil, err
	}
	// Cayley takes the size of an intersection for exact when the smallest part is, and does not count then: so nodes,
	// which get intersected, never are.
	if len(l.from) > 0 || l.labelled && !l.given.has(quad.Label) || l.want != quad.Any {
		size.Exact = false
	}
	ends := make([]cgraph.IteratorCosts, len(l.from))
	check := 0.0
	for i, e := range l.from {
		if ends[i], err = e.it.Stats(ctx); err != nil {
			return nil, err
		}
		check += cost(ends[i].ContainsCost)
	}
	total := cost(size.Size)
	best := total * (1 + check)
	for i, c := range ends {
		n := cost(c.Size.Size)
		quads := min(n*fan, total)
		if all := n*(cost(c.NextCost)+seekCost*float64(max(1, len(l.preds)))) + quads*(1+check-cost(c.ContainsCost)); all < best {
			best, p.drive = all, i
		}
		size.Size = int64(min(float64(size.Size), max(quads, 1)))
	}
	p.costs.Size = size
	p.costs.NextCost = steps(best / max(1, cost(size.Size)))
	p.costs.ContainsCost = steps(1 + check)
	if l.want != quad.Any {
		p.costs.ContainsCost = seekCost
		if len(l.from) > 0 {
			p.costs.ContainsCost = steps(seekCost + fan*check)
		}
	}
	l.plan = p
	return p, nil
}

// cost reads a number of Cayley's, where sizes of recursive iterators overflow.
func cost(n int64) float64 {
	if n < 0 {
		return 1e15
	}
	return float64(n)
}

// steps is a number of steps for Cayley, which multiplies it with others.
func steps(x float64) int64 { return int64(math.Ceil(min(max(x, 1), 1e9))) }

func (l *links) Iterate() cgraph.Scanner {
	s := &linksScan{links: l, c: &cursor{f: l.f}, ctx: l.ctx}
	s.cleanup = runtime.AddCleanup(s, abandon, []*cursor{s.c})
	return s
}

func (l *links) Lookup() cgraph.Index {
	x := &linksIndex{links: l, checks: newChecks(l.from, -1), ctx: l.ctx}
	if l.want != quad.Any {
		x.c = &cursor{f: l.f}
		x.cleanup = runtime.AddCleanup(x, abandon, []*cursor{x.c})
	}
	return x
}

// abandon closes the cursors of an iterator that nobody can reach any more and nobody has closed.
func abandon(cursors []*cursor) {
	for _, c := range cursors {
		_ = c.close()
	}
}

func (l *links) Stats(ctx context.Context) (cgraph.IteratorCosts, error) {
	p, err := l.planned(ctx)
	if err != nil {
		return cgraph.IteratorCosts{ContainsCost: 1, NextCost: 1, Size: cgraph.Size{Size: 1}}, err
	}
	return p.costs, nil
}

// Optimize implements Cayley's IteratorShape: it optimizes the ends. The iterator stays the same object, as Cayley
// wants it of one that has nothing to gain.
func (l *links) Optimize(ctx context.Context) (cgraph.IteratorShape, bool) {
	l.ctx = ctx
	for i := range l.from {
		it, ok := l.from[i].it.Optimize(ctx)
		if !ok {
			continue
		}
		if iterator.IsNull2(it) {
			return it, true
		}
		l.from[i].it, l.plan = it, nil
	}
	return l, false
}

func (l *links) SubIterators() []cgraph.IteratorShape {
	var out []cgraph.IteratorShape
	for _, e := range l.from {
		out = append(out, e.it)
	}
	return out
}

func (l *links) String() string {
	var by []string
	for _, d := range quad.Directions {
		if l.given.has(d) || d == quad.Predicate && len(l.preds) > 0 {
			by = append(by, d.String())
		}
	}
	for _, e := range l.from {
		by = append(by, "from "+e.d.String())
	}
	of := "quads"
	if l.want != quad.Any {
		of = l.want.String()
	}
	return fmt.Sprintf("Pebble(%s by %s)", of, strings.Join(by, ", "))
}

// result is what a quad gives.
func (l *links) result(q Quad) cgraph.Ref {
	switch {
	case q == Quad{}:
		return nil
	case l.want == quad.Any:
		return q
	}
	return q.Get(l.want)
}

func (l *links) tagResults(dst map[string]cgraph.Ref, q Quad) {
	if q == (Quad{}) {
		return
	}
	for _, t := range l.tags {
		dst[t.name] = q.Get(t.d)
	}
}

// checks are the ends that are looked up, and not walked.
type checks struct {
	d   []quad.Direction
	all []cgraph.Index
}

func newChecks(from []end, but int) (c checks) {
	for i, e := range from {
		if i != but {
			c.d, c.all = append(c.d, e.d), append(c.all, e.it.Lookup())
		}
	}
	return c
}

// pass tells whether every end of q is one of its iterator. When not, the iterators stand where they stood with prev,
// the last quad that passed: it still counts for tags.
func (c checks) pass(ctx context.Context, q, prev Quad) (bool, error) {
	for i, index := range c.all {
		node := q.Get(c.d[i])
		if node != (Ref{}) && index.Contains(ctx, node) {
			continue
		}
		if err := index.Err(); err != nil {
			return false, err
		}
		if prev != (Quad{}) {
			for j := range i {
				c.all[j].Contains(ctx, prev.Get(c.d[j]))
				if err := c.all[j].Err(); err != nil {
					return false, err
				}
			}
		}
		return false, nil
	}
	return true, nil
}

func (c checks) nextPath(ctx context.Context) (bool, error) {
	for _, index := range c.all {
		if index.NextPath(ctx) {
			return true, nil
		}
		if err := index.Err(); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (c checks) tagResults(dst map[string]cgraph.Ref) {
	for _, index := range c.all {
		index.TagResults(dst)
	}
}

func (c checks) close() (errs []error) {
	for _, index := range c.all {
		errs = append(errs, index.Close())
	}
	return errs
}

// spans are the ranges of keys of the quads with given nodes and one of some predicates.
type spans struct {
	at    given // of the range that is read
	base  given
	preds []Ref // of which the spans are still to come
	index byte  // where the one range is that is still to come, when there are no predicates; 0: there is none
}

// start begins the ranges; index is where the range of g is, when that is known.
func (r *spans) start(g given, preds []Ref, index byte) {
	*r = spans{at: g, base: g, preds: preds}
	if len(preds) > 0 {
		if !g.has(quad.Predicate) {
			return
		}
		r.preds = nil
		if _, ok := slices.BinarySearchFunc(preds, g.refs[quad.Predicate-1], compareRefs); !ok {
			return
		}
	}
	if r.index = index; index == 0 {
		r.index = g.index()
	}
}

// next moves the cursor to the next range; false: there is none.
func (r *spans) next(c *cursor) bool {
	index := r.index
	switch {
	case len(r.preds) > 0:
		r.at, _ = r.base.with(quad.Predicate, r.preds[0])
		r.preds = r.preds[1:]
		index = r.at.index()
	case index == 0:
		return false
	default:
		r.index = 0
	}
	c.seek(func(b []byte) []byte { return r.at.prefix(b, index) })
	return true
}

// linksScan goes through links.
type linksScan struct {
	*links
	spans
	c       *cursor
	cleanup runtime.Cleanup
	drive   int
	end     cgraph.Scanner // of the end that is walked; nil: what is given is
	checks  checks
	begun   bool
	done    bool
	err     error
	ctx     context.Context // of the last call
	q       Quad
}

func (s *linksScan) Next(ctx context.Context) bool {
	s.ctx = ctx
	if s.done || s.err != nil {
		return false
	}
	ok, err := s.step(ctx)
	if ok {
		return true
	}
	s.q = Quad{}
	s.done = err == nil
	if e := s.release(); err == nil {
		err = e
	}
	s.err = err
	return false
}

func (s *linksScan) step(ctx context.Context) (bool, error) {
	if err := s.f.missed(s.mark); err != nil {
		return false, err
	}
	if !s.begun {
		p, err := s.planned(ctx)
		if err != nil {
			return false, err
		}
		s.begun, s.drive, s.checks = true, p.drive, newChecks(s.from, p.drive)
		if s.drive >= 0 {
			s.end = s.from[s.drive].it.Iterate()
		} else {
			s.start(s.given, s.links.preds, p.index)
		}
	}
	for {
		q, ok, err := s.c.quad(ctx)
		if err != nil {
			return false, err
		}
		if !ok {
			if s.spans.next(s.c) {
				continue
			}
			if ok, err = s.node(ctx); err != nil || !ok {
				return false, err
			}
			continue
		}
		if !s.at.match(q) || s.labelled && q.Label == (Ref{}) {
			continue
		}
		if ok, err = s.checks.pass(ctx, q, s.q); err != nil {
			return false, err
		}
		if ok {
			s.q = q
			return true, nil
		}
	}
}

// node goes to the next node of the end that is walked.
func (s *linksScan) node(ctx context.Context) (bool, error) {
	if s.end == nil {
		return false, nil
	}
	for s.end.Next(ctx) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		switch r := s.end.Result().(type) {
		case Ref:
			if g, ok := s.given.with(s.from[s.drive].d, r); ok && r != (Ref{}) {
				s.start(g, s.links.preds, 0)
				return true, nil
			}
		case *unread:
			return false, r.err
		}
	}
	// A recursive iterator ends without an error whatever happened.
	return false, cmp.Or(s.end.Err(), s.f.missed(s.mark), ctx.Err())
}

func (s *linksScan) NextPath(ctx context.Context) bool {
	s.ctx = ctx
	if s.q == (Quad{}) || s.err != nil {
		return false
	}
	if s.end != nil {
		if s.end.NextPath(ctx) {
			return true
		}
		if s.err = s.end.Err(); s.err != nil {
			return false
		}
	}
	var ok bool
	ok, s.err = s.checks.nextPath(ctx)
	return ok
}

func (s *linksScan) Result() cgraph.Ref { return s.result(s.q) }

func (s *linksScan) TagResults(dst map[string]cgraph.Ref) {
	if s.end != nil {
		s.end.TagResults(dst)
	}
	s.checks.tagResults(dst)
	s.tagResults(dst, s.q)
}

func (s *linksScan) Err() error { return s.f.said(s.mark, s.err, s.ctx, s.done) }

func (s *linksScan) Close() error {
	s.done = true
	return s.release()
}

// release closes what the iterator reads from.
func (s *linksScan) release() error {
	s.cleanup.Stop()
	errs := append(s.checks.close(), s.c.close())
	if s.end != nil {
		errs = append(errs, s.end.Close())
	}
	return errors.Join(errs...)
}

// linksIndex looks links up.
type linksIndex struct {
	*links
	spans
	c       *cursor // nil when quads are looked up: what a quad has is known without a read
	cleanup runtime.Cleanup
	checks  checks
	err     error
	ctx     context.Context
	q       Quad // the last one that passed
}

// Contains implements Cayley's Index. A quad is taken to be in the store: it came from there.
func (x *linksIndex) Contains(ctx context.Context, ref cgraph.Ref) bool {
	x.ctx = ctx
	if x.err != nil {
		return false
	}
	ok, err := x.contains(ctx, ref)
	x.err = err
	return ok && err == nil
}

func (x *linksIndex) contains(ctx context.Context, ref cgraph.Ref) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := x.f.missed(x.mark); err != nil {
		return false, err
	}
	switch ref := ref.(type) {
	case *unread:
		return false, ref.err
	case Quad:
		if x.want != quad.Any {
			return false, nil
		}
		if x.start(x.given, x.links.preds, 0); !x.fits(ref) {
			return false, nil
		}
		ok, err := x.checks.pass(ctx, ref, x.q)
		if ok {
			x.q = ref
		}
		return ok, err
	case Ref:
		g, ok := given{}, false
		if x.want != quad.Any && ref != (Ref{}) {
			g, ok = x.given.with(x.want, ref)
		}
		if !ok {
			return false, nil
		}
		x.start(g, x.links.preds, 0)
		x.spans.next(x.c)
		return x.more(ctx)
	}
	return false, nil
}

// fits tells whether a quad is what is given.
func (x *linksIndex) fits(q Quad) bool {
	if !x.given.match(q) || x.labelled && q.Label == (Ref{}) {
		return false
	}
	if len(x.links.preds) == 0 {
		return true
	}
	_, ok := slices.BinarySearchFunc(x.links.preds, q.Predicate, compareRefs)
	return ok
}

// more goes to the next quad of the node.
func (x *linksIndex) more(ctx context.Context) (bool, error) {
	for {
		q, ok, err := x.c.quad(ctx)
		if err != nil {
			return false, err
		}
		if !ok {
			if !x.spans.next(x.c) {
				return false, nil
			}
			continue
		}
		if !x.at.match(q) || x.labelled && q.Label == (Ref{}) {
			continue
		}
		if ok, err = x.checks.pass(ctx, q, x.q); err != nil {
			return false, err
		}
		if ok {
			x.q = q
			return true, nil
		}
	}
}

func (x *linksIndex) NextPath(ctx context.Context) bool {
	x.ctx = ctx
	if x.err != nil || x.q == (Quad{}) {
		return false
	}
	ok, err := x.checks.nextPath(ctx)
	if !ok && err == nil && x.want != quad.Any {
		ok, err = x.more(ctx)
	}
	x.err = err
	return ok && err == nil
}

func (x *linksIndex) Result() cgraph.Ref { return x.result(x.q) }

func (x *linksIndex) TagResults(dst map[string]cgraph.Ref) {
	x.checks.tagResults(dst)
	x.tagResults(dst, x.q)
}

func (x *linksIndex) Err() error { return x.f.said(x.mark, x.err, x.ctx, false) }

func (x *linksIndex) Close() error {
	x.cleanup.Stop()
	errs := x.checks.close()
	if x.c != nil {
		errs = append(errs, x.c.close())
	}
	return errors.Join(errs...)
}

// nodes are all nodes: the entries of the dictionary, then the passages that quads have; each once.
type nodes struct {
	f    *face
	mark int64
	size *cgraph.Size
	ctx  context.Context // of Optimize: when it ends before the first step, Cayley's loops take no step and tell nothing
}

func (n *nodes) Iterate() cgraph.Scanner {
	s := &nodesScan{nodes: n, ctx: n.ctx}
	for i := range s.c {
		s.c[i] = &cursor{f: n.f}
	}
	// The two classes of the dictionary that are nodes by themselves come first, bases after them.
	s.c[0].seekRange([]byte{keyValue}, append([]byte{keyValue}, byte(isBase>>56)))
	s.cleanup = runtime.AddCleanup(s, abandon, slices.Clone(s.c[:])) // s.c itself would keep s
	return s
}

func (n *nodes) Lookup() cgraph.Index { return &nodesIndex{nodes: n, ctx: n.ctx} }

func (n *nodes) Stats(ctx context.Context) (cgraph.IteratorCosts, error) {
	costs := cgraph.IteratorCosts{ContainsCost: seekCost, NextCost: 1, Size: cgraph.Size{Size: 1}}
	if n.size == nil {
		size, err := n.f.nodes(ctx, false)
		if err != nil {
			return costs, err
		}
		n.size = &size
	}
	costs.Size.Size = n.size.Size // never exact, see planned
	return costs, nil
}

// Optimize implements Cayley's IteratorShape: there is nothing to gain.
func (n *nodes) Optimize(ctx context.Context) (cgraph.IteratorShape, bool) {
	n.ctx = ctx
	return n, false
}

func (n *nodes) SubIterators() []cgraph.IteratorShape { return nil }

func (n *nodes) String() string { return "Pebble(nodes)" }

// nodesScan goes through all nodes.
type nodesScan struct {
	*nodes
	c       [1 + 4]*cursor // over the dictionary, and over the passages of each index
	refs    [4]Ref         // the passage at which each index stands; zero: at its end
	begun   bool           // the passages are
	cleanup runtime.Cleanup
	ref     Ref
	done    bool
	err     error
	ctx     context.Context
}

func (s *nodesScan) Next(ctx context.Context) bool {
	s.ctx = ctx
	if s.done || s.err != nil {
		return false
	}
	s.ref, s.err = s.next(ctx)
	if s.err == nil && s.ref != (Ref{}) {
		return true
	}
	s.done = s.err == nil
	if err := s.release(); s.err == nil {
		s.err = err
	}
	return false
}

// next is the next node; zero: there is none.
func (s *nodesScan) next(ctx context.Context) (r Ref, err error) {
	if err := s.f.missed(s.mark); err != nil {
		return Ref{}, err
	}
	if !s.begun {
		ok, err := s.c[0].step(ctx, func(key []byte) error {
			id, rest, ok := cutID(key[1:])
			if !ok || len(rest) > 0 {
				return errKey
			}
			r.ID = id
			return nil
		})
		if ok || err != nil {
			return r, err
		}
		s.begun = true
		for i, index := range indexes {
			s.c[1+i].seekRange([]byte{index, isBase >> 56}, []byte{index, isBase>>56 + 0x40})
			if s.refs[i], err = s.passage(ctx, s.c[1+i]); err != nil {
				return Ref{}, err
			}
		}
	}
	for _, ref := range s.refs {
		if ref != (Ref{}) && (r == Ref{} || compareRefs(ref, r) < 0) {
			r = ref
		}
	}
	for i, index := range indexes {
		if r == (Ref{}) || s.refs[i] != r {
			continue
		}
		c := s.c[1+i]
		next, err := s.passage(ctx, c) // in the index of labels most passages have one quad
		if err == nil && next == r {
			lo := after(nil, appendRef([]byte{index}, r))
			c.seekRange(lo, []byte{index, isBase>>56 + 0x40})
			next, err = s.passage(ctx, c)
		}
		if err != nil {
			return Ref{}, err
		}
		s.refs[i] = next
	}
	return r, nil
}

// passage is the first node of the next key of an index.
func (s *nodesScan) passage(ctx context.Context, c *cursor) (r Ref, err error) {
	_, err = c.step(ctx, func(key []byte) error {
		var ok bool
		if r, _, ok = cutRef(key[1:]); !ok || !r.passage() {
			return errKey
		}
		return nil
	})
	return r, err
}

func (s *nodesScan) NextPath(context.Context) bool { return false }

func (s *nodesScan) Result() cgraph.Ref {
	if s.ref == (Ref{}) {
		return nil
	}
	return s.ref
}

func (s *nodesScan) TagResults(map[string]cgraph.Ref) {}

func (s *nodesScan) Err() error { return s.f.said(s.mark, s.err, s.ctx, s.done) }

func (s *nodesScan) Close() error {
	s.done = true
	return s.release()
}

func (s *nodesScan) release() error {
	s.cleanup.Stop()
	var errs []error
	for _, c := range s.c {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// nodesIndex tells whether a node is there.
type nodesIndex struct {
	*nodes
	ref Ref
	err error
	ctx context.Context
}

func (x *nodesIndex) Contains(ctx context.Context, ref cgraph.Ref) bool {
	x.ctx = ctx
	if x.err != nil {
		return false
	}
	var ok bool
	if ok, x.err = x.contains(ctx, ref); ok {
		x.ref = ref.(Ref)
	}
	return ok
}

func (x *nodesIndex) contains(ctx context.Context, ref cgraph.Ref) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := x.f.missed(x.mark); err != nil {
		return false, err
	}
	switch ref := ref.(type) {
	case *unread:
		return false, ref.err
	case Ref:
		return x.f.exists(ref)
	}
	return false, nil
}

func (x *nodesIndex) NextPath(context.Context) bool { return false }

func (x *nodesIndex) Result() cgraph.Ref {
	if x.ref == (Ref{}) {
		return nil
	}
	return x.ref
}

func (x *nodesIndex) TagResults(map[string]cgraph.Ref) {}

func (x *nodesIndex) Err() error { return x.f.said(x.mark, x.err, x.ctx, false) }

func (x *nodesIndex) Close() error { return nil }

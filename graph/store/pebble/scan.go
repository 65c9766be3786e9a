package pebble

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	pdb "github.com/cockroachdb/pebble/v2"
)

// Pattern selects quads. A nil set matches anything, an empty one nothing; a quad must match every set.
type Pattern struct {
	Subjects, Predicates, Objects []Ref
	Labels                        *Labels
}

const (
	pairsMax  = 4       // predicates up to which asking for each is cheaper than passing over the others
	crossMax  = 1 << 10 // pairs of subject and object up to which asking for each is
	countStep = 64      // quads of each way that are counted at first to find the shortest
	countMost = 1 << 16 // quads beyond which it no longer matters
)

// Scan calls f for every quad that matches, in the order of the index that it walks, until f returns false. It chooses
// the way that passes over the fewest quads, by counting them.
func (v *View) Scan(ctx context.Context, p Pattern, f func(Quad) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it, err := v.its.take()
	if err != nil {
		return err
	}
	defer v.its.put(it)
	w := walker{ctx: ctx, it: it}
	way, ok, err := w.plan(&p)
	if err != nil || !ok {
		return err
	}
	keep := p.filter()
	return w.walk(way, func(q Quad) bool { return !keep(q) || f(q) })
}

// way is a list of ranges of keys, sorted.
type way struct {
	n      int
	prefix func(b []byte, i int) []byte // appends the prefix of the i-th range
}

func ways(index byte, sets ...[]Ref) way {
	n := 1
	for _, s := range sets {
		n *= len(s)
	}
	return way{n, func(b []byte, i int) []byte {
		b = append(b, index)
		rest := n
		for _, s := range sets {
			rest /= len(s)
			b = appendRef(b, s[i/rest%len(s)])
		}
		return b
	}}
}

// plan makes the sets of p sorted and unique, and chooses the way to go; ok is false when nothing can match.
func (w *walker) plan(p *Pattern) (best way, ok bool, err error) {
	for _, set := range []*[]Ref{&p.Subjects, &p.Predicates, &p.Objects} {
		if *set == nil {
			continue
		}
		*set = slices.DeleteFunc(slices.Clone(*set), func(r Ref) bool { return r == Ref{} })
		if len(*set) == 0 {
			return way{}, false, nil
		}
		slices.SortFunc(*set, compareRefs)
		*set = slices.Compact(*set)
	}
	few := len(p.Predicates) > 0 && len(p.Predicates) <= pairsMax
	var all []way
	if p.Labels != nil {
		if len(p.Labels.prefixes) == 0 {
			return way{}, false, nil
		}
		all = append(all, way{len(p.Labels.prefixes), func(b []byte, i int) []byte { return append(b, p.Labels.prefixes[i]...) }})
	}
	switch s, o := p.Subjects, p.Objects; {
	case s != nil && o != nil && len(s)*len(o) <= crossMax:
		all = append(all, ways(keyOSPL, o, s))
	default:
		if s != nil && few {
			all = append(all, ways(keySPOL, s, p.Predicates))
		} else if s != nil {
			all = append(all, ways(keySPOL, s))
		}
		if o != nil && few {
			all = append(all, ways(keyPOSL, p.Predicates, o))
		} else if o != nil {
			all = append(all, ways(keyOSPL, o))
		}
	}
	switch {
	case len(all) == 1:
		return all[0], true, nil
	case len(all) > 1:
		best, err = w.shortest(all)
		return best, true, err
	case p.Predicates != nil:
		return ways(keyPOSL, p.Predicates), true, nil
	}
	return ways(keySPOL), true, nil
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Len, b.Len))
}

// filter tells whether a quad is in every set.
func (p Pattern) filter() func(Quad) bool {
	s, pr, o := members(p.Subjects), members(p.Predicates), members(p.Objects)
	inLabels := p.Labels.members()
	return func(q Quad) bool { return s(q.Subject) && pr(q.Predicate) && o(q.Object) && inLabels(q.Label) }
}

func members(set []Ref) func(Ref) bool {
	switch {
	case set == nil:
		return func(Ref) bool { return true }
	case len(set) <= 8:
		return func(r Ref) bool { return slices.Contains(set, r) }
	}
	m := make(map[Ref]struct{}, len(set))
	for _, r := range set {
		m[r] = struct{}{}
	}
	return func(r Ref) bool { _, ok := m[r]; return ok }
}

func (l *Labels) members() func(Ref) bool {
	if l == nil {
		return func(Ref) bool { return true }
	}
	m := make(map[uint64]struct{}, len(l.prefixes))
	for _, p := range l.prefixes {
		id, _, _ := cutID(p[1:])
		m[id] = struct{}{}
	}
	return func(r Ref) bool { _, ok := m[r.ID]; return ok }
}

// walker walks over keys with one iterator.
type walker struct {
	ctx    context.Context
	it     *pdb.Iterator
	lo, hi []byte
	n      int // keys seen
}

// walk calls f for the quads of a way until it returns false.
func (w *walker) walk(g way, f func(Quad) bool) error {
	for i := range g.n {
		w.lo = g.prefix(w.lo[:0], i)
		if more, err := w.run(f); err != nil || !more {
			return err
		}
	}
	return nil
}

// run calls f for the quads whose keys begin with lo, until it returns false; more tells that it did not.
func (w *walker) run(f func(Quad) bool) (more bool, err error) {
	w.hi = after(w.hi[:0], w.lo)
	for st := w.it.SeekGEWithLimit(w.lo, w.hi); ; st = w.it.NextWithLimit(w.hi) {
		if w.n++; w.n%256 == 0 && w.ctx.Err() != nil {
			return false, w.ctx.Err()
		}
		if st != pdb.IterValid {
			return true, w.it.Error()
		}
		key := w.it.Key()
		if !bytes.HasPrefix(key, w.lo) {
			return true, nil
		}
		q, err := parseQuad(key)
		if err != nil {
			return false, err
		}
		if !f(q) {
			return false, nil
		}
	}
}

// shortest is the way with the fewest quads. It costs some times as many as that one has.
func (w *walker) shortest(all []way) (way, error) {
	for limit := countStep; limit < countMost; limit *= 8 {
		best, least := way{}, limit
		for _, g := range all {
			n := 0
			if err := w.walk(g, func(Quad) bool { n++; return n < least }); err != nil {
				return way{}, err
			}
			if n < least {
				best, least = g, n
			}
		}
		if least < limit {
			return best, nil
		}
	}
	return all[0], nil
}

// Direction says at which end of an edge a walk stands.
type Direction int

// Out follows edges from their subject, In from their object, Both from either.
const (
	Out Direction = iota
	In
	Both
)

const (
	passMax = 16 // quads with other predicates that are passed over before the next wanted one is sought
	inMax   = 48 // edges into a node that are read from one range before the predicates are asked for one by one
)

// Expand calls f for the edges with one of the predicates at the nodes of frontier, until it returns false. An edge is
// a quad whose object is no text; predicate is its place in predicates, out tells that from is the subject. An edge
// comes once for each label. The frontier is gone through in the order of Refs.
func (v *View) Expand(ctx context.Context, frontier, predicates []Ref, dir Direction, f func(from, to Ref, predicate int, out bool) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it, err := v.its.take()
	if err != nil {
		return err
	}
	defer v.its.put(it)
	e := expander{walker: walker{ctx: ctx, it: it}, f: f}
	for i, p := range predicates {
		if (p != Ref{}) {
			e.wanted = append(e.wanted, wanted{p, i})
		}
	}
	slices.SortFunc(e.wanted, func(a, b wanted) int { return compareRefs(a.ref, b.ref) })
	if !slices.IsSortedFunc(frontier, compareRefs) {
		frontier = slices.SortedFunc(slices.Values(frontier), compareRefs)
	}
	for _, node := range frontier {
		if len(e.wanted) == 0 || (node == Ref{}) {
			continue
		}
		if dir != In {
			if more, err := e.out(node); err != nil || !more {
				return err
			}
		}
		if dir != Out {
			if more, err := e.in(node); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

type wanted struct {
	ref   Ref
	place int
}

type expander struct {
	walker
	wanted []wanted // sorted
	few    [inMax]Quad
	f      func(from, to Ref, predicate int, out bool) bool
}

// find is the place of a predicate among those wanted, or of the next larger one.
func (e *expander) find(p Ref) (int, bool) {
	for i, w := range e.wanted {
		if c := compareRefs(w.ref, p); c >= 0 {
			return i, c == 0
		}
	}
	return len(e.wanted), false
}

// out reads the edges from a node: one range, until too many other predicates are in the way; then one for each that
// is still to come.
func (e *expander) out(node Ref) (more bool, err error) {
	e.lo = appendRef(append(e.lo[:0], keySPOL), node)
	start := len(e.lo)
	passed, next, stop := 0, len(e.wanted), false
	ended, err := e.run(func(q Quad) bool {
		i, ok := e.find(q.Predicate)
		if ok {
			passed = 0
			stop = !q.Object.IsText() && !e.f(node, q.Object, e.wanted[i].place, true)
			return !stop
		}
		if passed++; passed > passMax || i == len(e.wanted) {
			next = i
			return false
		}
		return true
	})
	if err != nil || stop || ended {
		return !stop, err
	}
	for _, w := range e.wanted[next:] {
		e.lo = appendRef(e.lo[:start], w.ref)
		more, err := e.run(func(q Quad) bool { return q.Object.IsText() || e.f(node, q.Object, w.place, true) })
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// in reads the edges into a node: while they are few from one range, else predicate by predicate.
func (e *expander) in(node Ref) (more bool, err error) {
	e.lo = appendRef(append(e.lo[:0], keyOSPL), node)
	n := 0
	ended, err := e.run(func(q Quad) bool {
		if n == inMax {
			return false
		}
		e.few[n] = q
		n++
		return true
	})
	if err != nil {
		return false, err
	}
	if ended {
		for _, q := range e.few[:n] {
			if i, ok := e.find(q.Predicate); ok && !e.f(node, q.Subject, e.wanted[i].place, false) {
				return false, nil
			}
		}
		return true, nil
	}
	for _, w := range e.wanted {
		e.lo = appendRef(appendRef(append(e.lo[:0], keyPOSL), w.ref), node)
		more, err := e.run(func(q Quad) bool { return e.f(node, q.Subject, w.place, false) })
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

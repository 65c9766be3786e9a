package graph

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"casegraph/graph/vocab"
)

// Walk says along what, how far and at what cost a question walks. The zero of a number is its default; negative ones,
// and a Direction that is none, are ErrInvalid.
type Walk struct {
	Predicates []vocab.Predicate // nil is every relation but sameAs, an empty set none
	Direction  Direction         // seen from where the walk starts; a symmetric relation is found from either end with Both only
	Hops       int               // at most; by default 1, for a path 6
	Nodes      int               // met at most, with those that it starts from; by default 1000, for a path as many as Edges allows
	Edges      int               // read at most, each as often as it has claims, and those that tell sameness; by default a million
}

// Cut says whether an answer was cut short, and by which bound of its Walk. A whole answer does not depend on the order
// in which the store was loaded or reads; what stands in one that was cut short may.
type Cut int

// Whole is an answer to which nothing is missing, CutNodes one that more than Walk.Nodes nodes belong to, CutEdges one
// that would have taken the reading of more than Walk.Edges edges.
const (
	Whole Cut = iota
	CutNodes
	CutEdges
)

func (c Cut) String() string {
	return [...]string{"whole", "cut at the number of nodes", "cut at the number of edges read"}[c]
}

// Triple is a relation without its claims.
type Triple struct {
	Subject   ID
	Predicate vocab.Predicate
	Object    ID
}

// ID names the relation (see RelationID).
func (t Triple) ID() ID { return RelationID(t.Subject, t.Predicate, t.Object) }

// Degree is how many relations of one kind a node has: Out of them with it as subject, In as object. One that leads
// from a node to itself counts in both.
type Degree struct {
	Predicate vocab.Predicate
	Out, In   int
}

// Degrees counts the relations of each of ids, by the ID asked for: relations, not their claims. Only predicates that a
// node has are in its list, sorted bytewise; an id without any is absent. Nil predicates are every relation but sameAs.
// When that is asked for, it does not count between a citation and the document that stands for it, which are one node.
//
// It reads every edge of ids, so that a hub takes time as it is large: bound that by a deadline.
func (g *Graph) Degrees(ctx context.Context, ids []ID, predicates []vocab.Predicate) (map[ID][]Degree, error) {
	out := map[ID][]Degree{}
	err := g.walk(ctx, Walk{Predicates: predicates, Edges: unbounded}, func(k *walker) error {
		ids := unique(ids)
		nodes, err := k.start(ids)
		if err != nil {
			return err
		}
		var met places
		for _, h := range nodes {
			if h != (Handle{}) && met.find(h) < 0 {
				met.add(h)
			}
		}
		counts := make([]struct{ out, in int }, len(met.nodes)*len(k.predicates)) // node by node
		type relation struct {
			at int // 2i and 2i+1 are counts[i]
			to Handle
		}
		seen := map[relation]bool{} // needed only where two edges can be one relation
		var last Handle             // edges of one node mostly come one after the other
		from := -1
		err = k.expand(met.nodes, Both, func(e Edge) bool {
			if e.From != last {
				last, from = e.From, int(met.find(e.From))
			}
			if from < 0 {
				return true
			}
			i := from*len(k.predicates) + e.Predicate
			if k.same != nil {
				r := relation{2 * i, e.To}
				if e.Out {
					r.at++
				}
				if seen[r] {
					return true
				}
				seen[r] = true
			}
			if e.Out {
				counts[i].out++
			} else {
				counts[i].in++
			}
			return true
		})
		if err != nil {
			return err
		}
		for n, id := range ids {
			at := int(met.find(nodes[n]))
			if at < 0 {
				continue
			}
			for i, p := range k.predicates {
				if c := counts[at*len(k.predicates)+i]; c.out+c.in > 0 {
					out[id] = append(out[id], Degree{p, c.out, c.in})
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Reached is a node and the number of hops to it from the nearest one that the walk started from.
type Reached struct {
	ID   ID
	Hops int
}

// Neighbourhood is a part of the graph, to be drawn.
type Neighbourhood struct {
	Nodes []Reached // by Hops, then ID
	// Edges are the relations between Nodes that the walk read, each once: when it is whole all that stand, in its
	// direction, at a node less than Walk.Hops away. They are in the order of their subjects in Nodes, then by predicate,
	// then in the order of their objects.
	Edges []Triple
	Cut   Cut
}

// Neighbourhood returns the nodes within w.Hops of start, the nearest first, and the relations on the way to them. A
// start that is not in the store is absent, one that is cut off (by more starts than w.Nodes) the last by ID. No node is
// in the answer that is farther away than one left out.
func (g *Graph) Neighbourhood(ctx context.Context, start []ID, w Walk) (Neighbourhood, error) {
	w.Hops, w.Nodes = cmp.Or(w.Hops, 1), cmp.Or(w.Nodes, 1000)
	var out Neighbourhood
	err := g.walk(ctx, w, func(k *walker) (err error) {
		out, err = k.neighbourhood(unique(start), w)
		return err
	})
	if err != nil {
		return Neighbourhood{}, err
	}
	return out, nil
}

func (k *walker) neighbourhood(start []ID, w Walk) (Neighbourhood, error) {
	handles, err := k.start(start)
	if err != nil {
		return Neighbourhood{}, err
	}
	var met places
	var hops []int
	type relation struct{ subject, predicate, object int32 }
	var relations []relation
	// meet gives the place of a node; -1 when it would be one too many.
	meet := func(h Handle, at int) int32 {
		i := met.find(h)
		if i < 0 {
			if len(met.nodes) >= w.Nodes {
				k.cut = CutNodes
				return -1
			}
			i = met.add(h)
			hops = append(hops, at)
		}
		return i
	}
	for _, h := range handles {
		if h != (Handle{}) {
			meet(h, 0)
		}
	}
	for at, level := 1, 0; at <= w.Hops && level < len(met.nodes) && !k.stopped(); at++ {
		end := len(met.nodes)
		for lo := level; lo < end && !k.stopped(); lo += chunk {
			var last Handle // edges of one node mostly come one after the other
			from := int32(-1)
			err := k.expand(met.nodes[lo:min(lo+chunk, end)], w.Direction, func(e Edge) bool {
				if e.From != last {
					last, from = e.From, met.find(e.From)
				}
				if from < 0 {
					return true
				}
				to := meet(e.To, at)
				if to < 0 {
					return false
				}
				switch {
				case w.Direction == Both && int(to) < lo: // read, all of it, from the other end
				case e.Out:
					relations = append(relations, relation{from, int32(e.Predicate), to})
				default:
					relations = append(relations, relation{to, int32(e.Predicate), from})
				}
				return true
			})
			if err != nil {
				return Neighbourhood{}, err
			}
		}
		level = end
	}

	ids, err := k.ids(met.nodes)
	if err != nil {
		return Neighbourhood{}, err
	}
	out := Neighbourhood{Nodes: make([]Reached, len(met.nodes)), Cut: k.cut}
	order, place := make([]int32, len(met.nodes)), make([]int32, len(met.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(hops[a]-hops[b], strings.Compare(string(ids[a]), string(ids[b])))
	})
	for to, i := range order {
		place[i] = int32(to)
		out.Nodes[to] = Reached{ids[i], hops[i]}
	}
	for i, r := range relations {
		relations[i] = relation{place[r.subject], r.predicate, place[r.object]}
	}
	slices.SortFunc(relations, func(a, b relation) int {
		return cmp.Or(int(a.subject-b.subject), int(a.predicate-b.predicate), int(a.object-b.object))
	})
	relations = slices.Compact(relations)
	out.Edges = make([]Triple, len(relations))
	for i, r := range relations {
		out.Edges[i] = Triple{out.Nodes[r.subject].ID, k.predicates[r.predicate], out.Nodes[r.object].ID}
	}
	return out, nil
}

// Path is a shortest way from one node to another: Steps[i] leads from Nodes[i] to Nodes[i+1]. From a node to itself it
// is that node without a step. A path without nodes was not found: there is none within the hops asked for when Cut is
// Whole, else it is not decided.
type Path struct {
	Nodes []ID
	Steps []Step
	Cut   Cut // Whole whenever a path was found: no bound hides a shorter one
}

// Found tells whether there is a path.
func (p Path) Found() bool { return len(p.Nodes) > 0 }

// Step is a relation as it is passed: Out from its subject to its object, else the other way.
type Step struct {
	Triple
	Out bool
}

// ShortestPath returns a path from one node to the other with as few steps as any, of at most w.Hops. Which one, when
// several are as short, and which relation, when several join two nodes of it, may depend on the store; that there is
// one, and its length, do not. To or from what is not in the store there is none.
//
// It walks from both ends, from each as long as that is cheaper, so that a hub at one end costs little. Giving up on an
// end counts in w.Edges too.
func (g *Graph) ShortestPath(ctx context.Context, from, to ID, w Walk) (Path, error) {
	w.Hops, w.Nodes = cmp.Or(w.Hops, 6), cmp.Or(w.Nodes, unbounded)
	var out Path
	err := g.walk(ctx, w, func(k *walker) (err error) {
		out, err = k.path(from, to, w)
		return err
	})
	if err != nil {
		return Path{}, err
	}
	return out, nil
}

// search is a search for a path from both ends: the nodes met, and for each how.
type search struct {
	places
	met []passed
}

// side is one end of a search with what was found from it: all nodes up to some level of hops.
type side struct {
	end      int32
	dir      Direction
	from, to int // its last level is nodes[from:to]
	level    int
	cost     int // what the next level costs at least, in edges
}

// passed is how a side came to a node.
type passed struct {
	from      int32 // the place of the node before it; its own for an end
	end       int32 // the end that it was found from
	predicate int32
	out       bool // whether the node before is the subject
}

// link is where the sides met: an edge from a node that one side has to one that the other has.
type link struct {
	passed
	to int32
}

func (k *walker) path(from, to ID, w Walk) (Path, error) {
	ends, err := k.start([]ID{from, to})
	if err != nil || ends[0] == (Handle{}) || ends[1] == (Handle{}) {
		return Path{Cut: k.cut}, err
	}
	if ends[0] == ends[1] {
		ids, err := k.ids(ends[:1])
		return Path{Nodes: ids}, err
	}
	if w.Nodes < 2 {
		return Path{Cut: CutNodes}, nil
	}
	back := w.Direction
	switch back {
	case Out:
		back = In
	case In:
		back = Out
	}
	var q search
	for i, h := range ends {
		q.add(h)
		q.met = append(q.met, passed{from: int32(i), end: int32(i)})
	}
	sides := [2]*side{{end: 0, dir: w.Direction, from: 0, to: 1, cost: 1}, {end: 1, dir: back, from: 1, to: 2, cost: 1}}
	// No path of as many steps as both levels together, or fewer, exists, and each side has all nodes of its levels:
	// whatever edge leads from the last level of one to a node of the other is on a shortest path.
	for sides[0].level+sides[1].level < w.Hops {
		s, o := sides[0], sides[1]
		if o.cost < s.cost {
			s, o = o, s
		}
		if s.cost == unbounded { // no room for the next level of either
			return Path{Cut: CutNodes}, nil
		}
		meeting, ok, err := k.advance(&q, s, o.cost, w.Nodes)
		switch {
		case err != nil:
			return Path{}, err
		case ok:
			return k.joined(&q, meeting)
		case k.cut != Whole:
			return Path{Cut: k.cut}, nil
		case s.from == s.to:
			return Path{}, nil // all that is to be found from here is found
		}
	}
	return Path{}, nil
}

// turn is how many edges a side may read at least before the other has its turn.
const turn = 1024

// advance goes on to the next level of s, until that meets the other side. When the level costs far more than the next
// one of the other side may, or leads to more nodes than there may be, s stays as it was, but for what the level costs.
func (k *walker) advance(q *search, s *side, other, room int) (meeting link, ok bool, err error) {
	begin, edges, full := len(q.nodes), max(turn, min(other, unbounded/4)*4), false
	k.turn, k.late = k.read+edges, false
	for lo := s.from; lo < s.to && !ok && !full && !k.stopped(); lo += chunk {
		var last Handle // edges of one node mostly come one after the other
		from := int32(-1)
		err := k.expand(q.nodes[lo:min(lo+chunk, s.to)], s.dir, func(e Edge) bool {
			if e.From != last {
				last, from = e.From, q.find(e.From)
			}
			if from < 0 {
				return true
			}
			p := passed{from, s.end, int32(e.Predicate), e.Out}
			if to := q.find(e.To); to >= 0 {
				if ok = q.met[to].end != s.end; ok {
					meeting = link{p, to}
				}
				return !ok
			}
			if full = len(q.nodes) >= room; full {
				return false
			}
			q.add(e.To)
			q.met = append(q.met, p)
			return true
		})
		if err != nil {
			return link{}, false, err
		}
	}
	switch {
	case ok:
	case full:
		q.drop(begin)
		s.cost = unbounded
	case k.late:
		q.drop(begin)
		s.cost = edges
	default:
		s.from, s.to, s.level = begin, len(q.nodes), s.level+1
		s.cost = s.to - s.from
	}
	q.met = q.met[:len(q.nodes)]
	return meeting, ok, nil
}

// joined is the path that goes over meeting.
func (k *walker) joined(q *search, meeting link) (Path, error) {
	var nodes []Handle
	var steps []passed
	trace := func(at int32, out func(passed) bool) {
		for nodes = append(nodes, q.nodes[at]); q.met[at].from != at; at = q.met[at].from {
			p := q.met[at]
			nodes, steps = append(nodes, q.nodes[p.from]), append(steps, passed{predicate: p.predicate, out: out(p)})
		}
	}
	near, far, step := meeting.from, meeting.to, meeting.passed
	if meeting.end == 1 {
		near, far, step.out = far, near, !step.out
	}
	trace(near, func(p passed) bool { return p.out })
	slices.Reverse(nodes)
	slices.Reverse(steps)
	steps = append(steps, step)
	trace(far, func(p passed) bool { return !p.out })
	ids, err := k.ids(nodes)
	if err != nil {
		return Path{}, err
	}
	out := Path{Nodes: ids, Steps: make([]Step, len(steps))}
	for i, p := range steps {
		t := Triple{ids[i], k.predicates[p.predicate], ids[i+1]}
		if !p.out {
			t.Subject, t.Object = t.Object, t.Subject
		}
		out.Steps[i] = Step{t, p.out}
	}
	return out, nil
}

// places numbers nodes in the order in which they are added. It is a hash table over a list, and not a map, since a walk
// does hardly anything but look nodes up: it takes a third of the time.
type places struct {
	nodes []Handle
	slots []int32 // 1 + a place in nodes, or 0; at least twice as many as nodes, a power of two
}

// slot is where h stands in slots, or would.
func (p *places) slot(h Handle) uint64 {
	mask := uint64(len(p.slots) - 1)
	for i := (h.A*0x9e3779b97f4a7c15 + h.B*0xd6e8feb86659fd93) >> 32; ; i++ {
		if at := p.slots[i&mask]; at == 0 || p.nodes[at-1] == h {
			return i & mask
		}
	}
}

// find gives the place of h; -1 when it has none.
func (p *places) find(h Handle) int32 {
	if len(p.slots) == 0 {
		return -1
	}
	return p.slots[p.slot(h)] - 1
}

// add gives the next place to h, which has none.
func (p *places) add(h Handle) int32 {
	if p.nodes = append(p.nodes, h); 2*len(p.nodes) > len(p.slots) {
		p.slots = make([]int32, max(256, 4*len(p.slots)))
		for i, h := range p.nodes {
			p.slots[p.slot(h)] = int32(i + 1)
		}
	} else {
		p.slots[p.slot(h)] = int32(len(p.nodes))
	}
	return int32(len(p.nodes) - 1)
}

// drop takes the places from n on away again. The last that was added stands in no other's way, so that it goes first.
func (p *places) drop(n int) {
	for i := len(p.nodes) - 1; i >= n; i-- {
		p.slots[p.slot(p.nodes[i])] = 0
	}
	p.nodes = p.nodes[:n]
}

const (
	// unbounded is a bound that is none, and still far from overflowing.
	unbounded = math.MaxInt / 4
	// chunk is how many nodes are expanded in one call: a walk that comes to its bound has not asked for many more.
	chunk = 64
	// batch is how many edges are read before it is asked which of their ends are the same.
	batch = 256
)

// walker walks through one view, edge by edge. A citation and the document that stands for it (see Graph) are one node to
// it, whose handle is that of the document.
//
// What stands for a node is asked of the store for nodes that the vocabulary lets be documents, and only when the store
// has any sameAs: then every one of them costs a look at an index. The rule is that of Graph.same: it speaks of IDs, so
// that the few nodes with a sameAs are named.
type walker struct {
	ctx        context.Context
	view       View
	predicates []vocab.Predicate // each once, bytewise
	documents  [2][]bool         // by predicate, of edges seen from the object and from the subject: the other end may be a document
	read       int               // edges
	limit      int               // of read, for the whole answer
	turn       int               // of read, for the time being
	cut        Cut               // what ended the walk
	late       bool              // turn was reached

	asked  bool          // whether the store has any sameAs
	same   *standing     // nil when it has none, or was not asked
	names  map[Handle]ID // of nodes with a sameAs
	buffer []Edge
	ask    []Handle
}

// standing tells what stands for nodes that may be documents, as far as it was asked.
type standing struct {
	places
	by []Handle // for each of nodes, what stands for it
}

// of gives what stands for h; ok is false when that was not asked.
func (s *standing) of(h Handle) (by Handle, ok bool) {
	if i := s.find(h); i >= 0 {
		return s.by[i], true
	}
	return Handle{}, false
}

// set makes by stand for h.
func (s *standing) set(h, by Handle) {
	if i := s.find(h); i >= 0 {
		s.by[i] = by
		return
	}
	s.add(h)
	s.by = append(s.by, by)
}

// walk opens a view for one question. Its context and every failed read end the question with an error.
func (g *Graph) walk(ctx context.Context, w Walk, question func(*walker) error) (err error) {
	if w.Hops < 0 || w.Nodes < 0 || w.Edges < 0 || w.Direction < Out || w.Direction > Both {
		return fmt.Errorf("%w: a walk of %d hops, %d nodes and %d edges in direction %d", ErrInvalid, w.Hops, w.Nodes, w.Edges, w.Direction)
	}
	view, err := g.View(ctx)
	if err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	defer func() {
		if e := view.Close(); err == nil && e != nil {
			err = fmt.Errorf("reading the store: %w", e)
		}
	}()
	k := &walker{ctx: ctx, view: view, limit: cmp.Or(w.Edges, 1_000_000), turn: unbounded}
	k.predicates = slices.Clone(orRelations(w.Predicates))
	slices.Sort(k.predicates)
	k.predicates = slices.Compact(k.predicates)
	k.documents = [2][]bool{make([]bool, len(k.predicates)), make([]bool, len(k.predicates))}
	for i, p := range k.predicates {
		r, known := vocab.Lookup(p)
		k.documents[0][i] = !known || slices.Contains(r.Domain, vocab.Document)
		k.documents[1][i] = !known || slices.Contains(r.Range, vocab.Document)
	}
	return question(k)
}

// document tells whether the other end of an edge may be a document.
func (k *walker) document(e Edge) bool {
	if e.Out {
		return k.documents[1][e.Predicate]
	}
	return k.documents[0][e.Predicate]
}

// stopped tells that no more edges may be read.
func (k *walker) stopped() bool { return k.cut != Whole || k.late }

// start gives the nodes that ids name, in their order; the zero Handle for one that is not in the store, and for one that
// there were not enough edges to tell.
func (k *walker) start(ids []ID) ([]Handle, error) {
	handles, err := k.view.Handles(k.ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	var documents []Handle
	for i, id := range ids {
		if id.IsDocument() && handles[i] != (Handle{}) {
			documents = append(documents, handles[i])
		}
	}
	if len(documents) == 0 {
		return handles, nil
	}
	if err := k.look(); err != nil || k.same == nil {
		return handles, err
	}
	if _, err := k.stand(documents); err != nil {
		return nil, err
	}
	handles = slices.Clone(handles)
	for i, id := range ids {
		if id.IsDocument() {
			handles[i], _ = k.same.of(handles[i])
		}
	}
	return handles, nil
}

// expand gives the edges at the nodes of frontier to visit until that says false, between nodes that stand for
// themselves. An edge of one claim or more comes once; when citations are merged, the same relation may come again.
func (k *walker) expand(frontier []Handle, dir Direction, visit func(Edge) bool) error {
	if len(k.predicates) == 0 || len(frontier) == 0 {
		return nil
	}
	if dir != In && slices.Contains(k.documents[1], true) || dir != Out && slices.Contains(k.documents[0], true) {
		if err := k.look(); err != nil {
			return err
		}
	}
	if k.same == nil {
		for e, err := range k.edges(frontier, k.predicates, dir) {
			if err != nil {
				return err
			}
			if !visit(e) {
				return nil
			}
		}
		return nil
	}

	frontier, ok, err := k.withCitations(frontier)
	if err != nil || !ok {
		return err
	}
	if k.buffer == nil {
		k.buffer = make([]Edge, 0, batch)
	}
	edges := k.buffer[:0]
	flush := func() (more bool, err error) {
		k.ask = k.ask[:0]
		for _, e := range edges {
			if k.document(e) {
				k.ask = append(k.ask, e.To)
			}
		}
		if _, err := k.stand(k.ask); err != nil {
			return false, err
		}
		for _, e := range edges {
			if h, ok := k.same.of(e.From); ok {
				e.From = h
			}
			if h, ok := k.same.of(e.To); ok {
				e.To = h
			} else if k.document(e) {
				continue // the walk stopped before it could be told what stands for it
			}
			if e.From == e.To && k.predicates[e.Predicate] == vocab.SameAs {
				continue
			}
			if !visit(e) {
				return false, nil
			}
		}
		edges = edges[:0]
		return !k.stopped(), nil
	}
	for e, err := range k.edges(frontier, k.predicates, dir) {
		if err != nil {
			return err
		}
		if edges = append(edges, e); len(edges) == batch {
			if more, err := flush(); err != nil || !more {
				return err
			}
		}
	}
	_, err = flush()
	return err
}

// edges gives the edges at frontier, those of one edge's claims as one, as long as they may be read.
func (k *walker) edges(frontier []Handle, predicates []vocab.Predicate, dir Direction) iter.Seq2[Edge, error] {
	return func(yield func(Edge, error) bool) {
		if k.stopped() {
			return
		}
		var last Edge
		for e, err := range k.view.Expand(k.ctx, frontier, predicates, dir) {
			switch {
			case err != nil:
				yield(Edge{}, fmt.Errorf("reading the store: %w", err))
				return
			case k.read >= k.limit:
				k.cut = CutEdges
				return
			case k.read >= k.turn:
				k.late = true
				return
			}
			k.read++
			if e == last {
				continue
			}
			last = e
			if !yield(e, nil) {
				return
			}
		}
	}
}

var sameAs = []vocab.Predicate{vocab.SameAs}

// look asks once whether the store has any sameAs: same is nil afterwards when it has none.
func (k *walker) look() error {
	if k.asked {
		return nil
	}
	for s, err := range k.view.Find(k.ctx, Pattern{Predicates: sameAs}) {
		if err != nil {
			return fmt.Errorf("reading the store: %w", err)
		}
		if s.Object != "" {
			k.same, k.names = &standing{}, map[Handle]ID{}
			break
		}
	}
	k.asked = true
	return nil
}

// stand finds what stands for nodes that may be documents. It is not ok, and nothing is found, when the walk had to stop.
func (k *walker) stand(nodes []Handle) (ok bool, err error) {
	begin := len(k.same.nodes)
	for _, h := range nodes {
		if k.same.find(h) < 0 {
			k.same.set(h, h)
		}
	}
	ask := slices.Clone(k.same.nodes[begin:])
	if len(ask) == 0 {
		return true, nil
	}
	defer func() {
		if !ok {
			k.same.drop(begin)
			k.same.by = k.same.by[:begin]
		}
	}()
	type claim struct{ cited, by Handle }
	var claims []claim
	for e, err := range k.edges(ask, sameAs, In) {
		if err != nil {
			return false, err
		}
		claims = append(claims, claim{e.From, e.To})
	}
	if k.stopped() {
		return false, nil
	}
	// A number that many documents bear ("s/n") has as many claims: the first few tell that nothing stands for it.
	shared := map[Handle]bool{}
	for len(claims) > 0 {
		some := claims[:min(len(claims), chunk)]
		k.ask = k.ask[:0]
		for _, c := range some {
			k.ask = append(k.ask, c.cited, c.by)
		}
		names, err := k.ids(k.ask)
		if err != nil {
			return false, err
		}
		for i, c := range some {
			k.names[c.cited], k.names[c.by] = names[2*i], names[2*i+1]
			if !isCited(names[2*i]) || isCited(names[2*i+1]) {
				continue
			}
			k.same.set(c.by, c.by) // it is not cited
			switch before, _ := k.same.of(c.cited); {
			case before == c.cited && !shared[c.cited]:
				k.same.set(c.cited, c.by)
			case before != c.by:
				k.same.set(c.cited, c.cited)
				shared[c.cited] = true
			}
		}
		claims = slices.DeleteFunc(claims[len(some):], func(c claim) bool { return shared[c.cited] })
	}
	return true, nil
}

// withCitations is frontier and the citations that documents in it stand for. It is not ok when the walk had to stop.
func (k *walker) withCitations(frontier []Handle) (all []Handle, ok bool, err error) {
	var documents []Handle
	for _, h := range frontier {
		if k.same.find(h) >= 0 {
			documents = append(documents, h)
		}
	}
	if len(documents) == 0 {
		return frontier, true, nil
	}
	var standing []Edge
	var cited []Handle
	for e, err := range k.edges(documents, sameAs, Out) {
		if err != nil {
			return nil, false, err
		}
		standing, cited = append(standing, e), append(cited, e.To)
	}
	if k.stopped() {
		return nil, false, nil
	}
	if ok, err := k.stand(cited); err != nil || !ok {
		return nil, false, err
	}
	all = slices.Clone(frontier)
	for _, e := range standing {
		if by, _ := k.same.of(e.To); by == e.From && e.To != e.From {
			all = append(all, e.To)
		}
	}
	return all, true, nil
}

// ids names nodes, in their order.
func (k *walker) ids(nodes []Handle) ([]ID, error) {
	out := make([]ID, len(nodes))
	var ask []Handle
	var at []int
	for i, h := range nodes {
		if id, known := k.names[h]; known {
			out[i] = id
		} else {
			ask, at = append(ask, h), append(at, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	ids, err := k.view.IDs(k.ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	for i, id := range ids {
		out[at[i]] = id
	}
	return out, nil
}

package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/cayley/graph/shape"
	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
)

// Name is the name under which Cayley knows this kind of store.
const Name = "pebble"

func init() {
	cgraph.RegisterQuadStore(Name, cgraph.QuadStoreRegistration{NewFunc: openCayley, InitFunc: initCayley, IsPersistent: true})
}

var (
	_ cgraph.QuadStore      = (*Store)(nil)
	_ cgraph.BatchQuadStore = (*Store)(nil)
	_ shape.Optimizer       = (*Store)(nil)
	_ cgraph.QuadStore      = (*viewStore)(nil)
	_ cgraph.BatchQuadStore = (*viewStore)(nil)
	_ shape.Optimizer       = (*viewStore)(nil)
	_ cgraph.BatchWriter    = (*quadWriter)(nil)
	_ cgraph.Ref            = Ref{}
	_ cgraph.Ref            = Quad{}
)

// openCayley opens a store that exists; cgraph.ErrNotInitialized when there is none. Options are cache_size_mb (int),
// nosync and read_only (bool).
func openCayley(dir string, options cgraph.Options) (cgraph.QuadStore, error) {
	o, err := cayleyOptions(options)
	if err != nil {
		return nil, err
	}
	s, err := Open(dir, o)
	if errors.Is(err, ErrAbsent) {
		return nil, cgraph.ErrNotInitialized
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// initCayley makes a store; cgraph.ErrDatabaseExists when there is one.
func initCayley(dir string, options cgraph.Options) error {
	o, err := cayleyOptions(options)
	if err != nil {
		return err
	}
	o.Create, o.Fresh, o.ReadOnly = true, true, false
	s, err := Open(dir, o)
	if errors.Is(err, ErrExists) {
		return cgraph.ErrDatabaseExists
	}
	if err != nil {
		return err
	}
	return s.Close()
}

func cayleyOptions(options cgraph.Options) (o Options, err error) {
	mb, err := options.IntKey("cache_size_mb", 0)
	if err == nil && mb < 0 {
		err = fmt.Errorf("pebble: cache_size_mb is %d", mb)
	}
	o.Cache = int64(mb) << 20
	var errs [2]error
	o.NoSync, errs[0] = options.BoolKey("nosync", false)
	o.ReadOnly, errs[1] = options.BoolKey("read_only", false)
	return o, errors.Join(err, errs[0], errs[1])
}

// face is what Cayley sees of a store or of a view.
//
// Some of Cayley's methods can return no error: ValueOf, NameOf, Quad. A read that fails in one of them is remembered:
// every iterator that was made before, and is asked after, ends with its error. ValueOf gives a reference then that
// stands for the failure: each use of it is an error, where a nil would be an empty answer.
type face struct {
	src   source
	home  home
	pool  *iterators   // of a view: its iterators are used again; nil: each is new, and sees the store as it is then
	steps atomic.Int64 // that closed cursors have made; tests ask how much a query reads
	fault struct {
		sync.Mutex
		n   atomic.Int64 // failed reads
		err error        // the first one of a view, the last one of a store
	}
}

// unread is the reference of a value that could not be looked up.
type unread struct{ err error }

func (r *unread) Key() any { return r }

// enter is the begin of a read; its end is home.release. Of a view with a failed read there is nothing more to read.
func (f *face) enter() error {
	if f.pool != nil {
		if err := f.missed(0); err != nil {
			return err
		}
	}
	return f.home.acquire()
}

func (f *face) iterator() (*pdb.Iterator, error) {
	if f.pool != nil {
		return f.pool.take()
	}
	return f.src.r.NewIter(nil)
}

func (f *face) giveBack(it *pdb.Iterator) error {
	if f.pool != nil {
		f.pool.put(it)
		return nil
	}
	return it.Close()
}

// remember notes a failed read and gives it back. A context that ended is no failure of the store.
func (f *face) remember(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	f.fault.Lock()
	defer f.fault.Unlock()
	if f.pool == nil || f.fault.err == nil {
		f.fault.err = err
	}
	f.fault.n.Add(1)
	return err
}

// mark is the moment from which an iterator tells failed reads: when it is made; for one of a view, that of the view.
func (f *face) mark() int64 {
	if f.pool != nil {
		return 0
	}
	return f.fault.n.Load()
}

// missed is a read that failed since a mark.
func (f *face) missed(mark int64) error {
	if f.fault.n.Load() == mark {
		return nil
	}
	f.fault.Lock()
	defer f.fault.Unlock()
	return f.fault.err
}

// said is what an iterator says of itself: the error that ended it; else a failed read; else, when it was left before
// its end, how its context ended, which Cayley's loops forget.
func (f *face) said(mark int64, err error, ctx context.Context, done bool) error {
	if err != nil {
		return err
	}
	if err := f.missed(mark); err != nil || done || ctx == nil {
		return err
	}
	return ctx.Err()
}

// ValueOf is the node of a value: a Ref, or nil when no quad has it. A passage is a node where a quad has exactly that
// one. When the look-up fails, it is a reference that no iterator and no size takes without an error.
func (f *face) ValueOf(v quad.Value) cgraph.Ref {
	if v == nil {
		return nil
	}
	r, err := f.valueOf(v)
	switch {
	case err != nil:
		return &unread{err}
	case r == Ref{}:
		return nil
	}
	return r
}

func (f *face) valueOf(v quad.Value) (Ref, error) {
	if err := f.enter(); err != nil {
		return Ref{}, f.remember(err)
	}
	defer f.home.release()
	r, err := f.src.ref(v)
	if err == nil && r.passage() {
		var used bool
		if used, err = f.src.used(r); !used {
			r = Ref{}
		}
	}
	return r, f.remember(err)
}

// exists tells whether a node is there.
func (f *face) exists(r Ref) (ok bool, err error) {
	if err := f.enter(); err != nil {
		return false, f.remember(err)
	}
	defer f.home.release()
	if r.passage() {
		ok, err = f.src.used(r)
		return ok, f.remember(err)
	}
	var buf [1 + maxRef]byte
	value, err := f.src.get(appendID(append(buf[:0], keyValue), r.ID))
	return value != nil, f.remember(err)
}

// NameOf is the value of a node; nil for a nil or foreign reference, for a node that is gone, and when the read fails.
func (f *face) NameOf(ref cgraph.Ref) quad.Value {
	v, _ := f.nameOf(ref)
	return v
}

func (f *face) nameOf(ref cgraph.Ref) (quad.Value, error) {
	switch ref := ref.(type) {
	case Ref:
		return f.name(ref)
	case cgraph.PreFetchedValue:
		return ref.NameOf(), nil
	case *unread:
		return nil, f.remember(ref.err)
	}
	return nil, nil
}

// name is the value of a node; nil when it is gone.
func (f *face) name(r Ref) (quad.Value, error) {
	if r.ID == 0 {
		return nil, nil
	}
	v := f.src.s.names.get(r.ID)
	if v == nil {
		var err error
		if v, err = f.read(r.ID); v == nil {
			return nil, f.remember(err)
		}
	}
	if r.passage() {
		base, _ := v.(quad.IRI)
		v = joinPassage(string(base), r.Start, r.Len)
	}
	return v, nil
}

func (f *face) read(id uint64) (quad.Value, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.home.release()
	var buf [1 + maxRef]byte
	b, err := f.src.get(appendID(append(buf[:0], keyValue), id))
	if b == nil || err != nil {
		return nil, err
	}
	v, err := parseValue(b)
	if err == nil && len(b) <= cached {
		f.src.s.names.put(id, v)
	}
	return v, err
}

// Quad is the quad of a reference; the zero quad for a foreign one, for one that has lost a node since, and when a
// read fails.
func (f *face) Quad(ref cgraph.Ref) (out quad.Quad) {
	q, ok := ref.(Quad)
	if !ok {
		return quad.Quad{}
	}
	for _, d := range quad.Directions {
		r := q.Get(d)
		if d == quad.Label && r == (Ref{}) {
			continue
		}
		v, err := f.name(r)
		if v == nil || err != nil {
			return quad.Quad{}
		}
		out.Set(d, v)
	}
	return out
}

// QuadDirection is the node that a quad has in a direction; nil for a foreign reference, and for the label of a quad
// without one.
func (f *face) QuadDirection(ref cgraph.Ref, d quad.Direction) cgraph.Ref {
	q, ok := ref.(Quad)
	if !ok || d < quad.Subject || d > quad.Label || q.Get(d) == (Ref{}) {
		return nil
	}
	return q.Get(d)
}

// ValuesOf implements Cayley's BatchQuadStore: the values of nodes, in their order. What NameOf has no value for is nil.
func (f *face) ValuesOf(ctx context.Context, refs []cgraph.Ref) ([]quad.Value, error) {
	out := make([]quad.Value, len(refs))
	for i, ref := range refs {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var err error
		if out[i], err = f.nameOf(ref); err != nil {
			return nil, err
		}
	}
	return out, ctx.Err()
}

// RefsOf implements Cayley's BatchQuadStore: the nodes of values, in their order. A value that is no node is an error,
// cgraph.ErrNodeNotExists, as Cayley wants it.
func (f *face) RefsOf(ctx context.Context, values []quad.Value) ([]cgraph.Ref, error) {
	out := make([]cgraph.Ref, len(values))
	for i, v := range values {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r, err := f.valueOf(v)
		if err != nil {
			return nil, err
		}
		if r == (Ref{}) {
			return nil, fmt.Errorf("pebble: %w: %v", cgraph.ErrNodeNotExists, v)
		}
		out[i] = r
	}
	return out, ctx.Err()
}

// QuadIterator goes through the quads with a node in a direction. A nil or foreign reference has none.
func (f *face) QuadIterator(d quad.Direction, ref cgraph.Ref) cgraph.Iterator {
	if d < quad.Subject || d > quad.Label {
		return iterator.NewError(fmt.Errorf("pebble: a quad has nothing in direction %v", d))
	}
	switch ref := ref.(type) {
	case *unread:
		return iterator.NewError(ref.err)
	case Ref:
		if ref != (Ref{}) {
			g, _ := given{}.with(d, ref)
			return cgraph.NewLegacy(&links{f: f, mark: f.mark(), given: g}, nil)
		}
	}
	return iterator.NewNull()
}

// QuadIteratorSize is the size of QuadIterator: exact for a predicate, and for another node of up to countFew quads;
// beyond, an estimate.
func (f *face) QuadIteratorSize(ctx context.Context, d quad.Direction, ref cgraph.Ref) (cgraph.Size, error) {
	switch ref := ref.(type) {
	case *unread:
		return cgraph.Size{Size: 1}, ref.err
	case Ref:
		if ref != (Ref{}) && d >= quad.Subject && d <= quad.Label {
			g, _ := given{}.with(d, ref)
			size, _, err := f.size(ctx, g)
			return size, err
		}
	}
	return cgraph.Size{Exact: true}, nil
}

// QuadsAllIterator goes through all quads.
func (f *face) QuadsAllIterator() cgraph.Iterator {
	return cgraph.NewLegacy(&links{f: f, mark: f.mark()}, nil)
}

// NodesAllIterator goes through all nodes, each once.
func (f *face) NodesAllIterator() cgraph.Iterator {
	return cgraph.NewLegacy(&nodes{f: f, mark: f.mark()}, nil)
}

// Stats tells how many quads and nodes there are. The number of quads is always exact. That of nodes is when exact is
// asked for, which reads every node, or when there are less than countFew of them.
func (f *face) Stats(ctx context.Context, exact bool) (cgraph.Stats, error) {
	quads, err := f.total(ctx)
	if err != nil {
		return cgraph.Stats{}, err
	}
	n, err := f.nodes(ctx, exact)
	return cgraph.Stats{Nodes: n, Quads: cgraph.Size{Size: quads, Exact: true}}, err
}

// countFew is the number up to which quads or nodes are counted for an estimate: some tenths of a millisecond.
const countFew = 1 << 10

// size is the number of quads that have the given nodes, and the index in which to look for them. It is exact when
// a predicate alone is given, or nothing, or what is found by all that is given is less than countFew.
func (f *face) size(ctx context.Context, g given) (size cgraph.Size, index byte, err error) {
	best, many, leading := g.best()
	if leading == 0 {
		n, err := f.total(ctx)
		return cgraph.Size{Size: n, Exact: true}, best[0], err
	}
	for i, candidate := range best[:many] {
		var s cgraph.Size
		if candidate == keyPOSL && leading == 1 {
			s, err = f.predicate(g.refs[quad.Predicate-1])
		} else {
			s, err = f.count(ctx, g.prefix(nil, candidate))
		}
		if err != nil {
			return size, index, err
		}
		if i == 0 || s.Size < size.Size {
			size, index = s, candidate
		}
	}
	all := 0
	for _, set := range g.set {
		if set {
			all++
		}
	}
	size.Exact = size.Exact && leading == all
	return size, index, nil
}

// predicate is the number of quads with a predicate.
func (f *face) predicate(r Ref) (cgraph.Size, error) {
	if err := f.enter(); err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	defer f.home.release()
	n, err := f.src.count(r)
	return cgraph.Size{Size: n, Exact: true}, f.remember(err)
}

// count counts the keys that begin with a prefix, up to countFew; beyond, their part of the bytes of the index on disk
// tells how many they may be.
func (f *face) count(ctx context.Context, prefix []byte) (cgraph.Size, error) {
	c := &cursor{f: f}
	defer c.close()
	c.seek(func(b []byte) []byte { return append(b, prefix...) })
	n := int64(0)
	for ; n < countFew; n++ {
		ok, err := c.step(ctx, func([]byte) error { return nil })
		if err != nil {
			return cgraph.Size{}, err
		}
		if !ok {
			return cgraph.Size{Size: n, Exact: true}, nil
		}
	}
	total, err := f.total(ctx)
	if err != nil {
		return cgraph.Size{}, err
	}
	if err := f.enter(); err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	defer f.home.release()
	part, err := f.src.s.db.EstimateDiskUsage(c.lo, c.hi)
	if err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	whole, err := f.src.s.db.EstimateDiskUsage(prefix[:1], []byte{prefix[0] + 1})
	if err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	size := 2 * n
	if part > 0 && whole > 0 { // nothing of what is in memory alone
		size = max(size, int64(float64(total)*float64(part)/float64(whole)))
	}
	return cgraph.Size{Size: max(n, min(size, total))}, nil
}

// total is the number of quads.
func (f *face) total(ctx context.Context) (n int64, err error) {
	c := &cursor{f: f}
	defer c.close()
	c.seek(func(b []byte) []byte { return append(b, keyCount) })
	for {
		ok, err := c.step(ctx, func([]byte) error {
			v, err := c.it.ValueAndErr()
			if err == nil && len(v) != 8 {
				err = errKey
			}
			if err == nil {
				n += int64(binary.BigEndian.Uint64(v))
			}
			return err
		})
		if !ok {
			return n, err
		}
	}
}

// nodes is the number of nodes. The estimate is not less than they are: the numbers that were given to entries of the
// dictionary, and a passage a quad.
func (f *face) nodes(ctx context.Context, exact bool) (cgraph.Size, error) {
	s := (&nodes{f: f, mark: f.mark()}).Iterate()
	defer s.Close()
	n := int64(0)
	for exact || n < countFew {
		if s.Next(ctx) {
			n++
			continue
		}
		return cgraph.Size{Size: n, Exact: true}, s.Err()
	}
	total, err := f.total(ctx)
	if err != nil {
		return cgraph.Size{}, err
	}
	if err := f.enter(); err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	defer f.home.release()
	next, err := f.src.get([]byte{keyNext})
	if err != nil {
		return cgraph.Size{}, f.remember(err)
	}
	size := int64(0)
	for i := 0; i+8 <= len(next) && i < 8*classes; i += 8 {
		given := int64(binary.BigEndian.Uint64(next[i:])) - 1
		if uint64(i/8)<<62 != isBase {
			size += given
		} else if given > 0 {
			size += total
		}
	}
	return cgraph.Size{Size: max(n, size)}, nil
}

// NewQuadWriter writes quads in batches, each whole and durable, or not there: of batchQuads quads or about batchBytes
// bytes, or what one call of WriteQuads gave when that is less. Quads that the store has are passed over. What
// WriteQuad took is written by Flush and Close; after an error it is still there for another try.
func (s *Store) NewQuadWriter() (quad.WriteCloser, error) { return &quadWriter{s: s}, nil }

const (
	batchQuads = 10000
	batchBytes = 8 << 20
)

type quadWriter struct {
	s      *Store
	deltas []cgraph.Delta
	bytes  int
	closed bool
}

// add puts a quad into the batch, and writes the batch when it is full.
func (w *quadWriter) add(q quad.Quad) error {
	if w.closed {
		return errWriterClosed
	}
	if len(w.deltas) >= batchQuads || w.bytes >= batchBytes {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	w.deltas = append(w.deltas, cgraph.Delta{Quad: q, Action: cgraph.Add})
	for _, d := range quad.Directions {
		w.bytes += length(q.Get(d))
	}
	return nil
}

var errWriterClosed = errors.New("pebble: the writer is closed")

// length is about the number of bytes of a value.
func length(v quad.Value) int {
	switch v := v.(type) {
	case quad.IRI:
		return len(v)
	case quad.String:
		return len(v)
	case quad.BNode:
		return len(v)
	case quad.TypedString:
		return len(v.Value) + len(v.Type)
	case quad.LangString:
		return len(v.Value) + len(v.Lang)
	}
	return 16
}

func (w *quadWriter) WriteQuad(q quad.Quad) error { return w.add(q) }

// WriteQuads writes quads; n of them are in the store when it returns.
func (w *quadWriter) WriteQuads(quads []quad.Quad) (n int, err error) {
	if err := w.Flush(); err != nil {
		return 0, err
	}
	for i, q := range quads {
		if err = w.add(q); err != nil {
			w.drop()
			return n, err
		}
		if len(w.deltas) == 1 {
			n = i // all before it are written
		}
	}
	if err = w.Flush(); err != nil {
		w.drop()
		return n, err
	}
	return len(quads), nil
}

// drop forgets the batch: the caller of WriteQuads knows what was not written.
func (w *quadWriter) drop() { w.deltas, w.bytes = w.deltas[:0], 0 }

func (w *quadWriter) Flush() error {
	if w.closed && len(w.deltas) > 0 {
		return errWriterClosed
	}
	if len(w.deltas) == 0 {
		return nil
	}
	if err := w.s.ApplyDeltas(w.deltas, cgraph.IgnoreOpts{IgnoreDup: true}); err != nil {
		return err
	}
	w.drop()
	return nil
}

// Close writes what is left. Closing twice is no error.
func (w *quadWriter) Close() error {
	if w.closed {
		return nil
	}
	err := w.Flush()
	if err == nil {
		w.closed, w.deltas = true, nil
	}
	return err
}

// viewStore is a view as a QuadStore that cannot be written.
type viewStore struct {
	face
	viewHome
	v *View
}

// errViewWrite is what writing to a view gives.
var errViewWrite = errors.New("pebble: a view is one state of a store, and cannot be written")

// ApplyDeltas is an error.
func (v *viewStore) ApplyDeltas([]cgraph.Delta, cgraph.IgnoreOpts) error { return errViewWrite }

// NewQuadWriter is an error.
func (v *viewStore) NewQuadWriter() (quad.WriteCloser, error) { return nil, errViewWrite }

// Close closes the view.
func (v *viewStore) Close() error { return v.v.Close() }

// QuadStore is the view as a store of Cayley's, so that a whole query sees one state while others write. Writing to it
// is an error; closing it closes the view, which ends its iterators with ErrClosed.
//
// After a read of it has failed, everything that is asked of it is that error, and Err tells it: Cayley drops errors
// in places (a recursive path tells none), and an answer is whole when the context has not ended and Err is nil.
func (v *View) QuadStore() cgraph.QuadStore { return &v.cayley }

// Err is the first read of QuadStore that failed; nil when none has.
func (v *View) Err() error { return v.cayley.missed(0) }

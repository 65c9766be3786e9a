package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
)

// source is what is read from: the store as it is, or one state of it.
type source struct {
	r pdb.Reader
	s *Store
}

// get is the value of a key; nil when it is absent.
func (src source) get(key []byte) ([]byte, error) {
	v, done, err := src.r.Get(key)
	if errors.Is(err, pdb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(v))
	copy(out, v)
	return out, done.Close()
}

// id is the ID of a value, given as kind and bytes; ok is false when the dictionary does not have it.
func (src source) id(value []byte) (id uint64, ok bool, err error) {
	var buf [1 + shortValue + hashLength]byte
	v, done, err := src.r.Get(appendIDKey(buf[:0], value))
	if errors.Is(err, pdb.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	id, rest, ok := cutID(v)
	if !ok || len(rest) > 0 {
		return 0, false, errors.Join(errKey, done.Close())
	}
	return id, true, done.Close()
}

// ref is the Ref of a value; zero when a part of it is not in the dictionary. A passage of a base that is there has
// one, whether or not a quad has that passage.
func (src source) ref(v quad.Value) (Ref, error) {
	var buf [256]byte
	b := buf[:0]
	var r Ref
	var err error
	if iri, ok := v.(quad.IRI); ok {
		var base string
		if base, r.Start, r.Len, ok = cutPassage(string(iri)); ok {
			b = append(append(b, kindBase), base...)
		}
	}
	if len(b) == 0 {
		if b, err = appendValue(b, v); err != nil {
			return Ref{}, nil // a value that no store can have
		}
	}
	id, ok, err := src.id(b)
	if !ok {
		return Ref{}, err
	}
	r.ID = id
	return r, nil
}

// used tells whether a quad has the node.
func (src source) used(r Ref) (bool, error) {
	it, err := src.r.NewIter(nil)
	if err != nil {
		return false, err
	}
	ok, err := usedIn(it, appendRef(nil, r))
	return ok, errors.Join(err, it.Close())
}

// usedIn tells whether a quad has a node whose Ref begins with these bytes.
func usedIn(it *pdb.Iterator, ref []byte) (bool, error) {
	var lo, hi []byte
	for _, index := range []byte{keyLSPO, keySPOL, keyOSPL, keyPOSL} {
		lo = append(append(lo[:0], index), ref...)
		hi = after(hi[:0], lo)
		if it.SeekGEWithLimit(lo, hi) == pdb.IterValid && bytes.HasPrefix(it.Key(), lo) {
			return true, nil
		}
		if err := it.Error(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// count is the number of quads with a predicate.
func (src source) count(predicate Ref) (int64, error) {
	var buf [1 + maxRef]byte
	v, err := src.get(appendRef(append(buf[:0], keyCount), predicate))
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, errKey
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

// cache holds values of IDs. An ID never means another value while a store is open, so nothing in it can be wrong.
// An entry has one place, where a newer one takes it: no list, no lock, and never more than its places hold.
type cache struct {
	places [1 << 16]atomic.Pointer[named]
}

type named struct {
	id    uint64
	value quad.Value
}

// cached is the most bytes of a value that are worth a place.
const cached = 256

func (c *cache) place(id uint64) *atomic.Pointer[named] {
	return &c.places[id*0x9e3779b97f4a7c15>>48]
}

func (c *cache) get(id uint64) quad.Value {
	if n := c.place(id).Load(); n != nil && n.id == id {
		return n.value
	}
	return nil
}

func (c *cache) put(id uint64, v quad.Value) { c.place(id).Store(&named{id, v}) }

// values gives the values of nodes, in their order. Every Ref must be one that this source gave: one without a value
// means that the store is damaged.
func (src source) values(ctx context.Context, its *iterators, refs []Ref) ([]quad.Value, error) {
	byID := make(map[uint64]quad.Value, len(refs))
	var ask []uint64
	for _, r := range refs {
		if _, ok := byID[r.ID]; !ok && r.ID != 0 {
			v := src.s.names.get(r.ID)
			byID[r.ID] = v
			if v == nil {
				ask = append(ask, r.ID)
			}
		}
	}
	if len(ask) > 0 {
		slices.Sort(ask)
		it, err := its.take()
		if err != nil {
			return nil, err
		}
		defer its.put(it)
		var key []byte
		for i, id := range ask {
			if i%256 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			key = appendID(append(key[:0], keyValue), id)
			if !it.SeekGE(key) || !bytes.Equal(it.Key(), key) {
				return nil, errors.Join(it.Error(), fmt.Errorf("pebble: the store is damaged: node %d has no value", id))
			}
			b, err := it.ValueAndErr()
			if err != nil {
				return nil, err
			}
			v, err := parseValue(b)
			if err != nil {
				return nil, err
			}
			byID[id] = v
			if len(b) <= cached {
				src.s.names.put(id, v)
			}
		}
	}
	out := make([]quad.Value, len(refs))
	for i, r := range refs {
		v := byID[r.ID]
		if r.passage() {
			base, _ := v.(quad.IRI)
			v = joinPassage(string(base), r.Start, r.Len)
		}
		out[i] = v
	}
	return out, ctx.Err()
}

// iterators are iterators over one state, kept to be used again.
type iterators struct {
	r    pdb.Reader
	mu   sync.Mutex
	free []*pdb.Iterator
}

func (its *iterators) take() (*pdb.Iterator, error) {
	its.mu.Lock()
	defer its.mu.Unlock()
	if n := len(its.free); n > 0 {
		it := its.free[n-1]
		its.free = its.free[:n-1]
		return it, nil
	}
	return its.r.NewIter(nil)
}

func (its *iterators) put(it *pdb.Iterator) {
	its.mu.Lock()
	defer its.mu.Unlock()
	its.free = append(its.free, it)
}

func (its *iterators) close() error {
	its.mu.Lock()
	defer its.mu.Unlock()
	var errs []error
	for _, it := range its.free {
		errs = append(errs, it.Close())
	}
	its.free = nil
	return errors.Join(errs...)
}

// View is one state of a store. Its methods may be called by several goroutines; a failed read, and a context that
// ends, are errors, never a shorter answer.
type View struct {
	source
	snapshot *pdb.Snapshot
	its      iterators
	cayley   viewStore
	closed   atomic.Bool
}

// View is the state that the store has now. It has to be closed.
func (s *Store) View() (*View, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	v := &View{snapshot: s.db.NewSnapshot()}
	v.source = source{v.snapshot, s}
	v.its.r = v.snapshot
	v.cayley.v, v.cayley.src, v.cayley.home, v.cayley.pool = v, v.source, &v.cayley.viewHome, &v.its
	return v, nil
}

// Close lets the state go. No method of the view may be under way; those of its QuadStore may, and end with ErrClosed.
// Closing twice is no error.
func (v *View) Close() error {
	if v.closed.Swap(true) {
		return nil
	}
	defer v.s.release()
	v.cayley.end()
	return errors.Join(v.its.close(), v.snapshot.Close())
}

// Refs gives the nodes of values, in their order: the zero Ref for a value that no quad of this state has.
func (v *View) Refs(ctx context.Context, values []quad.Value) ([]Ref, error) {
	it, err := v.its.take()
	if err != nil {
		return nil, err
	}
	defer v.its.put(it)
	var key []byte
	out := make([]Ref, len(values))
	for i, value := range values {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if out[i], err = v.ref(value); err != nil {
			return nil, err
		}
		if out[i].passage() { // of a base that is there
			key = appendRef(key[:0], out[i])
			used, err := usedIn(it, key)
			if err != nil {
				return nil, err
			}
			if !used {
				out[i] = Ref{}
			}
		}
	}
	return out, ctx.Err()
}

// Values gives the values of nodes of this view, in their order; nil for the zero Ref.
func (v *View) Values(ctx context.Context, refs []Ref) ([]quad.Value, error) {
	return v.values(ctx, &v.its, refs)
}

// Labels are labels by how they begin.
type Labels struct{ prefixes [][]byte } // of keys in LSPO

// Labels finds the labels that begin with one of the prefixes, which must not reach into the #char= of a passage. It
// costs in proportion to the distinct bases and IRIs that do.
func (v *View) Labels(ctx context.Context, prefixes ...string) (Labels, error) {
	it, err := v.its.take()
	if err != nil {
		return Labels{}, err
	}
	defer v.its.put(it)
	found := map[string]bool{}
	for _, p := range prefixes {
		if strings.Contains(p, fragment) {
			return Labels{}, fmt.Errorf("pebble: labels are found by what stands before %s, not by %q", fragment, p)
		}
		for _, kind := range []byte{kindBase, kindIRI} {
			if err := v.labels(ctx, it, kind, p, found); err != nil {
				return Labels{}, err
			}
		}
	}
	var l Labels
	for _, p := range slices.Sorted(maps.Keys(found)) {
		l.prefixes = append(l.prefixes, []byte(p))
	}
	return l, nil
}

func (v *View) labels(ctx context.Context, it *pdb.Iterator, kind byte, prefix string, found map[string]bool) error {
	value := append([]byte{kind}, prefix...)
	lo := append([]byte{keyID}, value[:min(len(value), shortValue)]...)
	hi := after(nil, lo)
	n := 0
	for st := it.SeekGEWithLimit(lo, hi); st == pdb.IterValid && bytes.HasPrefix(it.Key(), lo); st = it.NextWithLimit(hi) {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if len(value) > shortValue {
			id, _, ok := cutID(b)
			if !ok {
				return errKey
			}
			full, err := v.get(appendID([]byte{keyValue}, id))
			if err != nil {
				return err
			}
			if !bytes.HasPrefix(full, value) {
				continue
			}
		}
		found[string(append([]byte{keyLSPO}, b...))] = true
	}
	return it.Error()
}

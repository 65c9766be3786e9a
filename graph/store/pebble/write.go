package pebble

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
)

// turn is a lock that can be waited for as long as a context says.
type turn chan struct{}

func (t turn) Lock() { t <- struct{}{} }

func (t turn) Unlock() { <-t }

func (t turn) lock(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Replace makes quads all that the store has under labels which begin with one of the prefixes, in one transaction: it
// tells how many quads that added and removed. Quads count once, however often they are given; each must have such a
// label. It costs in proportion to what it removes and adds. Writes wait for each other, but not for the disk of each
// other: several that wait for it are made durable together. When it returns an error, nothing has changed; but for an
// error of the disk in the last step, after which the store tells that error until it is opened again.
func (s *Store) Replace(ctx context.Context, prefixes []string, quads []quad.Quad) (added, removed int, err error) {
	for _, q := range quads {
		label, ok := q.Label.(quad.IRI)
		if !ok || !slices.ContainsFunc(prefixes, func(p string) bool { return len(label) >= len(p) && string(label[:len(p)]) == p }) {
			return 0, 0, fmt.Errorf("pebble: replace: the label of %v does not begin with one of %q", q, prefixes)
		}
	}
	err = s.update(ctx, func(t *tx) error {
		v, err := s.View()
		if err != nil {
			return err
		}
		defer v.Close()
		labels, err := v.Labels(ctx, prefixes...)
		if err != nil {
			return err
		}
		held := map[Quad]bool{} // true: stays
		if err := v.Scan(ctx, Pattern{Labels: &labels}, func(q Quad) bool { held[q] = false; return true }); err != nil {
			return err
		}
		for i, q := range quads {
			if i%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			ref, err := t.quad(q, true)
			if err != nil {
				return err
			}
			if _, ok := held[ref]; !ok {
				t.add(ref)
				added++
			}
			held[ref] = true
		}
		for q, stays := range held {
			if !stays {
				t.remove(q)
				removed++
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return 0, 0, err
	}
	return added, removed, nil
}

// ApplyDeltas implements Cayley's QuadStore: all deltas in their order, or none. It returns when they are on disk.
func (s *Store) ApplyDeltas(deltas []cgraph.Delta, ignore cgraph.IgnoreOpts) error {
	return s.update(context.Background(), func(t *tx) error {
		type state struct{ was, is bool }
		states := map[Quad]*state{}
		for _, d := range deltas {
			if d.Action != cgraph.Add && d.Action != cgraph.Delete {
				return &cgraph.DeltaError{Delta: d, Err: cgraph.ErrInvalidAction}
			}
			q, err := t.quad(d.Quad, d.Action == cgraph.Add)
			if err != nil {
				return err
			}
			var st *state
			if q != (Quad{}) {
				if st = states[q]; st == nil {
					was, err := t.has(q)
					if err != nil {
						return err
					}
					st = &state{was, was}
					states[q] = st
				}
			}
			switch {
			case d.Action == cgraph.Add && st.is:
				if !ignore.IgnoreDup {
					return &cgraph.DeltaError{Delta: d, Err: cgraph.ErrQuadExists}
				}
			case d.Action == cgraph.Add:
				st.is = true
			case st == nil || !st.is:
				if !ignore.IgnoreMissing {
					return &cgraph.DeltaError{Delta: d, Err: cgraph.ErrQuadNotExist}
				}
			default:
				st.is = false
			}
		}
		for q, st := range states {
			if st.is && !st.was {
				t.add(q)
			} else if st.was && !st.is {
				t.remove(q)
			}
		}
		return nil
	})
}

// tx is a transaction under way.
type tx struct {
	s     *Store
	src   source
	first [classes]uint64 // the next free numbers when it began: what is not below them is new
	next  [classes]uint64
	ids   map[string]uint64 // of values, kind and bytes; 0 for one that is absent
	buf   []byte

	added   []Quad
	removed map[Quad]struct{}
}

// update runs f as a transaction and commits what it added and removed.
func (s *Store) update(ctx context.Context, f func(*tx) error) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	b, err := s.transact(ctx, f)
	if b == nil || err != nil {
		return err
	}
	return s.settle(b)
}

// transact runs f and applies the batch that it makes; nil when nothing changes.
func (s *Store) transact(ctx context.Context, f func(*tx) error) (*pdb.Batch, error) {
	if err := s.write.lock(ctx); err != nil {
		return nil, err
	}
	defer s.write.Unlock()
	if err := s.failed(); err != nil {
		return nil, err
	}
	t := &tx{s: s, src: source{s.db, s}, first: s.next, next: s.next, ids: map[string]uint64{}, removed: map[Quad]struct{}{}}
	if err := f(t); err != nil {
		return nil, err
	}
	if len(t.added)+len(t.removed) == 0 {
		return nil, nil
	}
	b := s.db.NewBatch()
	if err := t.write(b); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := s.apply(b); err != nil {
		return nil, err
	}
	s.next = t.next
	return b, nil
}

// apply makes the batch readable, and lets it be written to disk; settle waits for that.
func (s *Store) apply(b *pdb.Batch) (err error) {
	if f := s.flush.Load(); f != nil {
		return fmt.Errorf("pebble: nothing is written while tables cannot be: %w", *f)
	}
	if err := s.spare(b.Len()); err != nil {
		return err
	}
	if s.sync.Sync {
		err = s.db.ApplyNoSyncWait(b, s.sync)
	} else {
		err = s.db.Apply(b, s.sync)
	}
	return cmp.Or(s.failed(), err)
}

func (s *Store) settle(b *pdb.Batch) error {
	if s.sync.Sync {
		if err := b.SyncWait(); err != nil {
			return s.fail(err)
		}
	}
	if err := s.failed(); err != nil {
		return err
	}
	return b.Close()
}

// quad is q by its nodes. With create, nodes that are absent get their IDs; else the zero Quad stands for a quad that
// cannot be there.
func (t *tx) quad(q quad.Quad, create bool) (out Quad, err error) {
	if q.Subject == nil || q.Predicate == nil || q.Object == nil {
		return Quad{}, fmt.Errorf("pebble: %v is no quad: a part of it is missing", q)
	}
	for _, p := range []struct {
		value quad.Value
		ref   *Ref
	}{{q.Subject, &out.Subject}, {q.Predicate, &out.Predicate}, {q.Object, &out.Object}, {q.Label, &out.Label}} {
		if p.value == nil {
			continue
		}
		if *p.ref, err = t.ref(p.value, create); err != nil || *p.ref == (Ref{}) {
			return Quad{}, err
		}
	}
	return out, nil
}

func (t *tx) ref(v quad.Value, create bool) (r Ref, err error) {
	t.buf = t.buf[:0]
	if iri, ok := v.(quad.IRI); ok {
		var base string
		if base, r.Start, r.Len, ok = cutPassage(string(iri)); ok {
			t.buf = append(append(t.buf, kindBase), base...)
		}
	}
	if len(t.buf) == 0 {
		if t.buf, err = appendValue(t.buf, v); err != nil {
			return Ref{}, err
		}
	}
	id, known := t.ids[string(t.buf)]
	if !known {
		if id, _, err = t.src.id(t.buf); err != nil {
			return Ref{}, err
		}
		t.ids[string(t.buf)] = id
	}
	if id == 0 && create {
		class := classOf(t.buf[0])
		id = class | t.next[class>>62]
		t.next[class>>62]++
		t.ids[string(t.buf)] = id
	}
	if id == 0 {
		return Ref{}, nil
	}
	r.ID = id
	return r, nil
}

// fresh tells whether the ID was given in this transaction.
func (t *tx) fresh(id uint64) bool { return id&^classBits >= t.first[id>>62] }

// has tells whether the store has a quad. One with a new node it cannot have.
func (t *tx) has(q Quad) (bool, error) {
	for _, r := range []Ref{q.Subject, q.Predicate, q.Object, q.Label} {
		if r != (Ref{}) && t.fresh(r.ID) {
			return false, nil
		}
	}
	t.buf = appendQuad(t.buf[:0], keySPOL, q)
	_, done, err := t.src.r.Get(t.buf)
	if errors.Is(err, pdb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, done.Close()
}

// add adds a quad that the store does not have, remove removes one that it has; each at most once.
func (t *tx) add(q Quad)    { t.added = append(t.added, q) }
func (t *tx) remove(q Quad) { t.removed[q] = struct{}{} }

// write puts what changes into a batch: quads, the dictionary, the counts, the next free numbers.
func (t *tx) write(b *pdb.Batch) error {
	counts := map[Ref]int64{}
	inUse := map[uint64]bool{}
	for _, q := range t.added {
		counts[q.Predicate]++
		for _, r := range []Ref{q.Subject, q.Predicate, q.Object, q.Label} {
			inUse[r.ID] = true
		}
		if err := t.each(q, func(key []byte) error { return b.Set(key, nil, nil) }); err != nil {
			return err
		}
	}
	for q := range t.removed {
		counts[q.Predicate]--
		if err := t.each(q, func(key []byte) error { return b.Delete(key, nil) }); err != nil {
			return err
		}
	}
	if err := t.forget(b, inUse); err != nil {
		return err
	}
	var key []byte
	for value, id := range t.ids {
		if id == 0 || !t.fresh(id) || !inUse[id] {
			continue
		}
		t.buf = appendID(t.buf[:0], id)
		key = append(append(key[:0], keyValue), t.buf...)
		if err := b.Set(key, []byte(value), nil); err != nil {
			return err
		}
		key = appendIDKey(key[:0], []byte(value))
		if err := b.Set(key, t.buf, nil); err != nil {
			return err
		}
	}
	if t.next != t.first {
		t.buf = t.buf[:0]
		for _, n := range t.next {
			t.buf = binary.BigEndian.AppendUint64(t.buf, n)
		}
		if err := b.Set([]byte{keyNext}, t.buf, nil); err != nil {
			return err
		}
	}
	for p, delta := range counts {
		if delta == 0 {
			continue
		}
		n, err := t.src.count(p)
		if err != nil {
			return err
		}
		key = appendRef(append(key[:0], keyCount), p)
		switch n += delta; {
		case n < 0:
			return fmt.Errorf("pebble: the store is damaged: it counts fewer quads of a predicate than it has")
		case n == 0:
			err = b.Delete(key, nil)
		default:
			err = b.Set(key, binary.BigEndian.AppendUint64(nil, uint64(n)), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// each calls f for the keys of a quad.
func (t *tx) each(q Quad, f func(key []byte) error) error {
	for _, index := range indexes {
		if index == keyLSPO && q.Label == (Ref{}) {
			continue
		}
		t.buf = appendQuad(t.buf[:0], index, q)
		if err := f(t.buf); err != nil {
			return err
		}
	}
	return nil
}

// forget removes from the dictionary what only the removed quads needed.
func (t *tx) forget(b *pdb.Batch, inUse map[uint64]bool) error {
	if len(t.removed) == 0 {
		return nil
	}
	it, err := t.src.r.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close()
	var key []byte
	for q := range t.removed {
		for _, r := range []Ref{q.Subject, q.Predicate, q.Object, q.Label} {
			if r == (Ref{}) || inUse[r.ID] {
				continue
			}
			used, err := t.stays(it, r.ID)
			if err != nil {
				return err
			}
			inUse[r.ID] = true // asked once
			if used {
				continue
			}
			key = appendID(append(key[:0], keyValue), r.ID)
			value, err := t.src.get(key)
			if err != nil {
				return err
			}
			if value == nil {
				return fmt.Errorf("pebble: the store is damaged: node %d has no value", r.ID)
			}
			if err := errors.Join(b.Delete(key, nil), b.Delete(appendIDKey(nil, value), nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

// stays tells whether a quad that is not removed has the node, or a passage of the base, of this ID. It passes over
// removed quads alone before it knows.
func (t *tx) stays(it *pdb.Iterator, id uint64) (bool, error) {
	var lo, hi []byte
	for _, index := range indexes {
		lo = appendID(append(lo[:0], index), id)
		hi = after(hi[:0], lo)
		for st := it.SeekGEWithLimit(lo, hi); st == pdb.IterValid && bytes.HasPrefix(it.Key(), lo); st = it.NextWithLimit(hi) {
			q, err := parseQuad(it.Key())
			if err != nil {
				return false, err
			}
			if _, gone := t.removed[q]; !gone {
				return true, nil
			}
		}
		if err := it.Error(); err != nil {
			return false, err
		}
	}
	return false, nil
}

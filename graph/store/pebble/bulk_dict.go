package pebble

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	pdb "github.com/cockroachdb/pebble/v2"
)

// dict gives IDs to values.
type dict struct {
	table   table
	dropped bool  // the table was emptied: the runs have more values
	values  arena // the new values of this chunk: ID, length (uvarint), value
	long    int64 // how many of them are long
	unknown []int // of a block
	touched uint64
}

// size is how many bytes the new values take, and will take when they are sorted.
func (d *dict) size() int64 { return d.values.bytes + 16*d.values.count + 40*d.long }

// table finds IDs by hash.
type table struct {
	slots []slot // as many as a power of two
	n     int
}

type slot struct {
	hash hash
	id   uint64 // 0 for a free slot
}

func (t *table) bytes() int64 { return 24 * int64(len(t.slots)) }

// grown is the most bytes that the table takes while it gets n values more.
func (t *table) grown(n int) int64 {
	if t.full(n) {
		return 3 * t.bytes()
	}
	return t.bytes()
}

// full tells whether the table has to grow to get n values more.
func (t *table) full(n int) bool { return 5*(t.n+n) > 4*len(t.slots) }

func (t *table) grow(n int) {
	if !t.full(n) {
		return
	}
	old := t.slots
	size := max(64, len(old))
	for 5*(t.n+n) > 4*size {
		size *= 2
	}
	t.slots = make([]slot, size)
	for _, s := range old {
		if s.id != 0 {
			*t.find(s.hash) = s
		}
	}
}

// find is the slot of a hash, or the free one where it is to be.
func (t *table) find(h hash) *slot {
	mask := uint64(len(t.slots) - 1)
	for i := h[0]; ; i++ {
		s := &t.slots[i&mask]
		if s.id == 0 || s.hash == h {
			return s
		}
	}
}

// assign finds or makes the IDs of a block's values.
func (b *bulk) assign(blk *block) error {
	t := &b.dict.table
	t.grow(len(blk.terms))
	blk.ids = append(blk.ids[:0], 0)
	b.dict.unknown = b.dict.unknown[:0]
	ask := b.dict.dropped || b.first != [classes]uint64{1, 1, 1}
	mask := uint64(len(t.slots) - 1)
	for at := 1; at < len(blk.terms); {
		some := blk.terms[at:min(at+32, len(blk.terms))]
		var touch uint64 // the slots are far apart: let all of them come at once
		for i := range some {
			touch |= t.slots[some[i].hash[0]&mask].id
		}
		b.dict.touched = touch
		for i := range some {
			s := t.find(some[i].hash)
			if s.id == 0 {
				if ask {
					b.dict.unknown = append(b.dict.unknown, at+i)
				} else {
					s.hash, s.id = some[i].hash, b.newID(some[i].value)
					t.n++
				}
			}
			blk.ids = append(blk.ids, s.id)
		}
		at += len(some)
	}
	if len(b.dict.unknown) == 0 {
		return nil
	}
	if err := b.ask(blk, b.dict.unknown); err != nil {
		return err
	}
	for _, i := range b.dict.unknown {
		term := blk.terms[i]
		if blk.ids[i] == 0 {
			blk.ids[i] = b.newID(term.value)
		}
		*t.find(term.hash) = slot{term.hash, blk.ids[i]}
		t.n++
	}
	return nil
}

// newID gives an ID to a value.
func (b *bulk) newID(value []byte) uint64 {
	class := classOf(value[0])
	id := class | b.next[class>>62]
	b.next[class>>62]++
	entry := b.dict.values.room(&b.segs, 9+binary.MaxVarintLen64+len(value))
	entry = binary.AppendUvarint(appendID(entry, id), uint64(len(value)))
	b.dict.values.done(append(entry, value...))
	if len(value) >= shortValue {
		b.dict.long++
	}
	return id
}

// ask finds the IDs of terms of a block in the store and in the runs.
func (b *bulk) ask(blk *block, unknown []int) error {
	slices.SortFunc(unknown, func(i, j int) int { return bytes.Compare(blk.terms[i].value, blk.terms[j].value) })
	var tasks []func(*worker) error
	for part := range slices.Chunk(unknown, max(64, (len(unknown)+b.workers-1)/b.workers)) {
		tasks = append(tasks, func(*worker) error {
			err := blk.ask(b.s, part)
			if b.dict.dropped {
				err = cmp.Or(err, blk.ask(b.runs, part))
			}
			return err
		})
	}
	return b.parallel(tasks)
}

// ask finds the IDs of those terms that have none yet in a store.
func (b *block) ask(s *Store, terms []int) (err error) {
	it, err := s.db.NewIter(&pdb.IterOptions{LowerBound: []byte{keyID}, UpperBound: []byte{keyID + 1}, UseL6Filters: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var key []byte
	for _, i := range terms {
		if b.ids[i] != 0 {
			continue
		}
		key = appendIDKey(key[:0], b.terms[i].value)
		if !it.SeekPrefixGE(key) {
			if err := it.Error(); err != nil {
				return err
			}
			continue
		}
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		id, rest, ok := cutID(v)
		if !ok || len(rest) > 0 {
			return errKey
		}
		b.ids[i] = id
	}
	return nil
}

// cutEntry reads an entry of the values.
func cutEntry(b []byte) (id, value, rest []byte) {
	n := int(idLengths[b[0]&^(classBits>>56)])
	length, k := binary.Uvarint(b[n:])
	end := n + k + int(length)
	return b[:n], b[n+k : end], b[end:]
}

// writeValues writes the values of the new IDs, of each class into tables of its own: IDs go up only, so that those of
// the next chunk go on.
func (b *bulk) writeValues(w *worker) error {
	var key []byte
	for _, seg := range b.dict.values.segs {
		for len(seg) > 0 {
			var id, value []byte
			id, value, seg = cutEntry(seg)
			t := &b.values[id[0]>>6]
			if *t == nil {
				*t = b.tables(&b.out, false)
			}
			key = append(append(key[:0], keyValue), id...)
			if err := (*t).set(key, value); err != nil {
				return err
			}
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// writeIDs writes the IDs of the new values.
func (b *bulk) writeIDs(w *worker, out *tables) error {
	defer out.abort()
	a := &b.dict.values
	order := make([]place, 0, a.count)
	for i, seg := range a.segs {
		for rest := seg; len(rest) > 0; {
			order = append(order, place{at: uint64(i)<<32 | uint64(len(seg)-len(rest))})
			_, _, rest = cutEntry(rest)
		}
	}
	a.sort(order, 0)
	var key []byte
	for _, p := range order {
		id, value := a.entry(p)
		key = appendIDKey(key[:0], value)
		if err := out.set(key, id); err != nil {
			return err
		}
	}
	return out.close()
}

// place is where an entry of the values is: segment and offset.
type place struct {
	word uint64 // of its value, of the part that it is sorted by
	at   uint64
}

func (a *arena) entry(p place) (id, value []byte) {
	id, value, _ = cutEntry(a.segs[p.at>>32][uint32(p.at):])
	return id, value
}

// sort sorts values, which have the same first bytes, as the keys of their IDs sort.
func (a *arena) sort(order []place, same int) {
	for i := range order {
		_, v := a.entry(order[i])
		var word [8]byte
		copy(word[:], v[min(same, len(v)):])
		order[i].word = binary.BigEndian.Uint64(word[:])
	}
	slices.SortFunc(order, func(p, q place) int { return cmp.Compare(p.word, q.word) })
	for len(order) > 0 {
		n, ended := 0, false
		for n < len(order) && order[n].word == order[0].word {
			_, v := a.entry(order[n])
			ended = ended || len(v) <= same // its word is 0, as that of NULs
			n++
		}
		switch {
		case n == 1:
		case ended || same+8 >= shortValue:
			a.sortKeys(order[:n])
		default:
			a.sort(order[:n], same+8)
		}
		order = order[n:]
	}
}

// sortKeys sorts values by the keys of their IDs as a whole.
func (a *arena) sortKeys(order []place) {
	type keyed struct {
		hash [hashLength]byte
		at   uint64
	}
	keys := make([]keyed, len(order))
	for i, p := range order {
		keys[i].at = p.at
		if _, v := a.entry(p); len(v) >= shortValue {
			var buf [1 + shortValue + hashLength]byte
			copy(keys[i].hash[:], appendIDKey(buf[:0], v)[1+shortValue:])
		}
	}
	slices.SortFunc(keys, func(p, q keyed) int {
		_, v := a.entry(place{at: p.at})
		_, w := a.entry(place{at: q.at})
		return cmp.Or(bytes.Compare(v[:min(len(v), shortValue)], w[:min(len(w), shortValue)]), bytes.Compare(p.hash[:], q.hash[:]))
	})
	for i := range keys {
		order[i].at = keys[i].at
	}
}

package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Problem is something that is wrong with a store.
type Problem struct {
	Where string // an index, another part of the layout, or the file of a table
	What  string
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// CheckOptions say how a store is checked. The zero value reports nothing: CheckStats tell whether there is a problem.
type CheckOptions struct {
	Report   func(Problem)
	Progress func(CheckStats) // now and then
	Most     int              // problems of one kind in one place that are reported; 0: 20. Then it is said that there are more.
}

// CheckStats are what was checked, and how many problems were found; of a kind that has more than Most, not all are
// looked for.
type CheckStats struct {
	Tables, Bytes                         int64 // files of tables, and their size
	Keys, Quads, Nodes, Bases, Predicates int64
	Problems                              int64
}

// Check reads the whole store, and reports what is wrong with it: blocks of tables whose checksum does not fit, quads
// that are not in all their indexes, nodes without a value, values that the dictionary does not find again or that no
// quad needs, wrong counts, numbers that would be given twice, keys that do not belong there. It checks one state: the
// store can be used meanwhile. What is wrong with the store is no error of Check; that it could not look is one.
//
// It reads every table twice, once past the cache. Memory is 2 bits for each number up to the highest of its class (25
// MB for 100 million nodes; at most 8 KB for each node where most of them were removed) and some hundred KB.
func (s *Store) Check(ctx context.Context, o CheckOptions) (CheckStats, error) {
	v, err := s.View()
	if err != nil {
		return CheckStats{}, err
	}
	defer v.Close()
	c := checker{ctx: ctx, s: s, v: v, o: o, seen: map[string]int{}, unread: map[byte]bool{}}
	c.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	if c.o.Most == 0 {
		c.o.Most = 20
	}
	for _, f := range []func() error{
		c.tables, c.format, c.strangers, c.spol, c.posl, c.ospl, c.lspo, c.compareIndexes,
		c.dictionary, c.values, c.compareDictionary, c.compareUse, c.next,
	} {
		if err := f(); err != nil {
			return c.stats, err
		}
		c.progress()
	}
	return c.stats, nil
}

// checker checks one state.
//
// That two parts of the store have the same entries in different orders is found by adding hashes of the entries: 128
// bits of them in all. Each sum is kept in buckets by the hash, so that only the entries of a bucket in which two parts
// differ have to be looked up one by one.
type checker struct {
	ctx   context.Context
	s     *Store
	v     *View
	o     CheckOptions
	stats CheckStats
	n     int            // keys since the last look at the context
	seen  map[string]int // problems by where and kind
	seeds [2]maphash.Seed

	unread        map[byte]bool // parts that could not be read to their end
	labelled      sums          // of SPOL
	unlabelled    sums
	others        [3]sums // of POSL, OSPL, LSPO
	byID, byValue sums    // of the dictionary

	used, known numbers // IDs that quads have, and that the dictionary has
	top         [classes]uint64

	buf []byte
}

const buckets = 1 << 12

type sums [buckets]struct{ a, b, n uint64 }

func (c *checker) hash(b []byte) (uint64, uint64) {
	return maphash.Bytes(c.seeds[0], b), maphash.Bytes(c.seeds[1], b)
}

func bucket(a uint64) uint64 { return a >> 52 }

func (s *sums) add(a, b uint64) {
	x := &s[bucket(a)]
	x.a += a
	x.b += b
	x.n++
}

func (s *sums) plus(o *sums) *sums {
	out := *s
	for i, x := range o {
		out[i].a += x.a
		out[i].b += x.b
		out[i].n += x.n
	}
	return &out
}

// problem reports a problem, unless there were enough of its kind; it tells whether more are wanted.
func (c *checker) problem(where, kind, format string, args ...any) (more bool) {
	c.stats.Problems++
	k := where + "\x00" + kind
	c.seen[k]++
	if n := c.seen[k]; c.o.Report != nil && n <= c.o.Most {
		c.o.Report(Problem{where, kind + fmt.Sprintf(format, args...)})
	} else if c.o.Report != nil && n == c.o.Most+1 {
		c.o.Report(Problem{where, kind + ": there are more"})
	}
	return c.seen[k] <= c.o.Most
}

func (c *checker) progress() {
	if c.o.Progress != nil {
		c.o.Progress(c.stats)
	}
}

// failed tells an error that ends the check from one that is a problem of the store.
func (c *checker) failed(err error) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	if errors.Is(err, pdb.ErrClosed) {
		return ErrClosed
	}
	return nil
}

// tables reads every block of every table, past the cache, and so compares the checksums.
func (c *checker) tables() error {
	levels, err := c.s.db.SSTables()
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, level := range levels {
		for _, t := range level {
			name := t.BackingSSTNum.String() + ".sst"
			if done[name] {
				continue
			}
			done[name] = true
			err := c.table(c.s.disk.PathJoin(c.s.dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				there, err2 := c.needed(name)
				if err2 != nil {
					return err2
				}
				if !there {
					continue // merged away meanwhile
				}
			}
			if err != nil {
				if err := c.failed(err); err != nil {
					return err
				}
				c.problem("table "+name, "cannot be read", ": %v", plain(err))
			}
			c.stats.Tables++
			c.progress()
		}
	}
	return nil
}

// needed tells whether the store still has a table.
func (c *checker) needed(name string) (bool, error) {
	levels, err := c.s.db.SSTables()
	for _, level := range levels {
		for _, t := range level {
			if t.BackingSSTNum.String()+".sst" == name {
				return true, err
			}
		}
	}
	return false, err
}

func (c *checker) table(path string) (err error) {
	f, err := c.s.disk.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(checkedFile{f, c.ctx})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	c.stats.Bytes += readable.Size()
	r, err := sstable.NewReader(c.ctx, readable, c.s.opts.MakeReaderOptions())
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

// checkedFile is a file whose reads a context ends.
type checkedFile struct {
	vfs.File
	ctx context.Context
}

func (f checkedFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// each calls f for every key of a part. That the part cannot be read to its end is a problem, and noted in unread.
func (c *checker) each(part byte, f func(key, value []byte) error) error {
	it, err := c.v.snapshot.NewIter(&pdb.IterOptions{LowerBound: []byte{part}, UpperBound: []byte{part + 1}})
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		if err := c.tick(); err != nil {
			return err
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return c.broken(part, err)
		}
		if err := f(it.Key(), value); err != nil {
			return err
		}
	}
	return c.broken(part, it.Error())
}

func (c *checker) tick() error {
	c.stats.Keys++
	if c.n++; c.n%1024 == 0 {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if c.n%(1<<20) == 0 {
			c.progress()
		}
	}
	return nil
}

// broken notes that a part cannot be read.
func (c *checker) broken(part byte, err error) error {
	if err == nil {
		return nil
	}
	if err := c.failed(err); err != nil {
		return err
	}
	c.unread[part] = true
	what := "what comes after the damage is not compared with the rest of the store"
	if info := pdb.ExtractDataCorruptionInfo(err); info != nil {
		what = c.s.disk.PathBase(info.Path) + ": " + what
	}
	c.problem(partNames[part], "cannot be read", ": %v; %s", plain(err), what)
	return nil
}

var partNames = map[byte]string{
	keySPOL: "index SPOL", keyPOSL: "index POSL", keyOSPL: "index OSPL", keyLSPO: "index LSPO",
	keyValue: "dictionary, ID to value", keyID: "dictionary, value to ID",
	keyCount: "counts", keyNext: "next numbers", keyFormat: "format",
}

func (c *checker) format() error {
	found := false
	err := c.each(keyFormat, func(key, value []byte) error {
		switch {
		case len(key) > 1:
			c.problem(partNames[keyFormat], "unknown key", " %q", key)
		case len(value) != 1 || value[0] != Version:
			c.problem(partNames[keyFormat], "unknown version", " %d", value)
		}
		found = found || len(key) == 1
		return nil
	})
	if err == nil && !found && !c.unread[keyFormat] {
		c.problem(partNames[keyFormat], "is missing", "")
	}
	return err
}

// strangers looks for keys whose first byte is of no part.
func (c *checker) strangers() error {
	it, err := c.v.its.take()
	if err != nil {
		return err
	}
	defer c.v.its.put(it)
	lo := []byte{0}
	ends := append(slices.Sorted(maps.Keys(partNames)), 0xff)
	for _, part := range ends {
		hi := []byte{part}
		if part == 0xff {
			hi = bytes.Repeat([]byte{0xff}, 256)
		}
		for st := it.SeekGEWithLimit(lo, hi); st == pdb.IterValid && bytes.Compare(it.Key(), hi) < 0; st = it.NextWithLimit(hi) {
			if err := c.tick(); err != nil {
				return err
			}
			if !c.problem("store", "unknown key", " %q", it.Key()) {
				return nil
			}
		}
		if err := it.Error(); err != nil {
			if err := c.failed(err); err != nil {
				return err
			}
			c.problem("store", "cannot be read", ": %v", plain(err))
			return nil
		}
		lo[0] = part + 1
	}
	return nil
}

// quad reads the key of a quad; ok is false for one that this package does not write, which is reported. The key in
// SPOL is then in c.buf.
func (c *checker) quad(key, value []byte) (q Quad, ok bool) {
	where := partNames[key[0]]
	q, err := parseQuad(key)
	if err != nil {
		c.problem(where, "no key of a quad", ": %q", key)
		return q, false
	}
	c.buf = appendQuad(c.buf[:0], keySPOL, q)
	bad := ""
	switch {
	case len(c.buf) != len(key):
		bad = "a number in it is not written in its short form"
	case key[0] == keyLSPO && q.Label == (Ref{}):
		bad = "the label is missing"
	case !valid(q.Subject) || !valid(q.Predicate) || !valid(q.Object) || q.Label != (Ref{}) && !valid(q.Label):
		bad = "a node has an ID or a range that is never given"
	}
	if bad != "" {
		c.problem(where, "no key of a quad", ": %s: %q", bad, key)
	} else if len(value) > 0 {
		c.problem(where, "a key with a value", ": %s has %q", c.named(q), value)
	}
	return q, bad == ""
}

func valid(r Ref) bool {
	return r.ID&^classBits != 0 && r.ID&classBits != classBits && uint64(r.Start)+uint64(r.Len) <= math.MaxUint32
}

func (c *checker) spol() error {
	return c.each(keySPOL, func(key, value []byte) error {
		q, ok := c.quad(key, value)
		if !ok {
			return nil
		}
		c.stats.Quads++
		for _, r := range [...]Ref{q.Subject, q.Predicate, q.Object, q.Label} {
			if r.ID != 0 {
				c.used.add(r.ID)
				c.top[r.ID>>62] = max(c.top[r.ID>>62], r.ID&^classBits)
			}
		}
		if q.Label == (Ref{}) {
			c.unlabelled.add(c.hash(key))
		} else {
			c.labelled.add(c.hash(key))
		}
		return nil
	})
}

func (c *checker) other(i int) func(key, value []byte) error {
	return func(key, value []byte) error {
		if _, ok := c.quad(key, value); ok {
			c.others[i].add(c.hash(c.buf))
		}
		return nil
	}
}

func (c *checker) ospl() error { return c.each(keyOSPL, c.other(1)) }
func (c *checker) lspo() error { return c.each(keyLSPO, c.other(2)) }

// posl counts the quads of each predicate besides, and compares them with the counts, which have the same order.
func (c *checker) posl() error {
	counts, err := c.v.its.take()
	if err != nil {
		return err
	}
	defer c.v.its.put(counts)
	hi := []byte{keyCount + 1}
	at := counts.SeekGEWithLimit([]byte{keyCount}, hi) == pdb.IterValid && counts.Key()[0] == keyCount
	next := func() { at = counts.NextWithLimit(hi) == pdb.IterValid && counts.Key()[0] == keyCount }
	where := partNames[keyCount]
	var predicate []byte // as the key of its count
	var n uint64
	// stray reports a count of a predicate that has no quad.
	stray := func() {
		ref, rest, ok := cutRef(counts.Key()[1:])
		if !ok || len(rest) > 0 {
			c.problem(where, "unknown key", " %q", counts.Key())
			return
		}
		c.problem(where, "no quad has the predicate", " %s, counted are %s", c.node(ref), counted(counts.Value()))
	}
	ended := func() error {
		if n == 0 {
			return nil
		}
		c.stats.Predicates++
		for ; at && bytes.Compare(counts.Key(), predicate) < 0; next() {
			stray()
			if err := c.tick(); err != nil {
				return err
			}
		}
		ref, _, _ := cutRef(predicate[1:])
		if !at || !bytes.Equal(counts.Key(), predicate) {
			if err := counts.Error(); err != nil {
				return c.broken(keyCount, err)
			}
			c.problem(where, "a count is missing", ": predicate %s has %d quads", c.node(ref), n)
			return nil
		}
		value, err := counts.ValueAndErr()
		if err != nil {
			return c.broken(keyCount, err)
		}
		if len(value) != 8 || binary.BigEndian.Uint64(value) != n {
			c.problem(where, "a count is wrong", ": predicate %s has %d quads, counted are %s", c.node(ref), n, counted(value))
		}
		next()
		return nil
	}
	add := c.other(0)
	err = c.each(keyPOSL, func(key, value []byte) error {
		_, rest, ok := cutRef(key[1:])
		if !ok {
			return add(key, value) // reports it
		}
		if p := key[1 : len(key)-len(rest)]; n == 0 || !bytes.Equal(predicate[1:], p) {
			if err := ended(); err != nil {
				return err
			}
			predicate = append(append(predicate[:0], keyCount), p...)
			n = 0
		}
		n++
		return add(key, value)
	})
	if err != nil || c.unread[keyPOSL] || c.unread[keyCount] {
		return err
	}
	if err := ended(); err != nil {
		return err
	}
	for ; at; next() {
		stray()
		if err := c.tick(); err != nil {
			return err
		}
	}
	return c.broken(keyCount, counts.Error())
}

// counted is a count for a message.
func counted(value []byte) string {
	if len(value) == 8 {
		return fmt.Sprint(binary.BigEndian.Uint64(value))
	}
	return fmt.Sprintf("%q", value)
}

// compareIndexes names the quads that are not in all indexes where they should be.
func (c *checker) compareIndexes() error {
	all := c.labelled.plus(&c.unlabelled)
	type pair struct {
		index byte
		here  *sums // of SPOL
		there *sums
	}
	var differ []pair
	for i, index := range []byte{keyPOSL, keyOSPL, keyLSPO} {
		p := pair{index, all, &c.others[i]}
		if index == keyLSPO {
			p.here = &c.labelled
		}
		if !c.unread[keySPOL] && !c.unread[index] && *p.here != *p.there {
			differ = append(differ, p)
		}
	}
	for _, p := range differ {
		name := partNames[p.index]
		// look calls lost for the quads of one index that another lacks.
		look := func(from, in byte, lost func(Quad) bool) error {
			var key []byte
			stop := errors.New("enough")
			err := c.each(from, func(k, value []byte) error {
				q, err := parseQuad(k)
				if err != nil || in == keyLSPO && q.Label == (Ref{}) {
					return nil
				}
				c.buf = appendQuad(c.buf[:0], keySPOL, q)
				if a, _ := c.hash(c.buf); p.here[bucket(a)] == p.there[bucket(a)] {
					return nil
				}
				key = appendQuad(key[:0], in, q)
				_, done, err := c.v.snapshot.Get(key)
				if err == nil {
					return done.Close()
				}
				if !errors.Is(err, pdb.ErrNotFound) {
					return c.broken(in, err)
				}
				if !lost(q) {
					return stop
				}
				return nil
			})
			if errors.Is(err, stop) {
				return nil
			}
			return err
		}
		err := look(keySPOL, p.index, func(q Quad) bool { return c.problem(name, "lacks", " %s, which is in SPOL", c.named(q)) })
		if err == nil {
			err = look(p.index, keySPOL, func(q Quad) bool {
				return c.problem("index SPOL", "lacks", " %s, which is in %s", c.named(q), name[6:])
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dictionary checks the entries by ID.
func (c *checker) dictionary() error {
	where := partNames[keyValue]
	return c.each(keyValue, func(key, value []byte) error {
		id, rest, ok := cutID(key[1:])
		c.buf = appendID(c.buf[:0], id)
		if !ok || len(rest) > 0 || !bytes.Equal(c.buf, key[1:]) || !valid(Ref{ID: id}) {
			c.problem(where, "unknown key", " %q", key)
			return nil
		}
		c.known.add(id)
		c.top[id>>62] = max(c.top[id>>62], id&^classBits)
		if id&classBits == isBase {
			c.stats.Bases++
		} else {
			c.stats.Nodes++
		}
		if bad := badValue(id, value); bad != "" {
			c.problem(where, "a wrong value", " of node %d: %s: %.200q", id, bad, value)
		}
		c.buf = appendIDKey(c.buf, value)
		c.byID.add(c.hash(c.buf))
		return nil
	})
}

// badValue tells what is wrong with a value of an ID.
func badValue(id uint64, value []byte) string {
	v, err := parseValue(value)
	if err != nil {
		return "it is none"
	}
	kind := value[0]
	if kind != kindBase {
		if b, err := appendValue(nil, v); err != nil || !bytes.Equal(b, value) {
			return "it is not written as this package does"
		}
	}
	if classOf(kind) != id&classBits {
		return "it is of another class than the ID"
	}
	if kind == kindBase && len(value) == 1 {
		return "the base is empty"
	}
	if kind == kindIRI {
		if _, _, _, ok := cutPassage(string(value[1:])); ok {
			return "it is a passage, which has no entry of its own"
		}
	}
	return ""
}

// values checks the entries by value.
func (c *checker) values() error {
	where := partNames[keyID]
	return c.each(keyID, func(key, value []byte) error {
		id, rest, ok := cutID(value)
		c.buf = appendID(c.buf[:0], id)
		if !ok || len(rest) > 0 || len(c.buf) != len(value) {
			c.problem(where, "no ID", " but %q for %.200q", value, key[1:])
			return nil
		}
		c.buf = append(c.buf, key...)
		c.byValue.add(c.hash(c.buf))
		return nil
	})
}

func (c *checker) compareDictionary() error {
	if c.unread[keyValue] || c.unread[keyID] || c.byID == c.byValue {
		return nil
	}
	differs := func(id, idKey []byte) bool {
		c.buf = append(append(c.buf[:0], id...), idKey...)
		a, _ := c.hash(c.buf)
		return c.byID[bucket(a)] != c.byValue[bucket(a)]
	}
	src := source{c.v.snapshot, c.s}
	var idKey []byte
	err := c.each(keyValue, func(key, value []byte) error {
		id, _, ok := cutID(key[1:])
		idKey = appendIDKey(idKey[:0], value)
		if !ok || !differs(key[1:], idKey) {
			return nil
		}
		found, err := src.get(idKey)
		switch {
		case err != nil:
			return c.broken(keyID, err)
		case found == nil:
			c.problem(partNames[keyID], "lacks", " the value of node %d: %s", id, readable(value))
		case !bytes.Equal(found, key[1:]):
			other, _, _ := cutID(found)
			c.problem(partNames[keyID], "another ID", ": %s is node %d, and found as node %d", readable(value), id, other)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.each(keyID, func(key, id []byte) error {
		n, rest, ok := cutID(id)
		if !ok || len(rest) > 0 || !differs(id, key) {
			return nil
		}
		value, err := src.get(append([]byte{keyValue}, id...))
		switch {
		case err != nil:
			return c.broken(keyValue, err)
		case value == nil:
			c.problem(partNames[keyValue], "lacks", " node %d, found for %.200q", n, key[1:])
		case !bytes.Equal(appendIDKey(nil, value), key):
			c.problem(partNames[keyID], "another value", ": node %d, found for %.200q, is %s", n, key[1:], readable(value))
		}
		return nil
	})
}

// compareUse names the nodes of quads that the dictionary lacks, and entries of the dictionary that no quad has.
func (c *checker) compareUse() error {
	if c.unread[keySPOL] || c.unread[keyValue] {
		return nil
	}
	where := partNames[keyValue]
	src := source{c.v.snapshot, c.s}
	c.used.without(&c.known, func(id uint64) bool { return c.problem(where, "lacks", " node %d, which quads have", id) })
	c.known.without(&c.used, func(id uint64) bool {
		value, _ := src.get(appendID([]byte{keyValue}, id))
		return c.problem(where, "no quad has", " node %d: %s", id, readable(value))
	})
	return c.ctx.Err()
}

func (c *checker) next() error {
	where := partNames[keyNext]
	next := [classes]uint64{1, 1, 1}
	err := c.each(keyNext, func(key, value []byte) error {
		switch {
		case len(key) > 1:
			c.problem(where, "unknown key", " %q", key)
		case len(value) != 8*classes:
			c.problem(where, "no numbers", " but %q", value)
		default:
			for i := range next {
				next[i] = binary.BigEndian.Uint64(value[8*i:])
			}
		}
		return nil
	})
	if err != nil || c.unread[keyNext] {
		return err
	}
	for i, top := range c.top {
		if top >= next[i] {
			c.problem(where, "too low", ": the next %s is number %d, but there is number %d", [...]string{"resource", "text", "base"}[i], next[i], top)
		}
	}
	return nil
}

// node is a node for a message.
func (c *checker) node(r Ref) string {
	b, err := source{c.v.snapshot, c.s}.get(appendID([]byte{keyValue}, r.ID))
	if err != nil || b == nil {
		return fmt.Sprintf("node %d", r.ID)
	}
	if r.passage() && len(b) > 0 {
		return joinPassage(string(b[1:]), r.Start, r.Len).String()
	}
	return readable(b)
}

func (c *checker) named(q Quad) string {
	s := c.node(q.Subject) + " " + c.node(q.Predicate) + " " + c.node(q.Object)
	if q.Label != (Ref{}) {
		s += " " + c.node(q.Label)
	}
	return s
}

// readable is an entry of the dictionary for a message.
func readable(value []byte) string {
	v, err := parseValue(value)
	if err != nil {
		return fmt.Sprintf("%.200q", value)
	}
	s := quad.StringOf(v)
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	if value[0] == kindBase {
		s = "the base of passages " + s
	}
	return s
}

// numbers is a set of IDs: a bit for each, in pages.
type numbers struct {
	pages map[uint64]*page
	last  *page
	at    uint64
}

const pageBits = 15

type page [1 << pageBits / 64]uint64

func (n *numbers) add(id uint64) {
	at := id >> pageBits
	if n.last == nil || n.at != at {
		if n.pages == nil {
			n.pages = map[uint64]*page{}
		}
		if n.pages[at] == nil {
			n.pages[at] = new(page)
		}
		n.last, n.at = n.pages[at], at
	}
	i := id & (1<<pageBits - 1)
	n.last[i/64] |= 1 << (i % 64)
}

// without calls f for the IDs, in order, that n has and o does not, until f returns false.
func (n *numbers) without(o *numbers, f func(uint64) bool) {
	for _, at := range slices.Sorted(maps.Keys(n.pages)) {
		other := o.pages[at]
		if other == nil {
			other = new(page)
		}
		for i, w := range n.pages[at] {
			for w &^= other[i]; w != 0; w &= w - 1 {
				if !f(at<<pageBits | uint64(i)<<6 | uint64(bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

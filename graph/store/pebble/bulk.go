package pebble

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// BulkOptions say how quads are loaded in bulk. The zero value is good.
type BulkOptions struct {
	// Memory is how many bytes the load works with; 0 means 1 GiB, less than 1 MiB is taken for that. It covers what
	// grows with the input: the table of its values, and its quads until they are written. What does not fit goes to
	// files beside the store and is merged in the end. It does not cover the cache of the store, lines longer than half a
	// megabyte (at most two at a time), 40 bytes for each distinct predicate, and what Go's garbage collector lets
	// lie: a process that has to keep to a limit sets it with debug.SetMemoryLimit.
	Memory int64

	// Check may refuse a quad; its error, with the line of the quad, is then the error of the load. The label is nil for
	// a quad without one. It is called by several goroutines, in no order, and must not keep the terms.
	Check func(subject, predicate, object, label Term) error

	// Progress is told how many bytes and quads of the input were read, now and then.
	Progress func(bytes, quads int64)
}

// Term is a value in an input.
type Term []byte // kind and bytes

// IRI is the IRI that a term is; ok is false for one that is none.
func (t Term) IRI() (iri []byte, ok bool) {
	if len(t) == 0 || t[0] != kindIRI {
		return nil, false
	}
	return t[1:], true
}

// Value is the value of a term; nil for that of an absent label.
func (t Term) Value() quad.Value {
	v, _ := parseValue(t)
	return v
}

// BulkStats tell what a load did.
type BulkStats struct {
	Read   int64 // quads in the input
	Added  int64 // those that the store did not have, each counted once
	Values int64 // entries that the dictionary got
	Chunks int   // parts in which it was sorted: more than one when Memory was too little for it
}

// BulkNQuads adds the quads of a text in N-Quads, in one transaction: when it returns an error, or the process is
// killed, nothing has changed; but for an error of the disk in the last step, as with Replace. It is the fast way to add
// many: they are sorted and written as tables that become part of the store in one step. Meanwhile everybody can read,
// and writers wait. A context that ends stops it once a Read of r that is under way has returned. It does not close r.
func (s *Store) BulkNQuads(ctx context.Context, r io.Reader, o BulkOptions) (BulkStats, error) {
	return s.bulk(ctx, o, func(size int) feed { return &lines{r: r, size: size} })
}

// BulkLoad implements Cayley's graph.BulkLoader: BulkNQuads for quads that are read one by one.
func (s *Store) BulkLoad(r quad.Reader) error {
	_, err := s.bulk(context.Background(), BulkOptions{}, func(int) feed { return &reader{r: r} })
	return err
}

// leastBulk is the least Memory; tests have a smaller one.
var leastBulk int64 = 1 << 20

// bulkDir is where a load keeps its files, in the directory of the store.
const bulkDir = "bulk-tmp"

// removeBulkLeftovers removes the files of a load that was killed.
func removeBulkLeftovers(fs vfs.FS, dir string) error {
	return fs.RemoveAll(fs.PathJoin(dir, bulkDir))
}

// bulk is a load under way.
//
// Blocks of the input are parsed by several goroutines, which also find the distinct values of each block. In the order
// of the input each distinct value then gets its ID, and each quad becomes its key in SPOL, appended to an arena. A
// chunk of quads ends with the input, or when memory is used up. Then each index is written from the arena range by
// range: gathered, sorted, made distinct, written. If there is but one chunk, these are the tables of the store; else
// they go to a database of their own, the runs, and the tables are what an iterator over that gives in the end.
type bulk struct {
	s       *Store
	ctx     context.Context
	o       BulkOptions
	dir     string
	workers int
	memory  int64 // all of it
	limit   int64 // of bytes of dict and arenas
	sort    int64 // bytes of a worker to sort in

	tableSize uint64 // about how large tables become

	first, next [classes]uint64 // the next free numbers, before and now
	dict        dict
	quads       arena // of this chunk
	held        arena // those of which the store knows all nodes
	segs        segments
	pool        []worker

	runs   *Store           // chunks before this one, or nil
	values [classes]*tables // of values by their IDs
	out    tableList
	files  atomic.Int64
	space  sync.Mutex
	counts [][]count // in the order of their predicates

	stats BulkStats
}

// bulk makes a transaction of all that a source has.
func (s *Store) bulk(ctx context.Context, o BulkOptions, open func(size int) feed) (stats BulkStats, err error) {
	if err := s.acquire(); err != nil {
		return BulkStats{}, err
	}
	defer s.release()
	if err := s.write.lock(ctx); err != nil {
		return BulkStats{}, err
	}
	defer s.write.Unlock()
	if s.opts.ReadOnly {
		return BulkStats{}, fmt.Errorf("pebble: bulk: %w", pdb.ErrReadOnly)
	}

	memory := max(o.Memory, leastBulk)
	if o.Memory == 0 {
		memory = 1 << 30
	}
	b := &bulk{s: s, ctx: ctx, o: o, first: s.next, next: s.next, workers: min(runtime.GOMAXPROCS(0), 8)}
	b.pool, b.segs.size = make([]worker, b.workers), int(min(1<<20, memory/64))
	b.memory, b.limit, b.sort = memory, memory*5/8, memory/4/int64(b.workers)
	b.tableSize = uint64(min(max(memory/10, 8<<20), 96<<20))
	b.dir = s.opts.FS.PathJoin(s.dir, bulkDir)
	defer func() {
		s.next = b.next // what was given in a load that failed is not given again
		if b.close(); err != nil {
			stats, err = BulkStats{}, fmt.Errorf("pebble: bulk: %w", full(err))
		}
	}()
	if err := cmp.Or(s.spare(0), removeBulkLeftovers(s.opts.FS, s.dir)); err != nil {
		return BulkStats{}, err
	}
	if err := s.opts.FS.MkdirAll(b.dir, 0o755); err != nil {
		return BulkStats{}, err
	}
	if err := b.read(open(int(min(512<<10, memory/256)))); err != nil {
		return BulkStats{}, err
	}
	err = b.finish()
	return b.stats, err
}

// close removes all files of the load: its tables have become the store's, or are not wanted. What cannot be removed
// the next load, or Open, tries again.
func (b *bulk) close() {
	for _, t := range b.values {
		if t != nil {
			t.abort()
		}
	}
	if b.runs != nil {
		_ = b.runs.Close()
	}
	_ = removeBulkLeftovers(b.s.opts.FS, b.s.dir)
}

// take makes the quads of a parsed block part of the chunk.
func (b *bulk) take(blk *block) error {
	if b.dict.table.grown(len(blk.terms))+b.size() > b.limit && b.quads.count+b.held.count > 0 {
		if err := b.flush(false); err != nil {
			return err
		}
	}
	if err := b.assign(blk); err != nil {
		return err
	}
	var key [maxKey]byte
	for u := blk.uses; len(u) > 0; u = u[4:] {
		k, held := key[:0], true
		for _, u := range u[:4] {
			id := blk.ids[u.term]
			k = appendRef(k, Ref{id, u.start, u.length})
			held = held && id&^classBits < b.first[id>>62]
		}
		if held {
			b.held.add(&b.segs, k)
		} else {
			b.quads.add(&b.segs, k)
		}
	}
	b.stats.Read += int64(len(blk.uses) / 4)
	return nil
}

// size is how many bytes the chunk takes, and will take when it is sorted; without the table of values.
func (b *bulk) size() int64 {
	return b.quads.bytes + 2*b.held.bytes + b.dict.size()
}

// flush ends a chunk.
func (b *bulk) flush(last bool) error {
	if err := b.dropHeld(); err != nil {
		return err
	}
	b.stats.Chunks++
	single := last && b.runs == nil
	if single {
		b.dropTable() // what follows needs its memory
		b.sort = max(b.sort, (b.memory*7/8-b.quads.bytes)/int64(b.workers))
	}
	var run tableList
	out := &b.out
	if !single {
		out = &run
	}
	tasks := []func(*worker) error{
		func(w *worker) error { return b.writeIDs(w, b.tables(out, !single)) },
		b.writeValues,
	}
	for _, index := range indexes {
		tasks = append(tasks, b.writeIndex(index, out, !single)...)
	}
	if err := b.parallel(tasks); err != nil {
		return err
	}
	if single {
		return nil
	}
	b.quads.clear(&b.segs)
	b.dict.values.clear(&b.segs)
	b.dict.long = 0
	if b.runs == nil {
		if err := b.openRuns(); err != nil {
			return err
		}
	}
	if len(run.paths) > 0 {
		if err := b.runs.ingest(b.ctx, run.paths); err != nil {
			return err
		}
	}
	if b.dict.table.bytes() > b.limit/4 {
		b.dropTable()
		b.dict.dropped = true // from now on its values are found in the runs
	}
	return nil
}

// dropHeld moves those quads of which the store knows all nodes, and which it does not have, to the others.
func (b *bulk) dropHeld() error {
	var mu sync.Mutex
	err := b.parallel(b.ranges(&b.held, keySPOL, func(w *worker, _ int, keys iter.Seq[[]byte]) (err error) {
		it, err := b.s.db.NewIterWithContext(w.ctx, &pdb.IterOptions{LowerBound: []byte{keySPOL}, UpperBound: []byte{keySPOL + 1}})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, it.Close()) }()
		var fresh arena
		for key := range keys {
			if !has(it, key) {
				fresh.add(&b.segs, key[1:])
			}
			if err := it.Error(); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		b.quads.join(&fresh)
		return nil
	}))
	b.held.clear(&b.segs)
	return err
}

// has tells whether an iterator comes by a key; the keys that are asked for go up.
func has(it *pdb.Iterator, key []byte) bool {
	for i := 0; it.Valid(); i++ {
		switch c := bytes.Compare(it.Key(), key); {
		case c == 0:
			return true
		case c > 0:
			return false
		case i == 8: // too far to walk
			return it.SeekGE(key) && bytes.Equal(it.Key(), key)
		}
		it.Next()
	}
	return it.SeekGE(key) && bytes.Equal(it.Key(), key)
}

// writeIndex makes tasks that write an index of the chunk.
func (b *bulk) writeIndex(index byte, out *tableList, run bool) []func(*worker) error {
	tasks := b.ranges(&b.quads, index, func(w *worker, part int, keys iter.Seq[[]byte]) error {
		t := b.tables(out, run)
		defer t.abort()
		var counts counter
		for key := range keys {
			if err := t.set(key, nil); err != nil {
				return err
			}
			if index == keyPOSL && !run {
				counts.add(key)
			}
		}
		if index == keyPOSL && !run {
			b.counts[part] = counts.list
		}
		return t.close()
	})
	if index == keyPOSL {
		b.counts = make([][]count, len(tasks))
	}
	return tasks
}

// dropTable empties the table of values, and gives its memory back.
func (b *bulk) dropTable() {
	large := b.dict.table.bytes() > 16<<20
	if b.dict.table = (table{}); large {
		debug.FreeOSMemory()
	}
}

// finish makes everything that was read part of the store.
func (b *bulk) finish() error {
	if err := b.flush(true); err != nil {
		return err
	}
	if b.runs != nil {
		b.dict, b.segs, b.pool = dict{}, segments{}, make([]worker, b.workers)
		if err := b.merge(); err != nil {
			return err
		}
	}
	for _, t := range b.values {
		if t != nil {
			if err := t.close(); err != nil {
				return err
			}
		}
	}
	if err := b.writeCounts(); err != nil || b.stats.Added == 0 {
		return err
	}
	for i := range b.next {
		b.stats.Values += int64(b.next[i] - b.first[i])
	}
	return b.s.ingest(b.ctx, b.out.paths)
}

// ingest makes tables part of the store, all or none. They are durable when it returns.
func (s *Store) ingest(ctx context.Context, paths []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f := s.flush.Load(); f != nil {
		return fmt.Errorf("nothing is written while tables cannot be: %w", *f)
	}
	if err := s.failed(); err != nil {
		return err
	}
	err := s.db.Ingest(context.WithoutCancel(ctx), paths)
	return cmp.Or(s.failed(), err)
}

// openRuns opens the database of chunks. It is a store, for what a store does when its disk fails.
func (b *bulk) openRuns() (err error) {
	fs := b.s.opts.FS
	b.runs, err = Open(fs.PathJoin(b.dir, "runs"), Options{FS: fs, Create: true, NoSync: true, Cache: b.limit / 8, tune: func(o *pdb.Options) {
		o.DisableAutomaticCompactions = true
		o.MemTableSize = 1 << 20
	}})
	return err
}

// merge writes the tables of the store from the runs.
func (b *bulk) merge() error {
	var tasks []func(*worker) error
	for _, index := range append(slices.Clone(indexes), keyID) {
		tasks = append(tasks, func(*worker) error { return b.mergeIndex(index) })
	}
	return b.parallel(tasks)
}

func (b *bulk) mergeIndex(index byte) (err error) {
	it, err := b.runs.db.NewIterWithContext(b.ctx, &pdb.IterOptions{LowerBound: []byte{index}, UpperBound: []byte{index + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	out := b.tables(&b.out, false)
	defer out.abort()
	var counts counter
	for it.First(); it.Valid(); it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if err := out.set(it.Key(), v); err != nil {
			return err
		}
		if index == keyPOSL {
			counts.add(it.Key())
		}
	}
	if index == keyPOSL {
		b.counts = [][]count{counts.list}
	}
	return errors.Join(it.Error(), out.close())
}

// count is a number of quads with a predicate.
type count struct {
	predicate Ref
	n         int64
}

// counter counts keys of POSL that come in their order.
type counter struct {
	list []count
	key  []byte // the last predicate
}

func (c *counter) add(key []byte) {
	n := 1 + refLength(key[1:])
	if string(key[:n]) != string(c.key) {
		c.key = append(c.key[:0], key[:n]...)
		r, _, _ := cutRef(key[1:])
		c.list = append(c.list, count{predicate: r})
	}
	c.list[len(c.list)-1].n++
}

// writeCounts writes the table of the next free numbers and the numbers of quads of predicates.
func (b *bulk) writeCounts() error {
	list := slices.Concat(b.counts...)
	if len(list) == 0 {
		return nil
	}
	out := b.tables(&b.out, false)
	defer out.abort()
	var value []byte
	for _, n := range b.next {
		value = binary.BigEndian.AppendUint64(value, n)
	}
	if err := out.set([]byte{keyNext}, value); err != nil {
		return err
	}
	var key []byte
	for i := 0; i < len(list); {
		c := list[i]
		for i++; i < len(list) && list[i].predicate == c.predicate; i++ {
			c.n += list[i].n
		}
		b.stats.Added += c.n
		old, err := source{b.s.db, b.s}.count(c.predicate)
		if err != nil {
			return err
		}
		key = appendRef(append(key[:0], keyCount), c.predicate)
		value = binary.BigEndian.AppendUint64(value[:0], uint64(old+c.n))
		if err := out.set(key, value); err != nil {
			return err
		}
	}
	return out.close()
}

// worker is what a goroutine has to itself.
type worker struct {
	ctx context.Context // over when the tasks are to stop
	buf []uint64        // to sort in
}

// parallel runs tasks by as many goroutines as there are workers; the error is one of theirs.
func (b *bulk) parallel(tasks []func(*worker) error) error {
	ctx, cancel := context.WithCancelCause(b.ctx)
	defer cancel(nil)
	todo := make(chan func(*worker) error, len(tasks))
	for _, t := range tasks {
		todo <- t
	}
	close(todo)
	var wg sync.WaitGroup
	for i := range min(b.workers, len(tasks)) {
		wg.Go(func() {
			w := &b.pool[i]
			w.ctx = ctx
			for t := range todo {
				if ctx.Err() != nil {
					return
				}
				if err := t(w); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return cmp.Or(b.ctx.Err(), context.Cause(ctx))
}

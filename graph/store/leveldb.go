package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/kv"
	"github.com/cayleygraph/quad"
	hkv "github.com/hidal-go/hidalgo/kv"
	"github.com/hidal-go/hidalgo/kv/flat"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// A store on disk is a directory with two entries: the file FORMAT, which holds the line formatLine, and the database.
// FORMAT is written first and in one step, so that a directory either is no store, or is one whose creation the next
// Open ends.
const (
	formatFile = "FORMAT"
	formatLine = "casegraph leveldb 1\n"
	formatTemp = formatFile + ".tmp"
)

// indexes are the orders in which the database keeps quads. Cayley keeps the numbers of all quads with the same key in
// one value, and rewrites it for every new one; the label at the end keeps these values short where a key without it
// would gather every document that names a well-known actor.
var indexes = []kv.QuadIndex{
	{Dirs: []quad.Direction{quad.Subject, quad.Predicate, quad.Object, quad.Label}},
	{Dirs: []quad.Direction{quad.Object, quad.Predicate, quad.Subject, quad.Label}},
	{Dirs: []quad.Direction{quad.Predicate, quad.Subject, quad.Object, quad.Label}},
	{Dirs: []quad.Direction{quad.Label}},
}

func openLevelDB(ctx context.Context, dir string, create bool) (backend, error) {
	if dir == "" {
		return backend{}, errors.New("a store needs a directory")
	}
	if err := openDir(dir, create); err != nil {
		return backend{}, err
	}
	data := filepath.Join(dir, "leveldb")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return backend{}, err
	}
	db, err := leveldb.OpenFile(data, &opt.Options{Filter: filter.NewBloomFilter(10), BlockCacheCapacity: 64 << 20})
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return backend{}, fmt.Errorf("the store %s is in use by another process", dir)
	case err != nil:
		return backend{}, fmt.Errorf("store %s: %w", dir, err)
	}
	b, err := kvBackend(ctx, flat.Upgrade(&batchDB{db}))
	if err != nil {
		return backend{}, fmt.Errorf("store %s: %w", dir, errors.Join(err, db.Close()))
	}
	return b, nil
}

// openDir makes sure that dir is a store of this format. An absent or empty directory becomes one when create says so.
func openDir(dir string, create bool) error {
	line, err := os.ReadFile(filepath.Join(dir, formatFile))
	if err == nil {
		return checkFormat(dir, string(line))
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() != formatTemp {
			return fmt.Errorf("%s is not a store, and not empty: it holds %s", dir, e.Name())
		}
	}
	if !create {
		return errAbsent(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return writeFormat(dir)
}

func checkFormat(dir, line string) error {
	if line == formatLine {
		return nil
	}
	if strings.HasPrefix(line, "casegraph ") && strings.HasSuffix(line, "\n") {
		return fmt.Errorf("the store %s has the format %q, which this casegraph does not know (it knows %q): a newer one wrote it",
			dir, strings.TrimSpace(line), strings.TrimSpace(formatLine))
	}
	return fmt.Errorf("%s is not a store: its file %s is not ours", dir, formatFile)
}

// writeFormat writes the format file whole or not at all, also when the machine stops.
func writeFormat(dir string) error {
	temp := filepath.Join(dir, formatTemp)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(formatLine)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(dir, formatFile)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// kvBackend is Cayley's key-value store over a database, which it makes ready when it is new. Cayley's Bloom filters are off:
// they take 80 MB each, and fill themselves at start by reading the whole store.
func kvBackend(ctx context.Context, plain hkv.KV) (backend, error) {
	db := &groupKV{KV: plain}
	if err := kv.Init(db, nil); err != nil && !errors.Is(err, cgraph.ErrDatabaseExists) {
		return backend{}, err
	}
	if err := setIndexes(ctx, db); err != nil {
		return backend{}, err
	}
	return backend{
		open: func() (cgraph.QuadStore, error) {
			return kv.New(db, cgraph.Options{kv.OptNoBloom: true})
		},
		apply: func(qs cgraph.QuadStore, deltas []cgraph.Delta) error {
			n := slices.IndexFunc(deltas, func(d cgraph.Delta) bool { return d.Action == cgraph.Delete })
			if n < 0 {
				n = len(deltas)
			}
			return db.group(func() error {
				for _, part := range [][]cgraph.Delta{deltas[:n], deltas[n:]} {
					if len(part) == 0 {
						continue
					}
					if err := qs.ApplyDeltas(part, cgraph.IgnoreOpts{}); err != nil {
						return err
					}
				}
				return nil
			})
		},
		// Cayley's own walk over all quads reads a store whose state cannot be read as an empty one, and reads every
		// text on its way. An index has neither fault.
		all: func(qs cgraph.QuadStore) cgraph.Iterator {
			return kv.NewQuadIterator(qs.(*kv.QuadStore), indexes[0], nil)
		},
		pair: func(qs cgraph.QuadStore, d quad.Direction, node, predicate cgraph.Ref) cgraph.Iterator {
			for _, ind := range indexes {
				if len(ind.Dirs) > 1 && ind.Dirs[0] == d && ind.Dirs[1] == quad.Predicate {
					return kv.NewQuadIterator(qs.(*kv.QuadStore), ind,
						[]uint64{uint64(node.(kv.Int64Value)), uint64(predicate.(kv.Int64Value))})
				}
			}
			return nil
		},
		close: db.Close,
	}, nil
}

// setIndexes puts our indexes in place of Cayley's default ones. It can be done only while there are no quads.
func setIndexes(ctx context.Context, db hkv.KV) error {
	want, err := json.Marshal(indexes)
	if err != nil {
		return err
	}
	indexesKey, numbersKey := hkv.SKey("meta", "indexes"), hkv.SKey("meta", "horizon")
	return hkv.Update(ctx, db, func(tx hkv.Tx) error {
		have, err := tx.Get(ctx, indexesKey)
		switch {
		case err == nil && bytes.Equal(have, want):
			return nil
		case err != nil && !errors.Is(err, hkv.ErrNotFound):
			return err
		}
		_, err = tx.Get(ctx, numbersKey)
		switch {
		case err == nil:
			return errors.New("damaged: it holds quads under other indexes")
		case !errors.Is(err, hkv.ErrNotFound):
			return err
		}
		return tx.Put(indexesKey, want)
	})
}

// groupKV is a database in which several write transactions can be made one.
//
// It is there because Cayley's key-value store must not add and delete in one ApplyDeltas: a node that loses more
// quads than it gains in that call is left out (as node 0) of the quads that it gains.
type groupKV struct {
	hkv.KV
	tx hkv.Tx // of the group under way, else nil
}

// group runs f, and keeps what the write transactions in it wrote if f and the one real transaction succeed. Nobody
// may use the database meanwhile but f.
func (g *groupKV) group(f func() error) error {
	tx, err := g.KV.Tx(true)
	if err != nil {
		return err
	}
	defer tx.Close()
	g.tx = tx
	err = f()
	g.tx = nil
	if err != nil {
		return err
	}
	return tx.Commit(context.Background())
}

func (g *groupKV) Tx(rw bool) (hkv.Tx, error) {
	if rw && g.tx != nil {
		return groupTx{g.tx}, nil
	}
	return g.KV.Tx(rw)
}

// groupTx is one transaction of a group: what it wrote is seen by the next one, and kept or lost with the group.
type groupTx struct{ hkv.Tx }

func (groupTx) Commit(context.Context) error { return nil }
func (groupTx) Close() error                 { return nil }

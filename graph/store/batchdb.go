package store

import (
	"context"
	"errors"

	"github.com/hidal-go/hidalgo/kv/flat"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/iterator"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// batchDB is LevelDB as Cayley's key-value store wants it. A transaction reads a snapshot, collects what it writes, and
// commits it as one batch: all of it with one sync of the journal, or nothing. The stock driver opens one of LevelDB's
// own transactions instead, which makes a file for each and then merges them: more than twice as slow for files of
// 50 statements.
//
// It has one writer at a time, as the store that uses it has; nothing here sees to that.
type batchDB struct{ db *leveldb.DB }

func (b *batchDB) Close() error { return b.db.Close() }

func (b *batchDB) Tx(rw bool) (flat.Tx, error) {
	sn, err := b.db.GetSnapshot()
	if err != nil {
		return nil, err
	}
	tx := &batchTx{db: b.db, sn: sn}
	if rw {
		tx.written = map[string][]byte{}
	}
	return tx, nil
}

type batchTx struct {
	db      *leveldb.DB
	sn      *leveldb.Snapshot
	batch   leveldb.Batch
	written map[string][]byte // what batch holds, nil for a key that it deletes; nil when only reading
}

func (tx *batchTx) Get(_ context.Context, key flat.Key) (flat.Value, error) {
	if v, ok := tx.written[string(key)]; ok {
		if v == nil {
			return nil, flat.ErrNotFound
		}
		return v, nil
	}
	v, err := tx.sn.Get(key, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		err = flat.ErrNotFound
	}
	return v, err
}

func (tx *batchTx) GetBatch(ctx context.Context, keys []flat.Key) ([]flat.Value, error) {
	return flat.GetBatch(ctx, tx, keys)
}

func (tx *batchTx) Put(k flat.Key, v flat.Value) error {
	if tx.written == nil {
		return flat.ErrReadOnly
	}
	tx.batch.Put(k, v)
	tx.written[string(k)] = append([]byte{}, v...)
	return nil
}

func (tx *batchTx) Del(k flat.Key) error {
	if tx.written == nil {
		return flat.ErrReadOnly
	}
	tx.batch.Delete(k)
	tx.written[string(k)] = nil
	return nil
}

// Scan goes over the snapshot. Cayley scans only while reading; a scan that would miss what its transaction wrote is
// an error.
func (tx *batchTx) Scan(prefix flat.Key) flat.Iterator {
	if len(tx.written) > 0 {
		return &batchIterator{it: iterator.NewEmptyIterator(errors.New("scan in a transaction that has written"))}
	}
	return &batchIterator{it: tx.sn.NewIterator(util.BytesPrefix(prefix), nil)}
}

func (tx *batchTx) Commit(context.Context) error {
	defer tx.sn.Release()
	if tx.batch.Len() == 0 {
		return nil
	}
	return tx.db.Write(&tx.batch, &opt.WriteOptions{Sync: true})
}

func (tx *batchTx) Close() error {
	tx.sn.Release()
	return nil
}

type batchIterator struct{ it iterator.Iterator }

func (b *batchIterator) Next(context.Context) bool { return b.it.Next() }
func (b *batchIterator) Key() flat.Key             { return b.it.Key() }
func (b *batchIterator) Val() flat.Value           { return b.it.Value() }
func (b *batchIterator) Err() error                { return b.it.Error() }

func (b *batchIterator) Close() error {
	b.it.Release()
	return b.it.Error()
}

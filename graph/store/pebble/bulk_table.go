package pebble

import (
	"bufio"
	"cmp"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// tableList is a list of finished tables.
type tableList struct {
	sync.Mutex
	paths []string
}

// tables writes keys that come in their order into one table after the other.
type tables struct {
	b    *bulk
	list *tableList
	run  bool // for the runs: need not be on disk, nor small
	w    *sstable.Writer
	path string
	n    int    // of keys
	size uint64 // of the table, when it was looked at last
}

func (b *bulk) tables(list *tableList, run bool) *tables { return &tables{b: b, list: list, run: run} }

func (t *tables) set(key, value []byte) error {
	if t.w == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	if t.n++; t.n%1024 == 0 {
		if err := t.b.ctx.Err(); err != nil {
			return err
		}
		size := t.w.Raw().EstimatedSize()
		if err := t.b.spare(size - t.size); err != nil {
			return err
		}
		if t.size = size; size > t.b.tableSize {
			if err := t.close(); err != nil {
				return err
			}
			if err := t.open(); err != nil {
				return err
			}
		}
	}
	return t.w.Set(key, value)
}

// spare is an error when n bytes more would leave too little space on the disk.
func (b *bulk) spare(n uint64) error {
	b.space.Lock()
	defer b.space.Unlock()
	return b.s.spare(int(n))
}

func (t *tables) open() error {
	t.size = 0
	fs := t.b.s.opts.FS
	t.path = fs.PathJoin(t.b.dir, fmt.Sprintf("%d.sst", t.b.files.Add(1)))
	f, err := fs.Create(t.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	o := t.b.s.opts.MakeWriterOptions(6, t.b.s.db.TableFormat())
	if t.run {
		o.Compression = sstable.NoCompression
	} else {
		f = vfs.NewSyncingFile(f, vfs.SyncingFileOptions{BytesPerSync: 1 << 20})
	}
	t.w = sstable.NewWriter(&tableFile{f, bufio.NewWriterSize(f, 64<<10), !t.run}, o)
	return nil
}

// close finishes the last table.
func (t *tables) close() error {
	if t.w == nil {
		return nil
	}
	err := t.w.Close()
	t.w = nil
	if err != nil {
		return err
	}
	t.list.Lock()
	defer t.list.Unlock()
	t.list.paths = append(t.list.paths, t.path)
	return nil
}

// abort lets a table go that was not finished. After close it does nothing.
func (t *tables) abort() {
	if t.w != nil {
		t.w.Raw().Close() // its error is not the first one
		t.w = nil
	}
}

// tableFile is what a table is written to.
type tableFile struct {
	f    vfs.File
	w    *bufio.Writer
	sync bool
}

// Write implements objstorage.Writable.
func (t *tableFile) Write(p []byte) error {
	_, err := t.w.Write(p)
	return err
}

// Finish implements objstorage.Writable.
func (t *tableFile) Finish() error {
	err := t.w.Flush()
	if err == nil && t.sync {
		err = t.f.Sync()
	}
	return cmp.Or(err, t.f.Close())
}

// Abort implements objstorage.Writable.
func (t *tableFile) Abort() { _ = t.f.Close() }

package pebble

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system under a store. It keeps from the database what the database does not survive.
//
// When its log, manifest, markers or directory cannot be written, the database panics, on goroutines of its own and with
// mutexes in a state that ends the process. So it never hears of such an error: from the first one on the disk is
// frozen, which means that the files of the store stay as they are, and that writes to them only seem to succeed. Before
// the database goes on, the store has been told (Store.fail), and acknowledges nothing any more. On disk is what a crash
// at that moment would have left, and the next Open recovers from that. Reads go on: what they need is in memory and in
// tables, and tables are neither made nor removed.
//
// An error of a table is told to the database, which tries again, for ever and at once; the disk makes it wait a little
// longer each time.
type disk struct {
	vfs.FS
	s        *Store
	dir      string
	readOnly bool

	opened  atomic.Bool   // the database is
	frozen  atomic.Bool   // goes up only
	stalled atomic.Int64  // since when a write waits for the database's tables, in nanoseconds; 0: none does
	ending  chan struct{} // closed when Close begins
	listed  atomic.Pointer[[]string]

	flushes, merges pause

	backups turn // held by a backup
	target  atomic.Pointer[target]
}

// patience is how long a write waits for tables that cannot be written.
var patience = 10 * time.Second

// pause is how long to wait before the next try; it grows with each failure.
type pause struct{ ns atomic.Int64 }

const pauseMax = time.Second

func (p *pause) ended(err error) {
	if err == nil {
		p.ns.Store(0)
		return
	}
	p.ns.Store(min(max(2*p.ns.Load(), int64(10*time.Millisecond)), int64(pauseMax)))
}

// The categories of the tables that the database makes by itself.
const (
	categoryFlush = "pebble-memtable-flush"
	categoryMerge = "pebble-compaction"
)

func newDisk(s *Store, under vfs.FS, dir string, readOnly bool) *disk {
	if outer, ok := under.(*disk); ok {
		under = outer.FS // a store in the directory of another one has its own failures
	}
	return &disk{FS: under, s: s, dir: under.PathJoin(dir), readOnly: readOnly, ending: make(chan struct{}), backups: make(turn, 1)}
}

// ours tells whether a file is one of the database's.
func (d *disk) ours(name string) bool { return d.FS.PathDir(name) == d.dir }

func isTable(name string) bool {
	return strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob")
}

// keep freezes the disk for an error, and keeps the error from the database.
func (d *disk) keep(err error) error {
	if err != nil {
		d.s.fail(err)
	}
	return nil
}

// Unwrap implements vfs.FS.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// Create implements vfs.FS.
func (d *disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	switch t := d.target.Load(); {
	case t.in(name):
		if err := t.ctx.Err(); err != nil {
			return nil, err
		}
		f, err := d.FS.Create(name, category)
		return targetFile{f, t.ctx}, err
	case !d.ours(name):
		return d.FS.Create(name, category)
	case isTable(name):
		hole, err := d.mayMake(category)
		if err != nil || hole {
			return &diskFile{d: d}, err
		}
		return d.FS.Create(name, category)
	}
	return d.file(func() (vfs.File, error) {
		if strings.HasPrefix(d.FS.PathBase(name), "marker.") {
			if err := d.syncDir(); err != nil {
				return nil, err
			}
		}
		return d.FS.Create(name, category)
	})
}

// syncDir syncs the directory. The database does not before it makes a marker, which names a file: after a crash of a
// machine that keeps no order among the entries of a directory, there would be the marker and not the file.
func (d *disk) syncDir() error {
	f, err := d.FS.OpenDir(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReuseForWrite implements vfs.FS.
func (d *disk) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return d.file(func() (vfs.File, error) { return d.FS.ReuseForWrite(oldname, newname, category) })
}

// OpenDir implements vfs.FS.
func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err == nil && d.FS.PathJoin(name) == d.dir {
		f = &diskFile{f, d}
	}
	return f, err
}

func (d *disk) file(open func() (vfs.File, error)) (vfs.File, error) {
	if d.frozen.Load() {
		return &diskFile{d: d}, nil
	}
	f, err := open()
	if err != nil {
		return &diskFile{d: d}, d.keep(err)
	}
	return &diskFile{f, d}, nil
}

// mayMake waits until a table may be made. On a frozen disk that is never: so that the database neither loses what it
// has in memory nor burns the processor, it waits for Close. Only when a write, or Open, waits for the database in turn
// is the table lost (hole): they must end, and what they have to tell is that the store has failed.
func (d *disk) mayMake(category vfs.DiskWriteCategory) (hole bool, err error) {
	var wait time.Duration
	switch category {
	case categoryFlush:
		wait = time.Duration(d.flushes.ns.Load())
	case categoryMerge:
		wait = time.Duration(d.merges.ns.Load())
	default:
		return false, d.s.failed()
	}
	for d.frozen.Load() || wait > 0 {
		if d.frozen.Load() {
			if d.stalled.Load() != 0 || !d.opened.Load() {
				return true, nil
			}
			wait = 10 * time.Millisecond
		}
		select {
		case <-d.ending:
			return false, errors.Join(ErrClosed, d.s.failed())
		case <-time.After(wait):
			wait = 0
		}
	}
	return false, nil
}

// made is called when the database has made tables, or could not.
func (d *disk) made(p *pause, err error) {
	p.ended(err)
	since := d.stalled.Load()
	if err != nil && (since != 0 && time.Since(time.Unix(0, since)) > patience || p == &d.flushes && !d.opened.Load()) {
		d.s.fail(err) // else whoever waits would wait for ever
	}
}

// Rename implements vfs.FS.
func (d *disk) Rename(oldname, newname string) error {
	switch {
	case !d.ours(newname):
		return d.FS.Rename(oldname, newname)
	case d.frozen.Load():
		return nil
	}
	return d.keep(d.FS.Rename(oldname, newname))
}

// Remove implements vfs.FS.
func (d *disk) Remove(name string) error {
	if d.ours(name) && d.frozen.Load() {
		return nil
	}
	return d.FS.Remove(name)
}

// Link implements vfs.FS.
func (d *disk) Link(oldname, newname string) error {
	if d.ours(newname) && d.frozen.Load() {
		return d.s.failed()
	}
	if t := d.target.Load(); t.in(newname) && t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	return d.FS.Link(oldname, newname)
}

// List implements vfs.FS. While a database opens, it lists its directory again after its first merge may have begun, and
// an error would make it leave that merge behind without what it reads from.
func (d *disk) List(name string) ([]string, error) {
	names, err := d.FS.List(name)
	if d.FS.PathJoin(name) != d.dir || d.opened.Load() {
		return names, err
	}
	if err == nil {
		before := slices.Clone(names)
		d.listed.Store(&before)
	} else if before := d.listed.Load(); before != nil {
		return *before, d.keep(err)
	}
	return names, err
}

// Lock implements vfs.FS.
func (d *disk) Lock(name string) (io.Closer, error) {
	if vfs.Root(d.FS) != vfs.Default {
		return d.FS.Lock(name)
	}
	return lock(d.FS, name, d.readOnly)
}

// diskFile is a file of the database that is no table, or its directory. Without a File it has no bottom.
type diskFile struct {
	vfs.File
	d *disk
}

func (f *diskFile) gone() bool { return f.File == nil || f.d.frozen.Load() }

func (f *diskFile) Write(p []byte) (int, error) {
	if f.gone() {
		return len(p), nil
	}
	_, err := f.File.Write(p)
	return len(p), f.d.keep(err)
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	if f.gone() {
		return len(p), nil
	}
	_, err := f.File.WriteAt(p, off)
	return len(p), f.d.keep(err)
}

func (f *diskFile) Sync() error {
	if f.gone() {
		return nil
	}
	return f.d.keep(f.File.Sync())
}

func (f *diskFile) SyncData() error {
	if f.gone() {
		return nil
	}
	return f.d.keep(f.File.SyncData())
}

func (f *diskFile) SyncTo(length int64) (bool, error) {
	if f.gone() {
		return false, nil
	}
	full, err := f.File.SyncTo(length)
	return full, f.d.keep(err)
}

// Preallocate may fail: a file grows without it as well.
func (f *diskFile) Preallocate(offset, length int64) error {
	if f.gone() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

func (f *diskFile) Close() error {
	if f.File == nil {
		return nil
	}
	return f.d.keep(f.File.Close())
}

func (f *diskFile) Stat() (vfs.FileInfo, error) {
	if f.File != nil {
		i, err := f.File.Stat()
		if err == nil {
			return i, nil
		}
		f.d.keep(err)
	}
	return noInfo{}, nil
}

func (f *diskFile) Fd() uintptr {
	if f.File == nil {
		return vfs.InvalidFd
	}
	return f.File.Fd()
}

func (f *diskFile) Read(p []byte) (int, error) {
	if f.File == nil {
		return 0, io.EOF
	}
	return f.File.Read(p)
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	if f.File == nil {
		return 0, io.EOF
	}
	return f.File.ReadAt(p, off)
}

func (f *diskFile) Prefetch(offset, length int64) error {
	if f.File == nil {
		return nil
	}
	return f.File.Prefetch(offset, length)
}

// noInfo is what is known of a file without a bottom.
type noInfo struct{}

func (noInfo) Name() string           { return "" }
func (noInfo) Size() int64            { return 0 }
func (noInfo) Mode() fs.FileMode      { return 0 }
func (noInfo) ModTime() time.Time     { return time.Time{} }
func (noInfo) IsDir() bool            { return false }
func (noInfo) Sys() any               { return nil }
func (noInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }

package pebble

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Backup makes a copy of the store in a directory that is absent or empty, while the store is used: of one state, which
// has all that was acknowledged before the call. The copy is a store by itself, which Open opens. It appears whole or not
// at all, and is on disk when Backup returns; its parents are made. While it is made it has the name dir.partial; what is
// left there by a process that was killed is removed.
//
// On the file system of the store the tables of the copy are hard links: they cost no time and no space until the store
// rewrites its own, and removing either leaves the other whole. But the bytes are on disk once: what the disk damages is
// damaged in both. Only a copy on another disk helps against that.
//
// A store that another process has open cannot be copied, not even reading, since its files vanish under the reader: that
// process must do it.
func (s *Store) Backup(ctx context.Context, dir string) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	if err := s.failed(); err != nil {
		return err // the disk does not have what can be read
	}
	if inside(s.disk.FS, s.dir, dir) {
		return fmt.Errorf("pebble: backup: %s is in the store", dir)
	}
	if err := s.disk.backups.lock(ctx); err != nil {
		return err
	}
	defer s.disk.backups.Unlock()
	err := appear(s.disk.FS, dir, func(partial string) error {
		if s.opts.ReadOnly {
			return copyStore(ctx, s.disk.FS, s.dir, partial)
		}
		s.disk.target.Store(&target{ctx, partial})
		defer s.disk.target.Store(nil)
		return errors.Join(s.checkpoint(partial), ctx.Err(), s.failed())
	})
	if err != nil {
		return fmt.Errorf("pebble: backup: %w", full(err))
	}
	return nil
}

// checkpoint makes a copy. The database panics, holding nothing, when the directory of the copy cannot be synced.
func (s *Store) checkpoint(dir string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if err, ok = r.(error); !ok {
				panic(r)
			}
		}
	}()
	return s.db.Checkpoint(dir, pdb.WithFlushedWAL())
}

// RestoreOptions say how a copy is put back.
type RestoreOptions struct {
	FS    vfs.FS        // nil: the disk
	Check *CheckOptions // for a check of the whole copy; nil: its files are there, and it opens
}

// Restore copies a store that nobody has open for writing, as Backup makes them, to a directory that is absent or empty.
// What is there then was opened, and checked when the options say so; a store with a problem is an error. It appears
// whole or not at all, shares no bytes with the copy, and is on disk when Restore returns.
func Restore(ctx context.Context, from, to string, o RestoreOptions) error {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	src, err := Open(from, Options{FS: o.FS, ReadOnly: true}) // keeps writers away
	if err != nil {
		return err
	}
	if inside(o.FS, from, to) {
		return errors.Join(fmt.Errorf("pebble: restore: %s is in the copy", to), src.Close())
	}
	err = appear(o.FS, to, func(partial string) error {
		if err := copyStore(ctx, o.FS, from, partial); err != nil {
			return err
		}
		return verify(ctx, o.FS, partial, o.Check)
	})
	if err := errors.Join(err, src.Close()); err != nil {
		return fmt.Errorf("pebble: restore: %w", full(err))
	}
	return nil
}

func verify(ctx context.Context, fs vfs.FS, dir string, check *CheckOptions) error {
	s, err := Open(dir, Options{FS: fs, ReadOnly: true})
	if err != nil {
		return err
	}
	if check != nil {
		var stats CheckStats
		if stats, err = s.Check(ctx, *check); err == nil && stats.Problems > 0 {
			err = fmt.Errorf("the copy is damaged: it has %d problems", stats.Problems)
		}
	}
	return errors.Join(err, s.Close(), ctx.Err())
}

// appear makes a directory under a temporary name, and gives it its own, which must be free, when it is complete.
func appear(under vfs.FS, dir string, fill func(partial string) error) (err error) {
	dir = under.PathJoin(dir)
	names, err := under.List(dir)
	there := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case len(names) > 0:
		return fmt.Errorf("%s is not empty: it has %s", dir, names[0])
	}
	partial := dir + ".partial"
	if err := under.RemoveAll(partial); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, under.RemoveAll(partial))
		}
	}()
	if err := fill(partial); err != nil {
		return err
	}
	if there {
		if err := under.Remove(dir); err != nil {
			return err
		}
	}
	if err := under.Rename(partial, dir); err != nil {
		return err
	}
	if err := syncDir(under, under.PathDir(dir)); err != nil {
		return errors.Join(err, under.RemoveAll(dir))
	}
	return nil
}

// copyStore copies the files of a store that nobody writes.
func copyStore(ctx context.Context, under vfs.FS, from, to string) error {
	names, err := under.List(from)
	if err != nil {
		return err
	}
	if err := under.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if name == "LOCK" || name == bulkDir {
			continue
		}
		if err := copyFile(ctx, under, under.PathJoin(from, name), under.PathJoin(to, name)); err != nil {
			return err
		}
	}
	return syncDir(under, to)
}

func copyFile(ctx context.Context, under vfs.FS, from, to string) error {
	src, err := under.Open(from, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := under.Create(to, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{targetFile{dst, ctx}}, struct{ io.Reader }{src}, make([]byte, 1<<20))
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

func syncDir(under vfs.FS, dir string) error {
	d, err := under.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// inside tells whether a path is a directory or in it.
func inside(under vfs.FS, dir, path string) bool {
	clean := func(p string) string {
		if vfs.Root(under) == vfs.Default {
			if a, err := filepath.Abs(p); err == nil {
				return a
			}
		}
		return under.PathJoin(p)
	}
	dir, path = clean(dir), clean(path)
	return dir == path || strings.HasPrefix(path, under.PathJoin(dir, "x")[:len(dir)+1])
}

// target is where a backup under way writes, for as long as its context says.
type target struct {
	ctx context.Context
	dir string
}

// in tells whether a file is one of the backup's.
func (t *target) in(name string) bool { return t != nil && strings.HasPrefix(name, t.dir) }

// targetFile is a file that is written as long as a context says.
type targetFile struct {
	vfs.File
	ctx context.Context
}

func (f targetFile) Write(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

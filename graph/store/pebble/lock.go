package pebble

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// locks are the lock files that this process holds. The system forgets the lock of a process when the process closes
// the file anywhere, and grants it a second one under another name: so a file that is here must not even be opened.
var locks struct {
	sync.Mutex
	held []*held
}

// held is a lock: of one process that writes, or of any number of readers.
type held struct {
	file   os.FileInfo
	shared bool
	under  io.Closer
}

// lock takes the lock of a store on disk. That it is taken already is syscall.EAGAIN.
func lock(under vfs.FS, name string, shared bool) (io.Closer, error) {
	locks.Lock()
	defer locks.Unlock()
	if i, err := os.Stat(name); err == nil {
		for _, h := range locks.held {
			if os.SameFile(h.file, i) && !(h.shared && shared) {
				return nil, syscall.EAGAIN
			}
		}
	}
	var c io.Closer
	var err error
	if shared {
		c, err = lockShared(under, name)
	} else {
		c, err = under.Lock(name)
	}
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nothing{}, nil
	}
	i, err := os.Stat(name)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	h := &held{i, shared, c}
	locks.held = append(locks.held, h)
	return h, nil
}

func (h *held) Close() error {
	locks.Lock()
	defer locks.Unlock()
	locks.held = slices.DeleteFunc(locks.held, func(x *held) bool { return x == h })
	return h.under.Close()
}

// nothing stands for the lock of a store in a place where no lock can be made, and so no store be written.
type nothing struct{}

func (nothing) Close() error { return nil }

// openLock opens a lock file for readers; nil when there is none and none can be made.
func openLock(name string) (*os.File, error) {
	f, err := os.Open(name)
	if !os.IsNotExist(err) {
		return f, err
	}
	f, err = os.OpenFile(name, os.O_RDONLY|os.O_CREATE, 0o666)
	if pe, ok := err.(*fs.PathError); ok && (pe.Err == syscall.EROFS || pe.Err == syscall.EACCES || pe.Err == syscall.EPERM) {
		return nil, nil
	}
	return f, err
}

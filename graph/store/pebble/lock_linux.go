package pebble

import (
	"io"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// setLock is F_OFD_SETLK: a lock of the opened file, not of the process.
const setLock = 37

// lockShared keeps writers away, and lets others read; nil when there is nothing to lock.
func lockShared(_ vfs.FS, name string) (io.Closer, error) {
	f, err := openLock(name)
	if f == nil || err != nil {
		return nil, err
	}
	if err := syscall.FcntlFlock(f.Fd(), setLock, &syscall.Flock_t{Type: syscall.F_RDLCK}); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

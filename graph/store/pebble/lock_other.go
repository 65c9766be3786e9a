//go:build !linux

package pebble

import (
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// lockShared is a lock for one process: only Linux has what sharing it takes.
func lockShared(under vfs.FS, name string) (io.Closer, error) { return under.Lock(name) }

package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	pdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Version is the version of the layout that this package writes. It reads this one alone: there is no older one.
const Version = 1

// What can be wrong with a store as a whole.
var (
	ErrClosed = errors.New("pebble: the store is closed")
	ErrLocked = errors.New("pebble: the store is in use by another process")
	ErrAbsent = errors.New("pebble: there is no store")
	ErrExists = errors.New("pebble: there is a store already")
	ErrFormat = errors.New("pebble: the format of the store is unknown")
	ErrFull   = errors.New("pebble: the disk is full")
)

// Options say how a store is opened. The zero value opens one that exists, on disk, with durable writes.
type Options struct {
	FS       vfs.FS // nil: the disk
	Create   bool   // make the store when it is absent
	Fresh    bool   // with Create: a store that is there is ErrExists
	ReadOnly bool   // no writes; several processes may read a store that nobody has open for writing
	Cache    int64  // bytes of the cache of blocks; 0: 256 MiB. It fills as the store is read.
	NoSync   bool   // writes return before they are on disk: a crash of the machine may lose the last ones, never half of one

	tune func(*pdb.Options) // for tests
}

const defaultCache = 256 << 20

// Store is an opened store. All methods may be called by several goroutines.
type Store struct {
	face // what Cayley sees

	db   *pdb.DB
	opts *pdb.Options // for writers of tables
	disk *disk
	dir  string
	sync *pdb.WriteOptions

	names cache // values of IDs

	write turn            // held by whoever writes, through its whole transaction
	next  [classes]uint64 // by class, the next free number; guarded by write, goes up only

	flush atomic.Pointer[error] // why memory could not be written to tables, while that lasts
	room  room                  // on the disk; guarded by write

	use struct { // who uses the store
		sync.Mutex
		free   sync.Cond
		users  int // calls and views that Close waits for
		loose  map[*cursor]struct{}
		fault  error // why nothing is written any more: the fate of a write is unknown
		closed bool
	}
}

// Open opens the store in dir. What is wrong is one of the errors of this package where there is one for it; a store
// of a newer version is ErrFormat, and left as it is.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, sync: pdb.Sync, write: make(turn, 1)}
	if o.NoSync {
		s.sync = pdb.NoSync
	}
	s.use.free.L = &s.use.Mutex
	s.use.loose = map[*cursor]struct{}{}
	s.opts = s.options(o)
	if err := s.prepare(o); err != nil {
		return nil, fmt.Errorf("%w: %s", err, dir)
	}
	db, err := pdb.Open(dir, s.opts)
	switch {
	case errors.Is(err, pdb.ErrDBDoesNotExist):
		err = ErrAbsent
	case errors.Is(err, pdb.ErrDBAlreadyExists):
		err = ErrExists
	case err != nil && strings.Contains(err.Error(), "unknown format major version"):
		err = ErrFormat // of the database
	case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) && strings.Contains(err.Error(), "lock") ||
		err != nil && strings.Contains(err.Error(), "lock held by current process"):
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("pebble: %s: %w", dir, plain(full(err)))
	}
	s.db = db
	s.src, s.home = source{db, s}, s
	err = s.failed()
	if err == nil {
		s.disk.opened.Store(true)
		err = s.start(o)
	}
	if err != nil {
		close(s.disk.ending)
		return nil, errors.Join(fmt.Errorf("%w: %s", plain(err), dir), db.Close())
	}
	return s, nil
}

// options are the options of the database under the store.
func (s *Store) options(o Options) *pdb.Options {
	opts := &pdb.Options{
		FS:                          o.FS,
		ReadOnly:                    o.ReadOnly,
		ErrorIfNotExists:            !o.Create,
		ErrorIfExists:               o.Create && o.Fresh,
		CacheSize:                   max(o.Cache, 0),
		FormatMajorVersion:          pdb.FormatNewest,
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                1024,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(1, runtime.GOMAXPROCS(0)-1) },
		Logger:                      quiet{s},
		EventListener: &pdb.EventListener{
			BackgroundError: func(error) {},                  // it tries again
			DataCorruption:  func(pdb.DataCorruptionInfo) {}, // the reader gets the error
			FlushEnd: func(i pdb.FlushInfo) {
				err := i.Err
				if err != nil && strings.HasSuffix(err.Error(), "pebble: empty table") {
					err = nil // there was nothing to write
				}
				if s.flush.Store(nil); err != nil {
					err = full(err)
					s.flush.Store(&err)
				}
				s.disk.made(&s.disk.flushes, err)
			},
			CompactionEnd:   func(i pdb.CompactionInfo) { s.disk.made(&s.disk.merges, i.Err) },
			WriteStallBegin: func(pdb.WriteStallBeginInfo) { s.disk.stalled.Store(time.Now().UnixNano()) },
			WriteStallEnd:   func() { s.disk.stalled.Store(0) },
		},
	}
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	s.disk = newDisk(s, opts.FS, s.dir, o.ReadOnly)
	opts.FS = s.disk
	if opts.CacheSize == 0 {
		opts.CacheSize = defaultCache
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = pointFilter{bloom.FilterPolicy(10)}
	}
	opts.Filters = map[string]pdb.FilterPolicy{pointFilter{}.Name(): pointFilter{bloom.FilterPolicy(10)}}
	if o.tune != nil {
		o.tune(opts)
	}
	opts.EnsureDefaults()
	return opts
}

// prepare looks at what is in the directory before the database does.
func (s *Store) prepare(o Options) error {
	if o.Create && !o.ReadOnly {
		return nil
	}
	if _, err := s.opts.FS.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return ErrAbsent // else the database would make the directory
	}
	return nil
}

// start reads what the store says of itself, and writes it into a new one.
func (s *Store) start(o Options) error {
	src := source{s.db, s}
	format, err := src.get([]byte{keyFormat})
	if err != nil {
		return err
	}
	if format == nil {
		it, err := s.db.NewIter(nil)
		if err != nil {
			return err
		}
		empty := !it.First()
		if err := errors.Join(it.Error(), it.Close()); err != nil {
			return err
		}
		if !empty || o.ReadOnly {
			return fmt.Errorf("%w: it says nothing of its version", ErrFormat)
		}
		format = []byte{Version}
		if err := s.db.Set([]byte{keyFormat}, format, pdb.Sync); err != nil {
			return err
		}
	}
	if len(format) != 1 {
		return fmt.Errorf("%w: %q is no version", ErrFormat, format)
	}
	if format[0] != Version {
		return fmt.Errorf("%w: it has version %d, this program reads version %d", ErrFormat, format[0], Version)
	}
	next, err := src.get([]byte{keyNext})
	if err != nil {
		return err
	}
	if next != nil && len(next) != 8*classes {
		return errKey
	}
	for i := range s.next {
		s.next[i] = 1
		if next != nil {
			s.next[i] = binary.BigEndian.Uint64(next[8*i:])
		}
	}
	if o.ReadOnly {
		return nil
	}
	return removeBulkLeftovers(s.opts.FS, s.dir)
}

// acquire is the begin of a use that Close waits for; release is its end.
func (s *Store) acquire() error {
	s.use.Lock()
	defer s.use.Unlock()
	if err := s.unusable(); err != nil {
		return err
	}
	s.use.users++
	return nil
}

func (s *Store) release() {
	s.use.Lock()
	defer s.use.Unlock()
	if s.use.users--; s.use.users == 0 {
		s.use.free.Broadcast()
	}
}

// unusable tells why nothing can be asked of the store. The caller holds use.
func (s *Store) unusable() error {
	if s.use.closed {
		return ErrClosed
	}
	return nil
}

// fail is for a write of which nobody knows whether it will be there after the next start: from now on every write is
// this error, and nothing changes on disk any more. What that write left in memory can be read until then.
func (s *Store) fail(err error) error {
	s.use.Lock()
	defer s.use.Unlock()
	if s.use.fault == nil {
		s.use.fault = fmt.Errorf("pebble: the store must be opened again after a failed write: %w", full(err))
	}
	s.disk.frozen.Store(true)
	return s.use.fault
}

// failed is the error that fail left; whoever has written asks for it before he acknowledges.
func (s *Store) failed() error {
	s.use.Lock()
	defer s.use.Unlock()
	return s.use.fault
}

// Close waits for the calls and views under way, and closes the store. Cayley's iterators are not waited for, since
// their users leave them open: they end with ErrClosed. Closing twice is no error.
func (s *Store) Close() error {
	s.use.Lock()
	if s.use.closed {
		s.use.Unlock()
		return nil
	}
	s.use.closed = true
	for s.use.users > 0 {
		s.use.free.Wait()
	}
	loose := s.use.loose
	s.use.loose = nil
	fault := s.use.fault
	s.use.Unlock()
	for c := range loose {
		c.end(ErrClosed)
	}
	close(s.disk.ending)
	err := s.db.Close()
	if fault != nil {
		return nil // it was told; what the database says after it adds nothing
	}
	return errors.Join(s.failed(), err)
}

// quiet is a logger that keeps the database's notes to itself. What the database takes for fatal fails the store. The
// database goes on after it, since no goroutine of it can be stopped without leaving others behind: it returns an error
// where it expects one, and what it does to files has no effect.
type quiet struct{ s *Store }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (q quiet) Fatalf(format string, args ...any) {
	_ = q.s.fail(fmt.Errorf(format, args...))
}

// room is what is known of the free space on the disk.
type room struct {
	asked   time.Time
	written uint64 // bytes since
	keep    uint64 // the reserve
	full    error
}

// The space that writes leave free, so that tables can still be written, and reads and merges go on: reserve bytes, or
// this part of a small disk.
const (
	reserve     = 128 << 20
	reservePart = 20
)

// spare is ErrFull when n bytes more would leave less than the reserve. Nothing has failed then: as soon as there is
// space again, writes go on. A disk that cannot tell has room.
func (s *Store) spare(n int) error {
	r := &s.room
	if r.written += uint64(n); r.written < r.keep/16 && time.Since(r.asked) < 100*time.Millisecond {
		return r.full
	}
	*r = room{asked: time.Now(), keep: reserve}
	u, err := s.disk.GetDiskUsage(s.dir)
	if err != nil {
		return nil
	}
	r.keep = min(reserve, u.TotalBytes/reservePart)
	if u.AvailBytes < r.keep+uint64(n) {
		r.full = fmt.Errorf("%w: %d MB are left in %s, and nothing is written that would leave less than %d MB",
			ErrFull, u.AvailBytes>>20, s.dir, r.keep>>20)
	}
	return r.full
}

// plain leaves out of the text of an error of the database what only programs read.
func plain(err error) error {
	const carrier = "\n<corruption detail carrier>"
	if strings.Contains(err.Error(), carrier) {
		return plainError{err, strings.ReplaceAll(err.Error(), carrier, "")}
	}
	return err
}

type plainError struct {
	error
	text string
}

func (e plainError) Error() string { return e.text }
func (e plainError) Unwrap() error { return e.error }

// full adds to an error of the system that the disk is full.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// pointFilter is a Bloom filter over the keys that are asked for one by one: of quads in one index, and of values.
type pointFilter struct{ pdb.FilterPolicy }

func (pointFilter) Name() string { return "cayley.pebble.points" }

func asked(key []byte) bool { return len(key) > 0 && (key[0] == keySPOL || key[0] == keyID) }

func (f pointFilter) MayContain(t pdb.FilterType, filter, key []byte) bool {
	return !asked(key) || f.FilterPolicy.MayContain(t, filter, key)
}

func (f pointFilter) NewWriter(t pdb.FilterType) pdb.FilterWriter {
	return pointWriter{f.FilterPolicy.NewWriter(t)}
}

type pointWriter struct{ pdb.FilterWriter }

func (w pointWriter) AddKey(key []byte) {
	if asked(key) {
		w.FilterWriter.AddKey(key)
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"casegraph/graph"
	"casegraph/graph/store/pebble"
)

// ErrClosed is what every use of a store after Close answers, ErrLocked why a store does not open that another process
// has.
var (
	ErrClosed = errors.New("the store is closed")
	ErrLocked = errors.New("in use by another process")
)

// Store is an opened store.
type Store struct {
	db    *pebble.Store
	where string // as it was opened
	dir   string // empty for a store that has none
}

var _ graph.Store = (*Store)(nil)

// scheme is a kind of store that Open knows: what stands before the colon, how to write it, how to open it.
type scheme struct {
	name, form string
	open       func(rest string, create bool) (*Store, error)
}

var schemes = []scheme{
	{"pebble", "pebble:DIR (or DIR alone)", openDirectory},
	{"memory", "memory:", openMemory},
}

// schemeOf finds what stands before the colon. One letter is no scheme but a drive.
var schemeOf = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]+):(.*)$`)

// Open opens the store that url names, and creates it when it is absent:
//
//	memory:     in memory, gone when closed
//	pebble:DIR  in the directory DIR, made with its parents for this user alone (0700); DIR alone means the same
//
// An unknown scheme is an error that lists the known ones. A directory that holds anything but a store, a store of
// another format, and one that another process has open are errors too, and are left as they are.
func Open(ctx context.Context, url string) (*Store, error) { return open(ctx, url, true) }

// OpenExisting is Open for those who have nothing to do in an empty store: an absent one is an error, and nothing is
// created. A memory: store is always absent.
func OpenExisting(ctx context.Context, url string) (*Store, error) { return open(ctx, url, false) }

func open(ctx context.Context, url string, create bool) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, rest := "pebble", url
	if m := schemeOf.FindStringSubmatch(url); m != nil {
		name, rest = m[1], m[2]
	}
	forms := make([]string, len(schemes))
	for i, s := range schemes {
		forms[i] = s.form
		if s.name == name {
			return s.open(rest, create)
		}
	}
	return nil, fmt.Errorf("store %q: unknown scheme %s:, known are %s", url, name, strings.Join(forms, ", "))
}

// Close waits for what is under way: the Puts, the answers that are half given, and the views. Closing twice is no error.
func (s *Store) Close() error { return s.db.Close() }

func errAbsent(where string) error { return fmt.Errorf("no store at %s; load documents first", where) }

func openMemory(rest string, create bool) (*Store, error) {
	if rest != "" {
		return nil, fmt.Errorf("store %q: memory: takes no name", "memory:"+rest)
	}
	if !create {
		return nil, errAbsent("memory:")
	}
	db, err := pebble.Open("memory", pebble.Options{FS: vfs.NewMem(), Create: true, NoSync: true})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, where: "memory:"}, nil
}

// A directory is a store when it has a FORMAT of one line, which says by which program, engine and version its
// contents are to be read. The quads are in the folder pebble.
const (
	formatFile = "FORMAT"
	formatTemp = "FORMAT.new"
	formatLine = "casegraph pebble 1\n"
	quadsDir   = "pebble"
)

func openDirectory(dir string, create bool) (*Store, error) {
	if dir == "" {
		return nil, errors.New("a store needs a directory, as in data/casegraph")
	}
	if err := openDir(dir, create); err != nil {
		return nil, err
	}
	db, err := pebble.Open(filepath.Join(dir, quadsDir), pebble.Options{Create: true})
	switch {
	case errors.Is(err, pebble.ErrLocked):
		return nil, fmt.Errorf("the store %s is %w", dir, ErrLocked)
	case err != nil:
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	return &Store{db, dir, dir}, nil
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
	if err := os.MkdirAll(filepath.Join(dir, quadsDir), 0o700); err != nil {
		return err
	}
	return writeFormat(dir)
}

func checkFormat(dir, line string) error {
	if line == formatLine {
		return nil
	}
	if strings.HasPrefix(line, "casegraph ") && strings.HasSuffix(line, "\n") {
		return fmt.Errorf("the store %s has the format %q, which this casegraph does not know (it knows %q): another version wrote it",
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

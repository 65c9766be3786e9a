package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	cgraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/memstore"
	"github.com/cayleygraph/quad"

	"casegraph/graph"
)

// ErrClosed is what every use of a store after Close answers.
var ErrClosed = errors.New("the store is closed")

// scheme is a kind of store that Open knows: what stands before the colon, how to write it, how to open it.
type scheme struct {
	name, form string
	open       func(ctx context.Context, rest string, create bool) (backend, error)
}

var schemes = []scheme{
	{"leveldb", "leveldb:DIR (or DIR alone)", openLevelDB},
	{"memory", "memory:", openMemory},
}

// backend is a Cayley store, and what the adapter has to know of it beyond Cayley's interface.
type backend struct {
	// open gives Cayley's view of the data. It is called again after a write that failed, because Cayley then keeps
	// half of it in its caches. A backend whose reads can fail gives a cgraph.BatchQuadStore, which tells so.
	open func() (cgraph.QuadStore, error)
	// apply makes changes, in one transaction. Adds stand before deletes, and no quad is named twice.
	apply func(cgraph.QuadStore, []cgraph.Delta) error
	// all walks every quad.
	all func(cgraph.QuadStore) cgraph.Iterator
	// pair walks the quads that have node in direction d and this predicate. Nil when there is no such index.
	pair func(qs cgraph.QuadStore, d quad.Direction, node, predicate cgraph.Ref) cgraph.Iterator
	// close lets the data go. It stands for the Close of the store that open gives.
	close func() error
}

// schemeOf finds what stands before the colon. One letter is no scheme but a drive.
var schemeOf = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]+):(.*)$`)

// Open opens the store that url names, and creates it when it is absent:
//
//	memory:      in memory, gone when closed
//	leveldb:DIR  in the directory DIR, made with its parents for this user alone (0700); DIR alone means the same
//
// An unknown scheme is an error that lists the known ones. A directory that holds anything but a store, a store of a
// newer format, and one that another process has open are errors too, and are left as they are.
func Open(ctx context.Context, url string) (graph.Store, error) { return open(ctx, url, true) }

// OpenExisting is Open for those who have nothing to do in an empty store: an absent one is an error, and nothing is
// created. A memory: store is always absent.
func OpenExisting(ctx context.Context, url string) (graph.Store, error) {
	return open(ctx, url, false)
}

func open(ctx context.Context, url string, create bool) (graph.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, rest := "leveldb", url
	if m := schemeOf.FindStringSubmatch(url); m != nil {
		name, rest = m[1], m[2]
	}
	forms := make([]string, len(schemes))
	for i, s := range schemes {
		forms[i] = s.form
		if s.name == name {
			b, err := s.open(ctx, rest, create)
			if err != nil {
				return nil, err
			}
			return newStore(b)
		}
	}
	return nil, fmt.Errorf("store %q: unknown scheme %s:, known are %s", url, name, strings.Join(forms, ", "))
}

func errAbsent(where string) error { return fmt.Errorf("no store at %s; load documents first", where) }

func openMemory(_ context.Context, rest string, create bool) (backend, error) {
	if rest != "" {
		return backend{}, fmt.Errorf("store %q: memory: takes no name", "memory:"+rest)
	}
	if !create {
		return backend{}, errAbsent("memory:")
	}
	qs := memstore.New()
	return backend{
		open:  func() (cgraph.QuadStore, error) { return qs, nil },
		apply: func(qs cgraph.QuadStore, d []cgraph.Delta) error { return qs.ApplyDeltas(d, cgraph.IgnoreOpts{}) },
		all:   cgraph.QuadStore.QuadsAllIterator,
		close: qs.Close,
	}, nil
}

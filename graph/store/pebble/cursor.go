package pebble

import (
	"bytes"
	"context"
	"errors"
	"sync"

	pdb "github.com/cockroachdb/pebble/v2"
)

// cursor walks over a range of keys for one of Cayley's iterators. It takes an iterator of the database with its first
// step, and gives it back in close, or when the store (or view) closes, whichever comes first: users of Cayley leave
// iterators open. One goroutine uses it; the store may end it from another one.
type cursor struct {
	f      *face
	lo, hi []byte // the range; no key before the first seek
	begin  bool   // the next step is the first one of the range
	steps  int

	mu  sync.Mutex
	it  *pdb.Iterator // nil: not taken yet, or given back
	err error         // why there is nothing more to read
}

// checkEvery is the number of steps after which a cursor looks whether its context has ended.
const checkEvery = 256

var errIteratorClosed = errors.New("pebble: the iterator is closed")

// seek goes to the keys that begin with what fill appends.
func (c *cursor) seek(fill func(b []byte) []byte) {
	c.lo = fill(c.lo[:0])
	c.hi = after(c.hi[:0], c.lo)
	c.begin = true
}

// seekRange goes to the keys from lo, before hi.
func (c *cursor) seekRange(lo, hi []byte) {
	c.lo, c.hi, c.begin = append(c.lo[:0], lo...), append(c.hi[:0], hi...), true
}

// step calls f with the next key of the range; ok is false when there is none. The key is f's only while it runs.
func (c *cursor) step(ctx context.Context, f func(key []byte) error) (ok bool, err error) {
	if len(c.lo) == 0 {
		return false, nil
	}
	if c.steps++; c.begin || c.steps%checkEvery == 0 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false, c.err
	}
	if c.it == nil {
		if err := c.open(); err != nil {
			return false, c.f.remember(err)
		}
	}
	var state pdb.IterValidityState
	if c.begin {
		c.begin = false
		state = c.it.SeekGEWithLimit(c.lo, c.hi)
	} else {
		state = c.it.NextWithLimit(c.hi)
	}
	if state != pdb.IterValid || bytes.Compare(c.it.Key(), c.hi) >= 0 {
		c.lo = c.lo[:0]
		if err := c.it.Error(); err != nil {
			c.err = c.f.remember(err)
		}
		return false, c.err
	}
	if err := f(c.it.Key()); err != nil {
		c.err = c.f.remember(err)
	}
	return c.err == nil, c.err
}

// quad is the next key of the range as a quad.
func (c *cursor) quad(ctx context.Context) (q Quad, ok bool, err error) {
	ok, err = c.step(ctx, func(key []byte) (err error) {
		q, err = parseQuad(key)
		return err
	})
	return q, ok, err
}

// open takes an iterator. The caller holds mu.
func (c *cursor) open() (err error) {
	if err = c.f.enter(); err != nil {
		return err
	}
	defer c.f.home.release()
	if c.it, err = c.f.iterator(); err == nil {
		c.f.home.keep(c)
	}
	return err
}

// close gives the iterator back. Closing twice is no error.
func (c *cursor) close() (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sound := c.err == nil
	if sound {
		c.err = errIteratorClosed
	}
	if c.it == nil {
		return nil
	}
	c.f.steps.Add(int64(c.steps))
	// It stays known until it is closed: whoever closes the store meanwhile waits for it in end.
	if sound && c.f.home.acquire() == nil {
		err = c.f.giveBack(c.it)
		c.f.home.release()
	} else {
		err = c.it.Close()
	}
	c.it = nil
	c.f.home.drop(c)
	return err
}

// end is close from the side of the store: from now on every step is err.
func (c *cursor) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	if c.it != nil {
		_ = c.it.Close() // the error of a read was told by the step that had it
		c.it = nil
	}
}

// home is what a face reads from: it knows when it is closed, and ends the cursors that are open then.
type home interface {
	// acquire is the begin of a use that closing waits for, or the error that says why there can be none; release is
	// its end. Between them one goroutine must not acquire again.
	acquire() error
	release()
	keep(*cursor) // the cursor has an iterator; only between acquire and release
	drop(*cursor) // it has given it back
}

func (s *Store) keep(c *cursor) {
	s.use.Lock()
	defer s.use.Unlock()
	s.use.loose[c] = struct{}{}
}

func (s *Store) drop(c *cursor) {
	s.use.Lock()
	defer s.use.Unlock()
	delete(s.use.loose, c)
}

// viewHome is the home of a view's face. It waits for calls that are under way, since Cayley's callers do not know
// when the view is closed.
type viewHome struct {
	open   sync.RWMutex
	mu     sync.Mutex
	loose  map[*cursor]struct{}
	closed bool
}

func (h *viewHome) acquire() error {
	h.open.RLock()
	if h.closed {
		h.open.RUnlock()
		return ErrClosed
	}
	return nil
}

func (h *viewHome) release() { h.open.RUnlock() }

func (h *viewHome) keep(c *cursor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loose == nil {
		h.loose = map[*cursor]struct{}{}
	}
	h.loose[c] = struct{}{}
}

func (h *viewHome) drop(c *cursor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.loose, c)
}

// end waits for the calls under way, and ends the cursors that are open.
func (h *viewHome) end() {
	h.open.Lock()
	h.closed = true
	h.open.Unlock()
	h.mu.Lock()
	loose := h.loose
	h.loose = nil
	h.mu.Unlock()
	for c := range loose {
		c.end(ErrClosed)
	}
}

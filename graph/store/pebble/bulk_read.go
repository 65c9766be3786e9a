package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
	"unsafe"

	"github.com/cayleygraph/quad"
)

// block is a part of the input: what a goroutine parses at a time.
type block struct {
	text  []byte      // whole lines of N-Quads; or
	quads []quad.Quad // quads that need no parsing
	line  int64       // of the first of them
	bytes int64       // read for it
	long  bool        // it is larger than blocks are to be

	parser nquads
	terms  []term // the distinct values, in the order of their first use; the first stands for no label
	uses   []use  // four for each quad
	seen   []uint32
	ids    []uint64 // of terms

	err  error
	done chan struct{}
}

type term struct {
	hash  hash
	value []byte // kind and bytes
}

// use is a value in a quad: its place in terms, and where it is a passage that of its base, from where and how long.
type use struct{ term, start, length uint32 }

// hash tells values apart. That two have one cannot be brought about by who does not know the seeds of the process,
// and does not happen by chance.
type hash [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hashOf(value []byte) hash {
	return hash{maphash.Bytes(seeds[0], value), maphash.Bytes(seeds[1], value)}
}

// parse reads the block's text, or quads, into terms and uses.
func (b *block) parse(check func(subject, predicate, object, label Term) error) error {
	b.terms = append(b.terms[:0], term{})
	b.uses = b.uses[:0]
	clear(b.seen)
	b.parser.reset(b.text, b.line)
	var st statement
	for i := 0; ; i++ {
		line := b.line + int64(i)
		if b.text != nil {
			ok, err := b.parser.next(&st)
			if err != nil {
				return err
			}
			if !ok {
				return nil
			}
			line = b.parser.line
		} else {
			if i == len(b.quads) {
				return nil
			}
			if err := b.encode(b.quads[i], &st); err != nil {
				return fmt.Errorf("quad %d: %w", line, err)
			}
		}
		if check != nil {
			if err := check(st[0], st[1], st[2], st[3]); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
		}
		for _, value := range st {
			b.uses = append(b.uses, b.use(value))
		}
	}
}

// encode makes a statement of a quad.
func (b *block) encode(q quad.Quad, st *statement) (err error) {
	if q.Subject == nil || q.Predicate == nil || q.Object == nil {
		return fmt.Errorf("%v is no quad: a part of it is missing", q)
	}
	for i, v := range []quad.Value{q.Subject, q.Predicate, q.Object, q.Label} {
		st[i] = nil
		if v == nil {
			continue
		}
		mark := len(b.parser.scratch)
		if b.parser.scratch, err = appendValue(b.parser.scratch, v); err != nil {
			return err
		}
		st[i] = b.parser.scratch[mark:]
	}
	return nil
}

// use finds a place for a value in terms.
func (b *block) use(value []byte) (u use) {
	if value == nil {
		return use{}
	}
	if value[0] == kindIRI && mayBePassage(value) {
		iri := unsafe.String(&value[1], len(value)-1)
		if base, start, length, ok := cutPassage(iri); ok {
			value = value[:1+len(base)]
			value[0] = kindBase
			u.start, u.length = start, length
		}
	}
	h := hashOf(value)
	if 2*len(b.terms) > len(b.seen) {
		b.seen = make([]uint32, max(1024, 4*len(b.seen)))
		for i := 1; i < len(b.terms); i++ {
			*b.place(b.terms[i].hash) = uint32(i)
		}
	}
	place := b.place(h)
	if *place == 0 {
		*place = uint32(len(b.terms))
		b.terms = append(b.terms, term{h, value})
	}
	u.term = *place
	return u
}

// place is where the number of the term with a hash is, or is to be, in seen.
func (b *block) place(h hash) *uint32 {
	mask := len(b.seen) - 1
	for i := int(h[0]); ; i++ {
		p := &b.seen[i&mask]
		if *p == 0 || b.terms[*p].hash == h {
			return p
		}
	}
}

// mayBePassage tells quickly whether a value ends as a passage does: in digits, a comma, and a digit.
func mayBePassage(value []byte) bool {
	i := len(value) - 1
	for i > 0 && value[i]-'0' <= 9 {
		i--
	}
	return i > 0 && i < len(value)-1 && value[i] == ',' && value[i-1]-'0' <= 9
}

// feed is where blocks come from. fill is false for the last block.
type feed interface {
	fill(*block) (more bool, err error)
}

// read takes all that a feed gives: blocks are parsed by several goroutines, and taken in their order by this one.
func (b *bulk) read(f feed) error {
	ctx, cancel := context.WithCancel(b.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	n := 2*b.workers + 2
	free, todo, order := make(chan *block, n), make(chan *block, n), make(chan *block, n)
	taken := make(chan struct{}, 1) // a long block was: there is one at a time
	for range n {
		free <- &block{done: make(chan struct{}, 1)}
	}
	wg.Go(func() {
		defer close(todo)
		defer close(order)
		for more := true; more; {
			select {
			case blk := <-free:
				more, blk.err = f.fill(blk)
				more = more && blk.err == nil
				long := blk.long
				todo <- blk
				order <- blk
				if long {
					select {
					case <-taken:
					case <-ctx.Done():
					}
				}
			case <-ctx.Done():
				return
			}
		}
	})
	for range b.workers {
		wg.Go(func() {
			for blk := range todo {
				if blk.err == nil && ctx.Err() == nil {
					blk.err = blk.parse(b.o.Check)
				}
				blk.done <- struct{}{}
			}
		})
	}
	var read int64
	for blk := range order {
		<-blk.done
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if blk.err != nil {
			return blk.err
		}
		if err := b.take(blk); err != nil {
			return err
		}
		read += blk.bytes
		if b.o.Progress != nil {
			b.o.Progress(read, b.stats.Read)
		}
		if blk.long {
			taken <- struct{}{}
		}
		free <- blk
	}
	return b.ctx.Err()
}

// maxLine is how long a line may be; tests have a smaller one.
var maxLine = 64 << 20

// lines is a text in N-Quads, in blocks of whole lines.
type lines struct {
	r    io.Reader
	size int // of a block, as long as lines are shorter
	rest []byte
	line int64 // the number of lines before
}

func (l *lines) fill(b *block) (more bool, err error) {
	if cap(b.text) < l.size || b.long {
		b.text, b.parser.scratch = make([]byte, 0, l.size), nil
	}
	text := append(b.text[:0], l.rest...)
	b.line, b.bytes = l.line+1, -int64(len(text))
	more = true
	end := -1 // of the last whole line
	for more && end < 0 {
		if len(text) >= maxLine {
			return false, &SyntaxError{b.line, 1, fmt.Sprintf("a line of more than %d bytes", maxLine)}
		}
		if len(text) == cap(text) {
			text = append(make([]byte, 0, min(2*cap(text), maxLine)), text...)
		}
		n, err := io.ReadFull(l.r, text[len(text):cap(text)])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			more = false
		} else if err != nil {
			return false, fmt.Errorf("after line %d: %w", l.line, err)
		}
		from := len(text)
		text = text[:from+n]
		if i := bytes.LastIndexByte(text[from:], '\n'); i >= 0 {
			end = from + i + 1
		}
	}
	b.bytes += int64(len(text))
	if more {
		l.rest = append(l.rest[:0], text[end:]...)
		text = text[:end]
	}
	l.line += int64(bytes.Count(text, []byte{'\n'}))
	b.text, b.long = text, cap(text) > 2*l.size
	return more, nil
}

// reader is a quad.Reader as a feed.
type reader struct {
	r    quad.Reader
	read int64
}

func (r *reader) fill(b *block) (more bool, err error) {
	b.line, b.quads = r.read+1, b.quads[:0]
	for len(b.quads) < 4096 {
		q, err := r.r.ReadQuad()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("after quad %d: %w", r.read, err)
		}
		b.quads = append(b.quads, q)
		r.read++
	}
	return true, nil
}

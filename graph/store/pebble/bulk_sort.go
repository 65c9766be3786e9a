package pebble

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
	"sync"
	"unsafe"
)

// arena holds entries one after the other, in segments, so that it grows without copying.
type arena struct {
	segs    [][]byte
	bytes   int64 // of memory
	count   int64
	longest int
}

// segments are free segments of arenas.
type segments struct {
	sync.Mutex
	size int
	free [][]byte
}

func (s *segments) get(n int) []byte {
	if n > s.size {
		return make([]byte, 0, n)
	}
	s.Lock()
	defer s.Unlock()
	if i := len(s.free) - 1; i >= 0 {
		seg := s.free[i]
		s.free = s.free[:i]
		return seg
	}
	return make([]byte, 0, s.size)
}

// room is where an entry of at most n bytes can be appended; done makes it part of the arena.
func (a *arena) room(s *segments, n int) []byte {
	i := len(a.segs) - 1
	if i < 0 || cap(a.segs[i])-len(a.segs[i]) < n {
		a.segs = append(a.segs, s.get(n))
		i++
		a.bytes += int64(cap(a.segs[i]))
	}
	return a.segs[i][len(a.segs[i]):]
}

func (a *arena) done(entry []byte) {
	seg := &a.segs[len(a.segs)-1]
	*seg = (*seg)[:len(*seg)+len(entry)]
	a.count++
}

// add appends a key of a quad, without the byte of the index, after its length.
func (a *arena) add(s *segments, key []byte) {
	a.longest = max(a.longest, len(key))
	a.done(append(append(a.room(s, 1+len(key)), byte(len(key))), key...))
}

// join moves all of another arena to the end of this one.
func (a *arena) join(other *arena) {
	a.segs = append(a.segs, other.segs...)
	a.bytes += other.bytes
	a.count += other.count
	a.longest = max(a.longest, other.longest)
	*other = arena{}
}

func (a *arena) clear(s *segments) {
	for _, seg := range a.segs {
		if cap(seg) == s.size {
			s.free = append(s.free, seg[:0])
		}
	}
	*a = arena{segs: a.segs[:0]}
}

// refLength is how many bytes the Ref takes that b starts with.
func refLength(b []byte) int {
	n := int(idLengths[b[0]&^(classBits>>56)])
	if uint64(b[0])<<56&classBits == isBase {
		n += int(numberLengths[b[n]])
		n += int(numberLengths[b[n]])
	}
	return n
}

// By the first byte.
var idLengths, numberLengths = func() (ids [64]uint8, numbers [256]uint8) {
	long := make([]byte, 9)
	for i := range ids {
		long[0] = byte(i)
		_, rest, ok := cutID(long)
		if ok {
			ids[i] = uint8(len(long) - len(rest))
		}
	}
	for i := range numbers {
		long[0] = byte(i)
		_, rest, ok := cutNumber(long)
		if ok {
			numbers[i] = uint8(len(long) - len(rest))
		}
	}
	return ids, numbers
}()

// record is a key of a quad without the byte of its index, in big endian words; the last byte is the key's length, the
// bytes between are 0. Since no key is the start of another one, records sort as their keys do.
type record interface {
	[2]uint64 | [3]uint64 | [4]uint64 | [5]uint64 | [10]uint64
}

const maxRecord = 80

func less[R record](a, b R) bool {
	for i := range len(a) {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func compare[R record](a, b R) int {
	for i := range len(a) {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// toRecord makes the record in an index of a key in SPOL without its first byte; ok is false for LSPO and no label.
func toRecord[R record](index byte, k []byte) (r R, ok bool) {
	var buf [maxRecord]byte
	s := 0
	if index != keySPOL {
		s = refLength(k)
		p := s + refLength(k[s:])
		o := p + refLength(k[p:])
		switch index { // a turn of the nodes before the label, or of all
		case keyOSPL:
			s = p
		case keyLSPO:
			if s = o; k[o] == 0 {
				return r, false
			}
			o = len(k)
		}
		n := copy(buf[:], k[s:o])
		n += copy(buf[n:], k[:s])
		copy(buf[n:], k[o:])
	} else {
		copy(buf[:], k)
	}
	buf[8*len(r)-1] = byte(len(k))
	for i := range len(r) {
		r[i] = binary.BigEndian.Uint64(buf[8*i:])
	}
	return r, true
}

// ranges makes tasks that together go through the keys in an index of all quads of an arena, sorted and distinct. Each
// task goes through the keys of one range and gives them to use, with the number of the range. A sequence ends early
// when the task is to stop.
func (b *bulk) ranges(a *arena, index byte, use func(w *worker, part int, keys iter.Seq[[]byte]) error) []func(*worker) error {
	switch words := (a.longest + 1 + 7) / 8; {
	case a.count == 0:
		return nil
	case words <= 2:
		return ranges[[2]uint64](b, a, index, use)
	case words <= 3:
		return ranges[[3]uint64](b, a, index, use)
	case words <= 4:
		return ranges[[4]uint64](b, a, index, use)
	case words <= 5:
		return ranges[[5]uint64](b, a, index, use)
	}
	return ranges[[10]uint64](b, a, index, use)
}

func ranges[R record](b *bulk, a *arena, index byte, use func(*worker, int, iter.Seq[[]byte]) error) (tasks []func(*worker) error) {
	var r, last R
	for i := range len(last) {
		last[i] = ^uint64(0)
	}
	room := max(16, int(b.sort)/(8*len(r)))
	bounds := append(split[R](a, index, int(a.count)*9/8/room), last)
	var lo R
	for part, hi := range bounds {
		from := lo
		tasks = append(tasks, func(w *worker) error {
			return use(w, part, func(yield func([]byte) bool) { walk(w, a, index, from, hi, room, yield) })
		})
		lo = hi
	}
	return tasks
}

// split finds n records, or fewer, that part an arena in parts of about the same size.
func split[R record](a *arena, index byte, n int) (bounds []R) {
	if n == 0 {
		return nil
	}
	step := max(1, int(a.count)/(100*(n+1)))
	var sample []R
	i := 0
	for _, seg := range a.segs {
		for ; len(seg) > 0; seg = seg[1+seg[0]:] {
			if i++; i%step == 0 {
				if r, ok := toRecord[R](index, seg[1:1+seg[0]]); ok {
					sample = append(sample, r)
				}
			}
		}
	}
	slices.SortFunc(sample, compare[R])
	for i := 1; i <= n && len(sample) > 0; i++ {
		r := sample[len(sample)*i/(n+1)]
		if len(bounds) == 0 || less(bounds[len(bounds)-1], r) {
			bounds = append(bounds, r)
		}
	}
	return bounds
}

// walk gives the keys from lo on and before hi.
func walk[R record](w *worker, a *arena, index byte, lo, hi R, room int, yield func([]byte) bool) {
	if need := min(room, int(a.count)) * len(lo); len(w.buf) < need {
		w.buf = make([]uint64, need)
	}
	buf := unsafe.Slice((*R)(unsafe.Pointer(&w.buf[0])), len(w.buf)/len(lo))
	key := make([]byte, 1+maxRecord)
	key[0] = index
	for lo != hi {
		records, upTo := gather(w, a, index, lo, hi, buf)
		for _, r := range records {
			for i := range len(r) {
				binary.BigEndian.PutUint64(key[1+8*i:], r[i])
			}
			if !yield(key[:1+r[len(r)-1]&0xff]) {
				return
			}
		}
		if w.ctx.Err() != nil {
			return
		}
		lo = upTo
	}
}

// gather collects the records from lo on and before hi, sorted and distinct. When there are more than buf takes, it
// has those before upTo.
func gather[R record](w *worker, a *arena, index byte, lo, hi R, buf []R) (records []R, upTo R) {
	n := 0
	for _, seg := range a.segs {
		if w.ctx.Err() != nil {
			return nil, hi
		}
		for ; len(seg) > 0; seg = seg[1+seg[0]:] {
			r, ok := toRecord[R](index, seg[1:1+seg[0]])
			if !ok || less(r, lo) || !less(r, hi) {
				continue
			}
			if n == len(buf) {
				n = len(distinct(buf))
				if n > len(buf)*3/4 {
					n = len(buf) / 2
					if hi = buf[n]; !less(r, hi) {
						continue
					}
				}
			}
			buf[n] = r
			n++
		}
	}
	return distinct(buf[:n]), hi
}

// distinct sorts records and leaves out what comes again.
func distinct[R record](a []R) []R {
	radix(a, 0)
	return slices.Compact(a)
}

// radix sorts records that are the same in all words before one.
func radix[R record](a []R, word int) {
	for ; len(a) > 40; word++ {
		if word == len(a[0]) {
			return
		}
		low, high := a[0][word], a[0][word]
		for i := range a {
			low, high = min(low, a[i][word]), max(high, a[i][word])
		}
		if low == high {
			continue
		}
		// Each goes to the bin of the first 8 bits from where they differ on, in place.
		shift := max(0, bits.Len64(low^high)-8)
		var ends, next [256]int
		for i := range a {
			ends[uint8(a[i][word]>>shift)]++
		}
		sum := 0
		for i, n := range ends {
			next[i] = sum
			sum += n
			ends[i] = sum
		}
		for bin := range ends {
			for i := next[bin]; i < ends[bin]; {
				r := a[i]
				to := uint8(r[word] >> shift)
				if int(to) == bin {
					i++
					continue
				}
				a[i], a[next[to]] = a[next[to]], r
				next[to]++
			}
		}
		from := 0
		for _, end := range ends {
			if end-from > 1 {
				radix(a[from:end], word)
			}
			from = end
		}
		return
	}
	for i := 1; i < len(a); i++ {
		r, j := a[i], i
		for ; j > 0 && less(r, a[j-1]); j-- {
			a[j] = a[j-1]
		}
		a[j] = r
	}
}

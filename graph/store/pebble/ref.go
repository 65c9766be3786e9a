package pebble

import (
	"encoding/binary"
	"errors"

	"github.com/cayleygraph/quad"
)

// Ref is a node as this store knows it: a comparable value, and a reference in Cayley's sense. The zero Ref is no node;
// as the label of a quad it means that the quad has none.
//
// A node is either an entry of the dictionary, then Start and Len are 0, or a passage: an IRI of the form
// <base#char=a,b> is kept as the ID of its base (an entry of the dictionary of its own class, never a node by itself),
// Start a and Len b-a. Every IRI of that form is a passage wherever it stands, so that a value has one Ref.
type Ref struct {
	ID         uint64 // its two highest bits are its class
	Start, Len uint32
}

// The classes of IDs, each numbered apart from 1. IRIs and blank nodes are resources, all other values texts.
const (
	isResource = 0 << 62
	isText     = 1 << 62
	isBase     = 2 << 62
	classBits  = 3 << 62
	classes    = 3
)

// classOf is the class of a value's ID by the kind of the value.
func classOf(kind byte) uint64 {
	switch kind {
	case kindIRI, kindBNode:
		return isResource
	case kindBase:
		return isBase
	}
	return isText
}

// Key implements Cayley's graph.Ref.
func (r Ref) Key() any { return r }

func (r Ref) passage() bool { return r.ID&classBits == isBase }

// IsText tells whether the node is a text or another literal: no edge leads to one.
func (r Ref) IsText() bool { return r.ID&classBits == isText }

// Quad is a quad as this store knows it: comparable, and a reference in Cayley's sense.
type Quad struct{ Subject, Predicate, Object, Label Ref }

// Key implements Cayley's graph.Ref.
func (q Quad) Key() any { return q }

// Get is the node in one direction; the zero Ref for the label of a quad without one.
func (q Quad) Get(d quad.Direction) Ref {
	switch d {
	case quad.Subject:
		return q.Subject
	case quad.Predicate:
		return q.Predicate
	case quad.Object:
		return q.Object
	}
	return q.Label
}

// The first byte of a key says what it is.
const (
	keySPOL   = 'S' // subject predicate object label
	keyPOSL   = 'P' // predicate object subject label
	keyOSPL   = 'O' // object subject predicate label
	keyLSPO   = 'L' // label subject predicate object; quads without a label are not in it
	keyValue  = 'I' // ID: kind and bytes of a value
	keyID     = 'V' // kind and bytes of a value: ID
	keyCount  = 'N' // predicate: number of quads, 8 bytes big endian
	keyNext   = 'M' // the next free number of each class of IDs, 8 bytes big endian each
	keyFormat = 'F' // the version of this layout, 1 byte
)

// indexes are the keys of quads.
var indexes = []byte{keySPOL, keyPOSL, keyOSPL, keyLSPO}

// maxRef and maxKey are the most bytes that a Ref, and a key of a quad, take.
const (
	maxRef = 9 + 5 + 5
	maxKey = 1 + 4*maxRef
)

// errKey is what reading a key gives that no version of this package wrote.
var errKey = errors.New("pebble: the store is damaged: a key is not of its form")

// IDs and numbers are written so that their bytes sort as they do, the small ones short. The first byte tells the
// length; of an ID, its two highest bits are the class.
//
//	ID in its class  first byte  bytes    number  first byte  bytes
//	0                0x00        1        0       0x00        1
//	32               0x20        2        192     0xc0        2
//	4128             0x30        3        12480   0xf0        3
//	528416           0x38        4        929984  0xfe        5
//	67637280         0x3c        5
//	8657571872       0x3e        9
const (
	id2, id3, id4 = 0x20, id2 + 0x10<<8, id3 + 0x08<<16
	id5           = id4 + 0x04<<24
	id9           = id5 + 0x02<<32
	num2, num3    = 0xc0, num2 + 0x30<<8
	num5          = num3 + 0x0e<<16
)

func appendID(b []byte, id uint64) []byte {
	class := byte(id >> 62 << 6)
	switch id &^= classBits; {
	case id < id2:
		return append(b, class|byte(id))
	case id < id3:
		id -= id2
		return append(b, class|0x20|byte(id>>8), byte(id))
	case id < id4:
		id -= id3
		return append(b, class|0x30|byte(id>>16), byte(id>>8), byte(id))
	case id < id5:
		id -= id4
		return append(b, class|0x38|byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	case id < id9:
		id -= id5
		return append(b, class|0x3c|byte(id>>32), byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	}
	return binary.BigEndian.AppendUint64(append(b, class|0x3e), id)
}

// cutID reads an ID from the start of b, and gives what follows; ok is false when there is none.
func cutID(b []byte) (id uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	class, c := uint64(b[0]>>6)<<62, b[0]&0x3f
	switch {
	case c < 0x20:
		return class | uint64(c), b[1:], true
	case c < 0x30 && len(b) >= 2:
		return class | ((uint64(c&0x0f)<<8 | uint64(b[1])) + id2), b[2:], true
	case c >= 0x30 && c < 0x38 && len(b) >= 3:
		return class | ((uint64(c&0x07)<<16 | uint64(b[1])<<8 | uint64(b[2])) + id3), b[3:], true
	case c >= 0x38 && c < 0x3c && len(b) >= 4:
		return class | ((uint64(c&0x03)<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])) + id4), b[4:], true
	case c >= 0x3c && c < 0x3e && len(b) >= 5:
		return class | ((uint64(c&0x01)<<32 | uint64(binary.BigEndian.Uint32(b[1:]))) + id5), b[5:], true
	case c == 0x3e && len(b) >= 9:
		return class | binary.BigEndian.Uint64(b[1:]), b[9:], true
	}
	return 0, nil, false
}

func appendNumber(b []byte, n uint32) []byte {
	switch {
	case n < num2:
		return append(b, byte(n))
	case n < num3:
		n -= num2
		return append(b, 0xc0|byte(n>>8), byte(n))
	case n < num5:
		n -= num3
		return append(b, 0xf0|byte(n>>16), byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xfe), n)
}

func cutNumber(b []byte) (n uint32, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	switch c := b[0]; {
	case c < 0xc0:
		return uint32(c), b[1:], true
	case c < 0xf0 && len(b) >= 2:
		return uint32(c&0x3f)<<8 | uint32(b[1]) + num2, b[2:], true
	case c >= 0xf0 && c < 0xfe && len(b) >= 3:
		return uint32(c&0x0f)<<16 | uint32(b[1])<<8 | uint32(b[2]) + num3, b[3:], true
	case c == 0xfe && len(b) >= 5:
		return binary.BigEndian.Uint32(b[1:]), b[5:], true
	}
	return 0, nil, false
}

// appendRef writes a Ref so that Refs sort by ID, Start, Len, and none of them is the start of another one. All
// passages of a base have the bytes of its ID as their start.
func appendRef(b []byte, r Ref) []byte {
	b = appendID(b, r.ID)
	if r.passage() {
		b = appendNumber(appendNumber(b, r.Start), r.Len)
	}
	return b
}

func cutRef(b []byte) (r Ref, rest []byte, ok bool) {
	r.ID, rest, ok = cutID(b)
	if ok && r.passage() {
		if r.Start, rest, ok = cutNumber(rest); ok {
			r.Len, rest, ok = cutNumber(rest)
		}
	}
	return r, rest, ok
}

// appendQuad writes the key of q in one of the indexes.
func appendQuad(b []byte, index byte, q Quad) []byte {
	b = append(b, index)
	for _, d := range order(index) {
		b = appendRef(b, q.Get(d))
	}
	return b
}

// order is the order of the nodes in the keys of an index.
func order(index byte) [4]quad.Direction {
	switch index {
	case keyPOSL:
		return [4]quad.Direction{quad.Predicate, quad.Object, quad.Subject, quad.Label}
	case keyOSPL:
		return [4]quad.Direction{quad.Object, quad.Subject, quad.Predicate, quad.Label}
	case keyLSPO:
		return [4]quad.Direction{quad.Label, quad.Subject, quad.Predicate, quad.Object}
	}
	return [4]quad.Direction{quad.Subject, quad.Predicate, quad.Object, quad.Label}
}

// parseQuad reads a key of any index.
func parseQuad(key []byte) (q Quad, err error) {
	var a, b, c, d Ref
	ok := len(key) > 0
	if ok {
		rest := key[1:]
		if a, rest, ok = cutRef(rest); ok {
			if b, rest, ok = cutRef(rest); ok {
				if c, rest, ok = cutRef(rest); ok {
					d, rest, ok = cutRef(rest)
					ok = ok && len(rest) == 0
				}
			}
		}
	}
	if !ok {
		return Quad{}, errKey
	}
	switch key[0] {
	case keySPOL:
		return Quad{a, b, c, d}, nil
	case keyPOSL:
		return Quad{c, a, b, d}, nil
	case keyOSPL:
		return Quad{b, c, a, d}, nil
	case keyLSPO:
		return Quad{b, c, d, a}, nil
	}
	return Quad{}, errKey
}

// after is the smallest key that sorts after every key that starts with prefix; appended to b.
func after(b, prefix []byte) []byte {
	start := len(b)
	b = append(b, prefix...)
	for i := len(b) - 1; i >= start; i-- {
		if b[i] != 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return b // only of 0xff: no key of this package starts so
}

package pebble

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cayleygraph/quad"
)

// The kinds of entries of the dictionary. A value is its kind and its bytes.
const (
	kindIRI    = 'i' // the IRI
	kindString = 's' // the text
	kindBNode  = 'b' // the name
	kindTyped  = 't' // length of the type (uvarint), type, text
	kindLang   = 'l' // length of the language (uvarint), language, text
	kindInt    = 'n' // 8 bytes, big endian, highest bit turned
	kindFloat  = 'f' // 8 bytes, IEEE 754, big endian
	kindBool   = 'o' // 0 or 1
	kindTime   = 'd' // seconds since 1970, 8 bytes big endian, highest bit turned; nanoseconds, 4 bytes
	kindBase   = '#' // the base of passages: the IRI before #char=
)

// appendValue writes kind and bytes of a value.
func appendValue(b []byte, v quad.Value) ([]byte, error) {
	switch v := v.(type) {
	case quad.IRI:
		return append(append(b, kindIRI), v...), nil
	case quad.String:
		return append(append(b, kindString), v...), nil
	case quad.BNode:
		return append(append(b, kindBNode), v...), nil
	case quad.TypedString:
		return appendPair(append(b, kindTyped), string(v.Type), string(v.Value)), nil
	case quad.LangString:
		return appendPair(append(b, kindLang), v.Lang, string(v.Value)), nil
	case quad.Int:
		return binary.BigEndian.AppendUint64(append(b, kindInt), uint64(v)^1<<63), nil
	case quad.Float:
		if math.IsNaN(float64(v)) {
			v = quad.Float(math.NaN())
		}
		return binary.BigEndian.AppendUint64(append(b, kindFloat), math.Float64bits(float64(v))), nil
	case quad.Bool:
		if v {
			return append(b, kindBool, 1), nil
		}
		return append(b, kindBool, 0), nil
	case quad.Time:
		t := time.Time(v).UTC()
		b = binary.BigEndian.AppendUint64(append(b, kindTime), uint64(t.Unix())^1<<63)
		return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond())), nil
	}
	return b, fmt.Errorf("pebble: a store cannot keep a value of type %T", v)
}

func appendPair(b []byte, first, second string) []byte {
	b = binary.AppendUvarint(b, uint64(len(first)))
	return append(append(b, first...), second...)
}

// parseValue reads what appendValue wrote, and bases (as the IRI before #char=).
func parseValue(b []byte) (quad.Value, error) {
	if len(b) > 0 {
		kind, b := b[0], b[1:]
		switch {
		case kind == kindIRI || kind == kindBase:
			return quad.IRI(b), nil
		case kind == kindString:
			return quad.String(b), nil
		case kind == kindBNode:
			return quad.BNode(b), nil
		case kind == kindTyped || kind == kindLang:
			n, k := binary.Uvarint(b)
			if k > 0 && n <= uint64(len(b)-k) {
				first, second := b[k:k+int(n)], b[k+int(n):]
				if kind == kindTyped {
					return quad.TypedString{Value: quad.String(second), Type: quad.IRI(first)}, nil
				}
				return quad.LangString{Value: quad.String(second), Lang: string(first)}, nil
			}
		case kind == kindInt && len(b) == 8:
			return quad.Int(binary.BigEndian.Uint64(b) ^ 1<<63), nil
		case kind == kindFloat && len(b) == 8:
			return quad.Float(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
		case kind == kindBool && len(b) == 1 && b[0] <= 1:
			return quad.Bool(b[0] == 1), nil
		case kind == kindTime && len(b) == 12:
			return quad.Time(time.Unix(int64(binary.BigEndian.Uint64(b)^1<<63), int64(binary.BigEndian.Uint32(b[8:]))).UTC()), nil
		}
	}
	return nil, fmt.Errorf("pebble: the store is damaged: %.40q is no value", b)
}

// A long value is found by its first shortValue bytes and a hash of all of it, so that keys stay short and still sort
// by how values begin. 192 bits of SHA-256 leave no way to make two values of one key on purpose.
const (
	shortValue = 96
	hashLength = 24
)

// appendIDKey writes the key under which the ID of a value is found; value is kind and bytes.
func appendIDKey(b, value []byte) []byte {
	b = append(b, keyID)
	if len(value) < shortValue {
		return append(b, value...)
	}
	hash := sha256.Sum256(value)
	return append(append(b, value[:shortValue]...), hash[:hashLength]...)
}

const fragment = "#char="

// cutPassage takes an IRI of the form base#char=a,b apart. ok is false for what would not come back byte for byte.
func cutPassage(iri string) (base string, start, length uint32, ok bool) {
	i := strings.LastIndex(iri, fragment)
	if i <= 0 {
		return "", 0, 0, false
	}
	a, b, found := strings.Cut(iri[i+len(fragment):], ",")
	from, ok1 := parseNumber(a)
	to, ok2 := parseNumber(b)
	if !found || !ok1 || !ok2 || to < from {
		return "", 0, 0, false
	}
	return iri[:i], from, to - from, true
}

// parseNumber reads a decimal number below 2^32 without leading zeros.
func parseNumber[T ~string | ~[]byte](s T) (uint32, bool) {
	if len(s) == 0 || len(s) > 10 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	n := uint64(0)
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + uint64(c)
	}
	return uint32(n), n <= math.MaxUint32
}

// joinPassage is the IRI that cutPassage took apart.
func joinPassage(base string, start, length uint32) quad.IRI {
	var b bytes.Buffer
	b.Grow(len(base) + len(fragment) + 21)
	b.WriteString(base)
	b.WriteString(fragment)
	b.Write(strconv.AppendUint(b.AvailableBuffer(), uint64(start), 10))
	b.WriteByte(',')
	b.Write(strconv.AppendUint(b.AvailableBuffer(), uint64(start)+uint64(length), 10))
	return quad.IRI(b.String())
}

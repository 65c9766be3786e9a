package pebble

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/cayleygraph/quad"
)

// nquads reads N-Quads (RDF 1.1) from a text that begins and ends with a line. Every form of value that
// quad/nquads.NewReader(r, false) reads from what its writer wrote is read as the same value: terms of all kinds may
// stand in every position, IRIs may be relative and have any character but white space, controls and <>"\, and literals
// of a type with a registered conversion become native values. The differences are on the side of the specification:
//
//   - Words without quotes or brackets are no terms.
//   - Escapes in IRIs are what they stand for, whatever that is; quad/nquads leaves them as they are.
//   - Empty IRIs are errors; quad/nquads passes by the whole statement.
//   - Escapes of surrogates and beyond Unicode, invalid UTF-8 and NUL are errors; quad/nquads makes U+FFFD of the former.
//   - White space is space and tab; between terms there need be none. A CR ends a statement and a comment as LF does,
//     but LF alone is counted as the end of a line.
type nquads struct {
	text    []byte // terms are made of it in place
	at      int    // how far it was read
	line    int64  // of the statement that was read last, the first is 1
	start   int    // where that line starts
	scratch []byte // terms that do not stand in the text as they are
	types   map[string]bool
}

// statement is subject, predicate, object and label, as kind and bytes of values; an absent label is nil. They are
// good until the text or the scratch is written to.
type statement [4][]byte

// SyntaxError is what is wrong in a line of N-Quads.
type SyntaxError struct {
	Line   int64
	Column int // in bytes, the first is 1
	Text   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

func (n *nquads) fail(at int, format string, args ...any) error {
	return &SyntaxError{n.line, at - n.start + 1, fmt.Sprintf(format, args...)}
}

// reset begins a new text; its first line has the number line.
func (n *nquads) reset(text []byte, line int64) {
	n.text, n.at, n.line, n.start = text, 0, line, 0
	n.scratch = n.scratch[:0]
	if n.types == nil || len(n.types) > 1000 {
		n.types = map[string]bool{}
	}
}

// next reads a statement; false at the end.
func (n *nquads) next(q *statement) (bool, error) {
	for ; n.at < len(n.text); n.at++ {
		switch n.text[n.at] {
		case ' ', '\t', '\r':
		case '\n':
			n.line++
			n.start = n.at + 1
		case '#':
			n.at += lineEnd(n.text[n.at:]) - 1
		default:
			return true, n.statement(q)
		}
	}
	return false, nil
}

func lineEnd(b []byte) int {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		return i
	}
	return len(b)
}

// statement reads the rest of a line that has a statement, but for the line end.
func (n *nquads) statement(q *statement) (err error) {
	q[3] = nil
	for term := 0; ; term++ {
		c := n.space()
		switch {
		case c == '.' && term >= 3:
			n.at++
			switch n.space() {
			case 0, '\n', '\r', '#':
				return nil
			}
			return n.fail(n.at, "text after the end of the statement")
		case term == 4:
			return n.fail(n.at, "a full stop is missing")
		case c == '<':
			q[term], err = n.iri(kindIRI)
		case c == '"':
			q[term], err = n.literal()
		case c == '_':
			q[term], err = n.bnode()
		default:
			err = n.fail(n.at, "%s is missing", [...]string{"a subject", "a predicate", "an object", "a label or a full stop"}[term])
		}
		if err != nil {
			return err
		}
	}
}

// space passes by blanks and tells what follows; 0 at the end.
func (n *nquads) space() byte {
	for ; n.at < len(n.text); n.at++ {
		if c := n.text[n.at]; c != ' ' && c != '\t' {
			return c
		}
	}
	return 0
}

// What a byte may be a part of.
const (
	inIRI   = 1 << iota // unescaped; all of the bytes from 0x80
	inText              // likewise
	inName              // of a blank node
	inStart             // of such a name
	inLang
)

var partOf = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if c > ' ' && bytes.IndexByte([]byte(`<>"\`), c) < 0 {
			t[i] |= inIRI
		}
		if bytes.IndexByte([]byte("\x00\n\r\"\\"), c) < 0 {
			t[i] |= inText
		}
		if letter || digit || c == '_' || c == ':' {
			t[i] |= inStart | inName
		}
		if c == '-' || c == '.' {
			t[i] |= inName
		}
		if letter || digit || c == '-' {
			t[i] |= inLang
		}
	}
	return t
}()

// span passes by bytes that are part of something, from a position on. What they are is UTF-8 when ok.
func (n *nquads) span(from int, part byte) (to int, ok bool) {
	b, all := n.text[from:], byte(0)
	for i, c := range b {
		if partOf[c]&part == 0 {
			b = b[:i]
			break
		}
		all |= c
	}
	return from + len(b), all < utf8.RuneSelf || utf8.Valid(b)
}

// quoted reads from a bracket or a quotation mark to its partner: what stands between them follows the first byte of
// the result, which the caller may write to.
func (n *nquads) quoted(part, partner byte, what string) ([]byte, error) {
	open := n.at
	i, ok := n.span(open+1, part)
	out := n.text[open:i:i]
	mark := len(n.scratch)
	for done := open; ; {
		if !ok {
			return nil, n.fail(open, "%s that is not UTF-8", what)
		}
		switch {
		case i == len(n.text) || n.text[i] == '\n' || n.text[i] == '\r':
			return nil, n.fail(open, "%s without an end", what)
		case n.text[i] == partner:
			n.at = i + 1
			if done > open {
				n.scratch = append(n.scratch, n.text[done:i]...)
				out = n.scratch[mark:len(n.scratch):len(n.scratch)]
			}
			return out, nil
		case n.text[i] != '\\':
			return nil, n.fail(i, "%s with the character %q", what, n.text[i])
		}
		n.scratch = append(n.scratch, n.text[done:i]...)
		r, size := unescape(n.text[i:], part)
		if size == 0 {
			return nil, n.fail(i, "%s with a wrong escape", what)
		}
		n.scratch = utf8.AppendRune(n.scratch, r)
		done = i + size
		i, ok = n.span(done, part)
	}
}

// unescape reads the escape that b starts with, and its size; 0 for one that may not be there.
func unescape(b []byte, part byte) (r rune, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	digits := 0
	switch b[1] {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		i := bytes.IndexByte([]byte(`tbnrf"'\`), b[1])
		if part != inText || i < 0 {
			return 0, 0
		}
		return rune("\t\b\n\r\f\"'\\"[i]), 2
	}
	size = 2 + digits
	if len(b) < size {
		return 0, 0
	}
	code := uint32(0)
	for _, c := range b[2:size] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, 0
		}
		code = code<<4 | uint32(c)
	}
	r = rune(code)
	if r == 0 || !utf8.ValidRune(r) {
		return 0, 0
	}
	return r, size
}

func (n *nquads) iri(kind byte) ([]byte, error) {
	at := n.at
	b, err := n.quoted(inIRI, '>', "an IRI")
	if err != nil {
		return nil, err
	}
	if len(b) == 1 && kind == kindIRI {
		return nil, n.fail(at, "an empty IRI")
	}
	b[0] = kind
	return b, nil
}

func (n *nquads) literal() ([]byte, error) {
	text, err := n.quoted(inText, '"', "a text")
	if err != nil {
		return nil, err
	}
	text[0] = kindString
	switch rest := n.text[n.at:]; {
	case len(rest) > 0 && rest[0] == '@':
		return n.lang(text[1:])
	case len(rest) > 2 && string(rest[:3]) == "^^<":
		n.at += 2
		b, err := n.iri(kindTyped)
		if err != nil {
			return nil, err
		}
		return n.typed(b[1:], text[1:])
	}
	return text, nil
}

func (n *nquads) lang(text []byte) ([]byte, error) {
	at := n.at
	n.at, _ = n.span(at+1, inLang)
	lang := n.text[at+1 : n.at]
	dash, digits := -1, false // the last dash; whether digits may be
	for i, c := range lang {
		if c == '-' && dash == i-1 || c <= '9' && c != '-' && !digits {
			dash = len(lang) - 1
			break
		}
		if c == '-' {
			dash, digits = i, true
		}
	}
	if dash == len(lang)-1 {
		return nil, n.fail(at, "a text with a wrong language")
	}
	return n.pair(kindLang, lang, text), nil
}

func (n *nquads) pair(kind byte, first, second []byte) []byte {
	mark := len(n.scratch)
	n.scratch = binary.AppendUvarint(append(n.scratch, kind), uint64(len(first)))
	n.scratch = append(append(n.scratch, first...), second...)
	return n.scratch[mark:]
}

// typed is a literal of a type: a native value when the type has a registered conversion and the text is of its form.
func (n *nquads) typed(of, text []byte) ([]byte, error) {
	converts, known := n.types[string(of)]
	if !known {
		converts = quad.HasStringConversion(quad.IRI(of).Full())
		n.types[string(of)] = converts
	}
	if converts {
		v, err := quad.TypedString{Value: quad.String(text), Type: quad.IRI(of)}.ParseValue()
		if err == nil {
			mark := len(n.scratch)
			if n.scratch, err = appendValue(n.scratch, v); err != nil {
				return nil, n.fail(n.at, "%v", err)
			}
			return n.scratch[mark:], nil
		}
	}
	return n.pair(kindTyped, of, text), nil
}

func (n *nquads) bnode() ([]byte, error) {
	at := n.at
	b := n.text[at:]
	if len(b) < 3 || b[1] != ':' {
		return nil, n.fail(at, "a term of no known form")
	}
	i := 2
	for i < len(b) {
		if c := b[i]; c < utf8.RuneSelf {
			if partOf[c]&inName == 0 || i == 2 && partOf[c]&inStart == 0 {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if !nameRune(r, i == 2) || r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	for i > 2 && b[i-1] == '.' {
		i--
	}
	if i == 2 {
		return nil, n.fail(at, "a blank node without a name")
	}
	n.at += i
	b[1] = kindBNode
	return b[1:i:i], nil
}

// nameRune tells whether a rune from U+0080 on may be in the name of a blank node: PN_CHARS of the specification.
func nameRune(r rune, first bool) bool {
	switch {
	case r == 0xb7, 0x300 <= r && r <= 0x36f, r == 0x203f, r == 0x2040:
		return !first
	case r < 0xc0, r == 0xd7, r == 0xf7, r == 0x37e:
		return false
	}
	return r <= 0x1fff || r == 0x200c || r == 0x200d || 0x2070 <= r && r <= 0x218f || 0x2c00 <= r && r <= 0x2fef ||
		0x3001 <= r && r <= 0xd7ff || 0xf900 <= r && r <= 0xfdcf || 0xfdf0 <= r && r <= 0xfffd || 0x10000 <= r && r <= 0xeffff
}

package pebble

import (
	"bufio"
	"context"
	"io"
	"slices"

	"github.com/cayleygraph/quad"
	pdb "github.com/cockroachdb/pebble/v2"
)

// Dump writes every quad of the view as a line of N-Quads. The order depends on the quads alone, not on how they came
// into the store: stores that hold the same write the same bytes. It reads in that order, and holds the quads of one
// subject in memory.
func (v *View) Dump(ctx context.Context, w io.Writer) error {
	values, err := v.its.take()
	if err != nil {
		return err
	}
	defer v.its.put(values)
	quads, err := v.its.take()
	if err != nil {
		return err
	}
	defer v.its.put(quads)
	d := dumper{v: v, out: bufio.NewWriterSize(w, 1<<16), walker: walker{ctx: ctx, it: quads}}
	lo := []byte{keyID}
	hi := after(nil, lo)
	for st := values.SeekGEWithLimit(lo, hi); st == pdb.IterValid && values.Key()[0] == keyID; st = values.NextWithLimit(hi) {
		id, err := values.ValueAndErr()
		if err != nil {
			return err
		}
		if err := d.subject(id); err != nil {
			return err
		}
	}
	if err := values.Error(); err != nil {
		return err
	}
	return d.out.Flush()
}

type dumper struct {
	walker
	v     *View
	out   *bufio.Writer
	group []Quad // of one subject
}

// subject writes the quads whose subject is a node, or a passage of a base.
func (d *dumper) subject(id []byte) error {
	d.lo = append(append(d.lo[:0], keySPOL), id...)
	var failed error
	_, err := d.run(func(q Quad) bool {
		if len(d.group) > 0 && d.group[0].Subject != q.Subject {
			failed = d.flush()
		}
		d.group = append(d.group, q)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = d.flush()
	}
	return err
}

func (d *dumper) flush() error {
	refs := make([]Ref, 0, 4*len(d.group))
	for _, q := range d.group {
		refs = append(refs, q.Subject, q.Predicate, q.Object, q.Label)
	}
	values, err := d.v.Values(d.ctx, refs)
	if err != nil {
		return err
	}
	lines := make([]string, 0, len(d.group))
	var b []byte
	for t := range slices.Chunk(values, 4) {
		b = appendNQuad(b[:0], quad.Quad{Subject: t[0], Predicate: t[1], Object: t[2], Label: t[3]})
		lines = append(lines, string(b))
	}
	slices.Sort(lines)
	d.group = d.group[:0]
	for _, l := range lines {
		if _, err := d.out.WriteString(l); err != nil {
			return err
		}
	}
	return nil
}

// appendNQuad writes a quad as a line that BulkNQuads reads back as the same quad.
func appendNQuad(b []byte, q quad.Quad) []byte {
	for _, v := range []quad.Value{q.Subject, q.Predicate, q.Object, q.Label} {
		if v != nil {
			b = append(appendTerm(b, v), ' ')
		}
	}
	return append(b, '.', '\n')
}

func appendTerm(b []byte, v quad.Value) []byte {
	switch v := v.(type) {
	case quad.IRI:
		return appendIRI(b, string(v))
	case quad.BNode:
		return append(append(b, "_:"...), v...)
	case quad.String:
		return appendLiteral(b, string(v))
	case quad.LangString:
		return append(append(appendLiteral(b, string(v.Value)), '@'), v.Lang...)
	case quad.TypedString:
		return appendIRI(append(appendLiteral(b, string(v.Value)), "^^"...), string(v.Type))
	case quad.TypedStringer:
		return appendTerm(b, v.TypedString())
	}
	return append(b, quad.StringOf(v)...)
}

// appendIRI escapes what must not stand in an IRI of N-Quads.
func appendIRI(b []byte, iri string) []byte {
	b = append(b, '<')
	for i := range len(iri) {
		switch c := iri[i]; {
		case c <= ' ' || c == '<' || c == '>' || c == '"' || c == '{' || c == '}' || c == '|' || c == '^' || c == '`' || c == '\\':
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '>')
}

const hex = "0123456789ABCDEF"

func appendLiteral(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

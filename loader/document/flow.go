package document

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// flow is text on its way from the file to Document.Text: bytes, and where each of them comes from. A reader is a
// function from flow to flow, so that readers can be chained (base64, charset, HTML, NFC) and offsets still lead back.
type flow struct {
	b     []byte
	runs  []run // sorted by at
	loose bool  // the last bytes did not come in step, so the next start a run
}

// run says that from b[at] on, bytes come in step from src of the input, or from nowhere when src is negative.
type run struct{ at, src int }

// maxRuns bounds the memory for places: what comes later than so many runs has no place. An ordinary file of the largest
// size has fewer.
const maxRuns = 1 << 21

// add appends b, which is what the input holds at src.
func (f *flow) add(b []byte, src int) {
	if len(b) == 0 {
		return
	}
	if len(f.runs) >= maxRuns {
		src = -1
	}
	if f.loose && src >= 0 || len(f.runs) == 0 || src != f.at(f.runs[len(f.runs)-1], len(f.b)) {
		f.runs = append(f.runs, run{len(f.b), src})
		f.loose = false
	}
	f.b = append(f.b, b...)
}

// put appends s, which the input spells in another way at src.
func (f *flow) put(s string, src int) {
	f.loose = true
	f.add([]byte(s), src)
	f.loose = true
}

// follow appends s, which stands for what the input holds after the last bytes, such as a tag that ends a line.
func (f *flow) follow(s string) {
	f.b = append(f.b, s...)
	f.loose = true
}

// at is where offset off, which lies in r, comes from.
func (f *flow) at(r run, off int) int {
	if r.src < 0 {
		return -1
	}
	return r.src + off - r.at
}

// join appends g, which has the same input as f.
func (f *flow) join(g flow) {
	if len(g.b) == 0 {
		return
	}
	for _, r := range g.runs {
		f.runs = append(f.runs, run{r.at + len(f.b), r.src})
	}
	f.b = append(f.b, g.b...)
	f.loose = true
}

// slice is f.b[from:to] with its places.
func (f *flow) slice(from, to int) flow {
	out := flow{b: f.b[from:to:to]}
	for i := f.index(from); i < len(f.runs) && (f.runs[i].at < to || i == 0); i++ {
		r := f.runs[i]
		if r.at < from {
			r = run{from, f.at(r, from)}
		}
		out.runs = append(out.runs, run{r.at - from, r.src})
	}
	return out
}

// index is the run in which off lies; the first run starts at 0.
func (f *flow) index(off int) int {
	return max(0, sort.Search(len(f.runs), func(i int) bool { return f.runs[i].at > off })-1)
}

// through gives f, which was made from in, the places of in's own input.
func (f flow) through(in flow) flow {
	out := flow{b: f.b, runs: make([]run, 0, len(f.runs))}
	for i, r := range f.runs {
		if r.src < 0 {
			out.runs = append(out.runs, r)
			continue
		}
		end := len(f.b)
		if i+1 < len(f.runs) {
			end = f.runs[i+1].at
		}
		j := in.index(r.src)
		out.runs = append(out.runs, run{r.at, in.at(in.runs[j], r.src)})
		for j++; j < len(in.runs) && in.runs[j].at < r.src+end-r.at; j++ {
			out.runs = append(out.runs, run{r.at + in.runs[j].at - r.src, in.runs[j].src})
		}
	}
	return out
}

// normal is f in NFC and without NUL.
func (f flow) normal() flow {
	if bytes.IndexByte(f.b, 0) >= 0 {
		var out flow
		for i := 0; i < len(f.b); {
			n := bytes.IndexByte(f.b[i:], 0)
			if n < 0 {
				n = len(f.b) - i
			}
			out.add(f.b[i:i+n], i)
			if i += n; i < len(f.b) {
				out.put("\ufffd", i)
				i++
			}
		}
		f = out.through(f)
	}
	for !norm.NFC.IsNormal(f.b) {
		var out flow
		var it norm.Iter
		it.Init(norm.NFC, f.b)
		for !it.Done() {
			from := it.Pos()
			seg := it.Next()
			if bytes.Equal(seg, f.b[from:it.Pos()]) {
				out.add(seg, from)
			} else {
				out.put(string(seg), from)
			}
		}
		f = out.through(f)
	}
	return f
}

// source is the map from code points of f to code points of file; nil when f is the file.
func (f flow) source(file []byte) Source {
	// Both sides are counted in one pass each: the text's runs are sorted already, the places are sorted here.
	places := make([]int, 0, len(f.runs))
	for _, r := range f.runs {
		if r.src >= 0 {
			places = append(places, r.src)
		}
	}
	slices.Sort(places)
	places = slices.Compact(places)
	points := make([]int, len(places))
	c := counter{b: file}
	for i, p := range places {
		points[i] = c.points(p)
	}

	out := Source{}
	text := counter{b: f.b}
	next := 0 // in places, which mostly come in order
	for _, r := range f.runs {
		if r.at < len(f.b) && !utf8.RuneStart(f.b[r.at]) {
			continue // a character that the file spells in several pieces lies where the first piece does
		}
		n := Run{Text: text.points(r.at), File: -1}
		if r.src >= 0 {
			if next == len(places) || places[next] != r.src {
				next, _ = slices.BinarySearch(places, r.src)
			}
			n.File = points[next]
			next++
		}
		if len(out) == 0 {
			if n.File < 0 {
				continue
			}
		} else if last := out[len(out)-1]; n.File < 0 && last.File < 0 || last.File >= 0 && n.File-last.File == n.Text-last.Text {
			continue
		}
		out = append(out, n)
	}
	if len(out) == 1 && out[0] == (Run{}) && bytes.Equal(f.b, file) {
		return nil
	}
	return slices.Clip(out)
}

// counter counts code points up to offsets that never go back. Each byte that is not UTF-8 counts as one.
type counter struct {
	b      []byte
	off, n int // n code points begin before off
}

func (c *counter) points(off int) int {
	off = min(off, len(c.b))
	for i := off; i >= c.off && i > off-utf8.UTFMax && i < len(c.b); i-- { // never count from within a code point
		if utf8.RuneStart(c.b[i]) {
			if _, n := utf8.DecodeRune(c.b[i:]); i+n > off {
				off = i
			}
			break
		}
	}
	if off > c.off {
		c.n += utf8.RuneCount(c.b[c.off:off])
		c.off = off
	}
	return c.n
}

package graph

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"casegraph/graph/vocab"
)

// Texts returns the text of each loaded document of ids, by the ID asked for: of a part, its slice of the file's text.
// A document that is only cited has none and is absent.
func (g *Graph) Texts(ctx context.Context, ids []ID) (map[ID]string, error) {
	same, err := g.same(ctx, ids)
	if err != nil {
		return nil, err
	}
	texts, err := g.texts(ctx, same.all(ids))
	if err != nil {
		return nil, err
	}
	out := map[ID]string{}
	for _, id := range ids {
		if t, ok := texts[same.of(id)]; ok {
			out[id] = t.text
		}
	}
	return out, nil
}

// texts reads the indexed texts of documents and parts in one call.
func (g *Graph) texts(ctx context.Context, ids []ID) (map[ID]indexed, error) {
	subjects := make([]ID, 0, 2*len(ids))
	for _, id := range ids {
		subjects = append(subjects, id, id.File())
	}
	found, err := g.find(ctx, Pattern{Subjects: unique(subjects), Predicates: []vocab.Predicate{vocab.Text, vocab.Span}})
	if err != nil {
		return nil, err
	}
	files, spans := map[ID]indexed{}, map[ID]Span{}
	for _, s := range found {
		if s.Predicate == vocab.Text {
			files[s.Subject] = index(s.Literal)
			continue
		}
		if spans[s.Subject], err = parseSpan(s.Literal); err != nil {
			return nil, fmt.Errorf("document %s: %w", s.Subject, err)
		}
	}
	out := map[ID]indexed{}
	for _, id := range ids {
		file, ok1 := files[id.File()]
		span, ok2 := spans[id]
		if _, done := out[id]; done || !ok1 || !ok2 {
			continue
		}
		if id == id.File() {
			out[id] = file
			continue
		}
		from, to, ok := file.at(span)
		if !ok {
			return nil, fmt.Errorf("document %s: span %v is not in the text of its file", id, span)
		}
		out[id] = index(file.text[from:to])
	}
	return out, nil
}

// indexed is a text in which code points are found without reading it from the start.
type indexed struct {
	text  string
	every []int // byte offset of every step-th code point
	runes int
}

const step = 256

func index(text string) indexed {
	t := indexed{text: text}
	for i := range text {
		if t.runes%step == 0 {
			t.every = append(t.every, i)
		}
		t.runes++
	}
	return t
}

// at turns a span of code points into byte offsets; ok is false when it is not in the text.
func (t indexed) at(s Span) (from, to int, ok bool) {
	if s.Start < 0 || s.End < s.Start || s.End > t.runes {
		return 0, 0, false
	}
	return t.byte(s.Start), t.byte(s.End), true
}

func (t indexed) byte(rune int) int {
	if rune == t.runes {
		return len(t.text)
	}
	at := t.every[rune/step]
	for range rune % step {
		_, n := utf8.DecodeRuneInString(t.text[at:])
		at += n
	}
	return at
}

// contextLength is the most code points of context that are given around and with a quote.
const contextLength = 300

// around is the sentence or line that text[from:to] stands in, without the white space at its ends, cut at a word when
// it is longer than contextLength. A quote longer than that is its own context.
func around(text string, from, to int) string {
	room := contextLength - utf8.RuneCountInString(text[from:to])
	start, end := from, to
	for left := room / 2; left > 0 && start > 0; left-- {
		r, n := utf8.DecodeLastRuneInString(text[:start])
		if breaks(text, start-n, r) {
			break
		}
		start -= n
	}
	for left := room - utf8.RuneCountInString(text[start:from]); left > 0 && end < len(text); left-- {
		r, n := utf8.DecodeRuneInString(text[end:])
		if r == '\n' && breaks(text, end, r) {
			break
		}
		end += n
		if r != '\n' && breaks(text, end-n, r) {
			break
		}
	}
	if start > 0 && isWord(text[:start], true) && isWord(text[start:from], false) { // cut inside a word
		if i := strings.IndexFunc(text[start:from], unicode.IsSpace); i >= 0 {
			start += i
		} else {
			start = from
		}
	}
	if end < len(text) && isWord(text[to:end], true) && isWord(text[end:], false) {
		end = to + max(strings.LastIndexFunc(text[to:end], unicode.IsSpace), 0)
	}
	// Trim white space, but never into the quote.
	start += len(text[start:from]) - len(strings.TrimLeftFunc(text[start:from], unicode.IsSpace))
	end -= len(text[to:end]) - len(strings.TrimRightFunc(text[to:end], unicode.IsSpace))
	return text[start:end]
}

// breaks tells whether the rune at byte i ends a sentence (a full stop before white space, but not after a lone
// letter or short abbreviation) or a line (a line feed, unless the next line goes on in lower case).
func breaks(text string, i int, r rune) bool {
	next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
	switch r {
	case '\n':
		return !unicode.IsLower(next)
	case '!', '?', '…':
		return unicode.IsSpace(next)
	case '.':
		word := text[strings.LastIndexFunc(text[:i], unicode.IsSpace)+1 : i]
		return unicode.IsSpace(next) && utf8.RuneCountInString(word) > 3
	}
	return false
}

func isWord(s string, last bool) bool {
	r, _ := utf8.DecodeRuneInString(s)
	if last {
		r, _ = utf8.DecodeLastRuneInString(s)
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

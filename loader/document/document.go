// Package document turns the bytes of a file into text with offsets that lead back to the file.
//
// Read recognises the format and gives a Document: normalised text (valid UTF-8, NFC, no NUL), and for every offset
// of that text the place in the file it comes from. What the text means is package extract's business.
package document

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
)

// Format is the kind of file a text was read from.
type Format string

// The formats.
const (
	Text     Format = "text"     // plain text, also with e-mail headers or markup left in it
	Markdown Format = "markdown" // the text is the file itself, markup included
	HTML     Format = "html"     // the text is what a reader sees, one line a block
	Email    Format = "email"    // RFC 5322; the text is headers, a blank line, the body, then attachments that are text
)

// Limits on one file.
const (
	MaxBytes     = 32 << 20 // size of a file
	MaxLineRunes = 1 << 20  // length of a line of text
)

// Errors that Read wraps; the message around them says which file and what to do.
var (
	ErrEmpty    = errors.New("the file has no text")
	ErrBinary   = errors.New("the file is binary, not text")
	ErrEncoding = errors.New("the file is not valid UTF-8")
	ErrTooLarge = errors.New("the file is too large")
)

// Document is the text of one file.
type Document struct {
	Name   string // as given to Read, for messages and for Source
	Format Format
	Hash   string // 32 hex digits: SHA-256 of format and bytes, first half
	Text   string
	Title  string // what the format itself calls the title (HTML <title>), or empty
	Source Source // offsets of Text in the file; nil when they are the same
}

// Read recognises the format of content and gives its text. It goes by what content holds; the ending of name only
// decides between text and markdown, and makes an e-mail of a print-out that ends in .eml. Line ends are kept. A part of
// an e-mail that is broken is read as far as it goes. The same name ending and content always give the same Document.
// Errors wrap one of the errors above and begin with name (quoted when it holds what does not print); they are one line
// that ends with what to do.
func Read(name string, content []byte) (Document, error) {
	if len(content) > MaxBytes {
		return Document{}, fmt.Errorf("%s: %w: %d bytes, at most %d; split it", shown(name), ErrTooLarge, len(content), MaxBytes)
	}
	return read(name, content)
}

// hash is the first half of the SHA-256 of format and content: format decides how the content is read.
func hash(f Format, content []byte) string {
	h := sha256.New()
	h.Write([]byte(f))
	h.Write([]byte{0})
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Source maps offsets of a Document's text to offsets of the file it was read from, both in code points. The file is
// decoded as UTF-8, where each byte that is not UTF-8 counts as one, or as the charset that an HTML page declares, if it
// is not UTF-8. Source is a list of runs sorted by text offset: from Text on, text and file go in step until the next
// run. What stands for markup, such as a line end for <br>, is in step with the text before it. A nil Source means that
// the text is the file. An empty one (not nil) means that no offset has a place in the file.
type Source []Run

// Run says that text offset Text lies at file offset File, or, when File is negative, that the text until the next run
// has no place in the file, as the text of a base64 body or what follows on two million runs. File offsets rise with
// text offsets, but for the body of an e-mail that stands behind an attachment in the file.
type Run struct{ Text, File int }

// Span gives the place in the file of text[start:end]. Where the file spells the last character of it with several, as
// an entity does, the place ends after the first of these. ok is false when there is none.
func (s Source) Span(start, end int) (from, to int, ok bool) {
	if s == nil {
		return start, end, true
	}
	from, ok1 := s.at(start)
	if start == end {
		return from, from, ok1
	}
	last, ok2 := s.at(end - 1)
	return from, last + 1, ok1 && ok2 && from <= last
}

func (s Source) at(off int) (int, bool) {
	i := sort.Search(len(s), func(i int) bool { return s[i].Text > off })
	if i == 0 || s[i-1].File < 0 {
		return 0, false
	}
	return s[i-1].File + off - s[i-1].Text, true
}

package document

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

const bom = "\ufeff"

// read is Read without the limit on the size.
func read(name string, content []byte) (Document, error) {
	fail := func(err error, format string, args ...any) (Document, error) {
		return Document{}, fmt.Errorf("%s: %w%s", shown(name), err, fmt.Sprintf(format, args...))
	}
	start := len(content) - len(bytes.TrimPrefix(content, []byte(bom)))
	body := content[start:]
	if len(bytes.TrimSpace(body)) == 0 {
		return fail(ErrEmpty, "; leave it out")
	}
	if kind, advice := binary(body); kind != "" {
		return fail(ErrBinary, " (%s); %s", kind, advice)
	}

	f := recognise(name, body)
	file := content // what the offsets of Source refer to
	if f == HTML && !utf8.Valid(content) {
		if decoded, ok := decodePage(content); ok {
			file, body, start = decoded, decoded, 0
		}
	}
	if f != Email {
		if i := invalidUTF8(file); i >= 0 {
			return fail(ErrEncoding, " (line %d); save it as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8",
				1+bytes.Count(file[:i], []byte("\n")))
		}
	}

	text, title := flow{b: body, runs: []run{{0, start}}}, ""
	switch f {
	case HTML:
		text, title = render(text)
	case Email:
		var err error
		if text, err = message(text); err != nil {
			return fail(err, "; split it")
		}
	}
	text = text.normal()
	if len(bytes.TrimSpace(text.b)) == 0 {
		return fail(ErrEmpty, " that a reader sees; leave it out")
	}
	if n := longLine(text.b); n > 0 {
		return fail(ErrTooLarge, ": line %d of its text has more than %d characters; break it into lines", n, MaxLineRunes)
	}
	return Document{Name: name, Format: f, Hash: hash(f, content), Text: string(text.b), Title: title, Source: text.source(file)}, nil
}

// shown is a file's name for a message: as it is, or quoted when it would break the line or hide something.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return strconv.Quote(name)
	}
	return name
}

// magic are the beginnings of files that are no text, though some consist of text characters.
var magic = []struct{ begin, kind, advice string }{
	{"%PDF-", "a PDF", "extract its text first, for example with pdftotext"},
	{"%!PS", "PostScript", "extract its text first, for example with ps2ascii"},
	{`{\rtf`, "RTF", "save it as plain text"},
	{"PK\x03\x04", "a zip archive or an office document", "unpack it or save it as plain text"},
	{"\xd0\xcf\x11\xe0", "an old office document", "save it as plain text"},
	{"\x1f\x8b", "gzip", "unpack it"},
	{"BZh", "bzip2", "unpack it"},
	{"\xfd7zXZ", "xz", "unpack it"},
	{"7z\xbc\xaf", "a 7z archive", "unpack it"},
	{"Rar!", "a rar archive", "unpack it"},
	{"\x89PNG", "an image", "recognise its text first"},
	{"\xff\xd8\xff", "an image", "recognise its text first"},
	{"GIF87a", "an image", "recognise its text first"},
	{"GIF89a", "an image", "recognise its text first"},
	{"II*\x00", "an image", "recognise its text first"},
	{"MM\x00*", "an image", "recognise its text first"},
	{"\x7fELF", "a program", "leave it out"},
	{"\xff\xfe", "UTF-16", "save it as UTF-8"},
	{"\xfe\xff", "UTF-16", "save it as UTF-8"},
}

// binary says what kind of binary file b is and what to do about it; empty when it is text.
func binary(b []byte) (kind, advice string) {
	for _, m := range magic {
		if bytes.HasPrefix(b, []byte(m.begin)) {
			return m.kind, m.advice
		}
	}
	control := 0
	for _, c := range b {
		switch {
		case c == 0:
			return "it holds NUL bytes", "leave it out or convert it to UTF-8 text"
		case c >= ' ' && c != 0x7f, c >= '\b' && c <= '\r', c == 0x1b: // overstrikes and escapes of printers are text
		default:
			control++
		}
	}
	if control > len(b)/10 {
		return "mostly control characters", "leave it out or convert it to UTF-8 text"
	}
	return "", ""
}

// recognise says how b is to be read; it never fails, since everything that is not something else is text.
func recognise(name string, b []byte) Format {
	ending := strings.ToLower(path.Ext(name))
	markdown := ending == ".md" || ending == ".markdown"
	switch {
	case looksLikeEmail(b, ending == ".eml"):
		return Email
	case looksLikePage(b, markdown):
		return HTML
	case markdown:
		return Markdown
	}
	return Text
}

// invalidUTF8 is the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// longLine is the number of the first line with more than MaxLineRunes code points, or 0.
func longLine(b []byte) int {
	for n := 1; len(b) > 0; n++ {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			i = len(b)
		}
		if i > MaxLineRunes {
			for part := range bytes.SplitSeq(b[:i], []byte("\r")) { // a carriage return alone ends a line too
				if len(part) > MaxLineRunes && utf8.RuneCount(part) > MaxLineRunes {
					return n
				}
			}
		}
		b = b[min(i+1, len(b)):]
	}
	return 0
}

// decodePage decodes an HTML file that declares a charset other than UTF-8.
func decodePage(b []byte) ([]byte, bool) {
	m := declared.FindSubmatch(b[:min(len(b), 4096)])
	if m == nil {
		return nil, false
	}
	enc, err := htmlindex.Get(string(m[1]))
	if err != nil {
		return nil, false
	}
	if name, _ := htmlindex.Name(enc); strings.HasPrefix(name, "utf-") || name == "replacement" {
		return nil, false
	}
	decoded, err := enc.NewDecoder().Bytes(b)
	return decoded, err == nil && bytes.IndexByte(decoded, 0) < 0
}

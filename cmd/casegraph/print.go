package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable is s for a terminal: every character that is not to be seen is written as an escape (\n, \x1b, \u202e), so
// that a name out of a document can neither forge a line nor steer the terminal.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := fmt.Sprintf("%q", r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// printJSON writes v as one line of JSON in which, beside what JSON itself asks for, every character that is not to be
// seen is escaped.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	var line strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		switch {
		case unicode.IsPrint(r): // in JSON, anything else can only stand inside of a string
			line.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&line, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&line, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	line.WriteByte('\n')
	_, err := io.WriteString(w, line.String())
	return err
}

// printText writes a document's text: as it is into a file or a pipe, its lines made printable for a terminal.
func printText(w io.Writer, text string) error {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			lines := strings.Split(text, "\n")
			for i := range lines {
				lines[i] = printable(strings.TrimSuffix(lines[i], "\r"))
			}
			text = strings.Join(lines, "\n")
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

package document

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

func read(name string, content []byte) (Document, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return Document{}, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return Document{}, fmt.Errorf("%s: %w", name, ErrBinary)
	}
	if !utf8.Valid(content) {
		return Document{}, fmt.Errorf("%s: %w", name, ErrEncoding)
	}
	f := Text
	if strings.HasSuffix(strings.ToLower(name), ".md") {
		f = Markdown
	}
	return Document{Name: name, Format: f, Hash: hash(f, content), Text: string(content)}, nil
}

package graph

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"casegraph/graph/vocab"
)

// NewID derives the ID of an entity from its class and name: lower case, accents and punctuation gone, words joined
// by hyphens. scope, when not empty, keeps a name that proves nothing by itself (a lone surname) to the file it
// stands in: the ID then ends in ~ and the start of that file's hash. A name without any letter or digit gives "".
func NewID(class vocab.Class, name string, scope ID) ID {
	slug := Fold(name)
	if slug == "" {
		return ""
	}
	id := strings.ToLower(string(class)) + ":" + strings.ReplaceAll(slug, " ", "-")
	if scope != "" {
		hash := strings.TrimPrefix(string(scope.File()), "doc:")
		id += "~" + hash[:min(len(hash), 8)]
	}
	return ID(id)
}

// CiteID derives the ID of a cited document from the number or words by which it is cited.
func CiteID(name string, scope ID) ID {
	id := NewID(vocab.Document, name, scope)
	if id == "" {
		return ""
	}
	return ID("cite:" + strings.TrimPrefix(string(id), "document:"))
}

// Fold brings a text into the form in which names are compared: NFKD without accents, lower case, every run of
// anything but letters and digits one space.
func Fold(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		default:
			gap = true
		}
	}
	return b.String()
}

package extract

import (
	"fmt"
	"strings"
	"testing"

	"casegraph/loader/document"
)

func BenchmarkExtract(b *testing.B) {
	run := func(name string, docs ...document.Document) {
		b.Run(name, func(b *testing.B) {
			size := 0
			for _, d := range docs {
				size += len(d.Text)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, d := range docs {
					Extract(d)
				}
			}
		})
	}
	var docs []document.Document
	for _, s := range samples(b) {
		docs = append(docs, s.doc)
	}
	run("samples", docs...)
	text := func(s string) document.Document {
		return document.Document{Name: "x.txt", Format: document.Text, Hash: strings.Repeat("0", 32), Text: s}
	}
	run("300-signatories", text("Open letter on the school\n\nWe write about the school that was closed.\n\nSigned by:\n\n"+repeatf("%s %s, Director, Lakes Institute\n", 300)))
	var page strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&page, "The school opens for the %dth time\n%d March %d\n\nThe school in Puerto Amparo opens, the teachers say.\n\n", i, 1+i%28, 1990+i%30)
	}
	run("2000-entries", text(page.String()))
	var long strings.Builder
	for long.Len() < 5<<20 {
		for _, d := range docs {
			long.WriteString(d.Text)
		}
	}
	run("5MB-of-samples", text(long.String()))
	run("5MB-of-prose", text(strings.Repeat("The school in Puerto Amparo is closed, and nobody there knows why it was closed or by whom.\n", 5<<20/93)))
	run("5MB-in-one-line", text(strings.Repeat("The school in Puerto Amparo is closed, and nobody there knows why it was closed or by whom. ", (1<<20-100)/92)))
}

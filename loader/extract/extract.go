// Package extract reads a document into claims: rules over its layout (zones) and word lists, all of them data.
package extract

import (
	"casegraph/graph"
	"casegraph/loader/document"
)

// Extract gives everything that the document says, as one batch whose File is "doc:" and the document's hash. It never
// fails: a text in which nothing is recognised is still a document. The same document always gives the same batch.
func Extract(d document.Document) graph.Batch {
	return graph.Batch{File: graph.ID("doc:" + d.Hash), Text: d.Text}
}

// Package store keeps statements in Cayley; it is the only importer of Cayley.
//
// A statement is one quad: subject, predicate and label are IRIs, the object is an IRI (a node) or a string (a text).
// The quads are kept by the backend in the folder pebble, whose own comment tells how. A label doc:…?by=…#char=a,b is a
// passage there: it takes a few bytes of the keys of its quad, and all claims of a document are one range. So "the
// statements of this file" is exact and costs what it finds.
//
// # Costs
//
// Find chooses the shortest of the ways that its sets offer, by counting, and looks up names in batches. A hop over a
// thousand nodes is one call. Put costs in proportion to what it adds and removes, and never keeps a reader waiting:
// each answer is of one snapshot.
package store

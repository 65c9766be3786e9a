// Package store keeps statements in Cayley; it is the only importer of Cayley.
//
// A statement is one quad: subject, predicate and label are IRIs, the object is an IRI (a node) or a string (a text).
// Beside the statements the store keeps, for every file, one quad of its own that lists the labels of the file
// (see listOf). It is written in the transaction that changes the file, never answered by Find, and is what makes
// "the statements of this file" exact and cheap: stock Cayley has no index by the start of a label.
//
// # Costs
//
// Put of a new file reads one list and writes its statements, one more quad, and each node that is new. Put of a file
// that is there reads all its statements and writes the difference alone; the same set again writes nothing. Find
// walks the smallest of the indexes that its pattern names, and reads the texts only of what it answers. A Put keeps
// readers out while it is written to disk, and first reads to their end the answers that are half given.
//
// Cayley's key-value store never lets go of a quad that was deleted: it marks it, and passes over the mark in each walk
// that meets it. A leveldb: store whose files change again and again grows; loading into a new one makes it small.
//
// # Refused alternatives
//
// One quad for each pair of file and label in place of the list: half as many quads again. Label prefixes by a full
// scan: every Put would read the whole store. Cayley's path language: its optimizer sometimes walks a whole predicate,
// and it has no place for an error. Holding a read lock while the caller of Find looks at an answer: a Put inside the
// loop would wait for itself.
package store

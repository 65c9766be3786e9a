// Package pebble keeps quads on disk, in Pebble (github.com/cockroachdb/pebble/v2): it is a store for Cayley, and one
// that can be asked directly, by sets of nodes.
//
// # Use with Cayley
//
// Importing the package registers it:
//
//	import _ ".../graph/store/pebble"
//
//	err := graph.InitQuadStore("pebble", dir, nil)     // once; graph.ErrDatabaseExists when there is a store
//	qs, err := graph.NewQuadStore("pebble", dir, nil)  // graph.ErrNotInitialized when there is none
//
// Options are cache_size_mb (256), nosync and read_only (false). [Open] is the same with Go's types. A [View] is one
// state of the store, and [View.QuadStore] is that state for Cayley: take one for each query that must not see half of
// what is written meanwhile.
//
// # Layout
//
// A value has an entry in the dictionary, both ways, and a number in its class: resources (IRIs and blank nodes), texts
// (all other values), bases. Quads are four keys without a value, of these numbers in four orders; what a key begins
// with is one range. An IRI of the form base#char=a,b is a passage: it has no entry of its own, its number is that of
// its base, and a and b-a stand beside it in the keys. So a label for each quad, which names a place in a text, costs
// some bytes; and the labels of one text are one range. A passage is a node where a quad has exactly that one.
//
//	key                                        value            what
//	'F'                                        version, 1 byte  the format of the store
//	'M'                                        3 numbers        the next free number of each class
//	'I' id                                     kind, bytes      the value of an entry
//	'V' kind, bytes (96), hash (24) if longer  id               the entry of a value
//	'S' subject predicate object label                          a quad; as the next three
//	'P' predicate object subject label
//	'O' object subject predicate label
//	'L' label subject predicate object                          only of quads with a label
//	'N' predicate                              number, 8 bytes  how many quads have the predicate
//
// IDs take 1 byte (the first 32 of a class) to 5 (67 million and more), and sort as numbers do. Nodes without a quad
// are not kept: a store from which all is removed has 'F' and 'M' alone. The version is [Version]; a store of another
// one is refused with [ErrFormat] and left as it is.
//
// # Costs
//
// A transaction is one batch, on disk when it returns; those that wait for the disk wait together. Each quad looks up
// its nodes, and itself unless one of them is new. [Store.BulkNQuads] and [Store.BulkLoad] write sorted tables instead.
//
// A step of an iterator is one key, the first one of a range a seek. Shapes are folded so that every condition on quads
// whose nodes are known leads to a range (a path Out(p).In(p) is one range for each node on the way), and the quads of
// a predicate are gone through only where no end of them is known. Sizes are exact for predicates, counted up to a
// thousand for other nodes, and estimated from the bytes on disk beyond. NameOf is one read of a cache or of the
// dictionary; [View.Values] is one pass for many. Exact [Store.Stats] go through all nodes.
//
// # Faults of Cayley (v0.7.7) and what becomes of them
//
//   - NameOf, ValueOf and Quad return no error. A read that fails there ends, with its error, every iterator that was
//     made before; ValueOf gives a reference whose use is that error. On a view everything is that error from then on,
//     and [View.Err] tells it: that is the way to be sure. A recursive path at the end of a query tells no error of its
//     own at all, and no end of its context.
//   - Iterators are left open. They are closed at their end, when nobody can reach them, and when the store or view
//     closes, after which they are [ErrClosed].
//   - The size of an intersection is that of its smallest part and counts as exact; that of Except may be -1, and is
//     divided by, plus 1. Here neither is so, but for Except below FollowRecursive: Cayley builds what is below it, and
//     recursive paths, without asking the store for a plan.
//   - A union of two sets that are known to be empty panics, and so does Sort over a node without a name. Not here.
//   - Labels gives nil for quads without a label, as if it were a node. Not here, but in recursive paths.
//   - Tags: of k ways to a node and m on from there, k+m-1 are told. After FollowRecursive the tags may be those of
//     another node. FollowRecursive over Both follows one direction. These stay.
//   - Values are compared by what they are, not by how they are written: the number 1 and the typed string "1" of
//     xsd:integer are two nodes. Times are kept to the nanosecond, in UTC.
package pebble

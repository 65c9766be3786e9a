package graph

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"casegraph/graph/vocab"
)

// ID names a node. It is derived, never drawn: the same document or name always gets the same ID.
//
//	doc:3f9a…           a loaded file (hash of its format and bytes), its parts are doc:3f9a…/1, doc:3f9a…/2
//	cite:20-mexico-368  a document that another one cites
//	person:ana-ruiz     an entity: class and normalised name (see NewID)
type ID string

// File is the loaded file that a document ID belongs to: the ID itself without the number of a part.
func (id ID) File() ID {
	file, _, _ := strings.Cut(string(id), "/")
	return ID(file)
}

// IsDocument tells whether the ID is that of a document, loaded or cited.
func (id ID) IsDocument() bool {
	return strings.HasPrefix(string(id), "doc:") || strings.HasPrefix(string(id), "cite:")
}

// Span is a range of a document's text in Unicode code points: Start inclusive, End exclusive (RFC 5147 #char).
type Span struct{ Start, End int }

// Label is the IRI of a claim, and the label of its statement in the store:
//
//	doc:<hash>[/<part>]?by=<extractor>#char=<start>,<end>
//
// It alone tells which document says so, which rule read it, and where.
type Label string

// NewLabel makes the label of what extractor by read at span of document doc.
func NewLabel(doc ID, by string, span Span) Label {
	return Label(fmt.Sprintf("%s?by=%s#char=%d,%d", doc, url.QueryEscape(by), span.Start, span.End))
}

// Parse takes a label apart. A text that is no label is an error.
func (l Label) Parse() (doc ID, by string, span Span, err error) {
	bad := func() (ID, string, Span, error) {
		return "", "", Span{}, fmt.Errorf("%q is not a claim of the form doc:<hash>?by=<extractor>#char=<start>,<end>", string(l))
	}
	head, frag, ok1 := strings.Cut(string(l), "#char=")
	d, q, ok2 := strings.Cut(head, "?by=")
	a, b, ok3 := strings.Cut(frag, ",")
	if !ok1 || !ok2 || !ok3 || !strings.HasPrefix(d, "doc:") {
		return bad()
	}
	if by, err = url.QueryUnescape(q); err != nil {
		return bad()
	}
	var e1, e2 error
	span.Start, e1 = strconv.Atoi(a)
	span.End, e2 = strconv.Atoi(b)
	if e1 != nil || e2 != nil || span.Start < 0 || span.End < span.Start {
		return bad()
	}
	return ID(d), by, span, nil
}

// Of tells whether the label belongs to file or one of its parts.
func (l Label) Of(file ID) bool {
	rest, ok := strings.CutPrefix(string(l), string(file))
	return ok && rest != "" && (rest[0] == '?' || rest[0] == '/')
}

// Statement is one quad of the graph: subject, predicate, object, and the label that says where it was read.
// The object is a node (Object) or a text (Literal): exactly one of them is set. Statements are comparable values.
type Statement struct {
	Subject   ID
	Predicate vocab.Predicate
	Object    ID
	Literal   string
	Label     Label
}

// Pattern selects statements. A nil set matches anything, an empty one nothing; a statement must match every set.
// Objects and Literals are one set together: with both nil any object matches, else the object must be in either.
type Pattern struct {
	Subjects   []ID
	Predicates []vocab.Predicate
	Objects    []ID
	Literals   []string
	Documents  []ID // files: statements whose label belongs to one of them or to its parts
}

// Finder answers patterns.
type Finder interface {
	// Find yields every statement that matches p, each once, in no promised order (who shows them sorts them).
	// A read that fails, or a context that ends, yields one error as the last pair: an answer that ended without
	// an error is whole. The caller may stop at any time.
	Find(ctx context.Context, p Pattern) iter.Seq2[Statement, error]
}

// Putter changes what a file says.
type Putter interface {
	// Put makes statements the whole of what file says, in one transaction: afterwards the store holds exactly
	// these statements under labels of file, and what other files say is untouched. With none, the file is removed.
	// Duplicates count once; putting the same set again changes nothing. Every label must belong to file, else
	// nothing is written. After an error the store is as it was before.
	Put(ctx context.Context, file ID, statements []Statement) (Change, error)
}

// Change counts the statements that a Put added and removed.
type Change struct{ Added, Removed int }

// Handle is a node within one View: comparable, and without meaning outside of it. The zero Handle is no node.
type Handle struct{ A, B uint64 }

// Edge is a statement between two nodes, seen from one of them.
type Edge struct {
	From, To  Handle
	Predicate int  // its place in the predicates asked for
	Out       bool // whether From is the subject
}

// View is one state of a store: all that is asked of it is answered from that state, whatever is written meanwhile.
// It also walks: edge by edge, by handles, so that nodes passed on the way are never named. It may be used by several
// goroutines. Close lets the state go; using the view afterwards is an error.
type View interface {
	Finder
	// Handles gives the handles of nodes, in their order; the zero Handle for an ID that this state does not hold.
	Handles(ctx context.Context, ids []ID) ([]Handle, error)
	// IDs names handles of this view, in their order.
	IDs(ctx context.Context, handles []Handle) ([]ID, error)
	// Expand yields the edges at the nodes of frontier: with Out those whose subject is one of them, with In whose object
	// is, with Both all of these (an edge between two nodes of the frontier comes from either side). It yields an edge
	// once for each claim, claims of one edge one after the other, and the edges in an order that this state alone decides.
	// Statements with a text as object are no edges. A failed read, and a context that ends, yield one error as the last pair.
	Expand(ctx context.Context, frontier []Handle, predicates []vocab.Predicate, dir Direction) iter.Seq2[Edge, error]
	Close() error
}

// Reader is what questions need of a store, Writer what loading needs of it.
type (
	Reader interface {
		Finder
		// View is the state that the store has now.
		View(ctx context.Context) (View, error)
	}
	Writer interface {
		Reader
		Putter
	}
	// Store is an opened store. Close waits for what is under way, views too; using the store afterwards is an error.
	Store interface {
		Writer
		Close() error
	}
)

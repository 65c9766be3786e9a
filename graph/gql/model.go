package gql

import (
	"context"
	"fmt"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// The types of the schema. Each typed field is a verb and the end that it is read from.
type (
	Node interface{ IsNode() }

	Entity interface {
		Node
		IsEntity()
	}

	Actor interface {
		Entity
		IsActor()
	}
)

// node is what all nodes but relations share: the level that they were reached on, and what they are.
type node struct {
	level *level
	data  graph.Node
}

func (n *node) IsNode() {}

func (n *node) Relations(ctx context.Context, first *int, after *string, last *int, before *string) (*RelationConnection, error) {
	return relationsOf(ctx, n, first, after, last, before)
}

// entity is what all entities share.
type entity struct {
	node
	*graph.Entity
}

func (e *entity) IsEntity() {}

func (e *entity) MentionedIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &e.node, in(vocab.Mentions), first, after, last, before)
}

// actor is what persons and institutions share.
type actor struct{ entity }

func (a *actor) IsActor() {}

func (a *actor) Signed(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Signed), first, after, last, before)
}

func (a *actor) Sent(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Sent), first, after, last, before)
}

func (a *actor) AddressedIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.AddressedIn), first, after, last, before)
}

func (a *actor) CcdOn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.CcdOn), first, after, last, before)
}

func (a *actor) Drafted(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Drafted), first, after, last, before)
}

func (a *actor) Cleared(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Cleared), first, after, last, before)
}

func (a *actor) Approved(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Approved), first, after, last, before)
}

func (a *actor) Released(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Released), first, after, last, before)
}

func (a *actor) Published(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &a.node, out(vocab.Published), first, after, last, before)
}

func (a *actor) MemberOf(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &a.node, out(vocab.MemberOf), first, after, last, before)
}

func (a *actor) MetWith(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &a.node, both(vocab.MetWith), first, after, last, before)
}

func (a *actor) CalledOn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &a.node, out(vocab.CalledOn), first, after, last, before)
}

func (a *actor) CalledOnBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &a.node, in(vocab.CalledOn), first, after, last, before)
}

func (a *actor) AlliedWith(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &a.node, both(vocab.AlliedWith), first, after, last, before)
}

func (a *actor) Appointed(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPersonConnection, error) {
	return related[*Person](ctx, &a.node, out(vocab.Appointed), first, after, last, before)
}

func (a *actor) AccusedIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &a.node, out(vocab.AccusedIn), first, after, last, before)
}

func (a *actor) ReportedOn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &a.node, out(vocab.ReportedOn), first, after, last, before)
}

// Person is the schema's type of this name, as are those that follow.
type Person struct{ actor }

func (p *Person) Positions(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPositionConnection, error) {
	return related[*Position](ctx, &p.node, out(vocab.HoldsPosition), first, after, last, before)
}

func (p *Person) AppointedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &p.node, in(vocab.Appointed), first, after, last, before)
}

func (p *Person) VictimIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &p.node, out(vocab.VictimIn), first, after, last, before)
}

type Institution struct{ actor }

func (i *Institution) Acronym() *string { return some(i.Entity.Acronym) }

func (i *Institution) Members(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &i.node, in(vocab.MemberOf), first, after, last, before)
}

func (i *Institution) Positions(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPositionConnection, error) {
	return related[*Position](ctx, &i.node, in(vocab.PositionIn), first, after, last, before)
}

func (i *Institution) PartOf(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &i.node, out(vocab.PartOf), first, after, last, before)
}

func (i *Institution) Parts(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &i.node, in(vocab.PartOf), first, after, last, before)
}

func (i *Institution) LocatedIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPlaceConnection, error) {
	return related[*Place](ctx, &i.node, out(vocab.LocatedIn), first, after, last, before)
}

func (i *Institution) Investigates(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &i.node, out(vocab.Investigates), first, after, last, before)
}

type Position struct{ entity }

func (p *Position) Title() string { return p.Entity.Name }

func (p *Position) Holders(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPersonConnection, error) {
	return related[*Person](ctx, &p.node, in(vocab.HoldsPosition), first, after, last, before)
}

func (p *Position) Institutions(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &p.node, out(vocab.PositionIn), first, after, last, before)
}

type Case struct{ entity }

func (c *Case) Victims(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPersonConnection, error) {
	return related[*Person](ctx, &c.node, in(vocab.VictimIn), first, after, last, before)
}

func (c *Case) Accused(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &c.node, in(vocab.AccusedIn), first, after, last, before)
}

func (c *Case) InvestigatedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &c.node, in(vocab.Investigates), first, after, last, before)
}

func (c *Case) ReportedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &c.node, in(vocab.ReportedOn), first, after, last, before)
}

func (c *Case) ConcernedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &c.node, in(vocab.Concerns), first, after, last, before)
}

func (c *Case) LocatedIn(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPlaceConnection, error) {
	return related[*Place](ctx, &c.node, out(vocab.LocatedIn), first, after, last, before)
}

type Place struct{ entity }

func (p *Place) PartOf(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPlaceConnection, error) {
	return related[*Place](ctx, &p.node, out(vocab.PartOf), first, after, last, before)
}

func (p *Place) Parts(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedPlaceConnection, error) {
	return related[*Place](ctx, &p.node, in(vocab.PartOf), first, after, last, before)
}

func (p *Place) Institutions(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedInstitutionConnection, error) {
	return related[*Institution](ctx, &p.node, in(vocab.LocatedIn), first, after, last, before)
}

func (p *Place) Cases(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &p.node, in(vocab.LocatedIn), first, after, last, before)
}

type Document struct{ node }

// DocumentKind is a word of the vocabulary.
type DocumentKind string

func (d *Document) ID() graph.ID            { return d.data.Document.ID }
func (d *Document) Loaded() bool            { return d.data.Document.Loaded }
func (d *Document) Kind() *DocumentKind     { return some(DocumentKind(d.data.Document.Kind)) }
func (d *Document) Title() *string          { return some(d.data.Document.Title) }
func (d *Document) Date() *string           { return some(d.data.Document.Date) }
func (d *Document) Reference() *string      { return some(d.data.Document.Reference) }
func (d *Document) Language() *string       { return some(d.data.Document.Language) }
func (d *Document) Classification() *string { return some(d.data.Document.Classification) }
func (d *Document) Subject() *string        { return some(d.data.Document.Subject) }
func (d *Document) Tags() []string          { return d.data.Document.Tags }
func (d *Document) Names() []string         { return d.data.Document.Names }
func (d *Document) Source() []string        { return d.data.Document.Sources }

// Text is read for every loaded document of the level, which may not be too many.
func (d *Document) Text(ctx context.Context) (*string, error) {
	texts, err := once(&d.level.memo, "texts", func() (map[graph.ID]string, error) {
		ids := d.level.ids[vocab.Document]
		if len(ids) > maxTexts {
			return nil, fmt.Errorf("%w: the text of more than %d documents; ask for a smaller page", graph.ErrTooMany, maxTexts)
		}
		texts, err := d.level.graph.Texts(ctx, ids)
		for _, t := range texts {
			if err := spend(ctx, len(t)); err != nil {
				return nil, err
			}
		}
		return texts, err
	})
	if err != nil {
		return nil, err
	}
	if t, ok := texts[d.ID()]; ok {
		return &t, nil
	}
	return nil, nil
}

func (d *Document) Signatories(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Signed), first, after, last, before)
}

func (d *Document) Senders(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Sent), first, after, last, before)
}

func (d *Document) Addressees(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.AddressedIn), first, after, last, before)
}

func (d *Document) CcRecipients(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.CcdOn), first, after, last, before)
}

func (d *Document) Drafters(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Drafted), first, after, last, before)
}

func (d *Document) Clearers(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Cleared), first, after, last, before)
}

func (d *Document) Approvers(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Approved), first, after, last, before)
}

func (d *Document) Releasers(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Released), first, after, last, before)
}

func (d *Document) Publishers(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedActorConnection, error) {
	return related[Actor](ctx, &d.node, in(vocab.Published), first, after, last, before)
}

func (d *Document) References(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, out(vocab.References), first, after, last, before)
}

func (d *Document) ReferencedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, in(vocab.References), first, after, last, before)
}

func (d *Document) RepliesTo(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, out(vocab.RepliesTo), first, after, last, before)
}

func (d *Document) RepliedToBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, in(vocab.RepliesTo), first, after, last, before)
}

func (d *Document) Forwards(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, out(vocab.Forwards), first, after, last, before)
}

func (d *Document) ForwardedBy(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, in(vocab.Forwards), first, after, last, before)
}

func (d *Document) PartOf(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, out(vocab.PartOf), first, after, last, before)
}

func (d *Document) Parts(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedDocumentConnection, error) {
	return related[*Document](ctx, &d.node, in(vocab.PartOf), first, after, last, before)
}

func (d *Document) Mentions(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedEntityConnection, error) {
	return related[Entity](ctx, &d.node, out(vocab.Mentions), first, after, last, before)
}

func (d *Document) Concerns(ctx context.Context, first *int, after *string, last *int, before *string) (*RelatedCaseConnection, error) {
	return related[*Case](ctx, &d.node, out(vocab.Concerns), first, after, last, before)
}

// Relation is the schema's type of this name; among are those reached with it.
type Relation struct {
	graph.Relation
	among *relations
}

func (r *Relation) IsNode() {}

func (r *Relation) Subject(ctx context.Context) (Node, error) {
	return r.among.end(ctx, r.Relation.Subject)
}

func (r *Relation) Object(ctx context.Context) (Node, error) {
	return r.among.end(ctx, r.Relation.Object)
}

func (r *Relation) ClaimCount() int { return len(r.Relation.Claims) }

func (r *Relation) Claims(ctx context.Context, first *int) ([]*Claim, error) {
	p, err := newPage(first, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	claims, err := r.among.claims(ctx, p.first)
	if err != nil {
		return nil, err
	}
	return claims[r.ID], nil
}

// Claim is the schema's type of this name.
type Claim struct {
	graph.Evidence
	among *places
}

func (c *Claim) ID() graph.ID { return graph.ID(c.Label()) }
func (c *Claim) Start() int   { return c.Span.Start }
func (c *Claim) End() int     { return c.Span.End }

func (c *Claim) Document(ctx context.Context) (*Document, error) {
	return c.among.document(ctx, c.Evidence.Document)
}

// Passage is the schema's type of this name.
type Passage struct {
	graph.Passage
	among *places
}

func (p *Passage) Start() int { return p.Span.Start }
func (p *Passage) End() int   { return p.Span.End }

func (p *Passage) Document(ctx context.Context) (*Document, error) {
	return p.among.document(ctx, p.Passage.Document)
}

// SearchConnection is the schema's type of this name.
type SearchConnection struct {
	Edges      []*SearchEdge
	PageInfo   PageInfo
	TotalCount int
}

// Nodes are the nodes of the edges.
func (c *SearchConnection) Nodes() []Node {
	nodes := make([]Node, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// SearchEdge is the schema's type of this name.
type SearchEdge struct {
	Cursor  string
	Node    Node
	Score   float64
	Matched *string
	Passage *Passage
}

// RelationWhere is the schema's input of this name.
type RelationWhere struct {
	Predicate []vocab.Predicate
	Subject   []graph.ID
	Object    []graph.ID
	Document  []graph.ID
}

// some is nil for an empty text: what is not known is null.
func some[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

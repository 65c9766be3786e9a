// Package graph holds the nouns of casegraph and the questions asked of them.
//
// The way of the data has one direction:
//
//	bytes -> document (text, offsets, parts) -> claims (relation + evidence) -> statements -> store -> questions -> GraphQL
//
// The unit of truth is the Claim: a relation, read at an exact span of one document by one rule. Everything that one
// file says is a Batch; Batch.Statements turns it into quads (subject, predicate, object, label), where the label is
// the claim's IRI and alone tells document, rule and span. A store (package store) keeps statements and answers a
// Pattern of sets; Graph puts the questions over it and gives entities, documents and relations with their claims.
//
// Ids are derived from content and names, so that the same documents give the same graph in any order of loading.
// A name that is only a surname is no proof of identity: its ID carries the document it stands in (see NewID).
package graph

// Package gql answers GraphQL requests over a graph.Graph.
//
// schema.graphqls at the top of the module is the contract; gqlgen generates the executor (generated.go), and the types
// of the schema are bound to those written here. A resolver is one line that names a relation and an end of it.
//
// Reading is level by level: nodes that a request reached by the same way share a level, and the first of them that
// is asked for a field reads it for all (level.go). So a request makes a number of store calls that depends on its
// shape, never on how long its lists are. Timers and loaders that collect keys are not needed: the list that makes the
// nodes knows them all.
//
// What a request may cost is held at three places: limits.go refuses a document by its shape before it is validated,
// cost.go by the pages that it asks for, and a budget counts what an answer really holds.
package gql

//go:generate go tool gqlgen generate --config gqlgen.yml

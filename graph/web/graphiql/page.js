'use strict';
// The query that a new visitor sees: who signed which document, with which position, and the words that say so.
const defaultQuery = `# Who signed what, and the words that say
# so. Ctrl-Enter runs it. The book at the
# left explains every type and field.
{
  relations(
    where: {predicate: [signed]}
    first: 10
  ) {
    totalCount
    nodes {
      claims {
        quote
        context
        start
        end
        document { id }
        confidence
      }
      subject {
        ... on Actor { name }
        ... on Person {
          positions { nodes { title } }
        }
      }
      predicate
      object {
        ... on Document {
          title
          date
          reference
        }
      }
    }
  }
}
`;
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    defaultQuery,
    defaultEditorToolsVisibility: false,
  }),
);

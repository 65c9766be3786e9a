package main

import (
	"github.com/spf13/cobra"

	"casegraph/graph/store"
)

func newDump(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dump [--store DIR-OR-URL]",
		Short: "Write everything in the store as N-Quads",
		Long: `Writes every statement as a line of N-Quads, for other programs and for comparing: stores that hold the same write the
same bytes, however they came to hold it. Predicates are the names of the vocabulary, so programs that want absolute
IRIs need them mapped.`,
		Example: `  casegraph dump > graph.nq
  casegraph dump --store a | cmp - <(casegraph dump --store b)`,
		Args: none,
	}
	where := storeFlag(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd.Context(), store.OpenExisting, *where, func(s *store.Store) error {
			return s.Dump(cmd.Context(), cmd.OutOrStdout())
		})
	}
	return cmd
}

package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"casegraph/graph/store"
	"casegraph/loader"
)

func newList(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--store DIR-OR-URL] [--json]",
		Short: "List the documents in the store",
		Long: `Lists the loaded documents, sorted by where they were loaded from: id, date, kind, title, source, and the number of
claims read in it and its parts. A long title is cut; --json prints all of it, one document a line.`,
		Example: `  casegraph list
  casegraph list --json | grep '"kind":"cable"'`,
		Args: none,
	}
	where := storeFlag(cmd, env)
	asJSON := cmd.Flags().Bool("json", false, "JSON Lines instead of a table")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd.Context(), store.OpenExisting, *where, func(s *store.Store) error {
			docs, err := loader.List(cmd.Context(), s)
			if err != nil {
				return err
			}
			if *asJSON {
				for _, d := range docs {
					if err := printJSON(cmd.OutOrStdout(), d); err != nil {
						return err
					}
				}
				return nil
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "ID\tDATE\tKIND\tTITLE\tSOURCE\tCLAIMS")
			for _, d := range docs {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", d.ID, cell(d.Date), cell(d.Kind),
					cell(short(cmp.Or(d.Title, d.Reference))), cell(strings.Join(d.Sources, ", ")), d.Claims)
			}
			return table.Flush()
		})
	}
	return cmd
}

// cell is a value in a table, where an empty one must be seen.
func cell(s string) string { return cmp.Or(printable(s), "-") }

// short cuts a title to what a line of a table has room for.
func short(s string) string {
	const room = 48
	if utf8.RuneCountInString(s) <= room {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:room-1])) + "…"
}

func newRemove(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove [--store DIR-OR-URL] ID|SOURCE...",
		Short: "Remove documents, with all that only they said",
		Long: `Removes loaded documents, each named by its ID or by its source, as casegraph list shows them. Its claims go, and every
person, institution, place and relation that no other document speaks of.

By its ID a document goes whole. By a source the store is afterwards as if that source had never been loaded: a document
that was loaded from another place too stays, for that place. A name that fits no document gets one line on stderr, the
others are removed, and the exit status is then 1.`,
		Example: `  casegraph remove cables/20-mexico-368.txt
  casegraph remove doc:3f9a7c1e5b2d4f60819ab3c4d5e6f708`,
		Args: some("ID or source"),
	}
	where := storeFlag(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		return withStore(cmd.Context(), store.OpenExisting, *where, func(s *store.Store) error {
			var failed error
			for _, name := range names {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				r, err := loader.Remove(cmd.Context(), s, name)
				if err != nil {
					complain(cmd.ErrOrStderr(), err)
					failed = errSaid
					continue
				}
				if len(r.Kept) > 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "kept     %s, also loaded from %s\n", printable(name), printable(strings.Join(r.Kept, ", ")))
				} else {
					fmt.Fprintf(cmd.OutOrStdout(), "removed  %s: %d statements\n", printable(name), r.Change.Removed)
				}
			}
			return failed
		})
	}
	return cmd
}

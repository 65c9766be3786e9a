package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"casegraph/graph/store"
	"casegraph/loader"
)

func newLoad(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "load [--store DIR-OR-URL] [--quiet] PATH...",
		Short: "Load files and folders into the store",
		Long: `Reads documents and stores what they say, each with the words it was read from.

A folder is walked with its subfolders: files that end in .txt .md .markdown .html .htm .eml are loaded, others are
listed as skipped, hidden ones passed over. A file given by its own name is always tried.

Loading again does no harm: what is stored already is unchanged. A document is stored whole or not at all, so a load that
was stopped (Ctrl-C finishes the document in hand) is gone on with by the same command. A file that cannot be loaded gets
one line on stderr, the others are loaded, and the exit status is then 1.`,
		Example: `  casegraph load letters/ cables/20-mexico-368.txt
  casegraph load --store /srv/casegraph --quiet archive/`,
		Args: some("file or folder"),
	}
	where := storeFlag(cmd, env)
	quiet := cmd.Flags().BoolP("quiet", "q", false, "only what went wrong and the totals, not a line for each file")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		return withStore(cmd.Context(), store.Open, *where, func(s *store.Store) error {
			out := cmd.OutOrStdout()
			l := loader.Loader{Store: s}
			t, err := l.Load(cmd.Context(), paths, func(r loader.Result) {
				if r.Outcome == loader.Failed {
					complain(cmd.ErrOrStderr(), r.Err)
				} else if !*quiet {
					printResult(out, r)
				}
			})
			fmt.Fprintf(out, "%s: %d added, %d updated, %d unchanged, %d skipped, %d failed; %d claims read, %d statements added, %d removed\n",
				printable(*where), t.Added, t.Updated, t.Unchanged, t.Skipped, t.Failed, t.Claims, t.Change.Added, t.Change.Removed)
			switch {
			case errors.Is(err, context.Canceled):
				return errors.New("stopped; what is said above is stored, the same command goes on from there")
			case err == nil && t.Failed > 0:
				return errSaid
			}
			return err
		})
	}
	return cmd
}

func printResult(out io.Writer, r loader.Result) {
	switch r.Outcome {
	case loader.Added, loader.Updated:
		fmt.Fprintf(out, "%-9s %s: %d claims\n", r.Outcome, printable(r.Path), r.Claims)
	case loader.Unchanged:
		fmt.Fprintf(out, "%-9s %s\n", r.Outcome, printable(r.Path))
	default:
		fmt.Fprintf(out, "%-9s %s\n", r.Outcome, printable(r.Err.Error()))
	}
}

// withStore opens a store for f and closes it afterwards. What f has to say goes before a failure to close.
func withStore(ctx context.Context, open func(context.Context, string) (*store.Store, error), where string, f func(*store.Store) error) error {
	s, err := open(ctx, where)
	if err != nil {
		return err
	}
	err = f(s)
	if closeErr := s.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("closing %s: %w", where, closeErr)
	}
	return err
}

package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"

	"github.com/spf13/cobra"

	"casegraph/graph/store"
)

func newImport(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import [--store DIR-OR-URL] [--memory SIZE] FILE|-",
		Short: "Load a file of N-Quads in bulk",
		Long: `Loads quads that casegraph dump wrote, in bulk: the way to move a whole graph. - reads standard input.

It is one transaction: afterwards the store holds all quads of the file beside those it had, or, when the file has a
fault, the disk is full or the program is stopped or killed, just what it had. A quad that is there already is not added
again. Each quad must be a statement: a subject, a predicate and a label that are IRIs, the label of the form
doc:…?by=…#char=…,…, and an object that is an IRI or a plain string.

--memory bounds the working memory, whatever the size of the file: what does not fit is sorted on disk, in the store's
own folder.`,
		Example: `  casegraph dump --store old | casegraph import --store new -
  casegraph import --memory 4GiB graph.nq`,
		Args: one("file, or - for standard input"),
	}
	where := storeFlag(cmd, env)
	memory := byteSize(1 << 30)
	cmd.Flags().Var(&memory, "memory", "working memory, as 512MiB or 4GiB")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := cmd.InOrStdin()
		if args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(memory)))
		return withStore(cmd.Context(), store.Open, *where, func(s *store.Store) error {
			st, err := s.Import(cmd.Context(), in, int64(memory))
			if err != nil {
				return fmt.Errorf("%s: %w; nothing of it is stored", args[0], err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d statements read, %d added\n", printable(*where), st.Read, st.Added)
			return nil
		})
	}
	return cmd
}

func newDump(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dump [--store DIR-OR-URL]",
		Short: "Write everything in the store as N-Quads",
		Long: `Writes every statement as a line of N-Quads, for casegraph import and for comparing: stores that hold the same write the
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

// byteSize is a flag that takes a size in bytes.
type byteSize int64

var sizeForm = regexp.MustCompile(`^([0-9]+)(|KiB|MiB|GiB|TiB)$`)

func (b *byteSize) Set(s string) error {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return errors.New("not a size: write it as 512MiB or 4GiB")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	shift := map[string]int{"": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}[m[2]]
	if err != nil || n > math.MaxInt64>>shift {
		return errors.New("too large a size")
	}
	if n <<= shift; n < 64<<20 {
		return errors.New("at least 64MiB are needed")
	}
	*b = byteSize(n)
	return nil
}

func (b *byteSize) String() string {
	for _, u := range []struct {
		shift int
		name  string
	}{{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n := int64(*b); n>>u.shift > 0 && n%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d%s", n>>u.shift, u.name)
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

func (*byteSize) Type() string { return "SIZE" }

// Command casegraph reads documents about actors, institutions and cases into a knowledge graph and answers questions
// about it in GraphQL. Every edge of the graph shows the sentence that it was read from.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// run is the program: its arguments and its environment in, its exit status out. 0 is success, 1 a failure that is
// said on stderr, 2 a wrong use of the command line. When ctx ends, it finishes what would else be half done.
func run(ctx context.Context, args []string, env func(string) string, in io.Reader, out, stderr io.Writer) int {
	root := newRoot(env)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !errors.Is(err, errSaid) {
		complain(stderr, err)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// errSaid ends a command whose failures were all said one by one.
var errSaid = errors.New("failed, as said")

// usageError is a command line that is not understood.
type usageError struct{ error }

// complain says one error in one line, whatever characters are in the names that it speaks of.
func complain(stderr io.Writer, err error) {
	fmt.Fprintln(stderr, "casegraph: "+printable(err.Error()))
}

func newRoot(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:   "casegraph COMMAND",
		Short: "A knowledge graph read from documents, with the sentence behind every edge",
		Long: `casegraph reads letters, cables, e-mails, press releases and news pages into a graph of who signed, sent and
received what, who holds which position, and which document cites which. Every edge shows the words it was read from.

Load documents, then ask in GraphQL:`,
		Example: `  casegraph load letters/
  casegraph serve`,
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
		CompletionOptions:     cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := "casegraph --help lists the commands"
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				hint = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return usageError{fmt.Errorf("unknown command %q; %s", args[0], hint)}
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	// One usage line: cobra's own adds a second one for a command that has both a run and subcommands.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .HasAvailableSubCommands}}\n  {{.CommandPath}} [command]{{end}}", "", 1))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return wrongUse(cmd, err) })
	root.AddCommand(newLoad(env), newServe(env), newList(env), newRemove(env), newExtract(),
		newImport(env), newDump(env), newCheck(env), newBackup(env), newRestore(env), newVersion())
	for _, cmd := range root.Commands() {
		cmd.DisableFlagsInUseLine = true
	}
	return root
}

// wrongUse is what is wrong with the command line, and where its help is.
func wrongUse(cmd *cobra.Command, err error) error {
	return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
}

// some wants at least one argument, one just one, none no argument at all.
func some(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return wrongUse(cmd, fmt.Errorf("no %s given", what))
		}
		return nil
	}
}

func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := some(what)(cmd, args); err != nil {
			return err
		}
		if len(args) > 1 {
			return wrongUse(cmd, fmt.Errorf("%s takes one %s, but %d were given", cmd.Name(), what, len(args)))
		}
		return nil
	}
}

func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrongUse(cmd, fmt.Errorf("%s takes no argument, but %q was given", cmd.Name(), args[0]))
	}
	return nil
}

// storeFlag adds --store to a command.
func storeFlag(cmd *cobra.Command, env func(string) string) *string {
	where := env("CASEGRAPH_STORE")
	if where == "" {
		where = "data/casegraph"
	}
	return cmd.Flags().String("store", where, "the store: a folder, or a URL as pebble:DIR; $CASEGRAPH_STORE sets another default")
}

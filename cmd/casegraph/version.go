package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"casegraph/loader/extract"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of its rules",
		Long: `Prints the version of the program, the commit that it was built from, and the version of the rules by which it reads
documents. Loading again after the rules have changed reads every document anew.`,
		Example: `  casegraph version`,
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, commit := "unknown", "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version
				for _, s := range info.Settings {
					switch {
					case s.Key == "vcs.revision":
						commit = s.Value
					case s.Key == "vcs.modified" && s.Value == "true":
						commit += ", modified"
					}
				}
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "casegraph %s\ncommit    %s\nrules     %s\nbuilt by  %s %s/%s\n",
				version, commit, extract.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/spf13/cobra"

	"casegraph/graph"
	"casegraph/graph/store"
	"casegraph/graph/web"
)

func newServe(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [--store DIR-OR-URL] [--listen ADDRESS:PORT]",
		Short: "Answer questions about the store in GraphQL",
		Long: `Serves the store over HTTP: a page to ask questions on at /, the GraphQL API at /graphql, and /healthz, which answers
200 as long as the store can be read. Nothing that is asked changes the store. Ctrl-C answers what was asked already, then ends.

The API asks for no password, so only addresses of this machine are served (127.0.0.1, ::1, localhost). To let others in,
put a web server that knows who may ask in front of it. Port 0 takes a free port.`,
		Example: `  casegraph serve
  casegraph serve --store /srv/casegraph --listen 127.0.0.1:9000`,
		Args: none,
	}
	where := storeFlag(cmd, env)
	listen := cmd.Flags().String("listen", "127.0.0.1:8080", "address and port to serve on")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := onlyHere(*listen); err != nil {
			return usageError{err}
		}
		ctx := cmd.Context()
		return withStore(ctx, store.OpenExisting, *where, func(s *store.Store) error {
			l, err := net.Listen("tcp", *listen)
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("--listen %s: another program serves there; stop it, or give another port (0 takes a free one)", *listen)
			} else if err != nil {
				return fmt.Errorf("--listen %s: %w", *listen, err)
			}
			end, err := control(s)
			if err != nil { // questions are answered all the same
				complain(cmd.ErrOrStderr(), fmt.Errorf("no backups while this serves: %w", err))
			}
			defer end()
			fmt.Fprint(cmd.OutOrStdout(), welcome("http://"+l.Addr().String(), *where))
			return web.Serve(ctx, l, web.New(graph.New(s), web.Options{}))
		})
	}
	return cmd
}

// onlyHere refuses an address that other machines can reach.
func onlyHere(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %s: not of the form ADDRESS:PORT, as in 127.0.0.1:8080", listen)
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--listen %s: other machines could reach it, and the API asks for no password; give an address of this machine, as 127.0.0.1:8080", listen)
}

// tryThis asks who signed what, with the words that say so. It has an answer on any store that knows of a signature.
const tryThis = `{ relations(where: {predicate: [signed]}, first: 5) { nodes {
        subject { ... on Entity { name } } object { ... on Document { title date } } claims { quote context } } } }`

func welcome(url, where string) string {
	return fmt.Sprintf("casegraph serves %s\nopen  %s/\nask   %s\nCtrl-C ends it\n", printable(where), url, tryThis)
}

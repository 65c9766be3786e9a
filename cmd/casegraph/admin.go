package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"casegraph/graph/store"
)

func newCheck(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [--store DIR-OR-URL]",
		Short: "Verify the store",
		Long: `Reads the whole store and verifies it: the checksums of its files, that every statement stands in every index, that every
node has its name and every name its node, and that counts are right. Each fault is a line on stderr that says what is
wrong and where; the exit status is then 1. The store is not changed.`,
		Example: `  casegraph check
  casegraph check --store /srv/backup/2026-11-25`,
		Args: none,
	}
	where := storeFlag(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd.Context(), store.OpenExisting, *where, func(s *store.Store) error {
			n, faults, err := s.Check(cmd.Context(), func(fault string) { complain(cmd.ErrOrStderr(), errors.New(fault)) })
			if err != nil {
				return err
			}
			if faults > 0 {
				return fmt.Errorf("%s is damaged: %d faults in %d statements; restore a backup, or load its documents into a new store", *where, faults, n)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is sound: %d statements\n", printable(*where), n)
			return nil
		})
	}
	return cmd
}

func newBackup(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup [--store DIR] DESTINATION",
		Short: "Copy the store, also while it is served",
		Long: `Makes a copy of the store as it is at one moment. Nobody has to stop: while a casegraph serves the store, that one makes
the copy, and goes on serving. The destination must be absent or empty. The copy is a store like any other: it can be
served, checked, and restored. On the same file system it takes hardly any room at first, since it shares files with the
store; a copy that is to outlive the disk belongs on another one.`,
		Example: `  casegraph backup /mnt/backup/2026-11-25
  casegraph check --store /mnt/backup/2026-11-25`,
		Args: one("destination"),
	}
	where := storeFlag(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		to, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		err = withStore(cmd.Context(), store.OpenExisting, *where, func(s *store.Store) error {
			return s.Backup(cmd.Context(), to)
		})
		if errors.Is(err, store.ErrLocked) {
			err = askForBackup(cmd.Context(), *where, to, err)
		}
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "%s is a copy of %s\n", printable(args[0]), printable(*where))
		}
		return err
	}
	return cmd
}

func newRestore(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore [--store DIR] BACKUP",
		Short: "Put a backup back as the store",
		Long: `Copies a backup to where the store is to be, after verifying it as casegraph check does. A store that is there is never
overwritten: move it away first. A restore that fails or is stopped leaves nothing.`,
		Example: `  mv data/casegraph data/broken
  casegraph restore --store data/casegraph /mnt/backup/2026-11-25`,
		Args: one("backup"),
	}
	where := storeFlag(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := store.Restore(cmd.Context(), args[0], *where); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is a store again, a copy of %s\n", printable(*where), printable(args[0]))
		return nil
	}
	return cmd
}

// controlSocket is the name of the socket on which the process that serves a store takes orders of other ones. It lies
// in the folder of the store, which is open to its owner alone.
const controlSocket = "control.sock"

// control takes orders for a store that is being served until end is called: POST /backup with the absolute path of
// the destination. A store that has no folder takes none.
func control(s *store.Store) (end func(), err error) {
	none, dir := func() {}, s.Dir()
	if dir == "" {
		return none, nil
	}
	path := filepath.Join(dir, controlSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a process that was killed: this one has the store's lock
		return none, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return none, fmt.Errorf("taking orders on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return none, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		var order backupOrder
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&order); err != nil {
			http.Error(w, "no order: "+err.Error(), http.StatusBadRequest)
			return
		}
		if err := s.Backup(r.Context(), order.To); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}, nil
}

type backupOrder struct {
	To string `json:"to"` // an absolute path
}

// askForBackup asks the process that has the store to make the copy. locked is why this one cannot.
func askForBackup(ctx context.Context, where, to string, locked error) error {
	path := filepath.Join(strings.TrimPrefix(where, "pebble:"), controlSocket)
	body, err := json.Marshal(backupOrder{to})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://store/backup", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("%w, and that is no casegraph serve which could make the copy", locked)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	said := make([]byte, 4<<10)
	n, _ := answer.Body.Read(said)
	return errors.New(strings.TrimSpace(string(said[:n])))
}

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cayleygraph/quad"

	"casegraph/graph"
	"casegraph/graph/store/pebble"
)

// Dir is the directory of the store, empty for one that has none.
func (s *Store) Dir() string { return s.dir }

// ImportStats tell what an Import did.
type ImportStats struct {
	Read  int64 // statements in the input
	Added int64 // those that the store did not have, each counted once
}

// Import adds the statements of a text in N-Quads, as Dump writes it, in one transaction: after an error the store is
// as it was. memory bounds what it works with, in bytes; 0 is 1 GiB. A quad that is no statement is an error that names
// its line. Who reads meanwhile is not kept waiting, who writes is.
func (s *Store) Import(ctx context.Context, r io.Reader, memory int64) (ImportStats, error) {
	st, err := s.db.BulkNQuads(ctx, r, pebble.BulkOptions{Memory: memory, Check: checkTerms})
	return ImportStats{st.Read, st.Added}, told(err)
}

// checkTerms refuses quads that are no statements.
func checkTerms(subject, predicate, object, label pebble.Term) error {
	_, ok1 := subject.IRI()
	_, ok2 := predicate.IRI()
	if !ok1 || !ok2 {
		return errors.New("subject and predicate of a statement are IRIs")
	}
	if _, ok := object.IRI(); !ok {
		if text, ok := object.Value().(quad.String); !ok || text == "" {
			return errors.New("the object of a statement is an IRI or a plain string that is not empty")
		}
	}
	iri, ok := label.IRI()
	if !ok {
		return errors.New("a statement has a label that says where it was read")
	}
	_, _, _, err := graph.Label(iri).Parse()
	return err
}

// Dump writes every statement that the store has now as a line of N-Quads, in an order that depends on the statements
// alone. Predicates are written as they are, as relative IRIs.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	v, err := s.db.View()
	if err != nil {
		return fmt.Errorf("dump: %w", told(err))
	}
	defer v.Close()
	if err := v.Dump(ctx, w); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	return nil
}

// Check verifies the store, and reports each fault in one line. It tells how many statements and faults there are; a
// store that cannot be looked at is an error.
func (s *Store) Check(ctx context.Context, report func(fault string)) (statements, faults int64, err error) {
	st, err := s.db.Check(ctx, pebble.CheckOptions{Report: func(p pebble.Problem) { report(p.String()) }})
	return st.Quads, st.Problems, told(err)
}

// Backup makes a copy of the store, which is a store itself, in a directory that is absent or empty. It may be used
// meanwhile: the copy is of one state. After an error nothing is left.
func (s *Store) Backup(ctx context.Context, to string) error {
	if s.dir == "" {
		return fmt.Errorf("the store %s has no files to copy", s.where)
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if to, err = filepath.Abs(to); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if to == dir || strings.HasPrefix(to, dir+string(filepath.Separator)) {
		return fmt.Errorf("backup: %s lies in the store", to)
	}
	err = appear(to, func(partial string) error { return s.db.Backup(ctx, filepath.Join(partial, quadsDir)) })
	if err != nil {
		return fmt.Errorf("backup: %w", told(err))
	}
	return nil
}

// Restore puts a backup, or any store that nobody has open, where url says, after verifying it as Check does. What is
// there has to be absent or empty. After an error nothing is left.
func Restore(ctx context.Context, from, url string) error {
	to := url
	if m := schemeOf.FindStringSubmatch(url); m != nil {
		if m[1] != "pebble" {
			return fmt.Errorf("restore: %s has no directory to restore to", url)
		}
		to = m[2]
	}
	line, err := os.ReadFile(filepath.Join(from, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restore: %s is not a store", from)
	}
	if err == nil {
		err = checkFormat(from, string(line))
	}
	if err == nil {
		err = appear(to, func(partial string) error {
			return pebble.Restore(ctx, filepath.Join(from, quadsDir), filepath.Join(partial, quadsDir), pebble.RestoreOptions{Check: &pebble.CheckOptions{}})
		})
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// appear makes a store in a directory that is absent or empty: what fill puts into a directory of another name, with
// the FORMAT, is renamed when it is whole and on disk.
func appear(to string, fill func(partial string) error) (err error) {
	entries, err := os.ReadDir(to)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: it holds %s", to, entries[0].Name())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	partial := filepath.Clean(to) + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if err := fill(partial); err != nil {
		return err
	}
	if err := writeFormat(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, to); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(filepath.Clean(to)))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

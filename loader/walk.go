package loader

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/text/unicode/norm"

	"casegraph/loader/document"
)

// endings are those of the files that are loaded from a folder.
var endings = []string{".txt", ".md", ".markdown", ".html", ".htm", ".eml"}

// What is wrong with a path.
var (
	errDirectory  = errors.New("a folder, not a file")
	errNotRegular = errors.New("a device, pipe or socket, not a file")
	errSymlink    = errors.New("a symbolic link; load what it leads to by its own name")
	errEnding     = fmt.Errorf("its name ends in none of %s; name the file itself to load it", strings.Join(endings, " "))
	errNoFiles    = fmt.Errorf("no documents in this folder (%s)", strings.Join(endings, " "))
)

// file is what the walk came by: a file open for reading, or with err, the reason why there is none.
type file struct {
	path   string // for people
	source string // for the graph
	file   *os.File
	err    error
	skip   bool // err is no failure: this is nothing to load
}

func (f file) close() {
	if f.file != nil {
		f.file.Close()
	}
}

// walk yields the files of paths, folders walked, in order. Who takes a file closes it.
func walk(paths []string) iter.Seq[file] {
	return func(yield func(file) bool) {
		for _, p := range paths {
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				if !walkFolder(p, yield) {
					return
				}
				continue
			}
			f, err := open(p, os.OpenFile)
			if !yield(file{path: p, source: sourceName(filepath.Base(p)), file: f, err: because(p, err)}) {
				return
			}
		}
	}
}

// walkFolder yields the files below a folder, and is false when yield wants no more. It goes through an os.Root:
// nothing outside of the folder is read, whatever happens in the folder meanwhile.
func walkFolder(dir string, yield func(file) bool) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return yield(file{path: dir, err: because(dir, err)})
	}
	defer root.Close()
	empty, more := true, true
	visit := func(name string, e fs.DirEntry, err error) error {
		f := file{path: filepath.Join(dir, filepath.FromSlash(name)), source: sourceName(name)}
		skip := func(why error) { f.skip, f.err = true, why }
		switch {
		case err != nil:
			f.err = err
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		case e.Type() == fs.ModeSymlink:
			skip(errSymlink)
		case !e.Type().IsRegular():
			skip(errNotRegular)
		case !slices.Contains(endings, strings.ToLower(path.Ext(name))):
			skip(errEnding)
		default:
			f.file, f.err = open(name, root.OpenFile)
		}
		f.err = because(f.path, f.err)
		empty = empty && f.skip
		if more = yield(f); !more {
			return fs.SkipAll
		}
		return nil // a folder that cannot be listed has nothing to go on with either
	}
	if err := fs.WalkDir(root.FS(), ".", visit); err != nil {
		return yield(file{path: dir, err: because(dir, err)})
	}
	if more && empty {
		more = yield(file{path: dir, err: because(dir, errNoFiles), skip: true})
	}
	return more
}

// open opens a regular file for reading. It never waits, as opening a pipe that nobody writes to would.
func open(name string, with func(name string, flag int, perm fs.FileMode) (*os.File, error)) (*os.File, error) {
	f, err := with(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = errDirectory
	case !info.Mode().IsRegular():
		err = errNotRegular
	case info.Size() > document.MaxBytes:
		err = tooLarge(info.Size())
	default:
		return f, nil
	}
	f.Close()
	return nil, err
}

func tooLarge(size int64) error {
	return fmt.Errorf("%w: %d bytes, at most %d; split it", document.ErrTooLarge, size, document.MaxBytes)
}

// readAll reads an open file whole. One that grows past the limit meanwhile is an error.
func readAll(f *os.File) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(f, document.MaxBytes+1))
	if err == nil && len(content) > document.MaxBytes {
		err = tooLarge(int64(len(content)))
	}
	return content, err
}

// because puts the path in front of what is wrong with it, once.
func because(path string, err error) error {
	if err == nil {
		return nil
	}
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", cmp.Or(path, `""`), err)
}

// sourceName brings a path into the form in which the graph keeps it: valid UTF-8, NFC.
func sourceName(path string) string {
	return norm.NFC.String(strings.ToValidUTF8(path, "\uFFFD"))
}

package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the table of the architecture: which of our packages a package may import. A new room is a new line.
var mayImport = map[string][]string{
	"graph/vocab":           {},
	"graph":                 {"graph/vocab"},
	"graph/store":           {"graph", "graph/vocab", "graph/store/pebble"},
	"graph/store/pebble":    {},
	"graph/store/storetest": {"graph", "graph/vocab"},
	"graph/search":          {"graph", "graph/vocab"},
	"graph/resolve":         {"graph", "graph/vocab"},
	"graph/export":          {"graph", "graph/vocab"},
	"graph/gql":             {"graph", "graph/vocab"},
	"graph/web":             {"graph", "graph/vocab", "graph/gql", "graph/export"},
	"loader/document":       {},
	"loader/extract":        {"graph", "graph/vocab", "loader/document"},
	"loader":                {"graph", "graph/vocab", "loader/document", "loader/extract"},
	"cmd/casegraph":         {"*"},
}

// testsMayImport is what the tests of any package may import besides: a store to try things on.
var testsMayImport = []string{"graph/store", "graph/store/storetest"}

// onlyIn are the libraries that one room keeps from all others.
var onlyIn = map[string]string{
	"github.com/cayleygraph/":     "graph/store",
	"github.com/cockroachdb/":     "graph/store",
	"github.com/99designs/gqlgen": "graph/gql",
	"github.com/vektah/gqlparser": "graph/gql",
	"github.com/gin-gonic/gin":    "graph/web",
	"github.com/spf13/cobra":      "cmd/casegraph",
}

func TestImports(t *testing.T) {
	root := os.DirFS("../..")
	seen := 0
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := path.Base(name); e.IsDir() && name != "." && (base[0] == '.' || base == "testdata" || base == "bin" || base == "data") {
			return fs.SkipDir
		}
		if e.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		pkg := path.Dir(name)
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s: the package %s is not in the table of imports", name, pkg)
			return nil
		}
		if strings.HasSuffix(name, "_test.go") {
			allowed = slices.Concat(allowed, testsMayImport, []string{pkg})
		}
		for _, imp := range file.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			if own, ok := strings.CutPrefix(p, "casegraph/"); ok && !slices.Contains(allowed, own) && !slices.Contains(allowed, "*") {
				t.Errorf("%s: %s may not import %s", name, pkg, own)
			}
			for library, room := range onlyIn {
				if strings.HasPrefix(p, library) && pkg != room && !strings.HasPrefix(pkg, room+"/") {
					t.Errorf("%s: only %s may import %s", name, room, p)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("only %d files were read: is this the root of the module?", seen)
	}
}

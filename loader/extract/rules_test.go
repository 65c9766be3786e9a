package extract

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"casegraph/graph/vocab"
)

// copyOfRules is the embedded data as a file system that a test may break.
func copyOfRules(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(data, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(data, path)
		out[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRulesAreRight(t *testing.T) {
	r, err := load(copyOfRules(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.version != Version() || len(Version()) != 12 {
		t.Errorf("version %q of a copy, %q of the rules", r.version, Version())
	}
}

// What one changes in the rules changes their version, so that documents are read again.
func TestVersionTellsRules(t *testing.T) {
	fsys := copyOfRules(t)
	seen := map[string]string{Version(): "the embedded rules"}
	for _, file := range slices.Sorted(maps.Keys(fsys)) {
		if strings.HasSuffix(file, ".py") || strings.HasSuffix(file, ".md") {
			continue
		}
		c := copyOfRules(t)
		c[file] = &fstest.MapFile{Data: append(slices.Clone(c[file].Data), "# a note\n"...)}
		r, err := load(c)
		if err != nil {
			t.Errorf("%s with a note: %v", file, err)
			continue
		}
		if was := seen[r.version]; was != "" {
			t.Errorf("%s with a note has the version of %s", file, was)
		}
		seen[r.version] = file
	}
}

func TestBrokenRules(t *testing.T) {
	line := regexp.MustCompile(`\[(\d+):\d+\]|:(\d+):`)
	for _, c := range []struct {
		story, file string
		edit        func(string) string
		says        string // must be in the error
		line        bool   // the error must name a line
	}{
		{"no YAML", "rules/fields.yaml", func(s string) string { return s + "\n  - [\n" }, "", true},
		{"no YAML", "rules/zones.yaml", func(s string) string { return s + "\nx: 'open\n" }, "", true},
		{"no YAML", "rules/words.yaml", func(s string) string { return s + "\n\t- x: {\n" }, "", true},
		{"no YAML", "rules/confidence.yaml", func(s string) string { return s + "\nx: [1\n" }, "", true},
		{"a key that the code does not know", "rules/zones.yaml", func(s string) string { return s + "\nsalutaton:\n  - x\n" }, "salutaton", true},
		{"a key that the code does not know", "rules/words.yaml", func(s string) string { return s + "\nprofesion: x\n" }, "profesion", true},
		{"a key that the code does not know", "rules/fields.yaml", func(s string) string { return s + "\nstamp: [x]\n" }, "stamp", true},
		{"a property of a field that the code does not know", "rules/fields.yaml", func(s string) string {
			return strings.Replace(s, "header: true}", "header: true, hedaer: true}", 1)
		}, "hedaer", true},
		{"a share that is no number", "rules/confidence.yaml", func(s string) string { return s + "\nnew: much\n" }, "", true},
		{"a pattern that is none", "rules/zones.yaml", func(s string) string { return strings.Replace(s, "\nclosing:\n", "\nclosing:\n  - '(open'\n", 1) }, "(open", false},
		{"a single pattern that is none", "rules/zones.yaml", func(s string) string {
			return regexp.MustCompile(`(?m)^endtext: .*$`).ReplaceAllString(s, "endtext: '[z-a]'")
		}, "z-a", false},
		{"a kind's pattern that is none", "rules/zones.yaml", func(s string) string {
			return strings.Replace(s, "\nkinds:\n", "\nkinds:\n  - {kind: letter, title: '*x'}\n", 1)
		}, "*", false},
		{"a category's pattern that is none", "rules/zones.yaml", func(s string) string {
			return strings.Replace(s, "\ncategories:\n", "\ncategories:\n  - {kind: letter, is: '*x'}\n", 1)
		}, "*", false},
		{"a stamp that is no pattern", "rules/fields.yaml", func(s string) string { return strings.Replace(s, "\nstamps:\n", "\nstamps:\n  - '(open'\n", 1) }, "(open", false},
		{"a redaction that is no pattern", "rules/fields.yaml", func(s string) string { return strings.Replace(s, "\nredactions:\n", "\nredactions:\n  - '(open'\n", 1) }, "open", false},
		{"a label of two fields", "rules/fields.yaml", func(s string) string { return strings.Replace(s, "labels: [To,", "labels: [To, From,", 1) }, "From", false},
		{"a label of two fields that differ in case and accents only", "rules/fields.yaml", func(s string) string { return strings.Replace(s, "labels: [To,", "labels: [To, FRÓM,", 1) }, "FRÓM", false},
		{"a field that stands twice", "rules/fields.yaml", func(s string) string {
			return strings.Replace(s, "fields:\n", "fields:\n  - {name: from, labels: [Absender]}\n", 1)
		}, "from", false},
		{"a role that is no relation", "rules/fields.yaml", func(s string) string { return strings.Replace(s, "role: sent", "role: sended", 1) }, "sended", false},
		{"a kind that is none of the vocabulary", "rules/zones.yaml", func(s string) string {
			return strings.Replace(s, "\nkinds:\n", "\nkinds:\n  - {kind: leter, title: 'x'}\n", 1)
		}, "leter", false},
		{"a year of eleven months", "rules/words.yaml", func(s string) string { return strings.Replace(s, "[january, ", "[", 1) }, "months", false},
		{"a share above one", "rules/confidence.yaml", func(s string) string { return s + "\nnew: 1.5\n" }, "new", false},
		{"no share for what was not measured", "rules/confidence.yaml", func(s string) string { return strings.Replace(s, "default:", "defalt:", 1) }, "default", false},
	} {
		t.Run(c.story+" in "+c.file, func(t *testing.T) {
			fsys := copyOfRules(t)
			was := string(fsys[c.file].Data)
			is := c.edit(was)
			if was == is {
				t.Fatal("the test broke nothing")
			}
			fsys[c.file] = &fstest.MapFile{Data: []byte(is)}
			_, err := load(fsys)
			switch {
			case err == nil:
				t.Error("no error")
			case !strings.Contains(err.Error(), c.file):
				t.Errorf("the error does not name %s: %v", c.file, err)
			case !strings.Contains(err.Error(), c.says):
				t.Errorf("the error does not say %q: %v", c.says, err)
			case c.line && !line.MatchString(err.Error()):
				t.Errorf("the error does not name the line: %v", err)
			}
		})
	}
	for file := range copyOfRules(t) {
		if strings.HasSuffix(file, ".py") || strings.HasSuffix(file, ".md") {
			continue
		}
		fsys := copyOfRules(t)
		delete(fsys, file)
		if _, err := load(fsys); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

func TestRolesAreRelations(t *testing.T) {
	roles := 0
	for name, f := range rules.fields {
		if f.Role == "" {
			continue
		}
		roles++
		for _, actor := range []vocab.Class{vocab.Person, vocab.Institution} {
			if !vocab.Allows(vocab.Predicate(f.Role), actor, vocab.Document) {
				t.Errorf("field %s: %s does not lead from %s to a document", name, f.Role, actor)
			}
		}
	}
	if roles < 5 {
		t.Errorf("%d fields with a role", roles)
	}
}

func TestKindsAreOfTheVocabulary(t *testing.T) {
	for _, k := range append(slices.Clone(rules.titleKinds), rules.categoryKinds...) {
		if !slices.Contains(vocab.Kinds(), k.kind) {
			t.Errorf("kind %q is not in the vocabulary", k.kind)
		}
	}
}

// literals are the strings of the package's code.
func literals(t *testing.T) map[string]bool {
	out := map[string]bool{}
	list, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == gotoken.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil {
					out[s] = true
				}
			}
			return true
		})
	}
	return out
}

// An extractor that the code does not know any more has no business in the confidences: a claim is then shown with a
// figure that nobody measured for it. The names that the code puts together are those of fields with a role.
func TestConfidencesAreOfExtractors(t *testing.T) {
	known := literals(t)
	for name := range rules.confidences {
		stem := strings.TrimSuffix(strings.TrimSuffix(name, ".position"), ".member")
		ok := known[name] || known[stem] || name == "default"
		if group, field, cut := strings.Cut(stem, "."); cut && rules.fields[field] != nil && rules.fields[field].Role != "" {
			ok = ok || known[group] || known[group+"."]
		}
		if !ok {
			t.Errorf("confidence.yaml measures %q, which nothing in the code is called", name)
		}
	}
	for name, c := range rules.confidences {
		if !(c > 0 && c <= 1) {
			t.Errorf("confidence of %s is %v", name, c)
		}
	}
	if rules.confidence("nobody measured this") != rules.confidences["default"] {
		t.Error("what was not measured does not have the default confidence")
	}
}

// Every extractor that the samples show has its own name space: no claim but a mention without a group of the rules.
func TestGazetteers(t *testing.T) {
	for name, s := range map[string]wordSet{"given names": rules.given, "surnames": rules.surname, "particles": rules.particle, "stop words": rules.stop, "organisations": rules.organisation, "positions": rules.position} {
		if len(s) < 10 {
			t.Errorf("%d %s", len(s), name)
		}
		for w := range s {
			if f := strings.ReplaceAll(foldLabel(w), " ", ""); f != w && w != "&" && w != "-" {
				t.Errorf("%s: %q is never found, words are looked up as %q", name, w, f)
				break
			}
		}
	}
	for short, fulls := range rules.nicknames {
		if slices.Contains(fulls, short) {
			t.Errorf("%q is short for itself", short)
		}
	}
	for _, c := range []string{"mexico", "sweden", "suecia"} {
		if rules.countries[c] == "" {
			t.Errorf("%s is no country", c)
		}
	}
}

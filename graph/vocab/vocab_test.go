package vocab

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// TestConstants: the constants of vocab.go and the terms of vocab.yaml are the same.
func TestConstants(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "vocab.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	inCode := map[string]string{} // term -> type of its constant
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		lit, isText := spec.Values[0].(*ast.BasicLit)
		typ, isNamed := spec.Type.(*ast.Ident)
		if isText && isNamed {
			term, _ := strconv.Unquote(lit.Value)
			inCode[term] = typ.Name
		}
		return true
	})
	inData := map[string]string{}
	for _, c := range terms.Classes {
		inData[string(c.Name)] = "Class"
	}
	for _, r := range terms.Relations {
		inData[string(r.Name)] = "Predicate"
	}
	for _, p := range terms.Properties {
		inData[string(p.Name)] = "Predicate"
	}
	for term, typ := range inData {
		if inCode[term] != typ {
			t.Errorf("%s %q of vocab.yaml has no constant in vocab.go", typ, term)
		}
	}
	for term, typ := range inCode {
		if inData[term] != typ {
			t.Errorf("constant for %s %q has no term in vocab.yaml", typ, term)
		}
	}
}

// TestParse: a vocabulary that says the same twice, names what is not there or has a field that nobody reads is refused.
func TestParse(t *testing.T) {
	good := string(source)
	if _, err := parse(source); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, from, to, want string }{
		{"a class twice", "- {name: Place,", "- {name: Case, is: x, term: \"\"}\n  - {name: Place,", `"Case" stands twice`},
		{"an unknown class", "range: [Position]", "range: [Post]", `unknown class "Post"`},
		{"a relation twice", "- {name: sent,", "- {name: signed,", `"signed" stands twice`},
		{"no inverse", "inverse: signedBy", "inverse: \"\"", `"signed": inverse`},
		{"an unknown field", "{name: Place, is:", "{name: Place, iz: x, is:", "iz"},
	} {
		text := strings.Replace(good, x.from, x.to, 1)
		if text == good {
			t.Fatalf("%s: nothing to change", x.name)
		}
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q in it", x.name, err, x.want)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, x := range []struct {
		p    Predicate
		s, o Class
		want bool
	}{
		{Signed, Person, Document, true},
		{Signed, Document, Person, false},
		{PartOf, Place, Place, true},
		{PartOf, Place, Institution, false},
		{Name, Person, Person, false}, // a property is no relation
	} {
		if got := Allows(x.p, x.s, x.o); got != x.want {
			t.Errorf("Allows(%s, %s, %s) = %v", x.p, x.s, x.o, got)
		}
	}
}

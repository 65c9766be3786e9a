package extract

import (
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

const samplesDir = "../samples/documents"

// sample is one file of the samples, as the loader would read it.
type sample struct {
	name string
	doc  document.Document
}

func samples(t testing.TB) []sample {
	t.Helper()
	list, err := os.ReadDir(samplesDir)
	if err != nil {
		t.Fatal(err)
	}
	var out []sample
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(samplesDir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		d, err := document.Read(e.Name(), b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sample{e.Name(), d})
	}
	if len(out) == 0 {
		t.Fatalf("no samples in %s", samplesDir)
	}
	return out
}

// TestGolden pins everything that is read from the sample documents. Look at the difference before you run -update:
// each line that goes is a relation lost, each that comes is one that a person will be held to.
func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range samples(t) {
		file := filepath.Join("testdata/golden", s.name+".golden")
		seen[filepath.Base(file)] = true
		t.Run(s.name, func(t *testing.T) {
			b := Extract(s.doc)
			if _, err := b.Statements(); err != nil {
				t.Error(err)
			}
			got := golden(b)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run go test -run TestGolden -update", err)
			}
			if d := diff.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("%s (-want +got):\n%s", file, d)
			}
		})
	}
	list, err := os.ReadDir("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !seen[e.Name()] {
			t.Errorf("testdata/golden/%s has no sample any more", e.Name())
		}
	}
}

// golden writes a batch so that a person can read it: documents nested, entities, claims but for mentions.
func golden(b graph.Batch) string {
	var out strings.Builder
	name := names(b)
	mentions := map[graph.ID]int{}
	parent := map[graph.ID]graph.ID{}
	var claims []string
	for _, c := range b.Claims {
		if c.Predicate == vocab.Mentions {
			mentions[c.Object]++
			continue
		}
		if c.Predicate == vocab.PartOf && c.Extractor == "part" && parent[c.Subject] == "" {
			parent[c.Subject] = c.Object
		}
		claims = append(claims, fmt.Sprintf("%s -- %s --> %s | %q | %s", name[c.Subject], c.Predicate, name[c.Object], quote(b, c), c.Extractor))
	}
	out.WriteString("DOCUMENTS\n")
	for _, d := range b.Documents {
		depth := 0
		for id := d.ID; parent[id] != "" && depth < 20; id = parent[id] {
			depth++
		}
		fmt.Fprintf(&out, "%s%s", strings.Repeat("  ", depth), name[d.ID])
		for _, p := range []struct{ name, value string }{{"kind", d.Kind}, {"date", d.Date}, {"ref", d.Reference}, {"title", d.Title}, {"lang", d.Language}, {"class", d.Classification},
			{"tags", strings.Join(d.Tags, " ")}, {"names", strings.Join(d.Names, " ; ")}} {
			if p.value != "" {
				fmt.Fprintf(&out, " | %s %s", p.name, p.value)
			}
		}
		out.WriteString("\n")
	}
	out.WriteString("\nENTITIES\n")
	es := slices.Clone(b.Entities)
	slices.SortFunc(es, func(a, c graph.Entity) int {
		return cmp.Or(cmp.Compare(a.Class, c.Class), cmp.Compare(a.Name, c.Name), cmp.Compare(a.ID, c.ID))
	})
	ids := sha256.New()
	for _, e := range es {
		fmt.Fprintf(&out, "%s %s", e.Class, e.Name)
		if len(e.Aliases) > 0 {
			fmt.Fprintf(&out, " | also %s", strings.Join(e.Aliases, " ; "))
		}
		if e.Acronym != "" {
			fmt.Fprintf(&out, " | acronym %s", e.Acronym)
		}
		if n := mentions[e.ID]; n > 0 {
			fmt.Fprintf(&out, " | mentioned %d", n)
		}
		out.WriteString("\n")
	}
	for _, d := range b.Documents {
		fmt.Fprintln(ids, d.ID)
	}
	for _, e := range b.Entities {
		fmt.Fprintln(ids, e.ID)
	}
	for _, c := range b.Claims { // spans, extractors
		fmt.Fprintln(ids, c.Subject, c.Predicate, c.Object, c.Label())
	}
	out.WriteString("\nCLAIMS\n")
	slices.Sort(claims)
	for _, c := range claims {
		out.WriteString(c + "\n")
	}
	fmt.Fprintf(&out, "\nIDS %x\n", ids.Sum(nil)[:8])
	return out.String()
}

// names gives every node of the batch a name to read: "doc" is the file, "doc/1" its first part, "cite X" a cited one.
func names(b graph.Batch) map[graph.ID]string {
	out := map[graph.ID]string{}
	for _, d := range b.Documents {
		switch rest, ok := strings.CutPrefix(string(d.ID), string(b.File)); {
		case ok:
			out[d.ID] = "doc" + rest
		case d.Reference != "":
			out[d.ID] = "cite " + d.Reference
		case len(d.Names) > 0:
			out[d.ID] = "cite " + d.Names[0]
		default:
			out[d.ID] = string(d.ID)
		}
	}
	for _, e := range b.Entities {
		out[e.ID] = e.Name
	}
	return out
}

// quote is the text that a claim was read from.
func quote(b graph.Batch, c graph.Claim) string {
	text := []rune(b.Text)
	for _, d := range b.Documents {
		if d.ID == c.Document && d.Loaded && c.Span.Start >= 0 && c.Span.Start <= c.Span.End && d.Span.Start+c.Span.End <= min(len(text), d.Span.End) {
			return string(text[d.Span.Start+c.Span.Start : d.Span.Start+c.Span.End])
		}
	}
	return ""
}

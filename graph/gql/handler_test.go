package gql

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"casegraph/graph"
)

var update = flag.Bool("update", false, "write what the cases answer into them")

// TestCases asks each query of testdata/*.txtar through the handler and compares the answer.
func TestCases(t *testing.T) {
	h := NewHandler(graph.New(fixture(t)), Options{})
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]*txtar.File{}
			for i := range a.Files {
				part[a.Files[i].Name] = &a.Files[i]
			}
			request := map[string]any{"query": string(part["query"].Data)}
			if v := part["variables"]; v != nil {
				request["variables"] = json.RawMessage(v.Data)
			}
			body, err := json.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, post(h, string(body)).Body.Bytes(), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			want := part["answer"]
			if want == nil {
				a.Files = append(a.Files, txtar.File{Name: "answer"})
				want = &a.Files[len(a.Files)-1]
			}
			if *update {
				want.Data = got.Bytes()
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(want.Data), got.String()); d != "" {
				t.Errorf("run with -update when this is right (-want +got):\n%s", d)
			}
		})
	}
}

func post(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", typeResponse)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

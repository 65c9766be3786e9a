package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/vektah/gqlparser/v2/ast"

	"casegraph/graph"
)

// TestHTTP is the GraphQL-over-HTTP specification, as far as it is not the audit suite's matter.
func TestHTTP(t *testing.T) {
	h := NewHandler(graph.New(fixture(t)), Options{MaxBody: 2000})
	good := `{"query":"{ __typename }"}`
	get := func(query string) string { return "/graphql?query=" + url.QueryEscape(query) }
	for _, c := range []struct {
		name, method, target, contentType, accept, body string
		status                                          int
		media, holds                                    string
	}{
		{"post", "POST", "/graphql", typeJSON, typeResponse, good, 200, typeResponse, `{"data":{"__typename":"Query"}}`},
		{"old clients", "POST", "/graphql", "application/json; charset=utf-8", "", good, 200, typeJSON, `"Query"`},
		{"any", "POST", "/graphql", typeJSON, "*/*", good, 200, typeJSON, `"Query"`},
		{"both", "POST", "/graphql", typeJSON, typeResponse + ", application/json;q=0.9", good, 200, typeResponse, `"Query"`},
		{"rather json", "POST", "/graphql", typeJSON, typeResponse + ";q=0.5, application/json", good, 200, typeJSON, `"Query"`},
		{"get", "GET", get("{ __typename }"), "", typeResponse, "", 200, typeResponse, `"Query"`},
		{"get variables", "GET", get("query($i: ID!) { node(id: $i) { id } }") + "&variables=" + url.QueryEscape(`{"i":"doc:a1"}`), "", typeResponse, "", 200, typeResponse, `{"data":{"node":{"id":"doc:a1"}}}`},
		{"get operation", "GET", get("query a { __typename } query b { b: __typename }") + "&operationName=b", "", typeResponse, "", 200, typeResponse, `"b"`},
		{"neither", "POST", "/graphql", typeJSON, "text/html", good, 406, typeJSON, codeInput},
		{"form", "POST", "/graphql", "application/x-www-form-urlencoded", typeResponse, "query=x", 415, typeResponse, codeInput},
		{"multipart", "POST", "/graphql", "multipart/form-data; boundary=x", typeResponse, "", 415, typeResponse, codeInput},
		{"no type", "POST", "/graphql", "", typeResponse, good, 415, typeResponse, codeInput},
		{"latin", "POST", "/graphql", "application/json; charset=latin1", typeResponse, good, 415, typeResponse, codeInput},
		{"put", "PUT", "/graphql", typeJSON, typeResponse, good, 405, typeResponse, codeInput},
		{"options", "OPTIONS", "/graphql", "", "", "", 405, typeJSON, codeInput},
		{"empty", "POST", "/graphql", typeJSON, typeResponse, "", 400, typeResponse, codeInput},
		{"no query", "POST", "/graphql", typeJSON, typeResponse, "{}", 400, typeResponse, "no query"},
		{"broken", "POST", "/graphql", typeJSON, typeResponse, `{"query": "secret`, 400, typeResponse, codeInput},
		{"two", "POST", "/graphql", typeJSON, typeResponse, good + good, 400, typeResponse, codeInput},
		{"batch", "POST", "/graphql", typeJSON, typeResponse, "[" + good + "]", 400, typeResponse, codeInput},
		{"null", "POST", "/graphql", typeJSON, typeResponse, "null", 400, typeResponse, codeInput},
		{"variables no object", "POST", "/graphql", typeJSON, typeResponse, `{"query":"{ __typename }","variables":[1]}`, 400, typeResponse, codeInput},
		{"not UTF-8", "POST", "/graphql", typeJSON, typeResponse, "{\"query\":\"\xff\"}", 400, typeResponse, "UTF-8"},
		{"get not UTF-8", "GET", "/graphql?query=%ff", "", typeResponse, "", 400, typeResponse, "UTF-8"},
		{"get bad variables", "GET", get("{ __typename }") + "&variables=x", "", typeResponse, "", 400, typeResponse, "variables"},
		{"too long", "POST", "/graphql", typeJSON, typeResponse, `{"query":"` + strings.Repeat(" ", 3000) + `"}`, 413, typeResponse, "2000"},
		{"parse", "POST", "/graphql", typeJSON, typeResponse, `{"query":"{"}`, 400, typeResponse, "GRAPHQL_PARSE_FAILED"},
		{"parse, json", "POST", "/graphql", typeJSON, typeJSON, `{"query":"{"}`, 200, typeJSON, "GRAPHQL_PARSE_FAILED"},
		{"validate", "POST", "/graphql", typeJSON, typeResponse, `{"query":"{ persons { nodes { nam } } }"}`, 400, typeResponse, codeValidation},
		{"which operation", "POST", "/graphql", typeJSON, typeResponse, `{"query":"query a { __typename } query b { __typename }"}`, 400, typeResponse, codeValidation},
		{"variable", "POST", "/graphql", typeJSON, typeResponse, `{"query":"query($i: ID!) { node(id: $i) { id } }"}`, 400, typeResponse, codeValidation},
		{"field error", "POST", "/graphql", typeJSON, typeResponse, `{"query":"{ persons(last: 501) { totalCount } }"}`, 200, typeResponse, `"data":{"persons":null}`},
		{"defer", "POST", "/graphql", typeJSON, typeResponse, `{"query":"{ ... @defer { __typename } }"}`, 400, typeResponse, codeValidation},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
			for k, v := range map[string]string{"Content-Type": c.contentType, "Accept": c.accept} {
				if v != "" {
					r.Header.Set(k, v)
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != c.status || w.Header().Get("Content-Type") != c.media+"; charset=utf-8" || !strings.Contains(body, c.holds) {
				t.Errorf("%d %s %s", w.Code, w.Header().Get("Content-Type"), body)
			}
			if (w.Code != 200 || strings.Contains(body, "FAILED")) && strings.Contains(body, `"data"`) || strings.Contains(body, "secret") {
				t.Errorf("an error says %s", body)
			}
			if w.Code == 405 && w.Header().Get("Allow") != "GET, POST" {
				t.Error("no Allow")
			}
		})
	}
}

// TestHostile has requests that would keep a stock server busy: all are refused at once.
func TestHostile(t *testing.T) {
	h := NewHandler(graph.New(fixture(t)), Options{})
	many := func(n int, f func(int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for name, q := range map[string]string{
		"deep":        strings.Repeat("{a", 400_000),
		"deep, short": strings.Repeat("{a", 1500) + strings.Repeat("}", 1500),
		"spread bomb": "{...f0}" + many(60, func(i int) string {
			return fmt.Sprintf("fragment f%d on Query {...f%d ...f%d}", i, i+1, i+1)
		}) + "fragment f60 on Query {__typename}",
		"unused bomb": "{__typename}" + many(60, func(i int) string {
			return fmt.Sprintf("fragment f%d on Query {...f%d ...f%d}", i, i+1, i+1)
		}) + "fragment f60 on Query {__typename}",
		"introspection bomb": "{__schema{types{...f0}}}" + many(40, func(i int) string {
			return fmt.Sprintf("fragment f%d on __Type {a:ofType{...f%d} b:ofType{...f%d}}", i, i+1, i+1)
		}) + "fragment f40 on __Type {name}",
		"cycle":      "{...a} fragment a on Query {...b} fragment b on Query {...a}",
		"aliases":    "{" + many(60, func(i int) string { return fmt.Sprintf("a%d: __typename ", i) }) + "}",
		"roots":      "{" + many(60, func(int) string { return "__typename " }) + "}",
		"directives": "{__typename " + strings.Repeat("@skip(if: false) ", 60) + "}",
		"fragments": "{__typename}" + many(101, func(i int) string {
			return fmt.Sprintf("fragment f%d on Query {__typename}", i)
		}),
		"pages": "{documents(first:200){nodes{signatories(first:200){nodes{signed(first:200){nodes{id}}}}}}}",
	} {
		body, err := json.Marshal(map[string]string{"query": q})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		w := post(h, string(body))
		if took := time.Since(start); w.Code != 400 || w.Body.Len() > 1000 || took > 2*time.Second {
			t.Errorf("%s: %d after %v: %.300s", name, w.Code, took, w.Body)
		}
	}
}

// TestBudget asks for more than an answer may hold, in pages that are small enough each.
func TestBudget(t *testing.T) {
	h := NewHandler(graph.New(crowd(t, 400)), Options{})
	w := post(h, `{"query":"{ documents(first: 400) { nodes { signatories(first: 3) { nodes { memberOf(first: 200) { nodes { members { edges { cursor } } } } } } } } }"}`)
	if !strings.Contains(w.Body.String(), codeTooLarge) {
		t.Errorf("%d %.300s", w.Code, w.Body)
	}
}

// reader is a Reader of one function.
type reader func(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error]

func (f reader) Find(ctx context.Context, p graph.Pattern) iter.Seq2[graph.Statement, error] {
	return f(ctx, p)
}

func (f reader) View(context.Context) (graph.View, error) {
	return nil, errors.New("no view of a function")
}

// A store that fails is an internal error: the client gets an id and no more, the log the cause without names.
func TestInternalError(t *testing.T) {
	var log bytes.Buffer
	h := NewHandler(graph.New(reader(func(context.Context, graph.Pattern) iter.Seq2[graph.Statement, error] {
		return func(yield func(graph.Statement, error) bool) {
			yield(graph.Statement{}, errors.New("disk 7 lost person:nadia-orlov"))
		}
	})), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	body := post(h, `{"query":"{ node(id: \"person:nadia-orlov\") { id } }"}`).Body.String()
	if !strings.Contains(body, codeInternal) || strings.Contains(body, "disk") {
		t.Error(body)
	}
	if !strings.Contains(log.String(), "disk 7 lost person:…") || strings.Contains(log.String(), "orlov") {
		t.Error(log.String())
	}
}

// A panic in a store is an error of that request.
func TestPanic(t *testing.T) {
	h := NewHandler(graph.New(reader(func(context.Context, graph.Pattern) iter.Seq2[graph.Statement, error] { panic("nadia") })),
		Options{Log: slog.New(slog.DiscardHandler)})
	if body := post(h, `{"query":"{ persons { nodes { id } } }"}`).Body.String(); !strings.Contains(body, codeInternal) || strings.Contains(body, "nadia") {
		t.Error(body)
	}
}

// A store that hangs is given up after the time of a request.
func TestTimeout(t *testing.T) {
	h := NewHandler(graph.New(reader(func(ctx context.Context, _ graph.Pattern) iter.Seq2[graph.Statement, error] {
		return func(yield func(graph.Statement, error) bool) {
			<-ctx.Done()
			yield(graph.Statement{}, ctx.Err())
		}
	})), Options{Timeout: 20 * time.Millisecond})
	if body := post(h, `{"query":"{ persons { nodes { id } } }"}`).Body.String(); !strings.Contains(body, codeTimeout) {
		t.Error(body)
	}
}

func TestIntrospection(t *testing.T) {
	g := graph.New(fixture(t))
	query := `{"query":"{ __schema { queryType { name } } __type(name: \"Person\") { name } }"}`
	if body := post(NewHandler(g, Options{}), query).Body.String(); !strings.Contains(body, `"name":"Person"`) {
		t.Error(body)
	}
	off := NewHandler(g, Options{NoIntrospection: true})
	if body := post(off, query).Body.String(); strings.Contains(body, "Person") {
		t.Error(body)
	}
	if body := post(off, `{"query":"{ person { id } }"}`).Body.String(); strings.Contains(body, "persons") {
		t.Error("a name is suggested:", body)
	}
}

// TestEveryField asks every field of every type once, so that none is bound to something that fails.
func TestEveryField(t *testing.T) {
	h := NewHandler(graph.New(fixture(t)), Options{})
	schema := NewExecutableSchema(Config{}).Schema()
	ids := map[string]string{"Person": "person:nadia-orlov", "Institution": "institution:human-watch-velmora", "Position": "position:executive-director-human-watch-velmora",
		"Case": "case:detention-of-lucia-ferran", "Place": "place:port-sarn", "Document": "doc:b2/1", "Relation": "rel:person:nadia-orlov|memberOf|institution:human-watch-velmora"}
	var leaves func(d *ast.Definition, depth int) string
	leaves = func(d *ast.Definition, depth int) string {
		s := "{ __typename"
		for _, f := range d.Fields {
			switch of := schema.Types[f.Type.Name()]; {
			case strings.HasPrefix(f.Name, "__"):
			case of.IsLeafType():
				s += " " + f.Name
			case depth > 0 && !strings.Contains(d.Name, "Node"):
				s += " " + f.Name + leaves(of, depth-1)
			}
		}
		return s + " }"
	}
	for class, id := range ids {
		for _, f := range schema.Types[class].Fields {
			field := f.Name
			if of := schema.Types[f.Type.Name()]; !of.IsLeafType() {
				field += leaves(of, 2)
			}
			query, err := json.Marshal(map[string]string{"query": fmt.Sprintf(`{ node(id: %q) { ... on %s { %s } } }`, id, class, field)})
			if err != nil {
				t.Fatal(err)
			}
			if body := post(h, string(query)).Body.String(); strings.Contains(body, `"errors"`) || !strings.Contains(body, `"`+f.Name+`"`) {
				t.Errorf("%s.%s: %.500s", class, f.Name, body)
			}
		}
	}
}

// Requests at once do not disturb each other, nor one request's fields.
func TestConcurrent(t *testing.T) {
	h := NewHandler(graph.New(fixture(t)), Options{})
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			request := map[string]any{"query": string(a.Files[0].Data)}
			if i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "variables" }); i >= 0 {
				request["variables"] = json.RawMessage(a.Files[i].Data)
			}
			body, err := json.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, a.Files[len(a.Files)-1].Data); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if w := post(h, string(body)); w.Code != http.StatusOK || w.Body.String() != want.String() {
					t.Errorf("%s: %.300s", name, w.Body)
				}
			})
		}
	}
	wg.Wait()
}

package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"casegraph/graph"
)

var quiet = Options{Log: slog.New(slog.DiscardHandler)}

func TestRoutes(t *testing.T) {
	h := New(graph.New(graph.Memory{}), quiet)
	for _, c := range []struct {
		method, path, body string
		status             int
		holds              string
	}{
		{"GET", "/", "", 302, ""},
		{"GET", "/graphiql", "", 200, "<title>casegraph"},
		{"GET", "/graphiql/page.js", "", 200, "defaultQuery"},
		{"GET", "/graphiql/nothing.js", "", 404, "error"},
		{"GET", "/graphiql/../web.go", "", 404, "error"},
		{"GET", "/healthz", "", 200, "ok"},
		{"HEAD", "/healthz", "", 200, ""},
		{"POST", "/healthz", "", 405, "error"},
		{"GET", "/nothing", "", 404, "error"},
		{"POST", "/graphql", `{"query":"{ persons { totalCount } }"}`, 200, `{"data":{"persons":{"totalCount":0}}}`},
		{"GET", "/graphql?query=%7B__typename%7D", "", 200, "Query"},
		{"DELETE", "/graphql", "", 405, "GET and POST"},
		{"POST", "/graphql", `{"query":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "longer"},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s %s: %d %.200s", c.method, c.path, w.Code, w.Body)
		}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
			if w.Header().Get(name) == "" {
				t.Errorf("%s %s: no %s", c.method, c.path, name)
			}
		}
	}
	without := New(graph.New(graph.Memory{}), Options{NoGraphiQL: true, Log: quiet.Log})
	w := httptest.NewRecorder()
	without.ServeHTTP(w, httptest.NewRequest("GET", "/graphiql", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a page that is left out: %d", w.Code)
	}
}

// The assets of others are the ones that README.md names, and what is ours names no other host.
func TestAssets(t *testing.T) {
	readme, err := assets.ReadFile("graphiql/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := assets.ReadDir("graphiql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := assets.ReadFile("graphiql/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Name(), ".min.") {
			if row := fmt.Sprintf("`%x`", sha256.Sum256(content)); !strings.Contains(string(readme), row) {
				t.Errorf("%s is not the one of README.md: %s", f.Name(), row)
			}
		} else if !strings.HasPrefix(f.Name(), "LICENSE") && regexp.MustCompile(`https?://`).Match(content) {
			t.Errorf("%s names another host", f.Name())
		}
	}
	h := New(graph.New(graph.Memory{}), quiet)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/graphiql/graphiql.min.js", nil))
	r := httptest.NewRequest("GET", "/graphiql/graphiql.min.js", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("asked again: %d", again.Code)
	}
}

type finder func(ctx context.Context) error

func (f finder) Find(ctx context.Context, _ graph.Pattern) iter.Seq2[graph.Statement, error] {
	return func(yield func(graph.Statement, error) bool) { yield(graph.Statement{}, f(ctx)) }
}

func (f finder) View(ctx context.Context) (graph.View, error) { return nil, f(ctx) }

func TestHealthOfABrokenStore(t *testing.T) {
	w := httptest.NewRecorder()
	New(graph.New(finder(func(context.Context) error { return errors.New("broken") })), quiet).ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "broken") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A panic is answered with 500, and its words and those of the request stay out of the log.
func TestRecovery(t *testing.T) {
	var log bytes.Buffer
	h := New(graph.New(finder(func(context.Context) error { panic("Nadia Orlov") })), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz?q=Orlov", nil))
	if w.Code != http.StatusInternalServerError || log.Len() == 0 || strings.Contains(log.String()+w.Body.String(), "Orlov") {
		t.Errorf("%d %s\n%s", w.Code, w.Body, &log)
	}
}

// When its context ends, Serve lets the request under way finish and answers no more.
func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked, go1 := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-go1
		_, _ = io.WriteString(w, "done")
	})
	ctx, end := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, h) }()
	got := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			got <- err.Error()
			return
		}
		defer func() { _ = r.Body.Close() }()
		b, _ := io.ReadAll(r.Body)
		got <- string(b)
	}()
	<-asked
	end()
	time.Sleep(20 * time.Millisecond)
	close(go1)
	if s := <-got; s != "done" {
		t.Errorf("the request under way got %q", s)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
	if err := Serve(t.Context(), l, h); err == nil {
		t.Error("a closed listener was served")
	}
}

// A story of another's page: its name leads to 127.0.0.1 on the second look-up, and the browser takes the server here
// for its own. Only the names of this machine are answered there, and those that were allowed.
func TestHosts(t *testing.T) {
	o := quiet
	o.Hosts = []string{"casegraph.example"}
	s := httptest.NewServer(New(graph.New(graph.Memory{}), o))
	defer s.Close()
	for host, status := range map[string]int{"localhost:80": 200, "127.0.0.1": 200, "[::1]:8080": 200, "Casegraph.example": 200, "evil.example:8080": 421, "127.0.0.1.evil.example": 421} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		w, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Body.Close()
		if w.StatusCode != status {
			t.Errorf("%s: %d", host, w.StatusCode)
		}
	}
}

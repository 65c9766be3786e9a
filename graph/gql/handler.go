package gql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"casegraph/graph"
)

// Options say how a Handler behaves; the zero value is right for a local server.
type Options struct {
	Timeout         time.Duration // of one request; 0 is 10 s
	MaxBody         int64         // bytes of a request; 0 is 1 MiB
	NoIntrospection bool          // refuses __schema and __type, and suggests no names in errors
	Log             *slog.Logger  // gets internal errors, never queries or names; nil is slog.Default()
}

// Handler answers GraphQL over HTTP (the GraphQL-over-HTTP specification) by GET and POST, one operation a request.
// Websockets, multipart bodies, batches and persisted queries are not spoken.
//
// gqlgen's own transports are not used: they put no limit before validation, echo a broken body and know no
// application/graphql-response+json with its status codes.
type Handler struct {
	exec *executor.Executor
	o    Options
}

// NewHandler returns the handler that answers over g.
func NewHandler(g *graph.Graph, o Options) *Handler {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	exec := executor.New(NewExecutableSchema(Config{Resolvers: root{&Query{g}}}))
	exec.SetParserTokenLimit(maxTokens)
	exec.SetErrorPresenter(presenter(o.Log))
	exec.SetRecoverFunc(func(ctx context.Context, p any) error {
		o.Log.ErrorContext(ctx, "a resolver panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		return errors.New("a resolver panicked")
	})
	if o.NoIntrospection {
		exec.SetDisableSuggestion(true)
	} else {
		exec.Use(extension.Introspection{})
	}
	return &Handler{exec, o}
}

// The media types of answers. JSON is the older one, whose status is 200 even when the request is wrong.
const (
	typeResponse = "application/graphql-response+json"
	typeJSON     = "application/json"
)

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		reply(w, typeJSON, http.StatusNotAcceptable, coded(codeInput, "answers are %s or %s", typeResponse, typeJSON))
		return
	}
	params, status, err := h.read(w, r)
	if err != nil {
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		reply(w, media, status, coded(codeInput, "%s", err))
		return
	}
	wrong := http.StatusBadRequest
	if media == typeJSON {
		wrong = http.StatusOK
	}
	if err := checkShape(params.Query); err != nil {
		reply(w, media, wrong, err)
		return
	}
	ctx, cancel := context.WithTimeout(withBudget(graphql.StartOperationTrace(r.Context())), h.o.Timeout)
	defer cancel()
	op, errs := h.exec.CreateOperationContext(ctx, params)
	if len(errs) == 0 {
		if err := checkCost(op); err != nil {
			errs = gqlerror.List{err}
		}
	}
	if len(errs) > 0 {
		reply(w, media, wrong, errs...)
		return
	}
	answer, opCtx := h.exec.DispatchOperation(ctx, op)
	response := answer(opCtx)
	if response == nil { // the time was over before it began
		reply(w, media, http.StatusServiceUnavailable, coded(codeTimeout, "the answer took too long"))
		return
	}
	response.Errors = trim(response.Errors)
	write(w, media, http.StatusOK, response)
}

// read reads what a request asks; err is what to say with status.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (_ *graphql.RawParams, status int, err error) {
	var body []byte
	switch r.Method {
	case http.MethodGet:
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, http.StatusBadRequest, errors.New("the query string is malformed")
		}
		// The parameters become the body that a POST would have, so that both are checked alike.
		fields := map[string]json.RawMessage{}
		for _, name := range []string{"query", "operationName"} {
			if q.Has(name) {
				fields[name], _ = json.Marshal(q.Get(name)) // a string always encodes
			}
			if !utf8.ValidString(q.Get(name)) {
				return nil, http.StatusBadRequest, errors.New("the request is not valid UTF-8")
			}
		}
		for _, name := range []string{"variables", "extensions"} {
			if v := q.Get(name); v != "" {
				if !json.Valid([]byte(v)) {
					return nil, http.StatusBadRequest, fmt.Errorf("%s is not JSON", name)
				}
				fields[name] = json.RawMessage(v)
			}
		}
		if body, err = json.Marshal(fields); err != nil {
			return nil, http.StatusBadRequest, errors.New("the query string is malformed")
		}
	case http.MethodPost:
		if t, p, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != typeJSON ||
			p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
			return nil, http.StatusUnsupportedMediaType, errors.New("the body must be application/json in UTF-8")
		}
		if body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, h.o.MaxBody)); err != nil {
			if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
				return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is longer than %d bytes", h.o.MaxBody)
			}
			return nil, http.StatusBadRequest, errors.New("the body could not be read")
		}
	default:
		return nil, http.StatusMethodNotAllowed, errors.New("only GET and POST are answered")
	}
	if !utf8.Valid(body) {
		return nil, http.StatusBadRequest, errors.New("the request is not valid UTF-8")
	}
	params := &graphql.RawParams{}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(params); err != nil || d.More() || len(body) == 0 || strings.TrimSpace(string(body))[0] != '{' {
		return nil, http.StatusBadRequest, errors.New("the request must be one JSON object with query (a string), operationName (a string), variables and extensions (objects)")
	}
	if params.Query == "" {
		return nil, http.StatusBadRequest, errors.New("the request has no query")
	}
	return params, 0, nil
}

// negotiate picks the media type of the answer by the Accept headers; ok is false when they want neither. Without any
// wish, and for */*, it is application/json, as the specification asks for the sake of old clients.
func negotiate(accept []string) (media string, ok bool) {
	const absent = -1
	all := strings.Join(accept, ",")
	if strings.TrimSpace(all) == "" {
		return typeJSON, true
	}
	response, plain, wild := float64(absent), float64(absent), float64(absent)
	for _, part := range strings.Split(all, ",") {
		t, p, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if s, given := p["q"]; given {
			if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		if c := p["charset"]; c != "" && !strings.EqualFold(c, "utf-8") {
			continue
		}
		switch t {
		case typeResponse:
			response = max(response, q)
		case typeJSON:
			plain = max(plain, q)
		case "*/*", "application/*":
			wild = max(wild, q)
		}
	}
	if plain == absent {
		plain = wild
	}
	switch {
	case response > 0 && response >= plain:
		return typeResponse, true
	case plain > 0:
		return typeJSON, true
	}
	return "", false
}

// reply answers with errors alone: without data, as nothing was executed.
func reply(w http.ResponseWriter, media string, status int, errs ...*gqlerror.Error) {
	write(w, media, status, struct {
		Errors gqlerror.List `json:"errors"`
	}{trim(errs)})
}

func write(w http.ResponseWriter, media string, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a value that is no JSON is a fault of this package
		status, body = http.StatusInternalServerError, []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone when this fails
}

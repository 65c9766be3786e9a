package gql

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"casegraph/graph"
)

// The codes of errors, in extensions.code. gqlgen adds GRAPHQL_PARSE_FAILED for a document that does not parse.
const (
	codeValidation = "GRAPHQL_VALIDATION_FAILED"
	codeInput      = "BAD_USER_INPUT"
	codeTooLarge   = "TOO_LARGE"
	codeTimeout    = "TIMEOUT"
	codeInternal   = "INTERNAL"
)

const (
	maxErrors  = 20
	maxMessage = 500 // bytes: a message may repeat words of the request
)

// coded is an error with a code.
func coded(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return err
}

// presenter is the one place where an error becomes what the client sees. What is no known kind is logged under an id,
// without the names of entities, and the client gets the id alone.
func presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := graphql.DefaultErrorPresenter(ctx, err)
		if shown.Extensions["code"] != nil {
			return shown
		}
		code, message := codeInternal, ""
		switch {
		case errors.Is(err, graph.ErrInvalid):
			code, message = codeInput, plain(err, graph.ErrInvalid)
		case errors.Is(err, graph.ErrTooMany):
			code, message = codeTooLarge, err.Error()
		case errors.Is(err, context.DeadlineExceeded):
			code, message = codeTimeout, "the answer took too long; ask for less at once"
		case errors.Is(err, context.Canceled):
			code, message = codeTimeout, "the request was given up"
		default:
			id := rand.Text()[:12]
			log.ErrorContext(ctx, "a GraphQL request failed", "id", id, "path", shown.Path.String(), "error", nameless(err.Error()))
			message = fmt.Sprintf("internal error %s", id)
		}
		return &gqlerror.Error{Message: message, Path: shown.Path, Locations: shown.Locations, Extensions: map[string]any{"code": code}}
	}
}

// place is where in the document the error is first located, as one number.
func place(e *gqlerror.Error) int {
	if len(e.Locations) == 0 {
		return 0
	}
	return e.Locations[0].Line<<20 + e.Locations[0].Column
}

// plain is the message of err from kind on, without the kind's own words.
func plain(err, kind error) string {
	_, after, ok := strings.Cut(err.Error(), kind.Error()+": ")
	if !ok {
		return err.Error()
	}
	return after
}

var entityID = regexp.MustCompile(`\b(person|institution|position|case|place|cite):[^\s|?"]+`)

// nameless is a message for the log, where the names of people have no place.
func nameless(message string) string { return entityID.ReplaceAllString(message, "$1:…") }

// trim keeps the errors of an answer few and short, and puts them in an order: fields are resolved at once in none.
func trim(list gqlerror.List) gqlerror.List {
	slices.SortStableFunc(list, func(a, b *gqlerror.Error) int {
		return cmp.Or(place(a)-place(b), strings.Compare(a.Path.String(), b.Path.String()))
	})
	if len(list) > maxErrors {
		list = append(list[:maxErrors:maxErrors], coded(codeInput, "and %d more errors", len(list)-maxErrors))
	}
	for _, e := range list {
		if len(e.Message) > maxMessage {
			cut := maxMessage
			for !utf8.RuneStart(e.Message[cut]) {
				cut--
			}
			e.Message = e.Message[:cut] + "…"
		}
	}
	return list
}

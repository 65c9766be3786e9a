// Package web serves the graph over HTTP: /graphql, the GraphiQL page and /healthz.
package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"casegraph/graph"
	"casegraph/graph/gql"
)

// What the page needs is in the binary: it works without internet.
//
//go:embed graphiql
var assets embed.FS

// Options say what is served; the zero value is right for a local server.
type Options struct {
	GraphQL    gql.Options
	NoGraphiQL bool         // leaves the page out
	Hosts      []string     // names, besides those of this machine, under which a loopback address may be asked
	Log        *slog.Logger // gets failures, never queries or names; nil is slog.Default()
}

func init() { gin.SetMode(gin.ReleaseMode) } // gin's debug mode prints every route

// New returns the handler of
//
//	/          leads to /graphiql
//	/graphql   the API (see gql.Handler)
//	/graphiql  a page to try it
//	/healthz   200 when the store answers, else 503
func New(g *graph.Graph, o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.GraphQL.Log == nil {
		o.GraphQL.Log = o.Log
	}
	e := gin.New()
	e.HandleMethodNotAllowed = true
	_ = e.SetTrustedProxies(nil) // nil cannot fail
	e.Use(recovery(o.Log), headers, hosts(o.Hosts))
	e.NoRoute(func(c *gin.Context) { c.JSON(http.StatusNotFound, gin.H{"error": "there is nothing at this address"}) })
	e.NoMethod(func(c *gin.Context) {
		c.JSON(http.StatusMethodNotAllowed, gin.H{"error": "this method is not answered here"})
	})
	api := gin.WrapH(gql.NewHandler(g, o.GraphQL))
	e.Any("/graphql", api)
	e.GET("/healthz", health(g, o.Log))
	e.HEAD("/healthz", health(g, o.Log))
	if !o.NoGraphiQL {
		e.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, "/graphiql") })
		e.GET("/graphiql", asset("index.html"))
		files, err := fs.ReadDir(assets, "graphiql")
		if err != nil {
			panic(fmt.Errorf("the embedded page: %w", err))
		}
		for _, f := range files {
			e.GET("/graphiql/"+f.Name(), asset(f.Name()))
		}
	}
	return e
}

// headers keeps a page to its own files, and out of the frames and windows of others.
func headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "+
		"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// hosts refuses, on a loopback address, a request for any name but those of this machine and more. Without it a page of
// somebody else could point its own name at 127.0.0.1 and read the graph through its visitor's browser (DNS rebinding).
func hosts(more []string) gin.HandlerFunc {
	return func(c *gin.Context) {
		local, _ := c.Request.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		if local == nil || !local.IP.IsLoopback() {
			return
		}
		host := (&url.URL{Host: c.Request.Host}).Hostname()
		ip := net.ParseIP(host)
		if ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost") ||
			slices.ContainsFunc(more, func(h string) bool { return strings.EqualFold(h, host) }) {
			return
		}
		c.AbortWithStatusJSON(http.StatusMisdirectedRequest, gin.H{"error": "this server is not known under this name"})
	}
}

// recovery turns a panic into status 500 and one line of the log with the place, never the request's words.
func recovery(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				log.Error("a request panicked", "method", c.Request.Method, "path", c.FullPath(), "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
				if !c.Writer.Written() {
					c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"error": "internal error"})
				}
			}
		}()
		c.Next()
	}
}

// health asks the store for one statement.
func health(g *graph.Graph, log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
		defer cancel()
		if err := g.Ping(ctx); err != nil {
			log.Error("the store does not answer", "error", err)
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "the store does not answer"})
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ok"})
	}
}

// asset serves an embedded file, which a browser may keep as long as the hash of it stays.
func asset(name string) gin.HandlerFunc {
	types := map[string]string{".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain", ".md": "text/plain"}
	content, err := assets.ReadFile("graphiql/" + name)
	if err != nil {
		panic(fmt.Errorf("the embedded page: %w", err))
	}
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(c *gin.Context) {
		c.Header("ETag", tag)
		c.Header("Cache-Control", "no-cache")
		if c.GetHeader("If-None-Match") == tag {
			c.Status(http.StatusNotModified)
			return
		}
		c.Data(http.StatusOK, types[path.Ext(name)]+"; charset=utf-8", content)
	}
}

// Times of a connection: a slow client cannot hold one for ever.
const (
	readHeaderTime = 5 * time.Second
	readTime       = 15 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = 60 * time.Second
	shutdownTime   = 10 * time.Second
)

// Serve answers requests on l until ctx ends, then lets those under way finish for a while and closes l. It returns
// nil after such an end, else what stopped it.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: readHeaderTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn)}
	stopped := make(chan error, 1)
	go func() { stopped <- s.Serve(l) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	err := s.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close() // the rest is cut off
	}
	<-stopped
	if err != nil {
		return fmt.Errorf("closing the server on %s: %w", l.Addr(), err)
	}
	return nil
}

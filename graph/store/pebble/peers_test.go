package pebble

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPeers measures this store on the data and the questions of the peer benchmark, which lies outside of the project:
// PEERS_DATA names the folder with data.nq and queries.json, PEERS_OUT where the answers go, to be compared with those
// of the reference. It prints a line of JSON in the form of that benchmark's. See make bench-peers.
func TestPeers(t *testing.T) {
	data := os.Getenv("PEERS_DATA")
	if data == "" {
		t.Skip("PEERS_DATA is not set: make bench-peers sets it")
	}
	p := newPeers(t, data)
	p.load()
	p.open()
	a := newAsker(t, p.s, "http://kg.example/p/")
	each := func(kind string, starts []string, f func(context.Context, *View, string) (string, error)) {
		p.run(kind, len(starts), func(ctx context.Context, v *View, i int) (string, error) { return f(ctx, v, starts[i]) })
	}
	each("neighbours", p.queries.Neighbours, a.neighbours)
	each("cosign", p.queries.Cosign, a.cosign)
	each("hop3", p.queries.Hop3, a.hop3)
	p.run("path", len(p.queries.Path), func(ctx context.Context, v *View, i int) (string, error) {
		return a.path(ctx, v, p.queries.Path[i][0], p.queries.Path[i][1])
	})
	p.done()
}

// peers is one run of the benchmark.
type peers struct {
	t       *testing.T
	data    string
	dir     string
	queries struct {
		Neighbours, Cosign, Hop3 []string
		Path                     [][2]string
	}
	s      *Store
	report struct {
		Peer    string                `json:"peer"`
		Version string                `json:"version"`
		Iface   string                `json:"interface"`
		Quads   int64                 `json:"quads"`
		Prep    float64               `json:"prep_seconds"`
		Load    float64               `json:"load_seconds"`
		Rate    float64               `json:"quads_per_s"`
		Disk    int64                 `json:"disk_bytes"`
		RSS     int64                 `json:"peak_rss"`
		Queries map[string]*peersStat `json:"queries"`
		Note    string                `json:"note,omitempty"`
	}
	results map[string][]string
}

type peersStat struct {
	N        int     `json:"n"`
	Timeouts int     `json:"timeouts"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
	Sum      int64   `json:"count_sum"`
}

func newPeers(t *testing.T, data string) *peers {
	p := &peers{t: t, data: data, results: map[string][]string{}}
	b, err := os.ReadFile(filepath.Join(data, "queries.json"))
	p.must(err)
	p.must(json.Unmarshal(b, &p.queries))
	p.dir = os.Getenv("PEERS_DB")
	if p.dir == "" {
		p.dir = filepath.Join(t.TempDir(), "store")
	}
	p.report.Peer, p.report.Version, p.report.Iface = "casegraph-pebble", "-", "Go, in process"
	p.report.Queries = map[string]*peersStat{}
	return p
}

func (p *peers) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// load loads data.nq into a new store. PEERS_KEEP takes a store that is there as it is.
func (p *peers) load() {
	if os.Getenv("PEERS_KEEP") != "" {
		return
	}
	p.must(os.RemoveAll(p.dir))
	s, err := Open(p.dir, Options{Create: true})
	p.must(err)
	f, err := os.Open(filepath.Join(p.data, "data.nq"))
	p.must(err)
	defer f.Close()
	debug.SetMemoryLimit(1 << 30)
	begin := time.Now()
	stats, err := s.BulkNQuads(context.Background(), f, BulkOptions{})
	p.must(err)
	p.report.Quads, p.report.Load = stats.Added, time.Since(begin).Seconds()
	p.report.Rate = math.Round(float64(stats.Added) / p.report.Load)
	p.report.RSS = peakRSS(p.t)
	debug.SetMemoryLimit(math.MaxInt64)
	p.must(s.Close())
}

// open opens the store and says how long that took and what it holds in memory.
func (p *peers) open() {
	debug.FreeOSMemory()
	before := rss(p.t)
	begin := time.Now()
	cache, _ := strconv.ParseInt(os.Getenv("PEERS_CACHE"), 10, 64) // bytes; 0 is the default
	s, err := Open(p.dir, Options{Cache: cache})
	p.must(err)
	took := time.Since(begin)
	runtime.GC()
	p.report.Note = fmt.Sprintf("opened in %v, +%d MB", took.Round(time.Millisecond/10), (rss(p.t)-before)>>20)
	p.must(filepath.WalkDir(p.dir, func(_ string, e fs.DirEntry, err error) error {
		if i, e2 := e.Info(); err == nil && e2 == nil && !e.IsDir() {
			p.report.Disk += i.Size()
		}
		return err
	}))
	p.s = s
	p.t.Cleanup(func() { p.must(s.Close()) })
	if p.report.Quads == 0 {
		st, err := s.Stats(context.Background(), false)
		p.must(err)
		p.report.Quads = st.Quads.Size
	}
}

const peersTimeout = 10 * time.Second

// run times f over n questions within the budget of a kind; the first ten are asked before, untimed, or all of them
// with PEERS_WARM.
func (p *peers) run(kind string, n int, f func(context.Context, *View, int) (string, error)) {
	budget := 45 * time.Second
	if s, err := strconv.Atoi(os.Getenv("PEERS_KIND_BUDGET")); err == nil {
		budget = time.Duration(s) * time.Second
	}
	if only := os.Getenv("PEERS_KINDS"); only != "" && !strings.Contains(only, kind) {
		return
	}
	var st peersStat
	var took []float64
	one := func(i int) (string, time.Duration) {
		ctx, cancel := context.WithTimeout(context.Background(), peersTimeout)
		defer cancel()
		begin := time.Now()
		v, err := p.s.View()
		p.must(err)
		answer, err := f(ctx, v, i)
		p.must(v.Close())
		d := time.Since(begin)
		if ctx.Err() != nil {
			return "-", d
		}
		p.must(err)
		return answer, d
	}
	warm := 10
	if os.Getenv("PEERS_WARM") != "" { // all that is asked is in memory then
		warm = n
	}
	for i := range min(n, warm) {
		one(i)
	}
	begin := time.Now()
	for i := 0; i < n && time.Since(begin) < budget; i++ {
		answer, d := one(i)
		took = append(took, float64(d.Nanoseconds())/1e6)
		if answer == "-" {
			st.Timeouts++
		}
		head, _, _ := strings.Cut(answer, ":")
		count, _ := strconv.ParseInt(head, 10, 64)
		st.Sum += count
		p.results[kind] = append(p.results[kind], answer)
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return math.Round(1e4*took[min(len(took)-1, int(q*float64(len(took))))]) / 1e4
	}
	st.N, st.P50, st.P95, st.P99, st.Max = len(took), at(.5), at(.95), at(.99), at(1)
	p.report.Queries[kind] = &st
	fmt.Fprintf(os.Stderr, "%-10s n=%d p50 %.4f p95 %.4f p99 %.4f max %.4f ms\n", kind, st.N, st.P50, st.P95, st.P99, st.Max)
}

func (p *peers) done() {
	line, err := json.Marshal(p.report)
	p.must(err)
	fmt.Println(string(line))
	out := os.Getenv("PEERS_OUT")
	if out == "" {
		return
	}
	answers, err := json.Marshal(p.results)
	p.must(err)
	p.must(os.WriteFile(filepath.Join(out, fmt.Sprintf("%s-%d.results.json", p.report.Peer, p.report.Quads)), answers, 0o600))
	f, err := os.OpenFile(filepath.Join(out, "results.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	p.must(err)
	_, err = f.Write(append(line, '\n'))
	p.must(cmp.Or(err, f.Close()))
}

// peakRSS and rss are the most memory that the process had, and what it has, in bytes.
func peakRSS(t testing.TB) int64 { return status(t, "VmHWM:") }

func rss(t testing.TB) int64 { return status(t, "VmRSS:") }

func status(t testing.TB, field string) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Log("memory is not measured here:", err)
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == field {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

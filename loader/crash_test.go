package loader_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"casegraph/graph"
	"casegraph/graph/store"
	"casegraph/loader"
)

// The test binary run with this variable is the process that TestKilled kills: it loads one folder into one store and
// prints a line after each file.
const childVariable = "CASEGRAPH_TEST_LOAD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := child(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(where, dir string) error {
	s, err := store.Open(context.Background(), where)
	if err != nil {
		return err
	}
	_, err = loader.Loader{Store: s}.Load(context.Background(), []string{dir}, func(r loader.Result) {
		fmt.Println(r.Outcome, r.Source)
	})
	if err != nil {
		return err
	}
	return s.Close()
}

// A load that is killed at any moment and run again, as often as it takes, ends as one that nothing disturbed.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a dozen processes")
	}
	const files, kills = 120, 10
	people := []string{"Ana Ruiz", "Bea Sol", "Cai Paz", "Dr. Eva Luna", "Fe Mar"}
	dir := t.TempDir()
	for i := range files {
		n := i - i%10/9 // every tenth file is a copy: one document that is put a second time for its second source
		p := func(k int) string { return people[(n+k)%len(people)] }
		write(t, filepath.Join(dir, fmt.Sprintf("%03d.txt", i)), letter(n, p(0), p(1), p(2)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	where := filepath.Join(t.TempDir(), "store")
	killed := 0
	for run := 1; ; run++ {
		lines, done := resume(t, where, dir, run, kills, files, random)
		if done {
			break
		}
		killed++
		t.Logf("run %d: killed after %d files", run, lines)
	}
	if killed < kills/2 {
		t.Errorf("only %d of %d kills hit a load at work", killed, kills)
	}
	if diff := cmp.Diff(loaded(t, "memory:", dir), loaded(t, where, "")); diff != "" {
		t.Error(diff)
	}
}

// resume starts a load in a process of its own and kills it a little after a random number of files; the runs after
// the last kill are let be. done tells that the load came to its end.
func resume(t *testing.T, where, dir string, run, kills, files int, random *rand.Rand) (lines int, done bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], where, dir)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// by the n-th run some n/kills of the files are stored; kill it while it goes through the next ones
	after, wait := (run-1)*files/kills+random.IntN(files/kills), time.Duration(random.IntN(4000))*time.Microsecond
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if lines++; lines == after+1 && run <= kills {
			time.Sleep(wait)
			cmd.Process.Kill()
		}
	}
	err = cmd.Wait()
	if err != nil && run > kills {
		t.Fatalf("run %d: %v", run, err)
	}
	return lines, err == nil
}

// loaded is what the store holds, after loading dir into it if there is one.
func loaded(t *testing.T, where, dir string) []graph.Statement {
	t.Helper()
	s, err := store.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if dir != "" {
		load(t, loader.Loader{Store: s}, dir)
	}
	return all(t, s)
}

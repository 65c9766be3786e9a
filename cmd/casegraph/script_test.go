package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"casegraph": main})
}

// TestScript runs the stories in testdata/script through the real binary. -update rewrites what they expect.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"write":    write,
			"fill":     fill,
			"freeport": freePort,
			"ask":      ask,
		},
	})
}

// write FILE TEXT writes a file; both are written as in a Go string, without the quotes around it.
func write(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: write FILE TEXT")
	}
	for i := range args {
		s, err := strconv.Unquote(`"` + args[i] + `"`)
		ts.Check(err)
		args[i] = s
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]), 0o644))
}

// fill FILE BYTES writes a file that is one long line.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill FILE BYTES")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("x"), n), 0o644))
}

// freeport VARIABLE sets a variable to a port that nothing listens on.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// ask URL [QUERY] prints what a server answers, to a GraphQL query if there is one. It waits for the server to come up.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: ask URL [QUERY]")
	}
	for tries := 0; ; tries++ {
		var answer *http.Response
		var err error
		if len(args) == 1 {
			answer, err = http.Get(args[0])
		} else {
			body, _ := json.Marshal(map[string]string{"query": args[1]})
			answer, err = http.Post(args[0], "application/json", bytes.NewReader(body))
		}
		if err != nil && tries < 200 && strings.Contains(err.Error(), "refused") {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		ts.Check(err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s\n%s\n", answer.Status, text)
		return
	}
}

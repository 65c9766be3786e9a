package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"casegraph/loader/document"
)

// extractFile runs casegraph extract on one file.
func extractFile(t *testing.T, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	status := run(context.Background(), append([]string{"extract"}, args...), func(string) string { return "" }, nil, &out, &stderr)
	if status != 0 {
		t.Fatalf("extract %v: exit status %d: %s", args, status, stderr.String())
	}
	return out.String()
}

// On every sample document: each line is JSON, each claim's quote is what stands at its offsets, each claim names
// documents and entities that are described, and a second run prints the same bytes.
func TestExtractSamples(t *testing.T) {
	files, err := filepath.Glob("../../loader/samples/documents/*")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d sample documents, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out := extractFile(t, path)
			if out != extractFile(t, path) {
				t.Error("a second run prints other bytes")
			}
			text := map[string][]rune{"": []rune(string(content)), "text": []rune(extractFile(t, "--text", path))}
			known := map[string]bool{}
			for line := range strings.Lines(out) {
				var l struct {
					Type, ID, Subject, Object, Document, Quote, Offsets string
					Loaded                                              bool
					Start, End                                          int
				}
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatal(err, line)
				}
				of := text[l.Offsets]
				switch {
				case l.Type != "claim":
					known[l.ID] = true
					if l.Loaded && (l.Start < 0 || l.End <= l.Start || l.End > len(of)) {
						t.Errorf("not in the text: %s", line)
					}
				case l.Quote == "" || l.Start < 0 || l.End < l.Start || l.End > len(of) || string(of[l.Start:l.End]) != l.Quote:
					t.Errorf("not what stands there: %s", line)
				case !known[l.Subject] || !known[l.Object] || !known[l.Document]:
					t.Errorf("names what is not described: %s", line)
				}
			}
		})
	}
}

func TestOffsets(t *testing.T) {
	// the file is <b>Añá</b> &amp; co, the text "Añá & co"
	o := offsets{
		text:   []rune("Añá & co"),
		file:   []rune("<b>Añá</b> &amp; co"),
		source: document.Source{{Text: 0, File: 3}, {Text: 3, File: 10}, {Text: 5, File: 16}},
	}
	for _, c := range []struct {
		start, end, from, to int
		quote                string
	}{
		{0, 3, 3, 6, "Añá"},
		{0, 8, 3, 19, "Añá</b> &amp; co"},
		{6, 8, 17, 19, "co"},
	} {
		p, quote := o.place(c.start, c.end)
		if *p.Start != c.from || *p.End != c.to || p.Offsets != "" || quote != c.quote {
			t.Errorf("text[%d:%d] is %d,%d %s %q", c.start, c.end, *p.Start, *p.End, p.Offsets, quote)
		}
	}
	o.source = document.Source{}
	if p, quote := o.place(4, 8); *p.Start != 4 || *p.End != 8 || p.Offsets != "text" || quote != "& co" {
		t.Errorf("without a place in the file: %d,%d %s %q", *p.Start, *p.End, p.Offsets, quote)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Peña, «日本».txt":       "Peña, «日本».txt",
		"a\x1b[31m\nb\t\u202e": `a\x1b[31m\nb\t\u202e`,
		"a\xff\ufffd":          `a\xff` + "\ufffd",
		"\u009b":               `\u009b`,
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) is %s, want %s", in, got, want)
		}
	}
}

func TestPrintJSON(t *testing.T) {
	in := "a<\u009b\u202e\x1b\x7f\U000e0041\U0001f600é"
	var b bytes.Buffer
	if err := printJSON(&b, in); err != nil {
		t.Fatal(err)
	}
	var out string
	if err := json.Unmarshal(b.Bytes(), &out); err != nil || out != in {
		t.Errorf("%s comes back as %q, %v", b.String(), out, err)
	}
	if want := `"a<\u009b\u202e\u001b\u007f\udb40\udc41` + "\U0001f600é\"\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// A script can tell a wrong command line (2) from a failure (1).
func TestStatus(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "store")
	for want, lines := range map[int][]string{
		0: {"", "--help", "help", "version", "load --help"},
		1: {"list --store " + empty, "extract " + empty, "remove --store " + empty + " x"},
		2: {"nonsense", "load", "load --nonsense x", "list x", "list --store", "serve --listen 0.0.0.0:80"},
	} {
		for _, line := range lines {
			var out, stderr bytes.Buffer
			got := run(context.Background(), strings.Fields(line), func(string) string { return "" }, nil, &out, &stderr)
			if got != want || (want > 0) != (strings.Count(stderr.String(), "\n") == 1) {
				t.Errorf("casegraph %s: exit status %d, want %d; stderr: %s", line, got, want, stderr.String())
			}
		}
	}
}

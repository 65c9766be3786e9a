package extract

import (
	"os"
	"path/filepath"
	"testing"

	"casegraph/loader/document"
)

// FuzzExtract reads any bytes as a file of each format: whatever document.Read lets through, Extract reads without a
// panic, and what it says holds.
func FuzzExtract(f *testing.F) {
	list, err := os.ReadDir(samplesDir)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(samplesDir, e.Name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(e.Name(), b)
		f.Add(e.Name(), b[:len(b)*2/3])
		f.Add(e.Name(), append([]byte("\xff\xfe\x00"), b...))
	}
	for _, s := range []string{"", "\x00", "\xff", "\ufeff", "---\n", "---\ntitle:\n---", "From:", "From: \nTo: \nSubject: \n", "Dear \n", "cc:", "cc:\n\n", "Sincerely,", "Sincerely,\n\n,", "Signatories:\n|\n|-|\n", "A) 97 X 1\n", "O 121822Z JUN 97\nFM \n",
		"Signature:\n", "Drafted By: :/;,\n", "\f\f\f", "*", "**\n", "_", "(b)(6)", "1/1/2000\n1/1/2000\n1/1/2000\n", "Ǆ ǅ ß İ\n", "\u0301\u0301", "\u202eabc", "()\n", "A (B)\n", "&#0;&#1114112;&#xD800;\n", "<a\n", "[x](y", "> > >\n"} {
		for _, name := range []string{"x.txt", "x.eml", "x.html", "x.md"} {
			f.Add(name, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if len(content) > 1<<16 {
			t.Skip("large files are for the benchmarks")
		}
		d, err := document.Read(name, content)
		if err != nil {
			t.Skip(err)
		}
		hold(t.Errorf, d, Extract(d))
	})
}

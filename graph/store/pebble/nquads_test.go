package pebble

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cayleygraph/quad"
	cayley "github.com/cayleygraph/quad/nquads"
	"pgregory.net/rapid"
)

// parse reads all statements of a text as quads.
func parse(text string) (quads []quad.Quad, err error) {
	var n nquads
	n.reset([]byte(text), 1)
	for {
		var st statement
		if ok, err := n.next(&st); err != nil || !ok {
			return quads, err
		}
		var vs [4]quad.Value
		for i, b := range st {
			if b != nil {
				if vs[i], err = parseValue(b); err != nil {
					return quads, err
				}
			}
		}
		quads = append(quads, quad.Quad{Subject: vs[0], Predicate: vs[1], Object: vs[2], Label: vs[3]})
	}
}

// encoded are the terms of a quad as the store keeps them: what has to be equal.
func encoded(q quad.Quad) (out statement) {
	for i, v := range []quad.Value{q.Subject, q.Predicate, q.Object, q.Label} {
		if v == nil {
			continue
		}
		b, err := appendValue(nil, v)
		if err != nil {
			panic(err)
		}
		out[i] = b
	}
	return out
}

func same(a, b statement) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) || (a[i] == nil) != (b[i] == nil) {
			return false
		}
	}
	return true
}

func TestNQuads(t *testing.T) {
	const xsd = "http://www.w3.org/2001/XMLSchema#"
	s, p := quad.IRI("s"), quad.IRI("p")
	spo := func(o quad.Value) []quad.Quad { return []quad.Quad{{Subject: s, Predicate: p, Object: o}} }
	for _, c := range []struct {
		name, in string
		want     []quad.Quad
	}{
		{"nothing", "", nil},
		{"blank lines and comments", "\n \t\r\n# <a> <b> <c> .\n#", nil},
		{"label", "<s> <p> <o> <l> .", []quad.Quad{{Subject: s, Predicate: p, Object: quad.IRI("o"), Label: quad.IRI("l")}}},
		{"CRLF", "<s> <p> <o> .\r\n<s> <p> <o> . \r\n", append(spo(quad.IRI("o")), spo(quad.IRI("o"))...)},
		{"comment after it", "<s> <p> <o> . # and more\n<s> <p> <o>.#", append(spo(quad.IRI("o")), spo(quad.IRI("o"))...)},
		{"no white space", `<s><p>"o"<l>.`, []quad.Quad{{Subject: s, Predicate: p, Object: quad.String("o"), Label: quad.IRI("l")}}},
		{"no white space after a blank node", "_:s<p>_:o.", []quad.Quad{{Subject: quad.BNode("s"), Predicate: p, Object: quad.BNode("o")}}},
		{"tabs", "\t<s>\t<p>\t<o>\t.\t", spo(quad.IRI("o"))},
		{"every term everywhere", `"s" _:p "o"@en "l" .`, []quad.Quad{{Subject: quad.String("s"), Predicate: quad.BNode("p"), Object: quad.LangString{Value: "o", Lang: "en"}, Label: quad.String("l")}}},
		{"name with dots and colons", "<s> <p> _:a.b..c:d-1_.", spo(quad.BNode("a.b..c:d-1_"))},
		{"name of a digit", "<s> <p> _:1 .", spo(quad.BNode("1"))},
		{"name beyond ASCII", "<s> <p> _:Žižka·\u0301𐍈 .", spo(quad.BNode("Žižka·\u0301𐍈"))},
		{"IRI beyond ASCII", "<s> <p> <http://č/ř|{}^`> .", spo(quad.IRI("http://č/ř|{}^`"))},
		{"escapes in an IRI", `<s> <p> <\u010d\U0001F600\u003e\u0020\u0001> .`, spo(quad.IRI("č😀> \x01"))},
		{"escapes in a text", `<s> <p> "\t\b\n\r\f\"\'\\\u010D\U0001f600" .`, spo(quad.String("\t\b\n\r\f\"'\\č😀"))},
		{"a text with controls", "<s> <p> \"\x01\x7f\u0085\" .", spo(quad.String("\x01\x7f\u0085"))},
		{"empty text", `<s> <p> "" .`, spo(quad.String(""))},
		{"languages", `<s> <p> "a"@cs-CZ-x1 .`, spo(quad.LangString{Value: "a", Lang: "cs-CZ-x1"})},
		{"escaped with a language", `<s> <p> "\t"@cs.`, spo(quad.LangString{Value: "\t", Lang: "cs"})},
		{"typed", `<s> <p> "2014-02"^^<` + xsd + `gYearMonth> .`, spo(quad.TypedString{Value: "2014-02", Type: xsd + "gYearMonth"})},
		{"escaped and typed", `<s> <p> "\\"^^<\u0074> .`, spo(quad.TypedString{Value: "\\", Type: "t"})},
		{"integer", `<s> <p> "-7"^^<` + xsd + `integer> .`, spo(quad.Int(-7))},
		{"integer that is none", `<s> <p> "1e9"^^<` + xsd + `integer> .`, spo(quad.TypedString{Value: "1e9", Type: xsd + "integer"})},
		{"short integer type", `<s> <p> "7"^^<xsd:long> .`, spo(quad.Int(7))},
		{"string", `<s> <p> "7"^^<` + xsd + `string> .`, spo(quad.String("7"))},
		{"boolean", `<s> <p> "True"^^<` + xsd + `boolean> .`, spo(quad.Bool(true))},
		{"double", `<s> <p> "-Inf"^^<` + xsd + `double> .`, spo(quad.Float(math.Inf(-1)))},
		{"time", `<s> <p> "2014-02-03T04:05:06.7+01:00"^^<` + xsd + `dateTime> .`, spo(quad.Time(time.Date(2014, 2, 3, 3, 5, 6, 7e8, time.UTC)))},
	} {
		got, err := parse(c.in)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
			continue
		}
		for i := range got {
			if !same(encoded(got[i]), encoded(c.want[i])) {
				t.Errorf("%s: %#v, want %#v", c.name, got[i], c.want[i])
			}
		}
	}
}

func TestNQuadsErrors(t *testing.T) {
	const ok = "<s> <p> <o> .\n"
	for _, c := range []struct{ in, want string }{
		{ok + "\n" + ok + "this is valid .", "line 4, column 1: a subject is missing"},
		{"<s>", "line 1, column 4: a predicate is missing"},
		{"<s> <p>\n<o> .", "line 1, column 8: an object is missing"},
		{"<s> <p> .", "line 1, column 9: an object is missing"},
		{"<s> <p> <o>", "line 1, column 12: a label or a full stop is missing"},
		{"<s> <p> <o> <l>\n.", "line 1, column 16: a full stop is missing"},
		{"<s> <p> <o> <l> <m> .", "line 1, column 17: a full stop is missing"},
		{"<s> <p> <o> . <s>", "line 1, column 15: text after the end of the statement"},
		{"<s> <p> <o> .#\r<s>", "line 1, column 19: a predicate is missing"},
		{"<s", "line 1, column 1: an IRI without an end"},
		{"<s\n>", "line 1, column 1: an IRI without an end"},
		{"<a b>", `line 1, column 3: an IRI with the character ' '`},
		{"<a<b>", `line 1, column 3: an IRI with the character '<'`},
		{`<a\n>`, "line 1, column 3: an IRI with a wrong escape"},
		{`<a\u0000>`, "line 1, column 3: an IRI with a wrong escape"},
		{"<>", "line 1, column 1: an empty IRI"},
		{"<\xff>", "line 1, column 1: an IRI that is not UTF-8"},
		{"\"\xc3\"", "line 1, column 1: a text that is not UTF-8"},
		{"\"\x00\"", `line 1, column 2: a text with the character '\x00'`},
		{`"\u0000"`, "line 1, column 2: a text with a wrong escape"},
		{`"\ud83d\ude00"`, "line 1, column 2: a text with a wrong escape"},
		{`"\U00110000"`, "line 1, column 2: a text with a wrong escape"},
		{`"\uFFFFFFFF"`, "line 1, column 13: a predicate is missing"},
		{`"\u12`, "line 1, column 2: a text with a wrong escape"},
		{`"\x"`, "line 1, column 2: a text with a wrong escape"},
		{"\"a\r\n\"", "line 1, column 1: a text without an end"},
		{`"a"@`, "line 1, column 4: a text with a wrong language"},
		{`"a"@e1`, "line 1, column 4: a text with a wrong language"},
		{`"a"@en-`, "line 1, column 4: a text with a wrong language"},
		{`"a"@en--x`, "line 1, column 4: a text with a wrong language"},
		{`"a"@-en`, "line 1, column 4: a text with a wrong language"},
		{`"a"^^x`, "line 1, column 4: a predicate is missing"},
		{"_", "line 1, column 1: a term of no known form"},
		{"_x:a", "line 1, column 1: a term of no known form"},
		{"_:. ", "line 1, column 1: a blank node without a name"},
		{"_:-a", "line 1, column 1: a blank node without a name"},
		{"_:\u0301", "line 1, column 1: a blank node without a name"},
		{"_:a\xff", "line 1, column 4: a predicate is missing"},
	} {
		_, err := parse(c.in)
		if fmt.Sprint(err) != c.want {
			t.Errorf("%q: %v, want %s", c.in, err, c.want)
		}
	}
}

// anyText are strings that N-Quads can have.
var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "Žižka", "\\", "\"", "\\u0041", "a\tb\nc\rd", "\b\f'", "\u0085\u2028", "😀", strings.Repeat("long", 50)}),
	rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 && utf8.ValidRune(r) })),
)

// anyIRI are IRIs that quad/nquads reads as it wrote them; among them passages, and what only looks like one.
var anyIRI = rapid.Custom(func(t *rapid.T) quad.IRI {
	base := rapid.SampledFrom([]string{"a", "doc:1", "doc:2?by=x", "http://č/", "#char=1,2", "x#char=3,4", strings.Repeat("long/", 40)}).Draw(t, "base")
	tail := rapid.SampledFrom([]string{"", "", "b", "#char=0,0", "#char=5,300", "#char=70000,4294967295", "#char=01,2", "#char=5,4", "#char=1,4294967296", "#char=,", "#char="}).Draw(t, "tail")
	return quad.IRI(base + tail)
})

// anyValue are values of every kind that come back from N-Quads.
var anyValue = rapid.Custom(func(t *rapid.T) quad.Value {
	text := quad.String(anyText.Draw(t, "text"))
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		return text
	case 1:
		return quad.BNode(rapid.StringMatching(`[a-zA-Z0-9_:č]([a-z.-]*[a-z-])?`).Draw(t, "name"))
	case 2:
		return quad.LangString{Value: text, Lang: rapid.StringMatching(`[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,2}`).Draw(t, "lang")}
	case 3:
		return quad.TypedString{Value: text, Type: anyIRI.Draw(t, "type")}
	case 4:
		return quad.Int(rapid.Int64().Draw(t, "int"))
	case 5:
		return quad.Float(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1)})).Draw(t, "float"))
	case 6:
		return quad.Bool(rapid.Bool().Draw(t, "bool"))
	case 7:
		return quad.Time(time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "time"), 0).UTC())
	}
	return anyIRI.Draw(t, "iri")
})

var anyQuad = rapid.Custom(func(t *rapid.T) quad.Quad {
	q := quad.Quad{Subject: anyValue.Draw(t, "s"), Predicate: anyValue.Draw(t, "p"), Object: anyValue.Draw(t, "o")}
	if rapid.IntRange(0, 3).Draw(t, "labelled") > 0 {
		q.Label = anyValue.Draw(t, "l")
	}
	return q
})

// Whatever Cayley writes is read as Cayley reads it.
func TestNQuadsLikeCayley(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text bytes.Buffer
		w := cayley.NewWriter(&text)
		if _, err := w.WriteQuads(rapid.SliceOfN(anyQuad, 1, 5).Draw(t, "quads")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		want, err := quad.ReadAll(cayley.NewReader(bytes.NewReader(text.Bytes()), false))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(text.String())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %v, %v", &text, got, err)
		}
		for i := range got {
			if g, w := encoded(got[i]), encoded(want[i]); !same(g, w) {
				t.Fatalf("%s: %q, want %q", &text, g, w)
			}
		}
	})
}

// What quad/nquads reads of this form has to be read likewise. The rest of what it reads is a word without quotes, a
// name with odd characters that it takes for such a word, or has an escape in an IRI.
var proper = func() *regexp.Regexp {
	const iri = `<[^\x00-\x20\x7f<>"\\]+>`
	const text = `"([^\x00"\\\n\r]|\\[tbnrf"'\\]|\\u00[1-9a-fA-F][0-9a-fA-F]|\\U0001[0-9a-fA-F]{4})*"`
	const term = `(` + iri + `|` + text + `(@[a-zA-Z]+(-[a-zA-Z0-9]+)*|\^\^` + iri + `)?|_:[a-zA-Z0-9_:]([a-zA-Z0-9_:.-]*[a-zA-Z0-9_:-])?)`
	return regexp.MustCompile(`^[ \t]*` + term + `[ \t]+` + term + `[ \t]+` + term + `([ \t]+` + term + `)?[ \t]*\.[ \t]*(#[^\r\n]*)?$`)
}()

func FuzzNQuads(f *testing.F) {
	for _, s := range []string{
		`<s> <p> "o\t\u00e9"@en-GB <doc:1#char=1,2> . # c`, `_:a.b <p> "1"^^<xsd:int> .`, "<s><p><o>.\r\n_:s _:p _:o .", `"\U0001F600" <\u0041> "" "l".`,
		"\xff", "<\x00>", `"a"^^<>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse(text)
		for _, q := range got { // what is read is dumped and read again as the same
			line := string(appendNQuad(nil, q))
			again, err := parse(line)
			if !strings.Contains(line, "dateTime>") && (err != nil || len(again) != 1 || !same(encoded(again[0]), encoded(q))) {
				t.Fatalf("%q: %v, then %v, %v", text, q, again, err)
			}
		}
		if !proper.MatchString(text) || !utf8.ValidString(text) {
			return
		}
		want, cerr := cayley.Parse(text)
		if cerr != nil {
			return
		}
		if err != nil || len(got) != 1 || !same(encoded(got[0]), encoded(want)) {
			t.Fatalf("%q: %v, %v, want %v", text, got, err, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := new(sample).lines(5000)
	buf := make([]byte, len(text))
	var n nquads
	var st statement
	quads := 0
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, text)
		n.reset(buf, 1)
		for {
			ok, err := n.next(&st)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			quads++
		}
	}
	b.ReportMetric(float64(quads)/b.Elapsed().Seconds(), "quads/s")
}

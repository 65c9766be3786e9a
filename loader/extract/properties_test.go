package extract

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
)

func init() { // a failure is told, not kept; to make it small must not take half a minute
	flag.Set("rapid.nofailfile", "true")
	flag.Set("rapid.shrinktime", "5s")
}

// alphabet are lines that the layout rules know: put together at random they make the zones that no sample has.
var alphabet = []string{
	"", "", "", "   ", "From: Kroon, Anselm", "To: Stolberg, Marijke; Ruiz, Ana 3", "Cc: (b)(6)", "Subject: Fw: the school", "Subject: RE: the school", "Date: 5 February 2024", "Sent: Monday, 5 February 2024 09:12",
	"Attachments: Letter to Minister Paz.pdf; image1.png", "MRN: 24 PUERTO AMPARO 118", "Action: SECSTATE ELSHOLM ROUTINE", "Info: AMEMBASSY SAN ISIDORO;", "TAGS: PHUM, TN", "Reference: A) 97 PUERTO AMPARO 2203", "B) 24 ELSHOLM 4410",
	"FM AMEMBASSY PUERTO AMPARO", "TO SECSTATE ELSHOLM IMMEDIATE 0771", "O 121822Z JUN 97", "Drafted By: POL:Oldenkamp, Wietse", "Cleared By: ECON:Ruyter, Maaike/A Paz", "            DEF (b)(6)", "Signature: Halvorsund",
	"Dear Ms Quintanar,", "Dear Madam Secretary:", "Señor gobernador:", "Yours sincerely,", "Atentamente,", "A T E N T A M E N T E", "Marta Oquendo", "MTRO. LUIS BRAVO PAZ", "Executive Director", "Lakes Institute", "Institute for",
	"Marta Oquendo                        Luis Bravo", "Director                             Secretary", "                                     de Ixcala (SIMI)", "| Marta Oquendo | Director | Lakes Institute |", "|---|---|---|",
	"Marta Oquendo Executive Director Rivers Foundation Luis Bravo President Harbour Workers Union", "cc: Luis Bravo, Chair, Harbour Committee", "C.c.p. Archivo.- Para su conocimiento", "EBL/rmo", "Signatories:", "FIRMAN:", "The undersigned organizations ask",
	"The Clean Rivers Coalition comprised of:", "- Forest Network, Mexico", "4 March 2021", "March 5, 2021", "5 de marzo de 2021", "PRESS RELEASE", "OPEN LETTER", "Open letter to Rosa Quintanar, Minister", "---", "title: The school", "author: Ana", "By Marta Oquendo",
	"SCHOOL OPENS AGAIN", "The school in Puerto Amparo opens today after two years, the teachers say. (El Correo)", "On 2 February 2024, Marijke Stolberg wrote:", "> > Can it open?", "-----Original Message-----", "Your ref: VI/TAN/0142/2024", "Our ref: MH/0219/2024",
	"UNCLASSIFIED", "Page 2 of 2", "BEGIN TEXT", "END TEXT", "# A heading", "1. Letter of the Lakes Institute to the Harbour Committee dated 4 March 2021", "\u00a0\u200b", "é̂́", "𝔸𝕟𝕒 𝓡𝓾𝓲𝔃", "**", "<b>", "&amp;", "\f", "a;b;c;", ",", ":", "(", "B1", "(((", "Ana\tRuiz",
}

// drawText draws a text: pieces of samples and lines of the alphabet, cut, joined and mutated.
func drawText(pieces []string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0: // a run of lines of one sample
				lines := strings.SplitAfter(rapid.SampledFrom(pieces).Draw(t, "sample"), "\n")
				i := rapid.IntRange(0, len(lines)-1).Draw(t, "from")
				b.WriteString(strings.Join(lines[i:min(len(lines), i+rapid.IntRange(1, 40).Draw(t, "n"))], ""))
			default:
				for _, l := range rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, 14).Draw(t, "lines") {
					b.WriteString(l + "\n")
				}
			}
		}
		r := []rune(b.String())
		for range rapid.IntRange(0, 3).Draw(t, "mutations") {
			if len(r) < 2 {
				break
			}
			i := rapid.IntRange(0, len(r)-1).Draw(t, "at")
			j := min(len(r), i+rapid.IntRange(1, 30).Draw(t, "len"))
			switch rapid.IntRange(0, 2).Draw(t, "mutation") {
			case 0:
				r = slices.Delete(r, i, j)
			case 1:
				r = slices.Insert(r, i, slices.Clone(r[i:j])...)
			default:
				r[i] = rapid.SampledFrom([]rune(" \t\n;,:|*_<>@./()[]'\"0aÁñ\u00a0\u200b\U0001F600-")).Draw(t, "rune")
			}
		}
		return string(r)
	})
}

func texts(t testing.TB) []string {
	var out []string
	for _, s := range samples(t) {
		out = append(out, s.doc.Text)
	}
	return out
}

// hold checks what must be true of every batch.
func hold(fail func(format string, args ...any), d document.Document, b graph.Batch) {
	if b.File != graph.ID("doc:"+d.Hash) || b.Text != d.Text {
		fail("the batch is of another file")
	}
	if _, err := b.Statements(); err != nil {
		fail("statements: %v", err)
	}
	size := len([]rune(b.Text))
	docs := map[graph.ID]graph.Document{}
	for i, doc := range b.Documents {
		if _, twice := docs[doc.ID]; twice {
			fail("document %s stands twice", doc.ID)
		}
		docs[doc.ID] = doc
		if !doc.Loaded {
			continue
		}
		if doc.Span.Start < 0 || doc.Span.End < doc.Span.Start || doc.Span.End > size {
			fail("span %v of %s is not in the text of %d", doc.Span, doc.ID, size)
		}
		if i == 0 && (doc.ID != b.File || doc.Span != graph.Span{Start: 0, End: size}) {
			fail("the first document %s %v is not the file", doc.ID, doc.Span)
		}
		if doc.Kind != "" && !slices.Contains(vocab.Kinds(), doc.Kind) {
			fail("kind %q of %s is not in the vocabulary", doc.Kind, doc.ID)
		}
	}
	// Parts nest: of any two, one holds the other or they do not touch.
	for i, p := range b.Documents {
		for _, q := range b.Documents[:i] {
			if p.Loaded && q.Loaded && !(in(p.Span, q.Span) || in(q.Span, p.Span) || p.Span.End <= q.Span.Start || q.Span.End <= p.Span.Start) {
				fail("%s %v and %s %v overlap", p.ID, p.Span, q.ID, q.Span)
			}
		}
	}
	parents := map[graph.ID]int{}
	ids := map[graph.ID]bool{}
	for _, e := range b.Entities {
		if ids[e.ID] || e.ID == "" || strings.TrimSpace(e.Name) == "" {
			fail("entity %q %q stands twice or has no name", e.ID, e.Name)
		}
		ids[e.ID] = true
	}
	for _, c := range b.Claims {
		q := quote(b, c)
		if strings.TrimSpace(q) == "" {
			fail("claim %s %s %s has no quote", c.Subject, c.Predicate, c.Object)
		}
		if q != strings.TrimSpace(q) {
			fail("claim %s %s %s: the quote %q has space around it", c.Subject, c.Predicate, c.Object, q)
		}
		if !docs[c.Document].Loaded {
			fail("claim %s %s %s: read in %s", c.Subject, c.Predicate, c.Object, c.Document)
		}
		if c.Predicate == vocab.PartOf && docs[c.Subject].Loaded && c.Extractor == "part" {
			parents[c.Subject]++
			if !in(docs[c.Subject].Span, docs[c.Object].Span) {
				fail("%s is part of %s, but does not lie in it", c.Subject, c.Object)
			}
		}
		if c.Confidence <= 0 || c.Confidence > 1 || c.Extractor == "" {
			fail("claim %s %s %s: confidence %v of %q", c.Subject, c.Predicate, c.Object, c.Confidence, c.Extractor)
		}
	}
	for id, d := range docs {
		if d.Loaded && id != b.File && parents[id] == 0 {
			fail("%s is part of nothing", id)
		}
	}
}

func in(p, q graph.Span) bool { return q.Start <= p.Start && p.End <= q.End }

func TestProperties(t *testing.T) {
	pieces := texts(t)
	gen := drawText(pieces)
	rapid.Check(t, func(t *rapid.T) {
		d, err := document.Read("x.txt", []byte(gen.Draw(t, "text")))
		if err != nil {
			t.Skip(err)
		}
		b := Extract(d)
		hold(t.Fatalf, d, b)
		if again := diff.Diff(b, Extract(d)); again != "" {
			t.Fatalf("another run gives something else:\n%s", again)
		}
	})
}

// What a printer puts below a text, and blank lines, say nothing.
func TestTrailersAddNothing(t *testing.T) {
	pieces := texts(t)
	gen := drawText(pieces)
	read := func(t *rapid.T, text string) []string {
		b := Extract(document.Document{Name: "x.txt", Format: document.Text, Hash: strings.Repeat("0", 32), Text: text})
		name := names(b)
		var out []string
		for _, c := range b.Claims {
			out = append(out, fmt.Sprintf("%s %s %s %q %s", name[c.Subject], c.Predicate, name[c.Object], quote(b, c), c.Extractor))
		}
		return out
	}
	// Two lines after the cue are no list, but a blank one made three of them.
	const undersigned = "Las organizaciones firmantes exigimos:\nMarta Oquendo\n"
	trailers := []string{"\n", "\n\n\n\n", "   \n \n", "\nUNCLASSIFIED U.S. Department of State Case No. F-2014-00000 Doc No. C05790000 Date: 02/13/2016\n", "\nPage 3 of 3\n", "\nRELEASE IN PART B6\n"}
	t.Run("undersigned", func(t *testing.T) {
		if d := diff.Diff(told(tell(t, undersigned)), told(tell(t, undersigned+"\n"))); d != "" {
			t.Errorf("a blank line below adds:\n%s", d)
		}
	})
	check := func(t *rapid.T, text, trailer string) {
		d, err := document.Read("x.txt", []byte(text))
		if err != nil {
			t.Skip(err)
		}
		text = d.Text
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		before, after := read(t, text), read(t, text+trailer)
		for _, c := range after {
			if !slices.Contains(before, c) {
				t.Fatalf("%q below the text adds %s", trailer, c)
			}
		}
	}
	t.Run("drawn", rapid.MakeCheck(func(t *rapid.T) {
		check(t, gen.Draw(t, "text"), rapid.SampledFrom(trailers).Draw(t, "trailer"))
	}))
}

// Each sample read by itself holds, and what stands around the file (a byte order mark, CRLF) changes no relation.
func TestSamplesHold(t *testing.T) {
	for _, s := range samples(t) {
		b := Extract(s.doc)
		hold(func(f string, args ...any) { t.Helper(); t.Errorf(s.name+": "+f, args...) }, s.doc, b)
		if s.doc.Format == document.Email || s.doc.Format == document.HTML {
			continue
		}
		crlf, err := document.Read(s.name, []byte(strings.ReplaceAll(s.doc.Text, "\n", "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		if d := diff.Diff(told(b), told(Extract(crlf))); d != "" {
			t.Errorf("%s with CRLF reads otherwise:\n%s", s.name, d)
		}
	}
}

// Names of the wrong size and lines of the wrong length must not cost more than their length: reading twice as much
// takes about twice as long. The bound is wide (eight times for four times the text), and each is tried three times.
func TestLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second or two")
	}
	for _, c := range []struct {
		name string
		text func(n int) string
	}{
		{"prose", func(n int) string {
			return strings.Repeat("The school in Puerto Amparo is closed, and nobody knows why.\n", n*10)
		}},
		{"one long line", func(n int) string { return strings.Repeat("Marta Oquendo Executive Director Rivers Foundation ", n*4) }},
		{"one long line of capitals", func(n int) string { return strings.Repeat("MARTA OQUENDO ", n*10) }},
		{"entries", func(n int) string { return strings.Repeat("4 March 2021\nThe school opens\nThey say.\n\n", n) }},
		{"messages", func(n int) string {
			return strings.Repeat("From: Kroon, Anselm\nTo: Stolberg, Marijke\nSubject: Fw: x\n\nText.\n\n", n/4)
		}},
		{"signatories", func(n int) string {
			return "Open letter\n\nWe write.\n\nSignatories:\n\n" + repeatf("%s %s, Director, Lakes Institute\n", n)
		}},
		{"addressees", func(n int) string {
			return "From: Kroon, Anselm\nSubject: x\nTo: " + repeatf("%[2]s, %[1]s;\n ", n) + "\n\nText.\n"
		}},
		{"acronyms", func(n int) string {
			return strings.Repeat("the National Commission for Rights and Guarantees (CNDG) and ", n*4)
		}},
		{"capitals that open no acronym", func(n int) string { return strings.Repeat("Marta Oquendo Of The ", n*4) + "(X)" }},
		{"bullets", func(n int) string { return strings.Repeat("- Forest Network, Mexico\n", n*4) }},
		{"open brackets", func(n int) string { return strings.Repeat("((((((<<<<[[[[", n*4) }},
		{"copies", func(n int) string {
			return "Dear Ms Paz,\n\nText.\n\nSincerely,\n\nAna Ruiz\n\n" + repeatf("cc: %s %s, Director\n", n)
		}},
		{"commas", func(n int) string {
			return "Dear Ms Paz,\n\nText.\n\nSincerely,\n\n" + strings.Repeat("Ana, ", n*8) + "\n"
		}},
		{"blank lines", func(n int) string { return "Dear Ms Paz,\n" + strings.Repeat("\n", n*40) + "Sincerely,\n\nAna Ruiz\n" }},
		{"salutations in messages", func(n int) string {
			return "From: Kroon, Anselm\nTo: Stolberg, Marijke\nSubject: x\n\n" + strings.Repeat("Text of it.\n\nDear Ms Paz,\n\nSincerely,\n\nAna Ruiz\n\n", n)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			took := func(n int) time.Duration {
				d := document.Document{Name: "x.txt", Hash: strings.Repeat("0", 32), Text: c.text(n)}
				start := time.Now()
				Extract(d)
				return time.Since(start)
			}
			var small, large time.Duration
			for range 3 {
				small, large = took(100), took(400)
				if large < 8*small || large < 40*time.Millisecond {
					return
				}
			}
			t.Errorf("four times the text takes %.0f times as long: %v, %v", float64(large)/float64(small), small, large)
		})
	}
}

// repeatf writes n lines with names that all differ.
func repeatf(format string, n int) string {
	given := []string{"Marta", "Luis", "Rosa", "Pedro", "Ana", "Jorge", "Elena", "Pablo", "Irene", "Hugo"}
	var b strings.Builder
	for i := range n {
		last := fmt.Sprintf("%c%c%cquendo", 'A'+i%26, 'a'+i/26%26, 'a'+i/676%26)
		fmt.Fprintf(&b, format, given[i%len(given)], last)
	}
	return b.String()
}

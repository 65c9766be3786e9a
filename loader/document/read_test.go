package document

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		if strings.HasSuffix(n, ".golden") {
			continue
		}
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = b
	}
	return out
}

// A golden file holds format, title, the runs of Source (nil when the text is the file) and the text.
func TestGolden(t *testing.T) {
	for name, content := range fixtures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			d, err := Read(name, content)
			if err != nil {
				t.Fatal(err)
			}
			source := "file"
			if d.Source != nil {
				source = fmt.Sprint(len(d.Source), " runs")
			}
			got := fmt.Sprintf("format: %s\ntitle: %s\nsource: %s\n\n%s", d.Format, d.Title, source, d.Text)
			golden := name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			check(t, name, content)
		})
	}
}

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// check holds a Document, or the error, to the contract.
func check(t fataler, name string, content []byte) {
	t.Helper()
	d, err := Read(name, content)
	again, err2 := Read(name, content)
	if !reflect.DeepEqual(d, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("not deterministic")
	}
	if err != nil {
		known := false
		for _, e := range []error{ErrEmpty, ErrBinary, ErrEncoding, ErrTooLarge} {
			known = known || errors.Is(err, e)
		}
		if !known || strings.ContainsAny(err.Error(), "\n\r") || !strings.HasPrefix(err.Error(), shown(name)+": ") || !strings.Contains(err.Error(), "; ") {
			t.Fatalf("error %q", err)
		}
		return
	}
	if !utf8.ValidString(d.Text) || !norm.NFC.IsNormalString(d.Text) || strings.ContainsRune(d.Text, 0) || strings.TrimSpace(d.Text) == "" {
		t.Fatalf("text %q", d.Text)
	}
	if !utf8.ValidString(d.Title) || !norm.NFC.IsNormalString(d.Title) || strings.ContainsAny(d.Title, "\x00\n\r") || d.Title != strings.TrimSpace(d.Title) {
		t.Fatalf("title %q", d.Title)
	}
	if len(d.Hash) != 32 {
		t.Fatalf("hash %q", d.Hash)
	}
	if d.Source == nil {
		if d.Text != string(content) {
			t.Fatalf("text is not the file: %q, %q", d.Text, content)
		}
		return
	}
	checkSource(t, d, content)
}

// checkSource proves that every offset with a place leads to what the text there was made from.
func checkSource(t fataler, d Document, content []byte) {
	t.Helper()
	if d.Format == HTML && !utf8.Valid(content) {
		content, _ = decodePage(content)
	}
	file, text := []rune(string(content)), []rune(d.Text)
	last := -1
	for i, r := range d.Source {
		if r.Text < 0 || r.Text > len(text) || i > 0 && r.Text <= d.Source[i-1].Text || r.File > len(file) {
			t.Fatalf("run %d %v of %d, text %d, file %d", i, r, len(d.Source), len(text), len(file))
		}
		if d.Format != Email && r.File >= 0 {
			if r.File < last {
				t.Fatalf("run %d goes back: %v", i, d.Source)
			}
			last = r.File
		}
	}
	// Only a character reference, an escape, a charset, or a character that NFC changes may be spelled otherwise.
	plain := norm.NFC.IsNormal(content) && utf8.Valid(content)
	for i, c := range text {
		from, to, ok := d.Source.Span(i, i+1)
		if !ok {
			if d.Format != Email {
				t.Fatalf("offset %d has no place", i)
			}
			continue
		}
		if from < 0 || to > len(file) || to != from+1 {
			t.Fatalf("offset %d lies at %d to %d of %d", i, from, to, len(file))
		}
		if f := file[from]; d.Format == HTML && plain && f != c && f != []rune(norm.NFD.String(string(c)))[0] && !strings.ContainsRune(" |\n", c) {
			if !strings.ContainsRune(string(file[max(0, from-8):from+1]), '&') && c != utf8.RuneError {
				t.Fatalf("offset %d is %q, the file has %q at %d", i, c, f, from)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	for _, c := range []struct{ name, content, quote, place string }{
		{"a.html", "<html><p>Dear <b>Orla  Venn</b>,", "Orla", "Orla"},
		{"a.html", "<html><p>Dear <b>Orla  Venn</b>,", "Dear Orla Venn,", "Dear <b>Orla  Venn</b>,"},
		{"a.html", "<html><p>R&amp;D Civil&eacute; end", "D Civil", "D Civil"},
		{"a.html", "<html><p>é R&amp;D Civil&eacute; end", "é end", "&eacute; end"},
		{"a.html", "<html><p>one<p>two<br>three", "two\nthree", "two<br>three"},
		{"a.html", "\ufeff<html><table><tr><td>Ana<td>Bo", "Ana | Bo", "Ana<td>Bo"},
		{"a.txt", "\ufeffDear Orla", "Orla", "Orla"},
		{"a.txt", "Jose\u0301 Venn", "é Venn", "e\u0301 Venn"},
		{"a.eml", "From: a\nMessage-ID: <x>\n\nSigned: Orla", "Signed: Orla", "Signed: Orla"},
		{"a.eml", "From: a\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nSe=C3=B1or Ve=\nnn", "eñor Venn", "e=C3=B1or Ve=\nnn"},
		{"a.eml", "From: a\nMIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p class=3Da>Orla &amp; <b>Ve=\nnn</b>", "Orla & Venn", "Orla &amp; <b>Ve=\nnn"},
	} {
		d, err := Read(c.name, []byte(c.content))
		if err != nil {
			t.Fatal(err)
		}
		i := strings.Index(d.Text, c.quote)
		if i < 0 {
			t.Errorf("%q not in %q", c.quote, d.Text)
			continue
		}
		start := utf8.RuneCountInString(d.Text[:i])
		from, to, ok := d.Source.Span(start, start+utf8.RuneCountInString(c.quote))
		if got := string([]rune(c.content)[from:to]); !ok || got != c.place {
			t.Errorf("%q lies at %q, want %q (%v)", c.quote, got, c.place, d.Source)
		}
	}
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          Format
	}{
		{"a.html", "plain words", Text},
		{"a.txt", "<!doctype HTML><p>x", HTML},
		{"a.txt", "<?xml version='1.0'?>\n<!-- c -->\n<HTML><body>x", HTML},
		{"a.xml", "<?xml version='1.0'?><rss><item>x</item></rss>", Text},
		{"a.txt", "<b>Dear</b> Orla", Text},
		{"a.txt", "x <html><p>a<p>b<p>c", Text},
		{"a.txt", "<AbedinH@state.example>\n\nDear", Text},
		{"a.txt", "<p>one\n<p>two\n<p>three\n", HTML},
		{"a.txt", "<p>one\n\n two \n\nthree\n\nfour", Text},
		{"a.MD", "# Orla", Markdown},
		{"a.markdown", "<p>one<p>two<p>three", Markdown},
		{"a.md", "<!doctype html><p>x", HTML},
		{"a", "From: a@b\nTo: c\n\nx", Text},
		{"a.eml", "From: a@b\nTo: c\n\nx", Email},
		{"a.eml", "no header", Text},
		{"a", "From: a@b\nMessage-ID: <1@b>\n\nx", Email},
		{"a", "From: a@b\r\nMessage-ID: <1@b>\r\n\r\nx", Email},
		{"a", "Subject: x\nContent-Type: to be discussed\n\nx", Text},
		{"a", "\n\nFrom: a@b\nMessage-ID: <1@b>\n\nx", Text},
		{"a", "Note: Message-ID: <1@b>", Text},
	} {
		if d, err := Read(c.name, []byte(c.content)); err != nil || d.Format != c.want {
			t.Errorf("%q is %s, want %s (%v)", c.content, d.Format, c.want, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          error
	}{
		{"e", "", ErrEmpty},
		{"e", " \n\t\u00a0", ErrEmpty},
		{"e", "\ufeff\n", ErrEmpty},
		{"e", "<html><script>x</script><p hidden>y", ErrEmpty},
		{"b", "a\x00b", ErrBinary},
		{"b.html", "<html>\x00", ErrBinary},
		{"b", "%PDF-1.4\nx", ErrBinary},
		{"b", "PK\x03\x04xx", ErrBinary},
		{"b", "\x89PNG\r\n", ErrBinary},
		{"b", "\xff\xfea\x00", ErrBinary},
		{"b", "\x01\x02\x03\x04abcdefgh", ErrBinary},
		{"u", "Se\xf1or", ErrEncoding},
		{"u", "overlong \xc0\xaf", ErrEncoding},
		{"u", "surrogate \xed\xa0\x80", ErrEncoding},
		{"u.html", "<html>Se\xf1or", ErrEncoding},
		{"l", strings.Repeat("é", MaxLineRunes+1), ErrTooLarge},
		{"l\n\u202e", "a\r\n" + strings.Repeat("x", MaxLineRunes+1), ErrTooLarge},
		{"s", strings.Repeat("x", MaxBytes+1), ErrTooLarge},
		{"p.eml", "From: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n" + strings.Repeat("\n--b\n\nx", 10000), ErrTooLarge},
		{"d.eml", deep(30), ErrTooLarge},
		{"h.eml", "Message-ID: <1@x>\nTo: " + strings.Repeat("a@b, ", 2<<20) + "\n\nx", ErrTooLarge},
		{"h.eml", "Message-ID: <1@x>\n" + strings.Repeat("To: a\n", 2000) + "\nx", ErrTooLarge},
	} {
		_, err := Read(c.name, []byte(c.content))
		if !errors.Is(err, c.want) {
			t.Errorf("%.40q: %v, want %v", c.content, err, c.want)
			continue
		}
		check(t, c.name, []byte(c.content))
		t.Log(err)
	}
	if _, err := Read("l", []byte(strings.Repeat("é", MaxLineRunes)+"\n")); err != nil {
		t.Error(err)
	}
}

// deep is an e-mail of n multiparts within one another.
func deep(n int) string {
	var b strings.Builder
	b.WriteString("From: a\nMIME-Version: 1.0\n")
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", i, i)
	}
	return b.String() + "\nend"
}

func TestHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a  \n b", "a b"},
		{"a&nbsp;b&#160;c\u00a0d", "a b c d"},
		{"a<b>b</b> c", "ab c"},
		{"a<br>b<br/><br>c", "a\nb\n\nc"},
		{"<ul><li>a<li>b</ul>c", "a\nb\n\nc"},
		{"<p>a<p>b</p><div>c</div>d", "a\n\nb\n\nc\nd"},
		{"<a href=x>a</a><a>b</a>", "a b"},
		{"a<nav>b</nav>c", "a\n\nb\n\nc"},
		{"<p hidden>a<p>b", "b"},
		{"<ul><li hidden>a<li>b</ul>", "b"},
		{"<div hidden><p>a<div>b</div></p>c</div>d", "d"},
		{"<div><span style='DISPLAY : none'>a</div>b", "b"},
		{"<span style='background-display:none'>a</span>", "a"},
		{"<dialog>a</dialog><dialog open>b</dialog>", "b"},
		{"a<script>b</script>c<style>d</style>e", "ace"},
		{"a<svg><style/><title>x</title>b</svg>c<svg/>d", "acd"},
		{"a<noscript><div>b</noscript>c", "ac"},
		{"<pre>\n a\n  b\n</pre>c", "a\n  b\n\nc"},
		{"x<pre>\tq <b>r</b>  s</pre>", "x\n\nq r  s"},
		{"<table><tr><td>a<td><td>b</tr><tr><td>c", "a | b\nc"},
		{"<table><tr><td>a<br>b<td>c<tr><td><p>d</p></td><td><p>e</p></table>f", "a\nb\nc\nd | e\n\nf"},
		{"<table><tr><td><table><tr><td>a<td>b</table></td><td>c</table>", "a | b\n\nc"},
		{"&lt;b&gt; &amp &notit; &bogus; & &#0; &#xD800; AT&T", "<b> & ¬it; &bogus; & \ufffd \ufffd AT&T"},
		{"co&shy;op\u00ad\u200bx", "coopx"},
		{"<!-- a --><![CDATA[b]]>c<?php d ?>e", "ce"},
		{"a</p>b</br>c", "a\n\nb\nc"},
		{"<img alt=no>a<button>b</button>c", "a b c"},
		{"e<i>\u0301</i>", "é"},
		{"<textarea>a <b>c</textarea>d", "a <b>c\n\nd"},
		{"a<select><option>b<option>c</select>d", "ad"},
	} {
		content := []byte("<html>" + c.in)
		d, err := Read("x", content)
		if err != nil || d.Text != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.in, d.Text, c.want, err)
		}
		check(t, "x", content)
	}
}

func TestEmail(t *testing.T) {
	const head = "From: a@x\nMIME-Version: 1.0\n"
	for _, c := range []struct{ in, want string }{
		{"\nbody\n", "From: a@x\n\nbody\n"},
		{"Content-Type: application/pdf; name=a.pdf\n\nxx", "From: a@x\n\n--- attachment: a.pdf ---\n"},
		{"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B", "From: a@x\n\nあ"},
		{"Content-Type: text/plain; charset=nonsense\n\nSe\xf1or", "From: a@x\n\nSeñor"},
		{"Content-Type: text/plain; charset=iso-8859-1\n\nSeñor", "From: a@x\n\nSeñor"},
		{"Content-Transfer-Encoding: base64\n\nU2U=8W9y!!\nQ", "From: a@x\n\nSe\xc3\xb1or"},
		{"Content-Transfer-Encoding: quoted-printable\n\na=3db=zz=\nc=", "From: a@x\n\na=b=zzc"},
		{"Subject: a\n\tb\r\n   c\n\nx", "From: a@x\nSubject: a b c\n\nx"},
		{"Subject: =?x?Q?a?= =?utf-8?Q?=C3=B1?=\n\nx", "From: a@x\nSubject: añ\n\nx"},
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--x\n--b \nContent-Type: image/gif; name=\"p\n q\"\n\nGIF", "From: a@x\n\none\ntwo\n--b--x\n\n--- attachment: p q ---\n"},
		{"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<i>two</i>\n--b--", "From: a@x\n\ntwo"},
		{"Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\ntwo\n--c\nContent-Type: application/pdf; name=x.pdf\n\n--c--\n--b--", "From: a@x\n\none\n\n--- attachment: x.pdf ---\n"},
	} {
		content := []byte(head + c.in)
		d, err := Read("x", content)
		if err != nil || d.Text != c.want {
			t.Errorf("%s:\n%q, want\n%q (%v)", c.in, d.Text, c.want, err)
		}
		check(t, "x", content)
	}
}

// Hostile files end quickly, with a text or an error.
func TestHostile(t *testing.T) {
	for name, c := range map[string]string{
		"nested":       "<html>" + strings.Repeat("<div>", 100000) + "x" + strings.Repeat("</div>", 100000),
		"unmatched":    "<html>" + strings.Repeat("<div>", 1000) + strings.Repeat("x</b>", 200000),
		"paragraphs":   "<html>" + strings.Repeat("<span>", 1000) + strings.Repeat("<p>x", 200000),
		"attribute":    "<html><p a='" + strings.Repeat("x", 8<<20),
		"attributes":   "<html><p " + strings.Repeat("a ", 1<<19) + ">x",
		"style":        "<html><p style='" + strings.Repeat("display ", 1<<18) + "'>x",
		"comment":      "<html>" + strings.Repeat("<!--", 1<<18),
		"script":       "<html>" + strings.Repeat("<script><!--<script>", 1<<18),
		"references":   "<html>" + strings.Repeat("&amp;\n", 1<<18),
		"ampersands":   "<html>" + strings.Repeat("&", 1<<18),
		"combining":    "a" + strings.Repeat("\u0316\u0301", 500000),
		"pre":          "<html>x<pre>" + strings.Repeat(" \n", 1<<19),
		"boundary":     "Message-ID: <1@x>\nFrom: a\nContent-Type: multipart/mixed; boundary=-\n\n" + strings.Repeat("-", 1<<18) + strings.Repeat("\n---x", 1<<18),
		"words":        "Message-ID: <1@x>\nSubject: " + strings.Repeat("=?a?Q?x ", 100000) + "\n\nx",
		"otherheader":  "Message-ID: <1@x>\nFrom: a\nX: " + strings.Repeat("a", 1<<19) + "\n\nx",
		"escapes":      "Message-ID: <1@x>\nFrom: a\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=C3=B1\n", 1<<18),
		"softbreaks":   "Message-ID: <1@x>\nFrom: a\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=  ", 1<<19),
		"rows":         "<html><table><tr><td><table>" + strings.Repeat("<span>", 1000) + strings.Repeat("<tr>", 1<<17) + "x",
		"depth":        deep(20),
		"contenttype":  "Message-ID: <1@x>\nFrom: a\nContent-Type: text/plain" + strings.Repeat("; a=b", 1<<18) + "\n\nx",
		"longmediatag": "<p " + strings.Repeat("x", 1<<18),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			d, err := Read("x", []byte(c))
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("took %v", took)
			} else {
				t.Log(took, len(d.Text), len(d.Source), err)
			}
		})
	}
}

func TestProperties(t *testing.T) {
	pieces := []string{"<p>", "</p>", "<div hidden>", "</div>", "<br>", "<td>", "<tr>", "<table>", "</table>", "<pre>", "</pre>", "&eacute;",
		"&nGt;", "&amp", "&", "e", "\u0301", " ", "\n", "\r\n", "\u00a0", "\u00ad", "Orla", "ñ", "\xf1", "\ufeff", "=C3=B1", "=\n", "<script>", "</script>", "<title>", "</title>",
		"<li>", "<a>", "</a>", "\n--b\n", "\n--b--\n", "Content-Type: text/html\n", "Content-Type: text/plain; charset=latin1\n", "Content-Transfer-Encoding: base64\n",
		"Content-Type: multipart/alternative; boundary=b\n", "Subject: =?utf-8?Q?=C3=B1?=\n", "\x00", "\u2126", "漢"}
	heads := []string{"", "<html>", "\ufeff", "\ufeff<html>", "Message-ID: <1@x>\nFrom: a\n", "Message-ID: <1@x>\nFrom: ñ\n b\nContent-Type: multipart/mixed; boundary=b\n\n",
		"Message-ID: <1@x>\nTo: a\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n", "<html><meta charset=latin1>"}
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SampledFrom(heads).Draw(t, "head") + strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "")
		check(t, rapid.SampledFrom([]string{"a.txt", "a.md", "a.eml", "a\n.html"}).Draw(t, "name"), []byte(content))
	})
	// Ordinary text is the file, byte for byte.
	rapid.Check(t, func(t *rapid.T) {
		s := "x" + norm.NFC.String(strings.ReplaceAll(rapid.StringOf(rapid.RuneFrom([]rune("ab ñ\r\n\t\f.<>&"))).Draw(t, "text"), "<", "< "))
		if d, err := Read("a.txt", []byte(s)); err != nil || d.Text != s || d.Source != nil || d.Format != Text {
			t.Fatalf("%q: %v %v", s, d, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	for name, content := range fixtures(f) {
		f.Add(filepath.Ext(name), content)
	}
	f.Fuzz(func(t *testing.T, ending string, content []byte) {
		if len(content) < 1<<16 && len(ending) < 100 {
			check(t, "x"+ending, content)
			check(t, "x", append([]byte("<html>"), content...))
			check(t, "x", append([]byte("Message-ID: <1@x>\n"), content...))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := bytes.Repeat([]byte("La señora Amaranta Quiroga firmó la carta el 3 de marzo de 2014.\n"), 1<<14)
	page, err := os.ReadFile("testdata/carta.html")
	if err != nil {
		b.Fatal(err)
	}
	head := "Message-ID: <1@x>\nFrom: a\nContent-Type: text/plain; charset=latin1\nContent-Transfer-Encoding: quoted-printable\n\n"
	for name, content := range map[string][]byte{
		"text":  text,
		"html":  bytes.Repeat(page, 1<<9),
		"email": append([]byte(head), bytes.Repeat([]byte("La se=F1ora Amaranta Quiroga firm=F3 la carta el 3 de marzo.\n"), 1<<14)...),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read("x", content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

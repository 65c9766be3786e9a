package extract

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"casegraph/graph"
)

// view is a stretch of text from which markup was taken; every byte knows the offset, in code points of the
// document's text, of the character that it comes from.
type view struct {
	s   string
	off []int // len(off) == len(s)
}

func (v view) cut(i, j int) view { return view{v.s[i:j], v.off[i:j]} }

func (v view) empty() bool { return v.s == "" }

// span is where the view stands in the text: from its first to its last character. The view must not be empty.
func (v view) span() graph.Span { return graph.Span{Start: v.off[0], End: v.off[len(v.off)-1] + 1} }

func (v view) trim() view { return v.trimAny(" \t") }

func (v view) trimAny(cutset string) view {
	i := len(v.s) - len(strings.TrimLeft(v.s, cutset))
	j := len(strings.TrimRight(v.s[i:], cutset)) + i
	return v.cut(i, j)
}

// joined puts views together with one space between, which stands at the end of the view before it.
func joined(vs ...view) view {
	b := strings.Builder{}
	var off []int
	for _, v := range vs {
		if v.empty() {
			continue
		}
		if n := len(off); n > 0 && !brokenWord(b.String()) {
			b.WriteByte(' ')
			off = append(off, off[n-1])
		}
		b.WriteString(v.s)
		off = append(off, v.off...)
	}
	return view{b.String(), off}
}

// brokenWord: the text ends in a hyphen right after a letter, so that the next line goes on with the word.
func brokenWord(s string) bool {
	return len(s) > 1 && s[len(s)-1] == '-' && s[len(s)-2] != ' '
}

// without cuts every match of re out of v.
func (v view) without(re *regexp.Regexp) view {
	m := re.FindAllStringIndex(v.s, -1)
	if m == nil {
		return v
	}
	var out view
	at := 0
	for _, x := range m {
		out.s += v.s[at:x[0]]
		out.off = append(out.off, v.off[at:x[0]]...)
		at = x[1]
	}
	out.s += v.s[at:]
	out.off = append(out.off, v.off[at:]...)
	return out
}

// split cuts v at every match of re.
func (v view) split(re *regexp.Regexp) []view {
	var out []view
	at := 0
	for _, m := range re.FindAllStringIndex(v.s, -1) {
		out = append(out, v.cut(at, m[0]))
		at = m[1]
	}
	return append(out, v.cut(at, len(v.s)))
}

// line is one line of the text.
type line struct {
	view       // markup, quote marks and bullets gone; inner spaces kept
	raw        string
	start, end int  // in the text, without the line end
	indent     int  // columns before the first character
	heading    int  // level of a markdown heading, or 0
	quote      int  // depth of "> " marks
	bullet     bool // an item of a list
	cells      bool // a row of a table: cells are parted by |
	stamp      bool // printed on the page by somebody else: no part of the document
	blank      bool // nothing visible
}

var (
	tagPattern    = regexp.MustCompile(`^</?[a-zA-Z][^<>@]{0,400}>`)
	entityPattern = regexp.MustCompile(`^&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});`)
	linkPattern   = regexp.MustCompile(`^(!?)\[([^\]\[]{0,300})\]\([^()\s]{0,600}(?:\s"[^"]*")?\)`)
	rulePattern   = regexp.MustCompile(`^\s*(?:[-*_=]\s?){3,}$|^[\s|:\-]+\|[\s|:\-]*$`)
)

// splitLines cuts the text into lines and takes their markup off.
func splitLines(text string) []line {
	var out []line
	start := 0 // in code points
	for _, raw := range strings.SplitAfter(text, "\n") {
		n := utf8.RuneCountInString(raw)
		body := strings.TrimRight(raw, "\r\n")
		// A form feed parts pages: it is a line end of its own.
		at := start
		for i, page := range strings.Split(body, "\f") {
			if i > 0 {
				at++
			}
			out = append(out, newLine(page, at))
			at += utf8.RuneCountInString(page)
		}
		start += n
	}
	for i := 1; i < len(out); i++ { // the heads of a table's columns name nobody
		if tableRule.MatchString(out[i].raw) {
			out[i-1].stamp = true
		}
	}
	return out
}

var tableRule = regexp.MustCompile(`^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|\s*$`)

func newLine(raw string, start int) line {
	l := line{raw: raw, start: start, end: start + utf8.RuneCountInString(raw)}
	if rulePattern.MatchString(raw) {
		raw, start = "", l.end
	}
	l.view = clean(raw, start)
	// Quote marks, headings, bullets, table rows.
	for {
		t := strings.TrimLeft(l.s, " ")
		if !strings.HasPrefix(t, ">") {
			break
		}
		l.quote++
		l.view = l.cut(len(l.s)-len(t)+1, len(l.s))
	}
	t := strings.TrimLeft(l.s, " ")
	l.indent = utf8.RuneCountInString(l.s) - utf8.RuneCountInString(t)
	l.view = l.cut(len(l.s)-len(t), len(l.s))
	if h := strings.TrimLeft(l.s, "#"); h != l.s && (h == "" || h[0] == ' ') {
		l.heading = len(l.s) - len(h)
		l.view = l.cut(l.heading, len(l.s)).trim()
	}
	for _, b := range []string{"- ", "+ ", "• ", "● ", "▪ ", "· ", "\uf0b7 ", "– ", "— ", "o ", "* "} {
		if strings.HasPrefix(l.s, b) {
			l.bullet = true
			l.view = l.cut(len(b), len(l.s))
			break
		}
	}
	if strings.HasPrefix(l.s, "|") || strings.Count(l.s, " | ") >= 2 {
		l.cells = true
		l.view = l.trimAny("| ")
	}
	l.view = view{strings.TrimRight(l.s, " "), l.off[:len(strings.TrimRight(l.s, " "))]}
	if i := rules.redaction.FindStringIndex(l.s); i != nil && i[1] == len(l.s) && i[0] > 0 && strings.HasPrefix(l.s[i[0]:], "   ") {
		l.view = l.cut(0, i[0]).trim()
	}
	l.blank = strings.TrimFunc(l.s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) == ""
	l.stamp = !l.blank && (rules.stamps.ok(l.s) || misreadMarking(l.view))
	return l
}

// misreadMarking: a classification marking in which OCR took a letter or two for others ("SEGRFT").
func misreadMarking(v view) bool {
	ts := tokens(v)
	if len(ts) != 1 || !ts[0].caps() {
		return false
	}
	for _, m := range []string{"secret", "confidential", "unclassified"} {
		if d := distance(ts[0].fold, m); d > 0 && d <= 2 && len(ts[0].fold) >= len(m)-1 {
			return true
		}
	}
	return false
}

// clean takes tags, entities, emphasis, links and odd spaces out of a raw line.
func clean(raw string, start int) view {
	b := strings.Builder{}
	off := make([]int, 0, len(raw))
	put := func(s string, at int) {
		b.WriteString(s)
		for range len(s) {
			off = append(off, at)
		}
	}
	at := start
	firstStar := strings.TrimLeft(raw, " \t>")
	for i := 0; i < len(raw); {
		rest := raw[i:]
		r, w := utf8.DecodeRuneInString(rest)
		skip := func(n int) { at += utf8.RuneCountInString(rest[:n]); i += n }
		switch {
		case r == '<':
			if m := tagPattern.FindString(rest); m != "" {
				skip(len(m))
				continue
			}
		case r == '&':
			if m := entityPattern.FindString(rest); m != "" {
				if u := html.UnescapeString(m); u != m {
					put(strings.ReplaceAll(u, "\u00a0", " "), at)
					skip(len(m))
					continue
				}
			}
		case r == '[' || r == '!':
			if m := linkPattern.FindStringSubmatchIndex(rest); m != nil {
				if m[2] == m[3] { // no image: keep the words
					for j, x := range rest[m[4]:m[5]] {
						put(string(x), at+1+utf8.RuneCountInString(rest[m[4]:m[4]+j]))
					}
				}
				skip(m[1])
				continue
			}
		case r == '\\' && len(rest) > 1 && strings.ContainsRune("_*[]()#+-.!`|\\", rune(rest[1])):
			skip(1)
			continue
		case r == '*':
			if rest == firstStar && strings.HasPrefix(rest, "* ") {
				put("* ", at)
				skip(2)
				continue
			}
			skip(1)
			continue
		case r == '_' && strings.HasPrefix(rest, "__"):
			skip(2)
			continue
		case r == '\u200b' || r == '\ufeff' || r == '\u200e' || r == '\u200f' || r == '\u00ad':
			skip(w)
			continue
		case r == '\t':
			put("    ", at)
			skip(1)
			continue
		case r != ' ' && unicode.IsSpace(r):
			put(" ", at)
			skip(w)
			continue
		}
		put(rest[:w], at)
		skip(w)
	}
	return view{b.String(), off}
}

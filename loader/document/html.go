package document

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// declared finds the charset that a page declares at its top.
var declared = regexp.MustCompile(`(?i)(?:<meta\s[^>]{0,200}?charset|<\?xml\s[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:-]+)`)

// looksLikePage says whether b is HTML: it begins as a page does, or (unless it is said to be markdown, which may hold
// HTML) it begins with a structural tag and all of it is tags around text. A letter with left-over tags is not HTML.
func looksLikePage(b []byte, markdown bool) bool {
	const enough = 1 << 16
	whole := len(b) <= enough
	b = b[:min(len(b), enough)]
	z := html.NewTokenizer(bytes.NewReader(b))
	structural, depth, inside, outside := 0, 0, 0, 0
	first := true
	for pos := 0; ; {
		tt := z.Next()
		raw := z.Raw()
		pos += len(raw)
		switch tt {
		case html.ErrorToken:
			paragraphs := len(blankLine.FindAll(b, -1)) + 1
			return structural >= 3 && structural >= paragraphs && outside <= inside/10
		case html.DoctypeToken:
			if first {
				return bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(z.Text())), []byte("html"))
			}
		case html.TextToken:
			n := len(bytes.TrimSpace(raw))
			if n > 0 && first {
				return false
			}
			if depth > 0 {
				inside += n
			} else {
				outside += n
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if first {
				switch a {
				case atom.Html, atom.Head, atom.Body:
					return true
				}
				if levels[a] < line && a != atom.Meta && a != atom.Title && a != atom.Link && a != atom.Style && a != atom.Script {
					return false
				}
				if markdown || !whole && pos == len(b) {
					return false
				}
			}
			first = false
			if levels[a] >= line {
				structural++
			}
			if tt == html.StartTagToken && !void[a] {
				depth++
			}
		case html.EndTagToken:
			first = false
			depth = max(0, depth-1)
		}
	}
}

var blankLine = regexp.MustCompile(`\n[ \t\r]*\n\s*`)

// What separates two pieces of text, the stronger the higher.
const (
	joined = iota
	space
	cell
	line
	blank
)

// levels are the elements that stand apart from what is before and after them.
var levels = map[atom.Atom]int{}

// dropped are the elements whose content a reader does not see, or that are controls or pictures.
var dropped = set(atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Title, atom.Iframe, atom.Noframes,
	atom.Noembed, atom.Select, atom.Datalist, atom.Canvas, atom.Audio, atom.Video, atom.Object)

// void elements have no content and no end tag.
var void = set(atom.Area, atom.Base, atom.Basefont, atom.Br, atom.Col, atom.Embed, atom.Frame, atom.Hr, atom.Img, atom.Input,
	atom.Keygen, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr)

// implied are the start tags that end an open element of one kind, looked for up to the element of another.
var implied = map[atom.Atom]struct{ ends, within []atom.Atom }{
	atom.Li:       {list(atom.Li), list(atom.Ul, atom.Ol, atom.Menu, atom.Table, atom.Td, atom.Th)},
	atom.Dt:       {list(atom.Dt, atom.Dd), list(atom.Dl, atom.Table, atom.Td, atom.Th)},
	atom.Dd:       {list(atom.Dt, atom.Dd), list(atom.Dl, atom.Table, atom.Td, atom.Th)},
	atom.Td:       {list(atom.Td, atom.Th), list(atom.Tr, atom.Table)},
	atom.Th:       {list(atom.Td, atom.Th), list(atom.Tr, atom.Table)},
	atom.Tr:       {list(atom.Tr), list(atom.Table)},
	atom.Thead:    {list(atom.Thead, atom.Tbody, atom.Tfoot), list(atom.Table)},
	atom.Tbody:    {list(atom.Thead, atom.Tbody, atom.Tfoot), list(atom.Table)},
	atom.Tfoot:    {list(atom.Thead, atom.Tbody, atom.Tfoot), list(atom.Table)},
	atom.Option:   {list(atom.Option), list(atom.Select)},
	atom.Optgroup: {list(atom.Option, atom.Optgroup), list(atom.Select)},
}

var (
	paragraph = list(atom.P)
	scopes    = list(atom.Td, atom.Th, atom.Caption, atom.Table, atom.Template, atom.Button)
	tables    = set(atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption)
)

func init() {
	for _, a := range []atom.Atom{atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl,
		atom.Menu, atom.Table, atom.Blockquote, atom.Pre, atom.Xmp, atom.Hr, atom.Section, atom.Article, atom.Nav, atom.Header,
		atom.Footer, atom.Aside, atom.Main, atom.Figure, atom.Form, atom.Fieldset, atom.Details, atom.Dialog, atom.Hgroup,
		atom.Textarea} {
		levels[a] = blank
	}
	for _, a := range []atom.Atom{atom.Html, atom.Body, atom.Div, atom.Li, atom.Dt, atom.Dd, atom.Tr, atom.Thead, atom.Tbody,
		atom.Tfoot, atom.Caption, atom.Figcaption, atom.Legend, atom.Summary, atom.Address, atom.Center, atom.Td, atom.Th} {
		levels[a] = line
	}
	for _, a := range []atom.Atom{atom.Button, atom.Label, atom.Input} {
		levels[a] = space
	}
}

func list(atoms ...atom.Atom) []atom.Atom { return atoms }

func set(atoms ...atom.Atom) map[atom.Atom]bool {
	m := make(map[atom.Atom]bool, len(atoms))
	for _, a := range atoms {
		m[a] = true
	}
	return m
}

// maxOpen is how deep elements are followed. Deeper ones still make lines, but what they hide is not hidden.
const maxOpen = 256

// page reads HTML token by token. It keeps the names of the open elements, at most maxOpen, and no tree.
type page struct {
	out   flow
	open  []atom.Atom
	count map[atom.Atom]int // how often each is open
	skip  int               // the open element that hides what it holds, or -1
	pre   int               // how many open elements keep white space
	sep   int               // what stands between the text so far and the next
	blank int               // where a white space that may become part of the text stands in the file, or -1
	row   int               // state of the table row
	title flow
	named bool // the title has been read
	link  bool // the last thing read was the end of a link
}

// States of a table row: cells go on one line as long as each of them fits on it.
const (
	noRow = iota
	newRow
	oneLine
)

// render is what a reader of the page in sees, and the title of the page. It takes any bytes that are valid UTF-8.
func render(in flow) (text flow, title string) {
	p := page{skip: -1, blank: -1, count: map[atom.Atom]int{}}
	z := html.NewTokenizer(bytes.NewReader(in.b))
	for pos := 0; ; {
		tt := z.Next()
		raw := z.Raw()
		start := pos
		pos += len(raw)
		switch tt {
		case html.ErrorToken:
			p.trim()
			return p.out.through(in), string(bytes.TrimSpace(p.title.normal().b))
		case html.TextToken:
			if p.skip < 0 {
				p.text(in.b[start:pos], start)
			} else if len(p.open) > 0 && p.open[len(p.open)-1] == atom.Title && !p.named && !p.within(atom.Svg) {
				t := page{skip: -1, blank: -1}
				t.text(raw, 0)
				p.title, p.named = t.out, true
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(z, tt == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(atom.Lookup(name))
		}
	}
}

func (p *page) start(z *html.Tokenizer, selfClosing bool) {
	name, hasAttr := z.TagName()
	a := atom.Lookup(name)
	if p.within(atom.Svg) {
		z.NextIsNotRawText() // <style/> and <title> are ordinary elements there
	}
	hidden := dropped[a] || a == atom.Dialog
	for hasAttr {
		var key, val []byte
		key, val, hasAttr = z.TagAttr()
		switch string(key) {
		case "hidden":
			hidden = true
		case "open":
			hidden = hidden && a != atom.Dialog
		case "style":
			hidden = hidden || invisible.Match(val[:min(len(val), 4096)])
		}
	}
	if rule, ok := implied[a]; ok {
		p.pop(p.find(rule.ends, rule.within))
	}
	if levels[a] >= line && !tables[a] || a == atom.Table {
		p.pop(p.find(paragraph, scopes))
	}
	if p.skip < 0 && !hidden {
		p.boundary(a, true)
	}
	if void[a] || selfClosing && a == atom.Svg {
		return
	}
	if len(p.open) < maxOpen || hidden && p.skip < 0 {
		if hidden && p.skip < 0 {
			p.skip = len(p.open)
		}
		if keepsSpace(a) {
			p.pre++
		}
		p.open = append(p.open, a)
		p.count[a]++
	}
}

var invisible = regexp.MustCompile(`(?i)(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)`)

func keepsSpace(a atom.Atom) bool {
	return a == atom.Pre || a == atom.Textarea || a == atom.Xmp || a == atom.Plaintext
}

func (p *page) end(a atom.Atom) {
	if a == atom.Br { // browsers read </br> as <br>
		a = 0
		if p.skip < 0 {
			p.boundary(atom.Br, true)
		}
		return
	}
	i := len(p.open) - 1
	if p.count[a] == 0 {
		i = -1
	}
	for ; i >= 0 && p.open[i] != a; i-- {
		o := p.open[i]
		switch {
		case p.skip >= 0 && p.open[p.skip] == a && dropped[a]: // ends whatever it holds
		case o == atom.Table && a != atom.Table && a != atom.Body && a != atom.Html, // nothing outside ends in a table
			(o == atom.Td || o == atom.Th) && !tables[a] && a != atom.Body && a != atom.Html,
			levels[o] >= line && levels[a] < line: // no inline element ends a block
			return
		}
	}
	if i < 0 {
		if levels[a] >= line && p.skip < 0 {
			p.boundary(a, false)
		}
		return
	}
	p.pop(i)
	if p.skip < 0 {
		p.boundary(a, false)
	}
}

// find is the innermost open element of ends, looked for up to one of within; len(open) when there is none.
func (p *page) find(ends, within []atom.Atom) int {
	if !slices.ContainsFunc(ends, func(a atom.Atom) bool { return p.count[a] > 0 }) {
		return len(p.open)
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if slices.Contains(ends, p.open[i]) {
			return i
		}
		if slices.Contains(within, p.open[i]) {
			break
		}
	}
	return len(p.open)
}

// pop ends the open elements from i on.
func (p *page) pop(i int) {
	for _, a := range p.open[i:] {
		p.count[a]--
		if keepsSpace(a) {
			p.pre--
		}
	}
	p.open = p.open[:i]
	if p.skip >= i {
		p.skip = -1
	}
}

func (p *page) within(a atom.Atom) bool { return p.skip >= 0 && p.open[p.skip] == a }

// boundary notes what the start or end of an element puts between the text before and after.
func (p *page) boundary(a atom.Atom, start bool) {
	level := levels[a]
	switch a {
	case atom.Br:
		level = line
		if p.sep >= line {
			level = blank
		}
	case atom.A:
		if start && p.link {
			level = space
		}
	case atom.Ul, atom.Ol, atom.Dl, atom.Menu:
		if n := len(p.open); n > 0 && (p.open[n-1] == atom.Li || p.open[n-1] == atom.Dd) {
			level = line // a list within a list
		}
	case atom.Td, atom.Th:
		if start && p.row == oneLine {
			p.sep = cell
			return
		}
	case atom.Tr, atom.Table:
		if a == atom.Tr && p.row == oneLine { // paragraphs in cells do not part rows
			p.sep = min(p.sep, line)
		}
		if p.sep == cell {
			p.sep = joined
		}
		p.row = noRow
		if a == atom.Tr && start {
			p.row = newRow
		}
	}
	if p.row == newRow && a != atom.Table {
		level = min(level, line)
	}
	p.link = a == atom.A && !start
	if p.sep != cell { // a cell begins on the line of the one before, whatever blocks it holds
		p.sep = max(p.sep, level)
	}
}

// flush writes what stands between the text so far and the text that the file holds at src.
func (p *page) flush(src int) {
	sep := p.sep
	p.sep, p.link = joined, false
	at := p.blank
	p.blank = -1
	if sep >= cell {
		p.trim()
	}
	switch {
	case len(p.out.b) == 0:
	case sep == space && at >= 0 && at+1 == src:
		p.out.add([]byte(" "), at)
	case sep == space:
		p.out.follow(" ")
	case sep == cell:
		p.out.follow(" | ")
	case sep == line:
		p.out.follow("\n")
	case sep == blank:
		p.out.follow("\n\n")
	}
	if p.row == newRow {
		p.row = oneLine
	} else if p.row == oneLine && sep >= line {
		p.row = noRow
	}
}

// trim takes back the white space that a <pre> has at its end.
func (p *page) trim() {
	n := len(bytes.TrimRight(p.out.b, " \t\r\n\f"))
	if n == len(p.out.b) {
		return
	}
	p.out.b = p.out.b[:n]
	for i := len(p.out.runs); i > 0 && p.out.runs[i-1].at >= n; i-- {
		p.out.runs = p.out.runs[:i-1]
	}
	p.out.loose = true
}

// text reads a run of text without tags that stands at start.
func (p *page) text(raw []byte, start int) {
	for i := 0; i < len(raw); {
		j := i
		for j < len(raw) && raw[j] > ' ' && raw[j] < utf8.RuneSelf && raw[j] != '&' {
			j++
		}
		if j == i { // not a run of ASCII
			if raw[i] == '&' {
				s, n := entity(raw[i:])
				p.rune(s, raw[i:i+n], start+i)
				i += n
				continue
			}
			_, n := utf8.DecodeRune(raw[i:])
			p.rune("", raw[i:i+n], start+i)
			i += n
			continue
		}
		p.flush(start + i)
		p.out.add(raw[i:j], start+i)
		i = j
	}
}

// rune reads the character at start that the file spells raw; s is what it means, if that is something else.
func (p *page) rune(s string, raw []byte, start int) {
	spelled := s != ""
	if !spelled {
		s = string(raw)
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case n == len(s) && (r == '\u00ad' || r == '\u200b' || r == '\ufeff'): // places where a line may break
	case n == len(s) && unicode.IsSpace(r) && p.pre > 0:
		if p.sep < cell && len(p.out.b) > 0 {
			p.flush(start)
			if spelled {
				p.out.put(s, start)
			} else {
				p.out.add(raw, start)
			}
			if r == '\n' && p.row == oneLine {
				p.row = noRow
			}
		}
	case n == len(s) && unicode.IsSpace(r):
		p.blank = -1
		if p.sep < space && len(raw) == 1 {
			p.blank = start
		}
		p.sep = max(p.sep, space)
	default:
		p.flush(start)
		if spelled {
			p.out.put(s, start)
		} else {
			p.out.add(raw, start)
		}
	}
}

// entity is the meaning of the character reference at the start of raw, and its length. An & that begins none means itself.
func entity(raw []byte) (string, int) {
	n := 1
	if n < len(raw) && raw[n] == '#' {
		n++
	}
	for n < len(raw) && n < 64 && (raw[n] >= '0' && raw[n] <= '9' || raw[n]|0x20 >= 'a' && raw[n]|0x20 <= 'z') {
		n++
	}
	if n < len(raw) && raw[n] == ';' {
		n++
	}
	ref := string(raw[:n])
	s := html.UnescapeString(ref)
	if s == ref {
		return "", 1
	}
	return strings.ReplaceAll(s, "\x00", "\ufffd"), n
}

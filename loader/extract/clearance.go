package extract

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"casegraph/graph/vocab"
)

// clearance reads signature, drafter, clearers, approver and releaser of a cable.
func (x *reader) clearance(p *part) {
	own := x.own(p)
	for n := 0; n < len(own); n++ {
		l := x.lines[own[n]]
		f, v, ok := asField(l)
		if !ok || v.empty() && p.kind != "cable" || f.Header && f.Name != "info" || f.Role == "" || f.Name == "info" && p.kind != "cable" {
			continue
		}
		val := value{f, v, nil, l.view}
		if !v.empty() {
			val.lines = []view{v}
		}
		for n+1 < len(own) {
			next := x.lines[own[n+1]]
			_, _, labelled := asField(next)
			if labelled && next.indent < 8 || next.blank && !val.view.empty() || next.indent < 1 && !strings.HasSuffix(strings.TrimSpace(val.s), ";") && !val.view.empty() && (f.Name == "signature" || !clearanceEntry.MatchString(next.s)) {
				break
			}
			n++
			if next.blank {
				continue
			}
			val.view = joined(val.view, next.trim())
			val.lines = append(val.lines, next.view)
			val.whole = joined(val.whole, next.trim())
		}
		if f.Name == "signature" && (p.kind != "cable" || val.view.empty()) {
			if p.kind == "cable" || len(val.s) > 80 {
				continue
			}
		}
		x.cleared(p, val)
	}
}

var (
	notCleared = regexp.MustCompile(`(?i)\b(?:not cleared|pending|no response|declined|objects?|not available|unavailable|tbd)\b|\((?:info|draft|by request)[^)]*\)|-\s*info\b|\s{2,}info\s*$`)
	acting     = regexp.MustCompile(`(?i),?\s+\(?acting\)?\s*$`)
	officeDash = regexp.MustCompile(`^[A-Z][A-Z/&]{1,12}\s+[-–—]\s+(\S)`)
	substitute = regexp.MustCompile(`\s+(?:for|por)\s+\p{Lu}`)
	okTail     = regexp.MustCompile(`\s{2,}(?i:ok|okay|info|yes|no objection|concur(?:s|red)?|cleared|draft|phone|email|\(?by phone\)?)\s*$|\s+(?i:ok)$`)
	slashed    = regexp.MustCompile(`\s*/\s*`)
)

// clearanceEntry is a line that goes on with a field of a clearance block though it is not indented: an office with a
// name or a redaction after it, or an addressee in capitals.
var clearanceEntry = regexp.MustCompile(`^[A-Z][A-Z0-9/ .&()\-]{0,30}:\s*\S|^[A-Z][A-Z/]{1,14}\s+\(b\)|^[A-Z][A-Z0-9 ,.&/\-]+$`)

// cleared reads the entries of one field of a clearance block: "OFFICE:Last, First M (Post)".
func (x *reader) cleared(p *part, f value) {
	by := "clearance." + f.Name
	if f.Name == "info" {
		for _, pt := range x.mailboxes(p, f, true) {
			x.role(pt, vocab.CcdOn, end{part: p}, "cable-header.info")
		}
		return
	}
	items := f.lines
	if strings.Contains(f.s, ";") {
		items = f.split(semicolon)
	}
	for _, it := range items {
		if rules.redaction.MatchString(it.s) { // whoever it was is not named
			continue
		}
		it = it.without(okTail).trimAny(" \t,;'\"")
		whole := it
		if len(items) == 1 {
			whole = f.whole
		}
		if notCleared.MatchString(it.s) {
			continue
		}
		if i := strings.LastIndex(it.s, ":"); i >= 0 {
			it = it.cut(i+1, len(it.s)).trim()
		}
		it = it.without(acting)
		if m := officeDash.FindStringSubmatchIndex(it.s); m != nil { // "ECON - Ana Ruiz"
			it = it.cut(m[2], len(it.s))
		}
		if m := substitute.FindStringIndex(it.s); m != nil { // who did it for somebody else
			it = it.cut(0, m[0])
		}
		it = it.without(phonePattern)
		if m := parenEnd.FindStringSubmatchIndex(it.s); m != nil {
			x.placeIn(it.cut(m[2], m[3]))
			it = it.cut(0, m[0])
		}
		it = it.trimAny(" \t,;.")
		names := []view{it}
		if strings.Contains(it.s, "/") {
			names = it.split(slashed)
		}
		for _, n := range names {
			ts := tokens(n)
			if len(ts) == 0 || len(ts) > 7 || !ts[0].upper() || kindOf(n) == vocab.Position && !startsWithTitle(ts) {
				continue
			}
			caps := 0
			for _, t := range ts {
				if t.caps() {
					caps++
				}
			}
			single := len(ts) == 1
			initials := len(ts) == 2 && utf8.RuneCountInString(ts[0].s) <= 2 && !ts[1].digits() // "AB RUIZ"
			if single && f.Name != "signature" && (ts[0].caps() || len(n.s) < 4) || caps == len(ts) && !single && !initials && !strings.Contains(n.s, ",") && !isPerson(n, false) || hasOrganisation(ts) {
				continue
			}
			if pt, ok := person(n); ok {
				pt.whole = whole
				x.role(pt, roleOf(f.field), end{part: p}, by)
			}
		}
	}
}

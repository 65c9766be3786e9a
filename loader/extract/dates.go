package extract

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dateRules finds dates as documents write them and gives them in ISO form, as precise as the text is.
type dateRules struct {
	months map[string]int
	full   []*regexp.Regexp // day, month and year in groups d, m, y
	month  *regexp.Regexp   // month and year
	alone  *regexp.Regexp   // what may stand beside a date on a line of its own
}

func newDateRules(months map[string]int, weekdays []string) dateRules {
	var names []string
	for n := range months {
		names = append(names, n)
	}
	slices.Sort(names)
	m := `(?P<m>(?i:` + either(names) + `))\.?`
	day := `(?P<d>\d{1,2})(?:st|nd|rd|th|º|°|er|o\.?)?`
	year := `(?P<y>(?:19|20)\d\d)`
	compile := regexp.MustCompile
	return dateRules{
		months: months,
		full: []*regexp.Regexp{
			compile(`\b` + year + `-(?P<m>\d\d)-(?P<d>\d\d)(?:\b|T)`),
			compile(`\b` + m + `\s+` + day + `\s*,?\s+(?:\d\d?:\d\d(?::\d\d)?\s+)?` + year + `\b`),
			compile(`\b` + day + `\s*(?:de\s+|of\s+|[\s\-/])\s*` + m + `\s*(?:de[l]?\s+|[\s,\-/]+)\s*` + year + `\b`),
			compile(`\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/` + year + `\b`),
			compile(`\b\d{6}Z\s+` + m + `\s+(?P<y2>\d\d)\b`),
		},
		month: compile(`\b` + m + `(?:\s+de[l]?\s+|\s*,\s*|\s+)` + year + `\b`),
		alone: compile(`^[\s\-–—•*|,.()\[\]:]*(?:(?i:` + either(weekdays) + `|published|posted|updated|publicado|fecha|date|on|el|a)[\s,.:|]*)*$`),
	}
}

// found is a date and where it stands in the string searched.
type found struct {
	iso        string
	start, end int
}

// first gives the first date of s, the full ones before those of a month only. An impossible day is no date.
func (d dateRules) first(s string) (found, bool) {
	best := found{start: -1}
	for i, re := range d.full {
		for _, m := range re.FindAllStringSubmatchIndex(s, 4) {
			if best.start >= 0 && m[0] >= best.start {
				break
			}
			if iso, ok := d.iso(re, s, m, i == 3); ok {
				best = found{iso, m[0], m[1]}
				break
			}
		}
	}
	if best.start >= 0 {
		return best, true
	}
	if m := d.month.FindStringSubmatchIndex(s); m != nil {
		if n := d.monthNumber(sub(d.month, s, m, "m")); n > 0 {
			return found{sub(d.month, s, m, "y") + fmt.Sprintf("-%02d", n), m[0], m[1]}, true
		}
	}
	return found{}, false
}

func sub(re *regexp.Regexp, s string, m []int, name string) string {
	i := re.SubexpIndex(name)
	if i < 0 || m[2*i] < 0 {
		return ""
	}
	return s[m[2*i]:m[2*i+1]]
}

func (d dateRules) monthNumber(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return d.months[strings.ToLower(s)]
}

// iso reads a match. A numeric date is month/day/year as in the United States unless that is impossible.
func (d dateRules) iso(re *regexp.Regexp, s string, m []int, numeric bool) (string, bool) {
	y, day, mon := sub(re, s, m, "y"), sub(re, s, m, "d"), d.monthNumber(sub(re, s, m, "m"))
	if y2 := sub(re, s, m, "y2"); y2 != "" { // date-time group: DDHHMMZ MON YY
		y, day = "20"+y2, s[m[0]:m[0]+2]
		if y2 > "60" {
			y = "19" + y2
		}
	}
	dd, _ := strconv.Atoi(day)
	if numeric && mon > 12 {
		mon, dd = dd, mon
	}
	iso := fmt.Sprintf("%s-%02d-%02d", y, mon, dd)
	if _, err := time.Parse("2006-01-02", iso); err != nil {
		return "", false
	}
	return iso, true
}

// only gives the date when the line holds nothing else of weight (weekday, "Published", punctuation).
func (d dateRules) only(s string) (string, bool) {
	if len(s) > 60 {
		return "", false
	}
	f, ok := d.first(s)
	if !ok || len(f.iso) < 10 {
		return "", false
	}
	rest := s[:f.start] + " " + rubric.ReplaceAllString(s[f.end:], "")
	if !d.alone.MatchString(clock.ReplaceAllString(rest, "")) {
		return "", false
	}
	return f.iso, true
}

// rubric is what stands beside a date ("11 Jul 2018 | News").
var rubric = regexp.MustCompile(`^\s*[|·•]\s*\pL[\pL ]{2,24}$`)

var clock = regexp.MustCompile(`(?i)(?:\bat\b|\ba las\b|T)?\s*\d{1,2}:\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{2,4}T?|[+-]\d{4}|\+\d\d:\d\d|Z)?`)

// year is the year of an ISO date in two digits, as cables number by it.
func year(iso string) string {
	if len(iso) < 4 {
		return ""
	}
	return iso[2:4]
}

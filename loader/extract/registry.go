package extract

import (
	"cmp"
	"slices"
	"strings"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

// entity is one real thing as this file names it.
type entity struct {
	class  vocab.Class
	forms  []string       // every form, in the order in which they came
	count  map[string]int // how often each came
	mail   []string       // persons: addresses that stood beside the name, lower case
	given  []string       // persons: folded given names and initials
	last   []string       // persons: folded surnames, or the only name
	body   *entity        // positions: the institution
	born   string         // persons: "jr", "sr", "iii", or empty
	titles []string       // persons: titles of the positions claimed
	id     graph.ID
}

// registry keeps the entities of one file and finds the one that a name means.
type registry struct {
	list   []*entity
	byName map[string]*entity // class and folded form
	people map[byte][]*entity // persons by the first letter of a surname
}

// maxPeople bounds the search for a person whose name is written otherwise: beyond it only equal names are one.
const maxPeople = 500

// maxForm is the length, in code points, to which a form of a name is cut.
const maxForm = 200

func newRegistry() *registry {
	return &registry{byName: map[string]*entity{}, people: map[byte][]*entity{}}
}

func nameKey(class vocab.Class, form string) string { return string(class) + "\x00" + graph.Fold(form) }

func (r *registry) add(e *entity, forms []string) *entity {
	if e.count == nil {
		e.count = map[string]int{}
		r.list = append(r.list, e)
	}
	for _, f := range forms {
		f = strings.Join(strings.Fields(f), " ")
		if f == "" {
			continue
		}
		if r := []rune(f); len(r) > maxForm {
			f = string(r[:maxForm])
		}
		if e.count[f] == 0 {
			e.forms = append(e.forms, f)
		}
		e.count[f]++
		if k := nameKey(e.class, f); r.byName[k] == nil && e.class != vocab.Position { // a title alone names no position
			r.byName[k] = e
		}
	}
	return e
}

// named gives the institution or place of these forms.
func (r *registry) named(class vocab.Class, forms []string) *entity {
	for _, f := range forms {
		if e := r.byName[nameKey(class, f)]; e != nil {
			return r.add(e, forms)
		}
	}
	return r.add(&entity{class: class}, forms)
}

// position gives the position of this title in this body (nil when the text does not say).
func (r *registry) position(title string, body *entity) *entity {
	key := title
	if body != nil {
		key += "\x00" + body.forms[0]
	}
	if e := r.byName[nameKey(vocab.Position, key)]; e != nil {
		return e
	}
	e := r.add(&entity{class: vocab.Position, body: body}, []string{title})
	r.byName[nameKey(vocab.Position, key)] = e
	return e
}

// person gives the person of these forms, the first of which is the plain name. A name agrees with one found before
// when the surnames are the same and the given names do not contradict (an initial stands for its name); a lone
// surname when only one person here bears it.
func (r *registry) person(forms []string) *entity {
	for _, f := range forms {
		if e := r.byName[nameKey(vocab.Person, f)]; e != nil {
			return r.add(e, forms)
		}
	}
	given, last := splitName(forms[0])
	born := generation(forms[0])
	var hits []*entity
	for _, l := range last {
		for _, e := range r.people[l[0]] {
			if !slices.Contains(hits, e) && (born == "" || e.born == "" || born == e.born) && agree(given, last, e.given, e.last) {
				hits = append(hits, e)
			}
		}
	}
	if len(given) == 0 && len(last) == 1 && len(hits) == 0 && rules.given[last[0]] { // "Dear Ana": whoever is called so here
		for _, e := range r.list {
			if e.class == vocab.Person && len(e.given) > 0 && e.given[0] == last[0] && len(hits) < 2 {
				hits = append(hits, e)
			}
		}
	}
	if len(hits) == 1 {
		e := hits[0]
		if len(given) > len(e.given) || len(given) == len(e.given) && len(strings.Join(given, "")) > len(strings.Join(e.given, "")) || len(last) > len(e.last) {
			e.given, e.last = given, last
		}
		return r.add(e, forms)
	}
	e := &entity{class: vocab.Person, given: given, last: last, born: born}
	for _, l := range last {
		if b := r.people[l[0]]; len(b) < maxPeople && !slices.Contains(b, e) {
			r.people[l[0]] = append(b, e)
		}
	}
	return r.add(e, forms)
}

// generation is the suffix that tells father from son, or "".
func generation(name string) string {
	words := strings.Fields(graph.Fold(name))
	if len(words) < 2 {
		return ""
	}
	switch w := words[len(words)-1]; w {
	case "jr", "sr", "ii", "iii", "iv":
		return w
	}
	return ""
}

// splitName parts a plain name into folded given names and surnames. The last word is a surname; with three words or
// more and a Spanish-looking middle (a known surname that is no given name) the middle is one, too.
func splitName(name string) (given, last []string) {
	var words []string
	tail := 1 // how many words the last one of the name is: "Ruiz-Paz" is two surnames
	for _, field := range strings.Fields(name) {
		n := len(words)
		for _, w := range strings.Fields(graph.Fold(field)) {
			if !rules.suffix[w] && !rules.particle[w] && (!rules.honorific[w] || len(w) == 1) {
				words = append(words, w)
			}
		}
		if len(words) > n {
			tail = len(words) - n
		}
	}
	if len(words) <= tail {
		return nil, words
	}
	n := len(words) - tail
	for n > 1 && len(words[n-1]) > 1 && rules.surname[words[n-1]] && !rules.given[words[n-1]] {
		n--
	}
	return words[:n], words[n:]
}

// within: every word of the shorter name has one in the longer that it can stand for. "Ana Eva Ruiz" and "Ana Ruiz Paz"
// each say a word that the other does not: they are two.
func within(a, b []string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, w := range a {
		if !slices.ContainsFunc(b, func(v string) bool { return near(w, v) || givenAgree(w, v) }) {
			return false
		}
	}
	return true
}

// agree tells whether two names can be one person's.
func agree(g1, l1, g2, l2 []string) bool {
	if len(l1) == 0 || len(l2) == 0 {
		return false
	}
	// One surname list must begin with or end in the other (two-surname names are cited by the first or by both).
	short, long := l1, l2
	if len(short) > len(long) {
		short, long = long, short
	}
	if !near(short[0], long[0]) && !(len(short) == 1 && near(short[0], long[len(long)-1])) {
		return false
	}
	if len(short) == len(long) && len(short) > 1 && !near(short[1], long[1]) {
		return false
	}
	if len(g1) == 0 || len(g2) == 0 {
		return true
	}
	if !within(append(slices.Clone(g1), l1...), append(slices.Clone(g2), l2...)) {
		return false
	}
	if !givenAgree(g1[0], g2[0]) {
		return false
	}
	if len(g1) > 1 && len(g2) > 1 && len(short) == len(long) && !givenAgree(g1[1], g2[1]) {
		return false
	}
	return true
}

func givenAgree(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if slices.Contains(rules.nicknames[a], b) || slices.Contains(rules.nicknames[b], a) {
		return true
	}
	if a == b || len(a) == 1 && b[0] == a[0] {
		return true
	}
	if rules.given[a] && rules.given[b] { // two names that are names: Fernando is not Fernanda
		return false
	}
	return len(a) >= 3 && strings.HasPrefix(b, a) || near(a, b) || len(a) >= 5 && a[0] == b[0] && distance(a, b) <= 2
}

// distance is the number of letters to change, add or drop (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal + btoi(a[i-1] != b[j-1])
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// near: equal, or equal but for a letter that OCR confuses in a long word.
func near(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) < 6 || len(b) < 6 {
		return false
	}
	return ocrFold.Replace(a) == ocrFold.Replace(b)
}

// ocrFold brings letters together that OCR takes for one another.
var ocrFold = strings.NewReplacer("rn", "m", "l", "i", "1", "i", "0", "o", "3", "j", "5", "s", "vv", "w")

// finish gives the entities with their ids, sorted. A person of one word only is kept to the file.
func (r *registry) finish(file graph.ID) []graph.Entity {
	var out []graph.Entity
	seen := map[graph.ID]int{}
	// Positions are named after their institutions.
	slices.SortStableFunc(r.list, func(a, b *entity) int {
		return cmp.Compare(btoi(a.class == vocab.Position), btoi(b.class == vocab.Position))
	})
	for _, e := range r.list {
		name := e.show()
		scope := graph.ID("")
		if e.class == vocab.Person && partial(name) || e.class == vocab.Position && e.body == nil && bare(name) {
			scope = file
		}
		full := name
		if e.body != nil && !strings.Contains(graph.Fold(name), graph.Fold(e.body.show())) {
			full = name + ", " + e.body.show()
		}
		e.id = graph.NewID(e.class, full, scope)
		if e.id == "" {
			continue
		}
		g := graph.Entity{ID: e.id, Class: e.class, Name: full}
		for _, f := range e.forms {
			if f != full {
				g.Aliases = append(g.Aliases, f)
			}
			if e.class == vocab.Institution && isAcronym(f) && f != name && g.Acronym == "" {
				g.Acronym = f
			}
		}
		slices.Sort(g.Aliases)
		g.Aliases = slices.Compact(g.Aliases)
		if i, ok := seen[e.id]; ok { // two forms with one id: one entity
			out[i].Aliases = append(out[i].Aliases, g.Aliases...)
			slices.Sort(out[i].Aliases)
			out[i].Aliases = slices.Compact(out[i].Aliases)
			continue
		}
		seen[e.id] = len(out)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b graph.Entity) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// bare: a title that says nothing of where ("President", "Foreign Minister"): one word or two without "of".
func bare(title string) bool {
	words := strings.Fields(graph.Fold(title))
	return len(words) <= 2 && !slices.ContainsFunc(words, func(w string) bool { return rules.connector[w] })
}

// partial: one word, or surnames only ("Montúfar Vela"): no proof of who it is outside this file.
func partial(name string) bool {
	words := strings.Fields(graph.Fold(name))
	for _, w := range words[:max(len(words)-1, 0)] {
		if rules.given[w] || !rules.surname[w] && !rules.particle[w] {
			return false
		}
	}
	return true
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// show is the form to show: of a person the fullest one without title and comma, else the first.
func (e *entity) show() string {
	best := e.forms[0]
	if e.class != vocab.Person {
		return best
	}
	weight := func(s string) int {
		if strings.ContainsAny(s, ",_<>@\"") || strings.HasSuffix(s, " 3") {
			return 0
		}
		w, words := 0, strings.Fields(graph.Fold(s))
		for i, x := range words {
			if i == 0 && (rules.honorific[x] || rules.title[x]) {
				return 1
			}
			if rules.suffix[x] {
				continue
			}
			if len(x) > 1 {
				w += 2
			}
			w++
		}
		if strings.ToUpper(s) == s {
			w--
		}
		return w
	}
	for _, f := range e.forms[1:] {
		if weight(f) > weight(best) {
			best = f
		}
	}
	return best
}

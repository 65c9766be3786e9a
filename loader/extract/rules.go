package extract

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"casegraph/graph"
	"casegraph/graph/vocab"
)

//go:embed rules/*.yaml gazetteers/*.txt gazetteers/*.tsv
var data embed.FS

//go:embed *.go
var code embed.FS

// rules is the data that the code of this package runs on, compiled.
var rules = mustLoad()

// textGeneration is raised when package document changes what it makes of a file.
const textGeneration = "1"

// Version names the rules: documents read under another version are read again by a load. It is a hash of the embedded
// data, the source of this package and textGeneration.
func Version() string { return rules.version }

type wordSet map[string]bool

type field struct {
	Name   string
	Labels []string
	Role   string // relation that the parties of the field get
	List   bool
	Header bool // part of a header block
	Cable  bool // marks the block as a cable's
}

type patterns []*regexp.Regexp

// match gives the first pattern that matches s, as submatch indexes, and the pattern.
func (p patterns) match(s string) ([]int, *regexp.Regexp) {
	for _, re := range p {
		if m := re.FindStringSubmatchIndex(s); m != nil {
			return m, re
		}
	}
	return nil, nil
}

func (p patterns) ok(s string) bool { m, _ := p.match(s); return m != nil }

// group cuts the named group of a match out of v; an unmatched group is an empty view.
func group(v view, m []int, re *regexp.Regexp, name string) view {
	i := re.SubexpIndex(name)
	if i < 0 || m[2*i] < 0 {
		return view{}
	}
	return v.cut(m[2*i], m[2*i+1]).trim()
}

type kindRule struct {
	kind string
	re   *regexp.Regexp
}

type ruleSet struct {
	version string

	fields     map[string]*field // by name
	labels     map[string]*field // by folded label
	fieldLine  *regexp.Regexp    // label, colon, value
	spacedLine *regexp.Regexp    // label, two spaces or more, value: a colon lost by OCR
	precedence *regexp.Regexp
	forward    *regexp.Regexp
	reply      *regexp.Regexp
	quoted     patterns
	nobody     patterns
	stamps     patterns
	redaction  *regexp.Regexp

	salutation, inlineSalutation, closing, inlineClosing, motto, cc, signatories, undersigned, blockEnd, release, quotes, tells, contacts, listed, madeUp, cableRef, titledTo, titledFromTo, telegram patterns
	reference, yourReference                                                                                                                                                                          patterns
	titleKinds, categoryKinds, cited                                                                                                                                                                  []kindRule
	classification, beginText, endText, dateline, byline, copyright, memorandum, cableNumber, noCopy, caption, copyNote, listedDocument                                                               *regexp.Regexp

	organisation, position, profession, title, honorific, modifier, particle, connector, stop, noByline, formerly, navigation, suffix, placeLead, article, peer, stateLead, politeness wordSet
	languages                                                                                                                                                                          map[string]wordSet
	months                                                                                                                                                                             map[string]int
	dates                                                                                                                                                                              dateRules
	leads                                                                                                                                                                              map[string][]string
	nicknames                                                                                                                                                                          map[string][]string // short form -> full given names
	given, surname                                                                                                                                                                     wordSet
	countries                                                                                                                                                                          map[string]string // folded name -> name to show
	confidences                                                                                                                                                                        map[string]float64
}

func mustLoad() *ruleSet {
	r, err := load(data)
	if err != nil {
		panic(fmt.Errorf("the embedded rules must be right: %w", err))
	}
	return r
}

// load reads and checks the rules. An error names the file, and for YAML the line.
func load(fsys fs.FS) (*ruleSet, error) {
	r := &ruleSet{fields: map[string]*field{}, labels: map[string]*field{}, countries: map[string]string{}}
	sum := sha256.New()
	sum.Write([]byte(textGeneration))
	read := func(name string) ([]byte, error) {
		b, err := fs.ReadFile(fsys, name)
		sum.Write([]byte(name))
		sum.Write(b)
		return b, err
	}
	for _, step := range []struct {
		file string
		into func(file string, b []byte) error
	}{
		{"rules/fields.yaml", r.loadFields},
		{"rules/words.yaml", r.loadWords},
		{"rules/zones.yaml", r.loadZones},
		{"rules/confidence.yaml", r.loadConfidences},
		{"gazetteers/given-names.txt", func(_ string, b []byte) error { r.given = lineSet(b); return nil }},
		{"gazetteers/surnames.txt", func(_ string, b []byte) error { r.surname = lineSet(b); return nil }},
		{"gazetteers/countries.tsv", r.loadCountries},
		{"gazetteers/nicknames.tsv", r.loadNicknames},
	} {
		b, err := read(step.file)
		if err == nil {
			err = step.into(step.file, b)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.file, err)
		}
	}
	sources, err := fs.Glob(code, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range sources {
		if b, err := code.ReadFile(name); err == nil && !strings.HasSuffix(name, "_test.go") {
			sum.Write(b)
		}
	}
	r.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return r, nil
}

func lineSet(b []byte) wordSet {
	s := wordSet{}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			s[line] = true
		}
	}
	return s
}

func (r *ruleSet) loadCountries(_ string, b []byte) error {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		for _, n := range strings.Split(line, "\t") {
			r.countries[graph.Fold(n)] = n
		}
	}
	return nil
}

func (r *ruleSet) loadConfidences(_ string, b []byte) error {
	if err := strictYAML(b, &r.confidences); err != nil {
		return err
	}
	if _, ok := r.confidences["default"]; !ok {
		return fmt.Errorf("no default")
	}
	for by, c := range r.confidences {
		if !(c >= 0 && c <= 1) {
			return fmt.Errorf("%s: %v is no share", by, c)
		}
	}
	return nil
}

func (r *ruleSet) loadNicknames(_ string, b []byte) error {
	r.nicknames = map[string][]string{}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		for _, short := range f[1:] {
			r.nicknames[short] = append(r.nicknames[short], f[0])
		}
	}
	return nil
}

func strictYAML(b []byte, into any) error { return yaml.UnmarshalWithOptions(b, into, yaml.Strict()) }

func compile(list []string) (patterns, error) {
	var out patterns
	for _, s := range list {
		re, err := regexp.Compile(s)
		if err != nil {
			return nil, err
		}
		out = append(out, re)
	}
	return out, nil
}

// either is a pattern for any of the words, longest first.
func either(words []string) string {
	words = slices.Clone(words)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	for i, w := range words {
		words[i] = strings.NewReplacer(" ", `\s+`, "/", `[/!|]`).Replace(regexp.QuoteMeta(w)) // OCR reads / as !
	}
	return strings.Join(words, "|")
}

func (r *ruleSet) loadFields(_ string, b []byte) (err error) {
	var f struct {
		Fields []struct {
			Name   string
			Labels []string
			Role   string
			List   bool
			Header bool
			Cable  bool
		}
		Precedence, Forward, Reply, Quoted, Nobody, Stamps, Redactions []string
	}
	if err := strictYAML(b, &f); err != nil {
		return err
	}
	var all []string
	for _, x := range f.Fields {
		fl := field(x)
		if _, ok := vocab.Lookup(vocab.Predicate(x.Role)); x.Role != "" && !ok {
			return fmt.Errorf("field %q: role %q is no relation of the vocabulary", x.Name, x.Role)
		}
		if r.fields[x.Name] != nil {
			return fmt.Errorf("field %q stands twice", x.Name)
		}
		r.fields[x.Name] = &fl
		for _, l := range x.Labels {
			k := graph.Fold(l)
			if r.labels[k] != nil && r.labels[k] != &fl {
				return fmt.Errorf("label %q belongs to two fields", l)
			}
			r.labels[k] = &fl
			all = append(all, l)
		}
	}
	if r.fieldLine, err = regexp.Compile(`^\s*[('"]?(?i:(` + either(all) + `))\s*:\s*(.*)$`); err != nil {
		return err
	}
	if r.spacedLine, err = regexp.Compile(`^\s*(` + either(all) + `)\s{2,}(\S.*)$`); err != nil {
		return err
	}
	if r.precedence, err = regexp.Compile(`\s+(?:` + either(f.Precedence) + `)(?:\s+\d{1,5})?\s*$`); err != nil {
		return err
	}
	if r.forward, err = regexp.Compile(`^\s*(?i:` + either(f.Forward) + `)\s*:`); err != nil {
		return err
	}
	if r.reply, err = regexp.Compile(`^\s*(?i:` + either(f.Reply) + `)\s*:`); err != nil {
		return err
	}
	if r.redaction, err = regexp.Compile(strings.Join(f.Redactions, "|")); err != nil {
		return err
	}
	if r.nobody, err = compile(f.Nobody); err != nil {
		return err
	}
	if r.quoted, err = compile(f.Quoted); err != nil {
		return err
	}
	r.stamps, err = compile(f.Stamps)
	return err
}

func (r *ruleSet) loadZones(_ string, b []byte) (err error) {
	type kind struct{ Kind, Title, Is string }
	var z struct {
		Salutation, Inlinesalutation, Closing, Inlineclosing, Motto, Cc, Signatories, Undersigned, Blockend, Release, Quotes, Tells, Contacts, Listed, Madeup, Cableref, Titledto, Titledfromto, Telegram []string
		Reference, Yourreference                                                                                                                                                                          []string
		Cited                                                                                                                                                                                             []struct{ Kind, Ref string }
		Kinds, Categories                                                                                                                                                                                 []kind
		Classification, Begintext, Endtext, Dateline, Byline, Copyright, Memorandum, Cablenumber, Nocopy, Caption, Copynote, Listeddocument                                                               string
	}
	if err := strictYAML(b, &z); err != nil {
		return err
	}
	for _, x := range []struct {
		into *patterns
		from []string
	}{
		{&r.salutation, z.Salutation}, {&r.inlineSalutation, z.Inlinesalutation}, {&r.closing, z.Closing}, {&r.inlineClosing, z.Inlineclosing},
		{&r.motto, z.Motto}, {&r.cc, z.Cc}, {&r.signatories, z.Signatories}, {&r.undersigned, z.Undersigned}, {&r.blockEnd, z.Blockend},
		{&r.release, z.Release}, {&r.quotes, z.Quotes}, {&r.tells, z.Tells}, {&r.contacts, z.Contacts}, {&r.listed, z.Listed}, {&r.madeUp, z.Madeup}, {&r.cableRef, z.Cableref}, {&r.titledTo, z.Titledto}, {&r.titledFromTo, z.Titledfromto}, {&r.telegram, z.Telegram}, {&r.reference, z.Reference}, {&r.yourReference, z.Yourreference},
	} {
		if *x.into, err = compile(x.from); err != nil {
			return err
		}
	}
	for _, list := range [][]kind{z.Kinds, z.Categories} {
		for _, k := range list {
			if !slices.Contains(vocab.Kinds(), k.Kind) {
				return fmt.Errorf("kind %q is none of %v", k.Kind, vocab.Kinds())
			}
		}
	}
	for _, k := range z.Kinds {
		re, err := regexp.Compile(k.Title)
		if err != nil {
			return err
		}
		r.titleKinds = append(r.titleKinds, kindRule{k.Kind, re})
	}
	for _, k := range z.Cited {
		re, err := regexp.Compile(k.Ref)
		if err != nil {
			return err
		}
		r.cited = append(r.cited, kindRule{k.Kind, re})
	}
	for _, k := range z.Categories {
		re, err := regexp.Compile(k.Is)
		if err != nil {
			return err
		}
		r.categoryKinds = append(r.categoryKinds, kindRule{k.Kind, re})
	}
	for _, x := range []struct {
		into **regexp.Regexp
		from string
	}{{&r.classification, z.Classification}, {&r.beginText, z.Begintext}, {&r.endText, z.Endtext}, {&r.dateline, z.Dateline}, {&r.byline, z.Byline}, {&r.copyright, z.Copyright}, {&r.memorandum, z.Memorandum}, {&r.cableNumber, z.Cablenumber}, {&r.noCopy, z.Nocopy}, {&r.caption, z.Caption}, {&r.copyNote, z.Copynote}, {&r.listedDocument, z.Listeddocument}} {
		if *x.into, err = regexp.Compile(x.from); err != nil {
			return err
		}
	}
	return nil
}

func (r *ruleSet) loadWords(_ string, b []byte) error {
	var w struct {
		Organisation, Position, Profession, Title, Honorific, Modifier, Particle, Connector, Stop, Nobyline, Formerly, Navigation, Suffix, Placelead, Article, Peer, Statelead, Politeness string
		Language                                                                                                                                                                           map[string]string
		Months                                                                                                                                                                             struct {
			En, Es        []string
			Abbreviations map[string]int
		}
		Weekdays string
		Leads    map[string][]string
	}
	if err := strictYAML(b, &w); err != nil {
		return err
	}
	set := func(s string) wordSet {
		out := wordSet{}
		for _, f := range strings.Fields(s) {
			out[graph.Fold(f)] = true
		}
		return out
	}
	r.organisation, r.position, r.profession, r.title = set(w.Organisation), set(w.Position), set(w.Profession), set(w.Title)
	r.honorific, r.modifier, r.particle, r.connector, r.stop = set(w.Honorific), set(w.Modifier), set(w.Particle), set(w.Connector), set(w.Stop)
	r.noByline, r.formerly, r.navigation = set(w.Nobyline), set(w.Formerly), set(w.Navigation)
	r.suffix, r.placeLead, r.article = set(w.Suffix), set(w.Placelead), set(w.Article)
	r.peer, r.stateLead, r.politeness = set(w.Peer), set(w.Statelead), set(w.Politeness)
	delete(r.connector, "")
	r.languages = map[string]wordSet{}
	for lang, words := range w.Language {
		r.languages[lang] = set(words)
	}
	r.months = w.Months.Abbreviations
	for _, names := range [][]string{w.Months.En, w.Months.Es} {
		if len(names) != 12 {
			return fmt.Errorf("months: a year has twelve, not %d", len(names))
		}
		for i, n := range names {
			r.months[n] = i + 1
		}
	}
	r.leads = w.Leads
	r.dates = newDateRules(r.months, strings.Fields(w.Weekdays))
	return nil
}

// confidence of a claim by what read it; an extractor that was not measured has that of "default".
func (r *ruleSet) confidence(by string) float64 {
	if c, ok := r.confidences[by]; ok {
		return c
	}
	return r.confidences["default"]
}

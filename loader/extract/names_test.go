package extract

import (
	"slices"
	"strings"
	"testing"

	"casegraph/graph/vocab"
)

// viewOf makes the view of a text that stands alone.
func viewOf(s string) view { return clean(s, 0) }

func TestPerson(t *testing.T) {
	for _, c := range []struct{ in, name, title string }{
		{"Marta Oquendo", "Marta Oquendo", ""},
		{"Oquendo, Marta", "Marta Oquendo", ""},
		{"Oquendo, Marta J", "Marta J Oquendo", ""},
		{"Oquendo, Marta J.", "Marta J Oquendo", ""},
		{"OQUENDO, MARTA", "Marta Oquendo", ""},
		{"MARTA OQUENDO", "Marta Oquendo", ""},
		{"Oquendo Jr., Luis", "Luis Oquendo Jr.", ""},
		{"van Elzen, Noor", "Noor van Elzen", ""},
		{"Ms. Marta Oquendo", "Marta Oquendo", ""},
		{"Dr Marta Oquendo", "Marta Oquendo", ""},
		{"Lic. Hernán Acevedo Lara", "Hernán Acevedo Lara", ""},
		{"Gral. Baltasar Salinas", "Baltasar Salinas", ""},
		{"Hna. Teodora Cusi", "Teodora Cusi", ""},
		{"Sen. Ofelia Quintanar", "Ofelia Quintanar", ""},
		{"H.E. Astrid Bravo", "Astrid Bravo", ""},
		{"President Luis Bravo", "Luis Bravo", "President"},
		{"Deputy Secretary Luis Bravo", "Luis Bravo", "Deputy Secretary"},
		{"Senadora Ofelia Quintanar", "Ofelia Quintanar", "Senadora"},
		{"Ruiz, Ana 3", "Ana J Ruiz", ""},
		{"Ruiz, Ana ]", "Ana J Ruiz", ""},
		{"Ruiz_Ana", "Ruiz Ana", ""},
		{`William "Bill" Oquendo`, "William Oquendo", ""},
		{"Marta (Tita) Oquendo", "Marta Oquendo", ""},
		{"  Marta   Oquendo ; ", "Marta Oquendo", ""},
		{"KJ BRENNINGER", "KJ Brenninger", ""},
		{"H STEENBAKKER", "H Steenbakker", ""},
		{"C Paz", "C Paz", ""},
		{"JOSÉ O'FARRIL", "José O'Farril", ""},
		{"INGRID SOLHEIM-DUARTE", "Ingrid Solheim-Duarte", ""},
		{"JUAN DE LA CRUZ", "Juan de la Cruz", ""},
	} {
		p, ok := person(viewOf(c.in))
		if !ok || p.class != vocab.Person || p.forms[0] != c.name || p.title.s != c.title {
			t.Errorf("person(%q) = %q, title %q, %v; want %q, title %q", c.in, p.forms, p.title.s, ok, c.name, c.title)
		}
	}
	for _, in := range []string{"", " ", ",", "--", "(b)(6)", `"..."`, "1234", "***"} {
		if p, ok := person(viewOf(in).without(rules.redaction)); ok {
			t.Errorf("person(%q) = %q: nobody of that name", in, p.forms)
		}
	}
}

func TestIsPerson(t *testing.T) {
	for _, s := range []string{"Marta Oquendo", "Marta J. Oquendo", "J. Oquendo", "Luis de la Cruz", "Ms Quintanar Paz", "MARTA OQUENDO", "Juan Carlos Ruiz Paz", "Rosa O'Brien", "Ana Ruiz Jr."} {
		if !isPerson(viewOf(s), false) {
			t.Errorf("%q is a person", s)
		}
	}
	for _, s := range []string{"", "Marta", "San Telmo", "Santa Rosa", "Puerto Amparo", "El Correo", "La Jornada", "The Times", "Lakes Institute", "Human Rights Office", "Executive Director", "open the school",
		"Marta Oquendo and", "4 March 2021", "Marta 2 Oquendo", "Yours sincerely", "Dear Marta", "Press Release", "Ministry of Interior", "Embassy of Havermark", "Subject Line"} {
		if isPerson(viewOf(s), false) {
			t.Errorf("%q is no person", s)
		}
	}
	// lax asks for the shape only; places and papers are not even shaped like a person.
	for _, s := range []string{"San Telmo", "Santa Bríxida", "Villa Candelas", "Puerto Amparo", "El Correo", "La Voz", "Los Lagos", "Ciudad Nueva", "Fort Bravo"} {
		if isPerson(viewOf(s), true) {
			t.Errorf("%q is no person, not even by its shape", s)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		in   string
		want vocab.Class
	}{
		{"Marta Oquendo", vocab.Person},
		{"Executive Director", vocab.Position},
		{"Deputy Executive Director for Research", vocab.Position},
		{"Minister of the Interior", vocab.Position},
		{"Secretario de Seguridad Pública", vocab.Position},
		{"Segundo Visitador General", vocab.Position},
		{"Presidenta de la Comisión Nacional de Derechos", vocab.Position},
		{"Ministry of the Interior", vocab.Institution},
		{"Secretaría de Seguridad Pública", vocab.Institution},
		{"Lakes Institute", vocab.Institution},
		{"Comisión Nacional de Derechos y Garantías", vocab.Institution},
		{"REFABI", vocab.Institution},
		{"Senate Committee on Human Rights", vocab.Institution},
		{"San Telmo", ""},
		{"and then nothing came of it", ""},
		{"", ""},
	} {
		if got := kindOf(viewOf(c.in)); got != c.want {
			t.Errorf("kindOf(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestInstitution(t *testing.T) {
	for _, c := range []struct {
		in    string
		forms []string
	}{
		{"Lakes Institute", []string{"Lakes Institute"}},
		{"The Lakes Institute", []string{"Lakes Institute", "The Lakes Institute"}},
		{"Red de Familias (REFABI)", []string{"Red de Familias", "Red de Familias (REFABI)", "REFABI"}},
		{" - Lakes Institute, ", []string{"Lakes Institute"}},
		{"Lakes Institute (since 1964)", []string{"Lakes Institute (since 1964)"}},
	} {
		p, ok := institution(viewOf(c.in))
		if !ok || p.class != vocab.Institution || !slices.Equal(p.forms, c.forms) {
			t.Errorf("institution(%q) = %q, %v; want %q", c.in, p.forms, ok, c.forms)
		}
	}
	for _, in := range []string{"", "--", "1234", "()"} {
		if p, ok := institution(viewOf(in)); ok {
			t.Errorf("institution(%q) = %q: no body of that name", in, p.forms)
		}
	}
}

func TestIsAcronym(t *testing.T) {
	for s, want := range map[string]bool{"REFABI": true, "CNDG": true, "UN": true, "OfA": true, "DiCo": true, "A": false, "since": false, "the UN": false, "": false, "Vigía": false, "ABCDEFGHIJKLMNO": false} {
		if isAcronym(s) != want {
			t.Errorf("isAcronym(%q) = %v", s, !want)
		}
	}
}

func TestSplitBody(t *testing.T) {
	for _, c := range []struct{ in, title, body string }{
		{"Executive Director of Lakes Institute", "Executive Director", "Lakes Institute"},
		{"Executive Director of the Lakes Institute", "Executive Director", "Lakes Institute"},
		{"Executive Director Lakes Institute", "Executive Director", "Lakes Institute"},
		{"Director", "Director", ""},
		{"Directora Regional del Instituto de Lagos", "Directora Regional", "Instituto de Lagos"},
		{"Presidenta de la CNDG", "Presidenta", "CNDG"},
		{"Minister of the Interior", "Minister of the Interior", ""},
		{"Director for Human Rights", "Director for Human Rights", ""},
		{"Head of Mission", "Head of Mission", ""},
		{"Deputy Head of Mission", "Deputy Head of Mission", ""},
		{"Head of Office", "Head of Office", ""},
		{"Secretary of State", "Secretary of State", ""},
		{"Chair of the Board", "Chair of the Board", ""},
		{"Secretary of Public Security of Ixcala", "Secretary of Public Security of Ixcala", ""},
	} {
		title, body := splitBody(viewOf(c.in))
		if title.s != c.title || body.s != c.body {
			t.Errorf("splitBody(%q) = %q in %q, want %q in %q", c.in, title.s, body.s, c.title, c.body)
		}
	}
}

func TestSplitRun(t *testing.T) {
	for _, c := range []struct {
		in   string
		want string // name|title|body, parted by semicolons; empty: no run
	}{
		{"Marta Oquendo Executive Director Rivers Foundation Luis Bravo President Harbour Workers Union", "Marta Oquendo|Executive Director|Rivers Foundation;Luis Bravo|President|Harbour Workers Union"},
		{"Marta Oquendo Executive Director Rivers Foundation", "Marta Oquendo|Executive Director|Rivers Foundation"},
		{"Marta Oquendo Director", "Marta Oquendo|Director|"},
		{"Marta Oquendo", ""},
		{"Executive Director Rivers Foundation", ""},
		{"the Director of Rivers Foundation", ""},
		{"Marta Oquendo was Director of the Rivers Foundation", ""},
	} {
		var got []string
		for _, p := range splitRun(viewOf(c.in)) {
			got = append(got, p.forms[0]+"|"+p.title.s+"|"+p.body.s)
		}
		if strings.Join(got, ";") != c.want {
			t.Errorf("splitRun(%q) = %q, want %q", c.in, strings.Join(got, ";"), c.want)
		}
	}
}

func TestMailbox(t *testing.T) {
	for _, c := range []struct {
		in    string
		class vocab.Class
		name  string
	}{
		{"Marta Oquendo <m.oquendo@lakes.example>", vocab.Person, "Marta Oquendo"},
		{"Oquendo, Marta <m.oquendo@lakes.example>", vocab.Person, "Marta Oquendo"},
		{`"Oquendo, Marta" <m.oquendo@lakes.example>`, vocab.Person, "Marta Oquendo"},
		{"'Marta Oquendo'", vocab.Person, "Marta Oquendo"},
		{"Marta Oquendo [mailto:m.oquendo@lakes.example]", vocab.Person, "Marta Oquendo"},
		{"Oquendo, Marta (Puerto Amparo)", vocab.Person, "Marta Oquendo"},
		{"Oquendo, Marta J (Puerto Amparo) (DRL)", vocab.Person, "Marta J Oquendo"},
		{"Oquendo, Marta - DRL", vocab.Person, "Marta Oquendo"},
		{"Ruiz, Ana 3", vocab.Person, "Ana J Ruiz"},
		{"Ruiz, Ana ]", vocab.Person, "Ana J Ruiz"},
		{"Human Rights Office <hro@lakes.example>", vocab.Institution, "Human Rights Office"},
		{"PUERTO-AMPARO-POL-DL", vocab.Institution, "PUERTO-AMPARO-POL-DL"},
		{"RELAY Desk", vocab.Institution, "RELAY Desk"},
	} {
		p, ok := mailbox(viewOf(c.in))
		if !ok || p.class != c.class || p.forms[0] != c.name {
			t.Errorf("mailbox(%q) = %s %q, %v; want %s %q", c.in, p.class, p.forms, ok, c.class, c.name)
		}
		if ok && p.whole.empty() {
			t.Errorf("mailbox(%q): no evidence", c.in)
		}
	}
	for _, in := range []string{"", "(b)(6)", "m.oquendo@lakes.example", "<m.oquendo@lakes.example>", "(b)(6) <(b)(6)>", "[REDACTED]", "helpdesk", ";", "''", "(b)(6) (Puerto Amparo)", "[ S.11(2) ]"} {
		if p, ok := mailbox(viewOf(in)); ok {
			t.Errorf("mailbox(%q) = %s %q: nobody", in, p.class, p.forms)
		}
	}
}

// A view keeps, for each of its bytes, the code point of the text that it comes from.
func TestCleanOffsets(t *testing.T) {
	for _, c := range []struct{ raw, s string }{
		{"plain", "plain"},
		{"**To:** Ana", "To: Ana"},
		{"<b>Ana</b> Ruiz", "Ana Ruiz"},
		{"[Ana](https://a.example/x) Ruiz", "Ana Ruiz"},
		{"Se&ntilde;or &amp; Co", "Señor & Co"},
		{"Peña\tRuiz", "Peña    Ruiz"},
		{"a\u00a0b\u200bc", "a bc"},
		{`Ana\_Ruiz`, "Ana_Ruiz"},
		{"__Ana__", "Ana"},
	} {
		v := clean(c.raw, 10)
		if v.s != c.s || len(v.off) != len(v.s) {
			t.Errorf("clean(%q) = %q with %d offsets for %d bytes, want %q", c.raw, v.s, len(v.off), len(v.s), c.s)
		}
		raw := []rune(c.raw)
		for i := range v.off {
			if v.off[i] < 10 || v.off[i] >= 10+len(raw) || i > 0 && v.off[i] < v.off[i-1] {
				t.Errorf("clean(%q): byte %d has offset %d", c.raw, i, v.off[i])
				break
			}
		}
		for i, r := range v.s {
			if at := raw[v.off[i]-10]; at != r && !strings.ContainsRune("&\t\u00a0", at) {
				t.Errorf("clean(%q): %q comes from %q", c.raw, r, at)
			}
		}
	}
}

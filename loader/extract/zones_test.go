package extract

import (
	"slices"
	"strings"
	"testing"

	"casegraph/graph"
	"casegraph/graph/vocab"
	"casegraph/loader/document"
)

// story is a small text and the whole of what it says by its layout. Whatever else comes out is a fault: a wrong edge
// harms a person.
type story struct {
	name string
	text string
	want string // relations but for mentions, one a line: "Subject predicate Object"
	may  string // relations that two careful readers could differ over
	// nobody lists names that are no entity at all, neither as name nor as alias nor within one.
	nobody []string
	docs   string // what must be said of documents, one a line: "doc/1 letter 2021-03-04 title"; only those named
}

// tell reads the text of a story as the loader would: named, through document.Read.
func tell(t testing.TB, text string) graph.Batch {
	t.Helper()
	d, err := document.Read("story.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Extract(d)
}

// told gives the relations of a batch but for mentions, sorted, each once.
func told(b graph.Batch) []string {
	name := names(b)
	var out []string
	for _, c := range b.Claims {
		if c.Predicate != vocab.Mentions {
			out = append(out, name[c.Subject]+" "+string(c.Predicate)+" "+name[c.Object])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func rows(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func (s story) check(t *testing.T) {
	t.Helper()
	b := tell(t, strings.TrimPrefix(s.text, "\n"))
	if _, err := b.Statements(); err != nil {
		t.Errorf("statements: %v", err)
	}
	got, want, may := told(b), rows(s.want), rows(s.may)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("lost:  %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) && !slices.Contains(may, g) {
			t.Errorf("wrong: %s", g)
		}
	}
	for _, e := range b.Entities {
		if e.Class == vocab.Person && !slices.ContainsFunc(append(want, may...), func(r string) bool {
			return strings.HasPrefix(r, e.Name+" ") || strings.HasSuffix(r, " "+e.Name)
		}) {
			t.Errorf("wrong: %q is a person", e.Name)
		}
		for _, n := range s.nobody {
			for _, form := range append([]string{e.Name}, e.Aliases...) {
				if strings.Contains(graph.Fold(form), graph.Fold(n)) {
					t.Errorf("wrong: %s %q is an entity", e.Class, form)
				}
			}
		}
	}
	for _, d := range rows(s.docs) {
		f := strings.SplitN(d, " ", 4)
		i := slices.IndexFunc(b.Documents, func(d graph.Document) bool { return names(b)[d.ID] == f[0] })
		if i < 0 {
			t.Errorf("lost:  document %s", d)
			continue
		}
		for k, value := range []string{b.Documents[i].Kind, b.Documents[i].Date, b.Documents[i].Title} {
			if k+1 < len(f) && f[k+1] != "-" && f[k+1] != value {
				t.Errorf("%s: %s is %q, want %q", f[0], []string{"kind", "date", "title"}[k], value, f[k+1])
			}
		}
	}
	if t.Failed() {
		t.Logf("text:\n%s", s.text)
	}
}

func TestSignatures(t *testing.T) {
	for _, s := range []story{
		{
			name: "a name with office and body on lines of their own signs once",
			text: `
4 March 2021

Dear Ms Bravo,

We write about the school.

Yours sincerely,

Marta Oquendo
Executive Director
Institute for Open Rivers
`,
			want: `
Bravo addressedIn doc
Marta Oquendo signed doc
Marta Oquendo holdsPosition Executive Director, Institute for Open Rivers
Executive Director, Institute for Open Rivers positionIn Institute for Open Rivers
Marta Oquendo memberOf Institute for Open Rivers
Institute for Open Rivers sent doc`,
			docs: "doc letter 2021-03-04",
		},
		{
			name: "signatures that a pasted page ran together are as many as there are names",
			text: `
Dear Minister,

We write about the school.

Sincerely,

Marta Oquendo Executive Director Rivers Foundation Luis Bravo President Harbour Workers Union Rosa Quintanar Director Lakes Institute
`,
			want: `
Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Marta Oquendo holdsPosition Executive Director, Rivers Foundation
Luis Bravo holdsPosition President, Harbour Workers Union
Rosa Quintanar holdsPosition Director, Lakes Institute
Executive Director, Rivers Foundation positionIn Rivers Foundation
President, Harbour Workers Union positionIn Harbour Workers Union
Director, Lakes Institute positionIn Lakes Institute
Marta Oquendo memberOf Rivers Foundation
Luis Bravo memberOf Harbour Workers Union
Rosa Quintanar memberOf Lakes Institute`,
		},
		{
			name: "of two columns each name keeps its own office and body",
			text: `
Dear Minister,

We write about the school.

Yours faithfully,

Marta Oquendo                        Luis Bravo
Executive Director                   Legal Counsel
Rivers Foundation                    Harbour Workers Union
`,
			want: `
Marta Oquendo signed doc
Luis Bravo signed doc
Marta Oquendo holdsPosition Executive Director, Rivers Foundation
Luis Bravo holdsPosition Legal Counsel, Harbour Workers Union
Executive Director, Rivers Foundation positionIn Rivers Foundation
Legal Counsel, Harbour Workers Union positionIn Harbour Workers Union
Marta Oquendo memberOf Rivers Foundation
Luis Bravo memberOf Harbour Workers Union`,
		},
		{
			// carta-abierta-gobernador-ixcala-2024: the body of the right column took a word of the left one.
			name: "in two columns a body's name that goes on below does not run into its neighbour's",
			text: `
Señor gobernador:

Escribimos por la escuela.

Atentamente,

Teodora Cusi Palma                   Consuelo Otero Paz
Directora                            Vocera
Centro Yatén de Derechos             Red de Familias Buscadoras
Humanos                              de Ixcala
`,
			want: `
Teodora Cusi Palma signed doc
Consuelo Otero Paz signed doc
Teodora Cusi Palma holdsPosition Directora, Centro Yatén de Derechos Humanos
Consuelo Otero Paz holdsPosition Vocera, Red de Familias Buscadoras de Ixcala
Directora, Centro Yatén de Derechos Humanos positionIn Centro Yatén de Derechos Humanos
Vocera, Red de Familias Buscadoras de Ixcala positionIn Red de Familias Buscadoras de Ixcala
Teodora Cusi Palma memberOf Centro Yatén de Derechos Humanos
Consuelo Otero Paz memberOf Red de Familias Buscadoras de Ixcala`,
		},
		{
			name: "rows of signatures two by two: a lower row is not the body of an upper one",
			text: `
Dear Minister,

We write about the school.

Sincerely,

Marta Oquendo                        Luis Bravo
Executive Director                   General Secretary
Rivers Foundation                    Harbour Workers Union

Rosa Quintanar                       Pedro Salinas
President                            Director
Lakes Institute                      Forest Institute
`,
			want: `
Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Pedro Salinas signed doc
Marta Oquendo holdsPosition Executive Director, Rivers Foundation
Luis Bravo holdsPosition General Secretary, Harbour Workers Union
Rosa Quintanar holdsPosition President, Lakes Institute
Pedro Salinas holdsPosition Director, Forest Institute
Executive Director, Rivers Foundation positionIn Rivers Foundation
General Secretary, Harbour Workers Union positionIn Harbour Workers Union
President, Lakes Institute positionIn Lakes Institute
Director, Forest Institute positionIn Forest Institute
Marta Oquendo memberOf Rivers Foundation
Luis Bravo memberOf Harbour Workers Union
Rosa Quintanar memberOf Lakes Institute
Pedro Salinas memberOf Forest Institute`,
		},
		{
			// carta-abierta-gobernador-ixcala-2024: a body's acronym was spelt out across the columns, so that
			// Red de Familias Buscadoras became "Red de Familias Buscadoras Humanos de Ixcala".
			name: "in two rows of columns, bodies that go on below keep to their columns",
			text: `
Señor gobernador:

Escribimos por la escuela.

Atentamente,

Teodora Cusi Palma                   Consuelo Otero Paz
Directora                            Vocera
Centro Yatén de Derechos             Red de Familias Buscadoras
Humanos                              de Ixcala (REFABI)

Camilo Salinas Bory                  Eloísa Tafur Meneses
Director Ejecutivo                   Secretaria General
Instituto de Lagos                   Sindicato de Maestras y Maestros
                                     de Ixcala (SIMI)
`,
			want: `
Teodora Cusi Palma signed doc
Consuelo Otero Paz signed doc
Camilo Salinas Bory signed doc
Eloísa Tafur Meneses signed doc
Teodora Cusi Palma holdsPosition Directora, Centro Yatén de Derechos Humanos
Consuelo Otero Paz holdsPosition Vocera, Red de Familias Buscadoras de Ixcala
Camilo Salinas Bory holdsPosition Director Ejecutivo, Instituto de Lagos
Eloísa Tafur Meneses holdsPosition Secretaria General, Sindicato de Maestras y Maestros de Ixcala
Directora, Centro Yatén de Derechos Humanos positionIn Centro Yatén de Derechos Humanos
Vocera, Red de Familias Buscadoras de Ixcala positionIn Red de Familias Buscadoras de Ixcala
Director Ejecutivo, Instituto de Lagos positionIn Instituto de Lagos
Secretaria General, Sindicato de Maestras y Maestros de Ixcala positionIn Sindicato de Maestras y Maestros de Ixcala
Teodora Cusi Palma memberOf Centro Yatén de Derechos Humanos
Consuelo Otero Paz memberOf Red de Familias Buscadoras de Ixcala
Camilo Salinas Bory memberOf Instituto de Lagos
Eloísa Tafur Meneses memberOf Sindicato de Maestras y Maestros de Ixcala`,
		},
		{
			// joint-letter-minister-vestergard-2024: rows were read as the lines of one signature.
			name: "each row of a table of signatures is a signer, and the contact below is none",
			text: `
Dear Minister,

We write about the school.

Respectfully,

| Name | Title | Organisation |
|:-----|:------|:-------------|
| Marta Oquendo | Regional Director | Vigía International |
| Camilo Restán | Executive Director | Vigía Tanaria |
| Luis Bravo | Policy Lead | Fair Rivers Coalition |
| Rosa Quintanar | President | Lakes Institute |

_Press contact: Luis Bravo, Fair Rivers Coalition, luis@fairrivers.example_
`,
			want: `
Marta Oquendo signed doc
Camilo Restán signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Marta Oquendo holdsPosition Regional Director, Vigía International
Regional Director, Vigía International positionIn Vigía International
Marta Oquendo memberOf Vigía International
Luis Bravo memberOf Fair Rivers Coalition
Rosa Quintanar holdsPosition President, Lakes Institute
President, Lakes Institute positionIn Lakes Institute
Rosa Quintanar memberOf Lakes Institute
Camilo Restán holdsPosition Executive Director, Vigía Tanaria
Executive Director, Vigía Tanaria positionIn Vigía Tanaria
Camilo Restán memberOf Vigía Tanaria`,
			may: `
Luis Bravo holdsPosition Policy Lead, Fair Rivers Coalition
Policy Lead, Fair Rivers Coalition positionIn Fair Rivers Coalition`,
		},
		{
			name: "a text without a closing has no signer, whoever is named in it",
			text: `
The council met on Monday. Marta Oquendo, Director of the Lakes Institute, spoke first.
Luis Bravo answered her.
`,
		},
		{
			name: "the word sincerely in a sentence closes nothing",
			text: `
Dear Minister,

Luis Bravo told us sincerely that he had seen nothing of it at all that night.
Marta Oquendo
was not there.
`,
		},
		{
			name: "a redacted signature is nobody",
			text: `
Dear Minister,

We write about the school.

Sincerely,

(b)(6)
Executive Director
Rivers Foundation
`,
			may: `
Rivers Foundation sent doc
Rivers Foundation signed doc`,
			nobody: []string{"b 6"},
		},
		{
			name: "a signature blacked out is nobody, and the name of the next zone does not slip into it",
			text: `
Dear Minister,

We write about the school.

Sincerely,

[REDACTED]

cc: Luis Bravo, Legal Counsel, Rivers Foundation
`,
			want: `
Luis Bravo ccdOn doc
Luis Bravo holdsPosition Legal Counsel, Rivers Foundation
Legal Counsel, Rivers Foundation positionIn Rivers Foundation
Luis Bravo memberOf Rivers Foundation`,
			nobody: []string{"redacted"},
		},
		{
			name: "enclosures and page marks below a signature are no signers",
			text: `
Dear Minister,

We write about the school.

Yours sincerely,

Marta Oquendo
Director

Enclosure: Report of Luis Bravo
Page 2 of 2
`,
			want: `
Marta Oquendo signed doc
Marta Oquendo holdsPosition Director`,
			nobody: []string{"Luis Bravo"},
		},
		{
			name: "an addressee below the signature, as old letters have it, did not sign",
			text: `
Dear Sir,

I have your letter.

Yours faithfully,

Luis Bravo
Director

Mr Pedro Salinas
14 Harbour Road
`,
			want: `
Luis Bravo signed doc
Luis Bravo holdsPosition Director
Pedro Salinas addressedIn doc`,
		},
		{
			name: "a post is not a place: the palace below the governor is no body he belongs to",
			text: `
30 de agosto de 2024

ING. RODRIGO SALINAS LUQUE
GOBERNADOR DEL ESTADO DE IXCALA
Palacio de Gobierno

Señor gobernador:

Escribimos por la escuela.

Atentamente,

Marta Oquendo
`,
			want: `
Rodrigo Salinas Luque addressedIn doc
Marta Oquendo signed doc
Rodrigo Salinas Luque holdsPosition GOBERNADOR DEL ESTADO DE IXCALA`,
		},
		{
			name: "Deputy Head of Mission is a post in the embassy below it",
			text: `
From: Bravo, Luis
To: Oquendo, Marta
Subject: the school

It can go out.

Luis Bravo
Deputy Head of Mission
Embassy of Havermark
Puerto Amparo
`,
			want: `
Luis Bravo sent doc
Marta Oquendo addressedIn doc
Luis Bravo signed doc
Luis Bravo holdsPosition Deputy Head of Mission, Embassy of Havermark
Deputy Head of Mission, Embassy of Havermark positionIn Embassy of Havermark
Luis Bravo memberOf Embassy of Havermark`,
		},
	} {
		t.Run(s.name, s.check)
	}
}

func TestCopies(t *testing.T) {
	letter := "Dear Minister,\n\nWe write about the school.\n\nSincerely,\n\nMarta Oquendo\n\n"
	for _, s := range []story{
		{
			name: "those in copy have their offices, and did not sign",
			text: letter + `cc: Luis Bravo, Chair, Harbour Committee
    Rosa Quintanar, Minister of the Interior
    Lakes Institute
`,
			want: `
Marta Oquendo signed doc
Luis Bravo ccdOn doc
Rosa Quintanar ccdOn doc
Lakes Institute ccdOn doc
Luis Bravo holdsPosition Chair, Harbour Committee
Chair, Harbour Committee positionIn Harbour Committee
Luis Bravo memberOf Harbour Committee
Rosa Quintanar holdsPosition Minister of the Interior`,
		},
		{
			// The position without a body was taken for the one before it that has one.
			name: "a director of nothing named is not the director of the body named before",
			text: letter + `cc: Luis Bravo, Director, Lakes Institute
    Rosa Quintanar, Director
`,
			want: `
Marta Oquendo signed doc
Luis Bravo ccdOn doc
Rosa Quintanar ccdOn doc
Luis Bravo holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Luis Bravo memberOf Lakes Institute
Rosa Quintanar holdsPosition Director`,
		},
		{
			name: "Last, First in a copy list is one person",
			text: letter + `cc: Bravo, Luis
    Quintanar, Rosa
`,
			want: `
Marta Oquendo signed doc
Luis Bravo ccdOn doc
Rosa Quintanar ccdOn doc`,
		},
		{
			// letter-press-guild: H.E. folds to the pronoun "he".
			name: "Her Excellency is copied like anybody else",
			text: letter + `cc: H.E. Rosa Quintanar, Ambassador of Havermark to Tanaria
    Sen. Luis Bravo, Chair, Harbour Committee
`,
			want: `
Marta Oquendo signed doc
Rosa Quintanar ccdOn doc
Luis Bravo ccdOn doc
Rosa Quintanar holdsPosition Ambassador of Havermark to Tanaria
Luis Bravo holdsPosition Chair, Harbour Committee
Chair, Harbour Committee positionIn Harbour Committee
Luis Bravo memberOf Harbour Committee`,
		},
		{
			name: "the copy list of an oficio: what the copy is for is no part of the office",
			text: `
Distinguido señor Bravo:

Se solicitan medidas.

Atentamente

Marta Oquendo

C.c.p.  Dra. Graciela Montúfar Vela, Ministra del Interior.- Para su conocimiento.
        Lic. Hernán Acevedo Lara, Fiscal Federal.- Mismo fin.
        Expediente.
        Archivo
        Minutario
EBL/rmo
`,
			want: `
Bravo addressedIn doc
Marta Oquendo signed doc
Graciela Montúfar Vela ccdOn doc
Hernán Acevedo Lara ccdOn doc
Graciela Montúfar Vela holdsPosition Ministra del Interior
Hernán Acevedo Lara holdsPosition Fiscal Federal`,
			nobody: []string{"expediente", "archivo", "minutario", "rmo", "conocimiento", "mismo fin"},
		},
		{
			name: "a file and a typist are nobody",
			text: letter + `cc: File
    Chron
    LB/mo
    Luis Bravo
`,
			want: `
Marta Oquendo signed doc
Luis Bravo ccdOn doc`,
			nobody: []string{"file", "chron", "lb mo"},
		},
		{
			name: "an entry that goes on below is one entry",
			text: letter + `cc: Rosa Quintanar, President, National Commission for Rights
      and Guarantees
    Luis Bravo
`,
			want: `
Marta Oquendo signed doc
Rosa Quintanar ccdOn doc
Luis Bravo ccdOn doc
Rosa Quintanar holdsPosition President, National Commission for Rights and Guarantees
President, National Commission for Rights and Guarantees positionIn National Commission for Rights and Guarantees
Rosa Quintanar memberOf National Commission for Rights and Guarantees`,
		},
		{
			name: "a redaction in copy is nobody",
			text: letter + "cc: (b)(6)\n    Luis Bravo\n",
			want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc",
		},
		{
			name: "a role alone in copy is nobody",
			text: letter + "cc: the Governor\n    Luis Bravo\n",
			want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc",
		},
		{
			name: "copies run on one line with semicolons",
			text: letter + "Copies to: Luis Bravo; Rosa Quintanar; Lakes Institute\n",
			want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc\nRosa Quintanar ccdOn doc\nLakes Institute ccdOn doc",
		},
		{
			name: "Con copia a: the office and the body of each",
			text: `
Señor gobernador:

Escribimos por la escuela.

Atentamente,

Marta Oquendo

Con copia a:
   Beatriz Almonacid Lara, Presidenta de la Comisión Nacional de Derechos
      y Garantías
   Ingrid Bravo, Directora Regional del Instituto de Lagos
`,
			want: `
Marta Oquendo signed doc
Beatriz Almonacid Lara ccdOn doc
Ingrid Bravo ccdOn doc
Beatriz Almonacid Lara holdsPosition Presidenta, Comisión Nacional de Derechos y Garantías
Presidenta, Comisión Nacional de Derechos y Garantías positionIn Comisión Nacional de Derechos y Garantías
Beatriz Almonacid Lara memberOf Comisión Nacional de Derechos y Garantías
Ingrid Bravo holdsPosition Directora Regional, Instituto de Lagos
Directora Regional, Instituto de Lagos positionIn Instituto de Lagos
Ingrid Bravo memberOf Instituto de Lagos`,
		},
	} {
		t.Run(s.name, s.check)
	}
}

func TestSalutations(t *testing.T) {
	end := "\n\nWe write about the school.\n\nSincerely,\n\nMarta Oquendo\n"
	signed := "Marta Oquendo signed doc\n"
	for _, s := range []story{
		{name: "two persons greeted are two addressees", text: "Dear President Bravo and Ms. Quintanar," + end,
			want: signed + "Bravo addressedIn doc\nQuintanar addressedIn doc\nBravo holdsPosition President"},
		{name: "three persons with their names", text: "Dear Luis Bravo, Rosa Quintanar and Pedro Salinas:" + end,
			want: signed + "Luis Bravo addressedIn doc\nRosa Quintanar addressedIn doc\nPedro Salinas addressedIn doc"},
		{name: "Madam Secretary is greeted by her office: no person", text: "Dear Madam Secretary:" + end, want: signed},
		{name: "Mr. President is no person", text: "Mr. President:" + end, want: signed},
		{name: "Your Excellency is no person", text: "Your Excellency," + end, want: signed},
		{name: "Dear Sir or Madam is nobody", text: "Dear Sir or Madam," + end, want: signed},
		{name: "Dear colleagues is nobody", text: "Dear Colleagues," + end, want: signed},
		{name: "Dear Friends and Partners is nobody", text: "Dear Friends and Partners," + end, want: signed},
		{name: "To whom it may concern is nobody", text: "To whom it may concern:" + end, want: signed},
		{name: "Señor gobernador is no person", text: "Señor gobernador:" + end, want: signed},
		{name: "Estimado Señor Presidente is no person", text: "Estimado Señor Presidente:" + end, want: signed},
		{name: "Estimadas y estimados is nobody", text: "Estimadas y estimados colegas:" + end, want: signed},
		{name: "Dear (b)(6) is nobody", text: "Dear (b)(6)," + end, want: signed, nobody: []string{"b 6"}},
		{name: "Dear Members of the Committee is nobody", text: "Dear Members of the Harbour Committee," + end, want: signed,
			may: "Harbour Committee addressedIn doc"},
		{
			name: "the person of the address block is the one greeted by office",
			text: "4 March 2021\n\nRosa Quintanar\nSecretary of Harbours\n\nDear Madam Secretary:" + end,
			want: signed + "Rosa Quintanar addressedIn doc\nRosa Quintanar holdsPosition Secretary of Harbours",
			docs: "doc letter 2021-03-04",
		},
		{
			name: "the surname greeted is the person of the address block, who is one",
			text: "4 March 2021\n\nLic. Hernán Acevedo Lara\nFederal Prosecutor\n14 Harbour Road\nPuerto Amparo\n\nDear Mr Acevedo," + end,
			want: signed + "Hernán Acevedo Lara addressedIn doc\nHernán Acevedo Lara holdsPosition Federal Prosecutor",
		},
		{
			name: "a body above the date sends, the person below is addressed, the street is nobody",
			text: "LAKES INSTITUTE\n14 Harbour Road\n\n4 March 2021\n\nMs Rosa Quintanar\nDirector\nHarbour Committee\n\nDear Ms Quintanar," + end,
			want: signed + `LAKES INSTITUTE sent doc
Rosa Quintanar addressedIn doc
Rosa Quintanar holdsPosition Director, Harbour Committee
Director, Harbour Committee positionIn Harbour Committee
Rosa Quintanar memberOf Harbour Committee`,
		},
		{
			name: "of a list of addressees each has his own office",
			text: "4 March 2021\n\nRosa Quintanar\nMinister of Harbours\n\nLuis Bravo\nGovernor of Ixcala\n\nDear Minister and Governor," + end,
			want: signed + `Rosa Quintanar addressedIn doc
Luis Bravo addressedIn doc
Rosa Quintanar holdsPosition Minister of Harbours
Luis Bravo holdsPosition Governor of Ixcala`,
		},
		{
			name: "greeted in the line that the text begins on",
			text: "Dear Luis Bravo, we write about the school that was closed in March and has not opened since." + end,
			want: signed + "Luis Bravo addressedIn doc",
		},
	} {
		t.Run(s.name, s.check)
	}
}

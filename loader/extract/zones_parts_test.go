package extract

import "testing"

func TestSignatories(t *testing.T) {
	for _, s := range []story{
		{
			name: "a list of bodies with their countries: the bodies sign, a country is nobody's",
			text: `
Open letter on the school

We write about the school that was closed.

Signatories:

Lakes Institute, Norway
Harbour Workers Union, Chile
Rivers Foundation - Sweden
Forest Network (FN), Mexico
`,
			want: `
Lakes Institute signed doc
Harbour Workers Union signed doc
Rivers Foundation signed doc
Forest Network signed doc`,
			nobody: []string{"norway", "chile", "sweden", "mexico"},
		},
		{
			name: "a list of persons with their offices, one a line",
			text: `
Open letter on the school

We write about the school that was closed.

Signed by:

Marta Oquendo, Director, Lakes Institute
Luis Bravo, President, Harbour Workers Union
Rosa Quintanar, writer
Pedro Salinas
`,
			want: `
Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Pedro Salinas signed doc
Marta Oquendo holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Marta Oquendo memberOf Lakes Institute
Luis Bravo holdsPosition President, Harbour Workers Union
President, Harbour Workers Union positionIn Harbour Workers Union
Luis Bravo memberOf Harbour Workers Union`,
		},
		{
			name: "table rows: each row is one who signs, heads of columns are nobody",
			text: `
# Open letter on the school

We write about the school that was closed.

Signatories:

| Name | Organisation | Country |
|------|--------------|---------|
| Marta Oquendo | Lakes Institute | Havermark |
| Luis Bravo | Harbour Workers Union | Tanaria |
| Rosa Quintanar | Rivers Foundation | Sweden |
`,
			want: `
Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Marta Oquendo memberOf Lakes Institute
Luis Bravo memberOf Harbour Workers Union
Rosa Quintanar memberOf Rivers Foundation`,
			nobody: []string{"sweden", "country", "organisation"},
		},
		{
			name: "bullets",
			text: `
Open letter on the school

We write about the school that was closed.

Signatory organizations:

- Lakes Institute
- Harbour Workers Union
- Rivers Foundation
`,
			want: "Lakes Institute signed doc\nHarbour Workers Union signed doc\nRivers Foundation signed doc",
		},
		{
			name: "numbers before the entries are no part of a name",
			text: `
Open letter on the school

We write about the school that was closed.

Signatories:

1. Lakes Institute
2. Harbour Workers Union
3. Rivers Foundation
`,
			want: "Lakes Institute signed doc\nHarbour Workers Union signed doc\nRivers Foundation signed doc",
		},
		{
			name: "bodies parted by semicolons over line ends",
			text: `
COMUNICADO CONJUNTO

Escribimos por la escuela que fue cerrada.

FIRMAN:

Centro Yatén de Derechos Humanos; Red de Familias de Ixcala (REFABI); Barra de Abogadas de Puerto
Amparo; Sindicato de Maestras
`,
			want: `
Centro Yatén de Derechos Humanos signed doc
Red de Familias de Ixcala signed doc
Barra de Abogadas de Puerto Amparo signed doc
Sindicato de Maestras signed doc`,
			docs: "doc pressRelease",
		},
		{
			name: "we, the undersigned: the last lines are who signs",
			text: `
Open letter on the school

We, the undersigned organizations, ask the minister to open the school that was closed in March.

Nobody has told us why.

Lakes Institute
Harbour Workers Union
Rivers Foundation
Forest Network
`,
			want: `
Lakes Institute signed doc
Harbour Workers Union signed doc
Rivers Foundation signed doc
Forest Network signed doc`,
		},
		{
			name: "a post that lists who signed a letter credits the letter, not itself",
			text: `
---
title: Teachers write to the minister
date: 2021-03-05
category: News
---

Twenty teachers sent an open letter to the minister about the school that was closed last week in Puerto Amparo.

Signatories:

Lakes Institute
Harbour Workers Union
Rivers Foundation
`,
			want: `
doc references cite open letter
Lakes Institute signed cite open letter
Harbour Workers Union signed cite open letter
Rivers Foundation signed cite open letter`,
			docs: "doc newsPost 2021-03-05 Teachers write to the minister",
		},
		{
			name: "contacts below a list did not sign",
			text: `
Open letter on the school

We write about the school that was closed.

Signatories:

Lakes Institute
Harbour Workers Union
Rivers Foundation

Media contact: Luis Bravo, +99 20 555 0100
`,
			want:   "Lakes Institute signed doc\nHarbour Workers Union signed doc\nRivers Foundation signed doc",
			nobody: []string{"Luis Bravo"},
		},
		{
			name: "persons among whom two share a surname are two",
			text: `
Open letter on the school

We write about the school that was closed.

Signed by:

Juan Carlos Ruiz
Juan Pablo Ruiz
Marta Oquendo
`,
			want: "Juan Carlos Ruiz signed doc\nJuan Pablo Ruiz signed doc\nMarta Oquendo signed doc",
		},
		{
			name: "a demand listed under a heading is no signatory",
			text: `
Open letter on the school

We ask the minister for three things that cost nothing:

Open the school
Pay the teachers
Find the key

Sincerely,

Marta Oquendo
`,
			want: "Marta Oquendo signed doc",
		},
		{
			name: "a coalition made up of those listed has them as members",
			text: `
Open letter on the school

We write about the school that was closed.

Signatories:

The Clean Rivers Coalition comprised of:
Lakes Institute
Harbour Workers Union
Rivers Foundation
`,
			want: `
Lakes Institute signed doc
Harbour Workers Union signed doc
Rivers Foundation signed doc
Lakes Institute memberOf Clean Rivers Coalition
Harbour Workers Union memberOf Clean Rivers Coalition
Rivers Foundation memberOf Clean Rivers Coalition`,
			may: "Clean Rivers Coalition signed doc",
		},
	} {
		t.Run(s.name, s.check)
	}
}

func TestLetters(t *testing.T) {
	for _, s := range []story{
		{
			name: "an open letter's title names whom it is to",
			text: `
Open letter to Rosa Quintanar, Minister of Harbours

4 March 2021

We write about the school that was closed in March and has not opened since.

Sincerely,

Marta Oquendo
`,
			want: `
Rosa Quintanar addressedIn doc
Rosa Quintanar holdsPosition Minister of Harbours
Marta Oquendo signed doc`,
			docs: "doc letter 2021-03-04",
		},
		{
			name: "an open letter to an office names nobody",
			text: `
Open letter to the Minister of Harbours

We write about the school that was closed in March and has not opened since.

Sincerely,

Marta Oquendo
`,
			want: "Marta Oquendo signed doc",
			docs: "doc letter",
		},
		{
			name: "Your ref is the letter answered",
			text: `
MINISTRY OF HARBOURS

Our ref:   MH/0219/2024
Your ref:  VI/TAN/0142/2024
Date:      15 February 2024

Ms Rosa Quintanar
Director
Lakes Institute

Dear Ms Quintanar,

Your letter has been passed to this Ministry.

Accept, Madam, the assurances of my consideration.

(illegible signature)
TOMAS BRAVO RIVAS
Under-Secretary for Schools
`,
			want: `
MINISTRY OF HARBOURS sent doc
Rosa Quintanar addressedIn doc
Rosa Quintanar holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Rosa Quintanar memberOf Lakes Institute
Tomas Bravo Rivas signed doc
Tomas Bravo Rivas holdsPosition Under-Secretary for Schools
doc references cite VI/TAN/0142/2024
doc repliesTo cite VI/TAN/0142/2024`,
			nobody: []string{"illegible"},
			docs:   "doc letter 2024-02-15",
		},
		{
			// oficio-cndg-0387-2023: "GRAL." stayed in the name, the office was cut at the line end.
			name: "an oficio: the addressee in capitals above PRESENTE, who signs below ATENTAMENTE",
			text: `
COMISIÓN NACIONAL DE DERECHOS

                                     Oficio núm.: CNDG/VG2/0387/2023
                                     Asunto: Se solicitan medidas.

                                     Puerto Amparo, a 2 de octubre de 2023

GRAL. BALTASAR SALINAS ROJAS
SECRETARIO DE SEGURIDAD PÚBLICA
DEL ESTADO DE IXCALA
P R E S E N T E

Distinguido General:

Se solicita a usted que conserve los registros.

                             A T E N T A M E N T E
                      «La dignidad no prescribe»

                        MTRO. EFRAÍN BUSTOS LANDA
                        SEGUNDO VISITADOR GENERAL

[Sello: CNDG - DESPACHADO - 02 OCT 2023]
`,
			want: `
COMISIÓN NACIONAL DE DERECHOS sent doc
Baltasar Salinas Rojas addressedIn doc
Efraín Bustos Landa signed doc
Baltasar Salinas Rojas holdsPosition SECRETARIO DE SEGURIDAD PÚBLICA DEL ESTADO DE IXCALA
Efraín Bustos Landa holdsPosition SEGUNDO VISITADOR GENERAL`,
			nobody: []string{"presente", "sello", "dignidad", "gral"},
			docs:   "doc letter 2023-10-02 Se solicitan medidas.",
		},
		{
			name: "a comunicado's dateline is a place; the governor it demands things of is no party of it",
			text: `
COMUNICADO CONJUNTO

San Telmo de la Sierra, Ixcala, 14 de mayo de 2024

Hoy se cumplen ocho meses de la desaparición de nuestra compañera. Exigimos:

1. Al gobernador Rodrigo Salinas Luque, que acepte la Recomendación.

FIRMAN:

Centro Yatén de Derechos Humanos
Red de Familias Buscadoras
Sindicato de Maestras
`,
			want: `
Centro Yatén de Derechos Humanos signed doc
Red de Familias Buscadoras signed doc
Sindicato de Maestras signed doc`,
			nobody: []string{"Rodrigo Salinas"},
			docs:   "doc pressRelease 2024-05-14",
		},
		{
			name: "a place with a saint's name above a letter is no person",
			text: `
San Telmo, 4 March 2021

Dear Ms Quintanar,

We write about the school.

Sincerely,

Marta Oquendo
San Telmo
`,
			want: "Quintanar addressedIn doc\nMarta Oquendo signed doc",
		},
		{
			name: "places in a copy list and among signatories are no persons",
			text: `
Open letter on the school

We write about the school that was closed.

Sincerely,

Marta Oquendo

cc: Santa Bríxida
    Puerto Amparo
    Luis Bravo
`,
			want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc",
			may:  "Santa Bríxida ccdOn doc\nPuerto Amparo ccdOn doc",
		},
		{
			name: "a newspaper that publishes is no person",
			text: `
El Correo de Amparo
Miércoles 10 de julio de 2024

Detienen al comandante por la desaparición de la maestra

Por Nicolás Arrieta Soto

VILLA CANDELAS, Ixcala.- Trescientos días después, el expediente se movió y los agentes detuvieron ayer al comandante de la región.
`,
			want: "El Correo de Amparo published doc\nNicolás Arrieta Soto published doc",
			docs: "doc newsPost 2024-07-10",
		},
		{
			name: "a section of a paper and a weekday beside the date are no place",
			text: `
El Correo de Amparo
PAÍS | Miércoles 10 de julio de 2024

Detienen al comandante por la desaparición de la maestra

Por Nicolás Arrieta Soto

VILLA CANDELAS, Ixcala.- Trescientos días después, el expediente se movió y los agentes detuvieron ayer al comandante de la región.
`,
			want:   "El Correo de Amparo published doc\nNicolás Arrieta Soto published doc",
			nobody: []string{"miercoles", "pais"},
		},
		{
			name: "an agency's by-line is no person",
			text: `
The school opens

By Staff Reporter

PUERTO AMPARO, Ixcala - The school in Puerto Amparo opens today after two years, the teachers say, and nobody knows who closed it.
`,
		},
		{
			name: "a letter signed by one of many named in it is his alone",
			text: `
Dear Ms Quintanar,

Luis Bravo, Director of the Lakes Institute, and Pedro Salinas were there. I thank them.

Sincerely,

Marta Oquendo
`,
			want:   "Quintanar addressedIn doc\nMarta Oquendo signed doc",
			nobody: []string{"Luis Bravo", "Pedro Salinas"},
		},
	} {
		t.Run(s.name, s.check)
	}
}

func TestPages(t *testing.T) {
	for _, s := range []story{
		{
			name: "three dates on lines of their own make a page of entries",
			text: `
LAKES INSTITUTE
News

12 Jul 2024
The school opens
The teachers are back, they say.

24 Jun 2024
The key is found
Luis Bravo, Director of the Lakes Institute, found it.

11 Jun 2024
The school is closed
Nobody knows why.
`,
			want: "doc/1 partOf doc\ndoc/2 partOf doc\ndoc/3 partOf doc",
			docs: "doc page\ndoc/1 newsPost 2024-07-12\ndoc/2 newsPost 2024-06-24\ndoc/3 newsPost 2024-06-11",
		},
		{
			name: "dates under titles: the entry begins with its title",
			text: `
The school opens
12 July 2024

The teachers are back, they say.

The key is found
24 June 2024

Nobody knows by whom.

The school is closed
11 June 2024

Nobody knows why.
`,
			want: "doc/1 partOf doc\ndoc/2 partOf doc\ndoc/3 partOf doc",
			docs: "doc/1 newsPost 2024-07-12 The school opens\ndoc/2 newsPost 2024-06-24 The key is found\ndoc/3 newsPost 2024-06-11 The school is closed",
		},
		{
			name: "two dates make no page",
			text: "12 July 2024\n\nThe school opens.\n\n24 June 2024\n\nThe key is found.\n",
		},
		{
			name: "a press review: entries under titles in capitals that end in their source",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke
Date: 5 February 2024
Subject: press review

Good morning, here is what the papers say today.

SCHOOL OPENS
The school in Puerto Amparo opens today after two years, the teachers say. (El Correo)

KEY FOUND
The key of the school in Puerto Amparo was found in the lake on Monday. (La Voz)

TEACHERS PAID
The teachers of the school were paid today for the first time in two years. (El Correo)

NOBODY KNOWS
Nobody knows who closed the school in Puerto Amparo, nor why it was closed. (La Voz)
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
doc/1 partOf doc
doc/2 partOf doc/1
doc/3 partOf doc/1
doc/4 partOf doc/1
doc/5 partOf doc/1`,
			docs: "doc email 2024-02-05\ndoc/1 page\ndoc/2 newsPost - SCHOOL OPENS\ndoc/5 newsPost - NOBODY KNOWS",
		},
		{
			name: "front matter: title, date and author",
			text: `
---
title: "The school opens"
date: 2021-03-05T10:00:00Z
author: Marta Oquendo
categories:
  - News
---

The school in Puerto Amparo opens today.
`,
			want: "Marta Oquendo published doc",
			docs: "doc newsPost 2021-03-05 The school opens",
		},
		{
			name: "admin and Redacción are no authors",
			text: "---\ntitle: The school opens\nauthor: admin\n---\n\nIt opens.\n",
		},
		{
			name: "Redacción is no author",
			text: "---\ntitle: La escuela abre\nauthor: Redacción\n---\n\nAbre.\n",
		},
		{
			name: "a release: the body over it publishes, who is quoted is no party",
			text: `
LAKES INSTITUTE
PRESS RELEASE
For immediate release

School opens after two years

PUERTO AMPARO, 18 April 2024 -- The school in Puerto Amparo opens today after two years, said Luis Bravo, Director of the Lakes Institute.

Media contact
   Bram Salinas, Press Officer, Lakes Institute
`,
			want:   "LAKES INSTITUTE published doc",
			nobody: []string{"Luis Bravo", "Bram"},
			docs:   "doc pressRelease 2024-04-18 School opens after two years",
		},
		{name: "a text that says nothing of its form says nothing", text: "The school is closed.\n"},
		{name: "numbers and rules", text: "1\n2\n3\n----\n====\n| | |\n"},
	} {
		t.Run(s.name, s.check)
	}
}

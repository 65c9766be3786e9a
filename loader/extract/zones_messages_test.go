package extract

import "testing"

func TestCables(t *testing.T) {
	for _, s := range []story{
		{
			name: "a clearance block names who did what, and offices without a person nobody",
			text: `
MRN: 24 PUERTO AMPARO 118
Date/DTG: May 02, 2024 / 021955Z MAY 24
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM ROUTINE
TAGS: PHUM, TN
Subject: The school

1. The school is closed.

Signature: Halvorsund

Drafted By: POL:Oldenkamp, Wietse J (Puerto Amparo)
Cleared By: ECON:Ruyter, Maaike
            CONS:Dorst, Hanneke
            DEF (b)(6)
            POL
Approved By: DCM:Brenninger, Klaas
Released By: PUERTO AMPARO:(b)(6)
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
Halvorsund signed doc
Wietse J Oldenkamp drafted doc
Maaike Ruyter cleared doc
Hanneke Dorst cleared doc
Klaas Brenninger approved doc`,
			nobody: []string{"b 6", "routine"},
			docs:   "doc cable 2024-05-02 The school",
		},
		{
			// email-fw-cable-24-puerto-amparo-118: the second clearer stood at the margin and was lost.
			name: "clearers one below the other at the margin are all of them clearers",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. The school is closed.

Drafted By: POL:Oldenkamp, Wietse
Cleared By: ECON:Ruyter, Maaike
CONS:Dorst, Hanneke
DEF (b)(6)
Approved By: DCM:Brenninger, Klaas
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
Wietse Oldenkamp drafted doc
Maaike Ruyter cleared doc
Hanneke Dorst cleared doc
Klaas Brenninger approved doc`,
			nobody: []string{"b 6"},
		},
		{
			name: "two names parted by a slash are two persons, and an OK is none",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. The school is closed.

Drafted By: POL:Wietse Oldenkamp/Maaike Ruyter
Cleared By: CONS:H Dorst  OK
            ECON:A Paz (info)
Approved By: AMB:R Brandsma
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
Wietse Oldenkamp drafted doc
Maaike Ruyter drafted doc
H Dorst cleared doc
R Brandsma approved doc`,
		},
		{
			name: "an Info list goes on below a line end, its precedence words are no part of a name",
			text: `
MRN: 24 PUERTO AMPARO 118
Date/DTG: May 02, 2024 / 021955Z MAY 24
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM PRIORITY
Info: AMEMBASSY SAN ISIDORO ROUTINE;
AMCONSUL VILLA CANDELAS PRIORITY;
USMISSION CONTINENTAL COUNCIL
IMMEDIATE
TAGS: PHUM
Subject: The school

1. The school is closed.
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
AMEMBASSY SAN ISIDORO ccdOn doc
AMCONSUL VILLA CANDELAS ccdOn doc
USMISSION CONTINENTAL COUNCIL ccdOn doc`,
			nobody: []string{"routine", "priority", "immediate"},
		},
		{
			// email-fw-cable-24-puerto-amparo-118: only the first of five was kept.
			name: "an Info list below the clearance block has an addressee a line",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. The school is closed.

Signature: Halvorsund

Info: AMEMBASSY SAN ISIDORO *ROUTINE*
USMISSION CONTINENTAL COUNCIL *ROUTINE*
AMCONSUL VILLA CANDELAS *ROUTINE*

Dissemination Rule: (b)(6)
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
Halvorsund signed doc
AMEMBASSY SAN ISIDORO ccdOn doc
USMISSION CONTINENTAL COUNCIL ccdOn doc
AMCONSUL VILLA CANDELAS ccdOn doc`,
			nobody: []string{"b 6", "routine"},
		},
		{
			name: "references A) B) C) are the cables cited",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Reference: A) 97 PUERTO AMPARO 2203
B) 24 PUERTO AMPARO 061
C) 24 ELSHOLM 4410
Subject: The school

1. The school is closed.
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
doc references cite 97 PUERTO AMPARO 2203
doc references cite 24 PUERTO AMPARO 061
doc references cite 24 ELSHOLM 4410`,
		},
		{
			name: "references on one line",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Reference: A) 97 PUERTO AMPARO 2203 B) 24 PUERTO AMPARO 061; C) 24 ELSHOLM 4410
Subject: The school

1. The school is closed.
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
doc references cite 97 PUERTO AMPARO 2203
doc references cite 24 PUERTO AMPARO 061
doc references cite 24 ELSHOLM 4410`,
		},
		{
			name: "Reference: none cites nothing",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Reference: None
Subject: The school

1. The school is closed.
`,
			want: "AMEMBASSY PUERTO AMPARO sent doc\nSECSTATE ELSHOLM addressedIn doc",
		},
		{
			name: "an old cable with FM, TO and INFO, signed by the name under it",
			text: `
O 121822Z JUN 97
FM HAVEMB PUERTO AMPARO
TO MINFOR ELSHOLM IMMEDIATE 0771
INFO DEFSTAFF ELSHOLM
     HAVEMB SAN ISIDORO PRIORITY
     HAVMIS CONTINENTAL COUNCIL

C O N F I D E N T I A L   PUERTO AMPARO 2203

TAGS: PHUM, MOPS
SUBJECT: QUEBRADA NEGRA

REF: (A) 97 PUERTO AMPARO 2187  (B) 97 ELSHOLM 1904

1. (C) SUMMARY. ELEVEN FARM WORKERS DIED. BOTH NAME LTC BALTASAR URQUIDI ROJAS.

DRAFTED BY: POL:J BRENNINGER
CLEARED BY: DEF:COL A STEENBAKKER
APPROVED BY: AMB:R BRANDSMA

BRANDSMA

NNNN
`,
			want: `
HAVEMB PUERTO AMPARO sent doc
MINFOR ELSHOLM addressedIn doc
DEFSTAFF ELSHOLM ccdOn doc
HAVEMB SAN ISIDORO ccdOn doc
HAVMIS CONTINENTAL COUNCIL ccdOn doc
J Brenninger drafted doc
A Steenbakker cleared doc
R Brandsma approved doc
R Brandsma signed doc
doc references cite 97 PUERTO AMPARO 2187
doc references cite 97 ELSHOLM 1904`,
			nobody: []string{"immediate", "priority", "0771", "nnnn"},
			docs:   "doc cable 1997-06-12 QUEBRADA NEGRA",
		},
		{
			// cable-97-puerto-amparo-2203: H was taken for the H of "H.E.", KJ for a name.
			name: "initials of a clearer are his, whichever letters they are",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. The school is closed.

Drafted By: POL:KJ BRENNINGER
Cleared By: DEF:H STEENBAKKER
Approved By: AMB:C PAZ
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
KJ Brenninger drafted doc
H Steenbakker cleared doc
C Paz approved doc`,
		},
		{
			name: "XMT gives nothing",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. The school is closed.

Signature: Halvorsund
XMT: AMCONSUL VILLA CANDELAS
`,
			want: `
AMEMBASSY PUERTO AMPARO sent doc
SECSTATE ELSHOLM addressedIn doc
Halvorsund signed doc`,
		},
		{
			name: "a person named in the text of a cable did not sign, draft or clear it",
			text: `
MRN: 24 PUERTO AMPARO 118
From: AMEMBASSY PUERTO AMPARO
Action: SECSTATE ELSHOLM
TAGS: PHUM
Subject: The school

1. Governor Rodrigo Salinas Luque told us that Luis Bravo approved:
   the school will open.

(b)(6)
`,
			want: "AMEMBASSY PUERTO AMPARO sent doc\nSECSTATE ELSHOLM addressedIn doc",
		},
	} {
		t.Run(s.name, s.check)
	}
}

func TestMessages(t *testing.T) {
	for _, s := range []story{
		{
			name: "a thread: each message is part of the one above it, by its subject a forward or a reply",
			text: `
From: Kroon, Anselm
Sent: Monday, 5 February 2024 09:12
To: Stolberg, Marijke
Subject: Fw: the school

See below.

From: Stolberg, Marijke
Sent: Friday, 2 February 2024 16:47
To: Kroon, Anselm
Cc: Brenninger, Klaas
Subject: Re: the school

Agreed.

From: Kroon, Anselm
Sent: Thursday, 1 February 2024 11:05
To: Stolberg, Marijke
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Marijke Stolberg sent doc/1
Anselm Kroon addressedIn doc/1
Klaas Brenninger ccdOn doc/1
Anselm Kroon sent doc/2
Marijke Stolberg addressedIn doc/2
doc forwards doc/1
doc/1 repliesTo doc/2
doc/1 partOf doc
doc/2 partOf doc/1`,
			docs: "doc email 2024-02-05 Fw: the school\ndoc/1 email 2024-02-02 Re: the school\ndoc/2 email 2024-02-01 the school",
		},
		{
			name: "a quoted message is part of the reply",
			text: `
From: Anselm Kroon <a.kroon@mfa.example>
To: Marijke Stolberg <m.stolberg@mfa.example>
Date: Mon, 5 Feb 2024 09:12:00 +0200
Subject: Re: the school

Agreed.

On 2 February 2024 at 16:47, Marijke Stolberg <m.stolberg@mfa.example> wrote:
> Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Marijke Stolberg sent doc/1
doc/1 partOf doc
doc repliesTo doc/1`,
			docs: "doc email 2024-02-05\ndoc/1 email 2024-02-02",
		},
		{
			name: "a list of addressees goes on over a line end",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke; Brenninger, Klaas J; Dorst,
    Hanneke; Oldenkamp, Wietse
Cc: Ruyter, Maaike;
Halvorsund, Astrid
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Klaas J Brenninger addressedIn doc
Hanneke Dorst addressedIn doc
Wietse Oldenkamp addressedIn doc
Maaike Ruyter ccdOn doc
Astrid Halvorsund ccdOn doc`,
		},
		{
			name: "a semicolon that OCR lost at a line end still parts two persons",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke; Brenninger, Klaas
Dorst, Hanneke; Oldenkamp, Wietse
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Klaas Brenninger addressedIn doc
Hanneke Dorst addressedIn doc
Wietse Oldenkamp addressedIn doc`,
		},
		{
			name: "a last initial that OCR read as 3 is a J, and the same person elsewhere is one with it",
			text: `
From: Kroon, Anselm
To: Ruiz, Ana 3
Cc: Ruiz, Ana J
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Ana J Ruiz addressedIn doc
Ana J Ruiz ccdOn doc`,
		},
		{
			name: "a last initial that OCR read as a bracket is a J",
			text: `
From: Kroon, Anselm
To: Brenninger, Klaas ]; Stolberg, Marijke
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Klaas J Brenninger addressedIn doc
Marijke Stolberg addressedIn doc`,
		},
		{
			name: "a bare address is the person known elsewhere in the file",
			text: `
From: Kroon, Anselm
To: stolbergm@mfa.example
Subject: Re: the school

Agreed.

From: Stolberg, Marijke <stolbergm@mfa.example>
To: Kroon, Anselm
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Marijke Stolberg sent doc/1
Anselm Kroon addressedIn doc/1
doc repliesTo doc/1
doc/1 partOf doc`,
		},
		{
			name: "an address that spells a name under another domain is nobody known",
			text: `
From: Ruiz, Juana <juana.ruiz@press.example>
To: ruizj@ministry.example
Subject: the school

Who closed it?
`,
			want: `
Juana Ruiz sent doc`,
		},
		{
			name: "a bare address that could be two persons is neither",
			text: `
From: Kroon, Anselm
To: mstolberg@mfa.example
Cc: Stolberg, Marijke; Stolberg, Maarten
Subject: the school

Can it open?
`,
			want: "Anselm Kroon sent doc\nMarijke Stolberg ccdOn doc\nMaarten Stolberg ccdOn doc",
		},
		{
			name: "a bare address of nobody known is nobody",
			text: `
From: Kroon, Anselm
To: info@mfa.example; helpdesk@mfa.example
Subject: the school

Can it open?
`,
			want:   "Anselm Kroon sent doc",
			nobody: []string{"info", "helpdesk", "mfa"},
		},
		{
			name: "redacted addressees are nobody",
			text: `
From: Kroon, Anselm
To: (b)(6); Stolberg, Marijke; [REDACTED]
Cc: (b)(6)
Subject: the school

Can it open?
`,
			want:   "Anselm Kroon sent doc\nMarijke Stolberg addressedIn doc",
			nobody: []string{"b 6", "redacted"},
		},
		{
			name: "a redacted sender's office in brackets is not the sender",
			text: `
From: (b)(6) (Puerto Amparo)
To: Stolberg, Marijke
Subject: the school

Can it open?
`,
			want: "Marijke Stolberg addressedIn doc",
		},
		{
			name: "Last, First in quotation marks before an address is one person",
			text: `
From: Anselm Kroon <a.kroon@mfa.example>
To: "Stolberg, Marijke" <m.stolberg@mfa.example>
Cc: "Brenninger, Klaas J" <k.brenninger@mfa.example>, "Dorst, Hanneke" <h.dorst@mfa.example>
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Klaas J Brenninger ccdOn doc
Hanneke Dorst ccdOn doc`,
		},
		{
			name: "addresses parted by commas are as many persons",
			text: `
From: Anselm Kroon <a.kroon@mfa.example>
To: Marijke Stolberg <m.stolberg@mfa.example>, Klaas Brenninger <k.brenninger@mfa.example>
Subject: the school

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Klaas Brenninger addressedIn doc`,
		},
		{
			name: "an office mailbox is a body",
			text: `
From: Kroon, Anselm
To: PUERTO_AMPARO-POL-DL; Human Rights Office
Subject: the school

Can it open?
`,
			want: "Anselm Kroon sent doc\nHuman Rights Office addressedIn doc\nPUERTO_AMPARO-POL-DL addressedIn doc",
		},
		{
			name: "a letter in a message has its own parties; the message keeps its own",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke
Date: 5 February 2024
Subject: Fw: letter

Here is the letter that came in.

4 March 2021

Dear Ms Quintanar,

We write about the school.

Sincerely,

Luis Bravo
Director, Lakes Institute
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
Luis Bravo signed doc/1
Quintanar addressedIn doc/1
Luis Bravo holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Luis Bravo memberOf Lakes Institute
doc/1 partOf doc`,
			may:  "Lakes Institute sent doc/1\ndoc forwards doc/1",
			docs: "doc email 2024-02-05\ndoc/1 letter 2021-03-04",
		},
		{
			name: "a greeting that opens a message makes no letter of it",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke
Subject: the school

Dear Marijke,

Can it open?

Anselm Kroon
`,
			want: "Anselm Kroon sent doc\nMarijke Stolberg addressedIn doc\nAnselm Kroon signed doc",
			docs: "doc email",
		},
		{
			name: "a release in a message is a document of its own, published by the body over it",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke
Date: 5 February 2024
Subject: FYI

This went out today.

LAKES INSTITUTE
PRESS RELEASE
School opens after two years

The school in Puerto Amparo opens today after two years, the teachers say, and nobody knows who closed it.
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
LAKES INSTITUTE published doc/1
doc/1 partOf doc`,
			docs: "doc email\ndoc/1 pressRelease - School opens after two years",
		},
		{
			name: "a memorandum is none of the mails: from, to and copy with their offices",
			text: `
INTERNAL MEMORANDUM

TO:       Ingrid Bravo, Regional Director
FROM:     Camilo Salinas, Executive Director
CC:       Noor van Elzen, Head of Campaigns
DATE:     20 November 2023
RE:       Mission to Ixcala

1. We saw the teachers.
`,
			want: `
Camilo Salinas sent doc
Ingrid Bravo addressedIn doc
Noor van Elzen ccdOn doc
Camilo Salinas holdsPosition Executive Director
Ingrid Bravo holdsPosition Regional Director
Noor van Elzen holdsPosition Head of Campaigns`,
			docs: "doc other 2023-11-20 Mission to Ixcala",
		},
		{
			name: "a memorandum from one office to another names nobody",
			text: `
MEMORANDUM

TO:      The Director
FROM:    The Chief of Section
SUBJECT: the school

Text of it.
`,
			docs: "doc other - the school",
		},
		{
			name: "From and To in running text begin no message",
			text: `
The road from Puerto Amparo is closed, we are told by those who know.
From: what we hear it will open soon.
The teachers walk.
`,
		},
		{
			name: "a Spanish thread",
			text: `
De: Consuelo Otero <consuelo@refabi.example>
Enviado: martes, 11 de junio de 2024 22:07
Para: Wietse Oldenkamp <w@emb.example>
CC: Teodora Cusi <direccion@yaten.example>
Asunto: RV: la escuela

Va lo de abajo.

De: Teodora Cusi <direccion@yaten.example>
Enviado: lunes, 10 de junio de 2024 18:22
Para: Consuelo Otero <consuelo@refabi.example>
Asunto: la escuela

¿Abre?
`,
			want: `
Consuelo Otero sent doc
Wietse Oldenkamp addressedIn doc
Teodora Cusi ccdOn doc
Teodora Cusi sent doc/1
Consuelo Otero addressedIn doc/1
doc forwards doc/1
doc/1 partOf doc`,
			docs: "doc email 2024-06-11\ndoc/1 email 2024-06-10",
		},
		{
			name: "attachments are parts of the message; a picture is none",
			text: `
From: Kroon, Anselm
To: Stolberg, Marijke
Subject: the school
Attachments: Letter to Minister Quintanar.pdf; image001.png

Can it open?
`,
			want: `
Anselm Kroon sent doc
Marijke Stolberg addressedIn doc
cite Letter to Minister Quintanar partOf doc
Quintanar addressedIn cite Letter to Minister Quintanar`,
			may:    "Quintanar holdsPosition Minister",
			nobody: []string{"image"},
		},
	} {
		t.Run(s.name, s.check)
	}
}

package extract

import "testing"

// TestNobodyIsHarmed: texts in which a careless reader ties a person to what is another's.
func TestNobodyIsHarmed(t *testing.T) {
	head := "Dear Minister,\n\nWe write about the school.\n\nSincerely,\n\n"
	copied := head + "Marta Oquendo\n\n"
	for _, s := range []story{
		{name: "the office of the next one in a copy list is not the one before's", text: copied + "cc: Luis Bravo\n    Rosa Quintanar, Director, Lakes Institute\n",
			want: `Marta Oquendo signed doc
Luis Bravo ccdOn doc
Rosa Quintanar ccdOn doc
Rosa Quintanar holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Rosa Quintanar memberOf Lakes Institute`},
		{name: "the body of the one before in a copy list is not the next one's", text: copied + "cc: Rosa Quintanar, Director, Lakes Institute\n    Luis Bravo\n",
			want: `Marta Oquendo signed doc
Luis Bravo ccdOn doc
Rosa Quintanar ccdOn doc
Rosa Quintanar holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Rosa Quintanar memberOf Lakes Institute`},
		{name: "of two who sign below each other the lower one's office is his", text: head + "Marta Oquendo\nLuis Bravo\nDirector\n",
			want: "Marta Oquendo signed doc\nLuis Bravo signed doc\nLuis Bravo holdsPosition Director"},
		{name: "witnesses sign nothing of their own", text: head + "Marta Oquendo\nDirector\n\nWitnesses:\nLuis Bravo\nRosa Quintanar\n", want: "Marta Oquendo signed doc\nMarta Oquendo holdsPosition Director", nobody: []string{"Luis Bravo", "Rosa Quintanar"}},
		{name: "testigos", text: "Señor gobernador:\n\nEscribimos por la escuela.\n\nAtentamente,\n\nMarta Oquendo\n\nTestigos:\nLuis Bravo\n", want: "Marta Oquendo signed doc", nobody: []string{"Luis Bravo"}},
		{name: "a postscript that names somebody is not signed by him", text: head + "Marta Oquendo\n\nP.S. Greet for us\nLuis Bravo\n", want: "Marta Oquendo signed doc", nobody: []string{"Luis Bravo"}},
		{name: "copies under their English word", text: head + "Marta Oquendo\n\nCopies: Luis Bravo; Rosa Quintanar\n", want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc\nRosa Quintanar ccdOn doc"},
		{name: "a brother who is copied did not sign with his sister", text: head + "Daniela Ruiz\nDirector\n\ncc: Daniel Ruiz, Secretary of Schools\n",
			want: "Daniela Ruiz signed doc\nDaniela Ruiz holdsPosition Director\nDaniel Ruiz ccdOn doc\nDaniel Ruiz holdsPosition Secretary of Schools"},
		{name: "prisoners listed under a letter that undersigned wrote did not sign it", text: "Dear Minister,\n\nWe, the undersigned, ask you to free them.\n\nSincerely,\n\nMarta Oquendo\n\nPrisoners named above:\nLuis Bravo\nPedro Salinas\nAna Ruiz\n\ncc: Rosa Quintanar\n",
			want: "Marta Oquendo signed doc\nRosa Quintanar ccdOn doc", nobody: []string{"Luis Bravo", "Pedro Salinas", "Ana Ruiz"}},
		{name: "a motto's author did not sign", text: head + "Marta Oquendo\n\"Water is life\" - Luis Bravo\n", want: "Marta Oquendo signed doc", nobody: []string{"Luis Bravo"}},
		{name: "the street of an address below a copy list is no person", text: copied + "cc: Rosa Quintanar\n    Calle 12, No. 40\n    Col. Benito Salinas\n", want: "Marta Oquendo signed doc\nRosa Quintanar ccdOn doc", nobody: []string{"Benito"}},
		{name: "a line of eighteen names without a break is read without harm", text: "From: Luis Bravo\nTo: Ana Ruiz Eva Ruiz Ida Ruiz Ina Ruiz Iva Ruiz Ora Ruiz Uma Ruiz Ute Ruiz Mia Ruiz Lea Ruiz Tea Ruiz Rea Ruiz Noa Ruiz Zoe Ruiz Kim Ruiz Jan Ruiz Tim Ruiz Leo Ruiz Max Ruiz Ben Ruiz Tom Ruiz Sam Ruiz Dan Ruiz\nSubject: x\n\nText.\n",
			want: "Luis Bravo sent doc"},
		{name: "whom the news is about did not publish it", text: "Ministry rejects report on deaths\n\nBy Marta Oquendo\n\nPUERTO AMPARO — The Ministry of Schools on Monday rejected a report by the Lakes Institute that blamed Director Luis Bravo for the closing of nine schools.\n",
			want: "Marta Oquendo published doc", nobody: []string{"Luis Bravo"}},
		{name: "the menu of a page did not publish it", text: "Home | News | About us\n\nThe school opens again\n\nBy Marta Oquendo\n\nThe school of the town that was closed in the spring will open again in the autumn, its teachers said.\n",
			want: "Marta Oquendo published doc", nobody: []string{"Home", "News"}},
		{name: "a secretary of a secretary is of no body by that name", text: "Señor gobernador:\n\nEscribimos por la escuela.\n\nAtentamente,\n\nMarta Oquendo\nSecretaria Particular del Secretario de Gobierno\n",
			want: "Marta Oquendo signed doc\nMarta Oquendo holdsPosition Secretaria Particular del Secretario de Gobierno"},
		{name: "whom the press may call did not sign", text: "Joint statement on the school\n\nWe call for its opening.\n\nSigned by:\n\nLakes Institute\nForest Network\nHarbour Workers Union\n\nMedia contacts:\nMarta Oquendo, Lakes Institute\n",
			want: "Lakes Institute signed doc\nForest Network signed doc\nHarbour Workers Union signed doc", nobody: []string{"Marta Oquendo"}},
		{name: "a copy named over the salutation does not take the signer with it", text: "8 July 2020\n\nMarta Oquendo, Minister of Schools\nCc: Luis Bravo\n\nDear Minister Oquendo,\n\nWe write.\n\nYours faithfully\n\nRosa Quintanar\nDirector\n",
			want: "Marta Oquendo addressedIn doc\nMarta Oquendo holdsPosition Minister of Schools\nLuis Bravo ccdOn doc\nRosa Quintanar signed doc\nRosa Quintanar holdsPosition Director"},
		{name: "a senator of a state is no person called State", text: head + "Marta Oquendo\nUnited States Senator\n", want: "Marta Oquendo signed doc", may: "Marta Oquendo holdsPosition United States Senator", nobody: []string{"Senator signed"}},
		{name: "who did not clear has not cleared", text: "MRN: 24 PUERTO AMPARO 118\nFrom: AMEMBASSY PUERTO AMPARO\nAction: SECSTATE ELSHOLM\nTAGS: PHUM\nSubject: x\n\n1. Text.\n\nDrafted By: POL:Oldenkamp, Wietse\nCleared By: DCM:Bravo, Luis (not cleared)\n            ECON:Paz, Ana (pending)\n            DEF: Regional Director\nApproved By: POL: Quintanar, Rosa for Salinas, Pedro\n",
			want: "AMEMBASSY PUERTO AMPARO sent doc\nSECSTATE ELSHOLM addressedIn doc\nWietse Oldenkamp drafted doc\nRosa Quintanar approved doc", nobody: []string{"Luis Bravo", "Ana Paz", "Pedro Salinas", "Regional"}},
		{name: "two who share a given name and a surname, each with one more, are two", text: head + "María Fernanda Salinas\nMaría Salinas Vega\n", want: "María Fernanda Salinas signed doc\nMaría Salinas Vega signed doc"},
		{name: "the time in a quoted line is no part of a name", text: "From: Ana Ruiz\nTo: Luis Bravo\nSubject: Re: Meeting\nDate: 5 March 2019\n\nAgreed.\n\nOn Mon, Mar 4, 2019 at 6:03 PM Luis Bravo <lbravo@lakes.example> wrote:\n\n> I share this.\n",
			want: "Ana Ruiz sent doc\nLuis Bravo addressedIn doc\nLuis Bravo sent doc/1\ndoc repliesTo doc/1\ndoc/1 partOf doc"},
		{name: "an old cable's marking and caption got no copy", text: "R 121530Z JUN 75\nFM AMEMBASSY PUERTO AMPARO\nTO SECSTATE ELSHOLM\nINFO AMEMBASSY SAN ISIDORO\nDEFSTAFF ELSHOLM\nC O N F I D E N T I A L PUERTO AMPARO 1432\nEXDIS\nTAGS: PHUM\nSUBJECT: THE SCHOOL\n\n1. IT IS CLOSED.\n",
			want: "AMEMBASSY PUERTO AMPARO sent doc\nSECSTATE ELSHOLM addressedIn doc\nAMEMBASSY SAN ISIDORO ccdOn doc\nDEFSTAFF ELSHOLM ccdOn doc", nobody: []string{"C O N F", "EXDIS"}},
		{name: "a page of letters is not one letter that all its writers signed", text: "Dear editor,\n\nThe school is closed.\n\nSincerely,\n\nMarta Oquendo\n\nDear editor,\n\nThe school is open.\n\nSincerely,\n\nLuis Bravo\n", want: "Marta Oquendo signed doc", nobody: []string{"Luis Bravo"}},
		{name: "who signed the letter that a post quotes did not sign the post", text: "---\ntitle: The minister answers\ndate: 2020-03-04\ncategory: News\n---\n\nThe minister answered us today:\n\n> We close the school.\n>\n> Sincerely,\n>\n> Luis Bravo\n> Minister of Schools\n", nobody: []string{"Luis Bravo signed"}},
		{name: "a former post is no post of today", text: head + "Marta Oquendo\nFormer President of Havermark\n", want: "Marta Oquendo signed doc"},
		{name: "a former post in a list", text: "Open letter on the school\n\nWe write about the school that was closed.\n\nSigned by:\n\nMarta Oquendo, former President of Havermark\nLuis Bravo, ex Secretary of Schools\nRosa Quintanar, Director, Lakes Institute\n",
			want: `Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc
Rosa Quintanar holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Rosa Quintanar memberOf Lakes Institute`},
		{name: "a former post in Spanish", text: "Señor gobernador:\n\nEscribimos por la escuela.\n\nAtentamente,\n\nMarta Oquendo\nExpresidenta de la Comisión de Lagos\n", want: "Marta Oquendo signed doc"},
		{name: "a calling is no office", text: head + "Marta Oquendo\nWriter\n", want: "Marta Oquendo signed doc"},
		{name: "undisclosed recipients are nobody", text: "From: Kroon, Anselm\nTo: Undisclosed recipients:;\nSubject: x\n\nText.\n", want: "Anselm Kroon sent doc", nobody: []string{"recipients"}},
		{name: "undisclosed-recipients is nobody", text: "From: Kroon, Anselm\nTo: undisclosed-recipients:;\nSubject: x\n\nText.\n", want: "Anselm Kroon sent doc", nobody: []string{"recipients"}},
		{name: "No Reply is no person", text: "From: No Reply <noreply@lakes.example>\nTo: Kroon, Anselm\nSubject: x\n\nText.\n", want: "Anselm Kroon addressedIn doc", nobody: []string{"reply"}},
		{name: "a newspaper that sends mail is no person", text: "From: El Correo de Amparo <cartas@correo.example>\nTo: Kroon, Anselm\nSubject: x\n\nText.\n", want: "El Correo de Amparo sent doc\nAnselm Kroon addressedIn doc"},
		{name: "what a telephone puts below a mail is nobody", text: "From: Kroon, Anselm\nTo: Stolberg, Marijke\nSubject: x\n\nAgreed.\n\nRegards,\n\nAnselm\n\nSent from my iPhone\n", want: "Anselm Kroon sent doc\nMarijke Stolberg addressedIn doc", may: "Anselm Kroon signed doc", nobody: []string{"iphone"}},
		{name: "a redacted signature of a cable is nobody's", text: "MRN: 24 PUERTO AMPARO 118\nFrom: AMEMBASSY PUERTO AMPARO\nAction: SECSTATE ELSHOLM\nTAGS: PHUM\nSubject: x\n\n1. Text.\n\nSignature: (b)(6)\n\nDrafted By: POL:Oldenkamp, Wietse\n",
			want: "AMEMBASSY PUERTO AMPARO sent doc\nSECSTATE ELSHOLM addressedIn doc\nWietse Oldenkamp drafted doc"},
		{name: "who is redacted leaves his office to nobody", text: copied + "cc: (b)(6), Director, Lakes Institute\n    Luis Bravo\n", want: "Marta Oquendo signed doc\nLuis Bravo ccdOn doc", may: "Lakes Institute ccdOn doc"},
		{name: "a redacted name in a list does not give its office to its neighbour", text: "Open letter on the school\n\nWe write about the school that was closed.\n\nSigned by:\n\nMarta Oquendo\n[REDACTED], Director, Lakes Institute\nLuis Bravo\n",
			want: "Marta Oquendo signed doc\nLuis Bravo signed doc", may: "Lakes Institute signed doc", nobody: []string{"redacted"}},
		{name: "who signs for another signs himself", text: head + "Luis Bravo\nfor Marta Oquendo, Director\n", want: "Luis Bravo signed doc", may: "Marta Oquendo holdsPosition Director"},
		{name: "brother and sister in one list are two", text: "Open letter on the school\n\nWe write about the school that was closed.\n\nSigned by:\n\nFernando Ruiz\nFernanda Ruiz\nMarta Oquendo\n",
			want: "Fernando Ruiz signed doc\nFernanda Ruiz signed doc\nMarta Oquendo signed doc"},
		{name: "two of one surname greeted by it are not one of them", text: "4 March 2021\n\nMarta Oquendo\nDirector\n\nLuis Oquendo\nSecretary\n\nDear Mr. Oquendo:\n\nWe write about the school.\n\nSincerely,\n\nRosa Quintanar\n",
			want: `Marta Oquendo addressedIn doc
Luis Oquendo addressedIn doc
Rosa Quintanar signed doc
Marta Oquendo holdsPosition Director
Luis Oquendo holdsPosition Secretary`, may: "Oquendo addressedIn doc"},
		{name: "sections of a list are headings, not signatories", text: "Open letter on the school\n\nWe write about the school that was closed.\n\nSignatories:\n\nOrganizations:\nLakes Institute\nHarbour Workers Union\nForest Network\n\nIndividuals:\nMarta Oquendo\nLuis Bravo\nRosa Quintanar\n",
			want: `Lakes Institute signed doc
Harbour Workers Union signed doc
Forest Network signed doc
Marta Oquendo signed doc
Luis Bravo signed doc
Rosa Quintanar signed doc`, nobody: []string{"individuals", "organizations"}},
		{name: "a city in a dateline did not sign", text: "Dear Minister,\n\nWe write about the school.\n\nSincerely,\n\nMarta Oquendo\nDirector\nLakes Institute\nMexico City, Mexico\n",
			want: `Marta Oquendo signed doc
Marta Oquendo holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Marta Oquendo memberOf Lakes Institute
Lakes Institute sent doc`, nobody: []string{"Mexico City"}},
		{name: "street, telephone and mail below a signature are nobody", text: head + "Marta Oquendo\n14 Harbour Road, Suite 200\nTel. +99 20 555 0143\nm.oquendo@lakes.example\nwww.lakes.example\n", want: "Marta Oquendo signed doc"},
		{name: "a man who is written about in the subject is not addressed", text: "4 March 2021\n\nMs Rosa Quintanar\nDirector\n\nRe: Detention of Mr Julián Bermejo\n\nDear Ms Quintanar,\n\nWe write about him.\n\nSincerely,\n\nMarta Oquendo\n",
			want: "Rosa Quintanar addressedIn doc\nRosa Quintanar holdsPosition Director\nMarta Oquendo signed doc", nobody: []string{"Bermejo"}},
		{name: "a title about a person is not from or to him", text: "OPEN LETTER: FOUR MONTHS WITHOUT MARISELA OTERO\n\n24 January 2024\n\nYour Excellency,\n\nWe write about her.\n\nYours faithfully,\n\nMarta Oquendo\n", want: "Marta Oquendo signed doc", nobody: []string{"Marisela"}},
		{name: "who writes on behalf of another sent it; the two are not one name", text: "From: Luis Bravo on behalf of Marta Oquendo\nTo: Kroon, Anselm\nSubject: x\n\nText.\n", want: "Luis Bravo sent doc\nAnselm Kroon addressedIn doc", may: "Marta Oquendo sent doc", nobody: []string{"behalf"}},
		{name: "a couple greeted by one surname is nobody by the name of Mr", text: "Dear Mr. and Mrs. Bravo,\n\nWe write about the school.\n\nSincerely,\n\nMarta Oquendo\n", want: "Marta Oquendo signed doc", may: "Bravo addressedIn doc"},
		{name: "all staff is nobody", text: "From: Kroon, Anselm\nTo: All Staff\nSubject: x\n\nText.\n", want: "Anselm Kroon sent doc", nobody: []string{"staff"}},
		{name: "a signature block with two offices of one person", text: head + "Marta Oquendo\nDirector, Lakes Institute\nPresident, Forest Network\n",
			want: `Marta Oquendo signed doc
Marta Oquendo holdsPosition Director, Lakes Institute
Director, Lakes Institute positionIn Lakes Institute
Marta Oquendo memberOf Lakes Institute`, may: `Marta Oquendo holdsPosition President, Forest Network
President, Forest Network positionIn Forest Network
Marta Oquendo memberOf Forest Network
Lakes Institute sent doc`},
		{name: "a telegram from one to another: title and number", text: "# Bravo to Salinas\n\nCablegram 428 PUERTO AMPARO, 7 September 1939\n\nThe school is closed.\n", want: "Bravo sent doc\nSalinas addressedIn doc", docs: "doc cable 1939-09-07"},
		{name: "lawyers and suspects named in a list of demands are no parties", text: "Dear Minister,\n\nWe ask you:\n\n1. to arrest Luis Bravo;\n2. to free Pedro Salinas.\n\nSincerely,\n\nMarta Oquendo\n", want: "Marta Oquendo signed doc", nobody: []string{"Luis Bravo", "Pedro Salinas"}},
		{name: "demands under the undersigned are not signed by whom they name", text: "We, the undersigned organizations, ask you:\n\n1. To arrest Luis Bravo.\n2. To free Pedro Salinas.\n3. To open the school.\n", nobody: []string{"Luis Bravo", "Pedro Salinas", "To arrest", "To open"}},
		{name: "a petition about the disappeared: a list of victims signs nothing", text: "We, the undersigned, ask where they are:\n\nLuis Bravo, 19 years\nPedro Salinas, 22 years\nAna Ruiz, 31 years\n\nNobody has told us where they are, nor who took them that night from the school.\n", nobody: nil},
	} {
		t.Run(s.name, s.check)
	}
}

package extract

import "testing"

func TestDates(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// English
		{"4 March 2021", "2021-03-04"},
		{"4th March 2021", "2021-03-04"},
		{"4th of March, 2021", "2021-03-04"},
		{"March 4, 2021", "2021-03-04"},
		{"March 4th 2021", "2021-03-04"},
		{"Mar. 4, 2021", "2021-03-04"},
		{"MARCH 4, 2021", "2021-03-04"},
		{"4-Mar-2021", "2021-03-04"},
		{"Sept. 4, 2021", "2021-09-04"},
		{"May 4, 2021", "2021-05-04"},
		{"Thursday, 4 March 2021 at 10:12", "2021-03-04"},
		{"Thu, 4 Mar 2021 10:12:13 +0200", "2021-03-04"},
		{"Thu Mar 4 10:12:13 2021", "2021-03-04"},
		// Spanish
		{"4 de marzo de 2021", "2021-03-04"},
		{"4 de marzo del 2021", "2021-03-04"},
		{"jueves 4 de marzo de 2021", "2021-03-04"},
		{"Puerto Amparo, a 4 de marzo de 2021", "2021-03-04"},
		{"1º de enero de 2021", "2021-01-01"},
		{"1o. de enero de 2021", "2021-01-01"},
		{"4 de setiembre de 2021", "2021-09-04"},
		{"04/ene/2021", "2021-01-04"},
		{"4 MARZO 2021", "2021-03-04"},
		// numbers
		{"2021-03-04", "2021-03-04"},
		{"2021-03-04T10:00:00Z", "2021-03-04"},
		{"3/4/2021", "2021-03-04"}, // as in the United States
		{"03/04/2021", "2021-03-04"},
		{"25/3/2021", "2021-03-25"}, // there is no 25th month
		// date-time groups
		{"041955Z MAR 21", "2021-03-04"},
		{"O 121822Z JUN 97", "1997-06-12"},
		{"R 021955Z MAY 24", "2024-05-02"},
		{"Date/DTG: May 02, 2024 / 021955Z MAY 24", "2024-05-02"},
		// leap years
		{"29 February 2020", "2020-02-29"},
		// months only
		{"March 2021", "2021-03"},
		{"marzo de 2021", "2021-03"},
		{"in early March, 2021", "2021-03"},
		// the first one counts
		{"4 March 2021, in answer to yours of 5 May 2020", "2021-03-04"},
		{"March 4, 2021 and 2020-01-01", "2021-03-04"},
		// what is impossible or no date
		{"30 February 2021", "2021-02"},
		{"31 de febrero de 2021", "2021-02"},
		{"29 February 2021", "2021-02"},
		{"2021-02-30", ""},
		{"2021-13-01", ""},
		{"13/13/2021", ""},
		{"0 March 2021", "2021-03"},
		{"451955Z MAR 21", ""},
		{"2021", ""},
		{"4 March", ""},
		{"No. 57/2024", ""},
		{"Recommendation 12/2024", ""},
		{"4 Marching 2021", ""},
		{"the 4 marchers of 2021", ""},
		{"4 March 3021", ""},
		{"", ""},
	} {
		got, ok := rules.dates.first(c.in)
		if got.iso != c.want || ok != (c.want != "") {
			t.Errorf("date of %q is %q, want %q", c.in, got.iso, c.want)
		}
		if ok && (got.start < 0 || got.end > len(c.in) || got.start >= got.end) {
			t.Errorf("date of %q at [%d,%d]", c.in, got.start, got.end)
		}
	}
}

// A line that is nothing but a date parts the entries of a page: what says anything else must not.
func TestDateOnly(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"4 March 2021", "2021-03-04"},
		{"Thursday, 4 March 2021", "2021-03-04"},
		{"Published: March 4, 2021", "2021-03-04"},
		{"4 de marzo de 2021", "2021-03-04"},
		{"Publicado el 4 de marzo de 2021", "2021-03-04"},
		{"- 2021-03-04 -", "2021-03-04"},
		{"4 March 2021 10:12 am", "2021-03-04"},
		{"12 Jul 2024 | News", "2024-07-12"},
		{"2021-03-04T10:00:00Z", "2021-03-04"},
		{"March 2021", ""},
		{"On 4 March 2021 the school was closed", ""},
		{"Letter of 4 March 2021", ""},
		{"Puerto Amparo, 4 March 2021", ""},
		{"4 March 2021 | " + "Marta Oquendo, Luis Bravo, and others", ""},
		{"", ""},
	} {
		if got, ok := rules.dates.only(c.in); got != c.want || ok != (c.want != "") {
			t.Errorf("%q as a line of its own is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestYear(t *testing.T) {
	for in, want := range map[string]string{"1997-06-12": "97", "2024-05": "24", "": "", "99": ""} {
		if got := year(in); got != want {
			t.Errorf("year(%q) = %q, want %q", in, got, want)
		}
	}
}

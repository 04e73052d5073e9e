package django

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Table is one of the old gallery's tables, as the report calls it.
type Table string

// The tables, in the order of the report.
const (
	Users        Table = "users"
	Artworks     Table = "artworks"
	Conditions   Table = "conditions"
	Views        Table = "views"
	Comments     Table = "comments"
	Placeholders Table = "placeholders"
)

func tables() []Table {
	return []Table{Users, Artworks, Conditions, Views, Comments, Placeholders}
}

// Outcome is what became of a row that was not simply copied.
type Outcome string

// The outcomes, each the heading of a part of the report.
const (
	LeftOut Outcome = "Not imported"
	Changed Outcome = "Imported, but changed"
	Noted   Outcome = "Worth knowing"
)

// Report tells what an import did, or would do. It is complete also beside an
// error of [Import], up to where that ended.
type Report struct {
	DryRun bool // nothing was written
	Counts map[Table]Count
	Groups []*Group // in the order in which each was first met
}

// Count is how many rows of a table met which fate. Views that are no views
// here (see the package's documentation) are counted by Found alone.
type Count struct {
	Found    int64 // rows in the old gallery
	Imported int64
	There    int64 // left as they are, because they were imported before
	LeftOut  int64 // could not be imported; each stands in a group
}

// Group is all rows of a table that met the same fate for the same reason.
type Group struct {
	Outcome Outcome
	Table   Table
	Why     string
	Total   int64 // may be more than there are Rows: see maxRows
	Rows    []Row
}

// Row is one of them.
type Row struct {
	ID     string // as it stands in the old database
	Detail string // "" when Why says it all
}

// maxRows is how many rows of a group are remembered one by one, so that a
// large gallery with one fault in every row does not fill the memory.
const maxRows = 1000

// Complete tells whether everything that can be taken along was: nothing is
// LeftOut.
func (r Report) Complete() bool {
	return !slices.ContainsFunc(r.Groups, func(g *Group) bool { return g.Outcome == LeftOut })
}

// LeftOut is how many rows could not be imported.
func (r Report) LeftOut() (n int64) {
	for _, c := range r.Counts {
		n += c.LeftOut
	}
	return n
}

func (r *Report) count(t Table, add Count) {
	c := r.Counts[t]
	c.Found += add.Found
	c.Imported += add.Imported
	c.There += add.There
	c.LeftOut += add.LeftOut
	r.Counts[t] = c
}

// leave reports a row that is not imported, and counts it as such.
func (r *Report) leave(t Table, id, why, detail string) {
	r.count(t, Count{LeftOut: 1})
	r.add(LeftOut, t, why, 1, Row{id, detail})
}

func (r *Report) change(t Table, id, why, detail string) { r.add(Changed, t, why, 1, Row{id, detail}) }
func (r *Report) note(t Table, id, why, detail string)   { r.add(Noted, t, why, 1, Row{id, detail}) }

// number reports so many rows without their ids.
func (r *Report) number(o Outcome, t Table, why string, n int64) {
	if n > 0 {
		r.add(o, t, why, n)
	}
}

// lose reports so many rows that are not imported without their ids.
func (r *Report) lose(t Table, why string, n int64) {
	r.count(t, Count{LeftOut: n})
	r.number(LeftOut, t, why, n)
}

func (r *Report) add(o Outcome, t Table, why string, n int64, rows ...Row) {
	i := slices.IndexFunc(r.Groups, func(g *Group) bool { return g.Outcome == o && g.Table == t && g.Why == why })
	if i < 0 {
		i = len(r.Groups)
		r.Groups = append(r.Groups, &Group{Outcome: o, Table: t, Why: why})
	}
	g := r.Groups[i]
	g.Total += n
	if len(g.Rows) < maxRows {
		g.Rows = append(g.Rows, rows...)
	}
}

// merge adds what another report of the same import says.
func (r *Report) merge(of Report) {
	for t, c := range of.Counts {
		r.count(t, c)
	}
	for _, g := range of.Groups {
		r.add(g.Outcome, g.Table, g.Why, g.Total, g.Rows...)
	}
}

// WriteTo writes the report for people: the counts as a table, and then every
// row that was not simply copied, by what became of it and why. It implements
// io.WriterTo.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	if r.DryRun {
		b.WriteString("Dry run: nothing was written. This is what an import would do.\n\n")
	}
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\tfound\timported\tthere already\tnot imported\t\n")
	for _, t := range tables() {
		c := r.Counts[t]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", t, c.Found, c.Imported, c.There, c.LeftOut)
	}
	table.Flush() // into memory: never fails
	for _, o := range []Outcome{LeftOut, Changed, Noted} {
		r.writeOutcome(&b, o)
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func (r Report) writeOutcome(b *strings.Builder, o Outcome) {
	heading := "\n" + string(o) + "\n"
	for _, t := range tables() {
		for _, g := range r.Groups {
			if g.Outcome != o || g.Table != t {
				continue
			}
			fmt.Fprintf(b, "%s  %s: %s (%d)\n", heading, g.Table, g.Why, g.Total)
			heading = ""
			for _, row := range g.Rows {
				line := "    " + row.ID
				if row.Detail != "" {
					line += "  " + row.Detail
				}
				b.WriteString(oneLine(line) + "\n")
			}
			if more := g.Total - int64(len(g.Rows)); more > 0 && len(g.Rows) > 0 {
				fmt.Fprintf(b, "    … and %d more\n", more)
			}
		}
	}
}

// oneLine keeps what stood in the old database from moving the cursor of
// whoever reads the report in a terminal, and from looking like another line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, s)
}

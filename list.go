package gallery

// Page asks for a piece of a list. Lists are walked by key, not by offset: what
// is inserted or deleted meanwhile neither repeats nor hides another row.
type Page struct {
	Limit  int    // rows at most, 1 to 100; 0 means 20, more than 100 means 100
	Cursor string // the "next" of the page before, "" for the first
}

// Size is the number of rows asked for, 1 to 100.
func (p Page) Size() int {
	if p.Limit < 1 {
		return 20
	}
	return min(p.Limit, 100)
}

// Filter asks for artworks; the zero value for the first page of all.
type Filter struct {
	Artist   string // the artist's id or username, "" for everybody's
	Revealed *bool  // nil for both
	// Query is looked for in titles and descriptions, as typed (% and _ mean
	// themselves), without regard to case or to compatibility forms.
	Query string
	Page
}

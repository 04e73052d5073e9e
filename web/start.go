package web

import (
	"net/http"

	"invisibleart.example/gallery"
)

// wall is the start page: works, newest first.
type wall struct {
	Works []work
	Next  string // the cursor of what hung before, "" at the end
	First bool   // the first page, which says where one is
}

// worksPerPage fills rows of two, three and four.
const worksPerPage = 24

func (s *site) start(w http.ResponseWriter, v *visit) error {
	cursor := v.URL.Query().Get("cursor")
	list, next, err := s.Curator.Artworks(v.Context(), gallery.Filter{Page: gallery.Page{Limit: worksPerPage, Cursor: cursor}})
	if err != nil {
		return err
	}
	page := wall{Next: next, First: cursor == ""}
	for _, art := range list {
		page.Works = append(page.Works, workOf(art))
	}
	return s.render(w, v, http.StatusOK, "start", "The Invisible Art Gallery", page)
}

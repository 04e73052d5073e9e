package web

// route is one page. Every path is also reached with a slash at its end.
type route struct {
	method, path string
	action       action
}

func (s *site) routes() []route {
	return []route{
		{"GET", "/", s.start},
		{"GET", "/artworks/{id}", s.artwork},
		{"GET", "/artworks/{id}/comments", s.toArtwork},
		{"POST", "/artworks/{id}/comments", s.comment},
		{"GET", "/sign-in", s.signInForm},
		{"POST", "/sign-in", s.signIn},
		{"GET", "/sign-up", s.signUpForm},
		{"POST", "/sign-up", s.signUp},
		{"POST", "/sign-out", s.signOut},
	}
}

// still lists what is the same for everybody and costs the store nothing, so
// that it is neither limited nor asks who is there.
func (s *site) still() []route {
	return []route{
		{"GET", "/veils/{id}", s.veil},
		{"GET", "/assets/{version}/{name}", s.asset},
		{"GET", "/favicon.ico", s.favicon},
	}
}

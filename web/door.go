package web

import (
	"net/http"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/problem"
)

// door is the page to sign in or to make an account. The password is never
// sent back.
type door struct {
	Email, Username string
	IsArtist        bool
	Next            string // where to go afterwards
	Mistakes        mistakes
}

func (s *site) signInForm(w http.ResponseWriter, v *visit) error {
	return s.door(w, v, http.StatusOK, "sign-in", door{Next: localPath(v.URL.Query().Get("next"))})
}

func (s *site) signUpForm(w http.ResponseWriter, v *visit) error {
	return s.door(w, v, http.StatusOK, "sign-up", door{Next: localPath(v.URL.Query().Get("next"))})
}

func (s *site) door(w http.ResponseWriter, v *visit, status int, name string, page door) error {
	if !v.who.IsAnonymous() {
		return seeOther(w, v, page.Next)
	}
	title := "Sign in"
	if name == "sign-up" {
		title = "Make an account"
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.render(w, v, status, name, title, page)
}

func (s *site) signIn(w http.ResponseWriter, v *visit) error {
	form, err := readForm(w, v)
	if err != nil {
		return err
	}
	page := door{Email: form.Get("email"), Next: localPath(form.Get("next"))}
	browser, err := s.Curator.SignIn(v.Context(), page.Email, form.Get("password"), v.addr)
	return s.enter(w, v, "sign-in", page, browser, err)
}

// signUp counts attempts as the API's registration does, and in the same
// limits: by address, and by the e-mail address in question, which would else
// be a way to ask who has an account here.
func (s *site) signUp(w http.ResponseWriter, v *visit) error {
	form, err := readForm(w, v)
	if err != nil {
		return err
	}
	page := door{
		Email: form.Get("email"), Username: form.Get("username"),
		IsArtist: form.Get("is_artist") != "", Next: localPath(form.Get("next")),
	}
	err = s.Limits.RegistrationsByAddress.Take(v.Context(), v.addr)
	if err == nil {
		err = s.Limits.RegistrationsByAccount.Take(v.Context(), curator.EmailKey(page.Email))
	}
	var browser curator.Browser
	if err == nil {
		browser, err = s.Curator.SignUp(v.Context(), curator.Registration{
			Username: page.Username, Email: page.Email, Password: form.Get("password"), IsArtist: page.IsArtist,
		})
	}
	return s.enter(w, v, "sign-up", page, browser, err)
}

// enter lets somebody in, or shows the form again.
func (s *site) enter(w http.ResponseWriter, v *visit, name string, page door, browser curator.Browser, err error) error {
	if err != nil {
		if !page.Mistakes.read(err) {
			return err
		}
		return s.door(w, v, problem.Status(err), name, page)
	}
	http.SetCookie(w, auth.CookieFor(browser.Secret, browser.Identity.ExpiresAt, s.Origin.Secure()))
	return seeOther(w, v, page.Next)
}

// signOut ends the session, with every socket it opened.
func (s *site) signOut(w http.ResponseWriter, v *visit) error {
	if err := s.Curator.SignOut(v.Context(), v.who); err != nil {
		return err
	}
	http.SetCookie(w, auth.ClearCookie(s.Origin.Secure()))
	return seeOther(w, v, "/")
}

package api

import "net/http"

// login tells nobody whether an account exists: the curator answers an unknown
// address and a wrong password alike, after the same time.
func (a *api) login(w http.ResponseWriter, r *request) error {
	var email, password string
	if err := readJSON(w, r, func(f fields) {
		email, password = f.text("email"), f.text("password")
	}); err != nil {
		return err
	}
	signed, err := a.Curator.Login(r.Context(), email, password, r.addr)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeSigned(signed))
}

func (a *api) refresh(w http.ResponseWriter, r *request) error {
	var token string
	if err := readJSON(w, r, func(f fields) { token = f.text("refresh") }); err != nil {
		return err
	}
	signed, err := a.Curator.Refresh(r.Context(), token)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeTokens(signed))
}

func (a *api) logout(w http.ResponseWriter, r *request) error {
	var token string
	var everywhere bool
	if err := readJSON(w, r, func(f fields) {
		token, everywhere = f.text("refresh"), f.flag("everywhere")
		if text, given := f.get("refresh"); given && text == "" {
			// The curator would take none for this very session.
			f.wrong("refresh", "must not be empty")
		}
	}); err != nil {
		return err
	}
	if err := a.Curator.Logout(r.Context(), r.who, token, everywhere); err != nil {
		return err
	}
	return noContent(w)
}

// changePassword answers with new keys: those that asked fall with the rest.
func (a *api) changePassword(w http.ResponseWriter, r *request) error {
	var old, fresh string
	if err := readJSON(w, r, func(f fields) {
		old, fresh = f.text("old_password"), f.text("new_password")
	}); err != nil {
		return err
	}
	signed, err := a.Curator.ChangePassword(r.Context(), r.who, old, fresh)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeTokens(signed))
}

// ticketShape is what opens one socket in place of a token.
type ticketShape struct {
	Ticket    string  `json:"ticket"`
	ExpiresAt *string `json:"expires_at"`
}

func (a *api) ticket(w http.ResponseWriter, r *request) error {
	ticket, expires, err := a.Curator.Ticket(r.Context(), r.who)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, ticketShape{ticket, stamp(expires)})
}

package api

import (
	"net/http"

	"invisibleart.example/gallery/curator"
)

// signedShape is an account with its keys.
type signedShape struct {
	User userShape `json:"user"`
	tokensShape
}

type tokensShape struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

func shapeTokens(s curator.Signed) tokensShape { return tokensShape{s.Access, s.Refresh} }

func shapeSigned(s curator.Signed) signedShape {
	return signedShape{User: shapeUser(s.User), tokensShape: shapeTokens(s)}
}

// register counts attempts by address and by the e-mail address in question,
// which would else be a way to ask who has an account here.
func (a *api) register(w http.ResponseWriter, r *request) error {
	if err := a.Limits.RegistrationsByAddress.Take(r.Context(), r.addr); err != nil {
		return err
	}
	var in curator.Registration
	if err := readJSON(w, r, func(f fields) {
		in.Username, in.Email, in.Password = f.text("username"), f.text("email"), f.text("password")
		in.IsArtist = f.flag("is_artist")
	}); err != nil {
		return err
	}
	if err := a.Limits.RegistrationsByAccount.Take(r.Context(), curator.EmailKey(in.Email)); err != nil {
		return err
	}
	signed, err := a.Curator.Register(r.Context(), in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, shapeSigned(signed))
}

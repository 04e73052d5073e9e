package api

import (
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

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
	if err := limit(a.Limits.RegistrationsByAddress, r.addr); err != nil {
		return err
	}
	var in curator.Registration
	if err := readJSON(w, r, func(f fields) {
		in.Username, in.Email, in.Password = f.text("username"), f.text("email"), f.text("password")
		in.IsArtist = f.flag("is_artist")
	}); err != nil {
		return err
	}
	if err := limit(a.Limits.RegistrationsByAccount, accountKey(in.Email)); err != nil {
		return err
	}
	signed, err := a.Curator.Register(r.Context(), in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, shapeSigned(signed))
}

// accountKey is what an e-mail address is counted under, however it is spelled.
// It is no longer than an address may be: what is, is refused right after, and
// must not be remembered at its length.
func accountKey(email string) string {
	key := strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
	return key[:min(len(key), 254)]
}

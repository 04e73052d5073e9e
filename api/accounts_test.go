package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

// as is somebody with this access token.
func as(token any) *gallerytest.Person { return &gallerytest.Person{Access: token.(string)} }

func TestRegister(t *testing.T) {
	h := open(t)
	account := object{"username": "Ada", "email": "Ada@example.com", "password": "open the gallery"}
	got := h.ask(nil, "POST", root+"/auth/register", account).want(201).object()
	user := got["user"].(object)
	if user["username"] != "Ada" || user["email"] != "Ada@example.com" || user["is_artist"] != false || user["is_admin"] != false {
		t.Errorf("got %v, want the account as typed, neither artist nor admin", user)
	}
	me := h.ask(as(got["access"]), "GET", root+"/users/me", nil).want(200).object()
	if me["id"] != user["id"] {
		t.Errorf("the token is %v's, want %v's", me["id"], user["id"])
	}
	for _, test := range []struct {
		name   string
		change object
		status int
		places []string
	}{
		{"the name is taken, whatever its case", object{"username": "aDA", "email": "other@example.com"}, 409, []string{"username"}},
		{"the address is taken, whatever its case", object{"username": "other", "email": "aDA@EXAMPLE.com"}, 409, []string{"email"}},
		{"everything is wrong", object{"username": "a b", "email": "nobody", "password": "short"}, 422, []string{"email", "password", "username"}},
		{"everything is of another type", object{"username": 1, "email": nil, "password": []int{}, "is_artist": "yes"}, 422, []string{"email", "is_artist", "password", "username"}},
		{"it asks for more", object{"is_admin": true, "id": nowhere}, 422, []string{"id", "is_admin"}},
		{"a NUL", object{"username": "a\x00b"}, 422, []string{"username"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			body := object{"username": "new", "email": "new@example.com", "password": "open the gallery"}
			for name, value := range test.change {
				body[name] = value
			}
			places := h.ask(nil, "POST", root+"/auth/register", body).want(test.status).places()
			if slices.Sort(places); !slices.Equal(places, test.places) {
				t.Errorf("got places %v, want %v", places, test.places)
			}
		})
	}
	missing := h.ask(nil, "POST", root+"/auth/register", object{}).want(422).places()
	if slices.Sort(missing); !slices.Equal(missing, []string{"email", "password", "username"}) {
		t.Errorf("an empty object: got places %v, want all that are required", missing)
	}
}

func TestTheLongestPasswordIsNoLongerThanItSays(t *testing.T) {
	h := open(t)
	for n, want := range map[int]int{7: 422, 8: 201, 256: 201, 257: 422} {
		h.ask(nil, "POST", root+"/auth/register", object{
			"username": "u" + strings.Repeat("x", n%100), "email": strings.Repeat("y", n%50) + "z@example.com", "password": strings.Repeat("é", n),
		}).want(want)
	}
}

func TestRegistrationsAreLimited(t *testing.T) {
	h := open(t, func(c *node.Config) {
		c.Limits.RegistrationsByAddress = ratelimit.Rule{Burst: 4, Every: time.Hour}
		c.Limits.RegistrationsByAccount = ratelimit.Rule{Burst: 2, Every: time.Minute}
	})
	try := func(name, email string) answer {
		return h.ask(nil, "POST", root+"/auth/register", object{"username": name, "email": email, "password": "open the gallery"})
	}
	try("a", "a@example.com").want(201)
	try("b", "A@example.com ").want(409)
	try("c", "a@EXAMPLE.com").want(429).has("Retry-After", "60")
	try("d", "d@example.com").want(201)
	try("e", "e@example.com").want(429).has("Retry-After", "3600")
}

func TestLogin(t *testing.T) {
	h := open(t)
	h.Register(t, "ada")
	good := h.ask(nil, "POST", root+"/auth/login", object{"email": " ADA@example.com ", "password": gallerytest.Password}).want(200).object()
	h.ask(as(good["access"]), "GET", root+"/users/me", nil).want(200)
	wrong := h.ask(nil, "POST", root+"/auth/login", object{"email": "ada@example.com", "password": "not this one"}).want(401)
	unknown := h.ask(nil, "POST", root+"/auth/login", object{"email": "nobody@example.com", "password": "not this one"}).want(401)
	if string(wrong.body) != string(unknown.body) {
		t.Errorf("a wrong password says %s, an unknown address %s, want the same", wrong.body, unknown.body)
	}
	h.ask(nil, "POST", root+"/auth/login", object{"email": "ada@example.com"}).want(422)
}

// TestLoginsAreLimited: right or wrong, known or not, alike.
func TestLoginsAreLimited(t *testing.T) {
	h := open(t, func(c *node.Config) {
		c.Limits.LoginsByAddress = ratelimit.Rule{Burst: 9, Every: time.Hour}
		c.Limits.LoginsByAccount = ratelimit.Rule{Burst: 3, Every: time.Minute}
	})
	h.Register(t, "ada")
	login := func(email string) answer {
		return h.ask(nil, "POST", root+"/auth/login", object{"email": email, "password": gallerytest.Password})
	}
	for email, status := range map[string]int{"ada@example.com": 200, "nobody@example.com": 401} {
		login(email).want(status)
		login(strings.ToUpper(email)).want(status)
		login(" " + email).want(status)
		login(email).want(429).has("Retry-After", "60")
	}
	login("ben@example.com").want(401)
	login("eva@example.com").want(429).has("Retry-After", "3600")
}

func TestWrongPasswordsAreLimitedThoughNothingElseIs(t *testing.T) {
	h := open(t, func(c *node.Config) { c.Limits = ratelimit.Off() })
	h.Register(t, "ada")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		var statuses []int
		for range ratelimit.Off().WrongPasswordsByAccount.Burst + 1 {
			statuses = append(statuses, h.ask(nil, "POST", root+"/auth/login", object{"email": email, "password": "not this one"}).status)
		}
		last := len(statuses) - 1
		if statuses[last] != 429 || slices.Contains(statuses[:last], 429) {
			t.Errorf("%s: got %v, want 429 for the last alone", email, statuses)
		}
	}
	h.ask(nil, "POST", root+"/auth/login", object{"email": "ada@example.com", "password": gallerytest.Password}).want(429)
}

func TestRefreshTokensAreSpent(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	refresh := func(token any) answer {
		return h.ask(nil, "POST", root+"/auth/refresh", object{"refresh": token})
	}
	second := refresh(ada.Refresh).want(200).object()
	h.ask(as(second["access"]), "GET", root+"/users/me", nil).want(200)
	third := refresh(second["refresh"]).want(200).object()

	// Somebody uses the second again: two people hold it, so all of it falls.
	refresh(second["refresh"]).want(401)
	refresh(third["refresh"]).want(401)
	h.ask(as(third["access"]), "GET", root+"/users/me", nil).want(401)

	refresh(ada.Access).want(401)                                    // an access token is none
	refresh("nonsense").want(401)                                    // nor is this
	h.ask(as(ada.Refresh), "GET", root+"/users/me", nil).want(401)   // nor the other way round
	h.ask(h.Login(t, "ada"), "GET", root+"/users/me", nil).want(200) // the account is as it was
	h.ask(nil, "POST", root+"/auth/refresh", object{"refresh": 7}).want(422)
}

func TestLogout(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	phone, tablet := h.Login(t, "ada"), h.Login(t, "ada")
	for _, wrong := range []object{{"refresh": ""}, {"refresh": "", "everywhere": true}, {"refresh": nil}, {"refresh": "x"}, {}, {"everywhere": true}} {
		if places := h.ask(phone, "POST", root+"/auth/logout", wrong).want(422).places(); !slices.Equal(places, []string{"refresh"}) {
			t.Errorf("%v: got places %v, want refresh", wrong, places)
		}
	}
	h.ask(phone, "POST", root+"/auth/logout", object{"refresh": phone.Refresh}).want(204)
	h.ask(phone, "GET", root+"/users/me", nil).want(401)
	h.ask(nil, "POST", root+"/auth/refresh", object{"refresh": phone.Refresh}).want(401)
	h.ask(tablet, "GET", root+"/users/me", nil).want(200)
	h.ask(tablet, "POST", root+"/auth/logout", object{"refresh": tablet.Refresh, "everywhere": true}).want(204)
	h.ask(ada, "GET", root+"/users/me", nil).want(401)
	h.ask(nil, "POST", root+"/auth/logout", object{"refresh": ada.Refresh}).want(401)
}

func TestTicket(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	got := h.ask(ada, "POST", root+"/auth/ticket", nil).want(201).object()
	expires, err := time.Parse(time.RFC3339, got["expires_at"].(string))
	if left := time.Until(expires); err != nil || left < 20*time.Second || left > 31*time.Second {
		t.Errorf("it expires in %v (%v), want about 30s", left, err)
	}
	// A ticket is for sockets: neither the query nor the header opens REST.
	h.ask(nil, "GET", root+"/users/me?ticket="+got["ticket"].(string), nil).want(401)
	h.ask(as(got["ticket"]), "GET", root+"/users/me", nil).want(401)
	h.ask(nil, "GET", root+"/users/me?token="+ada.Access, nil).want(401)
}

func TestProfile(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	h.Register(t, "bob")
	got := h.ask(ada, "PATCH", root+"/users/me", object{"bio": "  <b>I paint.</b>  "}).want(200).object()
	if got["bio"] != "<b>I paint.</b>" || got["username"] != "ada" {
		t.Errorf("got %v, want the biography as typed but trimmed, and the name as it was", got)
	}
	h.ask(ada, "PATCH", root+"/users/me", object{"username": "BOB"}).want(409)
	h.ask(ada, "PATCH", root+"/users/me", object{"username": "Ada"}).want(200)
	h.ask(ada, "PATCH", root+"/users/me", object{}).want(200)
	for _, field := range []string{"email", "is_artist", "is_admin", "created_at", "password"} {
		if places := h.ask(ada, "PATCH", root+"/users/me", object{field: true}).want(422).places(); !slices.Equal(places, []string{field}) {
			t.Errorf("%s: got places %v", field, places)
		}
	}
	for _, wrong := range []any{nil, 1, "", strings.Repeat("x", 151)} {
		h.ask(ada, "PATCH", root+"/users/me", object{"username": wrong}).want(422)
	}
	me := h.ask(ada, "GET", root+"/users/me", nil).want(200).object()
	if me["username"] != "Ada" || me["bio"] != "<b>I paint.</b>" {
		t.Errorf("got %v, want what was accepted", me)
	}
	h.ask(ada, "HEAD", root+"/users/me", nil).want(200)
}

func TestChangePassword(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	path := root + "/users/me/change-password"
	if places := h.ask(ada, "POST", path, object{"old_password": "not this one", "new_password": "a new password"}).want(422).places(); !slices.Equal(places, []string{"old_password"}) {
		t.Errorf("a wrong old password: got places %v", places)
	}
	h.ask(ada, "POST", path, object{"old_password": gallerytest.Password, "new_password": "short"}).want(422)
	fresh := h.ask(ada, "POST", path, object{"old_password": gallerytest.Password, "new_password": "a new password"}).want(200).object()
	h.ask(ada, "GET", root+"/users/me", nil).want(401)
	h.ask(nil, "POST", root+"/auth/refresh", object{"refresh": ada.Refresh}).want(401)
	h.ask(as(fresh["access"]), "GET", root+"/users/me", nil).want(200)
	h.ask(nil, "POST", root+"/auth/login", object{"email": ada.Email, "password": gallerytest.Password}).want(401)
	h.ask(nil, "POST", root+"/auth/login", object{"email": ada.Email, "password": "a new password"}).want(200)
}

func TestDeleteAccount(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	path := h.hang(artist, picture())
	h.ask(visitor, "POST", path+"/comments", object{"content": "Hm."}).want(201)
	if places := h.ask(artist, "DELETE", root+"/users/me", object{"password": "not this one"}).want(422).places(); !slices.Equal(places, []string{"password"}) {
		t.Errorf("a wrong password: got places %v", places)
	}
	h.ask(artist, "DELETE", root+"/users/me", object{"password": gallerytest.Password}).want(204)
	h.ask(artist, "GET", root+"/users/me", nil).want(401)
	h.ask(nil, "GET", path, nil).want(404)
	h.ask(nil, "GET", path+"/comments", nil).want(404)
	h.ask(nil, "POST", root+"/auth/login", object{"email": artist.Email, "password": gallerytest.Password}).want(401)
	h.ask(visitor, "GET", root+"/users/me", nil).want(200)
	h.Register(t, "artist") // the name is free again
}

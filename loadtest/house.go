package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// house is the gallery as REST shows it: the load test asks there what it tests
// before it opens thousands of sockets, and reveals by hand.
type house struct {
	url    *url.URL
	token  string
	client *http.Client
}

// housePatience bounds one request.
const housePatience = 30 * time.Second

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// work is what is asked of an artwork.
type work struct {
	ID         string
	Title      string
	IsRevealed bool `json:"is_revealed"`
	Artist     struct{ ID, Username string }
}

func visit(u *url.URL, token string) house {
	// Its own transport, so that nothing of it is left in one that others share.
	return house{url: u, token: token, client: &http.Client{Timeout: housePatience, Transport: &http.Transport{}}}
}

func (h house) leave() { h.client.CloseIdleConnections() }

// look asks for the artwork, as nobody in particular: a look with the token
// would be a view.
func (h house) look(ctx context.Context, id string) (w work, err error) {
	err = h.do(ctx, http.MethodGet, "/artworks/"+url.PathEscape(id), "", &w)
	if err == nil && w.ID == "" {
		err = fmt.Errorf("%s did not answer like a gallery", h.url)
	}
	return w, err
}

// isArtist checks that the token is that of the artwork's artist.
func (h house) isArtist(ctx context.Context, w work) error {
	var me struct{ ID, Username string }
	if err := h.do(ctx, http.MethodGet, "/users/me", h.token, &me); err != nil {
		return fmt.Errorf("ask whose token it is: %w", err)
	}
	if me.ID != w.Artist.ID {
		return fmt.Errorf("the token is %s's, and only %s reveals %q", me.Username, w.Artist.Username, w.Title)
	}
	return nil
}

// reveal reveals the artwork by hand, and returns when the request was begun
// and when it was answered.
func (h house) reveal(ctx context.Context, id string) (began, answered int64, err error) {
	began = Now()
	err = h.do(ctx, http.MethodPost, "/artworks/"+url.PathEscape(id)+"/reveal", h.token, &work{})
	return began, Now(), err
}

// do makes a request to the API and decodes the answer.
func (h house) do(ctx context.Context, method, path, token string, out any) error {
	request, err := http.NewRequestWithContext(ctx, method, h.url.String()+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode != http.StatusOK {
		var problem struct{ Detail string }
		if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
			return fmt.Errorf("%s %s: %s: %s", method, request.URL.Path, response.Status, problem.Detail)
		}
		return fmt.Errorf("%s %s: %s", method, request.URL.Path, response.Status)
	}
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, request.URL.Path, err)
	}
	if json.Unmarshal(text, out) != nil {
		return errors.New("the answer to " + method + " " + request.URL.Path + " is not a gallery's")
	}
	return nil
}

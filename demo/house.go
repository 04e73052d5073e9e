package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// house is the gallery as its clients know it.
type house struct {
	url    string
	client *http.Client
}

// person is somebody with an account. It is for one goroutine.
type person struct {
	house    *house
	username string
	email    string
	artist   bool
	access   string // changes when it has expired
}

// answerError is an answer that is not the wanted one.
type answerError struct {
	status int
	text   string
}

func (e *answerError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.text) }

// isStatus tells whether err is an answer with this status.
func isStatus(err error, status int) bool {
	answer, ok := errors.AsType[*answerError](err)
	return ok && answer.status == status
}

// call sends a request to a path under /api/v1 and decodes the answer into
// out, unless that is nil. Without an access token it comes from nobody.
func (h *house) call(ctx context.Context, access, method, path, contentType string, body []byte, out any) error {
	request, err := http.NewRequestWithContext(ctx, method, h.url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if access != "" {
		request.Header.Set("Authorization", "Bearer "+access)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, path, &answerError{response.StatusCode, string(answer)})
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// post is call for a JSON body.
func (h *house) post(ctx context.Context, access, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return h.call(ctx, access, http.MethodPost, path, "application/json", body, out)
}

// do is call in the name of the person. A token that no longer holds, because
// its hour is over or somebody signed the account out, is replaced by a new
// one, once.
func (p *person) do(ctx context.Context, method, path, contentType string, body []byte, out any) error {
	err := p.house.call(ctx, p.access, method, path, contentType, body, out)
	if !isStatus(err, http.StatusUnauthorized) {
		return err
	}
	var signed struct{ Access string }
	if err := p.house.post(ctx, "", "/auth/login", map[string]string{"email": p.email, "password": Password}, &signed); err != nil {
		return fmt.Errorf("sign %s in again: %w", p.username, err)
	}
	p.access = signed.Access
	return p.house.call(ctx, p.access, method, path, contentType, body, out)
}

// register makes the person's account.
func (p *person) register(ctx context.Context) error {
	var signed struct{ Access string }
	err := p.house.post(ctx, "", "/auth/register", map[string]any{
		"username": p.username, "email": p.email, "password": Password, "is_artist": p.artist,
	}, &signed)
	if err != nil {
		return fmt.Errorf("register %s: %w", p.username, err)
	}
	p.access = signed.Access
	return nil
}

// look stands before a work.
func (p *person) look(ctx context.Context, id string) error {
	return p.do(ctx, http.MethodGet, "/artworks/"+id, "", nil, nil)
}

// say comments on a work.
func (p *person) say(ctx context.Context, id, text string) error {
	body, err := json.Marshal(map[string]string{"content": text})
	if err != nil {
		return err
	}
	return p.do(ctx, http.MethodPost, "/artworks/"+id+"/comments", "application/json", body, nil)
}

// hang hands a painting in.
func (p *person) hang(ctx context.Context, painting Painting, when string, conditions []condition) (work, error) {
	list, err := json.Marshal(conditions)
	if err != nil {
		return work{}, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{"title", painting.Title}, {"alt_text", painting.AltText}, {"description", painting.Description},
		{"reveal_when", when}, {"reveal_conditions", string(list)},
	} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return work{}, err
		}
	}
	file, err := form.CreateFormFile("artwork_file", painting.Filename)
	if err == nil {
		_, err = file.Write(painting.Content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return work{}, err
	}
	var hung work
	err = p.do(ctx, http.MethodPost, "/artworks", form.FormDataContentType(), body.Bytes(), &hung)
	return hung, err
}

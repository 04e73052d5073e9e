package api_test

import (
	"bytes"
	"testing"

	"invisibleart.example/gallery/api"
)

// TestABrokenDocumentDoesNotStart holds that the document and the routes
// cannot drift apart unseen.
func TestABrokenDocumentDoesNotStart(t *testing.T) {
	change := func(old, new string) []byte {
		if !bytes.Contains(api.OpenAPI, []byte(old)) {
			t.Fatalf("the document has no %q to change", old)
		}
		return bytes.Replace(api.OpenAPI, []byte(old), []byte(new), 1)
	}
	if err := api.Documents(api.OpenAPI); err != nil {
		t.Errorf("as it is: got %v, want no error", err)
	}
	for name, text := range map[string][]byte{
		"no YAML":                       []byte("openapi: ["),
		"nothing":                       nil,
		"an anchor that is not":         change("<<: *reading", "<<: *writing"),
		"a route that is not described": change("\n  /api/v1/admin/broadcast:\n    post:", "\n  /api/v1/admin/broadcast:\n    x-post:"),
		"a description of no route":     change("\npaths:\n", "\npaths:\n  /api/v1/walls:\n    get: {}\n"),
		"another shape":                 change("tags:\n  - name: Accounts", "tags:\n  Accounts: [1]\n  x:\n  - name: Accounts"),
	} {
		if err := api.Documents(text); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

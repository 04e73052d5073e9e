package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var openapi []byte

// documents makes what is served of an OpenAPI document in YAML: its JSON and
// its page. It fails when the document is broken, or has not exactly the routes
// that there are.
func documents(text []byte, routes []route) (asJSON, asPage []byte, err error) {
	var contract map[string]any
	if err := yaml.Unmarshal(text, &contract); err != nil {
		return nil, nil, err
	}
	// They only hold the YAML's anchors.
	delete(contract, "x-security")
	delete(contract, "x-responses")
	if err := complete(contract, routes); err != nil {
		return nil, nil, err
	}
	if asJSON, err = json.Marshal(contract); err != nil {
		return nil, nil, fmt.Errorf("convert to JSON: %w", err)
	}
	if asPage, err = docsPage(text, routes); err != nil {
		return nil, nil, fmt.Errorf("make the page: %w", err)
	}
	return asJSON, asPage, nil
}

// complete holds the document's operations against the routes, both ways.
func complete(contract map[string]any, routes []route) error {
	documented := map[string]bool{}
	paths, _ := contract["paths"].(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method := range methods {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, r := range routes {
		operation := r.method + " " + r.path
		if !documented[operation] {
			return fmt.Errorf("%s is not documented", operation)
		}
		delete(documented, operation)
	}
	for operation := range documented {
		return fmt.Errorf("%s is documented and does not exist", operation)
	}
	return nil
}

func (a *api) getDocument(w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "application/json")
	return page(w, r, a.document)
}

func (a *api) getDocs(w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", docsPolicy())
	return page(w, r, a.docs)
}

// page serves what is the same for everybody until the next start.
func page(w http.ResponseWriter, r *request, body []byte) error {
	w.Header().Set("Cache-Control", "public, no-cache")
	w.Header().Set("ETag", etagOf(body))
	http.ServeContent(&contentWriter{ResponseWriter: w, request: r.Request, size: int64(len(body))}, r.Request, "", time.Time{}, bytes.NewReader(body))
	return nil
}

package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contract is the served OpenAPI document, which every exchange of these tests
// is held against, and what of it has been exercised.
type contract struct {
	once   sync.Once
	doc    *openapi3.T
	router routers.Router
	err    error

	mu   sync.Mutex
	seen map[string]bool // "operationId status"
}

// document is the one contract of the package: TestMain asks it at the end
// whether every documented status of every operation was met.
var document = &contract{seen: map[string]bool{}}

// load reads the document from a server.
func (c *contract) load(server string) error {
	c.once.Do(func() {
		response, err := http.Get(server + "/api/v1/openapi.json")
		if err != nil {
			c.err = err
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			c.err = err
			return
		}
		if c.doc, c.err = openapi3.NewLoader().LoadFromData(text); c.err == nil {
			c.router, c.err = legacy.NewRouter(c.doc) // validates the document, too
		}
	})
	return c.err
}

// missing lists what is documented and was never exercised.
func (c *contract) missing() (list []string) {
	if c.doc == nil {
		return []string{"the whole document"}
	}
	for _, item := range c.doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if key := operation.OperationID + " " + status; status != "default" && !c.seen[key] {
					list = append(list, key)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// operations lists the documented operations by id.
func (c *contract) operations() map[string]call {
	all := map[string]call{}
	for path, item := range c.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			all[operation.OperationID] = call{method: method, path: path, operation: operation}
		}
	}
	return all
}

type call struct {
	method, path string
	operation    *openapi3.Operation
}

// ids lists the operations' ids in order, all or those that fit.
func (c *contract) ids(fits func(call) bool) []string {
	all := c.operations()
	maps.DeleteFunc(all, func(_ string, o call) bool { return !fits(o) })
	return slices.Sorted(maps.Keys(all))
}

// checked is a transport that holds what passes through it against the
// document.
type checked struct {
	t     testing.TB
	inner http.RoundTripper
}

func (c checked) RoundTrip(request *http.Request) (*http.Response, error) {
	var sent []byte
	small := request.ContentLength > 0 && request.ContentLength < 1<<20
	if small {
		var err error
		if sent, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(sent))
	}
	response, err := c.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil { // cut on purpose: what came of it is nothing to hold against anything
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
		return response, nil
	}
	again := request.Clone(context.Background())
	again.Body = io.NopCloser(bytes.NewReader(sent))
	again.ContentLength = int64(len(sent))
	if err := document.check(again, small || request.ContentLength == 0, response, body); err != nil {
		c.t.Errorf("%s %s: %d breaks the contract: %v", request.Method, request.URL, response.StatusCode, err)
	}
	return response, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func (c *contract) check(request *http.Request, whole bool, response *http.Response, body []byte) error {
	method := request.Method
	if method == http.MethodHead {
		request.Method = http.MethodGet
	}
	request.URL = &url.URL{Path: strings.TrimSuffix(request.URL.Path, "/"), RawQuery: request.URL.RawQuery}
	route, params, err := c.router.FindRoute(request)
	if err != nil || path.Clean(request.URL.Path) != request.URL.Path {
		return c.checkElsewhere(method, response, body)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, SkipSettingDefaults: true},
	}
	if whole && response.StatusCode < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			return fmt.Errorf("the request is not allowed by the document, and was not refused: %w", err)
		}
	}
	status := strconv.Itoa(response.StatusCode)
	if route.Operation.Responses.Value(status) == nil && !slices.Contains([]int{408, 500, 503}, response.StatusCode) {
		return fmt.Errorf("the status is not documented: %s", body)
	}
	isJSON := strings.Contains(response.Header.Get("Content-Type"), "json")
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header,
		Body:    io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: !isJSON},
	}
	if method == http.MethodHead {
		if len(body) > 0 {
			return fmt.Errorf("an answer to HEAD has a body: %s", body)
		}
		return nil
	}
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		return fmt.Errorf("%w in %s", err, body)
	}
	documented := route.Operation.Responses.Status(response.StatusCode)
	if documented == nil {
		documented = route.Operation.Responses.Default()
	}
	content := documented.Value.Content
	if len(content) == 0 && len(body) > 0 || len(content) > 0 && content.Get(response.Header.Get("Content-Type")) == nil {
		return fmt.Errorf("%d bytes of %q are not what is documented", len(body), response.Header.Get("Content-Type"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[route.Operation.OperationID+" "+status] = true
	return nil
}

// checkElsewhere holds answers at addresses or to methods that are not
// documented: OPTIONS, or a problem.
func (c *contract) checkElsewhere(method string, response *http.Response, body []byte) error {
	if method == http.MethodOptions && response.StatusCode == http.StatusNoContent {
		return nil
	}
	if response.StatusCode < 400 {
		return fmt.Errorf("it is not documented, and not refused: %s", body)
	}
	if method == http.MethodHead {
		return nil
	}
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("it is refused with %q, not with a problem: %s", got, body)
	}
	return nil
}

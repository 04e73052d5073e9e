package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"invisibleart.example/gallery/problem"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

// docsPolicy lets the page have its own style and nothing else.
func docsPolicy() string {
	sum := sha256.Sum256([]byte(docsStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// contract is as much of an OpenAPI document as the page shows.
type contract struct {
	Info struct{ Title, Version, Description string }
	Tags []struct{ Name, Description string }

	Paths      map[string]map[string]operation
	Components struct {
		Schemas    entries[schema]
		Parameters map[string]parameter
		Responses  entries[response]
	}
}

type operation struct {
	ID          string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Security    []map[string][]string
	Parameters  []parameter
	RequestBody struct{ Content entries[media] } `yaml:"requestBody"`
	Responses   map[string]response

	Method, Path string // where it stands
}

// Own is the answers that are particular to the operation; the others are
// explained once for all.
func (o operation) Own() map[string]response {
	own := maps.Clone(o.Responses)
	maps.DeleteFunc(own, func(_ string, r response) bool { return r.Ref != "" })
	return own
}

// Shared is the answers that many operations give alike.
func (o operation) Shared() map[string]response {
	shared := maps.Clone(o.Responses)
	maps.DeleteFunc(shared, func(_ string, r response) bool { return r.Ref == "" })
	return shared
}

// SignedIn tells whether somebody must be signed in.
func (o operation) SignedIn() bool {
	return !slices.ContainsFunc(o.Security, func(s map[string][]string) bool { return len(s) == 0 })
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Content     entries[media]
}

type media struct{ Schema schema }

type schema struct {
	Ref         string `yaml:"$ref"`
	Type        any
	Const       any
	Enum        []any
	Default     any
	Description string
	Required    []string
	Properties  entries[schema]
	Items       *schema
	OneOf       []schema `yaml:"oneOf"`
	Inside      *schema  `yaml:"contentSchema"` // of text that is JSON
}

// Has tells whether the property is required.
func (s schema) Has(property string) bool { return slices.Contains(s.Required, property) }

// Kind is the type in a few words.
func (s schema) Kind() string {
	switch {
	case s.Const != nil:
		return fmt.Sprint(s.Const)
	case len(s.Enum) > 0:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Enum), " ", " | "), "[]")
	case len(s.OneOf) > 0:
		return "one of"
	}
	if several, ok := s.Type.([]any); ok {
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(several), " ", " or "), "[]")
	}
	if s.Type == nil {
		return ""
	}
	return fmt.Sprint(s.Type)
}

// entries is a mapping in the order in which it is written.
type entries[T any] []entry[T]

type entry[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML keeps the order of the keys, and of a merged mapping those that
// are not given anew.
func (e *entries[T]) UnmarshalYAML(node *yaml.Node) error {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; key.Tag == "!!merge" {
			if err := e.UnmarshalYAML(node.Content[i+1]); err != nil {
				return err
			}
			continue
		}
		name := node.Content[i].Value
		var value T
		if err := node.Content[i+1].Decode(&value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*e = slices.DeleteFunc(*e, func(x entry[T]) bool { return x.Name == name })
		*e = append(*e, entry[T]{name, value})
	}
	return nil
}

// docsPage makes the page for people.
func docsPage(document []byte, routes []route) ([]byte, error) {
	var c contract
	if err := yaml.Unmarshal(document, &c); err != nil {
		return nil, err
	}
	t, err := template.New("docs").Funcs(template.FuncMap{
		"prose":  prose,
		"name":   func(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] },
		"status": func(s string) string { return strings.Replace(s, "default", "other", 1) },
	}).Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, map[string]any{
		"Contract": c, "Style": template.CSS(docsStyle), "Sections": c.sections(routes), "Problems": problem.Kinds(),
	})
	return page.Bytes(), err
}

// section is the operations of a tag.
type section struct {
	Name, Description string
	Operations        []operation
}

// sections puts the operations, in the order of the routes, under their tags,
// and what they refer to in its place.
func (c *contract) sections(routes []route) []section {
	var sections []section
	for _, tag := range c.Tags {
		s := section{Name: tag.Name, Description: tag.Description}
		for _, r := range routes {
			o := c.Paths[r.path][strings.ToLower(r.method)]
			if !slices.Contains(o.Tags, tag.Name) {
				continue
			}
			o.Method, o.Path = r.method, r.path
			for i, p := range o.Parameters {
				if p.Ref != "" {
					o.Parameters[i] = c.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
				}
			}
			s.Operations = append(s.Operations, o)
		}
		sections = append(sections, s)
	}
	return sections
}

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	strongSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// prose is a description with its paragraphs, code and emphasis.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		paragraph = template.HTMLEscapeString(paragraph)
		paragraph = codeSpan.ReplaceAllString(paragraph, "<code>$1</code>")
		paragraph = strongSpan.ReplaceAllString(paragraph, "<strong>$1</strong>")
		out.WriteString("<p>" + paragraph + "</p>")
	}
	return template.HTML(out.String())
}

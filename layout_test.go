package gallery_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "invisibleart.example/gallery"

// TestImportsPointOneWay holds the layer table of docs/ARCHITECTURE.md against
// what the packages really import: a package imports of ours only what its
// row names, and every package has a row.
func TestImportsPointOneWay(t *testing.T) {
	allowed := layerTable(t)
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("read go list: %v", err)
		}
		name := short(p.ImportPath)
		row, found := allowed[name]
		if !found {
			t.Errorf("package %s has no row in the layer table", name)
			continue
		}
		seen[name] = true
		for _, imported := range p.Imports {
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				if name == "gallery" && strings.Contains(imported, ".") {
					t.Errorf("the root package imports %s; it may import the standard library only", imported)
				}
				continue
			}
			if ours := short(imported); !slices.Contains(row, ours) && !slices.Contains(row, "any") {
				t.Errorf("%s imports %s, which its row does not name (it names %v)", name, ours, row)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("the layer table has a row for %s, which does not exist", name)
		}
	}
}

// short is the name a package goes by in the table.
func short(importPath string) string {
	if importPath == module {
		return "gallery"
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// layerTable reads the table under the heading "The house": the package in the
// first column, in the last what it may import.
func layerTable(t *testing.T) map[string][]string {
	t.Helper()
	file, err := os.Open("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	quoted := regexp.MustCompile("`([a-z0-9/]+)`")
	table := map[string][]string{}
	inside := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "## ") {
			inside = line == "## The house"
		}
		columns := strings.Split(line, "|")
		if !inside || len(columns) < 5 {
			continue
		}
		names := quoted.FindAllStringSubmatch(columns[1], -1)
		var imports []string
		for _, m := range quoted.FindAllStringSubmatch(columns[len(columns)-2], -1) {
			imports = append(imports, m[1])
		}
		if strings.Contains(columns[len(columns)-2], "any") {
			imports = append(imports, "any")
		}
		for _, m := range names {
			table[m[1]] = imports
		}
	}
	if len(table) < 10 {
		t.Fatalf("found %d packages in the layer table of docs/ARCHITECTURE.md; is its form still the same?", len(table))
	}
	return table
}

// TestFilesAreShort holds the house rule of a file being one noun or one verb.
func TestFilesAreShort(t *testing.T) {
	eachGoFile(t, func(path string, source []byte) {
		limit := 600
		if strings.HasSuffix(path, "_test.go") {
			limit = 800
		}
		if lines := bytes.Count(source, []byte("\n")); lines > limit {
			t.Errorf("%s has %d lines, want at most %d", path, lines, limit)
		}
	})
}

// TestNoHiddenState forbids what makes a program depend on more than what its
// constructors are given: init functions anywhere, the environment outside the
// command and the test harness.
func TestNoHiddenState(t *testing.T) {
	eachGoFile(t, func(path string, source []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("parse %s: %v", path, err)
			return
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", path)
			}
		}
		if strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "gallerytest/") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				pkg, _ := sel.X.(*ast.Ident)
				if pkg != nil && pkg.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ"}, sel.Sel.Name) {
					t.Errorf("%s reads the environment; settings live in cmd/gallery", path)
				}
			}
			return true
		})
	})
}

// TestPackagesAreNamedAfterWhatTheyAre forbids the drawers things are thrown
// into when nobody knows where they belong.
func TestPackagesAreNamedAfterWhatTheyAre(t *testing.T) {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "pkg", "models", "misc", "shared", "internal"}
	eachGoFile(t, func(path string, _ []byte) {
		for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(path)), "/") {
			if slices.Contains(drawers, part) {
				t.Errorf("%s lies in a package named %q", path, part)
			}
		}
	})
}

// TestDocumentsNameWhatIsThere looks for every test that a document gives as
// the proof of a promise, and every file of ours that it links to.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	eachGoFile(t, func(path string, source []byte) {
		for _, m := range declared.FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
	})
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`")
	linked := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, path := range append(documents, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range named.FindAllSubmatch(text, -1) {
			if !tests[string(m[1])] {
				t.Errorf("%s names %s, which does not exist", path, m[1])
			}
		}
		for _, m := range linked.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), string(m[1]))); err != nil {
				t.Errorf("%s links to what is not there: %v", path, err)
			}
		}
	}
}

func eachGoFile(t *testing.T, visit func(path string, source []byte)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || (strings.HasPrefix(d.Name(), ".") && path != ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		visit(path, source)
		return nil
	})
	if err != nil {
		t.Fatalf("walk the tree: %v", err)
	}
}

# The verbs of the house; CI runs the same ones. `make help` lists them.

GO   ?= go
CI   ?=
# Packages are tested one after the other by default: several promises are
# about time, and the neighbours on a small machine would be noisy.
TEST_PARALLEL ?= 1
# Whether it compiles elsewhere is asked, not how well: in a third less time.
QUICK       = -gcflags='all=-N -l'
STATICCHECK = $(GO) tool -modfile=tools/go.mod staticcheck

.PHONY: help demo run build test check deps fuzz bench microbench fmt

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## a throw-away gallery full of works, on http://127.0.0.1:8080
	$(GO) run ./cmd/gallery demo

run: ## a gallery that keeps what is hung, in ./gallery-data
	$(GO) run ./cmd/gallery serve

build: ## the one binary, ./gallery
	$(GO) build -trimpath -o gallery ./cmd/gallery

test: deps ## every test, with the race detector; installs what they need
	GO=$(GO) sh scripts/test.sh -p $(TEST_PARALLEL) ./...

deps: ## what the tests need beyond Go: compiler, Node.js, servers
	GO=$(GO) sh scripts/deps.sh

check: ## formatting, vet, staticcheck, cross-compilation, tidy modules
	@unformatted=$$(gofmt -l .); \
		test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(STATICCHECK) ./...
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff
	GOOS=linux $(GO) -C bench vet ./...
	[ "$$(uname)" != Linux ] || (cd bench && $(GO) tool -modfile=../tools/go.mod staticcheck ./...)
	$(GO) -C bench mod tidy -diff
	GOOS=darwin $(GO) build $(QUICK) -o /dev/null ./cmd/gallery
	GOOS=windows $(GO) build $(QUICK) -o /dev/null ./cmd/gallery

fuzz: ## every fuzz target, FUZZTIME each (default 30s)
	GO=$(GO) sh scripts/fuzz.sh $(or $(FUZZTIME),30s)

bench: ## the proof: this server beside others, into docs/performance.md (20 minutes)
	sh bench/deps.sh
	$(GO) -C bench run .

microbench: ## the micro-benchmarks, in a form benchstat reads
	$(GO) test -run '^$$' -bench . -benchmem ./...

fmt: ## gofmt everything
	gofmt -w .

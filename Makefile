# casegraph: everything a developer runs. Go is all that is needed; make score also wants python3.

LISTEN   ?= 127.0.0.1:8080
STORE    ?= data/casegraph
FUZZTIME ?= 30s
SHARED   ?= ../shared

SAMPLES := loader/samples

.DEFAULT_GOAL := help
.PHONY: help run build test check race bench fuzz score confidence clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## load the sample documents and serve them on $(LISTEN)
	@bin/casegraph load --quiet --store $(STORE) $(SAMPLES)/documents || { \
		echo "if another casegraph is serving $(STORE), stop it, or: make run STORE=data/other LISTEN=127.0.0.1:8081" >&2; exit 1; }
	@bin/casegraph serve --store $(STORE) --listen $(LISTEN)

build: ## build bin/casegraph
	@go build -o bin/casegraph ./cmd/casegraph

test: ## run the tests
	go test -timeout 10m ./...

check: ## formatting, vet, staticcheck, generated code and go.mod up to date
	@files=$$(gofmt -l cmd graph loader); test -z "$$files" || { echo "gofmt -w these files:"; echo "$$files"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	@sums() { grep -rlE --include='*.go' '^// Code generated .* DO NOT EDIT\.$$' graph loader cmd | sort | xargs -r cksum; }; \
	before=$$(sums); echo go generate ./...; go generate ./...; \
	test "$$before" = "$$(sums)" || { echo "the generated code was out of date; it is new now, commit it"; exit 1; }
	go mod tidy -diff

race: ## run the tests under the race detector, without the slow ones
	go test -race -short -timeout 15m ./...

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## run every fuzz test for $(FUZZTIME)
	@grep -rlE --include='*_test.go' '^func Fuzz' cmd graph loader | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r name; do \
			echo "$$file $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; \
		done || exit 1; \
	done

# score NAME GOLD TEXTS: measures what extract finds, when the folders and the scorer are there
define score
	@if test -f $(SHARED)/eval/score.py && test -d $(2) && test -d $(3); then \
		echo; echo "== $(1)"; python3 $(SHARED)/eval/score.py $(2) $(3) -- bin/casegraph extract; \
	else echo "== $(1): not scored, $(SHARED)/eval/score.py, $(2) or $(3) is not there"; fi
endef

score: build ## measure what is read against what people read: the samples, and the corpus in $(SHARED) when it is there
	$(call score,samples,$(SAMPLES)/gold,$(SAMPLES)/documents)
	$(call score,seeds,$(SHARED)/corpus/gold,$(SHARED)/corpus/seeds)
	$(call score,dev,$(SHARED)/corpus/dev-gold,$(SHARED)/corpus/dev)

confidence: build ## measure loader/extract/rules/confidence.yaml on the annotated corpus in $(SHARED)
	python3 loader/extract/rules/confidence.py $(SHARED)/eval bin/casegraph $(SHARED)/corpus/gold:$(SHARED)/corpus/seeds \
		$(SHARED)/corpus/dev-gold:$(SHARED)/corpus/dev $(SHARED)/corpus/train-gold:$(SHARED)/corpus/train > bin/confidence.yaml
	cp bin/confidence.yaml loader/extract/rules/confidence.yaml

clean: ## remove what make built and loaded
	rm -rf bin data

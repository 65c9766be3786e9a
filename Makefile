# casegraph: everything a developer runs. Go is all that is needed; make score also wants python3.

LISTEN   ?= 127.0.0.1:8080
STORE    ?= data/casegraph
FUZZTIME ?= 30s
SHARED   ?= ../shared

SAMPLES := loader/samples

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run build test check race soak bench bench-compare bench-peers fuzz score confidence clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

soak: ## the long tests of the store: 200 processes killed, disks that fail and fill up (about an hour)
	CASEGRAPH_SOAK=1 CASEGRAPH_SOAK_KILLS=200 CASEGRAPH_SOAK_CRASHES=50 CASEGRAPH_SOAK_FAULTS=200 \
		go test -timeout 3h -count=1 ./graph/store/...

QUADS ?= 1000000
COUNT ?= 6

bench: ## run the benchmarks; QUADS is the size of the store that they ask (10000000 takes 2 GB of disk)
	CASEGRAPH_BENCH_QUADS=$(QUADS) go test -run '^$$' -bench . -benchmem -timeout 2h ./...

# Both versions are measured turn by turn, so that a busy minute of the machine falls on both.
bench-compare: ## compare the store's benchmarks with those of another commit: make bench-compare REF=HEAD~1
	@test -n "$(REF)" || { echo "give a commit: make bench-compare REF=HEAD~1"; exit 1; }
	@set -e; dir=$$(mktemp -d); trap 'git worktree remove --force '$$dir'/old; rm -rf '$$dir EXIT; \
	git worktree add --quiet --detach $$dir/old $(REF); \
	go test -c -o $$dir/new.test ./graph/store/pebble; (cd $$dir/old && go test -c -o $$dir/old.test ./graph/store/pebble); \
	for i in $$(seq $(COUNT)); do for side in old new; do \
		CASEGRAPH_BENCH_QUADS=$(QUADS) $$dir/$$side.test -test.run '^$$' -test.bench . -test.benchmem -test.timeout 2h >> $$dir/$$side.txt; \
	done; done; go tool benchstat old=$$dir/old.txt new=$$dir/new.txt

PEERS ?= ref postgres

bench-peers: ## our store beside others on the data of $(SHARED)/bench/peers (PEERS="ref postgres"), answers compared with the reference
	@if ! test -f $(SHARED)/bench/peers/common.sh; then echo "$(SHARED)/bench/peers is not there: nothing to compare with"; exit 1; fi
	@set -e; shared=$$(cd $(SHARED)/bench/peers && pwd); \
	for p in $(PEERS); do bash $$shared/run-$$p.sh $(QUADS); done; \
	. $$shared/common.sh $(QUADS); \
	flock $$PEERS_LOCK go test -count=1 -run '^TestPeers$$' -timeout 1h ./graph/store/pebble; \
	python3 $$shared/compare.py; python3 $$shared/table.py

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

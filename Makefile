# Postern: what a contributor runs. `make help` lists the targets.
SHELL := /bin/sh
FUZZTIME ?= 60s
TORTURE_ROUNDS ?= 10000
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: help build run demo test torture lint bench precision fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r t d; do printf '%-9s %s\n' "$$t" "$$d"; done

build: ## build bin/postern
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/postern ./cmd/postern

run: build ## serve examples/ on a loopback port, for an MTA of your own
	bin/postern serve --config examples/postern.yaml --listen inet:127.0.0.1:8891 --store .cache/run

demo: ## example messages through a private Postfix; Ctrl-C ends it, DEMO_ONCE=1 ends by itself
	@scripts/need.sh
	@$(MAKE) --no-print-directory build
	@go build -o bin/demo ./demo
	@scripts/with-postfix.sh bin/demo

test: ## everything: lint, tests with the race detector, real Postfix
	@scripts/test.sh

torture: ## kills, disk errors and forged senders through real Postfix, TORTURE_ROUNDS (10000) of each
	@scripts/need.sh
	@TORTURE_ROUNDS=$(TORTURE_ROUNDS) scripts/with-postfix.sh go test -tags e2e -count=1 -timeout 0 -v -run 'TestNothingIsLost|TestForgedSenders' ./e2e

lint: ## gofmt, go vet, staticcheck
	@scripts/lint.sh

bench: ## 600 rules, a reload under load, and messages a second through Postfix: no milter, a no-op, Postern
	@scripts/need.sh
	@go test -run xxx -bench 600 -benchtime 50x ./actions
	@go test -count=1 -run DuringReloads -v ./cmd/postern
	@$(MAKE) --no-print-directory build
	@go build -o bin/bench ./bench
	@scripts/with-postfix.sh bin/bench $(BENCHFLAGS)

precision: build ## what all types report in 50 MB of harmless text; PRECISIONFLAGS="-top 20"
	@scripts/precision.sh -check $(PRECISIONFLAGS)

fuzz: ## each fuzz target for FUZZTIME (60s)
	@scripts/fuzz.sh $(FUZZTIME)

clean: ## remove what was built
	rm -rf bin .cache
	go clean -testcache

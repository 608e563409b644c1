# The two commands a newcomer needs: make demo, make test. Both install what is missing, and do nothing twice.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
KILLS ?= 200
MINUTES ?= 120
RELEASE := swift build -c release --static-swift-stdlib
BRAID := .build/release/braid
BENCH := .build/release/BraidBench

.PHONY: help setup weights build demo test fuzz sanitize examples docs check format lint layering parity bench bench-parts bench-tool soak install clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install what is missing: system packages, libtorch, pretrained encoders
	@scripts/timed.sh "set-up" scripts/setup.sh --weights

weights: setup ## Put the fetched encoders where every program that uses Braid finds them: the user's data folder
	@scripts/install_weights.sh

build: setup ## Build the release command
	@scripts/timed.sh "release build, libtorch's part" scripts/quietly.sh $(RELEASE) --product braidtorch
	@scripts/timed.sh "release build" scripts/quietly.sh $(RELEASE) --product braid

demo: build ## Train, evaluate and ablate a fused classifier on datasets/digits
	@scripts/timed.sh "demo" scripts/demo.sh

test: setup ## Build and run the tests
	@scripts/timed.sh "test build" scripts/quietly.sh swift build --build-tests
	@scripts/timed.sh "tests" scripts/test.sh

SECONDS ?= 60
fuzz: setup ## Give mutated files to every reader, SECONDS each (60) or RUNS files each, under libFuzzer and the address sanitizer
	@RUNS="$(RUNS)" fuzz/run.sh "$(SECONDS)"

sanitize: setup ## Run the tests under the address, undefined-behaviour and thread sanitizers (an hour)
	@scripts/sanitize.sh

examples: setup ## Run what the documentation shows: example packages, the Python package's tests, the pages whose commands run
	@scripts/timed.sh "examples" scripts/examples.sh

docs: setup ## Build the reference documentation of the libraries (DocC), without a warning
	@scripts/timed.sh "documentation" scripts/docs.sh

check: format lint layering test ## Format, lint strictly, check the layering, test

format: ## Format the sources
	@swift format --in-place --recursive Package.swift Sources Tests benchmarks docs/examples

lint: ## Lint strictly
	@swift format lint --strict --recursive Package.swift Sources Tests benchmarks docs/examples
	@python3 scripts/doc_comments.py
	@python3 scripts/hazards.py --self-test
	@python3 scripts/hazards.py

layering: ## Check that no target imports what it must not know
	@python3 scripts/layering.py

parity: build bench-tool ## Compare full-size encoders and tokenizers with timm, Transformers, PANNs, peft (needs those Python packages; says which)
	@python3 scripts/parity.py $(BRAID)
	@python3 scripts/adapter_parity.py $(BRAID)
	@python3 scripts/tokenizer_parity.py --dump "$(BENCH) ids {file}"

bench: build bench-tool ## Measure against the peers, which are installed into .deps/peers: an hour and a half
	@python="$$(benchmarks/peers.sh)"; \
	"$$python" benchmarks/encoding.py $(BENCH); \
	"$$python" benchmarks/encoding.py $(BENCH) --kind cifar --models resnet18 --modes files; \
	"$$python" benchmarks/transformer_encoders.py $(BENCH); \
	"$$python" benchmarks/training_step.py $(BENCH); \
	"$$python" benchmarks/frozen_fusion.py $(BRAID); \
	"$$python" benchmarks/cold_prediction.py $(BRAID); \
	"$$python" benchmarks/latency.py $(BENCH); \
	"$$python" benchmarks/rows.py $(BRAID)

bench-parts: build bench-tool ## Time front ends and tokenizers alone, and the memory of loading (needs their Python packages)
	@python3 benchmarks/front_ends.py $(BENCH)
	@python3 benchmarks/tokenizer_speed.py --time "$(BENCH) tokenize {file}"
	@python3 benchmarks/load_memory.py $(BENCH)

soak: build bench-tool ## Kill commands in their writes (KILLS=200), give them too little memory and disk, work for hours (MINUTES=120): nothing may be lost, nothing grow
	@python3 benchmarks/soak.py $(BRAID) --kills $(KILLS)
	@python3 benchmarks/little_memory.py $(BRAID)
	@python3 benchmarks/little_space.py $(BRAID)
	@python3 benchmarks/endurance.py $(BENCH) --minutes $(MINUTES)

bench-tool: build
	@scripts/timed.sh "benchmark build" scripts/quietly.sh $(RELEASE) --product BraidBench

install: build ## Install a relocatable braid with its libraries under PREFIX
	@scripts/install.sh "$(PREFIX)"

clean: ## Remove what was built; .deps stays
	rm -rf .build

# Every target does its own set-up; `make demo` and `make test` are all a newcomer needs.
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
CMAKE   := cmake
TOCSIN_CORPUS ?= $(abspath $(wildcard ../shared/corpus))
export TOCSIN_CORPUS

.DEFAULT_GOAL := help
.PHONY: help demo test build install lint format conformance bench fuzz asan tsan docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## build, start a private PostgreSQL, break things and show who is told (DEMO_SECONDS=90 ends by itself)
	@tools/setup demo
	@$(MAKE) --no-print-directory build
	@demo/run

test: ## every test, those against PostgreSQL, Prometheus, Alertmanager and SMTP included
	@tools/setup test
	@tools/test

build: ## the program, at build/release/tocsin
	@tools/setup build
	@$(CMAKE) --preset release >/dev/null
	@$(CMAKE) --build build/release -j $(JOBS) --target tocsin

install: build ## program, systemd unit, man page and completions below $(PREFIX)
	@$(CMAKE) --install build/release --prefix $(DESTDIR)$(PREFIX)

lint: ## clang-tidy, clang-format and the rules about includes
	@tools/setup lint
	@tools/lint

format: ## clang-format over the sources
	@tools/setup lint
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

conformance: ## the corpus of other projects' test data (../shared/corpus or $$TOCSIN_CORPUS)
	@tools/setup test
	@tools/conformance

bench: ## our figures beside the peers', in one run
	@tools/setup bench
	@tools/bench

fuzz: ## libFuzzer over the parsers (FUZZ_SECONDS=60 each)
	@tools/fuzz

asan: ## every test under the address and undefined-behaviour sanitizers
	@tools/setup test
	@tools/test asan

tsan: ## every test under the thread sanitizer
	@tools/setup test
	@tools/test tsan

docs: build ## writes docs/configuration.md and docs/commands.md from the program's own tables
	@build/release/tocsin docs configuration > docs/configuration.md
	@build/release/tocsin docs commands > docs/commands.md

clean: ## removes build/
	@rm -rf build

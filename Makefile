# Each target installs what it needs first, so any of them can be run on a fresh machine.
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
CMAKE   := cmake

.DEFAULT_GOAL := help
.PHONY: help demo test build install lint format conformance nightly bench fuzz asan tsan docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## build, start a private PostgreSQL, break things and show who is told (DEMO_SECONDS=90 ends by itself)
	@tools/setup demo
	@$(MAKE) --no-print-directory build
	@demo/run

test: ## the project's own tests, including those against PostgreSQL, Prometheus, Alertmanager and SMTP
	@tools/setup test
	@tools/test

build: ## the program, at build/release/tocsin
	@tools/setup build
	@$(CMAKE) --preset release >/dev/null
	@$(CMAKE) --build build/release -j $(JOBS) --target tocsin

install: build ## program, systemd unit, man page and completions below $(PREFIX)
	@$(CMAKE) --install build/release --prefix $(DESTDIR)$(PREFIX)

lint: ## clang-format, include rules, Markdown and clang-tidy (tools/lint --quick leaves out clang-tidy)
	@tools/setup lint
	@tools/lint

format: ## clang-format over the sources
	@tools/setup format
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

conformance: ## other projects' test data, read from TOCSIN_CORPUS or ../shared/corpus; fails when there is none
	@tools/setup build
	@tools/conformance

nightly: ## all tests under each sanitizer, then every fuzz target for 60 s; one line per part, logs in build/nightly/
	@tools/setup test fuzz
	@tools/nightly

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

docs: build ## writes docs/configuration.md, docs/commands.md, docs/builtin-alerts.md and the end of docs/differences.md from the program's own tables
	@build/release/tocsin docs configuration > docs/configuration.md
	@build/release/tocsin docs commands > docs/commands.md
	@build/release/tocsin docs builtin-alerts > docs/builtin-alerts.md
	@sed -i '/^## Options of prometheus.yml/,$$d' docs/differences.md
	@build/release/tocsin docs differences >> docs/differences.md

clean: ## removes build/
	@rm -rf build

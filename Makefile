# Every task of this repository; `make help` lists them.
# It needs make, git and a Python >= 3.10 with venv. All else comes from requirements.lock into .venv/.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := tap-intercom-archive target-sqlite-archive
PEERS := tap-jsonl tap-dbf target-jsonl target-gcs
# What a peer needs and does not say: the SDK that this one is made with imports pkg_resources.
BESIDE_target-gcs := 'setuptools<81'
PEER_LOCKS := tests/pipeline/peers
# Only `make bench` needs these; target-jsonl takes part in it too.
BENCH_PEERS := target-duckdb meltanolabs-target-csv sqlite-utils
BENCH_LOCKS := tests/benchmarks/peers
# `make lock UPGRADE=--upgrade` takes newer versions; without it the locked ones stay where they can.
UPGRADE ?=
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-python-downloads \
	--generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup peers bench-peers plugins demo test prove bench bench-long browser lint format docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup plugins ## Fill an archive from a synthetic workspace, twice, and show what is in it
	@$(BIN)/python -m tests.demo

test: setup peers plugins lint ## All that CI runs
	$(BIN)/pytest --numprocesses 2 --dist loadscope -m "not prove"

prove: setup peers plugins ## The long proofs that `make test` leaves out, and many more examples
	HYPOTHESIS_PROFILE=prove $(BIN)/pytest --numprocesses 2 --dist loadscope --timeout 900 \
		-m "prove or hypothesis"

bench: setup bench-peers ## Measure ours beside public programs and bare loops: docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks bench

bench-long: setup ## The same for the largest archives: docs/benchmarks-long.md
	$(BIN)/python -m tests.benchmarks bench-long

browser: setup ## Look at an archive with the system's Chromium; says so where there is none
	$(BIN)/python -m tests.browser

lint: setup ## ruff, ruff format --check, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Rewrite the code in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write what the documentation has from the code: tables, settings, data dictionary
	$(BIN)/python -m docs.generate

lock: setup ## Write requirements.lock and the peers' locks anew (UPGRADE=--upgrade for newer versions)
	$(COMPILE) --group pyproject.toml:dev $(PACKAGES:%=%/pyproject.toml) -o requirements.lock
	@set -e; $(foreach peer,$(PEERS),printf '%s\n' $(peer) $(BESIDE_$(peer)) | \
		$(COMPILE) - -o $(PEER_LOCKS)/$(peer).txt;)
	@set -e; for peer in $(BENCH_PEERS); do \
		echo "$$peer" | $(COMPILE) - -o $(BENCH_LOCKS)/$$peer.txt; \
	done
	@printf 'setuptools\nwheel\n' | $(COMPILE) - -o $(PEER_LOCKS)/build-tools.txt

clean: ## Remove all that was built: environments, caches, the demo's output
	rm -rf .venv .venvs .bench .demo .meltano .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: .venv/.installed ## The locked tools and our two packages, in .venv/

peers: $(PEERS:%=.venvs/%/.installed) ## The public taps and targets that the tests run ours against

bench-peers: $(BENCH_PEERS:%=.venvs/%/.installed) .venvs/target-jsonl/.installed

plugins: .meltano/.installed ## Both plugins as Meltano runs them, in .meltano/

.venv/.installed: requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(0 if sys.version_info >= (3, 10) \
		else "Python 3.10 or newer is needed, this is " + v + ". Name another: make PYTHON=python3.12")'
	@echo "Installing the locked dependencies into .venv/ (once; about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check \
		--require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check \
		--no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@touch $@

$(PEERS:%=.venvs/%/.installed): .venvs/%/.installed: $(PEER_LOCKS)/%.txt $(PEER_LOCKS)/build-tools.txt
	$(INSTALL_PEER)

$(BENCH_PEERS:%=.venvs/%/.installed): .venvs/%/.installed: $(BENCH_LOCKS)/%.txt $(PEER_LOCKS)/build-tools.txt
	$(INSTALL_PEER)

define INSTALL_PEER
@echo "Installing the public $* into .venvs/$*/"
@$(PYTHON) -m venv --clear .venvs/$*
@.venvs/$*/bin/python -m pip install -qq --disable-pip-version-check \
	--require-hashes -r $(PEER_LOCKS)/build-tools.txt
@.venvs/$*/bin/python -m pip install -qq --disable-pip-version-check \
	--require-hashes --no-build-isolation -r $<
@touch $@
endef

.meltano/.installed: meltano.yml requirements.lock $(PACKAGES:%=%/pyproject.toml) | setup
	@echo "Installing both plugins for Meltano into .meltano/"
	@UV_BUILD_CONSTRAINT=requirements.lock $(BIN)/meltano --log-level=warning install
	@touch $@
